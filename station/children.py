"""What a process does to itself: die with its parent, run in real time, or stand alone. Standard library only, so that it starts fast; knows no part."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

PARENT = "GENGFU_PARENT"  # environment: pid of whoever started this process
_PR_SET_PDEATHSIG = 1
_MCL_CURRENT, _MCL_FUTURE = 1, 2
_NAMES = 10**9  # of numbers that nobody else writes out
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8  # malloc.h of glibc
_libc = ctypes.CDLL(None, use_errno=True)


class Realtime(NamedTuple):
    """What was obtained."""

    fifo: bool  # SCHED_FIFO on the calling thread
    mlock: bool  # all memory, now and later


class Alive(NamedTuple):
    """A process that cannot be mistaken for a later one with the same number."""

    pid: int
    start: int  # clock ticks since boot, field 22 of /proc/<pid>/stat


def die_with_parent(parent: int | None = None) -> None:
    """Have this process killed when its parent ends; ends it at once when the parent is gone already.

    `parent` is the parent's pid; by default what it left in the environment (taken out, so that it is not
    handed on to children of ours). The kernel looks at the *thread* that forked, so a parent must fork from a
    thread that lives as long as it does.
    """
    left = int(os.environ.pop(PARENT, "0"))
    expected = parent or left or os.getppid()
    if _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != expected:
        os._exit(1)


def flat_memory() -> None:
    """Have memory stay what it is at the start of a process that lives long.

    Large blocks are given back when freed: by default glibc raises its limit for them to 32 MiB as it goes and keeps a
    heap for each thread, so that a process which makes arrays for months spreads over ever more memory. No effect where
    the C library is another one. And Python's table of names is as large as it will ever be (`_settle_names`).
    """
    mallopt = getattr(_libc, "mallopt", None)
    if mallopt is not None:
        for option, value in (
            (_M_ARENA_MAX, 1),
            (_M_MMAP_THRESHOLD, 256 << 10),
            (_M_TRIM_THRESHOLD, 1 << 20),
        ):
            mallopt(option, value)
    _settle_names()


def _settle_names() -> None:
    """Have Python's table of names laid out as large as it will ever be.

    CPython 3.11 keeps the names that occur in a table which only counts up: a name that came and went (each failure
    that PyAV reports makes some) has used an entry, and when the entries are used the table is laid out anew, of three
    times the names there are: 0.5 to 1 MB more, once, minutes or hours after the start. Afterwards it is laid out anew
    in the same size again and again. So many names that come and go are enough for the first time.
    """
    _pass_by(30_000)


def own_names() -> None:
    """In a forked child: the pages of that table which names to come will be written to are its own from now on."""
    _pass_by(600)  # each is noted on one of 64 pages or fewer, by chance


def _pass_by(count: int) -> None:
    deque(map(sys.intern, map(str, range(_NAMES, _NAMES + count))), maxlen=0)


def realtime(priority: int = 50, *, lock: bool = True) -> Realtime:
    """SCHED_FIFO (with RESET_ON_FORK) for the calling thread, and memory locked, if it is to be, where its limit is none.

    To lock a player's memory takes a tenth of a second of a core. That is done at the lowest rank, before all that has
    none and behind everything that is on the air: the encoders of other channels would miss their time.
    A small RLIMIT_MEMLOCK with everything locked would make later allocations fail, so it is left alone then.
    """
    fifo = _ranked(1)
    unlimited = lock and resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    mlock = unlimited and _libc.mlockall(_MCL_CURRENT | _MCL_FUTURE) == 0
    return Realtime(fifo and _ranked(priority), mlock)


def _ranked(priority: int) -> bool:
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(priority))
    except OSError:
        return False
    return True


def keep_freed() -> None:
    """Have memory that this process frees stay with it: one that takes and frees the same megabytes every second need not
    have them mapped, cleared and unmapped each time. The contrary of `flat_memory`, with its exception."""
    mallopt = getattr(_libc, "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        mallopt(_M_TRIM_THRESHOLD, 64 << 20)


def start_of(pid: int) -> int | None:
    """When a process started, in clock ticks since boot; None when it is gone or only waits to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()  # the name in brackets may contain anything
    return None if fields[0] in "ZX" else int(fields[19])


def read_pid(path: Path) -> Alive | None:
    """The living process a pid file names; None when there is none."""
    try:
        pid, start = map(int, path.read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return None
    return Alive(pid, start) if start_of(pid) == start else None


def write_pid(path: Path) -> None:
    """Name this process in a pid file, all at once; on a full disk in the place of the name before, which has its room already."""
    new = path.with_name(f"{path.name}.{os.getpid()}")  # not station.files: this runs without our packages
    said = f"{os.getpid()} {start_of(os.getpid())}\n"
    try:
        new.write_text(said, encoding="ascii")
        new.replace(path)
    except OSError:
        if new.is_file():
            new.unlink()
        with path.open("r+", encoding="ascii") as file:
            file.write(said)
            file.truncate()


def guard(parent: int, argv: Sequence[str]) -> None:
    """Become `argv`, in a session of its own (no Ctrl-C from the terminal), killed when `parent` ends."""
    os.setsid()
    die_with_parent(parent)
    os.execvp(argv[0], list(argv))  # noqa: S606


def detach(pid_file: Path, argv: Sequence[str]) -> None:
    """Become `argv` as nobody's child: its pid file is there before it runs, and no ending parent ends it."""
    os.setsid()
    ready, done = os.pipe()
    if os.fork():
        os.close(done)
        os.read(ready, 1)  # the pid file is there when the starter ends
        os._exit(0)
    write_pid(pid_file)
    os.close(done)
    os.execvp(argv[0], list(argv))  # noqa: S606


def main(argv: list[str]) -> None:
    """`children.py guard PARENT PROGRAM …` or `children.py detach PIDFILE PROGRAM …`."""
    how, first, *program = argv
    if how == "guard":
        guard(int(first), program)
    else:
        detach(Path(first), program)


if __name__ == "__main__":
    main(sys.argv[1:])
