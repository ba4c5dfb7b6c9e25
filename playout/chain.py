"""The middle of a player: keeps plans and overlays, feeds the mixer, decoders and loader, answers the station. Knows rings and orders; owns no loop."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, cast

from playout.aslog import AsRunLog
from playout.crew import Child
from playout.flushing import Flusher
from playout.lanes import (
    Lane,
    Seat,
    climbs,
    covered,
    hear_member,
    kept_in_memory,
    noted,
    order_of,
    primed,
    signed,
    slot_of,
    streams_of,
    take_over,
)
from playout.link import (
    BATCH,
    AsRun,
    AsRunAck,
    AsRunSince,
    FromPlayer,
    FromStation,
    HearMember,
    NotUnderstood,
    PlayerHello,
    Preload,
    Ready,
    Realtime,
    SetOverlays,
    SetPlan,
    Status,
    What,
    check_overlays,
    check_plan,
)
from playout.memory import Memory
from playout.patience import Patience
from playout.processes import hear, tell
from playout.rings import BLOCK, FAILED
from playout.roots import Roots
from playout.standby import covering, falls
from playout.store import Heads, Shelf
from playout.streams import Stream, assign
from schedules.plan import Fallen, Medium, Plan
from station.words import ChannelId, Instant, Misheard, SampleIndex, sample_at

Say = Callable[[FromPlayer], None]
START_WITHIN: Final = 400_000_000  # ns to wait for the first decoded samples before going on air: of one second, 350 ms are gone by then
ADOPT_WITHIN: Final = 5_000_000_000  # ns a new plan waits for its samples while the old one sounds
_RETRY: Final = 2_000_000_000  # ns between attempts at a file that could not be read


class Chain:
    """State of one player process; `tick` looks after it every 100 ms."""

    def __init__(
        self,
        name: str,
        lanes: Mapping[ChannelId, Lane],
        seats: list[Seat],
        shelf: Shelf,
        log: AsRunLog,
        roots: Roots,
        now: Callable[[], Instant],
        monotonic: Callable[[], int],
        pid: int,
    ) -> None:
        self.name, self.lanes, self.seats = name, lanes, seats
        self.shelf, self.log = shelf, log
        self.heads = Heads(shelf.directory / "heads", list(lanes))
        self.memory = Memory(roots)
        self._flusher = Flusher()
        self.mixer: Child | None = None
        self.stopping = False
        self._now, self._monotonic, self._pid = now, monotonic, pid
        self._realtime = Realtime()
        self._went = False
        self._began = monotonic()
        self._patience = Patience(self._began)
        self._say: Say | None = None
        self._live = False
        for lane in lanes.values():
            self._bridge(lane)

    def _bridge(self, lane: Lane) -> None:
        last = self.heads.read(lane.channel)
        self.log.bridge(lane.channel, last, "player restarted")

    # the station

    def connected(self, say: Say) -> None:
        """A station talks to us from now on."""
        self._say, self._live = say, False
        say(
            PlayerHello(
                chain=self.name,
                channels=tuple(self.lanes),
                run=self.log.run,
                pid=self._pid,
                realtime=self._realtime,
            )
        )
        self._order(("what",))

    def disconnected(self) -> None:
        """Nobody listens any more; all goes on."""
        self._say = None

    def heard(self, message: FromStation | Misheard) -> None:
        """Obey one message."""
        try:
            self._obey(message)
        except Misheard as error:
            self._tell(NotUnderstood(text={"en": error.text.en, "zh": error.text.zh}))

    def _obey(self, message: FromStation | Misheard) -> None:
        match message:
            case Misheard():
                raise message
            case SetPlan():
                self._set_plan(message)
            case SetOverlays():
                self._set_overlays(message)
            case HearMember():
                hear_member(self.lanes, message)
            case Preload():
                self._preload(message.media)
            case AsRunSince():
                self._send_since(message.run, message.seq)
            case AsRunAck():
                self.log.acknowledge(message.run, message.seq)
                if not self._live:
                    self._send_since(message.run, message.seq)
            case What():
                self._order(("what",))
            case _:
                self.stopping = self.stopping or type(message).__name__ == "Stop"

    def _lane(self, channel: ChannelId) -> Lane:
        lane = self.lanes.get(channel)
        if lane is None:
            raise Misheard(f"{self.name} has no channel {channel}", f"{self.name} 没有频道 {channel}")
        return lane

    def _set_plan(self, message: SetPlan) -> None:
        lane, plan = self._lane(message.channel), message.plan
        if plan.channel != lane.channel:
            raise Misheard("the plan is for another channel", "播出计划属于另一频道")
        known = message.epoch == lane.plan_epoch
        if known and lane.held is not None and plan.revision < lane.held.revision:
            return
        check_plan(plan)
        lane.plan_epoch = message.epoch
        if plan == lane.held:  # another run of the station wants what is on air already
            self._order(("what",))
            return
        self.shelf.keep_plan(plan)
        if lane.following is None or lane.following.revision != plan.revision:
            lane.following_since = self._monotonic()
        lane.held = lane.following = plan
        self._feed()
        self._adopt_if_primed(lane)

    def _adopt_if_primed(self, lane: Lane) -> None:
        """Change plans when the new one can sound at once; the old one does not outlast ADOPT_WITHIN."""
        plan = lane.following
        if plan is None:
            return
        waited, head = self._monotonic() - lane.following_since, self._head(lane)
        if waited > ADOPT_WITHIN or self._primed(lane, covering(plan, head), spare=True):
            self.adopt(lane, plan)
            self._order(("what",))

    def adopt(self, lane: Lane, plan: Plan) -> None:
        """Go on by this plan, with standby takes around it."""
        take_over(lane, plan, sample_at(self._now()))
        self._give_plan(lane)

    def _give_plan(self, lane: Lane) -> None:
        fresh = tuple(f for f in falls(lane.plan) if f not in lane.rungs)
        lane.rungs += fresh
        self._order(("plan", lane.plan, lane.rungs))

    def _set_overlays(self, message: SetOverlays) -> None:
        lane = self._lane(message.channel)
        if message.epoch == lane.overlays.epoch and message.revision < lane.overlays.revision:
            return
        check_overlays(message.overlays)
        lane.overlays = message
        self._order(("overlays", lane.channel, message.revision, message.overlays))
        self.shelf.keep_overlays(message)
        self._feed()
        self._order(("what",))

    def _preload(self, media: tuple[Medium, ...]) -> None:
        self.memory.preload(media)
        there = tuple(medium.sha256 for medium in media if self.memory.has(medium.sha256))
        if there:
            self._tell(Ready(media=there))
        self._feed()

    def _send_since(self, run: str | None, seq: int) -> None:
        entries = self.log.since(run, seq, BATCH)
        self._live = not entries
        if entries:
            self._tell(AsRun(entries=tuple(entries)))

    def _tell(self, message: FromPlayer) -> None:
        if self._say is not None:
            self._say(message)

    # the mixer

    def _order(self, order: tuple[Any, ...], fd: int | None = None) -> None:
        if self.mixer is None or self.mixer.end is None:
            return  # it is given everything when it starts
        try:
            tell(self.mixer.end, order, fd)
        except BlockingIOError:
            self.mixer.kill()
        except (BrokenPipeError, ConnectionResetError):
            return  # its end is noticed when it is reaped

    def mixer_renewed(self, mixer: Child) -> None:
        """A mixer has just begun: give it all it must know."""
        self.mixer, self._went, self._began = mixer, False, self._monotonic()
        for sha256, held in self.memory.held():
            self._order(("medium", sha256), held)
        for lane in self.lanes.values():
            self._give_plan(lane)
            overlays = lane.overlays
            self._order(("overlays", lane.channel, overlays.revision, overlays.overlays))
        for number, seat in enumerate(self.seats):
            self._order(("slot", number, slot_of(seat)))

    def mixer_lost(self) -> None:
        """The mixer ended: what it had open is closed, and another goes on."""
        heads = {channel: SampleIndex(lane.air.head) for channel, lane in self.lanes.items()}
        self._aired(self.log.close_all(heads, "mixer restarted"))

    def mixer_said(self, end: socket.socket) -> None:
        """One message of the mixer is there."""
        message, _ = hear(end)
        match message:
            case ("tell", Status() as said):
                self._tell(signed(said, self.lanes[said.channel], self.log.lost))
            case ("tell", said):
                self._tell(said)
            case ("aired", channel, edge):
                self._aired([self.log.add(channel, edge)])
            case ("fell", channel, fallen, _):
                lane = self.lanes[channel]
                kept = (f for f in lane.rungs if (f.take, f.start) != (fallen.take, fallen.start))
                lane.rungs = (*kept, fallen)
                self.shelf.keep_falls(channel, lane.rungs)
            case ("realtime", realtime):
                self._realtime = realtime

    def _aired(self, entries: list[Any]) -> None:
        if self._live and entries:
            self._tell(AsRun(entries=tuple(entries)))

    def tick(self) -> None:
        """Look after everything that has no message of its own."""
        ns = self._monotonic()
        self._feed()
        for lane in self.lanes.values():
            self._adopt_if_primed(lane)
        self._watch(ns)
        self._fall_all(lambda lane: climbs(self.seats, lane))
        self._go(ns)
        for lane in self.lanes.values():
            self.heads.write(lane.channel, lane.air.head)
            lane.guide.show(lane.plan, lane.air.head)

    def flush(self) -> None:
        """Have what may still be lost in a power cut written through to the disk, and wait for nothing."""
        self.shelf.retry()
        self.log.retry()
        left = self._flusher.settled()
        if left is not None and (owed := [*left, *self.shelf.owed(), *self.log.owed()]):
            self._flusher.ask(dict.fromkeys(owed))

    def _head(self, lane: Lane) -> SampleIndex:
        return SampleIndex(max(lane.air.head, sample_at(self._now()) // BLOCK * BLOCK))

    def _feed(self) -> None:
        self.memory.want(kept_in_memory(self.lanes.values()))
        for sha256 in self.memory.dropped():
            self._order(("drop", sha256))
        self.memory.work(self._monotonic())
        for lane in self.lanes.values():
            head = self._head(lane)
            want = streams_of(lane, head, self.memory.loaded())
            held = [self.seats[number].stream for number in lane.rings]
            for place, stream in assign(held, want, head):
                self._seat(lane.rings[place], stream, head)

    def _seat(self, number: int, stream: Stream | None, head: SampleIndex) -> None:
        seat = self.seats[number]
        seat.stream, seat.since = stream, self._monotonic()
        seat.generation += 1
        seat.marks = []
        self._order(("slot", number, slot_of(seat)))
        self._command(seat, head)

    def _command(self, seat: Seat, head: SampleIndex) -> None:
        if seat.child is None or seat.child.end is None:
            return
        order = order_of(seat, head, self.memory.roots, self.lanes.values(), self._monotonic())
        try:
            tell(seat.child.end, order)
        except BlockingIOError:
            seat.child.kill()
        except (BrokenPipeError, ConnectionResetError):
            return  # its successor is told

    def decoder_renewed(self, seat: Seat, child: Child) -> None:
        """A decoder has just begun: it goes on where its predecessor stopped."""
        seat.child, seat.since = child, self._monotonic()
        if seat.stream is not None:
            self._command(seat, sample_at(self._now()))

    def decoder_said(self, seat: Seat, end: socket.socket) -> None:
        """A decoder tells where what it decodes is not from its file."""
        (_, generation, mark), _ = hear(end)
        if generation == seat.generation:
            seat.marks.append(mark)
            self._fall_all(lambda lane: noted(self.seats, lane, seat, [mark]))

    def _watch(self, ns: int) -> None:
        now = sample_at(self._now())
        for seat in self._patience.hung(self.seats, now, ns):
            self.memory.roots.stalled(seat.ring.source, ns)
            cast(Child, seat.child).kill("no sign of life")
        for number, seat in enumerate(self.seats):
            settled = seat.stream is not None and seat.ring.generation == seat.generation
            if settled and seat.ring.state == FAILED and ns - seat.since > _RETRY:
                self._seat(number, seat.stream, now)

    def _fall_all(self, found: Callable[[Lane], Iterator[tuple[Fallen, str]]]) -> None:
        for lane in self.lanes.values():
            for fallen, cause in found(lane):
                self.fall(lane, fallen, cause)

    def fall(self, lane: Lane, fallen: Fallen, cause: str = "") -> None:
        """Put a take on another rung from a sample on that is not mixed yet."""
        lane.rungs = (*lane.rungs, fallen)
        self._order(("fall", lane.channel, fallen, cause))
        self.shelf.keep_falls(lane.channel, lane.rungs)

    def _go(self, ns: int) -> None:
        if self._went or self.mixer is None or self.mixer.end is None:
            return
        if ns - self._began < START_WITHIN and not all(map(self._may_go, self.lanes.values())):
            return
        self._went = True
        now = sample_at(self._now())
        heads = [lane.air.head for lane in self.lanes.values()]
        head = heads[0] if min(heads) == max(heads) > now else now // BLOCK * BLOCK + BLOCK
        self._order(("go", SampleIndex(head)))

    def _may_go(self, lane: Lane) -> bool:
        return covered(lane, self._head(lane), self.memory) and self._primed(lane, lane.plan, spare=False)

    def _primed(self, lane: Lane, plan: Plan, *, spare: bool) -> bool:
        return primed(self.seats, lane, plan, self._head(lane), self.memory, spare=spare)

    @property
    def hurries(self) -> bool:
        """Whether something waits for samples to be decoded: then `tick` is wanted more often."""
        return not self._went or any(lane.following is not None for lane in self.lanes.values())

    def loader_said(self, end: socket.socket) -> None:
        """The loader has loaded something, or could not."""
        (_, sha256, why), held = hear(end)
        if self.memory.loaded_now(sha256, held, why, self._monotonic()) and held is not None:
            self._order(("medium", sha256), held)
            self._tell(Ready(media=(sha256,)))
        self.memory.work(self._monotonic())

    def stop(self) -> None:
        """Close what is open and everything on disk."""
        heads = {channel: SampleIndex(lane.air.head) for channel, lane in self.lanes.items()}
        self._aired(self.log.close_all(heads, "player stopped"))
        self.shelf.flush()
        self.log.close()
