"""Where one take sounds on under the next: which one does at a sample, and how a row of takes keeps to that. Pure.

A take's `tail` is how long its medium sounds on after its end. No tail is longer than what follows it, so at most one
take sounds beside the one on air; none reaches under planned silence or beyond the plan.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

import attrs

from schedules.plan import Plan, Take, sounds_until
from station.words import SAMPLE_RATE, SampleIndex

CUT_FADE: Final = SAMPLE_RATE  # fade-out of what is cut short
QUICK: Final = SAMPLE_RATE // 50  # fade of what is left at once, and of what is joined in progress: 20 ms


def tail_at(plan: Plan, n: int) -> Take | None:
    """The take that came before the one at sample `n` and still sounds there; None where none does."""
    at = bisect_right(plan.starts, n) - 2
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


def left(take: Take, at: int) -> tuple[Take, ...]:
    """The item on air, ended at sample `at`; nothing of it where it begins there."""
    if at <= take.start:
        return ()
    fade_in, fade_out = min(take.fade_in, at - take.start), min(QUICK, at - take.start)
    cut = attrs.evolve(take, end=SampleIndex(at), tail=0, trimmed=True, fade_in=fade_in, fade_out=fade_out)
    return (cut,)


def in_progress(take: Take, at: int) -> Take:
    """The rest of an item from sample `at` on."""
    passed = at - take.start
    if not passed:
        return take
    left = take.end - at
    return attrs.evolve(
        take,
        start=SampleIndex(at),
        offset=take.offset + passed if take.media else 0,
        fade_in=min(QUICK, left),
        fade_out=min(take.fade_out, left + take.tail),
        fixed=False,
    )


def interrupted(takes: Sequence[Take], by: Take) -> tuple[Take, ...]:
    """The takes with `by` over them at its place; what lies beneath runs on unheard and is joined in progress after it."""
    made: list[Take] = []
    for take in takes:
        if take.end <= by.start:
            made.append(attrs.evolve(take, tail=0) if take.end == by.start else take)
        elif take.start < by.start:
            made += left(take, by.start)
        if take.end > by.start and by not in made:
            made.append(by)
        if take.end > by.end:
            made.append(in_progress(take, by.end) if take.start < by.end else take)
    return tuple(made)


__all__ = ["CUT_FADE", "clipped", "in_progress", "interrupted", "joined", "left", "room_after", "tail_at"]
