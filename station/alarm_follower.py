"""Looks at the world once a second and at every change, and tells the alarms' part what is wrong and what is right again. Level-triggered; decides nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from typing import Any

import attrs
from twisted.logger import Logger

from emergency.state import Record
from emergency.table import OPEN
from playout.channel import ChainLink
from safety.alarms import State
from schedules.lettering import missing
from station import adopting
from station.alarm_cards import cards
from station.alarm_causes import Ties, linked
from station.alarm_conditions import conditions
from station.alarm_follow import FRESH, follow
from station.alarm_sight import AlertSight, ChainSight, ChannelSight, MuteSight, Sight
from station.clock import Clock
from station.conditions import Condition
from station.listened import is_stream, listened
from station.pairs import chain_of, is_pair
from station.settings import ChannelSection, Settings
from station.shown import STALE
from station.starts import not_up
from station.words import Command, Instant, Text, instant_of
from station.world import World

EVERY = 1.0  # s
SOON = 0.1  # s: what alerts order goes first
DISK_EVERY = 10 * 1_000_000  # µs between two looks at the disk

More = Callable[[], tuple[Condition, ...]]


def ties(settings: Settings) -> Ties:
    """What hangs on what, from the settings."""
    carriers: dict[str, tuple[str, ...]] = {}
    for device in settings.devices:
        if device.channel:
            carriers[device.channel] = (*carriers.get(device.channel, ()), device.id)
    supplies = {
        device.id: tuple(one.id for one in settings.devices if one.kind == "ups" and one.site == device.site)
        for device in settings.devices
        if device.site and device.kind != "ups"
    }
    return Ties(
        chains={one.id: one.chain for one in listened(settings)}, carriers=carriers, supplies=supplies
    )


def names(settings: Settings, chain: str) -> Text:
    """What people call a chain: its channels."""
    sections = [section for section in settings.channels if section.chain == chain]
    return Text(
        ", ".join(section.name_en for section in sections) or f"the streams “{chain}”",
        "、".join(section.name_zh for section in sections) or f"预警流“{chain}”",
    )


def _rolled_back(state: adopting.State) -> Text | None:
    found = state.rolled_back
    return None if found is None else adopting.rolled_back_text(found)


def _sounds_since(record: Record) -> Instant | None:
    """Since when terminals are asked to play it without a break; None while they are not."""
    if record.phase != "sounding" or record.covered or record.since is None:
        return None
    return max(record.since, record.again)


class AlarmFollower:
    """`look()` at any time; `start()` begins to look once a second. `more`: the conditions of other parts' devices."""

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        world: World,
        links: Mapping[str, ChainLink],
        tell: Callable[[Command], Any],
        more: tuple[More, ...] = (),
    ) -> None:
        self._clock, self._world, self._links, self._tell, self._more = clock, world, links, tell, more
        self.every = EVERY  # s between two looks while nothing changes
        self._memory = FRESH
        self._started = world.now()
        self._muted_last = Instant(0)
        self._disk: tuple[Instant, int] | None = None
        self._timer: Any = None
        self._ties = ties(world.settings)
        self._names = {chain: names(world.settings, chain) for chain in world.settings.chains()}
        self._television = any(section.raster for section in world.settings.channels)
        self._known: dict[str, tuple[Record, AlertSight]] = {}  # as an alert's record was last seen

    def start(self) -> None:
        """Look now, and from now on once a second."""
        self._timer = self._clock.callLater(self.every, self.start)
        self.look()

    def soon(self) -> None:
        """Something changed: look in a moment, once for all that changes until then."""
        if self._timer is None or not self._timer.active():
            return
        if self._timer.getTime() > self._clock.seconds() + SOON:
            self._timer.reset(SOON)

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def look(self) -> None:
        """Compare what is wrong with what is written down, and tell the difference."""
        world, now = self._world, self._world.now()
        seen = conditions(self.sight(), world.settings.alarms, now)
        found = linked((*seen, *(one for more in self._more for one in more())), self._ties)
        world.wrong = {one.key: one for one in found}
        state: State = world.desk.states["alarms"]
        orders, self._memory = follow(found, state, self._memory, now, cards())
        for order in orders:
            self._tell(order)

    # -- what is seen ---------------------------------------------------------------------------

    def sight(self) -> Sight:
        """The station as it is seen now."""
        world = self._world
        keeping = world.desk.states["keeping"]
        return Sight(
            started=self._started,
            chains=tuple(map(self._chain, self._names)),
            channels=tuple(self._channel(section) for section in listened(world.settings)),
            alerts=self._alerts(),
            mutes=self._mutes(),
            journal_degraded=world.desk.degraded,
            synchronised=keeping.synchronised,
            reanchor_wanted=keeping.reanchor_wanted,
            terminals_online=world.fleet.online,
            terminals_registered=len(world.fleet.registry),
            disk_free=self._disk_free(),
            held_since=world.held.before,
            held=len(world.held.clips),
            rolled_back=_rolled_back(world.desk.states["settings"]),
            not_up=tuple((one.name, one.why) for one in not_up(world.places.logs)),
        )

    def _players(self, chain: str) -> list[ChainLink]:
        return [link for player, link in self._links.items() if chain_of(player) == chain]

    def _chain(self, chain: str) -> ChainSight:
        links, world = self._players(chain), self._world
        return ChainSight(
            chain=chain,
            names=self._names[chain],
            connected=any(link.connected for link in links),
            lost=max((status.lost for link in links for status in link.status.values()), default=0),
            missing=world.twins.missing(world.settings, chain),
        )

    def _channel(self, section: ChannelSection) -> ChannelSight:
        world = self._world
        playing, measured = world.playing.get(section.id), world.measured.get(section.id)
        fresh = playing is not None and world.now() - playing.at < STALE
        said = [link.status[section.id] for link in self._players(section.chain) if section.id in link.status]
        return ChannelSight(
            id=section.id,
            name=Text(section.name_en, section.name_zh),
            chain=section.chain,
            rung=playing.rung if playing is not None and fresh else "",
            cause=next((one.cause for one in said if one.cause), ""),
            plan_until=instant_of(playing.plan_until) if playing is not None and fresh else None,  # type: ignore[arg-type]
            state=measured.state if measured is not None else "UNKNOWN",
            state_since=measured.since if measured is not None else None,
            measured_at=measured.at if measured is not None else None,
            filler=measured is not None and measured.filler,
            differed=measured.differed
            if measured is not None and is_pair(world.settings, section.chain)
            else None,
            stream=is_stream(world.settings, section.id),
        )

    def _alerts(self) -> tuple[AlertSight, ...]:
        """Every alert; a record is read again only when it is another one, for most of them wait or are over."""
        known, records = self._known, self._world.desk.states["emergency"].alerts
        self._known = {
            alert: held
            if (held := known.get(alert)) is not None and held[0] is record
            else (record, self._alert(record))
            for alert, record in records.items()
        }
        return tuple(self._reached(seen) for _, seen in self._known.values())

    def _alert(self, record: Record) -> AlertSight:
        message, row = record.message, self._world.book.get(record.alert)
        return AlertSight(
            id=record.alert,
            headline=message.headline,
            grave=message.kind == "actual" and 1 <= message.level <= 2,
            actual=message.kind == "actual",
            waiting=record.phase in OPEN,
            held=record.held if record.phase == "held" else None,
            speechless=record.speechless if record.audio is None else "",
            submitted_at=row.submitted_at if row is not None else self._started,
            missing=max(0, record.needed - len(record.signatures)),
            overdue=record.overdue and record.owing > 0,
            aired_at=_sounds_since(record),
            unshown=missing(f"{message.headline}{message.description}{message.instruction}")
            if self._television
            else "",
        )

    def _reached(self, seen: AlertSight) -> AlertSight:
        """With the terminals that it is meant for and that play it, while it sounds."""
        if seen.aired_at is None:
            return seen
        if self._world.mutes():  # what is muted is meant to be silent, and is given its time from the lift on
            self._muted_last = self._world.now()
            return attrs.evolve(seen, aired_at=None)
        counts = self._world.fleet.counts(seen.id)
        since = max(seen.aired_at, self._muted_last)
        return attrs.evolve(seen, aired_at=since, addressed=counts.addressed, playing=counts.playing)

    def _mutes(self) -> tuple[MuteSight, ...]:
        world = self._world
        state = world.desk.states["emergency"]
        return tuple(
            MuteSight(
                id=mute.mute,
                at=silence.at if (silence := world.silences.get(mute.mute)) else self._started,
                everything=not (mute.alert or mute.areas),
                lifted=mute.lifted or None,
            )
            for mute in (*state.mutes.values(), *state.unexplained.values())
        )

    def _disk_free(self) -> int | None:
        now = self._world.now()
        if self._disk is None or now - self._disk[0] >= DISK_EVERY:
            try:
                self._disk = (now, shutil.disk_usage(self._world.places.state).free)
            except OSError as error:
                self.log.error("the disk cannot be asked: {why}", why=str(error))
                return None
        return self._disk[1]
