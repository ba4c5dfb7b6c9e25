"""Uncompressed sound out of RTP packets as a desk sends them (RFC 3550, RFC 3190; AES67 §7): which samples, and how many are missing before them. Pure; knows no socket and no time."""

from __future__ import annotations

from typing import Final, Literal

import attrs
import numpy as np

from playout.rings import Pcm32
from playout.rtp import index_near, parse
from station.words import SAMPLE_RATE, Misheard, SampleIndex

LONGEST: Final = 2 * SAMPLE_RATE  # a longer hole is another beginning
LATE: Final = SAMPLE_RATE // 10  # a packet that comes later than that is no late one: the sender began anew
_STRANGERS: Final = 50  # packets of another sender, and none of ours, after which that one is followed


@attrs.frozen
class Piece:
    """Samples (count, 2) of 24 bits; `missing` did not come before them, None: they begin anew."""

    missing: int | None
    pcm: Pcm32


@attrs.define
class LinearLine:
    """One stream: 48 kHz, `bits` 16 or 24, stereo or mono. The first sender is followed until it stops and another goes on."""

    bits: Literal[16, 24]
    channels: int = 2
    _ssrc: int | None = None
    _expected: int = 0  # time stamp of the packet that goes on from the last
    _strangers: int = 0
    misheard: int = 0  # datagrams that were no packets of such a stream

    def feed(self, data: bytes) -> Piece | None:
        """What a datagram brings; None where that is nothing, nothing new, or not from whom is followed."""
        try:
            packet = parse(data)
        except Misheard:
            self.misheard += 1
            return None
        if not packet.payload or len(packet.payload) % (self.channels * self.bits // 8):
            self.misheard += 1
            return None
        if packet.ssrc != self._ssrc and not self._follows(packet.ssrc):
            return None
        fresh, self._strangers = self._ssrc != packet.ssrc, 0
        missing = index_near(packet.timestamp, SampleIndex(self._expected)) - self._expected
        if not fresh and -LATE <= missing < 0:
            return None
        pcm = self._samples(packet.payload)
        self._ssrc, self._expected = packet.ssrc, packet.timestamp + len(pcm)
        return Piece(None if fresh or not 0 <= missing <= LONGEST else missing, pcm)

    def _follows(self, ssrc: int) -> bool:
        """Whether this other sender is followed from now on."""
        self._strangers += 1
        return self._ssrc is None or self._strangers > _STRANGERS

    def _samples(self, payload: bytes) -> Pcm32:
        if self.bits == 16:
            wide = np.frombuffer(payload, dtype=">i2").astype(np.int32) << 8
        else:
            raw = np.frombuffer(payload, dtype=np.uint8).reshape(-1, 3).astype(np.int32)
            wide = (raw[:, 0] << 16 | raw[:, 1] << 8 | raw[:, 2]) << 8 >> 8
        made: Pcm32 = np.repeat(wide, 2).reshape(-1, 2) if self.channels == 1 else wide.reshape(-1, 2)
        return made


__all__ = ["LATE", "LONGEST", "LinearLine", "Piece"]
