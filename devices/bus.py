"""One actor a line to devices, whatever is spoken there: a bounded queue, orders before polls, one request in flight, time limits, reconnection. Knows no profile, no protocol and no meaning of a value."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Hashable
from enum import IntEnum
from typing import Any, Final, Generic, Literal, Protocol, TypeVar

import attrs
from twisted.internet.defer import Deferred, fail
from twisted.logger import Logger

from devices.heard import Answered, Declined, Garbled, Stray, Value
from devices.lines import dial
from station.links import AnyLink
from station.metrics import counter, gauge
from station.words import Instant, Misheard

MOST_WAITING: Final = 64
AGAIN: Final = (0.1, 0.25, 0.5, 1.0)  # s before the 1st, 2nd, … new connection; the last from then on
DEAF_AFTER: Final = 3  # requests in a row without an answer of any unit: the connection is made anew
REST: Final = (2.0, 4.0, 8.0, 16.0, 30.0)  # s a unit is left alone after its 2nd, 3rd, … time-out in a row
SHARE: Final = (
    24  # a dead unit of a serial line rests so many times as long at last as asking it takes: 4 % of the line
)


class Meters:
    """What is counted of the lines of one kind, by name of the line."""

    def __init__(self, kind: str) -> None:
        self.asked = counter(f"gengfu_{kind}_requests_total", "Requests by outcome", ("bus", "outcome"))
        self.strays = counter(
            f"gengfu_{kind}_strays_total", "Frames that answered nothing open, thrown away", ("bus", "why")
        )
        self.waiting = gauge(f"gengfu_{kind}_waiting", "Requests in the queue", ("bus",))


MODBUS = Meters("modbus")
NAMED = Meters("named")  # SNMP, NUT, lines of text

Trouble = Literal["link", "timeout", "exception", "declined", "garbled", "full", "too old", "resting"]


class Lane(IntEnum):
    """Who goes first."""

    EMERGENCY = 0
    ORDER = 1
    READ_BACK = 2
    POLL = 3


class Unanswered(Exception):
    """A request got no answer that can be believed; nothing is known of what it did."""

    def __init__(self, trouble: Trouble, detail: str = "", code: int | str = 0) -> None:
        super().__init__(f"{trouble} {detail}".strip())
        self.trouble, self.detail, self.code = trouble, detail, code
        self.sent = trouble in ("timeout", "exception", "declined", "garbled")  # it may have been on the wire


class Question(Protocol):
    """What is asked; who is silent again and again is left alone by this name of his."""

    @property
    def unit(self) -> Hashable: ...


Asks = TypeVar("Asks", bound=Question)


class Line(Protocol):
    """A connection that stands, as devices/lines.py has them."""

    @property
    def busy(self) -> bool: ...
    @property
    def late(self) -> float: ...
    def send(self, ask: Any, timeout: float) -> None: ...
    def settled(self) -> None: ...
    def abort(self) -> None: ...


@attrs.frozen(kw_only=True)
class Got(Generic[Value]):
    """An answer: the words, and when the request went out (what the device did later is not in it)."""

    words: Value
    asked_at: Instant


@attrs.define(order=True)
class _Waiting:
    lane: int
    number: int
    ask: Question = attrs.field(order=False)
    timeout: float = attrs.field(order=False)
    expires: float | None = attrs.field(order=False)  # reactor seconds
    gap: float = attrs.field(order=False)
    done: Deferred[Any] = attrs.field(order=False)
    asked_at: Instant = attrs.field(order=False, default=Instant(0))


@attrs.define
class _Unit:
    """How a unit did lately."""

    silent: int = 0  # time-outs in a row
    rests_until: float = 0.0


class Bus(Generic[Asks, Value]):
    """Asks through one line. `ask` never blocks; a unit that is dead costs the others nothing but its probes."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        link: AnyLink,
        now: Callable[[], Instant],
        *,
        jitter: Callable[[], float] = random.random,
        via: str = "",
        dial: Callable[..., Any] = dial,
        meters: Meters = MODBUS,
    ) -> None:
        """`jitter` gives 0 … 1; waits are stretched by up to a fifth of it, so that lines do not march in step.

        `via`: this machine's address on the devices' net, from which devices on other machines are asked.
        `dial` opens the line, as `devices.lines.dial` does.
        """
        far = via and not via.startswith("127.") and not getattr(link, "host", "").startswith("127.")
        self._from = {"bindAddress": (via, 0)} if far else {}
        self._reactor, self._link, self._now, self._jitter = reactor, link, now, jitter
        self.name = str(link)
        self._dial, self._meters = dial, meters
        meters.waiting.labels(self.name).set_function(lambda: len(self._queue))
        self._answered = meters.asked.labels(self.name, "answered")
        self._queue: list[_Waiting] = []
        self._units: dict[Hashable, _Unit] = {}
        self._numbers = 0
        self._line: Line | None = None
        self._flying: _Waiting | None = None
        self._pause: Any = None
        self._again: Any = None
        self._connector: Any = None
        self._tries = 0
        self._deaf = 0
        self.why = ""  # the newest reason why there is no connection
        self.connections = 0  # made so far: who was on the other end before may not be there now
        self._stopped = True

    @property
    def up(self) -> bool:
        """Whether a connection stands."""
        return self._line is not None

    @property
    def late(self) -> float:
        """s that an answer given up may still come and be taken for another one's; 0 where it cannot."""
        return self._line.late if self._line is not None else 0.0

    def start(self) -> None:
        """Connect, and connect again whenever it is lost."""
        self._stopped = False
        self._connect()

    def stop(self) -> None:
        """Hang up; what waits fails."""
        self._stopped = True
        for timer in (self._pause, self._again):
            if timer is not None and timer.active():
                timer.cancel()
        if self._connector is not None:
            self._connector.disconnect()
        self._fail_all("link", "stopped")

    def ask(
        self, ask: Asks, lane: Lane, *, timeout: float, fresh: float | None = None, gap: float = 0.0
    ) -> Deferred[Got[Value]]:
        """Queue a request; fails with Unanswered.

        `timeout`: s from the wire to the answer. `fresh`: s after which it is no longer sent. `gap`: s the device wants
        between two requests. A poll to a unit that rests fails at once; orders always go.
        """
        if self._line is None:
            return self._refuse("link")
        if lane is Lane.POLL and self._rests(ask.unit):
            return self._refuse("resting")
        if len(self._queue) >= MOST_WAITING and not self._make_room(lane):
            return self._refuse("full")
        done: Deferred[Got[Value]] = Deferred()
        self._numbers += 1
        expires = None if fresh is None else self._reactor.seconds() + fresh
        waiting = _Waiting(lane, self._numbers, ask, timeout, expires, gap, done)
        heapq.heappush(self._queue, waiting)
        self._next()
        return done

    def _refuse(self, trouble: Trouble) -> Deferred[Got[Value]]:
        self._meters.asked.labels(self.name, trouble).inc()
        return fail(Unanswered(trouble))

    def _make_room(self, lane: Lane) -> bool:
        """Let the last poll go for an order; False where nothing waits that matters less."""
        last = max(self._queue)
        if last.lane <= lane:
            return False
        self._queue.remove(last)
        heapq.heapify(self._queue)
        self._settle(last, Unanswered("full"))
        return True

    def _rests(self, unit: Hashable) -> bool:
        held = self._units.get(unit)
        return held is not None and self._reactor.seconds() < held.rests_until

    # -- one at a time --------------------------------------------------------------------------

    def _next(self) -> None:
        if self._flying is not None or self._line is None or self._line.busy or self._paused():
            return
        while self._queue:
            waiting = heapq.heappop(self._queue)
            if waiting.expires is not None and self._reactor.seconds() >= waiting.expires:
                self._settle(waiting, Unanswered("too old"))
                continue
            if waiting.lane == Lane.POLL and self._rests(waiting.ask.unit):
                self._settle(waiting, Unanswered("resting"))
                continue
            self._send(waiting)
            return

    def _paused(self) -> bool:
        return self._pause is not None and self._pause.active()

    def _send(self, waiting: _Waiting) -> None:
        assert self._line is not None
        waiting.asked_at = self._now()
        self._flying = waiting
        self._line.send(waiting.ask, waiting.timeout)

    def freed(self) -> None:
        """The line may be asked again."""
        self._next()

    def heard(self, heard: Answered[Value] | Declined | Garbled | Stray) -> None:
        """A whole frame came."""
        self._deaf = self._tries = 0
        if isinstance(heard, Stray):
            self._meters.strays.labels(self.name, heard.why).inc()
            return
        waiting = self._landed()
        assert waiting is not None  # an ear answers only what it was asked
        self._units.pop(waiting.ask.unit, None)
        self._rest_line(waiting.gap)
        if isinstance(heard, Answered):
            self._answered.inc()
            waiting.done.callback(Got(words=heard.value, asked_at=waiting.asked_at))
        elif isinstance(heard, Declined):
            self._settle(waiting, _declined(heard))
        else:
            self._settle(waiting, Unanswered("garbled", heard.why))
        self._next()

    def _landed(self) -> _Waiting | None:
        waiting, self._flying = self._flying, None
        if self._line is not None:
            self._line.settled()
        return waiting

    def _rest_line(self, gap: float) -> None:
        """What the device wants between two requests; before anyone hears of this one, and asks the next."""
        if gap > 0:
            self._pause = self._reactor.callLater(gap, self._unpause)

    def _unpause(self) -> None:
        self._pause = None
        self._next()

    def timed_out(self) -> None:
        """The unit asked said nothing that could be its answer."""
        waiting = self._landed()
        assert waiting is not None
        assert self._line is not None
        self._tire(waiting.ask.unit, waiting.timeout + self._line.late if self._line.late else 0.0)
        self._rest_line(waiting.gap)
        self._deaf += 1
        if self._deaf >= DEAF_AFTER:
            self._hang_up("nothing answers")
        self._settle(waiting, Unanswered("timeout"))
        self._next()

    def _tire(self, unit: Hashable, cost: float) -> None:
        """`cost`: s that nobody else could be asked."""
        held = self._units.setdefault(unit, _Unit())
        held.silent += 1
        if held.silent >= 2:
            step = min(held.silent - 2, len(REST) - 1)
            rest = REST[step] if step < len(REST) - 1 else max(REST[step], SHARE * cost)
            rest *= 1 + self._jitter() / 5
            held.rests_until = self._reactor.seconds() + rest

    def _settle(self, waiting: _Waiting, error: Unanswered) -> None:
        self._meters.asked.labels(self.name, error.trouble).inc()
        waiting.done.errback(error)

    # -- the connection -------------------------------------------------------------------------

    def _connect(self) -> None:
        again = self.connections > 0
        self._connector = self._dial(self._reactor, self._link, self, again=again, source=self._from)

    def opened(self, line: Line) -> None:
        """A connection stands."""
        self._line, self._deaf = line, 0
        self.connections += 1
        self._units.clear()  # whoever was silent may be back
        self._next()

    def garbage(self, why: Misheard) -> None:
        """The stream cannot be read any further."""
        self._meters.strays.labels(self.name, why.code).inc()
        self._hang_up(why.text.en)

    def _hang_up(self, why: str) -> None:
        line = self._line
        assert line is not None
        self.log.warn("{bus}: hung up: {why}", bus=self.name, why=why)
        self._let_go(line, why)
        line.abort()

    def closed(self, line: Line | None, why: str) -> None:
        """The connection is gone, or could not be made."""
        self.why = why
        if line is self._line:
            self._let_go(self._line, why)
        if self._stopped or (self._again is not None and self._again.active()):
            return
        wait = AGAIN[min(self._tries, len(AGAIN) - 1)] * (1 + self._jitter() / 5)
        self._tries += 1
        self._again = self._reactor.callLater(wait, self._connect)

    def _let_go(self, line: Line | None, why: str) -> None:
        if line is not None:
            line.settled()
            self._line = None
            self._fail_all("link", why)

    def _fail_all(self, trouble: Trouble, why: str) -> None:
        flying = self._landed()
        queue, self._queue = self._queue, []
        if flying is not None:
            self._settle(flying, Unanswered("timeout", why))
        for waiting in queue:
            self._settle(waiting, Unanswered(trouble, why))


def _declined(heard: Declined) -> Unanswered:
    """What a refusal is called: by its number on Modbus, by its words elsewhere."""
    if heard.why:
        return Unanswered("declined", heard.why, heard.code)
    return Unanswered("exception", str(heard.code), heard.code)


__all__ = [
    "MODBUS",
    "MOST_WAITING",
    "NAMED",
    "Bus",
    "Got",
    "Lane",
    "Line",
    "Meters",
    "Question",
    "Unanswered",
]
