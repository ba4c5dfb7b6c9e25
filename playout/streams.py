"""Which media must be decoded now, and into which ring: a pure function of plans, head and rings. Knows no process and no file."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import attrs

from schedules.plan import Medium, Plan, Take, sounds_until
from schedules.render import replaced_from
from station.words import SAMPLE_RATE, SampleIndex, Sha256

AHEAD: Final = 30 * SAMPLE_RATE  # media are ready this long before air
_SPLIT: Final = 2  # pieces of filler kept warm: the one under the head and its successor


@attrs.frozen(kw_only=True)
class Stream:
    """One medium as it will pass: its sample 0 at absolute index `origin`, wanted from `begin` to `end`."""

    sha256: Sha256
    samples: int
    origin: int
    begin: int
    end: int


def wanted(plan: Plan, head: SampleIndex, memory: Iterable[Sha256] = ()) -> list[Stream]:
    """Streams of one channel that begin within AHEAD, those in `memory` left out, the nearest first; filler and replacements kept warm."""
    known = {medium.sha256: medium for medium in plan.media if not medium.live}
    held = set(memory)
    found = [
        s for s in (*_of_takes(plan, known, head), *_of_filler(plan, known, head)) if s.sha256 not in held
    ]
    return sorted(found, key=lambda stream: stream.begin)


def _of_takes(plan: Plan, known: Mapping[Sha256, Medium], head: SampleIndex) -> Iterable[Stream]:
    at = bisect_right(plan.takes, head, key=lambda take: take.start) - 1
    for take in plan.takes[max(0, at - 1) : at + 64]:
        if take.start > head + AHEAD:
            return
        if sounds_until(take) <= head:
            continue
        medium = known.get(take.media) if take.media else None
        if take.kind != "silence" and medium is not None:
            yield _stream(take, medium, take.offset, sounds_until(take))
        instead = known.get(take.replacement.media) if take.replacement is not None else None
        if instead is not None:
            yield _stream(take, instead, replaced_from(take), take.end)


def _stream(take: Take, medium: Medium, offset: int, end: int) -> Stream:
    return Stream(
        sha256=medium.sha256,
        samples=medium.samples,
        origin=take.start - offset,
        begin=take.start,
        end=end,
    )


def _of_filler(plan: Plan, known: Mapping[Sha256, Medium], head: SampleIndex) -> Iterable[Stream]:
    media = [known[sha256] for sha256 in plan.filler if sha256 in known and known[sha256].samples > 0]
    cycle = sum(medium.samples for medium in media)
    if not cycle:
        return
    begin, left, at = head - head % cycle, _SPLIT, 0
    while left:
        medium = media[at % len(media)]
        if begin + medium.samples > head:
            left -= 1
            yield Stream(
                sha256=medium.sha256,
                samples=medium.samples,
                origin=begin,
                begin=begin,
                end=begin + medium.samples,
            )
        begin, at = begin + medium.samples, at + 1


def assign(
    held: Sequence[Stream | None], want: Sequence[Stream], head: SampleIndex
) -> list[tuple[int, Stream | None]]:
    """Changes (ring, stream) that give each wanted stream a ring: what passed or is not wanted any more is freed first.

    The nearest streams win where there are not enough rings.
    """
    keys = {_key(stream): stream for stream in want[: len(held)]}
    changes: dict[int, Stream | None] = {}
    kept: set[tuple[Sha256, int]] = set()
    free: list[int] = []
    for ring, stream in enumerate(held):
        if stream is None:
            free.append(ring)
        elif _key(stream) in keys and stream.end > head and _key(stream) not in kept:
            kept.add(_key(stream))
        else:
            free.append(ring)
            changes[ring] = None
    for key, stream in keys.items():
        if key not in kept and free:
            changes[free.pop(0)] = stream
    return sorted(changes.items(), key=lambda change: change[0])


def same(one: Stream | None, other: Stream) -> bool:
    """Whether what passes is the same samples in the same place, however long it is wanted."""
    return one is not None and _key(one) == _key(other)


def _key(stream: Stream) -> tuple[Sha256, int]:
    return stream.sha256, stream.origin
