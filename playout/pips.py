"""Time pips (报时): five short tones on the seconds before the hour, a long one whose first sample is the hour's first. Pure; knows no clock, for where they stand is a rundown's business."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from station.words import SAMPLE_RATE

BEFORE_S: Final = 5  # the long tone begins so long after the first sample
PEAK: Final = 3_277  # of 16 bits: −20 dBFS
_END: Final = (
    SAMPLE_RATE // 200
)  # 5 ms fade at the end of each; its beginning is what counts, and is not softened


@attrs.frozen(kw_only=True)
class Pips:
    """What they are like: pitches in Hz, lengths in ms."""

    short_hz: int
    short_ms: int
    long_hz: int
    long_ms: int


# cn: 五低一高, as Chinese stations are remembered; six: all of one pitch, as on the BBC. Both unverified.
KINDS: Final[Mapping[str, Pips]] = {
    "cn": Pips(short_hz=800, short_ms=250, long_hz=1_600, long_ms=500),
    "six": Pips(short_hz=1_000, short_ms=100, long_hz=1_000, long_ms=500),
}


def pips(kind: Pips) -> NDArray[np.int16]:
    """(samples, 2) at 48 kHz: tones at 0 to 4 s, and the long one at sample 240,000 exactly."""
    long = _tone(kind.long_hz, kind.long_ms)
    mono = np.zeros(BEFORE_S * SAMPLE_RATE + len(long), dtype=np.int16)
    short = _tone(kind.short_hz, kind.short_ms)
    for second in range(BEFORE_S):
        mono[second * SAMPLE_RATE :][: len(short)] = short
    mono[BEFORE_S * SAMPLE_RATE :] = long
    return np.stack((mono, mono), axis=1)


def _tone(hertz: int, millis: int) -> NDArray[np.int16]:
    """From its crest on, so that the first sample is heard already."""
    count = millis * SAMPLE_RATE // 1_000
    wave = PEAK * np.cos(2 * np.pi * hertz * np.arange(count) / SAMPLE_RATE)
    wave[-_END:] *= np.arange(_END, 0, -1) / _END
    return np.asarray(np.rint(wave), dtype=np.int16)


__all__ = ["BEFORE_S", "KINDS", "PEAK", "Pips", "pips"]
