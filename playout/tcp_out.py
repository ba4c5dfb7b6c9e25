"""One TCP connection that nobody waits for: connects, sends from a bounded queue, hears what comes. Knows sockets and monotonic time; knows no protocol."""

from __future__ import annotations

import select
import socket
from collections import deque
from typing import Final

from playout.senders import LOOPBACK
from playout.ways import Gone, Way

PATIENCE: Final = 10_000_000_000  # ns without progress, while something waits to be sent or is asked for
_BUFFER: Final = (
    64 << 10
)  # bytes the kernel may hold for us: with its own choice it would be minutes of sound
_READ: Final = 4_096
_WRITE: Final = 64 << 10


class Wire:
    """One connection. What fails raises OSError or Gone."""

    def __init__(self, host: str, port: int, way: Way, bound: int) -> None:
        """Begin to connect to `host`, from the way's address of ours; at most `bound` bytes wait."""
        place = socket.getaddrinfo(host, port, socket.AF_INET, socket.SOCK_STREAM)[0][4]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.setblocking(False)  # noqa: FBT003
        self._number = self._socket.fileno()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        if way.via != LOOPBACK:
            self._socket.bind((way.via, 0))
        self._queue: deque[memoryview] = deque()
        self._bound, self.queued, self.sent = bound, 0, 0
        self._connecting, self._now = True, way.monotonic
        self._moved = self._now()
        self._poll = select.poll()
        try:
            self._socket.connect(place)
        except BlockingIOError:
            return

    @property
    def waited(self) -> int:
        """ns since something last moved."""
        return self._now() - self._moved

    def offer(self, data: bytes) -> bool:
        """Queue it whole, or, where the queue is full, not at all."""
        if self.queued + len(data) > self._bound:
            return False
        if not self._queue:
            self._moved = self._now()  # nothing was to be moved until now
        self._queue.append(memoryview(data))
        self.queued += len(data)
        return True

    def turn(self, seconds: float) -> bytes:
        """Send what can be sent, waiting so long at most for something to happen; what came. Gone("closed") when the other
        end hung up, Gone("timeout") and Gone("stalled") where it lets us wait."""
        wanted = select.POLLIN | (select.POLLOUT if self._connecting or self._queue else 0)
        self._poll.register(self._number, wanted)
        came = b""
        for _, event in self._poll.poll(seconds * 1_000):
            if self._connecting:
                self._connected()
            if self._connecting:
                continue
            if event & select.POLLOUT:
                self._send()
            if event & (select.POLLIN | select.POLLHUP | select.POLLERR):
                came = self._receive()
        if (self._connecting or self._queue) and self.waited > PATIENCE:
            raise Gone("timeout" if self._connecting else "stalled")
        return came

    def _connected(self) -> None:
        error = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if error:
            raise OSError(error, "connect")
        self._connecting, self._moved = False, self._now()

    def _send(self) -> None:
        try:
            while self._queue:
                count = self._put(self._queue[0])
                self.queued -= count
                self.sent += count
                self._moved = self._now()
                if count < len(self._queue[0]):
                    self._queue[0] = self._queue[0][count:]
                    return
                self._queue.popleft()
        except BlockingIOError:
            return

    def _receive(self) -> bytes:
        try:
            data = self._get()
        except BlockingIOError:
            return b""
        if not data:
            raise Gone("closed")
        self._moved = self._now()
        return data

    def _put(self, data: memoryview) -> int:
        return self._socket.send(data[:_WRITE])

    def _get(self) -> bytes:
        return self._socket.recv(_READ)

    def close(self) -> None:
        """Hang up; what waits is lost."""
        self._socket.close()
