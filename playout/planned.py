"""What each channel's plan is, of the days that were approved and what operators did since. Pure; refuses nothing, knows no file, no player, no clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from playout import withdrawal
from playout.idle import idle_plan
from playout.policy import Policy
from playout.sheets import Extent, Sheet, State, edits_of, extent, own_names
from schedules.calendar import add_days, broadcast_day, day_bounds
from schedules.edits import edited
from schedules.plan import Medium, Plan
from schedules.remarks import Unplannable
from schedules.timeline import Frame, resolve
from schedules.withdrawal import without
from station.words import SAMPLE_RATE, ChannelId, Instant, SampleIndex, sample_at

_MARGIN = 3_600 * SAMPLE_RATE  # a plan begins an hour before its first day and ends an hour after its last


def planned(state: State, channel: ChannelId, day: str) -> list[Sheet]:
    """The approved sheets of the days a plan of `day` is made of."""
    days = {add_days(day, shift) for shift in (-1, 0, 1, 2)}
    return [
        found
        for found in state.sheets
        if found.channel == channel and found.phase == "approved" and found.day in days
    ]


def plans(state: State, policy: Policy, now: Instant) -> dict[ChannelId, Plan]:
    """Every channel's plan: an hour of yesterday, all of the day it was last extended to, the day after, and an hour.

    `now` counts only for a channel that was never extended, so the same state gives the same plans.
    """
    made = {channel: plan_of(state, policy, frame, now) for channel, frame in policy.frames.items()}
    return made | {channel: _idle_plan(state, policy, channel, now) for channel in policy.idle}


def _span(held: Extent, policy: Policy, now: Instant) -> tuple[str, SampleIndex, SampleIndex]:
    day = held.day or broadcast_day(now, policy.tz, policy.day_start)
    begins = sample_at(day_bounds(day, policy.tz, policy.day_start)[0])
    ends = sample_at(day_bounds(add_days(day, 1), policy.tz, policy.day_start)[1])
    return day, SampleIndex(begins - _MARGIN), SampleIndex(ends + _MARGIN)


def plan_of(state: State, policy: Policy, frame: Frame, now: Instant) -> Plan:
    held = extent(state, frame.channel)
    day, start, end = _span(held, policy, now)

    def of(sheets: Sequence[Sheet]) -> Plan:
        known = (found for found in policy.media.values() if found.sha256 not in policy.studios)
        media: dict[str, Medium] = {
            found.sha256: found for found in known
        }  # a studio is heard by sessions alone
        rundowns = [own_names(found, policy.media) for found in sheets]
        approvals = {found.day: found.approval for found in sheets}
        made = resolve(rundowns, media, approvals, frame, start=start, end=end, revision=held.revision)
        made = without(made, withdrawal.gone(state), frame.grid, frame.handlings)
        return edited(made, edits_of(state, frame.channel), frame.grid, frame.handlings, policy.media)

    sheets = planned(state, frame.channel, day)
    try:
        return of(sheets)
    except Unplannable:  # settings or library changed since the approval: such a day is filler
        return of([found for found in sheets if _holds(of, found)])


def _holds(of: Callable[[Sequence[Sheet]], Plan], found: Sheet) -> bool:
    """Whether an approved day can still be kept."""
    try:
        of([found])
    except Unplannable:
        return False
    return True


def _idle_plan(state: State, policy: Policy, channel: ChannelId, now: Instant) -> Plan:
    held = extent(state, channel)
    _, start, end = _span(held, policy, now)
    return idle_plan(channel, held.revision, start, end, policy)


__all__ = ["plan_of", "planned", "plans"]
