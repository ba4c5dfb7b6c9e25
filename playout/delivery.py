"""How much of a transport stream of constant rate is still to be sent when a picture's turn comes, and so whether a group of pictures may follow. Pure; knows sizes, no bytes.

A picture is sent at the earliest MUX_DELAY before its time, after all before it, and must have come whole at its time.
In integers: bits, and frames of the raster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from schedules.raster import FPS

MUX_DELAY: Final = (
    300_000  # µs a picture is in the receiver's buffer at most: the largest one still comes in time
)
FIRST: Final = 300_000  # µs of its own rate that the first picture of a group may take (x264's vbv-init)
_PACKET, _PAYLOAD = 188 * 8, 184 * 8
# bits a second (playout.ts_mux): four packets for each 24 ms of MP2; a clock in each of these, the tables, and what is
# put before a group; bits a picture: what fills its last packet, its PES
# header and its delimiter
_SOUND: Final = 4 * _PACKET * 1_000 // 24
_TABLES: Final = (42 + 26 + 15) * _PACKET
_FRAMING: Final = 120 * 8


@attrs.frozen(kw_only=True)
class Rates:
    """Bits a second of one raster."""

    video: int
    mux: int  # of the whole transport stream, constant
    fps: int = FPS  # pictures a second

    @property
    def frame(self) -> int:
        """Bits of pictures that the stream takes in the time of one."""
        return ((self.mux - _SOUND - _TABLES) * _PAYLOAD // _PACKET - _FRAMING * self.fps) // self.fps

    @property
    def most(self) -> int:
        """Bits that can be sent between a picture's turn and its time."""
        return self.frame * self.fps * MUX_DELAY // 1_000_000

    @property
    def spare(self) -> int:
        """Bits that may be left to send where a group begins whose first picture is as large as any."""
        return self.most - self.video * FIRST // 1_000_000


@attrs.frozen
class Delivery:
    """What is left to send when the next picture's turn comes."""

    rates: Rates
    left: int = 0  # bits

    def after(self, size: int) -> Delivery:
        """After a picture of `size` bytes, when the turn of the next one comes."""
        return attrs.evolve(self, left=max(0, self.left + 8 * size - self.rates.frame))

    def comes(self, size: int) -> bool:
        """Whether a picture of `size` bytes comes in time now."""
        return self.left + 8 * size <= self.rates.most

    @property
    def open(self) -> bool:
        """Whether any group that `fits` may begin now."""
        return self.left <= self.rates.spare

    @property
    def first(self) -> float:
        """The share of a second's bits that the first picture of a new group may take (vbv-init)."""
        room = max(self.rates.most - self.left, self.rates.frame)
        return min(FIRST / 1_000_000, room / self.rates.video)


def fits(sizes: Sequence[int], rates: Rates) -> bool:
    """Whether a group of pictures of these sizes (bytes) may follow wherever `open`: all come in time, and what follows finds it open again.

    The last group of a film may be shorter; what follows it is asked `open` then.
    """
    now = Delivery(rates, rates.spare)
    for size in sizes:
        if not now.comes(size):
            return False
        now = now.after(size)
    return now.open or len(sizes) < rates.fps


__all__ = ["FIRST", "MUX_DELAY", "Delivery", "Rates", "fits"]
