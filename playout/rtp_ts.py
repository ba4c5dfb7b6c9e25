"""MPEG transport streams in RTP (RFC 2250 §2, RFC 3551 payload type 33), time stamps from the place in a stream of constant rate. Pure; knows no socket, and the time only as an argument."""

from __future__ import annotations

import struct
from typing import Final

from station.words import Instant

PAYLOAD_TYPE: Final = 33
CLOCK: Final = 90_000  # Hz
_HEAD: Final = struct.Struct("!BBHII")
_ASTRAY: Final = CLOCK // 2  # ticks that place and time may differ before the time is believed again


class TsPackets:
    """The packets of one stream."""

    def __init__(self, rate: int, ssrc: int) -> None:
        """`rate`: bits a second of the transport stream."""
        self._rate, self._ssrc = rate, ssrc
        self._base: int | None = None
        self._sequence = 0

    def packet(self, position: int, data: bytes, now: Instant) -> bytes:
        """One packet of whole TS packets that stand at byte `position` of the stream. The time stamp is when its first byte
        is due (RFC 2250, 2: the target transmission time); the marker is set where time stamps begin anew."""
        placed, due = position * 8 * CLOCK // self._rate, now * CLOCK // 1_000_000
        anew = self._base is None or abs(self._base + placed - due) > _ASTRAY
        if anew:
            self._base = due - placed
        assert self._base is not None
        stamp = (self._base + placed) & 0xFFFF_FFFF
        head = _HEAD.pack(0x80, PAYLOAD_TYPE | 0x80 * anew, self._sequence, stamp, self._ssrc)
        self._sequence = self._sequence + 1 & 0xFFFF
        return head + data
