"""Forked children of a player: they begin at once (no imports), share its rings, die with it. Knows what the system allows; knows nothing of audio.

A page that a child inherits becomes its own when it is first written to, and Python writes a count into each object it
looks at: without more, a child would go on growing for as long as it comes to code it has not run before (a late block,
a change of files). Each therefore takes what its code can reach for its own at its start: its memory is then what it
will be, and a station that has enough on its first minute has enough for ever.
"""

from __future__ import annotations

import contextlib
import gc
import io
import os
import pickle
import signal
import socket
import struct
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final, NoReturn

from station.children import die_with_parent, flat_memory, keep_freed, own_names

_OURS: Final = frozenset(("playout", "schedules", "station"))  # packages whose code children run
_reached: list[Any] = []  # all that these packages reach, as the first fork found it

_LARGEST: Final = (
    1 << 16
)  # bytes of one message between the processes of a player; what is larger goes as a file


def fork(work: Callable[[], None], keep: Iterable[int] = ()) -> int:
    """Run `work` in a child that dies with this process; its pid. Only the descriptors in `keep` stay open in it."""
    if not _reached:
        flat_memory()
        _reached.extend(reached())
    parent = os.getpid()
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if not pid:
        _run(work, parent, {0, 1, 2, *keep})
    return pid


def _run(work: Callable[[], None], parent: int, keep: set[int]) -> NoReturn:
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        die_with_parent(parent)
        _close_all_but(keep)
        _settle()
        gc.freeze()
        work()
        code = 0
    except EOFError:
        code = 0  # the parent is gone; the kernel's signal is on its way
    except BaseException:  # noqa: BLE001  # the boundary of a child: said on stderr, then the parent replaces it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _settle() -> None:
    """Have this child's memory become now what it would become in hours."""
    _reached.clear()  # each is counted down: the pages they lie on are this process' own from here on
    own_names()
    keep_freed()  # a decoder takes the same blocks for each file anew, an encoder every second


def reached() -> list[Any]:
    """Every object that the modules of this program loaded so far reach, without those of other packages."""
    todo: list[Any] = [
        vars(module) for name, module in list(sys.modules.items()) if name.partition(".")[0] in _OURS
    ]
    found: dict[int, Any] = {}
    while todo:
        new = {id(one): one for one in gc.get_referents(*todo) if id(one) not in found and not _foreign(one)}
        found |= new
        todo = list(new.values())
    return list(found.values())


def _foreign(one: Any) -> bool:
    """Whether a walk ends here: modules are walked by name, and what others wrote is theirs."""
    if isinstance(one, ModuleType):
        return True
    return isinstance(one, type | FunctionType) and str(one.__module__).partition(".")[0] not in _OURS


def _close_all_but(keep: set[int]) -> None:
    for name in [path.name for path in Path("/proc/self/fd").iterdir()]:
        if int(name) not in keep:
            try:
                os.close(int(name))
            except OSError:
                continue  # the listing's own descriptor


class Plainly(io.TextIOBase):
    """Standard error that never fails: where its file takes no more (a full disk) a line is lost, not the process."""

    def write(self, text: str) -> int:
        """Write `text` as it is, nothing kept back."""
        with contextlib.suppress(OSError):
            os.write(2, text.encode(errors="replace"))
        return len(text)


def pair() -> tuple[socket.socket, socket.socket]:
    """Two ends of a channel that keeps messages apart."""
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return ends


def tell(end: socket.socket, message: Any, fd: int | None = None) -> None:
    """Send one small message, with a descriptor where there is one. BlockingIOError when the other end does not read."""
    data = pickle.dumps(message)
    if len(data) > _LARGEST:
        held = filled(data)
        try:
            tell(end, ("large", len(data)), held)
        finally:
            os.close(held)
        return
    rights = [] if fd is None else [(socket.SOL_SOCKET, socket.SCM_RIGHTS, struct.pack("i", fd))]
    end.sendmsg([data], rights, socket.MSG_DONTWAIT)  # send_fds of Python 3.11 forgets its flags: it waits


def hear(end: socket.socket) -> tuple[Any, int | None]:
    """One message and the descriptor that came with it. EOFError when the other end is gone."""
    data, fds, _, _ = socket.recv_fds(end, _LARGEST + 4096, 1)
    if not data:
        raise EOFError("the other end is gone")
    fd = fds[0] if fds else None
    message = pickle.loads(data)  # noqa: S301  # only our own forked processes hold the other end
    if fd is not None and isinstance(message, tuple) and message[0] == "large":
        try:
            return pickle.loads(os.pread(fd, message[1], 0)), None  # noqa: S301
        finally:
            os.close(fd)
    return message, fd


def filled(data: bytes) -> int:
    """A descriptor of an anonymous file with this content."""
    held = os.memfd_create("gengfu")
    view = memoryview(data)
    while view:
        view = view[os.write(held, view) :]
    return held


def alive(pid: int) -> bool:
    """Whether a process of this id runs."""
    return Path(f"/proc/{pid}").exists()
