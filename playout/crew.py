"""The children of a player: started, watched, replaced. Knows pids and sockets; knows nothing of audio."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playout.processes import fork, pair
from playout.rings import Words

_SETTLED: Final = 1_000_000_000  # ns; a child that lived longer is replaced at once
_PAUSE: Final = 400_000_000  # ns before the next attempt otherwise
HUNG: Final = 1_000_000_000  # ns without a beat after which a child is taken for hung
ON_DISK: Final = 20_000_000_000  # the same for one that waits for a disk and whose work goes to nobody's air

GREEDY: Final = 1 << 30  # bytes of its own beyond which a child is taken to leak
_WEIGHED: Final = 5_000_000_000  # ns between two looks at what they hold

Work = Callable[[socket.socket], None]


class Child:
    """One role: a process that does `work` with its end of a socket pair; `end` is ours. Replaced when it dies.

    With a `pulse` (one shared word) the work writes the time (ns of CLOCK_MONOTONIC) there again and again; it is
    killed when it has not for `patience` ns.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        renewed: Callable[[Child], None],
        pulse: Words | None = None,
        patience: int = HUNG,
        keep: tuple[int, ...] = (),
    ) -> None:
        """`keep`: descriptors that stay open in it."""
        self.name = name
        self.pid = 0
        self.end: socket.socket | None = None
        self.restarts = -1
        self.cause = ""  # of its last end
        self._work = work
        self._renewed = renewed
        self._pulse, self._patience, self._keep = pulse, patience, keep
        self._since = 0
        self._blame = ""
        self._again: int | None = 0  # when to start; None while it runs

    def start_if_due(self, now: int) -> bool:
        """Start it where it does not run and its time has come (ns)."""
        if self._again is None or now < self._again:
            return False
        ours, theirs = pair()
        ours.setblocking(False)  # noqa: FBT003
        self.end, self._again, self._since = ours, None, now
        self.restarts += 1
        self.pid = fork(lambda: self._work(theirs), (theirs.fileno(), *self._keep))
        theirs.close()
        self._renewed(self)
        return True

    def died(self, now: int, status: int) -> None:
        """It was reaped with `status` (of waitpid): plan its successor."""
        assert self.end is not None
        self.end.close()
        self.cause = f"{self._blame or said(status)} after {(now - self._since) // 1_000_000} ms"
        self._blame = ""
        self.pid, self.end = 0, None
        self._again = now if now - self._since > _SETTLED else now + _PAUSE

    def hung(self, now: int, excused: int) -> bool:
        """Whether it shows no life; nobody is asked for any before `excused`."""
        if self._pulse is None or not self.pid:
            return False
        return now - max(int(self._pulse[0]), self._since, excused) > self._patience

    def greedy(self, most: int) -> bool:
        """Whether it holds more than `most` bytes of its own: what it shares with others (rings, media in memory) is not its own."""
        return bool(self.pid) and own_bytes(self.pid) > most

    def kill(self, blame: str = "") -> None:
        """End it; it is reaped and replaced as any that died. `blame`: why, for the log."""
        if self.pid:
            self._blame = blame
            os.kill(self.pid, signal.SIGKILL)


def own_bytes(pid: int) -> int:
    """Memory that a process holds for itself alone; 0 where there is no such process any more."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * os.sysconf("SC_PAGE_SIZE")


def said(status: int) -> str:
    """How a process ended, from its status of waitpid."""
    code = os.waitstatus_to_exitcode(status)
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


class Crew:
    """All children of one player. `parted` gets the end of one that died, with its last words still in it."""

    def __init__(self, parted: Callable[[socket.socket], None], most: int = GREEDY) -> None:
        """`most`: bytes of its own that a child may hold."""
        self.children: list[Child] = []
        self._parted, self._most = parted, most
        self._weighed = 0
        self._tended: int | None = None
        self._excused = 0

    def add(self, child: Child) -> Child:
        """Take a child in; it is started at the next `tend`."""
        self.children.append(child)
        return child

    def tend(self, now: int) -> list[Child]:
        """Reap and replace, and end what hangs or leaks; what was reaped."""
        self._end_hung(now)
        self._end_greedy(now)
        lost: list[Child] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                break
            if not pid:
                break
            lost += self._reaped([child for child in self.children if child.pid == pid], status, now)
        for child in self.children:
            child.start_if_due(now)
        return lost

    def _reaped(self, lost: list[Child], status: int, now: int) -> list[Child]:
        for child in lost:
            if child.end is not None:
                self._parted(child.end)
            child.died(now, status)
        return lost

    def _end_hung(self, now: int) -> None:
        if self._tended is not None and now - self._tended > HUNG // 2:
            self._excused = now  # we were held up ourselves: so may they have been
        self._tended = now
        for child in self.children:
            if child.hung(now, self._excused):
                child.kill("no sign of life")

    def _end_greedy(self, now: int) -> None:
        if now - self._weighed < _WEIGHED:
            return
        self._weighed = now
        for child in self.children:
            if child.greedy(self._most):
                child.kill(f"more than {self._most >> 20} MiB of memory")

    def end(self) -> None:
        """Kill and reap all of them."""
        for child in self.children:
            pid = child.pid
            child.kill()
            if pid:
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(pid, 0)
            child.pid = 0
