"""Watches a simulated day: checks every law as it goes, at each commit, each edge, each restart, and at random moments. Finds; changes nothing."""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from emergency import views
from playout import planning
from playout.link import SetOverlays, SetPlan
from safety.messages import SlotRun
from schedules.plan import Fallen, Overlay, Plan
from schedules.render import Heard, NotReady, on_air
from station import laws, rules
from station.laws import Broken
from station.simulation.player import Held
from station.story import House, Story
from station.story_plant import PlantStory
from station.wire import canonical, event_to_plain, from_plain
from station.words import SECOND, ChannelId, Event, Instant, SampleIndex, Sha256, sample_at

if TYPE_CHECKING:
    from station.simulation.day import Day

SETTLED: Final = 8 * SECOND  # what is wanted must be at a player that answers by then
PLAYING: Final = 25 * SECOND  # and at a loudspeaker that obeys
RECENT: Final = 40


class Noise:
    """Sound made of checksum and place: every medium has its own, nothing is stored. Remembers who was asked for."""

    def __init__(self, lengths: dict[Sha256, int]) -> None:
        self.lengths = lengths

    def pcm(self, sha256: Sha256, start: int, count: int) -> NDArray[np.int32]:
        """Samples of a medium."""
        index = np.arange(start, start + count, dtype=np.int64)
        one = (index * 2_654_435_761 + int(sha256[:7], 16)) % (1 << 22) - (1 << 21)
        return np.repeat(one.astype(np.int32)[:, np.newaxis], 2, axis=1)

    def length(self, sha256: Sha256) -> int:
        """How long a medium is."""
        found = self.lengths.get(sha256)
        if found is None:
            raise NotReady(sha256)
        return found


class Watch:
    """All eyes of a day."""

    def __init__(self, day: Day, house: House) -> None:
        self._day = day
        self.story = Story(house=house)
        self.plant = PlantStory(complaints=self.story.complaints)
        self.checked: Counter[str] = Counter()
        self.recent: deque[tuple[Instant, str]] = deque(maxlen=RECENT)
        self.position = 0
        self.renders = 0
        self.noise = Noise({medium.sha256: medium.samples for medium in day.media.values()})
        self.library = frozenset(day.media[name].sha256 for name in day.media)
        self.slots: dict[ChannelId, list[SlotRun]] = {}
        self._ahead: list[tuple[str, str]] = []  # told from the spill file, not yet in the journal
        self._seen: Any = None
        self._changed = Instant(0)
        self._waiting = False

    def note(self, words: str) -> None:
        """Something worth telling, should a law be broken soon."""
        self.recent.append((self._day.now(), words))

    # -- the journal

    def durable(self, events: Sequence[Event]) -> None:
        """Something is durable; everything is checked when this instant is over."""
        if self._day.built.desk.degraded:
            for happened in events:
                kind, body = event_to_plain(happened)
                self._ahead.append((kind, canonical(body)))
                self._tell(kind, body, "", self._day.now())
        if not self._waiting:
            self._waiting = True
            self._day.clock.callLater(0, self._check)

    def _check(self) -> None:
        self._waiting = False
        if self._day.up:
            self.catch_up()
            self.state()

    def catch_up(self) -> None:
        """Read what the journal says since the last time."""
        while rows := self._day.built.world.journal.read(self.position, 1_000):
            for row in rows:
                self.position = row.position
                if (
                    row.kind,
                    row.body,
                ) in self._ahead:  # told already, once for each time that it was spilled
                    self._ahead.remove((row.kind, row.body))
                    continue
                self._tell(row.kind, json.loads(row.body), row.by, row.at)
        laws.told(self.story)

    def _tell(self, kind: str, body: Any, by: str, at: Instant) -> None:
        self.story.tell(kind, body, by, at)
        self.plant.tell(kind, body)
        self.checked["L10"] += kind == "alert.aired/1"
        if kind == "alert.spoken/1":
            self.noise.lengths[Sha256(body["audio"])] = body["samples"]
        if kind == "slots.measured/1":
            runs = [from_plain(run, SlotRun) for run in body["runs"]]
            self.slots.setdefault(ChannelId(body["channel"]), []).extend(runs)
        elif not kind.startswith(("asrun", "terminals", "numbers")):
            name = body.get("alert") or body.get("mute") or body.get("day") or body.get("command") or ""
            self.recent.append((at, f"{kind} {name} by {by}"))

    # -- state

    def state(self) -> None:
        """L4, L5, L7, L8, L9 on the durable state as it is now."""
        day, now = self._day, self._day.now()
        world = day.built.world
        soundings, mutes = world.soundings(), world.mutes()
        if self._seen != (soundings, mutes):
            self._seen, self._changed = (soundings, mutes), now
        alerts, n = world.settings.alerts, sample_at(now)
        groups = rules.terminal_groups(soundings, mutes, world.ground, alerts, world.ports)
        over = {one.id: rules.overlays(soundings, mutes, one, alerts) for one in world.settings.channels}
        laws.over_in_time(
            soundings, [one for of in over.values() for one in of], groups, self.story.expires, now
        )
        laws.first_goes_first(soundings, mutes, groups, world.ground, self.story.submitted, alerts.streams)
        for channel, lying in over.items():
            laws.highest_on_channel(channel, lying, soundings, mutes, self.story.submitted, n)
        for device in day.hill.devices.values():
            laws.hold("L11", f"{device.id} was told more often than was ordered", when=device.written > self.plant.orders[device.id])  # fmt: skip
        self.story.due_on_air(now, 15 * SECOND)
        laws.told(self.story)
        self.checked.update(("L5", "L7", "L8", "L9"))

    def wanted(self, states: dict[str, Any]) -> tuple[Any, ...]:
        """Everything followers are to bring about now, made anew from the parts' states."""
        world, now = self._day.built.world, self._day.now()
        soundings = views.soundings(states["emergency"], now, world.policy)
        mutes, alerts = views.mutes(states["emergency"]), world.settings.alerts
        groups = rules.terminal_groups(soundings, mutes, world.ground, alerts, world.ports)
        over = tuple(rules.overlays(soundings, mutes, one, alerts) for one in world.settings.channels)
        streams = rules.stream_overlays(groups, soundings, 40, alerts)
        plans = planning.plans(states["playout"], self._day.planning, now)
        return over, groups, streams, plans, views.speech_wanted(states["emergency"])

    # -- players

    def edge(
        self,
        channel: ChannelId,
        plan: Plan,
        overlays: Sequence[Overlay],
        rungs: Sequence[Fallen],
        n: SampleIndex,
    ) -> None:
        """A player renders an edge: L1, L2, and L6 for every overlay that begins or ends here."""
        self.renders += 1
        self.checked.update(("L1", "L2"))
        laws.spot(plan, overlays, rungs, n, self._approved)
        heard = on_air(plan, overlays, rungs, n)
        self._day.hears(channel, heard, n)
        for lies in overlays:
            if n in (lies.start, lies.end) and lies.end > lies.start:
                self.checked["L6"] += 1
                laws.exact(plan, lies, overlays, rungs, self.noise)

    def _approved(self, heard: Heard) -> None:
        try:
            laws.approved(heard, self.story.approvals, self.library, self.story.spoken)
        except Broken:
            if not self._day.up:
                raise
            self.catch_up()  # it may have been written a moment ago
            laws.approved(heard, self.story.approvals, self.library, self.story.spoken)

    def spot(self, channel: ChannelId, n: SampleIndex) -> None:
        """One random sample of what a player would render."""
        deck = self._day.deck_of(channel)
        plan, overlays, rungs = deck.air(channel)
        if not plan.start <= n < plan.end:
            return
        self.renders += 1
        self.checked.update(("L1", "L2", "L6"))
        laws.spot(plan, overlays, rungs, n, self._approved)
        laws.blocks(plan, overlays, rungs, self.noise, n)
        if plan.revision:
            laws.tiled(plan)

    def told(self, channel: ChannelId, order: SetPlan | SetOverlays, held: Held) -> None:
        """L11: a player that holds what it was told is not told again; L4: nor anything new by a station that only came back."""
        self.checked["L11"] += 1
        if isinstance(order, SetPlan):
            known = held.plan is not None and order.epoch == held.plan_epoch
            again = known and held.plan is not None and order.plan.revision <= held.plan.revision
            laws.hold("L11", f"{channel} is told plan {order.plan.revision} again", when=again)
            laws.tiled(order.plan)
            return
        known = held.revision > 0 and order.epoch == held.overlay_epoch
        laws.hold("L11", f"{channel} is told overlays {order.revision} again", when=known and order.revision <= held.revision)  # fmt: skip
        deck = self._day.deck_of(channel)  # one that was away is told the newest, though it may hold the same
        long = min(self._day.now() - self._day.booted, deck.linked(self._day.now())) >= SETTLED
        anew = known and order.overlays == held.overlays and long
        laws.hold("L11", f"{channel} is told the same overlays anew", when=anew)

    def settled(self) -> None:
        """L4: what is wanted, and has been for a while, is what players hold and loudspeakers play."""
        day, now = self._day, self._day.now()
        if now - max(self._changed, day.booted) < SETTLED or day.disk.full:
            return
        world = day.built.world
        soundings, mutes = world.soundings(), world.mutes()
        if self._seen != (soundings, mutes):  # something ended by its time alone just now
            return
        alerts = world.settings.alerts
        for section in world.settings.channels:
            deck = day.deck_of(section.id)
            if deck.alive and deck.linked(now) > SETTLED:
                wanted = rules.overlays(soundings, mutes, section, alerts)
                lying = {one.id for one in deck.held[section.id].overlays}
                laws.same("L4", f"what {section.id} holds", {one.id for one in wanted}, lying)
        self.checked["L4"] += 1
        if now - max(self._changed, day.booted) >= PLAYING:
            self._villages(now)

    def _villages(self, now: Instant) -> None:
        world = self._day.built.world
        groups = rules.terminal_groups(
            world.soundings(), world.mutes(), world.ground, world.settings.alerts, world.ports
        )
        due = {area: group for group in groups for area in group.areas}
        for terminal, speaker in self._day.speakers:
            if not speaker.online or not speaker.nature.obeys or now - speaker.since < PLAYING:
                continue
            group = due.get(terminal.area)
            wanted = "" if group is None else group.ebm_id
            plays = "" if speaker.playing is None else speaker.playing.ebm
            laws.hold("L4", f"{speaker.code} plays {plays or 'nothing'}, {wanted or 'nothing'} is wanted", when=wanted != plays)  # fmt: skip

    # -- restarts and the end

    def back(self, states: dict[str, Any]) -> None:
        """L3, L4: the controller is back from its journal; it is as it was and wants what it wanted."""
        self.checked.update(("L3", "L4"))
        new = self._day.built.desk.states
        for name, state in new.items():
            laws.same("L3", f"the state of {name} after a restart", states[name], state)
        laws.same("L4", "what is wanted after a restart", self.wanted(states), self.wanted(new))

    def replayed(self) -> None:
        """L3: the whole journal folded anew is the state, and its hashes hold."""
        self.checked["L3"] += 1
        built = self._day.built
        states = {part.name: part.empty for part in built.desk.parts}
        for happened in built.ledger.replayed():
            for part in built.desk.parts:
                states[part.name] = part.evolve(states[part.name], happened)
        if built.desk.position == built.world.journal.head[0]:
            for name, state in states.items():
                laws.same("L3", f"the state of {name} folded anew", state, built.desk.states[name])

    def figures(self, start: Instant, end: Instant) -> None:
        """L12 on what was measured."""
        for runs in self.slots.values():
            for _ in range(5):
                a, b, c = sorted(self._day.dice.randrange(start, end) for _ in range(3))
                laws.sums(runs, Instant(a), Instant(b), Instant(c))
                self.checked["L12"] += 1
