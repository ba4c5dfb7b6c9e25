"""`gengfu station`: the controller. Builds everything, replays the journal, and wires followers to durable state. Knows every part; decides nothing itself."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure

from station import adoption, anchor, children, files, logs, seats, settings_file, settings_trial
from station.arguments import Parser
from station.building import Built, build
from station.clock import AnchorTime, install, monotonic_ns
from station.doors import open_doors
from station.keeping import NoteClock, RecordStart
from station.metrics import MISHAPS
from station.notify import Watchdog, handed_over
from station.settings import Ports
from station.settings_trial import RolledBack
from station.words import Event, Instant, Refused

RETRY_JOURNAL = 2.0
FAN_OUT_AT_LATEST = 0.2  # s after an alert, also where its start on the channel still has to be moved
CLOCK_EVERY = 5.0
SWITCH = 0.0005  # s: the journal's thread need not wait 5 ms for its turn


class Controller:
    """One running controller; `start` and `stop` from the reactor's thread."""

    log = Logger()

    def __init__(self, reactor: Any, built: Built, settings_hash: str, dog: Watchdog | None = None) -> None:
        self._reactor = reactor
        self._dog = dog or Watchdog(0)
        self._turns = 0
        self._built = built
        self._hash = settings_hash
        self._seen: tuple[Any, ...] = ()
        self._recovering: Any = None
        self._watching: Any = None
        self._fanning: Any = None

    def start(self) -> None:
        """Listen, connect, and begin to look after what falls due."""
        built = self._built
        built.hold_what_is_new()
        seats.hand_out(built.world.places.run, built.world.people.admit_peer)
        self._listen()
        built.world.fleet.start()
        for link in built.links.values():
            link.startService()
        built.desk.start()
        built.numbers.ask()
        built.desk.tell(RecordStart(version=_version(built), settings=self._hash), "start")
        self._watch_clock()
        self.look()
        built.world.plant.start()
        built.alarms.start()
        built.calls.start()
        built.copies.start()
        built.studios.start()
        built.office.start()
        built.fleet_follower.volumes()
        if built.ledger.spilled():
            built.desk.degraded = True
            self._recover()
        self._dog.begun("listening; players, terminals and witnesses are followed")

    def _watch_clock(self) -> None:
        note = anchor.read_note(self._built.world.places.anchor)
        if note is not None:
            wish = NoteClock(
                synchronised=note.synchronised, offset_us=note.offset_us, reanchor_wanted=note.reanchor_wanted
            )
            self._built.desk.tell(wish, f"clock:{note.at}").addCallback(lambda _: self._turned())
        else:
            self._turned()
        self._watching = self._reactor.callLater(CLOCK_EVERY, self._watch_clock)

    def _turned(self) -> None:
        """The loop turned and the desk answered. Where commands wait for the journal, its head must have moved as well."""
        desk = self._built.desk
        self._turns += 1
        self._dog.advanced((desk.position, 0 if desk.waiting else self._turns), monotonic_ns())

    def stop(self) -> None:
        """Let go of everything; players and terminals go on."""
        built = self._built
        self._dog.ending()
        if self._watching is not None and self._watching.active():
            self._watching.cancel()
        built.desk.stop()
        built.alarms.stop()
        built.air.stop()
        built.calls.stop()
        built.copies.stop()
        built.studios.stop()
        built.office.stop()
        built.world.plant.stop()
        built.feeds.stop()
        for link in built.links.values():
            link.stopService()
        built.world.fleet.stop()
        built.world.journal.close()
        built.world.people.close()

    def _listen(self) -> None:
        self._built.control(self._reactor)
        open_doors(self._reactor, self._built.doors(), handed_over())

    # -- durable state --------------------------------------------------------------------------

    def durable(self, events: Sequence[Event], at: Instant) -> None:
        """What became durable: the only moment at which followers act."""
        built = self._built
        for happened in events:
            built.world.note(happened, at)
            built.numbers.reserved(happened)
            built.heard(happened, at)
        try:
            self.look()
            built.fleet_follower.volumes()
        except Exception:  # noqa: BLE001 - a follower's bug must not stop the next alert
            MISHAPS.labels("followers").inc()
            self.log.failure("a follower failed")
        built.alarms.soon()
        built.tell_feeds(len(events))
        built.snapshots.look()
        if built.desk.degraded:
            self._recover()

    def look(self) -> None:
        """Bring players, terminals and voice to what state says, where state changed."""
        built = self._built
        states = built.desk.states
        built.world.plant.look(states["plant"])
        seen = (states["emergency"], states["playout"], states["hold"])
        if len(self._seen) == len(seen) and all(a is b for a, b in zip(seen, self._seen, strict=True)):
            return
        self._seen = seen
        built.air.look()
        built.speech.look()
        self._fan_out(FAN_OUT_AT_LATEST if built.air.moving else 0.0)
        built.note_sounded()

    def _fan_out(self, wait: float) -> None:
        """Thousands of frames take a tenth of a second and more to write: the players' orders go before them."""
        if self._fanning is not None and self._fanning.active():
            if wait:
                return
            self._fanning.cancel()
        self._fanning = self._reactor.callLater(wait, self._built.fleet_follower.look)

    # -- when the journal fails -----------------------------------------------------------------

    def fatal(self, failure: Failure) -> None:
        """A bug in the journal's way: end at once; the supervisor starts us again from the journal."""
        self.log.failure("the desk cannot go on", failure)
        self._reactor.callLater(0, os._exit, 70)

    def _recover(self) -> None:
        if self._recovering is None or not self._recovering.active():
            self._recovering = self._reactor.callLater(RETRY_JOURNAL, self._try_again)

    def _try_again(self) -> None:
        def still(failure: Failure) -> None:
            self.log.critical("the journal still cannot be written: {why}", why=failure.getErrorMessage())
            self._recover()

        self._built.ledger.bring_in(self._built.desk.recovered).addErrback(still)


def _version(built: Built) -> str:
    """What the journal says began here; a shadow station says what it is."""
    mark = " TRAINING 训练" if built.world.settings.station.training else ""
    return version("gengfu") + mark


def arguments(prog: str, argv: list[str]) -> argparse.Namespace:
    """The options every process of a station takes."""
    parser = Parser(
        prog=prog,
        description="one process of a station; gengfu run starts them all · 台站的一个进程,由 gengfu run 一并启动",
    )
    parser.add_argument("--settings", type=Path, required=True, help="station.toml · 设置文件")
    parser.add_argument("--state", default=None, help="state directory · 状态目录")
    parser.add_argument("--port", type=int, default=None, help="base port N · 端口基数")
    return parser.parse_args(argv)


def main(argv: list[str]) -> int:
    """Run the controller until SIGTERM."""
    options = arguments("gengfu station", argv)
    children.die_with_parent() if os.environ.get(children.PARENT) else None
    file = options.settings.resolve()
    back = settings_trial.begin(file)
    try:
        return _control(options, Watchdog.armed(), back)
    except Refused as refused:
        settings_trial.failed(file, refused)
        raise


def _control(options: argparse.Namespace, dog: Watchdog, back: RolledBack | None) -> int:
    settings = settings_file.load(options.settings)
    places = settings_file.places(options.settings, settings, options.state)
    if back is not None:
        adoption.leave_mark(places.run, back.before)  # panel and witnesses read the others
    children.flat_memory()
    reactor = install()
    sys.setswitchinterval(SWITCH)
    time = AnchorTime(places.anchor)
    logs.start("station", time.now)
    holder: list[Controller] = []

    def durable(events: Sequence[Event], at: Instant) -> None:
        holder[0].durable(events, at)

    built = build(
        reactor,
        settings,
        places,
        Ports(options.port or settings.station.port),
        time.now,
        options.settings.parent.resolve(),
        on_durable=durable,
        on_fatal=lambda failure: holder[0].fatal(failure),  # noqa: PLW0108
        file=options.settings.resolve(),
    )
    controller = Controller(reactor, built, files.hash_of(options.settings), dog)
    holder.append(controller)
    failed = _run(reactor, controller)
    if failed is not None:
        raise failed
    return 0


def _run(reactor: Any, controller: Controller) -> Refused | None:
    """Start when the reactor runs; a refusal at the start ends it with its sentence."""
    failed: list[Refused] = []

    def begin() -> None:
        try:
            controller.start()
        except Refused as refused:
            failed.append(refused)
            reactor.stop()

    reactor.callWhenRunning(begin)
    reactor.addSystemEventTrigger("before", "shutdown", controller.stop)
    reactor.run()
    return failed[0] if failed else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
