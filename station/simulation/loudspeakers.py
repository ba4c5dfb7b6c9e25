"""Made-up village loudspeakers on a fake clock: read the signed frames by their own reading of 0xFEFD, obey, play, report; some lose words, answer late, or vanish. Shares no codec with the product."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

import attrs

from devices import sim_wire as wire
from station.clock import Clock
from station.simulation.wires import Far, Wire
from station.words import Instant

BEAT: Final = 240.0  # s; the simulated station expects one in as many
WINDOW: Final = 300  # s that a signature may be old
Dial = Callable[[Far], Wire | None]


@attrs.define(kw_only=True)
class Nature:
    """How a loudspeaker is."""

    loses: float = 0.0  # share of frames it never hears
    slow: float = 0.2  # s until it answers
    installed: bool = True

    @property
    def obeys(self) -> bool:
        """Whether it can be relied on: then nothing may be said to it twice (L11)."""
        return not self.loses and self.slow < 1.0


@attrs.define(kw_only=True, eq=False)
class Village:
    """What all loudspeakers share: the clock, the key, each distinct frame judged once."""

    clock: Clock
    now: Callable[[], Instant]
    verify: Callable[[bytes, bytes], bool]
    dial: Dial
    audible: Callable[[str], bool]  # whether something sounds on the stream of this address
    twice: Callable[[str, str], None]  # an obedient one was told the same again
    dice: Random
    station: bytes = wire.packed(wire.NO_TARGET)
    wrong: int = 0
    frames: int = 0
    _known: dict[bytes, wire.Order | None] = attrs.field(factory=dict)

    def judge(self, data: bytes) -> wire.Order | None:
        """What a frame says, or None where it must not be obeyed."""
        self.frames += 1
        if data not in self._known:
            if len(self._known) > 512:
                self._known.clear()
            self._known[data] = self._judged(data)
        return self._known[data]

    def _judged(self, data: bytes) -> wire.Order | None:
        order = wire.read_order(data)
        if order.signed_at is None:
            return order if order.kind == wire.ANSWER or order.verb == wire.QUERY else None
        fresh = abs(self.now() // 1_000_000 - order.signed_at) <= WINDOW
        if fresh and self.verify(order.preimage, order.signature):
            return order
        self.wrong += 1
        return None


class Loudspeaker:
    """One of them. What it plays survives its connections."""

    def __init__(self, village: Village, code: str, number: int, nature: Nature) -> None:
        self._village, self.code, self.nature = village, code, nature
        self._packed, self._mine = wire.packed(code), wire.prefixes_of(code)
        self._physical = bytes.fromhex(f"{number:010d}")
        self._held = bytearray()
        self._wire: Wire | None = None
        self._session, self._own = 0, 0
        self._obeyed: tuple[int, bytes] | None = None  # the last order done on this connection
        self.volume = 80
        self.playing: wire.Programme | None = None
        self.since = Instant(0)  # when what it plays changed, or it connected
        self.heard = False
        self._timers: dict[str, Any] = {}

    @property
    def online(self) -> bool:
        """Whether it is connected."""
        return self._wire is not None

    # -- its life

    def connect(self) -> None:
        """Dial until the station answers."""
        if self._wire is not None:
            return
        self._held.clear()
        self._wire = self._village.dial(self)
        if self._wire is None:
            self.again()
            return
        self._obeyed, self.since = None, self._village.now()
        self._beat(first=True)

    def again(self) -> None:
        """Dial later."""
        self._later("dial", self._village.dice.uniform(2.0, 20.0), self.connect)

    def vanish(self, seconds: float) -> None:
        """Power cut: it plays nothing, and comes back later."""
        line, self._wire, self.playing = self._wire, None, None
        if line is not None:
            line.hang_up()
        for timer in self._timers.values():
            if timer.active():
                timer.cancel()
        self._timers.clear()
        self._later("dial", seconds, self.connect)

    def closed(self) -> None:
        """The station hung up, or is gone: what plays goes on."""
        if self._wire is not None:
            self._wire = None
            self.again()

    def _later(self, name: str, delay: float, call: Callable[..., None], *args: Any) -> None:
        waiting = self._timers.get(name)
        if waiting is not None and waiting.active():
            waiting.cancel()
        self._timers[name] = self._village.clock.callLater(delay, call, *args)

    # -- what it says

    def _say(self, verb: int, body: bytes, *, kind: int = wire.REQUEST, session: int | None = None) -> None:
        if self._wire is None or not self._wire.open:
            return
        if session is None:
            self._own = session = self._own + 1
        self._wire.say(wire.report(session, kind, self._packed, self._village.station, verb, body))

    def _beat(self, *, first: bool = False) -> None:
        state = 1 if self.playing is None else 2
        self._say(wire.BEAT, bytes([first, state, self.volume, 0]) + self._physical)
        self._later("beat", BEAT, self._beat)

    def _tell(self, programme: wire.Programme, state: int) -> None:
        stamp = (self._village.now() // 1_000_000).to_bytes(4, "big")
        self._say(wire.TASK, wire.packed(programme.ebm) + bytes([state]) + stamp)

    def _status(self) -> None:
        values = [bytes([0x01, 1, self.volume]), bytes([0x04, 12]) + self._packed]
        values.append(bytes([0x06, 1, 1 if self.playing is None else 2]))
        if self.playing is not None:
            values.append(bytes([0x60, 19]) + wire.packed(self.playing.ebm) + bytes([3 if self.heard else 1]))
        self._say(wire.STATUS, bytes([0, 0, 0, len(values)]) + b"".join(values))

    # -- what it is told

    def received(self, data: bytes) -> None:
        """Bytes of the station."""
        self._held += data
        while (length := wire.frame_length(self._held)) and len(self._held) >= length:
            frame = bytes(self._held[:length])
            del self._held[:length]
            if not self.nature.loses or self._village.dice.random() >= self.nature.loses:
                self._take(frame)

    def _take(self, data: bytes) -> None:
        order = self._village.judge(data)
        if order is None or order.kind == wire.ANSWER or not order.prefixes & self._mine:
            return
        if order.verb == wire.QUERY:
            self._village.station = wire.packed(order.source)
            self._village.clock.callLater(self.nature.slow, self._status)
        elif order.session > self._session:
            self._session = order.session
            self._village.clock.callLater(self.nature.slow, self._obey, order)

    def _obey(self, order: wire.Order) -> None:
        if self._wire is None:
            return
        same = self._obeyed == (order.verb, order.body)
        if same and self.nature.obeys and self._still(order):
            self._village.twice(self.code, f"verb {order.verb}")
        self._obeyed = (order.verb, order.body)
        self._say(order.verb, b"\0\0\0", kind=wire.ANSWER, session=order.session)
        if order.verb == wire.START:
            self._begin(wire.read_programme(order.body))
        elif order.verb == wire.STOP:
            self._stop(wire.digits(order.body[:18]))
        elif order.verb == wire.VOLUME:
            self.volume = order.body[0]

    def _still(self, order: wire.Order) -> bool:
        """Whether the order's outcome still holds: then it was said for nothing."""
        if order.verb == wire.START:
            return self.playing == wire.read_programme(order.body)
        if order.verb == wire.VOLUME:
            return self.volume == order.body[0]
        return self.playing is None

    def _begin(self, programme: wire.Programme) -> None:
        now = self._village.now()
        if programme.end * 1_000_000 <= now:
            return
        self.playing, self.since, self.heard = programme, now, False
        if programme.volume <= 100:
            self.volume = programme.volume
        self._later("end", programme.end - now / 1e6, self._stop, programme.ebm)
        self._later("listen", 3.0, self._listen)
        self._tell(programme, 1)

    def _listen(self) -> None:
        if self.playing is not None and not self.heard and self._village.audible(self.playing.url):
            self.heard = True
            self._tell(self.playing, 3)

    def _stop(self, ebm: str) -> None:
        if self.playing is not None and self.playing.ebm == ebm:
            ended, self.playing, self.since = self.playing, None, self._village.now()
            self._tell(ended, 2)
