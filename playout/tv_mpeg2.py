"""Encodes television pictures as MPEG-2 video (ISO/IEC 13818-2, main profile), for cable networks whose receivers know nothing newer. Knows libav; knows no ring, no time and no plan.

As with H.264 every group of a second's pictures is closed and has an encoder of its own, which begins from the same state. A
picture that is nothing but noise may pass the rate: quantisers end at 28.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Final

import av

from playout.screens import Unit
from playout.tv_house import Fields, Packed
from schedules.raster import Raster

# lines → bits a second of the pictures, and of the whole transport stream, at 25 pictures a second
RATES: Final = {576: (5_000_000, 6_000_000), 720: (10_000_000, 11_600_000), 1080: (15_000_000, 17_000_000)}
FAST: Final = {720: (15_000_000, 17_000_000)}  # and at 50
_BUFFER: Final = 1_835_008  # bits of the decoder's buffer at main level (table 8-14); enough above it, too


def mpeg2_rates(raster: Raster) -> tuple[int, int]:
    """Bits a second of a raster's pictures, and of the whole transport stream."""
    return (FAST if raster.fps == 50 else RATES)[raster.height]


class Mpeg2Encoder:
    """A new encoder for each group of pictures."""

    def __init__(self, raster: Raster) -> None:
        self._raster, self._fields = raster, Fields(raster)
        self._codec: Any = None
        self._since = 0  # pictures of this group

    def encode(self, k: int, packed: Packed, *, fresh: bool) -> Unit:
        """One frame in, its access unit out."""
        begins = fresh or self._codec is None or self._since == self._raster.fps
        if begins:
            self._codec, self._since = self._opened(), 0
        self._since += 1
        rows = packed.reshape(self._raster.height * 3 // 2, self._raster.width)
        frame = av.VideoFrame.from_numpy_buffer(rows, format="yuv420p")
        frame.pts, frame.time_base = k, Fraction(1, self._raster.fps)
        coded = self._codec.encode(self._fields.marked(frame))
        return Unit(k, begins, b"".join(bytes(packet) for packet in coded))

    def _opened(self) -> Any:
        raster, rate = self._raster, mpeg2_rates(self._raster)[0]
        codec: Any = av.CodecContext.create("mpeg2video", "w")
        codec.width, codec.height, codec.pix_fmt = raster.width, raster.height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, raster.fps), Fraction(raster.fps)
        codec.sample_aspect_ratio = Fraction(*raster.sar)
        codec.bit_rate, codec.thread_count, codec.gop_size = rate, 1, raster.fps
        codec.options = {
            "maxrate": str(rate),
            "bufsize": str(_BUFFER),
            "rc_init_occupancy": str(_BUFFER * 3 // 10),
            "non_linear_quant": "1",
            "qmax": "28",
            "bf": "0",
            "sc_threshold": "1000000000",  # no picture but the first is one of its own
            "flags": "+cgop+low_delay" + "+ildct+ilme" * raster.interlaced,
            "color_primaries": "bt470bg" if raster.colour == "bt601" else "bt709",
            "color_trc": "smpte170m" if raster.colour == "bt601" else "bt709",
            "colorspace": "bt470bg" if raster.colour == "bt601" else "bt709",
            "color_range": "tv",
        }
        return codec


__all__ = ["RATES", "Mpeg2Encoder", "mpeg2_rates"]
