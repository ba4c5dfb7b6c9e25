"""What a decoder tells of a medium as rungs of takes: where the second copy sounds, where damage was mended. Pure; knows no file, no ring, no process."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence

import attrs

from playout.mending import Mark
from playout.streams import Stream
from schedules.plan import OWN, Fallen, Plan, Take, sounds_until
from schedules.render import rung_at
from station.words import SampleIndex

_BACK = 64  # takes before the first that ends late enough: a tail is no longer than the take after it


def marked(
    plan: Plan, rungs: Sequence[Fallen], stream: Stream, mark: Mark, head: int
) -> Iterator[tuple[Fallen, str]]:
    """The rungs, with why, that takes of `stream` are on where `mark` is, from sample `head` on; a take that fell is left where it is.

    Positions of `stream` and `mark` are samples.
    """
    first, last = max(head, stream.origin + mark.first), stream.origin + mark.last
    for take in _of(plan, stream, first, last):
        begin, end = max(first, take.start), min(last, sounds_until(take))
        before = rung_at(plan, rungs, take, begin)
        if begin >= end or before not in OWN or (before == mark.kind and end == sounds_until(take)):
            continue
        yield Fallen(take=take.id, start=SampleIndex(begin), rung=mark.kind), why(mark)
        if end < sounds_until(take):
            yield Fallen(take=take.id, start=SampleIndex(end), rung=before), ""


def _of(plan: Plan, stream: Stream, first: int, last: int) -> Iterator[Take]:
    at = bisect_left(plan.takes, first, key=lambda take: take.end)
    for take in plan.takes[max(0, at - 1) : at + _BACK]:
        same = take.media == stream.sha256 and take.start - take.offset == stream.origin
        if same and take.kind != "silence" and take.start < last:
            yield take


def why(mark: Mark) -> str:
    """The cause that the as-run log names."""
    count = mark.last - mark.first
    return {
        "file": "the file can be read again",
        "copy": "the file cannot be read; its second copy is",
        "mended": f"{count} samples of the file are damaged",
    }[mark.kind]


def in_samples(stream: Stream, mark: Mark, unit: int) -> tuple[Stream, Mark]:
    """The same where positions count units of so many samples: pictures."""
    longer = attrs.evolve(
        stream,
        origin=stream.origin * unit,
        begin=stream.begin * unit,
        end=stream.end * unit,
        samples=stream.samples * unit,
    )
    return longer, attrs.evolve(mark, first=mark.first * unit, last=mark.last * unit)


__all__ = ["in_samples", "marked", "why"]
