"""Where in what a decoder gives the sound of a file lies: spans to keep, the delay that coders add by convention, and places by time stamps. Pure: knows no file and no codec."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import attrs

JITTER: Final = Fraction(
    1, 20
)  # s by which a time stamp may differ from the count of samples before it is believed
LONGEST_GAP: Final = 10  # s that are filled with silence; a greater jump is another clock

# Samples between the first a decoder gives and the first its encoder was given, for files that do not say. MPEG-1 layer
# II: analysis and synthesis filter bank together (ISO/IEC 11172-3, C.1.3 and 2.4.3). Layer III: that of the decoder,
# 529, and LAME's 576 (other encoders: unverified). AAC: the first block of an overlapping transform is never whole
# (ISO/IEC 14496-3, 4.6.11); encoders that need 2,112 say so. AC-3: half a block (A/52, 7.9). Opus: what libopus needs
# at 48 kHz (RFC 7845, 4.2; unverified for others).
PRIMING: Final = {
    "mp1": 481, "mp2": 481, "mp3": 1_105,
    "aac": 1_024, "aac_latm": 1_024, "ac3": 256, "ac3_fixed": 256, "eac3": 256, "opus": 312,
}  # fmt: skip
LOSSLESS: Final = ("pcm_", "flac", "alac", "wavpack", "ape", "tta", "s302m", "mlp", "truehd")


@attrs.frozen
class Span:
    """Samples that are kept, in the source's own rate."""

    start: int | None  # None: that many samples of silence
    length: int | None  # None: all that follow


LAYER_2: Final = 1_152  # samples of one of its frames
_LAYERS: Final = {3: "mp1", 2: "mp2", 1: "mp3"}


def coder(codec: str, head: bytes) -> str:
    """The coder's name by libav's and the first bytes of a packet: libav calls MPEG audio by one layer's name before it has looked."""
    if codec.startswith("mp") and len(head) >= 2 and head[0] == 0xFF and head[1] >= 0xE0:
        return _LAYERS.get(head[1] >> 1 & 3, codec)
    return codec


def mute_frame(head: bytes, size: int) -> bytes:
    """A frame of MPEG-1 layer II that is silent (nothing allocated, no check), to follow one of this header and size.

    It brings out of a decoder what the filter bank still holds of the frame before (ISO/IEC 11172-3, 2.4.3.3).
    """
    return bytes((head[0], head[1] | 1, *head[2:4])) + bytes(size - 4)


def lossless(codec: str) -> bool:
    """Whether a codec gives back each sample as it was."""
    return codec.startswith(LOSSLESS)


def declared(spans: tuple[Span, ...]) -> int | None:
    """How many samples the spans hold together; None where one has no end of its own."""
    lengths = [span.length for span in spans]
    return None if None in lengths else sum(length for length in lengths if length is not None)


class Places:
    """Gives each decoded frame its place: counted, unless its time stamp says that something is missing before it.

    `absolute`: time stamps count from the beginning of the media; else from the first frame.
    """

    def __init__(self, rate: int, *, absolute: bool) -> None:
        self.gaps: list[tuple[int, int]] = []  # (place, samples) of what is missing
        self.jumps = 0  # times another clock began
        self._rate, self._next = rate, 0
        self._origin: Fraction | None = Fraction(0) if absolute else None
        self._begun = False

    def place(self, stamp: Fraction | None, samples: int) -> int:
        """The place of the next frame, which has so many samples and bears `stamp`, in s."""
        at = self._next
        if stamp is not None:
            at = self._believed(stamp)
        self._begun = True
        self._next = at + samples
        return at

    def _believed(self, stamp: Fraction) -> int:
        if self._origin is None:
            self._origin = stamp - Fraction(self._next, self._rate)
        said = round((stamp - self._origin) * self._rate)
        late = said - self._next
        if not self._begun:
            return max(0, said)
        if abs(late) <= JITTER * self._rate:
            return self._next
        if 0 < late <= LONGEST_GAP * self._rate:
            self.gaps.append((self._next, late))
            return said
        self.jumps += 1
        self._origin = stamp - Fraction(self._next, self._rate)
        return self._next


__all__ = [
    "JITTER",
    "LAYER_2",
    "LONGEST_GAP",
    "PRIMING",
    "Places",
    "Span",
    "coder",
    "declared",
    "lossless",
    "mute_frame",
]
