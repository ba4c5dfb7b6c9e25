"""A county of simulated terminals in one process: each checks signature, address, sequence and time itself, obeys, plays, and reports. Shares no codec with the product."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

import attrs

from devices import sim_wire as wire
from devices.sim_listen import NEEDED, Ear, endpoint
from devices.sim_terminal import Broadcast, Terminal
from station.clock import wall_us

WINDOW_S = 300  # a signature older or newer than this is not believed
EARS = 16
REMEMBERED = 512  # distinct frames whose verdict is kept
TICK_S = 0.25
IN_FULL = 3  # broadcasts kept with the names of their terminals; of older ones only the figures stay
TOLD = 256  # of those
BUCKETS_MS = (5, 10, 20, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000)


@attrs.frozen(kw_only=True)
class Options:
    """How the county is."""

    host: str
    port: int
    heartbeat_s: float = 60.0
    seed: int = 1
    dead: float = 0.0  # share that never comes on line
    late: float = 0.0  # share that answers late
    late_s: tuple[float, float] = (0.5, 8.0)
    faults: tuple[tuple[str, float], ...] = ()  # of sim_terminal.FAULTS, and the share that has it
    rate: int = 2_000  # new connections a second
    covered: int = 0  # bytes of the signature's block that it covers: length, time and serial (12), or none
    settle_s: float = 0.1  # from accepting an order to playing: a decoder has to find its stream


class Town:
    """All of them, with what they share: verdicts on frames, ears, timers, and the figures."""

    def __init__(
        self,
        codes: list[str],
        verify: Callable[[bytes, bytes], bool],
        options: Options,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.loop, self._verify, self._options = loop, verify, options
        self._dice = random.Random(options.seed)  # noqa: S311 - seeded faults, not secrets
        self.terminals = [self._one(code, number) for number, code in enumerate(codes)]
        self.alive = [one for one in self.terminals if self._dice.random() >= options.dead]
        self.online = 0
        self.settle_s = options.settle_s
        self.rejected: Counter[str] = Counter()
        self.frames = 0
        self.broadcasts: dict[str, Broadcast] = {}
        self._past: deque[dict[str, Any]] = deque(maxlen=TOLD)
        self.station = wire.packed(wire.NO_TARGET)
        self._ears: dict[str, Ear] = {}
        self._verdicts: dict[bytes, tuple[wire.Order | None, str]] = {}
        self._programmes: dict[bytes, wire.Programme | None] = {}
        self._arrivals: dict[int, float] = {}
        self._turn = 0
        self._closed = False

    def _one(self, code: str, number: int) -> Terminal:
        late = self._dice.uniform(*self._options.late_s) if self._dice.random() < self._options.late else 0.0
        return Terminal(self, code, number, late=late, fault=self._fault())

    def _fault(self) -> str:
        """One at most; the dice are thrown only where there are any."""
        faults = self._options.faults
        found = [name for name, share in faults if self._dice.random() < share]
        return found[0] if found else ""

    def rubbish(self, size: int) -> bytes:
        """Bytes of chance."""
        return self._dice.randbytes(size)

    # -- connections

    def open(self) -> None:
        """Connect all that are alive, and begin to beat."""
        for place, one in enumerate(self.alive):
            self.loop.call_later(place / self._options.rate, self._connect, one)
        self.loop.call_later(TICK_S, self._tick)

    def close(self) -> None:
        """Cut all connections and leave all streams."""
        self._closed = True
        for one in self.alive:
            one.cut()
        for ear in self._ears.values():
            ear.close()
        self._ears.clear()

    def _connect(self, one: Terminal) -> None:
        if not self._closed:
            task = self.loop.create_task(self._dial(one))
            _TASKS.add(task)
            task.add_done_callback(_TASKS.discard)

    async def _dial(self, one: Terminal) -> None:
        try:
            line, _ = await self.loop.create_connection(lambda: one, self._options.host, self._options.port)
            if line.get_extra_info("sockname") == line.get_extra_info("peername"):
                line.abort()  # nobody listens yet: TCP joined the port to itself, which would keep the station out
        except OSError:
            self.again(one)

    def again(self, one: Terminal) -> None:
        """Dial again, later each time, and not all at once."""
        if self._closed:
            return
        pause = min(8.0, 0.5 * 1.5**one.failures) * self._dice.uniform(0.5, 1.5)
        one.failures = min(one.failures + 1, 8)
        self.loop.call_later(pause, self._connect, one)

    def _tick(self) -> None:
        """The heart-beats of this quarter second, spread evenly; whoever hears nothing for three periods dials anew."""
        if self._closed:
            return
        turns = max(1, round(self._options.heartbeat_s / TICK_S))
        now = self.loop.time()
        for one in self.alive[self._turn % turns :: turns]:
            if one.transport is not None:
                one.beat()
                if now - one.heard_at > 3 * self._options.heartbeat_s:
                    one.cut()
        self._turn += 1
        self._hear()
        self.loop.call_later(TICK_S, self._tick)

    def after(self, delay: float, call: Callable[..., None], *args: object) -> None:
        """Call at once, or later."""
        if delay <= 0:
            call(*args)
        else:
            self.loop.call_later(delay, call, *args)

    # -- what is shared: each distinct frame is judged once

    def judge(self, data: bytes) -> tuple[wire.Order | None, str]:
        """What a frame says, and why it must not be obeyed (empty: it may)."""
        self.frames += 1
        found = self._verdicts.get(data)
        if found is None:
            found = self._judged(data)
            if found[0] is not None and found[0].signed_at is not None:
                if len(self._verdicts) >= REMEMBERED:
                    self._verdicts.clear()
                self._verdicts[data] = found
        order, why = found
        if order is not None and not why and order.signed_at is not None:
            why = "time" if abs(wall_us() // 1_000_000 - order.signed_at) > WINDOW_S else ""
        return order, why

    def _judged(self, data: bytes) -> tuple[wire.Order | None, str]:
        try:
            order = wire.read_order(data, covered=self._options.covered)
        except wire.Wrong as wrong:
            return None, str(wrong)
        if order.signed_at is None:
            return order, "unsigned"
        return order, "" if self._verify(order.preimage, order.signature) else "signature"

    def learn(self, source: str) -> None:
        """The station's own code, to address reports to."""
        self.station = wire.packed(source)

    def arrived(self, order: wire.Order) -> None:
        """The first terminal got this order."""
        if order.session not in self._arrivals:
            if len(self._arrivals) >= REMEMBERED:
                self._arrivals.clear()
            self._arrivals[order.session] = self.loop.time()

    def programme(self, body: bytes) -> wire.Programme | None:
        """A start order's body, read once; None when it is damaged."""
        if body not in self._programmes:
            if len(self._programmes) >= REMEMBERED:
                self._programmes.clear()
            try:
                self._programmes[body] = wire.read_programme(body)
            except wire.Wrong:
                self._programmes[body] = None
        return self._programmes[body]

    def acknowledged(self, broadcast: Broadcast, order: wire.Order, code: str) -> None:
        """A terminal said yes; how long after the first of all got the order."""
        broadcast.acknowledged.add(code)
        waited = 1_000 * (self.loop.time() - self._arrivals.get(order.session, self.loop.time()))
        bucket = next((f"<={limit} ms" for limit in BUCKETS_MS if waited <= limit), f">{BUCKETS_MS[-1]} ms")
        broadcast.latency[bucket] += 1

    # -- broadcasts

    def broadcast(self, programme: wire.Programme) -> Broadcast | None:
        """The broadcast of an EBM; None when its stream cannot be heard from here. A new end or stream replaces the old."""
        found = self.broadcasts.get(programme.ebm)
        if found is not None and found.programme == programme:
            return found
        if endpoint(programme.url) is None:
            return None
        if found is None:
            self._shorten()
            found = self.broadcasts[programme.ebm] = Broadcast(programme=programme, first=self.loop.time())
        for timer in found.timers:
            timer.cancel()
        found.programme = programme
        self._release(found)
        left = programme.end - wall_us() / 1e6
        found.timers = [self.loop.call_later(max(left, 0.0), self._over, found)]
        if found.players:
            self.listen(found)
        return found

    def _shorten(self) -> None:
        """Keep only the figures of what is long over: a county that runs for months stays as large as it is."""
        for ebm, one in list(self.broadcasts.items())[: max(0, len(self.broadcasts) - IN_FULL + 1)]:
            if not one.players:
                for timer in one.timers:
                    timer.cancel()
                self._release(one)
                self._past.append(_told(one))
                del self.broadcasts[ebm]

    def _over(self, broadcast: Broadcast) -> None:
        for one in list(broadcast.players):
            one.finish(broadcast)

    def listen(self, broadcast: Broadcast) -> None:
        """Join the stream that the start order names."""
        if broadcast.ear is not None:
            return
        ear = self._ears.get(broadcast.programme.url)
        if ear is None:
            if len(self._ears) >= EARS:
                self.rejected["too many streams"] += 1
                return
            ear = self._ears[broadcast.programme.url] = Ear(broadcast.programme.url, self.loop)
        broadcast.ear, broadcast.loud_before = ear, ear.loud

    def idle(self, broadcast: Broadcast) -> None:
        """Leave a stream that nobody plays any more."""
        if not broadcast.players:
            self._release(broadcast)

    def _release(self, broadcast: Broadcast) -> None:
        ear, broadcast.ear = broadcast.ear, None
        if ear is not None and not any(other.ear is ear for other in self.broadcasts.values()):
            ear.close()
            del self._ears[ear.url]

    def _hear(self) -> None:
        """Where a stream was really loud long enough, its players say that it was heard."""
        for broadcast in self.broadcasts.values():
            ear = broadcast.ear
            if ear is None or ear.loud - broadcast.loud_before < NEEDED:
                continue
            for one in broadcast.players:
                if one.code not in broadcast.heard:
                    broadcast.heard.add(one.code)
                    one.tell(broadcast, 3)
            broadcast.loud_before = ear.loud

    # -- figures

    def figures(self) -> dict[str, Any]:
        """What this county heard, for the report."""
        return {
            "terminals": len(self.terminals),
            "alive": len(self.alive),
            "online": self.online,
            "frames": self.frames,
            "rejected": dict(self.rejected),
            "streams": {
                url: {"packets": ear.packets, "lost": ear.lost, "loud_samples": ear.loud}
                for url, ear in self._ears.items()
            },
            "broadcasts": [*self._past, *(_told(broadcast) for broadcast in self.broadcasts.values())],
        }


_TASKS: set[asyncio.Task[None]] = set()


def _told(broadcast: Broadcast) -> dict[str, Any]:
    programme = broadcast.programme
    return {
        "ebm_id": programme.ebm,
        "class": programme.kind,
        "level": programme.level,
        "stream": programme.url,
        "acknowledged": len(broadcast.acknowledged),
        "played": len(broadcast.played),
        "playing": len(broadcast.players),
        "heard": len(broadcast.heard),
        "acknowledged_after": dict(broadcast.latency),
    }
