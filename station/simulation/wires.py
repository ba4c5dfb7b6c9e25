"""Connections in memory on a fake clock: bytes go in one end and come out of the other a little later, in order. Knows no protocol."""

from __future__ import annotations

from typing import Any, Final, Protocol

import attrs
from twisted.internet.error import ConnectionDone, ConnectionLost
from twisted.python.failure import Failure

from station.clock import Clock

LATENCY: Final = 0.001  # s from one end to the other


@attrs.frozen
class Address:
    """Where a connection seems to come from."""

    host: str = "127.0.0.1"
    port: int = 0
    type: str = "TCP"


class Far(Protocol):
    """The end that the simulation holds."""

    def received(self, data: bytes) -> None: ...
    def closed(self) -> None: ...


class Wire:
    """One connection: a Twisted protocol of the station at one end (for which this is the transport), a `Far` at the other."""

    disconnecting = False

    def __init__(self, clock: Clock, near: Any, far: Far, latency: float = LATENCY) -> None:
        self._clock, self._near, self._far, self._latency = clock, near, far, latency
        self._open = True
        self._ready = 0.0  # when the last byte on its way to the near end arrives

    # -- the far end

    def say(self, data: bytes, after: float = 0.0) -> None:
        """Bytes to the station; what is said later arrives later."""
        now = self._clock.seconds()
        self._ready = max(self._ready, now + self._latency + after)
        self._clock.callLater(self._ready - now, self._arrive, data)

    def _arrive(self, data: bytes) -> None:
        if self._open:
            self._near.dataReceived(data)

    def hang_up(self) -> None:
        """The far end is gone; the station learns it at once."""
        if self._open:
            self._open = False
            self._near.connectionLost(Failure(ConnectionLost()))  # type: ignore[no-untyped-call]

    def dead(self) -> None:
        """The station is gone: its protocol hears nothing any more, the far end learns it."""
        if self._open:
            self._open = False
            self._clock.callLater(self._latency, self._far.closed)

    @property
    def open(self) -> bool:
        """Whether both ends hold."""
        return self._open

    # -- the near end: what Twisted's protocols ask of a transport

    def write(self, data: bytes) -> None:
        """Bytes from the station."""
        if self._open:
            self._clock.callLater(self._latency, self._depart, bytes(data))

    def writeSequence(self, parts: Any) -> None:  # noqa: N802
        """Several pieces."""
        self.write(b"".join(parts))

    def _depart(self, data: bytes) -> None:
        self._far.received(data)

    def loseConnection(self) -> None:  # noqa: N802
        """The station hangs up after what it wrote."""
        if self._open and not self.disconnecting:
            self.disconnecting = True
            self._clock.callLater(self._latency, self._close)

    def abortConnection(self) -> None:  # noqa: N802
        """The station hangs up at once."""
        self.loseConnection()

    def _close(self) -> None:
        if self._open:
            self._open = False
            self._near.connectionLost(Failure(ConnectionDone()))  # type: ignore[no-untyped-call]
            self._far.closed()

    def getPeer(self) -> Address:  # noqa: N802
        """Who is at the far end."""
        return Address()

    getHost = getPeer  # noqa: N815

    def setTcpNoDelay(self, on: Any) -> None:  # noqa: N802
        """Nothing is delayed here."""

    setTcpKeepAlive = setTcpNoDelay  # noqa: N815

    def registerProducer(self, producer: Any, streaming: Any) -> None:  # noqa: N802
        """Everybody reads as fast as is written."""

    def unregisterProducer(self) -> None:  # noqa: N802
        """As above."""
