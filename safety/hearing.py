"""The witness' ear: a UDP socket drained at intervals, and an honest account of when it was deaf itself. Knows RTP and indices, not what is due."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from safety.ring import Packet, parse
from station.words import SAMPLE_RATE, Misheard

PROBE: Final = b"\x00gengfu-witness-probe:"  # its first two bits are 0: never an RTP packet of version 2
_BUFFER: Final = 1 << 20
_MOST: Final = 2_000  # datagrams a drain
_STALL: Final = SAMPLE_RATE // 4  # a drain later than this may have cost packets


class Deafness:
    """When nothing could be heard for reasons of our own: samples, absolute. Pure."""

    def __init__(self, began: int) -> None:
        """Before sample `began` nothing was heard."""
        self.began = began
        self._spans: deque[tuple[int, int]] = deque(maxlen=100)
        self._waiting: deque[int] = deque(maxlen=20)
        self._returned = began

    def probe_sent(self, n: int) -> None:
        """A probe went to our own port at sample `n`."""
        self._waiting.append(n)

    def probe_back(self, n: int) -> None:
        """A probe came back at sample `n`: the socket works."""
        if self._waiting and n - self._waiting[0] > SAMPLE_RATE:
            self._spans.append((self._waiting[0], n))
        self._waiting.clear()
        self._returned = n

    def dropped(self, since: int, until: int) -> None:
        """Packets were lost in our own buffers between these samples."""
        self._spans.append((since, until))

    def deaf(self, first: int, last: int) -> bool:
        """Whether anything missing in samples `first` to `last` may be our own fault."""
        if first < self.began or any(a < last and first < b for a, b in self._spans):
            return True
        return bool(self._waiting) and last - self._waiting[0] > SAMPLE_RATE


class Ears:
    """One UDP port, not blocking. `drain` gives the packets that came."""

    def __init__(self, host: str, port: int, now: Callable[[], int]) -> None:
        """Bind; `now` gives the sample on air. Raises OSError when the port is taken."""
        self._now = now
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        self._socket.settimeout(0.0)
        self._socket.bind((host, port))
        self.port = int(self._socket.getsockname()[1])
        self.deafness = Deafness(now())
        self.misheard = 0
        self._drained = now()
        self._drops = self._dropped()

    def drain(self) -> list[Packet]:
        """Every RTP packet that waits; other datagrams are counted and passed over."""
        packets: list[Packet] = []
        for _ in range(_MOST):
            try:
                data = self._socket.recv(65_535)
            except BlockingIOError:
                break
            except OSError:  # an ICMP answer to a probe that found no port: the next one will tell
                continue
            if data.startswith(PROBE):
                self.deafness.probe_back(self._now())
                continue
            try:
                packets.append(parse(data))
            except Misheard:
                self.misheard += 1
        self._late()
        return packets

    def _late(self) -> None:
        now = self._now()
        if now - self._drained > _STALL:
            self.check_drops()
        self._drained = now

    def check_drops(self) -> None:
        """Ask the kernel whether our own buffer overflowed since the last look; at least once a second."""
        drops = self._dropped()
        if drops != self._drops:
            self.deafness.dropped(self._drained - SAMPLE_RATE, self._now())
        self._drops = drops

    def probe(self) -> None:
        """Send a datagram to ourselves: what comes back proves that we hear."""
        self.deafness.probe_sent(self._now())
        try:
            self._socket.sendto(PROBE, ("127.0.0.1", self.port))
        except OSError:
            self.misheard += 1  # not sent, hence not back: deaf, as it should be

    def _dropped(self) -> int:
        """The kernel's count of datagrams dropped at this socket; 0 where it does not tell."""
        ending = f":{self.port:04X}"
        try:
            lines = Path("/proc/self/net/udp").read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            return 0
        fields = (line.split() for line in lines)
        return sum(int(f[12]) for f in fields if len(f) > 12 and f[1].endswith(ending))

    def close(self) -> None:
        """Let go of the port."""
        self._socket.close()
