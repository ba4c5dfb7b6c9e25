"""A plan without what was withdrawn (撤播): filler stands in its place, everything else stays where it is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import attrs

from schedules.handling import Handling
from schedules.plan import Medium, Plan, Take
from schedules.segue import clipped
from schedules.timeline import Frame, filled
from station.words import Sha256


def without(
    plan: Plan, gone: Collection[Sha256], grid: int = 1, handlings: Mapping[Sha256, Handling] | None = None
) -> Plan:
    """The plan in which no take and no rung of the ladder names a medium of `gone`, tiled as before, to the sample; it says which are withdrawn.

    `grid` and `handlings`: see `schedules.timeline.Frame`. Where neither filler nor loop is left it is silence.
    """
    plan = attrs.evolve(plan, withdrawn=tuple(sorted(gone)))
    if not any(medium.sha256 in gone for medium in plan.media):
        return plan
    kept = tuple(medium for medium in plan.media if medium.sha256 not in gone)
    loop = plan.loop if plan.loop not in gone else None
    filler = _filler(plan.filler, loop, kept)
    frame = Frame(
        channel=plan.channel, tz="UTC", day_start="00:00", filler=filler, grid=grid, handlings=handlings or {}
    )
    takes: list[Take] = []
    for take in plan.takes:
        if take.replacement is not None and take.replacement.media in gone:
            take = attrs.evolve(take, replacement=None)
        takes += _instead(take, frame) if take.media in gone else (take,)
    names = tuple(medium.sha256 for medium in filler)
    return attrs.evolve(plan, takes=clipped(takes), media=kept, filler=names, loop=loop)


def _instead(take: Take, frame: Frame) -> tuple[Take, ...]:
    if frame.filler:
        return filled(frame, take.start, take.end)
    return (
        Take(
            item=take.item,
            start=take.start,
            end=take.end,
            kind="silence",
            title="撤播 · withdrawn",
            approval="standing:silence",
        ),
    )


def _filler(names: tuple[Sha256, ...], loop: Sha256 | None, media: tuple[Medium, ...]) -> tuple[Medium, ...]:
    """What may fill: the filler that is left, else the loop."""
    known = {medium.sha256: medium for medium in media}
    left = tuple(known[sha256] for sha256 in names if sha256 in known)
    return left or ((known[loop],) if loop in known else ())
