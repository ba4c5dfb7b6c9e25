"""The ear of the simulated terminals: joins an RTP L16 multicast stream and says whether something is to be heard. Knows no terminal and no command."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import IPv4Address
from urllib.parse import urlsplit

import numpy as np

THRESHOLD_DB = -50.0  # dBFS, RMS of a packet
NEEDED = 14_400  # samples above the threshold before it counts as heard: 300 ms at 48 kHz


def endpoint(url: str) -> tuple[str, int] | None:
    """Group and port of `rtp://group:port`, None when it is no multicast or loopback address."""
    try:
        parts = urlsplit(url)
        address, port = IPv4Address(parts.hostname or ""), parts.port
    except ValueError:
        return None
    if parts.scheme != "rtp" or port is None or not (address.is_multicast or address.is_loopback):
        return None
    return str(address), port


class Ear:
    """One receiver of one stream, shared by every terminal of the process that plays it."""

    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        place = endpoint(url)
        if place is None:
            raise ValueError(url)
        self._loop = loop
        self.url = url
        self.packets = self.lost = self.samples = 0
        self.loud = 0  # samples above the threshold, ever
        self._sequence: int | None = None
        self._socket = _joined(*place)
        loop.add_reader(self._socket.fileno(), self._ready)

    def close(self) -> None:
        """Leave the group."""
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()

    def _ready(self) -> None:
        for _ in range(64):
            try:
                self.take(self._socket.recv(65_536))
            except BlockingIOError:
                return

    def take(self, packet: bytes) -> None:
        """One RTP packet (RFC 3550) with 16-bit big-endian samples, two channels."""
        if len(packet) < 12 or packet[0] >> 6 != 2:
            return
        head = 12 + 4 * (packet[0] & 15)
        if packet[0] & 16:
            head += 4 + 4 * int.from_bytes(packet[head + 2 : head + 4], "big")
        sequence = int.from_bytes(packet[2:4], "big")
        if self._sequence is not None:
            gap = (sequence - self._sequence - 1) & 0xFFFF
            self.lost += gap if gap < 1_000 else 0  # more is a sender that began anew
        self._sequence = sequence
        sound = np.frombuffer(
            packet, dtype=">i2", offset=min(head, len(packet)), count=max(0, len(packet) - head) // 2
        )
        self.packets += 1
        self.samples += len(sound) // 2
        if len(sound) and _level(sound) > THRESHOLD_DB:
            self.loud += len(sound) // 2


def _level(sound: np.ndarray[tuple[int], np.dtype[np.int16]]) -> float:
    power = float(np.mean(np.square(sound.astype(np.float32) / 32_768)))
    return 10 * float(np.log10(power + 1e-12))


def _joined(group: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.settimeout(0)
    made.bind((group, port))
    if IPv4Address(group).is_multicast:
        where = socket.inet_aton(group) + socket.inet_aton("127.0.0.1")
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, where)
    return made
