"""`gengfu witness CHANNEL`: the process that listens to one channel. Composition only: reactor, socket, files, the station's feed; what it all means is judged elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
from twisted.internet.threads import deferToThreadPool
from twisted.logger import Logger

from safety.evidence import Evidence
from safety.hearing import Ears
from safety.library import Library
from safety.logbook import DueFile, RunLog, version_from
from safety.points import point_of
from safety.recognise import Indexer, Recogniser
from safety.relay_ear import RelayEar, WithRelays
from safety.reporting import Outbox
from safety.returns import ReturnPath
from safety.ring import Ring
from safety.shelf import Shelf
from safety.television import Delivery, SoundLog, SoundOutbox, Television
from safety.watch import Watch, limits_of
from schedules.plan import Plan
from station import children, clock, logs, settings_file, starts
from station.arguments import Parser
from station.files import hash_of
from station.listened import is_stream, listened, port_of, section_of
from station.notify import Watchdog
from station.oserrors import os_zh
from station.peer import Peer
from station.relay_ports import references
from station.settings import Places, Ports, Settings
from station.words import (
    SAMPLE_RATE,
    ChannelId,
    Instant,
    Misheard,
    Refused,
    SampleIndex,
    Sha256,
    sample_at,
)

LISTEN: Final = 0.05
LOOK: Final = 0.25
REPORT: Final = 1.0
CHECK: Final = 0.2
INDEX: Final = 3.0
KEEP: Final = 1.0
_SETTLED: Final = SAMPLE_RATE // 10  # the station tells what is due this long after it decided, at the latest
_AGAIN: Final = 5.0  # seconds until a medium that was missing or wrong is looked at again

log = Logger()


@attrs.frozen(kw_only=True)
class Options:
    """What the command line said."""

    channel: ChannelId
    settings: Settings
    places: Places
    ports: Ports
    base: Path = Path()  # where the settings file lies

    @property
    def real_return(self) -> bool:
        """Whether a real return path is listened to; an alert stream's is always the player's own output."""
        return self.settings.safety.real_return and not is_stream(self.settings, self.channel)

    @property
    def chain(self) -> str:
        """The chain whose player sends it."""
        own = (one.chain for one in self.settings.channels if one.id == self.channel)
        return next(own, self.settings.alerts.chain)

    @property
    def number(self) -> int:
        """A programme channel's place in the settings, from 0."""
        return [section.id for section in self.settings.channels].index(self.channel)


def options_of(argv: list[str]) -> Options:
    """The command line understood. Raises Refused, SystemExit(2)."""
    parser = Parser(
        prog="gengfu witness",
        description="Listen to one channel or alert stream and judge what is heard · 监听一个频道或预警流并判定播出状态",
    )
    parser.add_argument(
        "channel",
        help="channel id of the settings, or an alert stream (alerts-1) · 设置文件中的频道,或预警流(alerts-1)",
    )
    parser.add_argument("--settings", type=Path, required=True, help="station.toml")
    parser.add_argument("--state", type=Path, help="state directory · 状态目录")
    parser.add_argument("--port", type=int, help="base port N · 起始端口")
    given = parser.parse_args(argv)
    settings = settings_file.load(given.settings)
    channel = ChannelId(given.channel)
    known = [section.id for section in listened(settings)]
    if channel not in known:
        names = ", ".join(known)
        raise Refused(
            f"there is no channel {channel}; the settings have {names}",
            f"没有频道 {channel},设置中有 {names}",
        )
    state = given.state or given.settings.parent / settings.station.state
    return Options(
        channel=channel,
        settings=settings,
        places=Places(state.resolve()),
        ports=Ports(given.port or settings.station.port),
        base=given.settings.resolve().parent,
    )


class Process:
    """Everything of one witness, wired together."""

    def __init__(self, reactor: Any, options: Options, dog: Watchdog | None = None) -> None:
        """Open files and the port. Raises Refused."""
        self._reactor, self._options, self._dog = reactor, options, dog or Watchdog(0)
        safety = options.settings.safety
        home = options.places.witness / options.channel
        self._time = clock.AnchorTime(options.places.anchor)
        self._ears = _ears(options, self.now)
        self._shelf, self._relays, known = _known(options)
        self._peer = Peer(reactor, options.places.control, self._token)
        self._point = point_of(options.settings, options.channel)
        self._outbox = Outbox(self._peer, options.channel, self._point, real_return=options.real_return)
        _make(home / "features", home / "evidence")
        self._library = Library(home / "features")
        self._indexer = Indexer(reactor, self._library, options.places.medium)
        ring = Ring()
        self._evidence = Evidence(home / "evidence", ring)
        runs = RunLog(home / "runs.jsonl")
        self._tv = _television(reactor, options, home, self.now)
        delivery = None if self._tv is None else Delivery(runs, self._outbox, self._evidence.settled)
        self.watch = Watch(
            ear=self._ears,
            shelf=known,
            outbox=self._outbox if delivery is None else SoundOutbox(delivery),
            log=runs if delivery is None else SoundLog(delivery),
            due_file=DueFile(home / "due.json"),
            limits=limits_of(safety),
            now=self.now,
            lookup=lambda watch: Recogniser(watch.ring, self._library, self._shelf),
            on_settled=self._evidence.settled if delivery is None else None,
            ring=ring,
            returns=ReturnPath(known) if options.real_return else None,
            looked_at=self._indexer.looked_at,
        )
        if self._tv is not None and delivery is not None:
            self._tv.watched(self.watch, limits_of(safety), delivery)
        self._told_plan: Plan | None = None  # of the last item of the feed
        self._unfollow: Callable[[], None] = lambda: None
        self._not_before: dict[Sha256, float] = {}
        self._checking = False
        self._calls: dict[str, Any] = {}

    def now(self) -> int:
        """The sample on air."""
        return sample_at(self._time.now())

    def _token(self) -> str:
        try:
            return (self._options.places.run / "peer.token").read_text(encoding="ascii").strip()
        except OSError:
            return ""

    def start(self) -> None:
        """Begin to listen, to judge, to report."""
        self._peer.on_up = self._up
        self._peer.on_down = self._down
        self._follow()
        self._peer.start()
        for name, seconds, call in (
            ("relays", LISTEN, lambda: self._relays.drain(self.now())),
            ("listen", LISTEN, self.watch.listen),
            ("look", LOOK, self._look),
            ("report", REPORT, self._report),
            ("check", CHECK, self._check),
            ("keep", KEEP, self._keep),
            ("index", INDEX, lambda: self._indexer.want(self.watch.media_known())),
        ):
            self._every(name, seconds, call)
        if self._tv is not None:
            self._tv.start()
            self._every("picture", LOOK, self._tv.look)
            self._every("grids", INDEX, self._tv.index)
        log.info(
            "listening to {channel} at {point}, {kind}",
            channel=self._options.channel,
            point=self._point,
            kind="a real return path" if self._options.real_return else "the player's own output",
        )

    def _follow(self) -> None:
        """Follow what is due, from now on and anew: where something was lost on the way, all of it is told again."""
        self._unfollow()
        self._told_plan = None
        self._unfollow = self._peer.subscribe(
            "due", self._due, lambda _position: self._follow(), channel=self._options.channel
        )

    def _every(self, name: str, seconds: float, call: Any) -> None:
        def again() -> None:
            call()
            self._calls[name] = self._reactor.callLater(seconds, again)

        self._calls[name] = self._reactor.callLater(seconds, again)

    def _look(self) -> None:
        """Judge; a witness that settles no more slots is not alive, whatever its loop does."""
        before = self.watch.next
        self.watch.look()
        if self.watch.next > before:
            self._dog.begun(f"listening to {self._options.channel}")
        self._dog.advanced(self.watch.next, clock.monotonic_ns())

    def stop(self) -> None:
        """Write down what is left and close."""
        self._dog.ending()
        for call in self._calls.values():
            if call.active():
                call.cancel()
        self.watch.stop()
        if self._tv is not None:
            self._tv.stop()
        self._indexer.stop()
        self._peer.stop()
        self._ears.close()
        self._relays.close()
        self._shelf.close()

    def _up(self) -> None:
        self.watch.link.up = True

    def _down(self) -> None:
        self.watch.link.up, self.watch.link.down_since = False, self.now()

    def _report(self) -> None:
        differed = self.watch.ring.differed
        self._outbox.differed = None if differed is None else SampleIndex(differed)
        self.watch.report()
        self._peer.ask("health").addCallbacks(self._well, lambda failure: failure.trap(Refused))

    def _well(self, said: Any) -> None:
        """The due feed comes down the same line: what was decided before this answer has been read."""
        self.watch.link.told_until = max(
            self.watch.link.told_until, sample_at(Instant(int(said["at"]))) - _SETTLED
        )

    def _due(self, item: Any) -> None:
        try:
            version = version_from(item, self.now(), self._told_plan)
        except Misheard as error:
            log.error("{why}", why=error.text.en)
            if self._told_plan is not None:  # whole items may follow those that go on from others
                self._follow()
            return
        self._told_plan = None if version is None else version.plan
        if version is not None:
            self.watch.told(version)

    def _keep(self) -> None:
        """Write the next evidence clip, in a thread."""
        write = self._evidence.ready(self.now() - SAMPLE_RATE)
        if write is not None:
            deferToThreadPool(self._reactor, self._reactor.getThreadPool(), write)

    def _check(self) -> None:
        """Verify the next medium's checksum, one at a time, in a thread."""
        now = self._reactor.seconds()
        wanted = [s for s in self.watch.wanted_media() if self._not_before.get(s, 0.0) <= now]
        if self._checking or not wanted:
            return
        self._checking = True
        path = self._options.places.medium(wanted[0])
        done = deferToThreadPool(self._reactor, self._reactor.getThreadPool(), _checked, path)
        done.addCallback(self._checked, wanted[0])

    def _checked(self, found: str, wanted: Sha256) -> None:
        self._checking = False
        self._not_before = {s: t for s, t in self._not_before.items() if t > self._reactor.seconds()}
        if found == wanted:
            self._shelf.verified(wanted)
            self._reactor.callLater(0, self._check)
            return
        self._not_before[wanted] = self._reactor.seconds() + _AGAIN
        log.info(
            "medium {sha256} is {what}", sha256=wanted, what="missing" if not found else "not what it was"
        )


def _checked(path: Path) -> str:
    try:
        return hash_of(path)
    except OSError:
        return ""


def _television(reactor: Any, options: Options, home: Path, now: Any) -> Television | None:
    """The picture's side, where the channel has a picture."""
    section = section_of(options.settings, options.channel)
    if not section.raster:
        return None
    grids = home / "grids"
    _make(grids)
    port = options.ports.witness_ts(options.number)
    return Television(
        reactor, options.settings, section, options.places, base=options.base, port=port, home=grids, now=now
    )


def _known(options: Options) -> tuple[Shelf, RelayEar, WithRelays]:
    """Approved media, what comes of relays, and both together."""
    shelf = Shelf(options.places.medium)
    try:
        relays = RelayEar(references(options.settings, options.ports, options.chain))
    except OSError as error:
        log.warn("what comes of relays cannot be heard: {error}", error=error.strerror)
        relays = RelayEar({})
    return shelf, relays, WithRelays(shelf, relays.came)


def _ears(options: Options, now: Any) -> Ears:
    port = port_of(options.settings, options.ports, options.channel)
    host = "" if options.real_return else "127.0.0.1"
    try:
        return Ears(host, port, now)
    except OSError as error:
        raise Refused(
            f"UDP port {port} cannot be opened: {error.strerror}",
            f"无法打开 UDP 端口 {port}:{os_zh(error)}",
        ) from None


def _make(*homes: Path) -> None:
    for home in homes:
        try:
            home.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Refused(
                f"{home} cannot be written: {error.strerror}", f"无法写入 {home}:{os_zh(error)}"
            ) from None


def main(argv: list[str]) -> int:
    """Run until told to stop; 0."""
    with starts.counted(_called(argv), argv) as holds:
        return _run(argv, holds)


def _called(argv: list[str]) -> str:
    """The name of this process among those that are counted; without a channel in its place it has none of its own."""
    first = "".join(argv[:1])
    return f"witness-{first}" if first.replace("-", "").isalnum() and first[0] != "-" else "witness"


def _run(argv: list[str], holds: Callable[[Any], None]) -> int:
    options, dog = options_of(argv), Watchdog.armed()
    if os.environ.get(children.PARENT):
        children.die_with_parent()
    children.flat_memory()
    reactor = clock.install("epoll")
    logs.start(f"witness-{options.channel}", clock.AnchorTime(options.places.anchor).now)
    process = Process(reactor, options, dog)
    process.start()
    reactor.addSystemEventTrigger("before", "shutdown", process.stop)
    holds(reactor)
    reactor.run()
    return 0
