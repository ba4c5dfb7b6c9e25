"""The player's end of the link: a UNIX socket, one station at a time. Knows sockets and bounds; knows nothing of what is said."""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
from pathlib import Path
from typing import Final

from playout.chain import Chain
from playout.link import FromPlayer, PlayerSide, encode
from station.oserrors import os_zh
from station.words import Misheard, Refused

UNSENT: Final = 4 << 20  # bytes a station may be behind before it is dropped
_READ: Final = 1 << 18


class LinkServer:
    """Accepts a station, hands its messages to the chain, carries the chain's words back."""

    def __init__(self, path: Path, chain: Chain, poll: selectors.BaseSelector) -> None:
        self._path, self._chain, self._poll = path, chain, poll
        self._connection: socket.socket | None = None
        self._unsent = bytearray()
        self._codec = PlayerSide()
        path.parent.mkdir(parents=True, exist_ok=True)
        self._listener = _listen(path)
        poll.register(self._listener, selectors.EVENT_READ, self._accept)

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if not _is_ours(connection):
            connection.close()
            return
        self._drop()
        connection.setblocking(False)  # noqa: FBT003
        self._connection, self._codec = connection, PlayerSide()
        self._poll.register(connection, selectors.EVENT_READ, self._readable)
        self._chain.connected(self._say)

    def _readable(self) -> None:
        assert self._connection is not None
        try:
            data = self._connection.recv(_READ)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop()
            return
        try:
            messages = self._codec.feed(data)
        except Misheard:
            self._drop()
            return
        for message in messages:
            self._chain.heard(message)

    def _say(self, message: FromPlayer) -> None:
        self._unsent += encode(message)
        self.pump()

    def pump(self) -> None:
        """Send what can be sent; a station that does not read is dropped."""
        if self._connection is None:
            self._unsent.clear()
            return
        try:
            while self._unsent:
                sent = self._connection.send(self._unsent[:_READ])
                del self._unsent[:sent]
        except BlockingIOError:
            if len(self._unsent) > UNSENT:
                self._drop()
        except OSError:
            self._drop()

    def _drop(self) -> None:
        if self._connection is not None:
            self._poll.unregister(self._connection)
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)  # children may hold copies of it
            self._connection.close()
        self._connection = None
        self._unsent.clear()
        self._chain.disconnected()

    def close(self) -> None:
        """Stop listening."""
        self._drop()
        self._listener.close()
        self._path.unlink(missing_ok=True)


def _listen(path: Path) -> socket.socket:
    probe = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        probe.connect(str(path))
    except OSError:
        path.unlink(missing_ok=True)
    else:
        raise Refused(f"a player already serves {path}", f"已有播放器在使用 {path}")
    finally:
        probe.close()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listener.bind(str(path))
    except OSError as error:
        raise Refused(
            f"{path} cannot be opened: {error.strerror}", f"无法打开 {path}:{os_zh(error)}"
        ) from None
    path.chmod(0o600)
    listener.listen(4)
    listener.setblocking(False)  # noqa: FBT003
    return listener


def _is_ours(connection: socket.socket) -> bool:
    """Only processes of our own user (and root) may give orders."""
    raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return struct.unpack("3i", raw)[1] in (os.getuid(), 0)
