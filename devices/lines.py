"""The connections a bus asks through: Modbus/TCP, serial frames on a port, serial frames over TCP. Knows frames and their timing, no queue."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, Protocol

from twisted.internet.protocol import ClientFactory, connectionDone
from twisted.python.failure import Failure

from devices.at_once import AtOnce
from devices.heard import Silent
from devices.modbus import Ask, Ear
from devices.modbus_rtu import Exchange, gateway_timing, serial_timing
from devices.serial_port import Port, is_pseudo
from devices.timed_line import US, TimedLine
from station.clock import Clock
from station.links import GatewayLink, Link, SerialLink, TcpLink
from station.words import Misheard

CONNECT_WITHIN: Final = 2.0  # s


class Owner(Protocol):
    """Who asks: a bus."""

    def opened(self, line: Any) -> None: ...
    def heard(self, heard: Any) -> None: ...
    def timed_out(self) -> None: ...
    def freed(self) -> None: ...
    def garbage(self, why: Misheard) -> None: ...
    def closed(self, line: Any, why: str) -> None: ...


class Talk(Protocol):
    """One question at a time on a line without numbers, judged by its timing; time in whole µs."""

    def free_at(self) -> int | None: ...
    def asked(self, ask: Any, now: int, timeout: int) -> bytes: ...
    def give_up(self, now: int) -> None: ...
    def fed(self, data: bytes, now: int) -> None: ...
    def due(self) -> int | None: ...
    def passed(self, now: int) -> Any: ...


class TcpLine(TimedLine):
    """One connection of Modbus/TCP."""

    late = 0.0  # s; late answers are known by their transaction id
    busy = False

    def __init__(self, owner: Owner, clock: Clock) -> None:
        super().__init__(clock)  # one timer for many requests: it looks whether the open one's time is up
        self._owner = owner
        self._ear = Ear()
        self._out: AtOnce | None = None
        self._until = math.inf

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self._out = AtOnce(self.transport)
        self._owner.opened(self)

    def send(self, ask: Ask, timeout: float) -> None:
        """Put a request on the wire; the owner hears of an answer, or that time is up."""
        self._until = self._clock.seconds() + timeout
        if self._timer is None or self._timer.getTime() > self._until:
            self._disarm()
            self._timer = self._clock.callLater(timeout, self._look)
        data = self._ear.asked(ask)
        if self._out is None:  # not known to be a socket yet
            self.transport.write(data)
        else:
            self._out.write(data)

    def _look(self) -> None:
        self._timer = None
        left = self._until - self._clock.seconds()
        if left <= 0:
            self._owner.timed_out()
        elif left < math.inf:
            self._timer = self._clock.callLater(left, self._look)

    def settled(self) -> None:
        """The request has its end."""
        self._until = math.inf
        self._ear.give_up()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        try:
            for heard in self._ear.feed(data):
                self._owner.heard(heard)
        except Misheard as misheard:
            self._owner.garbage(misheard)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._disarm()
        self._owner.closed(self, reason.getErrorMessage())


class SerialLine(TimedLine):
    """Serial frames, or lines of text, on whatever carries bytes."""

    def __init__(
        self, owner: Owner, clock: Clock, talk: Callable[[int], Talk], late: int, *, again: bool
    ) -> None:
        """`talk` gives an exchange that asks nothing before an instant; `late`: µs that an answer given up may still take.

        `again`: an answer to what the connection before was asked may still come.
        """
        super().__init__(clock)
        self._owner = owner
        self._exchange = talk(self._us() + late if again else 0)
        self.late = late / US

    @property
    def busy(self) -> bool:
        """Whether nothing may be asked now; the owner hears when that ends."""
        free = self._exchange.free_at()
        return free is None or free > self._us()

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self._owner.opened(self)
        self._arm()

    def send(self, ask: Any, timeout: float) -> None:
        """Put a request on the wire; the owner hears of an answer, or that time is up."""
        self.transport.write(self._exchange.asked(ask, self._us(), round(timeout * US)))
        self._arm()

    def settled(self) -> None:
        """The request has its end."""
        self._exchange.give_up(self._us())

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self._exchange.fed(data, self._us())
        self._arm()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._disarm()
        self._gone = True
        self._owner.closed(self, reason.getErrorMessage())

    def _arm(self) -> None:
        due, free = self._exchange.due(), self._exchange.free_at()
        if free is not None and free > self._us():
            due = free if due is None else min(due, free)
        self._arm_for(due)

    def _passed(self) -> None:
        heard = self._exchange.passed(self._us())
        if isinstance(heard, Silent):
            self._owner.timed_out()
        elif heard is not None:
            self._owner.heard(heard)
        self._arm()
        if not self._gone and not self.busy:
            self._owner.freed()


AnyLine = TcpLine | SerialLine


class _Dialler(ClientFactory):
    noisy = False

    def __init__(self, owner: Owner, line: Any) -> None:
        self._owner, self._line = owner, line

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        return self._line

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:  # noqa: N802
        self._owner.closed(None, reason.getErrorMessage())


class _Held:
    """A serial port as connectors are: `disconnect`."""

    def __init__(self, port: Port | None = None) -> None:
        self._port = port

    def disconnect(self) -> None:
        """Close it."""
        if self._port is not None:
            self._port.abort()


def dial(reactor: Any, link: Link, owner: Owner, *, again: bool, source: dict[str, Any]) -> Any:
    """Begin to open a line of Modbus; the owner hears `opened` or `closed`. Gives something with `disconnect`."""
    if isinstance(link, SerialLink):
        timing = gateway_timing() if is_pseudo(link.path) else serial_timing(link.baud, link.bits)
    else:
        timing = gateway_timing()
    if isinstance(link, TcpLink):
        return connect(reactor, link, owner, TcpLine(owner, reactor), source)
    line = SerialLine(
        owner, reactor, lambda kept: Exchange(timing, kept_until=kept), timing.late, again=again
    )
    if isinstance(link, GatewayLink):
        return connect(reactor, link, owner, line, source)
    return open_port(reactor, link, owner, line)


def connect(reactor: Any, place: Any, owner: Owner, line: Any, source: dict[str, Any]) -> Any:
    """Begin to connect a line to the `host` and `port` of a place."""
    dialler = _Dialler(owner, line)
    return reactor.connectTCP(place.host, place.port, dialler, timeout=CONNECT_WITHIN, **source)


def open_port(reactor: Any, link: SerialLink, owner: Owner, line: SerialLine) -> Any:
    """Open a serial port for a line."""
    try:
        return _Held(Port(line, link, reactor))
    except OSError as error:
        why = error.strerror or str(error)
        reactor.callLater(0, owner.closed, None, f"{link.path}: {why}")
        return _Held()


__all__ = [
    "CONNECT_WITHIN",
    "AnyLine",
    "Owner",
    "SerialLine",
    "Talk",
    "TcpLine",
    "connect",
    "dial",
    "open_port",
]
