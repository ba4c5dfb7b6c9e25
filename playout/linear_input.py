"""Receives a desk's uncompressed sound (RTP, L16 or L24) and writes it into a member's ring, in the member's process. Knows a socket and a ring; knows no plan."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Final

from playout.linear_line import LinearLine
from playout.relay_rings import MemberRing
from station.relay_sources import Source, is_group

SILENT: Final = 3.0  # s without a packet after which the socket is opened anew
_REST: Final = 0.005
_MOST: Final = 64  # datagrams between two rests: 64 ms of AES67
_DATAGRAM: Final = 9_000
_BUFFER: Final = 1 << 20


def receive_linear(
    ring: MemberRing, source: Source, via: str, monotonic: Callable[[], int], sleep: Callable[[float], None]
) -> None:
    """One turn, until nothing came for SILENT; raises OSError where the socket cannot be had."""
    line = LinearLine(16 if source.scheme == "l16" else 24, source.channels)
    with opened(source, via) as ears:
        last = monotonic()
        while monotonic() - last < SILENT * 1_000_000_000:
            if _drained(ears, line, ring, monotonic):
                last = monotonic()
            sleep(_REST)


def _drained(ears: socket.socket, line: LinearLine, ring: MemberRing, monotonic: Callable[[], int]) -> bool:
    """Take in what waits; whether any of it was sound."""
    sounded = False
    for _ in range(_MOST):
        try:
            piece = line.feed(ears.recv(_DATAGRAM))
        except BlockingIOError:
            break
        if piece is None:
            continue
        sounded = True
        if piece.missing is None:
            ring.begin()
        elif piece.missing:
            ring.pause(piece.missing, monotonic())
        ring.write(piece.pcm, monotonic())
    return sounded


def opened(source: Source, via: str) -> socket.socket:
    """A socket at the source's port, in its group where it is one; `via`: address of the net on which groups are joined."""
    host = source.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_DGRAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
        made.setblocking(False)  # noqa: FBT003
        if is_group(source.host):
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((host, source.port))
        if is_group(source.host) and family == socket.AF_INET:
            member = socket.inet_aton(host) + socket.inet_aton(via or "0.0.0.0")  # noqa: S104 - any interface
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
    except OSError:
        made.close()
        raise
    return made


__all__ = ["SILENT", "opened", "receive_linear"]
