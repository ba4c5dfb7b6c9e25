"""`gengfu panel`: the process of the glass. Puts site, events and pages together; may nothing by itself and decides nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread, deferToThreadPool
from twisted.logger import Logger
from twisted.python.threadpool import ThreadPool
from twisted.web.wsgi import WSGIResource

from station import children, starts
from station.arguments import Parser
from station.clock import AnchorTime, Clock, install, monotonic_ns
from station.doors import Door, open_doors
from station.logs import start as start_log
from station.notify import Watchdog, handed_over
from station.peer import Peer
from station.settings import Places, Ports, Settings
from station.settings_file import load
from station.words import Refused
from web.api import Bridge
from web.events import EventsResource
from web.guard import LogIns
from web.hubs import Hubs
from web.link import StationLink
from web.pages import make_app
from web.site import Assets, Glazed, Health, Root, Sessions, Watched, hls_file, speech_file, static_version

THREADS = 16
PROBE = 2.0  # s between two pages asked of ourselves
LOCAL = frozenset({"localhost"})


class ClockedLimiter:
    """The log-in limiter on the reactor's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._limiter = clock, LogIns()

    def wait(self, address: str, operator: str) -> int:
        """Seconds until the account may be tried again from the address."""
        return self._limiter.wait(address, operator, self._clock.seconds())

    def failed(self, address: str, operator: str) -> None:
        """Count a failure."""
        self._limiter.failed(address, operator, self._clock.seconds())

    def passed(self, address: str, operator: str) -> None:
        """Forget the failures of an account at the address."""
        self._limiter.passed(address, operator)


@attrs.define
class Panel:
    """One panel on a reactor: `start` listens, `stop` lets go of everything."""

    reactor: Any
    settings: Settings
    places: Places
    port: int
    dog: Watchdog = attrs.field(factory=lambda: Watchdog(0))
    _pages: int = attrs.field(default=0, init=False)
    _flask: Any = attrs.field(default=None, init=False)
    _probing: Any = attrs.field(default=None, init=False)
    _pool: ThreadPool = attrs.field(init=False)
    _peer: Peer = attrs.field(init=False)
    _hub: Hubs = attrs.field(init=False)

    def start(self) -> None:
        """Connect to the station and listen; Refused when the port is taken."""
        self._peer = Peer(self.reactor, self.places.control)
        self._hub = Hubs(self.reactor, self._peer)
        self._peer.on_down = self._hub.station_away
        self._pool = ThreadPool(minthreads=2, maxthreads=THREADS, name="panel")
        self._listen(self._site())
        self._pool.start()
        self._peer.start()
        self._hub.start()
        self._probe()
        self.reactor.addSystemEventTrigger("before", "shutdown", self.stop)

    def _probe(self) -> None:
        """Ask ourselves for a page, the way browsers' questions go: a pool whose threads all hang answers none."""
        asked = deferToThreadPool(self.reactor, self._pool, self._page)
        asked.addCallback(self._answered)

    def _page(self) -> int:
        return int(self._flask.test_client().get("/login", headers={"host": "localhost"}).status_code)

    def _answered(self, status: int) -> None:
        if status < 500:
            self._pages += 1
            self.dog.begun(f"http://{self.settings.panel.host}:{self.port}/")
            self.dog.advanced(self._pages, monotonic_ns())
        self._probing = self.reactor.callLater(PROBE, self._probe)

    def stop(self) -> Deferred[Any]:
        """End streams, threads and the line to the station; fires when the last page begun is answered.

        A page waits in its thread for what the reactor asks the station: a reactor that waited for the threads would
        wait for ever.
        """
        self.dog.ending()
        if self._probing is not None and self._probing.active():
            self._probing.cancel()
        self._hub.stop()
        self._peer.stop()
        return deferToThread(self._pool.stop)

    def _site(self) -> Glazed:
        cookie, version = f"gengfu_{self.port}", static_version()
        sessions = Sessions(self.reactor, self._peer)

        def token(request: Any) -> str:
            found = request.getCookie(cookie.encode()) or b""
            kind, _, bearer = (request.getHeader("authorization") or "").partition(" ")
            return bearer.strip() if kind.lower() == "bearer" else found.decode("ascii", "replace")

        def closed(session: str) -> None:
            self.reactor.callFromThread(sessions.forget, session)
            self.reactor.callFromThread(self._hub.close, session)

        here = Bridge(
            station=StationLink(self.reactor, self._peer),
            cookie=cookie,
            closed=closed,
            limiter=ClockedLimiter(self.reactor),
        )
        hosts = LOCAL | {
            one.lower() for one in (self.settings.panel.host, *self.settings.panel.allowed_hosts)
        }
        flask = self._flask = make_app(self.settings, here, hosts, version, self.places)
        wsgi: Any = WSGIResource
        root: Any = Root(wsgi(self.reactor, self._pool, flask), hosts)
        root.putChild(b"static", Assets(version))
        root.putChild(b"events", EventsResource(self._hub, self._peer, token))
        root.putChild(b"healthz", Health(self._peer))
        root.putChild(b"hls", Watched(sessions, token, hls_file(self.places)))
        root.putChild(b"speech", Watched(sessions, token, speech_file(self.places)))
        self.places.logs.mkdir(parents=True, exist_ok=True)
        time = AnchorTime(self.places.anchor)
        return Glazed(root, self.places.logs / "panel-access.log", time.now)

    def _listen(self, site: Glazed) -> None:
        open_doors(self.reactor, [Door("panel", self.port, site, self.settings.panel.host)], handed_over())


def parse(argv: list[str]) -> argparse.Namespace:
    """The arguments of `gengfu panel`."""
    parser = Parser(prog="gengfu panel", description="the web panel · 网页面板")
    parser.add_argument("--settings", type=Path, required=True, help="station.toml · 设置文件")
    parser.add_argument("--state", type=Path, help="state directory · 状态目录")
    parser.add_argument("--port", type=int, help="base port N of the station · 台站端口基数 N")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the panel until it is told to stop; 0 then, 1 when it could not start, 2 wrong use."""
    with starts.counted("panel", argv) as holds:
        return _run(argv, holds)


def _run(argv: list[str], holds: Callable[[Any], None]) -> int:
    options, dog = parse(argv), Watchdog.armed()
    children.die_with_parent()
    children.flat_memory()
    settings = load(options.settings)
    if settings.panel.certificate:
        raise Refused(
            "the panel speaks HTTP only: put a TLS proxy before it and leave panel.certificate empty",
            "面板只提供 HTTP:请在其前放置 TLS 代理,并将 panel.certificate 留空",
        )
    state = options.state or options.settings.parent / settings.station.state
    reactor = install()
    places = Places(state)
    start_log("panel", AnchorTime(places.anchor).now)
    panel = Panel(reactor, settings, places, Ports(options.port or settings.station.port).panel, dog)
    panel.start()
    Logger().info("panel at http://{host}:{port}/", host=settings.panel.host, port=panel.port)
    holds(reactor)
    reactor.run()
    return 0
