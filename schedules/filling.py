"""Approved filler over a span: which piece comes first depends on the span's own place alone. Pure; knows no rundown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from schedules.grid import on_grid
from schedules.handling import Handling
from schedules.plan import UNITY, Medium, Take
from schedules.segue import CUT_FADE
from station.words import SAMPLE_RATE, SampleIndex, Sha256

FILLER_APPROVAL: Final = "standing:filler"


def filling(
    filler: Sequence[Medium],
    handlings: Mapping[Sha256, Handling],
    grid: int,
    start: SampleIndex,
    until: SampleIndex,
) -> tuple[Take, ...]:
    """Takes of filler from `start` to `until`, the last one cut with a fade. At least one piece of `filler` is as long as `grid`."""
    pieces = [medium for medium in filler if medium.samples >= grid]
    cursor, made = int(start), list[Take]()
    turn = cursor // SAMPLE_RATE * 2_654_435_761 >> 16  # spread, or every full hour would begin alike
    while cursor < until:
        medium = pieces[turn % len(pieces)]
        end = min(cursor + on_grid(medium.samples, grid), until)
        known = handlings.get(medium.sha256)
        cut = end - cursor < medium.samples - medium.samples % grid
        made.append(_take(cursor, end, medium, known.gain if known else UNITY, cut=cut))
        cursor, turn = end, turn + 1
    return tuple(made)


def _take(start: int, end: int, medium: Medium, gain: int, *, cut: bool) -> Take:
    return Take(
        item=f"filler/{medium.sha256[:10]}",
        start=SampleIndex(start),
        end=SampleIndex(end),
        kind="filler",
        title=medium.title or "垫片 · filler",
        approval=FILLER_APPROVAL,
        media=medium.sha256,
        gain=gain,
        fade_out=min(CUT_FADE, end - start) if cut else 0,
        category="filler",
        trimmed=cut,
    )


__all__ = ["FILLER_APPROVAL", "filling"]
