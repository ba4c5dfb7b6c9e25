"""Tells the witnesses of this machine what came of a relay, sample by sample: RTP, L24 (RFC 3190), time stamps of absolute index. Knows a ring and a socket; waits for nobody."""

from __future__ import annotations

import contextlib
import socket
import struct
from typing import Final

import numpy as np

from playout.relay_rings import LiveRing
from playout.rings import BLOCK, Pcm32
from playout.rtp import FRAME, ssrc_of

PAYLOAD_TYPE: Final = 97  # dynamic: L24/48000/2
_HEADER: Final = struct.Struct("!BBHII")
_BEHIND: Final = 100 * BLOCK  # samples at most that are told at once


def packet(index: int, ssrc: int, pcm: Pcm32) -> bytes:
    """The packet with the samples from absolute index `index` on."""
    head = _HEADER.pack(0x80, PAYLOAD_TYPE, index // FRAME & 0xFFFF, index & 0xFFFF_FFFF, ssrc)
    return head + pcm.astype(">i4").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()


class Reference:
    """What one relay process tells."""

    def __init__(self, live: LiveRing, where: tuple[str, int]) -> None:
        self._live, self._where = live, where
        self._ssrc, self._at = ssrc_of(f"relay:{live.name}"), live.head
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("127.0.0.1"))
        self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 0)

    def tell(self) -> None:
        """Everything that is new; what the system does not take is left out."""
        head = self._live.head
        for at in range(max(self._at, head - _BEHIND), head, BLOCK):
            pcm = self._live.read(at, BLOCK)
            for part in range(0, 0 if pcm is None else BLOCK, FRAME):
                assert pcm is not None
                with contextlib.suppress(OSError):
                    self._socket.sendto(packet(at + part, self._ssrc, pcm[part : part + FRAME]), self._where)
        self._at = max(self._at, head)

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()


__all__ = ["PAYLOAD_TYPE", "Reference", "packet"]
