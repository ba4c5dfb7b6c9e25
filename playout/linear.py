"""RTP packets of uncompressed sound, 16 or 24 bits (RFC 3551, RFC 3190; AES67 §7, §8): a function of index and samples alone. Knows no socket and no clock."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import attrs
import numpy as np

from playout.rings import BLOCK, Pcm16
from station.words import SAMPLE_RATE

PAYLOAD_TYPE: Final = 97  # dynamic; 96 is the L16 of playout.rtp
_HEAD: Final = struct.Struct("!BBHII")


@attrs.frozen(kw_only=True)
class Linear:
    """The form of one stream: stereo, 48 kHz. 24-bit words hold the 16 bits that are on the air, and eight zeros."""

    bits: int  # 16 or 24
    frames: int  # samples left and right of one packet; a divisor of BLOCK
    ssrc: int

    @property
    def name(self) -> str:
        """As `a=rtpmap` has it (RFC 4566, RFC 3190 §4.1)."""
        return f"L{self.bits}/{SAMPLE_RATE}/2"

    def packets(self, index: int, pcm: Pcm16) -> Iterator[bytes]:
        """The packets of the block (480, 2) that begins at absolute sample `index`. Timestamp: index modulo 2^32; sequence
        number: index / frames modulo 2^16, so that those of twins and of a successor agree."""
        payload, size = self._payload(pcm), self.frames * self.bits // 4
        for at in range(BLOCK // self.frames):
            n = index + at * self.frames
            head = _HEAD.pack(0x80, PAYLOAD_TYPE, n // self.frames & 0xFFFF, n & 0xFFFF_FFFF, self.ssrc)
            yield head + payload[at * size : (at + 1) * size]

    def _payload(self, pcm: Pcm16) -> bytes:
        words = pcm.astype(">i2")
        if self.bits == 16:
            return words.tobytes()
        wide = np.zeros((*pcm.shape, 3), dtype=np.uint8)
        wide[..., :2] = words.view(np.uint8).reshape(*pcm.shape, 2)
        return wide.tobytes()
