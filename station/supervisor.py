"""Starts the processes of a station, restarts what ends, adopts players that outlived it. Knows no part and decides nothing about the air."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
from twisted.internet.defer import Deferred, inlineCallbacks, succeed
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.interfaces import IReadDescriptor
from twisted.internet.process import reapAllProcesses
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from station import children
from station.children import Alive
from station.metrics import counter

DELAYS = (0.0, 0.25, 0.5, 1.0, 2.0)  # s before the 1st, 2nd, … restart in a row; never longer than the last
STEADY = 10.0  # s; who ran this long starts again at once
GRACE = 5.0  # s from SIGTERM to SIGKILL
LOG_BYTES = 16 << 20  # a log longer than this is put aside at the next start

RESTARTS = counter("gengfu_restarts_total", "Restarts of a process by the supervisor", ("child",))


@attrs.frozen(kw_only=True)
class Child:
    """A process to be kept running. `keep`: it stands alone, outlives the supervisor, is adopted at its next start."""

    name: str
    argv: tuple[str, ...]
    env: Mapping[str, str] = attrs.field(factory=dict)  # on top of the supervisor's own
    log: Path
    keep: bool = False


@attrs.frozen(kw_only=True)
class Running:
    """How a child is."""

    name: str
    pid: int | None
    restarts: int
    adopted: bool


def delay(restarts_in_a_row: int) -> float:
    """Seconds until the next start, after so many restarts that did not hold."""
    return DELAYS[min(restarts_in_a_row, len(DELAYS) - 1)]


class _Ended(ProcessProtocol):
    def __init__(self, kept: _Kept) -> None:
        self._kept = kept

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        self._kept.ended(reason.getErrorMessage())


@implementer(IReadDescriptor)
class _Watch:
    """Tells at once when a process ends (pidfd), be it a child of ours or not, whoever handles SIGCHLD."""

    def __init__(self, pid: int, tell: Callable[[], None]) -> None:
        self._tell = tell
        self._handle = os.pidfd_open(pid)

    def fileno(self) -> int:
        return self._handle

    def logPrefix(self) -> str:  # noqa: N802
        return "supervisor"

    def doRead(self) -> None:  # noqa: N802
        self._tell()

    def connectionLost(self, reason: Failure) -> None:  # noqa: N802
        """The reactor stops."""

    def send(self, signum: int) -> None:
        signal.pidfd_send_signal(self._handle, signum)

    def close(self) -> None:
        os.close(self._handle)


class _Kept:
    """One child and what became of it."""

    log = Logger(namespace="station.supervisor")

    def __init__(self, child: Child, reactor: Any, run: Path) -> None:
        self.child, self._reactor = child, reactor
        self._pid_file = run / f"{child.name}.pid"
        self._transport: Any = None
        self._watch: _Watch | None = None
        self._again: Any = None
        self._killing: Any = None
        self._since = 0.0
        self._in_a_row = 0
        self._stopping = False
        self._gone: list[Deferred[None]] = []
        self.pid: int | None = None
        self.restarts = 0
        self.adopted = False

    def start(self) -> None:
        """Start it, or adopt it where it runs already."""
        self._again = None
        self._since = self._reactor.seconds()
        found = children.read_pid(self._pid_file) if self.child.keep else None
        if found is not None:
            self._adopt(found, adopted=True)
        else:
            how = ("detach", str(self._pid_file)) if self.child.keep else ("guard", str(os.getpid()))
            try:
                self._spawn(*how)
            except OSError as error:  # no process, no file handle: later there may be one
                self.ended(f"it could not be started: {error.strerror}")

    def _spawn(self, how: str, first: str) -> None:
        argv = [sys.executable, "-E", "-s", "-S", str(Path(children.__file__)), how, first, *self.child.argv]
        env = {**os.environ, **self.child.env}
        out, nothing = _log(self.child.log), os.open(os.devnull, os.O_RDONLY)
        try:
            fds = {0: nothing, 1: out, 2: out}
            self._transport = self._reactor.spawnProcess(_Ended(self), argv[0], argv, env, childFDs=fds)
        finally:
            os.close(out)
            os.close(nothing)
        self._reap_when_ended(self._transport.pid)
        if not self.child.keep:
            self.pid = self._transport.pid
            self.log.info("{name} runs as {pid}", name=self.child.name, pid=self.pid)

    def _adopt(self, found: Alive, *, adopted: bool) -> None:
        try:
            self._watch = _Watch(found.pid, self._adopted_ended)
        except ProcessLookupError:
            self.ended("it ended before it could be watched")
            return
        self.pid, self.adopted = found.pid, adopted
        self._reactor.addReader(self._watch)
        how = "was adopted as" if adopted else "runs as"
        self.log.info("{name} {how} {pid}", name=self.child.name, how=how, pid=self.pid)

    def _adopted_ended(self) -> None:
        self.unwatch()
        self.ended("it ended")

    def _reap_when_ended(self, pid: int) -> None:
        """Where the reactor runs without signal handlers nobody else would reap our children."""

        def reap() -> None:
            self._reactor.removeReader(watch)
            watch.close()
            reapAllProcesses()

        watch = _Watch(pid, reap)
        self._reactor.addReader(watch)

    def ended(self, why: str) -> None:
        """The process of ours ended: it, or the starter of one that stands alone."""
        self._transport = None
        self._spare()
        if self.child.keep and self.pid is None:
            found = children.read_pid(self._pid_file)
            if found is not None:
                self._adopt(found, adopted=False)
                self._tell_gone_if_stopping()
                return
        self.pid = None
        if self._stopping:
            gone, self._gone = self._gone, []
            for waiting in gone:
                waiting.callback(None)
            return
        self._restart(why)

    def _tell_gone_if_stopping(self) -> None:
        if self._stopping and self._gone:
            self._end()

    def _restart(self, why: str) -> None:
        if self._reactor.seconds() - self._since >= STEADY:
            self._in_a_row = 0
        wait = delay(self._in_a_row)
        self._in_a_row += 1
        self.restarts += 1
        RESTARTS.labels(self.child.name).inc()
        self.log.warn(
            "{name} ended ({why}); it starts again in {wait} s", name=self.child.name, why=why, wait=wait
        )
        self._again = self._reactor.callLater(wait, self.start)

    def _spare(self) -> None:
        """What was to be killed is gone: its number may be another's soon."""
        if self._killing is not None and self._killing.active():
            self._killing.cancel()
        self._killing = None

    def unwatch(self) -> None:
        """Look no longer at a process that stands alone."""
        if self._watch is not None:
            self._reactor.removeReader(self._watch)
            self._watch.close()
            self._watch = None

    def let_go(self) -> None:
        """Leave it running, for the next supervisor."""
        self._stopping = True
        self._cancel()
        self.unwatch()

    def stop(self) -> Deferred[None]:
        """End it; fires when it is gone."""
        self._stopping = True
        self._cancel()
        if self.pid is None and self._transport is None:
            return succeed(None)
        gone: Deferred[None] = Deferred()
        self._gone.append(gone)
        self._end()
        return gone

    def renew(self) -> None:
        """End it; it starts again as it does whenever it ends."""
        if self.pid is not None and self._killing is None:
            self._end()

    def _end(self) -> None:
        """SIGTERM, and SIGKILL where that is not obeyed in time."""
        self._send(signal.SIGTERM)
        if self._killing is None:
            self._killing = self._reactor.callLater(GRACE, self._send, signal.SIGKILL)

    def _cancel(self) -> None:
        if self._again is not None and self._again.active():
            self._again.cancel()
        self._again = None

    def _send(self, signum: int) -> None:
        try:
            if self._watch is not None:
                self._watch.send(signum)
            elif self._transport is not None and self.pid is not None:
                self._transport.signalProcess(signum)
        except (ProcessLookupError, ProcessExitedAlready):
            return  # it ended by itself; `ended` is on its way


class Supervisor:
    """Keeps children running, in the order given; stops them in reverse."""

    def __init__(self, reactor: Any, children: Sequence[Child], run: Path) -> None:
        """`run` is the directory of the pid files."""
        run.mkdir(parents=True, exist_ok=True)
        self.run = run
        self._kept = [_Kept(child, reactor, run) for child in children]

    def start(self) -> None:
        """Start or adopt all of them."""
        for kept in self._kept:
            kept.start()

    @inlineCallbacks
    def stop(self, *, all: bool = False) -> Any:  # noqa: A002 - the word of the design
        """End them in reverse order; those that stand alone play on unless `all`. Fires when they are gone."""
        for kept in reversed(self._kept):
            if kept.child.keep and not all:
                kept.let_go()
            else:
                yield kept.stop()

    def renew(self, beginnings: tuple[str, ...]) -> None:
        """Let those whose names begin so end and start again; never one that stands alone."""
        for kept in self._kept:
            if kept.child.name.startswith(beginnings) and not kept.child.keep:
                kept.renew()

    def running(self) -> list[Running]:
        """How each child is."""
        return [
            Running(name=k.child.name, pid=k.pid, restarts=k.restarts, adopted=k.adopted) for k in self._kept
        ]


def _log(path: Path) -> int:
    """A log to append to; one that has grown too long is put aside first. No log is no reason not to play."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_name(path.name + ".1"))
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)
    except OSError as error:
        _Kept.log.error("{path} cannot be written: {why}", path=str(path), why=error.strerror)
        return os.open(os.devnull, os.O_WRONLY)
