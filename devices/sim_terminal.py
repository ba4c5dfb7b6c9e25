"""One simulated loudspeaker: checks address, sequence and time itself, obeys, plays, and reports. What it shares with its neighbours is the town's."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

import attrs

from devices import sim_wire as wire
from devices.sim_listen import Ear
from station.clock import wall_us

FAULTS = {
    "silent": ("obeys, and says nothing of it", "执行但不回复"),
    "cut": ("its answers are cut short", "应答被截断"),
    "garbage": ("its answers are rubbish", "应答为乱码"),
    "other": ("answers under another's code", "以他人编码应答"),
    "refuse": ("answers no to every order", "对每条指令应答失败"),
    "reboot": ("hangs up at every order and forgets it", "收到指令即断开并遗忘"),
    "stuck": ("says yes and changes nothing", "应答成功但状态不变"),
}


@attrs.define(kw_only=True, eq=False)
class Broadcast:
    """One EBM as this county received it."""

    programme: wire.Programme
    first: float  # loop time of the first frame
    ear: Ear | None = None
    loud_before: int = 0
    players: set[Terminal] = attrs.field(factory=set)
    acknowledged: set[str] = attrs.field(factory=set)
    played: set[str] = attrs.field(factory=set)
    heard: set[str] = attrs.field(factory=set)
    latency: Counter[str] = attrs.field(factory=Counter)
    timers: list[asyncio.TimerHandle] = attrs.field(factory=list)


class Neighbours(Protocol):
    """What a terminal asks of its town."""

    loop: asyncio.AbstractEventLoop
    rejected: Counter[str]
    station: bytes
    online: int
    settle_s: float

    def again(self, one: Terminal) -> None: ...
    def rubbish(self, size: int) -> bytes: ...
    def judge(self, data: bytes) -> tuple[wire.Order | None, str]: ...
    def learn(self, source: str) -> None: ...
    def arrived(self, order: wire.Order) -> None: ...
    def after(self, delay: float, call: Callable[..., None], *args: object) -> None: ...
    def programme(self, body: bytes) -> wire.Programme | None: ...
    def broadcast(self, programme: wire.Programme) -> Broadcast | None: ...
    def acknowledged(self, broadcast: Broadcast, order: wire.Order, code: str) -> None: ...
    def listen(self, broadcast: Broadcast) -> None: ...
    def idle(self, broadcast: Broadcast) -> None: ...


class Terminal(asyncio.Protocol):
    """One loudspeaker. What it knows survives its connections."""

    def __init__(self, town: Neighbours, code: str, number: int, *, late: float, fault: str = "") -> None:
        self._town = town
        self.code = code
        self.late = late  # seconds it takes to answer
        self.fault = fault  # one of FAULTS
        self._packed = wire.packed(code)
        self._mine = wire.prefixes_of(code)
        self._physical = f"{number:010d}"
        self._held = bytearray()
        self._out: list[bytes] | None = None  # collects what is said while one packet is read
        self.transport: asyncio.Transport | None = None
        self.session = 0  # the last one obeyed
        self._own = 0
        self.volume = 80
        self.playing: Broadcast | None = None
        self._next: Broadcast | None = None  # accepted, not yet begun
        self.failures = 0
        self.heard_at = 0.0

    # -- connection

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.failures = 0
        self.heard_at = self._town.loop.time()
        self._held.clear()
        self._town.online += 1
        self.beat(first=True)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._town.online -= 1
        self._town.again(self)

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._town.loop.time()
        self._held += data
        self._out = []
        try:
            while (length := wire.frame_length(self._held)) and len(self._held) >= length:
                frame = bytes(self._held[:length])
                del self._held[:length]
                self._take(frame)
        except wire.Wrong as wrong:
            self._town.rejected[str(wrong)] += 1
            self.cut()
        self._flush()

    def _flush(self) -> None:
        said, self._out = self._out, None
        if said and self.transport is not None:
            self.transport.write(b"".join(said))

    def cut(self) -> None:
        """End the connection; a new one is made after a pause."""
        if self.transport is not None:
            self.transport.abort()

    # -- what it says

    def _say(self, verb: int, body: bytes, *, kind: int = wire.REQUEST, session: int | None = None) -> None:
        if self.transport is None:
            return
        if session is None:
            self._own = session = self._own + 1
        data = wire.report(session, kind, self._packed, self._town.station, verb, body)
        if self.fault and verb != wire.BEAT:
            data = self._spoilt(data)
        if self._out is None:
            self.transport.write(data)
        else:
            self._out.append(data)

    def _spoilt(self, data: bytes) -> bytes:
        """What comes of anything but a heart-beat."""
        if self.fault == "other":
            data = data[:11] + wire.packed("9" + self.code[1:]) + data[23:-4]
            return data + wire.crc(data).to_bytes(4, "big")
        if self.fault == "garbage":
            return self._town.rubbish(len(data))
        if self.fault == "cut":
            return data[: len(data) // 2]
        return b"" if self.fault == "silent" else data

    def beat(self, *, first: bool = False) -> None:
        """A heart-beat: how it is, and its physical address."""
        state = 1 if self.playing is None else 2
        self._say(wire.BEAT, bytes([first, state, self.volume, 0]) + bytes.fromhex(self._physical))

    def tell(self, broadcast: Broadcast, state: int) -> None:
        """A report on a broadcast: 1 playing, 2 ended, 3 heard."""
        ebm = wire.packed(broadcast.programme.ebm)
        self._say(wire.TASK, ebm + bytes([state]) + (wall_us() // 1_000_000).to_bytes(4, "big"))

    def _status(self) -> None:
        values = [bytes([0x01, 1, self.volume]), bytes([0x04, 12]) + self._packed]
        values.append(bytes([0x06, 1, 1 if self.playing is None else 2]))
        if self.playing is not None:
            state = 3 if self.code in self.playing.heard else 1
            values.append(bytes([0x60, 19]) + wire.packed(self.playing.programme.ebm) + bytes([state]))
        self._say(wire.STATUS, bytes([0, 0, 0, len(values)]) + b"".join(values))

    # -- what it is told

    def _take(self, data: bytes) -> None:
        order, why = self._town.judge(data)
        if order is None:
            self._town.rejected[why] += 1
        elif order.kind == wire.ANSWER:
            return
        elif not order.prefixes & self._mine:
            self._town.rejected["address"] += 1
        elif order.verb == wire.QUERY:
            self._town.learn(order.source)
            self._status()
        elif why:
            self._town.rejected[why] += 1
        elif order.session <= self.session:
            self._town.rejected["replayed"] += 1
        else:
            self.session = order.session
            self._town.arrived(order)
            self._town.after(self.late, self._obey, order)

    def _obey(self, order: wire.Order) -> None:
        if self.fault == "reboot":
            self.session = 0
            self.cut()
            return
        if self.fault in ("refuse", "stuck"):
            said = b"\0\0\0" if self.fault == "stuck" else b"\1\0\0"
            self._say(order.verb, said, kind=wire.ANSWER, session=order.session)
            return
        if order.verb == wire.START:
            self._begin(order)
        elif order.verb == wire.STOP:
            self._acknowledge(order)
            self._stop(wire.digits(order.body[:18]))
        elif order.verb == wire.VOLUME and len(order.body) == 1 and order.body[0] <= 100:
            self.volume = order.body[0]
            self._acknowledge(order)
        else:
            self._town.rejected["unknown"] += 1

    def _acknowledge(self, order: wire.Order) -> None:
        self._say(order.verb, b"\0\0\0", kind=wire.ANSWER, session=order.session)

    def _begin(self, order: wire.Order) -> None:
        programme = self._town.programme(order.body)
        if programme is None:
            self._town.rejected["body"] += 1
            return
        if programme.end * 1_000_000 <= wall_us():
            self._town.rejected["over"] += 1
            return
        broadcast = self._town.broadcast(programme)
        if broadcast is None:
            self._town.rejected["stream"] += 1
            return
        self._acknowledge(order)
        if not self.fault:  # else nobody could have read it
            self._town.acknowledged(broadcast, order, self.code)
        if programme.volume <= 100:
            self.volume = programme.volume
        self._next = broadcast
        wait = programme.start - wall_us() / 1e6
        self._town.after(max(wait, self._town.settle_s), self._play, broadcast)

    def _stop(self, ebm: str) -> None:
        if self._next is not None and self._next.programme.ebm == ebm:
            self._next = None
        if self.playing is not None and self.playing.programme.ebm == ebm:
            self.finish(self.playing)

    def _play(self, broadcast: Broadcast) -> None:
        if self._next is not broadcast:
            return
        self._next = None
        if self.playing is not None and self.playing is not broadcast:
            self.playing.players.discard(self)
            self._town.idle(self.playing)
        self.playing = broadcast
        broadcast.players.add(self)
        broadcast.played.add(self.code)
        self._town.listen(broadcast)
        self.tell(broadcast, 1)

    def finish(self, broadcast: Broadcast) -> None:
        """Stop playing and say so."""
        if self.playing is broadcast:
            self.playing = None
            broadcast.players.discard(self)
            self._town.idle(broadcast)
            self.tell(broadcast, 2)
