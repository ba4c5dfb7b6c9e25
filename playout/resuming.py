"""Decides what becomes of what an alert broke off, once for each alert that ends on a channel. Knows the plan that runs and the rules of its classes; knows no alert, no player, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from playout.after_alerts import event_of
from playout.airing import LEAD, MOST
from playout.messages import ProgrammeResumed, ResumeProgramme
from playout.planned import plan_of
from playout.policy import Policy
from playout.sheets import State, edits_of
from schedules.aftermath import Broken, Rule, broken
from schedules.calendar import broadcast_day, day_bounds
from schedules.edits import AFTER, Edit, beneath, edited
from schedules.grid import next_on_grid
from schedules.plan import Plan, Take
from schedules.relays import lives
from schedules.render import take_at
from station.words import ChannelId, Instant, SampleIndex, instant_of, sample_at

LEAST: Final = (
    LEAD // 2
)  # what comes later than so long before the alert's end is decided too late: it is joined in progress
_TURNS: Final = frozenset(("take", "back", "end"))  # operators' deeds that put something else on the air


def resume(
    command: ResumeProgramme, state: State, now: Instant, policy: Policy
) -> tuple[ProgrammeResumed, ...]:
    """What follows from the end of an alert; nothing where what it covered is joined in progress."""
    if command.at < sample_at(now) + LEAST:
        return ()
    found = foreseen(state, command.channel, command.cut, command.at, now, policy)
    return () if found is None else (event_of(command, found),)


def foreseen(
    state: State, channel: ChannelId, cut: int, at: int, now: Instant, policy: Policy
) -> Broken | None:
    """What would become of what is on a channel when an overlay lies there from sample `cut` to `at`; None: it is joined in progress, or was decided."""
    frame, edits = policy.frames[channel], edits_of(state, channel)
    if not policy.after.get(channel) or at != next_on_grid(at, frame.grid) or len(edits) >= MOST:
        return None
    if any(edit.verb in AFTER and edit.at >= at for edit in edits):
        return None
    bare = plan_of(attrs.evolve(state, edits=()), policy, frame, now)
    if not bare.start <= cut < at < bare.end:
        return None
    takes = beneath(bare, edits, frame.grid, frame.handlings)
    found = broken(
        takes,
        cut,
        at,
        lambda take: rule_of(policy, channel, take),
        stops=_stops(edits, at, policy),
        delayed=sum(edit.at - edit.was for edit in edits if edit.verb in AFTER and edit.at < at < edit.until),
        live=lives(bare.media),
        grid=frame.grid,
    )
    if found is None:
        return None
    heard = edited(bare, edits, frame.grid, frame.handlings, policy.media)
    return None if _covered(heard, takes, (found.was, at)) else found


def rule_of(policy: Policy, channel: ChannelId, take: Take) -> Rule:
    """What settings say of an item."""
    rules = policy.after.get(channel, {})
    return rules.get(take.category) or rules.get("") or Rule()


def _stops(edits: Sequence[Edit], at: int, policy: Policy) -> list[int]:
    day = broadcast_day(instant_of(SampleIndex(at)), policy.tz, policy.day_start)
    bounds = day_bounds(day, policy.tz, policy.day_start)
    return [
        *(sample_at(edge) for edge in bounds),
        *(edit.at for edit in edits if edit.verb in _TURNS or edit.verb in AFTER),
    ]


def _covered(heard: Plan, takes: Sequence[Take], at: Sequence[int]) -> bool:
    """Whether something that was inserted lies over the schedule at one of these samples."""
    beneath = [next(take for take in takes if take.start <= n < take.end) for n in at]
    return any(take_at(heard, n).item != take.item for n, take in zip(at, beneath, strict=True))


__all__ = ["foreseen", "resume", "rule_of"]
