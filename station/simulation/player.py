"""A made-up player of one chain: speaks the player link, keeps what it is told on a disk of its own, and renders at every edge. Falls, dies and comes back when the day says so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import attrs

from playout import standby
from playout.link import (
    AsRun,
    AsRunAck,
    AsRunSince,
    FromPlayer,
    FromStation,
    PlayerHello,
    PlayerSide,
    Preload,
    Ready,
    Rendered,
    SetOverlays,
    SetPlan,
    StationHello,
    Status,
    What,
    encode,
)
from playout.messages import AsRunEntry
from schedules.plan import Fallen, Overlay, Plan
from schedules.render import edges, on_air
from station.clock import Clock
from station.simulation.wires import Far, Wire
from station.words import SAMPLE_RATE, ChannelId, Instant, SampleIndex, Sha256, instant_of, sample_at

BEAT: Final = 2.6  # s between two words of a player that has nothing to say; the station gives up after 3
HORIZON: Final = 2 * 3_600 * SAMPLE_RATE
LOAD: Final = 0.05  # s to load a medium
KEPT: Final = 2_000  # as-run entries nobody acknowledged


@attrs.define(kw_only=True, eq=False)
class Held:
    """What the player knows of one channel: all but the last two lie on its disk."""

    plan: Plan | None = None
    overlays: tuple[Overlay, ...] = ()
    revision: int = 0
    plan_epoch: str = ""
    overlay_epoch: str = ""
    rungs: tuple[Fallen, ...] = ()
    shown: tuple[AsRunEntry, ...] = ()  # intervals open now
    timer: Any = None


class Eyes(Protocol):
    """Who watches what a player does."""

    def edge(
        self,
        channel: ChannelId,
        plan: Plan,
        overlays: Sequence[Overlay],
        rungs: Sequence[Fallen],
        n: SampleIndex,
    ) -> None: ...
    def told(self, channel: ChannelId, order: SetPlan | SetOverlays, held: Held) -> None: ...


class Deck:
    """The player of one chain."""

    def __init__(
        self,
        clock: Clock,
        now: Callable[[], Instant],
        chain: str,
        channels: tuple[ChannelId, ...],
        eyes: Eyes,
    ) -> None:
        self.chain, self.channels = chain, channels
        self._clock, self._now, self._eyes = clock, now, eyes
        self.held = {channel: Held() for channel in channels}
        self.failing: set[Sha256] = set()  # media that cannot be decoded
        self.alive = False
        self._run, self._seq = 0, 0
        self._log: list[AsRunEntry] = []
        self._links: list[_Line] = []
        self._beat: Any = None
        self._linked = Instant(0)

    # -- its life

    def start(self) -> None:
        """Begin a new run with what is on the disk."""
        self.alive, self._run, self._seq = True, self._run + 1, 0
        for channel in self.channels:
            self.look(channel)
        self._tick()

    def die(self) -> None:
        """As `kill -9`: its connections end, what was open is closed when it is back."""
        self.alive = False
        for held in self.held.values():
            if held.timer is not None and held.timer.active():
                held.timer.cancel()
            held.shown = ()
        if self._beat is not None and self._beat.active():
            self._beat.cancel()
        for line in self._links:
            line.wire.hang_up()
        self._links.clear()

    def wipe(self) -> None:
        """Its disk is lost."""
        for held in self.held.values():
            held.plan, held.overlays, held.revision, held.rungs = None, (), 0, ()
            held.plan_epoch = held.overlay_epoch = ""

    def admit(self, make: Callable[[Far], Wire]) -> bool:
        """The station connects; False while the player is dead."""
        if self.alive:
            line = _Line(self)
            self._links.append(line)
            line.wire = make(line)
            self._linked = self._now()
        return self.alive

    def linked(self, now: Instant) -> int:
        """µs for which the station has been connected; 0 when it is not."""
        return now - self._linked if self._links else 0

    def forget(self, line: _Line) -> None:
        """A connection ended."""
        self._links = [one for one in self._links if one is not line]

    def _tick(self) -> None:
        self._beat = self._clock.callLater(BEAT, self._tick)
        if self._links:
            self._tell(self.status(self.channels[0]))

    # -- what is on air

    def air(self, channel: ChannelId) -> tuple[Plan, tuple[Overlay, ...], tuple[Fallen, ...]]:
        """What it renders: plan (its own where none was sent), overlays, falls."""
        held = self.held[channel]
        n = sample_at(self._now())
        if held.plan is None:
            plan = standby.quiet_plan(channel, SampleIndex(n - n % HORIZON))
        elif held.plan.start <= n and n + HORIZON < held.plan.end:
            plan = held.plan
        else:
            plan = standby.covering(held.plan, n)
        return plan, held.overlays, (*standby.falls(plan), *held.rungs)

    def look(self, channel: ChannelId) -> None:
        """Something changed, or an edge has come: render it, write it down, look again at the next."""
        held = self.held[channel]
        n = sample_at(self._now())
        self._fall(channel, n)
        plan, overlays, rungs = self.air(channel)
        self._eyes.edge(channel, plan, overlays, rungs, n)
        self._write_down(channel, plan, overlays, rungs, n)
        if held.timer is not None and held.timer.active():
            held.timer.cancel()
        coming = edges(plan, overlays, SampleIndex(n + 1), SampleIndex(min(n + HORIZON, plan.end)))
        then = coming[0] if coming else SampleIndex(n + HORIZON)
        wait = (instant_of(then) - self._now()) / 1e6
        held.timer = self._clock.callLater(max(wait, 0.0), self.look, channel)

    def _fall(self, channel: ChannelId, n: SampleIndex) -> None:
        """A take whose medium fails goes to filler from here on; older falls are forgotten."""
        held = self.held[channel]
        plan, overlays, rungs = self.air(channel)
        heard = on_air(plan, overlays, rungs, n)
        if heard.take.media in self.failing and heard.rung == "file":
            fallen = Fallen(take=heard.take.id, start=n, rung="filler")
            held.rungs = (*held.rungs[-8:], fallen)

    def _write_down(
        self,
        channel: ChannelId,
        plan: Plan,
        overlays: Sequence[Overlay],
        rungs: Sequence[Fallen],
        n: SampleIndex,
    ) -> None:
        """As-run lines of what begins and ends here."""
        held = self.held[channel]
        heard = on_air(plan, overlays, rungs, n)
        now: dict[tuple[str, str], tuple[str, Sha256 | None, str]] = {
            (heard.take.id, heard.rung): (heard.take.title, heard.take.media, heard.approval)
        }
        if heard.overlay is not None:
            media = heard.overlay.sequence[0] if heard.overlay.sequence else None
            now[heard.overlay.id, "overlay"] = (heard.overlay.why, media, heard.overlay.approval)
        open_now = {(one.ref, "overlay" if one.source == "overlay" else one.rung): one for one in held.shown}
        lines = [self._line("end", one, n) for key, one in open_now.items() if key not in now]
        kept = [one for key, one in open_now.items() if key in now]
        for (ref, rung), (title, media, approval) in now.items():
            if (ref, rung) not in open_now:
                over = rung == "overlay"
                begun = AsRunEntry(
                    run=self.run, seq=0, channel=channel, what="start", ref=ref,
                    source="overlay" if over else "take", title=title, media=media, approval=approval,
                    index=n, rung="file" if over else heard.rung, cause="planned",
                )  # fmt: skip
                lines.append(self._line("start", begun, n))
                kept.append(lines[-1])
                if over:
                    self._tell(Rendered(channel=channel, overlay=ref, head=n, at=self._now()))
        held.shown = tuple(kept)
        self._report(lines)

    @property
    def run(self) -> str:
        """The name of this run's log."""
        return f"{self._run:08d}-{self.chain[:8]}"

    def _line(self, what: Any, entry: AsRunEntry, n: SampleIndex) -> AsRunEntry:
        self._seq += 1
        return attrs.evolve(entry, run=self.run, seq=self._seq, what=what, index=n)

    def _report(self, lines: list[AsRunEntry]) -> None:
        if lines:
            self._log = [*self._log, *lines][-KEPT:]
            self._tell(AsRun(entries=tuple(lines)))

    # -- the link

    def status(self, channel: ChannelId) -> Status:
        """How a channel is."""
        plan, overlays, rungs = self.air(channel)
        n = sample_at(self._now())
        heard = on_air(plan, overlays, rungs, n)
        held = self.held[channel]
        return Status(
            at=self._now(), channel=channel, head=n, take=heard.take.id, rung=heard.rung,
            overlay=heard.overlay.id if heard.overlay else "", peak=(-900, -900), rms=(-2300, -2300),
            plan_revision=held.plan.revision if held.plan else 0,
            plan_until=held.plan.end if held.plan else n, overlay_revision=held.revision,
            plan_epoch=held.plan_epoch, overlay_epoch=held.overlay_epoch,
        )  # fmt: skip

    def _tell(self, message: FromPlayer) -> None:
        for line in self._links:
            line.say(message)

    def hear(self, message: FromStation, line: _Line) -> None:
        """One message of the station."""
        match message:
            case StationHello():
                line.say(PlayerHello(chain=self.chain, channels=self.channels, run=self.run, pid=1))
            case What():
                for channel in self.channels:
                    line.say(self.status(channel))
            case SetPlan() | SetOverlays():
                self._obey(message)
            case Preload():
                media = tuple(medium.sha256 for medium in message.media)
                self._clock.callLater(LOAD, line.say, Ready(media=media))
            case AsRunSince():
                self._since(message, line)
            case AsRunAck():
                self._log = [one for one in self._log if (one.run, one.seq) > (message.run, message.seq)]

    def _since(self, asked: AsRunSince, line: _Line) -> None:
        left = [one for one in self._log if asked.run is None or (one.run, one.seq) > (asked.run, asked.seq)]
        for first in range(0, len(left), 500):
            line.say(AsRun(entries=tuple(left[first : first + 500])))

    def _obey(self, order: SetPlan | SetOverlays) -> None:
        held = self.held.get(order.channel)
        if held is None:
            return
        self._eyes.told(order.channel, order, held)
        if isinstance(order, SetPlan):
            held.plan, held.plan_epoch = order.plan, order.epoch
        else:
            held.overlays, held.revision, held.overlay_epoch = order.overlays, order.revision, order.epoch
        self.look(order.channel)
        self._tell(self.status(order.channel))


class _Line:
    """One connection of the station to the player."""

    wire: Wire

    def __init__(self, deck: Deck) -> None:
        self._deck = deck
        self._codec = PlayerSide()

    def say(self, message: FromPlayer) -> None:
        """To the station."""
        self.wire.say(encode(message))

    def received(self, data: bytes) -> None:
        """From the station."""
        if self._deck.alive:
            for message in self._codec.feed(data):
                assert not isinstance(message, BaseException), message
                self._deck.hear(message, self)

    def closed(self) -> None:
        """The station hung up."""
        self._deck.forget(self)
