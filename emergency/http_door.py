"""A web port that strangers may knock at: bounds on size, time and number of connections. Knows no alert and no resource behind it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from twisted.internet import interfaces
from twisted.internet.protocol import connectionDone
from twisted.protocols.policies import ProtocolWrapper, WrappingFactory
from twisted.python.failure import Failure
from twisted.web import resource, server

from station.clock import Clock

LIFE_S = 30  # a connection lives no longer, whatever trickles in
CONNECTIONS = 100
STRANGER_BYTES = 65_536
Limit = Callable[["BoundedRequest"], int]


class BoundedRequest(server.Request):
    """Keeps its body in memory up to a limit, reads on to four times of it, then hangs up."""

    overflow = False
    bound = STRANGER_BYTES
    _length = 0

    def gotLength(self, length: int | None) -> None:  # noqa: N802
        self.content = self._body = BytesIO()
        channel: Any = self.channel
        self.bound = channel.site.limit(self)
        if length is not None and length > 4 * self.bound:
            self._hang_up()

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802
        self._length += len(data)
        if self._length <= self.bound:
            self._body.write(data)
            return
        self.overflow = True
        self._body.truncate(0)
        if self._length > 4 * self.bound:
            self._hang_up()

    def _hang_up(self) -> None:
        self.overflow = True
        transport: Any = self.channel.transport
        transport.write(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        transport.loseConnection()


class _Guarded(ProtocolWrapper):
    """One connection with an end."""

    _end: Any = None

    def makeConnection(self, transport: interfaces.ITransport) -> None:  # noqa: N802
        guard: Any = self.factory
        self._end = guard.clock.callLater(LIFE_S, self._over)
        super().makeConnection(transport)  # type: ignore[no-untyped-call]

    def _over(self) -> None:
        self._end = None
        transport: Any = self.transport
        transport.abortConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        if self._end is not None:
            self._end.cancel()
            self._end = None
        super().connectionLost(reason)  # type: ignore[no-untyped-call]


class Guard(WrappingFactory):
    """At most `CONNECTIONS` at once, none older than `LIFE_S`."""

    protocol = _Guarded

    def __init__(self, inner: server.Site, clock: Clock) -> None:
        super().__init__(inner)  # type: ignore[no-untyped-call]
        self.clock = clock

    def buildProtocol(self, addr: interfaces.IAddress | None) -> Any:  # noqa: N802
        if len(self.protocols) >= CONNECTIONS:
            return None
        return super().buildProtocol(addr)


class BoundedSite(server.Site):
    """A site whose requests are bounded by `limit`."""

    displayTracebacks = False  # noqa: N815

    def __init__(self, root: resource.Resource, limit: Limit, clock: Clock) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            root,
            requestFactory=BoundedRequest,
            parsePOSTFormSubmission=False,
            timeout=15,
            logFormatter=_line,
            reactor=clock,
        )
        self.limit = limit


def _line(_: Any, request: Any) -> str:
    """An access line without a time: the log has its own, and the reactor's begins at the machine's start."""
    path = request.uri.split(b"?")[0][:120].decode("latin-1").encode("unicode_escape").decode("ascii")
    host = getattr(request.getClientAddress(), "host", "-")
    return f"{host} {request.method.decode('latin-1')[:16]!r} {path} {request.code} {request.sentLength}"


def guarded(root: resource.Resource, limit: Limit, clock: Clock) -> Guard:
    """The factory to listen with. `limit` gives the bytes a request may have, from its headers."""
    return Guard(BoundedSite(root, limit, clock), clock)
