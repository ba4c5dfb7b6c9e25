"""How the relays are, as their players say, and where plans have them: for the page. Knows no link and no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Protocol

import attrs

from playout.link import MemberSight, RelaySight
from playout.relaying import Room, room, window
from playout.sheets import edits_of
from schedules.plan import Plan, Take
from schedules.relays import checksum, lives
from station.pairs import is_second
from station.relay_conditions import STATES
from station.relay_sources import RelaySection, Source, read
from station.relay_views import RelayAirView, RelayView, WayView
from station.settings import Settings
from station.words import ChannelId, Instant, SampleIndex, Text, instant_of, sample_at

AWAY: Final = Text("no player reports it", "播放器未报告")
STALE: Final = 3_000_000  # µs after which nobody knows how it is


class World(Protocol):
    """What is needed of station.world.World."""

    @property
    def settings(self) -> Settings: ...
    @property
    def plans(self) -> dict[ChannelId, Plan]: ...
    @property
    def desk(self) -> Any: ...
    def now(self) -> Instant: ...
    def channel_name(self, channel: str) -> Text: ...


@attrs.define
class _Lane:
    """What was worked out of one channel's plan, for as long as that is the same."""

    plan: Plan
    takes: tuple[Take, ...]  # relays alone
    edits: Any = None
    rooms: dict[str, Room] = attrs.field(factory=dict)


@attrs.define
class RelayBook:
    """What each player last said; what a player that is away said last is forgotten."""

    _said: dict[str, tuple[str, Instant, RelaySight]] = attrs.field(factory=dict)
    _lanes: dict[ChannelId, _Lane] = attrs.field(factory=dict, eq=False)

    def note(self, player: str, at: Instant, sights: Sequence[RelaySight]) -> None:
        """A player says how the relays that it receives are; of two of a chain the one that has something to hear and says what is heard, else the first. To a guest not all of them come."""
        for sight in sights:
            other, since, held = self._said.get(sight.relay, (player, at, sight))
            if other != player and at - since < STALE and better(held, other, sight, player):
                continue
            self._said[sight.relay] = player, at, sight

    def gone(self, player: str) -> None:
        """A player does not answer any more."""
        self._said = {relay: one for relay, one in self._said.items() if one[0] != player}

    def views(self, world: World) -> list[RelayView]:
        """Every relay, in the order of the settings."""
        return [self._view(section, world) for section in world.settings.relays]

    def _view(self, section: RelaySection, world: World) -> RelayView:
        now, media = world.now(), checksum(section.id)
        _, at, sight = self._said.get(section.id, ("", None, None))
        fresh = sight if at is not None and now - at < STALE else None
        air, begins = [], []
        for channel in world.settings.channels:
            if channel.chain != section.chain or channel.id not in world.plans:
                continue
            lane = self._lane(channel.id, world)
            mine = [take for take in lane.takes if take.media == media and take.end > sample_at(now)]
            begins += [take.start for take in mine if take.start > sample_at(now)][:1]
            air += [_air(take, channel.id, lane, world) for take in mine if take.start <= sample_at(now)]
        since = None if fresh is None else fresh.since
        return RelayView(
            id=section.id,
            media=media,
            name=Text(section.name_en, section.name_zh),
            ways=ways(section, fresh),
            heard=None if fresh is None else fresh.heard,
            since=None if since is None else instant_of(since),
            at=at,
            air=air,
            next=instant_of(SampleIndex(min(begins))) if begins else None,
            preview=section.preview,
            marker=section.marker,
        )

    def _lane(self, channel: ChannelId, world: World) -> _Lane:
        plan, edits = world.plans[channel], edits_of(world.desk.states["playout"], channel)
        held = self._lanes.get(channel)
        if held is None or held.plan is not plan:
            live = lives(plan.media)
            held = _Lane(plan=plan, takes=tuple(take for take in plan.takes if take.media in live))
            self._lanes[channel] = held
        if held.edits is not edits:
            held.edits = edits
            held.rooms.clear()
        return held


def better(one: RelaySight, player: str, other: RelaySight, beside: str) -> bool:
    """Whether what one of two players says of a relay is asked before what the other does."""
    first = (one.heard is None, one.leads is False, is_second(player))
    return first < (other.heard is None, other.leads is False, is_second(beside))


def _air(take: Take, channel: ChannelId, lane: _Lane, world: World) -> RelayAirView:
    found = lane.rooms.get(take.id)
    if found is None:
        allowed = window(world.desk.states["playout"], channel, take)
        found = lane.rooms[take.id] = room(take, lane.plan, lane.edits, allowed)
    return RelayAirView(
        channel=channel,
        name=world.channel_name(channel),
        title=take.title,
        start=instant_of(take.start),
        end=instant_of(take.end),
        until=instant_of(found.until),
        why=found.why,
    )


def ways(section: RelaySection, sight: RelaySight | None) -> list[WayView]:
    """Each way as it is now; `sight` None: nobody knows."""
    told = () if sight is None else sight.members
    heard = None if sight is None or sight.heard is None else told[sight.heard]
    made = []
    for number, text in enumerate(section.members):
        found = read(text)
        shown = found.shown if isinstance(found, Source) else str(number + 1)
        made.append(_way(shown, told[number] if number < len(told) else None, heard))
    return made


def _way(shown: str, one: MemberSight | None, heard: MemberSight | None) -> WayView:
    if one is None:
        return WayView(shown=shown, state="away", text=AWAY)
    comes = heard is not None and one.placed and heard.placed and one.state == "good"
    return WayView(
        shown=shown,
        state=one.state,
        text=STATES.get(one.state, Text(one.state, one.state)),
        placed=one.placed,
        behind_ms=heard.ahead_ms - one.ahead_ms if comes and heard is not None else None,
        peak=one.peak if one.state != "absent" else None,
        alike=one.alike,
    )


__all__ = ["AWAY", "STALE", "RelayBook", "better", "ways"]
