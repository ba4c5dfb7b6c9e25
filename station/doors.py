"""Opens a process' TCP doors: takes the socket the service manager opened under that name, or listens itself. Knows no protocol and no settings."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterable
from typing import Any

import attrs
from twisted.internet.error import CannotListenError

from station.words import Refused

BACKLOG = 4096


@attrs.frozen
class Door:
    """One listener: what it is for (its socket's name), where, and who answers."""

    what: str
    port: int
    factory: Any
    interface: str


def open_doors(reactor: Any, doors: Iterable[Door], handed: dict[str, int]) -> list[Any]:
    """Listen on every door; returns the ports. Raises Refused where one is taken, or where a socket was handed over
    that none of the doors is called by: it would accept connections that nobody answers."""
    wanted = list(doors)
    strange = sorted(set(handed) - {door.what for door in wanted})
    if strange:
        raise Refused(
            f"the service manager handed over a socket named {strange[0]!r}; this process has {', '.join(door.what for door in wanted)}",
            f"服务管理器移交了名为 {strange[0]!r} 的套接字;本进程只有 {'、'.join(door.what for door in wanted)}",
            code="sockets",
        )
    return [_open(reactor, door, handed.get(door.what)) for door in wanted]


def _open(reactor: Any, door: Door, handle: int | None) -> Any:
    if handle is not None:
        os.set_blocking(
            handle, False
        )  # the manager opens it blocking, and a reactor accepts until there is no more
        with socket.socket(fileno=os.dup(handle)) as found:
            family = found.family
        made = reactor.adoptStreamPort(handle, family, door.factory)
        os.close(handle)  # the reactor has a copy of its own
        return made
    try:
        return reactor.listenTCP(door.port, door.factory, interface=door.interface, backlog=BACKLOG)
    except CannotListenError as error:
        raise _taken(door, error) from None


def _taken(door: Door, error: CannotListenError) -> Refused:
    why = getattr(error.socketError, "errno", None)
    if why == 99:  # EADDRNOTAVAIL
        return Refused(
            f"{door.interface} ({door.what}) is no address of this machine; correct it under [networks]",
            f"{door.interface}({door.what})不是本机地址,请修改设置中的 [networks]",
            code="address",
        )
    return Refused(
        f"port {door.port} ({door.what}) on {door.interface} is in use; stop the other program or choose another --port",
        f"{door.interface} 的端口 {door.port}({door.what})已被占用,请停止占用程序或换用 --port",
        code="port",
    )
