"""Plans a player makes for itself, under standing approval, so that every moment is covered when the station sent none. Pure; knows no file."""

from __future__ import annotations

import attrs

from playout.rings import BLOCK
from schedules.plan import Fallen, Medium, Plan, Take
from station.words import SAMPLE_RATE, ChannelId, SampleIndex, Sha256

SPAN = 400 * 24 * 3_600 * SAMPLE_RATE  # a standby take lasts longer than any process
STANDBY = "standby"


def quiet_plan(channel: ChannelId, now: SampleIndex) -> Plan:
    """A stream on which nothing is heard unless an overlay lies over it."""
    start = SampleIndex(now - now % BLOCK)
    take = Take(
        item=STANDBY,
        start=start,
        end=SampleIndex(start + SPAN),
        kind="silence",
        title="待机 Standby",
        approval="standing:silence",
    )
    return Plan(channel=channel, revision=0, start=start, end=take.end, takes=(take,), media=())


def loop_plan(channel: ChannelId, now: SampleIndex, loop: Medium | None, filler: tuple[Medium, ...]) -> Plan:
    """Filler, then loop, then tone, for a channel that has no plan at all."""
    start = SampleIndex(now - now % BLOCK)
    take = _standby(start, SampleIndex(start + SPAN))
    media = (*filler, *(() if loop is None else (loop,)))
    unique = tuple({medium.sha256: medium for medium in media}.values())
    return Plan(
        channel=channel,
        revision=0,
        start=start,
        end=take.end,
        takes=(take,),
        media=unique,
        filler=tuple(medium.sha256 for medium in filler),
        loop=None if loop is None else loop.sha256,
    )


def covering(plan: Plan, now: SampleIndex) -> Plan:
    """The plan with standby takes before its start (from `now`) and after its end, so that no moment is without one."""
    takes = list(plan.takes)
    start, end = plan.start, SampleIndex(plan.end + SPAN)
    if now < plan.start:
        start = SampleIndex(now - now % BLOCK)
        takes.insert(0, _standby(start, plan.start))
    takes.append(_standby(plan.end, end))
    return attrs.evolve(plan, takes=tuple(takes), start=start, end=end)


def falls(plan: Plan) -> tuple[Fallen, ...]:
    """Standby takes that name no medium sound from the second rung on."""
    return tuple(
        Fallen(take=take.id, start=take.start, rung="filler")
        for take in plan.takes
        if take.item == STANDBY and take.kind != "silence"
    )


def ladder_media(plan: Plan) -> tuple[Sha256, ...]:
    """What must be in memory whatever happens: the loop."""
    return () if plan.loop is None else (plan.loop,)


def _standby(start: SampleIndex, end: SampleIndex) -> Take:
    return Take(
        item=STANDBY,
        start=start,
        end=end,
        kind="filler",
        title="垫播 Standby",
        approval="standing:filler",
    )
