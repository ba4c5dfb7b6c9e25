"""Where one take sounds on under the next: which one does at a sample, and how a row of takes keeps to that. Pure.

A take's `tail` is how long its medium sounds on after its end. No tail is longer than what follows it, so at most one
take sounds beside the one on air; none reaches under planned silence or beyond the plan.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import attrs

from schedules.fades import sounds_until
from schedules.plan import Plan, Take
from station.words import SAMPLE_RATE, SampleIndex

CUT_FADE: Final = SAMPLE_RATE  # fade-out of what is cut short


def tail_at(plan: Plan, n: int) -> Take | None:
    """The take that came before the one at sample `n` and still sounds there; None where none does."""
    at = bisect_right(plan.takes, n, key=_start) - 2
    before = plan.takes[at] if at >= 0 else None
    return before if before is not None and before.end <= n < sounds_until(before) else None


def room_after(takes: Sequence[Take], at: int) -> int:
    """How long the take at place `at` may sound on: as long as what follows it, not at all under planned silence."""
    if at + 1 >= len(takes) or takes[at + 1].kind == "silence":
        return 0
    return takes[at + 1].end - takes[at + 1].start


def clipped(takes: Sequence[Take]) -> tuple[Take, ...]:
    """The takes with no tail longer than there is room for it; what is cut short fades out."""
    return tuple(
        _clip(take, room) if take.tail > (room := room_after(takes, at)) else take
        for at, take in enumerate(takes)
    )


def _clip(take: Take, room: int) -> Take:
    sounds = take.end - take.start + room
    return attrs.evolve(take, tail=room, fade_out=min(sounds, max(take.fade_out, CUT_FADE)))


def joined(before: Take, early: int) -> Take:
    """The take that now ends `early` samples sooner and sounds on for as long."""
    return attrs.evolve(before, end=SampleIndex(before.end - early), tail=early)


def _start(take: Take) -> int:
    return take.start


__all__ = ["CUT_FADE", "clipped", "joined", "room_after", "tail_at"]
