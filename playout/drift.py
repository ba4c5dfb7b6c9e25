"""Follows a clock that is not the station's: how much faster or slower to read (Servo), and the samples in between (Resampler). Pure; knows no ring, no card and no clock."""

from __future__ import annotations

from functools import cache
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from playout.rings import Pcm16

ONE: Final = 1 << 32  # one sample, as positions count
MOST_PPM: Final = 500  # a crystal is off by 100 at most; more is a fault, not a drift
_TAPS: Final = 32
_PHASES: Final = 4_096  # of the interpolation: images below -90 dB up to 20 kHz
_SHARP: Final = 9.0  # of its Kaiser window
_SCALE: Final = 30  # bits of a coefficient's fraction
_GAIN: Final = 500  # ppm/1000 for each sample that the lag is off: 100 ppm are held at 200 samples, 4 ms
_SMOOTH: Final = 128  # looks over which the lag is averaged


@attrs.define
class Servo:
    """The step from one sample to the next, so that the lag behind the station's head stays `target` samples."""

    target: int
    _sum: int | None = None  # of _SMOOTH lags

    def step(self, lag: int) -> int:
        """The step now (ONE is 1.0), after another look at the lag in samples."""
        self._sum = lag * _SMOOTH if self._sum is None else self._sum + lag - self._sum // _SMOOTH
        ppb = (self._sum - self.target * _SMOOTH) * _GAIN // _SMOOTH
        ppb = max(-MOST_PPM * 1_000, min(MOST_PPM * 1_000, ppb))
        return ONE + ONE * ppb // 1_000_000_000

    def begin(self) -> None:
        """The lag jumped: what it was before says nothing."""
        self._sum = None


@cache
def _table() -> npt.NDArray[np.int64]:
    """Coefficients by phase: a windowed sinc, each phase brought to a sum of exactly one."""
    at = np.arange(_TAPS) - (_TAPS // 2 - 1)
    away = at[None, :] - np.arange(_PHASES)[:, None] / _PHASES
    window = np.i0(_SHARP * np.sqrt(np.clip(1 - (away / (_TAPS // 2)) ** 2, 0, 1))) / np.i0(_SHARP)
    made = np.rint(np.sinc(away) * window * (1 << _SCALE)).astype(np.int64)
    made[np.arange(_PHASES), made.argmax(1)] += (1 << _SCALE) - made.sum(1)
    return made


class Resampler:
    """Reads samples at positions between them. A step of ONE from a whole position gives the samples as they are."""

    before: Final = _TAPS // 2 - 1  # samples needed on the left of a position
    after: Final = _TAPS // 2  # and on its right

    @staticmethod
    def span(fraction: int, step: int, count: int) -> int:
        """How many input samples from the first position's own on `count` outputs touch, without those on the left."""
        return (fraction + step * (count - 1) >> 32) + Resampler.after + 1

    @staticmethod
    def read(pcm: Pcm16, fraction: int, step: int, count: int) -> Pcm16:
        """`count` samples (count, 2), the first `fraction` / ONE after sample number `before` of `pcm`, the others each a `step` on."""
        at = fraction + step * np.arange(count, dtype=np.int64)
        whole, phase = at >> 32, (at >> 20) & (_PHASES - 1)
        taken = pcm.astype(np.int64)[whole[:, None] + np.arange(_TAPS)]  # (count, taps, 2)
        summed = (taken * _table()[phase][:, :, None]).sum(1)
        rounded = (summed + (1 << (_SCALE - 1))) >> _SCALE
        made: Pcm16 = np.clip(rounded, -32_768, 32_767).astype(np.int16)
        return made
