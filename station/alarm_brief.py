"""Alarms in their order, with the figures of now, and in brief for the strip of every page. Reads the world; changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from safety.alarm_record import Alarm
from safety.alarms import State
from station.alarm_views import AlarmLine, AlarmsBrief
from station.conditions import SEVERITIES
from station.words import Text
from station.world import World

FIRST = 3  # lines of the strip


def state_of(world: World) -> State:
    """The durable state of alarms."""
    found: State = world.desk.states["alarms"]
    return found


def in_order(world: World) -> list[Alarm]:
    """What must be acknowledged first, then worst, then newest."""
    return sorted(
        state_of(world).alarms.values(),
        key=lambda one: (not one.unread, SEVERITIES.index(one.condition.severity), -one.since),
    )


def root_of(world: World, one: Alarm) -> Alarm | None:
    """What it follows from, while that stands."""
    now = world.wrong.get(one.condition.key)
    because = one.condition.because if now is None else now.because
    return state_of(world).alarms.get(because) if because else None


def text_of(world: World, one: Alarm) -> Text:
    """The figures of now while it stands, those of its raising afterwards."""
    now = world.wrong.get(one.condition.key)
    return now.text if now is not None and one.wrong else one.condition.text


def brief(world: World, mine: Callable[[Alarm], bool] | None = None) -> AlarmsBrief:
    """For the strip of every page; `mine` says which alarms an account may know of that answers for a part."""
    found = [one for one in in_order(world) if mine is None or mine(one)]
    unread = [one for one in found if one.unread]
    keys = {one.condition.key for one in found}
    roots = [one for one in unread if (root := root_of(world, one)) is None or root.condition.key not in keys]
    roots.sort(key=lambda one: not one.wrong)  # what stands goes before what is over and merely unread
    count = Counter(one.condition.severity for one in roots)
    righted: Counter[str] = Counter(one.condition.severity for one in roots if not one.wrong)
    return AlarmsBrief(
        critical=count["critical"],
        major=count["major"],
        minor=count["minor"],
        standing=sum(one.phase == "acknowledged" for one in found),
        shelved=sum(one.shelved for one in found),
        following=len(unread) - len(roots),
        righted=dict(righted),
        first=[_line(world, one) for one in roots[:FIRST]],
        ring=any(one.phase == "standing" and one.condition.severity == "critical" for one in roots),
    )


def unread_texts(world: World) -> tuple[Text, ...]:
    """What nobody has acknowledged, one sentence each, with the figures of now."""
    return tuple(text_of(world, one) for one in in_order(world) if one.unread)


def _line(world: World, one: Alarm) -> AlarmLine:
    return AlarmLine(
        number=one.number,
        severity=one.condition.severity,
        text=text_of(world, one),
        phase=one.phase,
        since=one.since,
        level=one.level if one.unread else 0,
        returned_at=one.returned_at,
    )
