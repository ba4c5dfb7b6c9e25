"""The gain of a take by absolute index: its own, and its fades, linear or of equal power, in Q31. Pure; knows no sound.

A fade-in begins with the take; a fade-out ends with its sound, which is `tail` samples after the take. The first sample of
a fade-in and the last of a fade-out are silent. Of equal power is a quarter of a sine: where one take fades out so while the
next fades in, the sum of their powers stays as it is.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from schedules.gains import times
from schedules.plan import UNITY, Take, sounds_until

Gain = int | NDArray[np.int64]

_STEPS: Final = 1 << 12  # of a quarter wave; between two of them the sine is a straight line to 2^-26
_BITS: Final = 16
_QUARTER: Final = np.array(
    [round(math.sin(math.pi / 2 * k / _STEPS) * UNITY) for k in range(_STEPS + 1)] + [UNITY], dtype=np.int64
)


def faded(take: Take, a: int, b: int) -> Gain:
    """The gain of a take's medium at samples `a` to `b`, all of which it sounds at: an int where it does not change."""
    rising = a < take.start + take.fade_in
    falling = b > sounds_until(take) - take.fade_out
    if not rising and not falling:
        return take.gain
    index = np.arange(a, b, dtype=np.int64)
    gain = np.full(b - a, take.gain, dtype=np.int64)
    if rising:
        gain = _shaped(gain, take, index - take.start, take.fade_in)
    if falling:
        gain = _shaped(gain, take, sounds_until(take) - 1 - index, take.fade_out)
    return gain


def _shaped(gain: NDArray[np.int64], take: Take, place: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """`gain` by the place in a fade: 0 is silent, `length` and more full."""
    place = np.minimum(place, length)
    if take.curve == "linear":
        made: NDArray[np.int64] = gain * place // length
        return made
    step = place * (_STEPS << _BITS) // length
    at, rest = step >> _BITS, step & (1 << _BITS) - 1
    shape = _QUARTER[at] + ((_QUARTER[at + 1] - _QUARTER[at]) * rest >> _BITS)
    return np.asarray(times(gain, shape), dtype=np.int64)


__all__ = ["Gain", "faded"]
