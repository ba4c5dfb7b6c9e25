"""Bring the world to what state says it ought to be: overlays to players, groups to terminals, speech for alerts, plans. Level-triggered: each looks at state, none at the event that just came in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from twisted.internet.defer import Deferred, DeferredList, gatherResults
from twisted.logger import Logger
from twisted.python.failure import Failure

from devices.terminal_server import Group
from emergency import views as alert_views
from emergency.messages import AlertKind, MoveOverlay, SpeechFailed, SpeechReady
from emergency.sounding import Mute, Sounding
from playout import planning
from playout.channel import ChainLink
from playout.facts import facts_by_source
from playout.follow import Wanted
from playout.link import HearMember
from playout.sheets import State
from schedules.plan import Medium, Overlay
from station import relay_rules, rules, yielding
from station.after_alerts import AfterAlerts
from station.captions import captions
from station.pairs import chain_of
from station.settings import Settings
from station.words import (
    SAMPLE_RATE,
    AreaCode,
    ChannelId,
    Command,
    Instant,
    SampleIndex,
    Sha256,
    instant_of,
    sample_at,
)
from station.world import World

MOST_SPOKEN = 8

Tell = Callable[[Command], Any]
ON_THE_WAY = 5_000  # µs that an order may take to the player and into its next block
LOADED_WITHIN = 0.3  # s that an alert waits for its sound to be in the players' memories, so that none begins in the middle
TWIN_WITHIN = 0.1  # s more, of a pair, for the second to be ready after the first


class Speaker(Protocol):
    """What the speech follower needs of a voice."""

    def speak(self, alert_id: str, text: str, kind: AlertKind, level: int) -> Deferred[Medium]:
        """A medium in house format; fails with Refused in words."""
        ...


def slack_of(settings: Settings, channel: ChannelId | None) -> int:
    """How far ahead (ms) the player of a channel renders; of what is none of the settings' channels: as radio."""
    chain = next((section.chain for section in settings.channels if section.id == channel), None)
    return max(
        (s.slack_ms for s in settings.channels if (s.chain == chain if chain else not s.raster)), default=40
    )


def plans_stand_on(state: State) -> tuple[object, ...]:
    """What plans are made of; of a sheet that is not approved none is."""
    approved = (found for found in state.sheets if found.phase == "approved")
    return (state.extents, state.withdrawn, *approved)


def _alert(overlay: Overlay) -> str:
    """The alert that an overlay carries, or begins with."""
    return overlay.id.partition("/")[0].partition("+")[0]


class AirFollower:
    """Plans and overlays to the players of all chains."""

    def __init__(
        self,
        world: World,
        links: dict[str, ChainLink],
        policy: planning.Policy,
        tell: Tell,
        on_due: Callable[[str], None],
        after: AfterAlerts | None = None,
    ) -> None:
        self._after = after
        self._world, self._links, self._policy, self._tell, self._on_due = world, links, policy, tell, on_due
        chains = world.settings.chains()
        self._of: dict[ChannelId, list[ChainLink]] = {}
        for player, link in links.items():
            for channel in chains[chain_of(player)]:
                self._of.setdefault(channel, []).append(link)
        self._planned: tuple[object, ...] = ()  # what the plans were made of
        self._seen: tuple[tuple[Sounding, ...], tuple[Mute, ...]] | None = None
        self._revision: dict[ChannelId, int] = {}
        self._fresh: set[str] = (
            set()
        )  # alerts that went on air in this process' life: only these may be moved
        self._moved: dict[
            tuple[str, str], SampleIndex
        ] = {}  # (overlay, alert) → the start that was asked for
        self._asked: set[tuple[str, str]] = set()  # of these, those not answered yet
        self._deferred: dict[str, SampleIndex] = {}  # overlay → the later start that was asked for
        self._spoken: dict[Sha256, Medium] = {}  # sound whose alert has not got it durably yet
        self._held: tuple[Medium, ...] = ()
        self.moving = False  # an overlay came too late and waits for its new start to be durable

    def aired(self, alert: str) -> None:
        """An alert went on air just now."""
        self._fresh.add(alert)

    def look(self) -> None:
        """Compare and order the difference."""
        self.moving = False
        self._hold()
        self._plans()
        self._relays()
        world = self._world
        soundings, mutes = world.soundings(), world.mutes()
        if self._seen == (soundings, mutes):
            return
        self._seen = (soundings, mutes)
        alerts, media = world.settings.alerts, rules.media_of(soundings)
        programme = {section.id: section for section in world.settings.channels}
        seen = any(section.raster for section in programme.values())
        words = captions(soundings, world.settings.station, world.area) if seen else {}
        for channel, section in programme.items():  # before anything that takes longer
            over = rules.overlays(soundings, mutes, section, alerts, words)
            laid = yielding.laid(over, soundings, channel, world.plans.get(channel), world.settings)
            self._defer(channel, over, laid)
            laid = laid if self._after is None else self._after.laid(channel, laid)
            self._overlay(channel, laid, media)
        streams = rules.stream_overlays(world.groups(), soundings, slack_of(world.settings, None), alerts)
        for channel in self._of:
            if channel not in programme:
                self._overlay(channel, streams.get(channel, ()), media)
        self._fresh &= {sounding.alert for sounding in soundings}

    def _relays(self) -> None:
        """By which way people want to hear each relay."""
        world = self._world
        asked = {one.relay: one for one in world.desk.states["playout"].wishes}
        for player, link in self._links.items():
            mine = (one.id for one in world.settings.relays if one.chain == chain_of(player))
            wanted = (asked[relay] for relay in mine if relay in asked)
            link.want_relays(
                HearMember(relay=one.relay, member=one.member, number=one.number) for one in wanted
            )

    def _plans(self) -> None:
        state = self._world.desk.states["playout"]
        seen = plans_stand_on(state)
        if len(seen) == len(self._planned) and all(a is b for a, b in zip(seen, self._planned, strict=True)):
            return
        self._planned = seen
        made = planning.plans(state, self._policy, self._world.now())
        for channel, plan in made.items():
            held = self._world.plans.get(channel)
            if held is None or (held.revision, held.takes, held.withdrawn) != (
                plan.revision, plan.takes, plan.withdrawn
            ):  # fmt: skip
                self._world.plans[channel] = plan
                self._seen = None  # what lies over it may have to give way to another item now
                self._send(channel)
                self._on_due(channel)

    def _defer(self, channel: ChannelId, over: Iterable[Overlay], laid: Iterable[Overlay]) -> None:
        """Have it written down which alerts begin a little later here, so that they are not over before they were heard.

        One that waits for longer is not made longer by it, for village loudspeakers would go on as long: it is heard
        here if it still sounds then.
        """
        for due, lies in zip(over, laid, strict=True):
            later = 0 < lies.start - due.start <= relay_rules.LONGEST_WAIT_S * SAMPLE_RATE
            if later and self._deferred.get(due.id) != lies.start:
                self._deferred[due.id] = lies.start
                self._tell(MoveOverlay(alert=_alert(due), channel=channel, start=lies.start))
        self._deferred = {one.id: self._deferred[one.id] for one in over if one.id in self._deferred} | {
            name: start for name, start in self._deferred.items() if not name.endswith(f"/{channel}")
        }

    def _overlay(self, channel: ChannelId, overlays: tuple[Overlay, ...], media: tuple[Medium, ...]) -> None:
        world = self._world
        if channel in self._revision and world.overlays.get(channel, ()) == overlays:
            return
        late = [one for one in overlays if self._late(one, channel, world.overlays.get(channel, ()))]
        if late:  # until the move is durable all stays as the player was told: nothing of this may reach it by another way
            for overlay in late:
                if (overlay.id, _alert(overlay)) not in self._moved:
                    self._move(overlay, channel)
            self.moving = True
            return
        world.overlays[channel] = overlays
        # the position alone stands still while the journal cannot be written, and what is spilled must be told as well
        self._revision[channel] = max(world.desk.position, self._revision.get(channel, 0) + 1)
        self._send(channel, media)
        self._on_due(channel)

    def _late(self, overlay: Overlay, channel: ChannelId, known: Iterable[Overlay]) -> bool:
        """Whether a new overlay's start was rendered already: the controller moves it, never the player."""
        key = (overlay.id, _alert(overlay))
        if key in self._moved:  # the move of another channel may be durable before its own
            return key in self._asked and overlay.start != self._moved[key]
        new = key[1] in self._fresh and overlay.id not in {one.id for one in known}
        slack = 1000 * slack_of(self._world.settings, channel) + ON_THE_WAY
        return new and instant_of(overlay.start) < self._world.now() + slack

    def _move(self, overlay: Overlay, channel: ChannelId) -> None:
        key = (overlay.id, _alert(overlay))
        settings = self._world.settings
        ahead = 1000 * (slack_of(settings, channel) + 2 * settings.alerts.margin_ms)
        self._moved[key] = start = sample_at(Instant(self._world.now() + ahead))
        self._asked.add(key)
        told = self._tell(MoveOverlay(alert=key[1], channel=channel, start=start))
        if isinstance(told, Deferred):
            told.addBoth(self._answered, key)

    def _answered(self, _: Any, key: tuple[str, str]) -> None:
        """Moved by now, or it cannot be: then it begins as it is."""
        self._asked.discard(key)
        self.again()

    def stop(self) -> None:
        """Wake no more by itself."""
        if self._after is not None:
            self._after.stop()

    def again(self) -> None:
        """Compare anew what lies over the channels."""
        self._seen = None
        self.look()

    def _send(self, channel: ChannelId, media: tuple[Medium, ...] | None = None) -> None:
        world = self._world
        wanted = Wanted(
            channel=channel,
            plan=world.plans.get(channel),
            overlays=world.overlays.get(channel, ()),
            media=media if media is not None else rules.media_of(world.soundings()),
            revision=self._revision.get(channel, world.desk.position),
        )
        for link in self._of.get(channel, ()):  # the same to both of a pair
            link.want(wanted)

    def preload(self, medium: Medium) -> Deferred[Any]:
        """Have audio in every player's memory before it is needed, also before state knows of it; fires when it is there, or after LOADED_WITHIN."""
        self._spoken[medium.sha256] = medium
        while len(self._spoken) > MOST_SPOKEN:
            del self._spoken[next(iter(self._spoken))]
        self._hold()
        chains: dict[str, list[ChainLink]] = {}
        for player, link in self._links.items():
            if link.connected:
                chains.setdefault(chain_of(player), []).append(link)
        return gatherResults([_armed(links, medium.sha256) for links in chains.values()])

    def _hold(self) -> None:
        """Players hold the sound of every alert that is not over, and let go of the rest."""
        held = alert_views.audio_held(self._world.desk.states["emergency"])
        for sha256, _ in held:
            self._spoken.pop(sha256, None)
        wanted = (
            *(Medium(sha256=sha256, samples=samples) for sha256, samples in held),
            *self._spoken.values(),
        )
        if wanted != self._held:
            self._held = wanted
            for link in self._links.values():
                link.preload(wanted)


def _armed(links: list[ChainLink], sha256: Sha256) -> Deferred[Any]:
    """Fires when a chain can sound it: of a pair when one player holds it and the other has had a moment more."""
    if len(links) == 1:
        return links[0].held(sha256, LOADED_WITHIN)
    first = DeferredList([link.held(sha256, LOADED_WITHIN) for link in links], fireOnOneCallback=True)
    return first.addCallback(lambda _: gatherResults([link.held(sha256, TWIN_WITHIN) for link in links]))


class FleetFollower:
    """Groups to the terminal server."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._sent: tuple[Group, ...] | None = None
        self._volumes: tuple[tuple[AreaCode, int], ...] = ()

    def look(self) -> None:
        """Tell the fleet what ought to sound, if that changed."""
        world = self._world
        groups = tuple(
            Group(
                alerts=group.alerts,
                ebm_id=group.ebm_id,
                kind=group.kind,
                level=group.level,
                event=group.event,
                start=group.since,
                end=group.until,
                url="rtp://{}:{}".format(*group.address),
                areas=group.areas,
            )
            for group in world.groups()
        )
        if groups != self._sent:
            self._sent = groups
            world.fleet.want(groups)

    def volumes(self) -> None:
        """Tell the fleet the volumes that state wants, if they changed; the last of an area holds."""
        wanted = self._world.desk.states["devices"].volumes
        if wanted != self._volumes:
            for area, volume in wanted:
                if (area, volume) not in self._volumes:
                    self._world.fleet.want_volume((area,), volume)
            self._volumes = wanted


class SpeechFollower:
    """Sound for every alert that waits for it."""

    log = Logger()

    def __init__(
        self, world: World, voice: Speaker, tell: Tell, preload: Callable[[Medium], Deferred[Any]]
    ) -> None:
        self._world, self._voice, self._tell, self._preload = world, voice, tell, preload
        self._making: set[str] = set()

    def look(self) -> None:
        """Begin what is wanted and not being made."""
        for wanted in alert_views.speech_wanted(self._world.desk.states["emergency"]):
            if wanted.alert not in self._making:
                self._making.add(wanted.alert)
                self._begin(wanted)

    def _begin(self, wanted: alert_views.SpeechWanted) -> None:
        if wanted.audio is not None:
            facts = facts_by_source(wanted.audio, self._world.places.media)
            if facts is not None:
                self._made(Medium(sha256=facts.sha256, samples=facts.samples), wanted, "supplied")
                return
        record = self._world.desk.states["emergency"].alerts[wanted.alert]
        made = self._voice.speak(wanted.alert, wanted.text, record.message.kind, record.message.level)
        made.addCallbacks(self._made, self._failed, callbackArgs=(wanted, "espeak-ng"), errbackArgs=(wanted,))

    def _made(self, medium: Medium, wanted: alert_views.SpeechWanted, engine: str) -> None:
        ready = SpeechReady(
            alert=wanted.alert,
            content=wanted.content,
            audio=Sha256(medium.sha256),
            samples=medium.samples,
            engine=engine,
        )

        def loaded(_: Any) -> None:
            self._tell(ready)
            self._making.discard(wanted.alert)

        self._preload(medium).addCallback(loaded)

    def _failed(self, failure: Failure, wanted: alert_views.SpeechWanted) -> None:
        self.log.error(
            "alert {alert} could not be spoken: {why}", alert=wanted.alert, why=failure.getErrorMessage()
        )
        self._tell(SpeechFailed(alert=wanted.alert, why=failure.getErrorMessage()[:200]))
        self._making.discard(wanted.alert)


__all__ = ["AirFollower", "FleetFollower", "SpeechFollower"]
