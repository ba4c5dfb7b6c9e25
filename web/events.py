"""Live events to browsers: one subscription to the station shared by all, one bounded buffer a browser. Knows sessions only as tokens the station judges."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

from twisted.internet.interfaces import IPushProducer
from twisted.logger import Logger
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET
from zope.interface import implementer

from station.clock import Clock
from station.words import Refused

HEARTBEAT_S = 5.0
RECHECK_S = 10.0
MOST_CLIENTS = 2_000
MOST_LINES = 200
RING = 500


def frame(event: str, data: Any, id_: str = "") -> bytes:
    """One server-sent event."""
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = f"id: {id_}\n" if id_ else ""
    return f"{head}event: {event}\ndata: {body}\n\n".encode()


def position_of(last_id: str) -> int:
    """The journal position in a Last-Event-ID of ours (`<overview>-<position>`); -1 when it is none."""
    _, _, text = last_id.partition("-")
    return int(text) if text.isdigit() and len(text) < 16 else -1


@implementer(IPushProducer)
class Client:
    """One browser's stream: newest overview only while it does not read, at most 200 journal lines."""

    def __init__(self, request: Any, session: str, *, journal: bool) -> None:
        self.request, self.session, self.journal = request, session, journal
        self._paused = False
        self._overview = b""
        self._lines: deque[bytes] = deque()
        self._lost = False
        self.open = True

    def overview(self, data: bytes) -> None:
        """The newest state; an older one not yet sent is replaced."""
        self._overview = data
        self._flush()

    def line(self, data: bytes) -> None:
        """One record; beyond the bound the whole backlog is dropped and the browser told to load again."""
        if len(self._lines) >= MOST_LINES:
            self._lines.clear()
            self._lost = True
        self._lines.append(data)
        self._flush()

    def say(self, data: bytes) -> None:
        """A heart-beat or notice, only when the browser reads."""
        if self.open and not self._paused:
            self.request.write(data)

    def _flush(self) -> None:
        if self._paused or not self.open:
            return
        if self._lost:
            self._lost = False
            self.request.write(frame("resync", {}))
        while self._lines:
            self.request.write(self._lines.popleft())
        if self._overview:
            self.request.write(self._overview)
            self._overview = b""

    def pauseProducing(self) -> None:  # noqa: N802
        """The socket is full."""
        self._paused = True

    def resumeProducing(self) -> None:  # noqa: N802
        """The socket drained."""
        self._paused = False
        self._flush()

    def stopProducing(self) -> None:  # noqa: N802
        """The browser went away."""
        self.open = False

    def close(self, why: str) -> None:
        """End the stream, saying why."""
        if self.open:
            self.open = False
            self.request.write(frame("bye", {"why": why}))
            self.request.unregisterProducer()
            self.request.finish()


class Hub:
    """Holds the browsers and the shared subscriptions, which run on the session of one of them."""

    log = Logger()

    def __init__(self, clock: Clock, peer: Any) -> None:
        self._clock, self._peer = clock, peer
        self._clients: set[Client] = set()
        self._ends: list[Callable[[], None]] = []
        self._carrier = ""  # the session the subscriptions run on
        self._number = 0
        self._newest = b""
        self._ring: deque[tuple[int, bytes]] = deque(maxlen=RING)
        self._whole_since: int | None = None  # the ring has every record after this one, up to `_position`
        self._position = 0
        self._timers: list[Any] = []

    def start(self) -> None:
        """Begin heart-beats and checks of sessions."""
        self._timers = [
            self._clock.callLater(HEARTBEAT_S, self._beat),
            self._clock.callLater(RECHECK_S, self._recheck),
        ]

    def stop(self) -> None:
        """End every stream and timer."""
        for timer in self._timers:
            if timer.active():
                timer.cancel()
        self._timers = []
        for client in list(self._clients):
            self._drop(client, "stopping")

    def __len__(self) -> int:
        return len(self._clients)

    def add(self, client: Client, last_id: str) -> None:
        """Take a browser in: what it missed of the journal, then the newest state."""
        self._clients.add(client)
        client.request.notifyFinish().addBoth(lambda _: self._gone(client))
        if not self._carrier:
            self._subscribe(client.session)
        since = position_of(last_id)
        if client.journal and since >= 0:
            self._catch_up(client, since)
        if self._newest:
            client.overview(self._newest)

    def close(self, session: str, why: str = "logout") -> None:
        """End the streams of a session."""
        for client in [one for one in self._clients if one.session == session]:
            self._drop(client, why)

    def station_away(self) -> None:
        """Tell the browsers that the station does not answer: that is the newest state."""
        self._newest = b""
        self._forget()  # what is written until it answers again is not told
        for client in self._clients:
            client.overview(frame("away", {}))

    def _forget(self) -> None:
        self._ring.clear()
        self._whole_since = None

    def _catch_up(self, client: Client, since: int) -> None:
        if self._whole_since is None or not self._whole_since <= since <= self._position:
            client.say(frame("resync", {}))
            return
        for position, line in self._ring:
            if position > since:
                client.line(line)

    def _subscribe(self, session: str) -> None:
        self._unsubscribe()
        self._carrier = session
        since = {"since": self._position} if self._position else {}
        self._ends = [
            self._peer.subscribe("journal", self._on_journal, self._on_resync, session=session, **since),
            self._peer.subscribe("live", self._on_live, session=session),
        ]

    def _unsubscribe(self) -> None:
        self._carrier = ""
        for end in self._ends:
            end()
        self._ends = []

    def _on_live(self, item: dict[str, Any]) -> None:
        self._number += 1
        overview = item.get("overview", {})
        for alert in [*overview.get("sounding", ()), *overview.get("waiting", ())]:
            alert.pop("may_sign", None)  # differs by operator: each page asks for its own
        self._newest = frame("overview", overview, f"{self._number}-{self._position}")
        for client in self._clients:
            client.overview(self._newest)

    def _on_journal(self, item: dict[str, Any]) -> None:
        position = int(item.get("position", 0))
        if position <= self._position:
            return
        self._position = position
        line = frame("journal", item, f"{self._number}-{position}")
        if self._whole_since is None:
            self._whole_since = position - 1
        elif len(self._ring) == RING:
            self._whole_since = self._ring[0][0]
        self._ring.append((position, line))
        for client in self._clients:
            if client.journal:
                client.line(line)

    def _on_resync(self, position: int) -> None:
        self._forget()
        for client in self._clients:
            if client.journal:
                client.say(frame("resync", {"position": position}))

    def _beat(self) -> None:
        self._timers[0] = self._clock.callLater(HEARTBEAT_S, self._beat)
        for client in self._clients:
            client.say(b": beat\n\n")

    def _recheck(self) -> None:
        self._timers[1] = self._clock.callLater(RECHECK_S, self._recheck)
        for session in {client.session for client in self._clients}:
            asked = self._peer.ask("query", session=session, name="me", args={})
            asked.addCallbacks(lambda _: None, self._judge, errbackArgs=(session,))

    def _judge(self, failure: Any, session: str) -> None:
        failure.trap(Refused)
        if failure.value.code == "unknown":
            self.close(session, "session ended")

    def _drop(self, client: Client, why: str) -> None:
        client.close(why)
        self._gone(client)

    def _gone(self, client: Client) -> None:
        client.open = False
        self._clients.discard(client)
        if client.session == self._carrier and all(one.session != self._carrier for one in self._clients):
            self._unsubscribe()
            if self._clients:
                self._subscribe(next(iter(self._clients)).session)


class Hears(Protocol):
    """web.hubs.Hubs: takes browsers in by what their seats see."""

    def room(self, sight: tuple[str, ...]) -> bool: ...
    def add(self, client: Client, last_id: str, sight: tuple[str, ...]) -> None: ...


class EventsResource(Resource):
    """GET /events: checks the session with the station, then streams."""

    isLeaf = True  # noqa: N815

    def __init__(self, hub: Hears, peer: Any, session_of: Callable[[Any], str]) -> None:
        Resource.__init__(self)  # type: ignore[no-untyped-call]
        self._hub, self._peer, self._session_of = hub, peer, session_of

    def render_GET(self, request: Any) -> int:  # noqa: N802
        """Begin a stream, or say why not."""
        session = self._session_of(request)
        gone: list[bool] = []
        request.notifyFinish().addErrback(lambda _: gone.append(True))
        asked = self._peer.ask("query", session=session, name="me", args={})
        asked.addCallbacks(
            self._stream,
            self._deny,
            callbackArgs=(request, session, gone),
            errbackArgs=(request, gone),
        )
        return NOT_DONE_YET

    def _stream(self, seat: dict[str, Any], request: Any, session: str, gone: list[bool]) -> None:
        if gone:
            return
        sight = tuple(sorted(seat.get("areas") or ()))
        if not self._hub.room(sight):
            request.setResponseCode(503)
            request.finish()
            return
        request.setHeader("content-type", "text/event-stream; charset=utf-8")
        request.setHeader("cache-control", "no-store")
        request.setHeader("x-accel-buffering", "no")
        client = Client(request, session, journal=b"journal" in request.args)
        request.registerProducer(client, streaming=True)
        request.write(b"retry: 1000\n\n")
        last = request.getHeader("last-event-id") or ""
        self._hub.add(client, last, sight)

    def _deny(self, failure: Any, request: Any, gone: list[bool]) -> None:
        failure.trap(Refused)
        if gone:
            return
        request.setResponseCode(503 if failure.value.code == "unavailable" else 401)
        request.setHeader("content-type", "text/plain; charset=utf-8")
        request.write(f"{failure.value.text.en}\n{failure.value.text.zh}\n".encode())
        request.finish()
