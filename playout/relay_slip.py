"""One sample more or less within a block, unheard: how a relay follows the clock of its source. Pure.

A source's 48 kHz are not ours: 50 ppm are 2.4 samples a second. Where what is there of it grows or shrinks, a block of
480 samples is now and then made of 481, or of 479, by interpolation (16 values of a windowed sinc, Q30); every other
block is as it came.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from playout.rings import BLOCK, Pcm32
from station.words import SAMPLE_RATE

SIDE: Final = 8  # samples needed before the first and after the last
_TAPS: Final = 2 * SIDE
_ONE: Final = 1 << 30
_LEAST: Final = -(1 << 23)
WINDOW: Final = 10 * SAMPLE_RATE  # the least that was there ahead is taken over so long
DEAD: Final = SAMPLE_RATE // 500  # samples (2 ms) by which that may differ before anything is done
MOST: Final = 24  # slips within a window: 50 ppm
APART: Final = 20 * BLOCK  # samples between two slips


def _weights(step: int) -> NDArray[np.int64]:
    """For each sample of a block of `BLOCK` made of `BLOCK + step`, the weights of its neighbours; they sum to one."""
    where = np.arange(BLOCK) * (BLOCK + step) / BLOCK
    far = where[:, np.newaxis] - (np.floor(where)[:, np.newaxis] + np.arange(1 - SIDE, SIDE + 1))
    made = np.sinc(far) * np.i0(7.0 * np.sqrt(np.maximum(0.0, 1 - (far / SIDE) ** 2)))
    scaled: NDArray[np.int64] = np.rint(made / made.sum(axis=1, keepdims=True) * _ONE).astype(np.int64)
    scaled[:, SIDE - 1] += _ONE - scaled.sum(axis=1)
    return scaled


_WEIGHTS: Final = {step: _weights(step) for step in (1, -1)}
_PLACES: Final = {
    step: (np.arange(BLOCK) * (BLOCK + step) // BLOCK)[:, np.newaxis] + np.arange(1, _TAPS + 1)
    for step in (1, -1)
}


def slipped(pcm: Pcm32, step: int) -> Pcm32:
    """BLOCK samples out of BLOCK + `step` (1 or -1), which begin SIDE samples after the first given and are followed by SIDE more."""
    near = pcm.astype(np.int64)[_PLACES[step]]
    total = (near * _WEIGHTS[step][:, :, np.newaxis]).sum(axis=1)
    made: Pcm32 = np.clip((total + _ONE // 2) >> 30, _LEAST, -_LEAST - 1).astype(np.int32)
    return made


class Drift:
    """How fast a source is, by the least that was there ahead of what is due, window after window."""

    def __init__(self) -> None:
        self._first: int | None = None  # the least of the first window: it is to stay like that
        self._low: int | None = None
        self._until: int | None = None
        self._owed = 0  # slips still to be made in this window; positive: more samples into a block
        self._after = 0

    def seen(self, n: int, ahead: int) -> int:
        """What to do with the block at absolute index `n`, when `ahead` samples are there: 1 or -1 to slip, 0 to leave it as it is."""
        if self._until is None:
            self._until = n + WINDOW
        low = self._low = ahead if self._low is None else min(self._low, ahead)
        if n >= self._until:
            self._turn(n, low)
        if not self._owed or n < self._after:
            return 0
        step = 1 if self._owed > 0 else -1
        self._owed -= step
        self._after = n + APART
        return step

    def _turn(self, n: int, low: int) -> None:
        self._first = low if self._first is None else self._first
        off = low - self._first
        self._owed = max(-MOST, min(MOST, off)) if abs(off) > DEAD else 0
        self._low, self._until = None, n + WINDOW


__all__ = ["APART", "DEAD", "MOST", "SIDE", "WINDOW", "Drift", "slipped"]
