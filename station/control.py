"""The control socket: questions in, answers and feeds out (docs/control-protocol.md). Knows framing, bounds and peers' uids; what an answer is comes from the house it is given."""

from __future__ import annotations

import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from typing import Protocol as TypingProtocol

from twisted.internet import defer
from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from station.netstring import Unpacker, pack
from station.words import Misheard, Refused

MOST_BEHIND = 1_000  # items of a feed
MOST_BYTES = 1 << 20
MOST_OPEN = 256  # questions of one client at once
MOST_CLIENTS = 200
MOST_FEEDS = 512  # of one client: the panel has two for each choice of areas that is watched


class House(TypingProtocol):
    """What the socket needs of the station. Each answer is plain JSON or a Deferred of it; Refused is an answer too."""

    def answer(self, do: str, fields: dict[str, Any]) -> Any:
        """Anything but feeds."""
        ...

    def open_feed(self, feed: str, fields: dict[str, Any], tell: Callable[[Any], None]) -> Callable[[], None]:
        """Begin to tell; returns how to end it. Raises Refused."""
        ...

    def position(self) -> int:
        """Newest durable position, for `resync`."""
        ...

    def mishap(self, failure: Failure, do: str) -> None:
        """A bug in an answer, to be counted and logged."""
        ...


def peer_uid(transport: Any) -> int:
    """The uid at the other end of a UNIX socket (SO_PEERCRED)."""
    raw = transport.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", raw)[1])


def refusal(refused: Refused | Misheard) -> dict[str, Any]:
    """A refusal as it goes over the socket."""
    return {"ok": False, "code": refused.code, "text": {"en": refused.text.en, "zh": refused.text.zh}}


@implementer(IPushProducer)
class Client(Protocol):
    """One connection. Feeds queue while the client does not read; too far behind, it is told to resync."""

    log = Logger()
    transport: Any

    def __init__(self, factory: ControlFactory) -> None:
        self._factory = factory
        self._house = factory.house
        self._unpacker = Unpacker()
        self._open = 0
        self._feeds: dict[int, Callable[[], None]] = {}
        self._queue: deque[tuple[int, bytes]] = deque()
        self._queued = 0
        self._paused = False

    def connectionMade(self) -> None:  # noqa: N802
        if peer_uid(self.transport) not in self._factory.uids or len(self._factory.clients) >= MOST_CLIENTS:
            self.transport.abortConnection()
            return
        self._factory.clients.add(self)
        self.transport.registerProducer(self, streaming=True)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        try:
            for message in self._unpacker.feed(data):
                self._question(message)
        except Misheard as error:
            self.transport.write(pack({"id": None, **refusal(error)}))
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._factory.clients.discard(self)
        feeds, self._feeds = self._feeds, {}
        for end in feeds.values():
            end()
        self._queue.clear()

    # -- questions ------------------------------------------------------------------------------

    def _question(self, message: Any) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("id"), int):
            raise Misheard("a question needs a whole number as id", "请求须带整数 id")
        number, do = message.pop("id"), message.pop("do", None)
        if do == "unsubscribe":
            self._end_feed(number)
            return
        if do == "subscribe":
            self._subscribe(number, message)
            return
        if self._open >= MOST_OPEN:
            busy = Refused(
                "too many questions at once on one connection", "单个连接的并发请求过多", code="unavailable"
            )
            self._send({"id": number, **refusal(busy)})
            return
        self._open += 1
        asked = defer.maybeDeferred(self._house.answer, str(do), message)
        asked.addCallbacks(self._reply, self._failed, callbackArgs=(number,), errbackArgs=(number, str(do)))

    def _reply(self, result: Any, number: int) -> None:
        self._open -= 1
        self._send({"id": number, "ok": True, "result": result})

    def _failed(self, failure: Failure, number: int, do: str) -> None:
        self._open -= 1
        error = failure.value
        if not isinstance(error, (Refused, Misheard)):
            self._house.mishap(failure, do)
            error = Misheard(
                "the station could not answer this; it is in the log", "台站无法应答,已记入日志", code="bug"
            )
        self._send({"id": number, **refusal(error)})

    def _send(self, message: dict[str, Any]) -> None:
        if self.connected:
            self.transport.write(pack(message))

    # -- feeds ----------------------------------------------------------------------------------

    def _subscribe(self, number: int, fields: dict[str, Any]) -> None:
        feed = str(fields.pop("feed", ""))
        self._end_feed(number)
        try:
            if len(self._feeds) >= MOST_FEEDS:
                raise Refused("too many feeds on one connection", "单个连接的订阅过多")
            self._feeds[number] = self._house.open_feed(
                feed, fields, lambda item: self._tell(number, feed, item)
            )
        except Refused as refused:
            self._send({"id": number, **refusal(refused)})

    def _end_feed(self, number: int) -> None:
        end = self._feeds.pop(number, None)
        if end is not None:
            end()

    def _tell(self, number: int, feed: str, item: Any) -> None:
        data = pack({"id": number, "feed": feed, "item": item})
        if not self._paused:
            self.transport.write(data)
            return
        self._queue.append((number, data))
        self._queued += len(data)
        if len(self._queue) > MOST_BEHIND or self._queued > MOST_BYTES:
            self._cut(feed)

    def _cut(self, feed: str) -> None:
        behind = {number for number, _ in self._queue}
        self._queue.clear()
        self._queued = 0
        for number in sorted(behind):
            resync = pack({"id": number, "feed": feed, "resync": self._house.position()})
            self._queue.append((number, resync))
            self._queued += len(resync)

    def pauseProducing(self) -> None:  # noqa: N802
        """The client does not read."""
        self._paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        """The client reads again."""
        self._paused = False
        while self._queue and not self._paused:
            _, data = self._queue.popleft()
            self._queued -= len(data)
            self.transport.write(data)

    def stopProducing(self) -> None:  # noqa: N802
        """The connection is gone."""
        self._queue.clear()


class ControlFactory(Factory):
    """Serves the control socket; `uids` may connect."""

    noisy = False

    def __init__(self, house: House, uids: frozenset[int] | None = None) -> None:
        self.house = house
        self.uids = uids if uids is not None else frozenset({os.getuid()})
        self.clients: set[Client] = set()

    def buildProtocol(self, addr: Any) -> Client:  # noqa: N802
        return Client(self)


def listen(reactor: Any, path: Path, factory: ControlFactory) -> Any:
    """Listen on `path`, mode 0600; a socket left behind by a dead station is replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_socket() and not _answers(path):
        path.unlink()
    return reactor.listenUNIX(str(path), factory, mode=0o600)


def _answers(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(1)
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True
