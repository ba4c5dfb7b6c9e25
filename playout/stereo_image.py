"""Left and right of a sound together: correlation, balance, and runs at full scale. Pure numpy; knows no file."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

FULL_SCALE: Final = (1 << 23) - (1 << 8)  # what 16 bits call full scale
RUN: Final = 3  # samples
_LEAST: Final = 1e-10  # mean square (−100 dB) below which a side is nothing
_SIDE_LEAST: Final = 1e-12


class StereoImage:
    """Takes pieces (count, 2) of 24-bit values."""

    def __init__(self) -> None:
        self.runs = 0  # of RUN samples or more at full scale, on one side
        self.first_run = 0
        self._count = 0
        self._sums = np.zeros(3)  # left², right², left·right
        self._before = np.zeros((RUN, 2), dtype=bool)

    def add(self, pcm: NDArray[np.int32]) -> None:
        """Look at a piece."""
        left, right = np.ascontiguousarray(pcm.T).astype(np.float64) * (1.0 / (1 << 23))
        self._sums += [np.einsum("i,i->", *two) for two in ((left, left), (right, right), (left, right))]
        self._clipped(np.abs(pcm) >= FULL_SCALE)
        self._count += len(pcm)

    def _clipped(self, full: NDArray[np.bool_]) -> None:
        both = np.concatenate((self._before, full))
        self._before = both[-RUN:]
        if not full.any():
            return
        begins = ~both[:-RUN] & both[1 : 1 - RUN] & both[2 : 2 - RUN] & both[RUN:]
        at = np.flatnonzero(begins.any(axis=1))
        if len(at) and not self.runs:
            self.first_run = max(0, self._count + int(at[0]) - RUN + 1)
        self.runs += int(begins.sum())

    def correlation(self) -> int | None:
        """Hundredths, 100 is mono, −100 opposed; None where a side is silent."""
        left, right, product = self._sums
        if min(left, right) <= _LEAST * max(1, self._count):
            return None
        return round(100 * float(product) / math.sqrt(float(left) * float(right)))

    def balance(self) -> int | None:
        """How much stronger left is than right, hundredths of a dB, within ±120 dB; None where both are silent."""
        left, right = (float(value) / max(1, self._count) for value in self._sums[:2])
        if max(left, right) <= _LEAST:
            return None
        return round(1_000 * math.log10(max(left, _SIDE_LEAST) / max(right, _SIDE_LEAST)))


__all__ = ["FULL_SCALE", "RUN", "StereoImage"]
