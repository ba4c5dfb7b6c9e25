"""The one view of the wall: what everybody in the room may see from five metres. No name of a person, no token, no free text of a signer. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from schedules.calendar import broadcast_day, day_bounds
from station.alarm_views import AlarmsBrief
from station.views import (
    AlertView,
    ChannelView,
    CountsView,
    LevelsView,
    OverviewView,
    PlantLine,
    SafetyView,
    Tone,
)
from station.words import SECOND, ChannelId, Instant, Operator, Text
from station.world import World

KEPT = 20 * SECOND  # figures of the day are made anew this often at most
MOST = 12  # alerts shown


@attrs.frozen(kw_only=True)
class WallChannel:
    """One channel from five metres: what is on, how long still, what comes, what is measured."""

    id: ChannelId
    name: Text
    title: str
    category: str
    starts: Instant | None
    ends: Instant | None
    next_title: str
    next_at: Instant | None
    next_readiness: str
    overlay_title: str
    rung: str
    muted: bool
    levels: LevelsView | None
    player_at: Instant | None
    state: str
    measured_at: Instant | None
    verdict: Text | None  # of the broadcast day so far
    outage_rate_milli: int | None  # thousandths of s/100 h
    coverage_ppm: int
    unauthorised: int
    carriers: list[PlantLine]


@attrs.frozen(kw_only=True)
class WallAlert:
    """One alert that sounds, with its four counts."""

    headline: str
    kind: str
    level: int
    event_text: str
    area_names: str
    until: Instant | None
    muted: bool
    counts: CountsView


@attrs.frozen(kw_only=True)
class AlarmCounts:
    """Alarms that stand and nobody acknowledged yet by severity, those that stand acknowledged, and those that are over and nobody read."""

    critical: int
    major: int
    minor: int
    standing: int
    righted: int = 0


@attrs.frozen(kw_only=True)
class WallView:
    """All of the wall."""

    at: Instant
    station: Text
    timezone: str
    tone: Tone
    sentence: Text
    channels: list[WallChannel]
    sounding: list[WallAlert]
    waiting: int
    mutes: int
    overdue: int
    alarms: AlarmCounts
    terminals_online: int
    terminals_registered: int


class WallQueries:
    """`wall` of docs/control-protocol.md; `overview` and `safety` are the questions of the pages."""

    def __init__(
        self,
        world: World,
        overview: Callable[[], OverviewView],
        safety: Callable[[dict[str, Any], Operator], list[SafetyView]],
    ) -> None:
        self._world, self._overview, self._safety = world, overview, safety
        self._figures: dict[ChannelId, SafetyView] = {}
        self._made: Instant | None = None

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"wall": self.wall}

    def wall(self, args: dict[str, Any], by: Operator) -> WallView:
        """How things are now."""
        seen = self._overview()
        figures = self._today(seen.at, by)
        return WallView(
            at=seen.at,
            station=seen.station,
            timezone=self._world.settings.station.timezone,
            tone=seen.tone,
            sentence=seen.sentence,
            channels=[_channel(one, figures.get(one.id)) for one in seen.channels],
            sounding=[_alert(one) for one in seen.sounding[:MOST]],
            waiting=len(seen.waiting),
            mutes=len(seen.mutes),
            overdue=seen.overdue,
            alarms=_alarms(seen.alarms),
            terminals_online=seen.terminals_online,
            terminals_registered=seen.terminals_registered,
        )

    def _today(self, now: Instant, by: Operator) -> dict[ChannelId, SafetyView]:
        if self._made is None or not 0 <= now - self._made < KEPT:
            station = self._world.settings.station
            day = broadcast_day(now, station.timezone, station.day_start)
            begins, _ = day_bounds(day, station.timezone, station.day_start)
            self._figures = {one.channel: one for one in self._safety({"from": begins, "to": now}, by)}
            self._made = now
        return self._figures


def _channel(seen: ChannelView, figures: SafetyView | None) -> WallChannel:
    current, coming = seen.now, seen.next[0] if seen.next else None
    return WallChannel(
        id=seen.id,
        name=seen.name,
        title=current.title if current else "",
        category=current.category if current else "",
        starts=current.start if current else None,
        ends=seen.item_ends,
        next_title=coming.title if coming else "",
        next_at=coming.start if coming else None,
        next_readiness=coming.readiness if coming else "",
        overlay_title=seen.overlay_title if seen.overlay else "",
        rung=seen.rung,
        muted=seen.muted,
        levels=seen.levels,
        player_at=seen.player_at,
        state=seen.state,
        measured_at=seen.measured_at,
        verdict=figures.verdict if figures else None,
        outage_rate_milli=figures.outage_rate_milli if figures else None,
        coverage_ppm=figures.coverage_ppm if figures else 0,
        unauthorised=len(figures.unauthorised) if figures else 0,
        carriers=seen.carriers,
    )


def _alert(seen: AlertView) -> WallAlert:
    return WallAlert(
        headline=seen.headline,
        kind=seen.kind,
        level=seen.level,
        event_text=seen.event_text,
        area_names=seen.area_names,
        until=seen.until,
        muted=seen.muted,
        counts=seen.counts,
    )


def _alarms(seen: AlarmsBrief) -> AlarmCounts:
    """What stands is not counted with what is over: nobody runs because of an alarm that has gone."""
    over = seen.righted
    return AlarmCounts(
        critical=seen.critical - over.get("critical", 0),
        major=seen.major - over.get("major", 0),
        minor=seen.minor - over.get("minor", 0),
        standing=seen.standing,
        righted=sum(over.values()),
    )
