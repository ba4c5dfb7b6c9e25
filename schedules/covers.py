"""What is thrown away of a live source: filler stands in its place, to the sample, whatever else was done with the plan. Pure; knows no source and no key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import attrs

from schedules.plan import Take
from schedules.segue import in_progress, left
from station.words import Sha256

SESSION: Final = "session:"  # how the approvals of live sessions begin


@attrs.frozen(kw_only=True)
class Span:
    """Of a medium nothing is heard from sample `at` (included) to `until` (excluded)."""

    media: Sha256
    at: int
    until: int


def merged(spans: Sequence[Span]) -> tuple[Span, ...]:
    """The same samples of each medium, in spans that neither touch nor overlap, in their order."""
    made: list[Span] = []
    for span in sorted(spans, key=lambda one: (one.media, one.at, one.until)):
        last = made[-1] if made else None
        if span.until <= span.at:
            continue
        if last is not None and last.media == span.media and span.at <= last.until:
            made[-1] = attrs.evolve(last, until=max(last.until, span.until))
        else:
            made.append(span)
    return tuple(made)


def covered(
    takes: Sequence[Take], spans: Sequence[Span], filler: Callable[[int, int], tuple[Take, ...]]
) -> tuple[Take, ...]:
    """The takes with `filler(start, until)` wherever one of the spans' media would be heard within its span; all else is as it was."""
    thrown = merged(spans)
    if not thrown:
        return tuple(takes)
    return tuple(part for take in takes for part in _parts(take, thrown, filler))


def _parts(
    take: Take, thrown: Sequence[Span], filler: Callable[[int, int], tuple[Take, ...]]
) -> tuple[Take, ...]:
    made: list[Take] = []
    rest: Take | None = take
    for span in thrown:
        if rest is None or span.media != take.media or span.until <= rest.start or span.at >= rest.end:
            continue
        begin, end = max(span.at, rest.start), min(span.until, rest.end)
        made += (*left(rest, begin), *filler(begin, end))
        rest = in_progress(rest, end) if end < rest.end else None
    return (*made, rest) if rest is not None else tuple(made)


__all__ = ["SESSION", "Span", "covered", "merged"]
