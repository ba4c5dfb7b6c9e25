"""The plan of an alert stream: planned silence, day after day, until an alert lies over it. Pure."""

from __future__ import annotations

from typing import Final

from playout.policy import Policy
from schedules.calendar import day_bounds, days_over
from schedules.plan import Plan, Take
from station.words import ChannelId, SampleIndex, instant_of, sample_at

IDLE_APPROVAL: Final = "standing:idle"


def idle_plan(
    channel: ChannelId, revision: int, start: SampleIndex, end: SampleIndex, policy: Policy
) -> Plan:
    """Silence over the days that meet `start` to `end`."""
    days = days_over(instant_of(start), instant_of(end), policy.tz, policy.day_start)
    takes = tuple(_take(day, policy) for day in days)
    return Plan(
        channel=channel, revision=revision, start=takes[0].start, end=takes[-1].end, takes=takes, media=()
    )


def _take(day: str, policy: Policy) -> Take:
    begins, ends = day_bounds(day, policy.tz, policy.day_start)
    return Take(
        item=f"{day}/idle",
        start=sample_at(begins),
        end=sample_at(ends),
        kind="silence",
        title="待机 · idle",
        approval=IDLE_APPROVAL,
    )


__all__ = ["IDLE_APPROVAL", "idle_plan"]
