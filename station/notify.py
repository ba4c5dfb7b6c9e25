"""Tells the service manager how this process fares (sd_notify), and takes the sockets it opened for us. Standard library only; knows no reactor and no work: the caller says when the work has advanced."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, MutableMapping
from typing import Final

from station.words import Refused

FIRST: Final = 3  # the first handed-over descriptor (sd_listen_fds(3))
Send = Callable[[str], None]


def notify(said: str, environ: MutableMapping[str, str] | None = None) -> bool:
    """Send `said` (`READY=1`, `STATUS=…`) to $NOTIFY_SOCKET; False where there is none or nobody reads it."""
    path = (os.environ if environ is None else environ).get("NOTIFY_SOCKET", "")
    if path[:1] not in ("/", "@"):
        return False
    address = "\0" + path[1:] if path.startswith("@") else path
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
        try:
            sender.sendto(said.encode(), address)
        except OSError:
            return False
    return True


def _send(said: str) -> None:
    notify(said)


def interval(environ: MutableMapping[str, str], pid: int) -> int:
    """ns between two pings, half of what $WATCHDOG_USEC allows (sd_watchdog_enabled(3)); 0: nobody watches this process."""
    allowed, whom = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", "")
    if not allowed.isascii() or not allowed.isdigit() or (whom and whom != str(pid)):
        return 0
    return int(allowed) * 1000 // 2


class Watchdog:
    """Ready once, then a ping at most every `every` ns, and only while `mark`, the measure of the work done, changes."""

    def __init__(self, every: int, send: Send = _send) -> None:
        self._every, self._send = every, send
        self._mark: object = None
        self._pinged: int | None = None
        self.ready = False

    @classmethod
    def armed(cls) -> Watchdog:
        """As this process' environment asks for it; takes the words out, so that no child pings in our name."""
        every = interval(os.environ, os.getpid())
        for name in ("WATCHDOG_USEC", "WATCHDOG_PID"):
            os.environ.pop(name, None)
        path = os.environ.pop("NOTIFY_SOCKET", "")
        return cls(every, lambda said: _send_to(path, said))

    def begun(self, status: str = "") -> None:
        """The work is done for the first time: on the air, listening, answering. Later calls say nothing."""
        if not self.ready:
            self.ready = True
            self._send("READY=1" + (f"\nSTATUS={status}" if status else ""))

    def advanced(self, mark: object, now_ns: int) -> None:
        """The work stands at `mark`. What stands still is not pinged for, and is restarted by the service manager."""
        if not self._every or not self.ready or mark == self._mark:
            return
        if self._pinged is None or now_ns - self._pinged >= self._every:
            self._mark, self._pinged = mark, now_ns
            self._send("WATCHDOG=1")

    def ending(self) -> None:
        """An orderly end has begun."""
        self._send("STOPPING=1")


def _send_to(path: str, said: str) -> None:
    notify(said, {"NOTIFY_SOCKET": path})


def handed_over(environ: MutableMapping[str, str] | None = None, pid: int | None = None) -> dict[str, int]:
    """Descriptors by name (`FileDescriptorName=`) that the service manager opened for this process.

    The words are taken out of the environment and the descriptors marked close-on-exec, so that no child has them.
    Raises Refused where there is not one name of its own for each: which socket is which must be said, not guessed.
    """
    words = os.environ if environ is None else environ
    whom, count, names = (words.pop(f"LISTEN_{name}", "") for name in ("PID", "FDS", "FDNAMES"))
    if whom != str(os.getpid() if pid is None else pid) or not count.isdigit() or count == "0":
        return {}
    named = names.split(":") if names else []
    if len(named) != int(count) or len(set(named)) != len(named):
        raise Refused(
            f"the service manager handed over {count} sockets under the names {names or 'none'}; each needs a FileDescriptorName of its own",
            f"服务管理器移交了 {count} 个套接字,名称为 {names or '无'};每个套接字须有各自的 FileDescriptorName",
            code="sockets",
        )
    found = {name: FIRST + number for number, name in enumerate(named)}
    for handle in found.values():
        os.set_inheritable(handle, False)  # noqa: FBT003 - a positional-only argument
    return found
