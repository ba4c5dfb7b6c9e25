"""The gain that brings a medium to a channel's loudness (EBU R 128), and values in decibels. Pure."""

from __future__ import annotations

import math
from typing import Final

TARGET: Final = -2_300  # hundredths of LUFS (EBU R 128)
CEILING: Final = -100  # hundredths of dBTP: no true peak above it (EBU R 128, 5)
MOST: Final = 1_200  # hundredths of a dB: the greatest gain a take may have
FLOOR: Final = -9_600  # hundredths of dBFS shown for silence
_UNMEASURED: Final = -7_000
_UNITY: Final = 1 << 31


def gain_to(target: int, loudness: int, peak: int) -> int:
    """Hundredths of a dB from `loudness` to `target` (hundredths of LUFS), lowered so that `peak` (hundredths of dBTP) stays
    below the ceiling, at most MOST; 0 where the loudness could not be measured."""
    if loudness <= _UNMEASURED:
        return 0
    return min(target - loudness, CEILING - peak, MOST)


def q31(gain: int) -> int:
    """A gain in hundredths of a dB as a take has it."""
    return round(10 ** (gain / 2_000) * _UNITY)


def decibel(value: int, full: int) -> int:
    """A value out of `full` in hundredths of dBFS."""
    return FLOOR if value <= 0 else max(FLOOR, round(2000 * math.log10(value / full)))


__all__ = ["CEILING", "FLOOR", "MOST", "TARGET", "decibel", "gain_to", "q31"]
