"""Asks one SNMP agent over UDP, as a bus asks through it. Knows a socket and time limits, no queue; datagrams of any other address are not heard."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol
from twisted.python.failure import Failure

from devices.lines import Owner
from devices.snmp import Ask, Set
from devices.snmp_access import Access
from devices.snmp_exchange import Exchange, Send
from station.clock import Clock
from station.links import SnmpLink
from station.words import Instant

AGAIN: Final = 0.5  # of the time limit: what only reads is sent once more, a datagram may be lost


@attrs.frozen
class Question:
    """One request; the agent behind the address is one unit."""

    ask: Ask
    unit: str = ""


class SnmpLine(DatagramProtocol):
    """One socket that hears one address."""

    transport: Any
    late = 0.0  # s; late answers are known by their request id
    busy = False

    def __init__(
        self,
        owner: Owner,
        clock: Clock,
        now: Callable[[], Instant],
        exchange: Exchange,
        place: tuple[str, int],
    ) -> None:
        self._owner, self._clock, self._now = owner, clock, now
        self._exchange, self._place = exchange, place
        self._timers: list[Any] = []
        self._gone = False

    def startProtocol(self) -> None:  # noqa: N802
        self.transport.connect(*self._place)  # the kernel gives us nobody else's datagrams
        self._owner.opened(self)

    def send(self, ask: Question, timeout: float) -> None:
        """Put a request on the wire; the owner hears of an answer, or that time is up."""
        data = self._exchange.asked(ask.ask, self._now())
        self._timers = [self._clock.callLater(timeout, self._up)]
        self.transport.write(data)
        if not isinstance(ask.ask, Set):
            self._once_more(data, timeout * AGAIN)

    def _once_more(self, data: bytes, wait: float) -> None:
        self._timers = [*self._timers[:1], self._clock.callLater(wait, self.transport.write, data)]

    def _up(self) -> None:
        self._owner.timed_out()

    def settled(self) -> None:
        """The question has its end."""
        self._exchange.give_up()
        timers, self._timers = self._timers, []
        for timer in timers:
            if timer.active():
                timer.cancel()

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:  # noqa: N802
        if addr != self._place or self._gone:
            return
        heard = self._exchange.fed(datagram, self._now())
        if isinstance(heard, Send):
            for timer in self._timers[1:]:
                if timer.active():
                    timer.cancel()
            self.transport.write(heard.data)
        else:
            self._owner.heard(heard)

    def connectionRefused(self) -> None:  # noqa: N802
        """Nobody listens there now; the time limit says so."""

    def stopProtocol(self) -> None:  # noqa: N802
        self._gone = True
        self._owner.closed(self, "closed")

    def abort(self) -> None:
        """Close at once."""
        self._gone = True
        self.transport.stopListening()


class _Held:
    """A socket as connectors are: `disconnect`."""

    def __init__(self) -> None:
        self.port: Any = None
        self.gone = False

    def disconnect(self) -> None:
        """Close it, or never open it."""
        self.gone = True
        if self.port is not None:
            self.port.stopListening()


class Dialler:
    """`devices.lines.dial` for an agent that lets in whom `access` names."""

    def __init__(self, access: Access, now: Callable[[], Instant], first: Callable[[], int]) -> None:
        """`first` gives a request id that cannot be guessed, for each connection."""
        self._access, self._now, self._first = access, now, first

    def __call__(
        self, reactor: Any, link: SnmpLink, owner: Owner, *, again: bool, source: dict[str, Any]
    ) -> _Held:
        held = _Held()
        interface = source.get("bindAddress", ("",))[0]

        def found(host: str) -> None:
            if held.gone:
                return
            line = SnmpLine(
                owner, reactor, self._now, Exchange(self._access, self._first()), (host, link.port)
            )
            try:
                held.port = reactor.listenUDP(0, line, interface=interface or _any(host))
            except CannotListenError as error:
                owner.closed(None, str(error))

        def lost(reason: Failure) -> None:
            if not held.gone:
                owner.closed(None, reason.getErrorMessage())

        self._address(reactor, link.host).addCallbacks(found, lost)
        return held

    def _address(self, reactor: Any, host: str) -> Deferred[str]:
        try:
            return succeed(str(ipaddress.ip_address(host)))
        except ValueError:
            made: Deferred[str] = reactor.resolve(host)
            return made


def _any(host: str) -> str:
    return "::" if ":" in host else ""


__all__ = ["Dialler", "Question", "SnmpLine"]
