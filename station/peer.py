"""A client of the station's control socket: asks, subscribes, and connects again by itself. Knows the framing (docs/control-protocol.md), not what the answers mean."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet import defer
from twisted.internet.protocol import ClientFactory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure

from station.asking import result_of
from station.netstring import Unpacker, pack
from station.words import Misheard, Refused

LATE = ("the station did not answer in time; ask again", "台站未及时应答,请稍后再试")
AWAY = ("the station does not answer; it is starting or stopped", "台站没有应答,正在启动或已停止")
TIMEOUT = 10.0
MOST_OPEN = 1_000


class _Line(Protocol):
    transport: Any

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._unpacker = Unpacker()

    def connectionMade(self) -> None:  # noqa: N802
        self._peer.line_up(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        try:
            for message in self._unpacker.feed(data):
                self._peer.heard(message)
        except Misheard as error:
            self._peer.log.warn("control socket: {why}", why=error.text.en)
            if self.transport is not None:
                self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._peer.line_down(self)

    def send(self, message: dict[str, Any]) -> None:
        if self.transport is not None:
            self.transport.write(pack(message))


class _Factory(ClientFactory):
    noisy = False

    def __init__(self, peer: Peer) -> None:
        self._peer = peer

    def buildProtocol(self, addr: Any) -> _Line:  # noqa: N802
        return _Line(self._peer)

    def clientConnectionFailed(self, connector: Any, reason: Failure) -> None:  # noqa: N802
        self._peer.line_down(None)


class Peer:
    """`ask` gives a Deferred of the result or of Refused; `subscribe` calls back for ever, over reconnections.

    `session` may be text or a callable giving the token to use (a witness reads it anew after each station start).
    """

    log = Logger()

    def __init__(
        self, reactor: Any, path: Path, session: str | Callable[[], str] = "", *, retry: float = 0.25
    ) -> None:
        self._reactor = reactor
        self._path = path
        self._session = session
        self._retry = retry
        self._numbers = itertools.count(1)
        self._waiting: dict[int, defer.Deferred[Any]] = {}
        self._feeds: dict[
            int, tuple[dict[str, Any], Callable[[Any], None], Callable[[int], None] | None]
        ] = {}
        self._line: _Line | None = None
        self._stopped = False
        self._again: Any = None
        self.on_up: Callable[[], None] | None = None
        self.on_down: Callable[[], None] | None = None

    @property
    def connected(self) -> bool:
        """Whether the socket is open."""
        return self._line is not None

    def start(self) -> None:
        """Begin to connect, and keep connected."""
        self._again = None
        if not self._stopped:
            self._reactor.connectUNIX(str(self._path), _Factory(self), timeout=5)

    def stop(self) -> None:
        """Close; open questions are refused."""
        self._stopped = True
        if self._again is not None and self._again.active():
            self._again.cancel()
        if self._line is not None and self._line.transport is not None:
            self._line.transport.loseConnection()
        self._fail_all()

    def ask(self, do: str, *, timeout: float = TIMEOUT, **fields: Any) -> defer.Deferred[Any]:
        """Send a question; the Deferred fires with its result, or fails with Refused."""
        if self._line is None or len(self._waiting) >= MOST_OPEN:
            return defer.fail(Refused(*AWAY, code="unavailable"))
        number = next(self._numbers)
        waiting: defer.Deferred[Any] = defer.Deferred()
        self._waiting[number] = waiting
        waiting.addTimeout(timeout, self._reactor, onTimeoutCancel=lambda _r, _t: self._gave_up(number, do))
        self._line.send(self._with_session({"id": number, "do": do, **fields}))
        return waiting

    def subscribe(
        self,
        feed: str,
        on_item: Callable[[Any], None],
        on_resync: Callable[[int], None] | None = None,
        **fields: Any,
    ) -> Callable[[], None]:
        """Follow a feed; returns a function that ends the subscription."""
        number = next(self._numbers)
        question = {"id": number, "do": "subscribe", "feed": feed, **fields}
        self._feeds[number] = (question, on_item, on_resync)
        if self._line is not None:
            self._line.send(self._with_session(question))

        def end() -> None:
            if self._feeds.pop(number, None) is not None and self._line is not None:
                self._line.send({"id": number, "do": "unsubscribe"})

        return end

    def line_up(self, line: _Line) -> None:
        """Called by the connection."""
        self._line = line
        for question, _, _ in list(self._feeds.values()):
            line.send(self._with_session(question))
        if self.on_up is not None:
            self.on_up()

    def line_down(self, line: _Line | None) -> None:
        """Called by the connection, or by an attempt that failed."""
        had = line is not None and line is self._line
        if had:
            self._line = None
            self._fail_all()
        if not self._stopped and self._line is None and (self._again is None or not self._again.active()):
            self._again = self._reactor.callLater(self._retry, self.start)
        if had and self.on_down is not None:
            self.on_down()

    def heard(self, message: Any) -> None:
        """Called by the connection for each message."""
        if not isinstance(message, dict):
            raise Misheard("an answer is not an object", "应答不是对象")
        number = message.get("id")
        if number in self._feeds and "feed" in message:
            _, on_item, on_resync = self._feeds[number]
            if "item" in message:
                on_item(message["item"])
            elif on_resync is not None:
                on_resync(int(message.get("resync", 0)))
            return
        waiting = self._waiting.pop(number, None) if isinstance(number, int) else None
        if waiting is None:
            return
        try:
            result = result_of(message)
        except Refused as refused:
            waiting.errback(refused)
        else:
            waiting.callback(result)

    def _with_session(self, message: dict[str, Any]) -> dict[str, Any]:
        if "session" in message:
            return message
        token = self._session() if callable(self._session) else self._session
        return {**message, "session": token}

    def _gave_up(self, number: int, do: str) -> Any:
        self._waiting.pop(number, None)
        if do != "command":  # a question changes nothing, asked twice or not
            raise Refused(*LATE, code="unavailable")
        raise Refused(
            "the station did not answer in time; what was asked may still happen, look before asking again",
            "台站未及时应答;请求可能仍会执行,请先查看再重试",
            code="unavailable",
        )

    def _fail_all(self) -> None:
        waiting, self._waiting = self._waiting, {}
        for one in waiting.values():
            one.errback(Refused(*AWAY, code="unavailable"))
