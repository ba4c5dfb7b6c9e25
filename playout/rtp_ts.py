"""MPEG transport streams in RTP (RFC 2250 §2, RFC 3551 payload type 33): number and time stamp from the place in a stream of constant rate, so that two players of a channel send the same. Pure; knows no socket and no time."""

from __future__ import annotations

import struct
from typing import Final

from playout.ts_ring import DATAGRAM

PAYLOAD_TYPE: Final = 33
CLOCK: Final = 90_000  # Hz
_HEAD: Final = struct.Struct("!BBHII")


class TsPackets:
    """The packets of one stream."""

    def __init__(self, rate: int, ssrc: int) -> None:
        """`rate`: bits a second of the transport stream."""
        self._rate, self._ssrc = rate, ssrc

    def packet(self, position: int, data: bytes) -> bytes:
        """One packet of whole TS packets that stand at byte `position` of the stream, a multiple of their size. The time
        stamp is when its first byte is due by the stream's own clock (RFC 2250, 2: the target transmission time)."""
        stamp = position * 8 * CLOCK // self._rate & 0xFFFF_FFFF
        sequence = position // DATAGRAM & 0xFFFF
        return _HEAD.pack(0x80, PAYLOAD_TYPE, sequence, stamp, self._ssrc) + data
