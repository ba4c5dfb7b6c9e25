"""One actor a Modbus/TCP line: a bounded queue, orders before polls, one request in flight, time limits, reconnection. Knows no profile and no meaning of a value."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from enum import IntEnum
from typing import Any, Final, Literal

import attrs
from twisted.internet.defer import Deferred, fail
from twisted.internet.protocol import ClientFactory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from devices.modbus import Answered, Ask, Declined, Ear, Heard, Stray
from station.metrics import counter, gauge
from station.words import Instant, Misheard

MOST_WAITING: Final = 64
CONNECT_WITHIN: Final = 2.0  # s
AGAIN: Final = (0.1, 0.25, 0.5, 1.0)  # s before the 1st, 2nd, … new connection; the last from then on
DEAF_AFTER: Final = 3  # requests in a row without an answer of any unit: the connection is made anew
REST: Final = (2.0, 4.0, 8.0, 16.0, 30.0)  # s a unit is left alone after its 2nd, 3rd, … time-out in a row

ASKED = counter("gengfu_modbus_requests_total", "Requests by outcome", ("bus", "outcome"))
STRAYS = counter(
    "gengfu_modbus_strays_total", "Frames that answered nothing open, thrown away", ("bus", "why")
)
WAITING = gauge("gengfu_modbus_waiting", "Requests in the queue", ("bus",))

Trouble = Literal["link", "timeout", "exception", "garbled", "full", "too old", "resting"]


class Lane(IntEnum):
    """Who goes first."""

    EMERGENCY = 0
    ORDER = 1
    READ_BACK = 2
    POLL = 3


class Unanswered(Exception):
    """A request got no answer that can be believed; nothing is known of what it did."""

    def __init__(self, trouble: Trouble, detail: str = "", code: int = 0) -> None:
        super().__init__(f"{trouble} {detail}".strip())
        self.trouble, self.detail, self.code = trouble, detail, code
        self.sent = trouble in ("timeout", "exception", "garbled")  # it may have been on the wire


@attrs.frozen(kw_only=True)
class Got:
    """An answer: the words, and when the request went out (what the device did later is not in it)."""

    words: tuple[int, ...]
    asked_at: Instant


@attrs.define(order=True)
class _Waiting:
    lane: int
    number: int
    ask: Ask = attrs.field(order=False)
    timeout: float = attrs.field(order=False)
    expires: float | None = attrs.field(order=False)  # reactor seconds
    gap: float = attrs.field(order=False)
    done: Deferred[Got] = attrs.field(order=False)
    asked_at: Instant = attrs.field(order=False, default=Instant(0))


@attrs.define
class _Unit:
    """How a unit did lately."""

    silent: int = 0  # time-outs in a row
    rests_until: float = 0.0


class _Line(Protocol):
    transport: Any

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.ear = Ear()

    def connectionMade(self) -> None:  # noqa: N802
        self.transport.setTcpNoDelay(True)
        self._bus.opened(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        try:
            for heard in self.ear.feed(data):
                self._bus.heard(heard)
        except Misheard as misheard:
            self._bus.garbage(misheard)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._bus.closed(self, reason.getErrorMessage())


class Bus:
    """Asks one host and port. `ask` never blocks; a unit that is dead costs the others nothing but its probes."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        now: Callable[[], Instant],
        *,
        jitter: Callable[[], float] = random.random,
        via: str = "",
    ) -> None:
        """`jitter` gives 0 … 1; waits are stretched by up to a fifth of it, so that lines do not march in step.

        `via`: this machine's address on the devices' net, from which devices on other machines are asked.
        """
        far = via and not via.startswith("127.") and not host.startswith("127.")
        self._from = {"bindAddress": (via, 0)} if far else {}
        self._reactor, self._host, self._port, self._now, self._jitter = reactor, host, port, now, jitter
        self.name = f"{host}:{port}"
        self._queue: list[_Waiting] = []
        self._units: dict[int, _Unit] = {}
        self._numbers = 0
        self._line: _Line | None = None
        self._flying: _Waiting | None = None
        self._timer: Any = None
        self._pause: Any = None
        self._again: Any = None
        self._connector: Any = None
        self._tries = 0
        self._deaf = 0
        self.connections = 0  # made so far: who was on the other end before may not be there now
        self._stopped = True

    @property
    def up(self) -> bool:
        """Whether a connection stands."""
        return self._line is not None

    def start(self) -> None:
        """Connect, and connect again whenever it is lost."""
        self._stopped = False
        self._connect()

    def stop(self) -> None:
        """Hang up; what waits fails."""
        self._stopped = True
        for timer in (self._timer, self._pause, self._again):
            if timer is not None and timer.active():
                timer.cancel()
        if self._connector is not None:
            self._connector.disconnect()
        self._fail_all("link", "stopped")

    def ask(
        self, ask: Ask, lane: Lane, *, timeout: float, fresh: float | None = None, gap: float = 0.0
    ) -> Deferred[Got]:
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
        done: Deferred[Got] = Deferred()
        self._numbers += 1
        expires = None if fresh is None else self._reactor.seconds() + fresh
        waiting = _Waiting(lane, self._numbers, ask, timeout, expires, gap, done)
        heapq.heappush(self._queue, waiting)
        WAITING.labels(self.name).set(len(self._queue))
        self._next()
        return done

    def _refuse(self, trouble: Trouble) -> Deferred[Got]:
        ASKED.labels(self.name, trouble).inc()
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

    def _rests(self, unit: int) -> bool:
        held = self._units.get(unit)
        return held is not None and self._reactor.seconds() < held.rests_until

    # -- one at a time --------------------------------------------------------------------------

    def _next(self) -> None:
        if self._flying is not None or self._line is None or self._paused():
            return
        while self._queue:
            waiting = heapq.heappop(self._queue)
            WAITING.labels(self.name).set(len(self._queue))
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
        self._timer = self._reactor.callLater(waiting.timeout, self._timed_out)
        self._line.transport.write(self._line.ear.asked(waiting.ask))

    def heard(self, heard: Heard) -> None:
        """A whole frame came."""
        self._deaf = self._tries = 0
        if isinstance(heard, Stray):
            STRAYS.labels(self.name, heard.why).inc()
            return
        waiting = self._landed()
        assert waiting is not None  # an ear answers only what it was asked
        self._units.pop(waiting.ask.unit, None)
        self._rest_line(waiting.gap)
        if isinstance(heard, Answered):
            ASKED.labels(self.name, "answered").inc()
            waiting.done.callback(Got(words=heard.words, asked_at=waiting.asked_at))
        elif isinstance(heard, Declined):
            self._settle(waiting, Unanswered("exception", str(heard.code), heard.code))
        else:
            self._settle(waiting, Unanswered("garbled", heard.why))
        self._next()

    def _landed(self) -> _Waiting | None:
        waiting, self._flying = self._flying, None
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        return waiting

    def _rest_line(self, gap: float) -> None:
        """What the device wants between two requests; before anyone hears of this one, and asks the next."""
        if gap > 0:
            self._pause = self._reactor.callLater(gap, self._unpause)

    def _unpause(self) -> None:
        self._pause = None
        self._next()

    def _timed_out(self) -> None:
        waiting = self._landed()
        assert waiting is not None
        assert self._line is not None
        self._line.ear.give_up()
        self._tire(waiting.ask.unit)
        self._rest_line(waiting.gap)
        self._deaf += 1
        if self._deaf >= DEAF_AFTER:
            self._hang_up("nothing answers")
        self._settle(waiting, Unanswered("timeout"))
        self._next()

    def _tire(self, unit: int) -> None:
        held = self._units.setdefault(unit, _Unit())
        held.silent += 1
        if held.silent >= 2:
            rest = REST[min(held.silent - 2, len(REST) - 1)] * (1 + self._jitter() / 5)
            held.rests_until = self._reactor.seconds() + rest

    def _settle(self, waiting: _Waiting, error: Unanswered) -> None:
        ASKED.labels(self.name, error.trouble).inc()
        waiting.done.errback(error)

    # -- the connection -------------------------------------------------------------------------

    def _connect(self) -> None:
        self._connector = self._reactor.connectTCP(
            self._host, self._port, _Dialler(self), timeout=CONNECT_WITHIN, **self._from
        )

    def opened(self, line: _Line) -> None:
        """A connection stands."""
        self._line, self._deaf = line, 0
        self.connections += 1
        self._units.clear()  # whoever was silent may be back
        self._next()

    def garbage(self, why: Misheard) -> None:
        """The stream cannot be read any further."""
        STRAYS.labels(self.name, why.code).inc()
        self._hang_up(why.text.en)

    def _hang_up(self, why: str) -> None:
        line, self._line = self._line, None
        assert line is not None
        self.log.warn("{bus}: hung up: {why}", bus=self.name, why=why)
        self._fail_all("link", why)
        line.transport.abortConnection()

    def closed(self, line: _Line | None, why: str) -> None:
        """The connection is gone, or could not be made."""
        if line is self._line:
            self._line = None
            self._fail_all("link", why)
        if self._stopped or (self._again is not None and self._again.active()):
            return
        wait = AGAIN[min(self._tries, len(AGAIN) - 1)] * (1 + self._jitter() / 5)
        self._tries += 1
        self._again = self._reactor.callLater(wait, self._connect)

    def _fail_all(self, trouble: Trouble, why: str) -> None:
        flying = self._landed()
        queue, self._queue = self._queue, []
        WAITING.labels(self.name).set(0)
        if flying is not None:
            self._settle(flying, Unanswered("timeout", why))
        for waiting in queue:
            self._settle(waiting, Unanswered(trouble, why))


class _Dialler(ClientFactory):
    noisy = False

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    def buildProtocol(self, addr: Any) -> _Line:  # noqa: N802
        return _Line(self._bus)

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:  # noqa: N802
        self._bus.closed(None, reason.getErrorMessage())


__all__ = ["MOST_WAITING", "Bus", "Got", "Lane", "Unanswered"]
