"""How much later one member of a relay brings the same programme than another: by correlation, coarsely over seconds and then to the sample. Pure; knows no ring.

What is sought is sound that fits in one place and in no other: a tone fits everywhere, silence nowhere. Different coders
and levels do not matter; another programme, or the same one upside down, does not fit.
"""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from playout.rings import Pcm32

Mono = NDArray[np.float64]
COARSE: Final = 8  # one value of so many samples in the first search
FITS: Final = 0.6  # correlation coefficient from which on it is the same sound
SAME: Final = 0.9  # of the best: another place that fits as well makes it ambiguous
AUDIBLE: Final = 1 << 13  # root mean square of 24-bit values, −60 dBFS; below it there is nothing to compare
ONE: Final = 1 << 16  # a gain of 0 dB
_ALIKE: Final = 0.02  # of full: levels that differ by less, 0.2 dB, are the same
_NEAR: Final = 240  # samples around the coarse place that are looked at, and around a peak that belong to it


@attrs.frozen(kw_only=True)
class Fit:
    """Sample 0 of the pattern is sample `at` of the sound; `score`: correlation coefficient."""

    at: int
    score: float


def find(pattern: Pcm32, sound: Pcm32) -> Fit | None:
    """Where in `sound` the `pattern` (shorter) is, to the sample; None where it is nowhere or cannot be told from elsewhere."""
    small, large = coarse(pattern), coarse(sound)
    scores = correlated(small, large)
    if not len(scores):
        return None
    best = int(scores.argmax())
    if scores[best] < FITS / 2 or _elsewhere(scores, best):
        return None
    return exact(pattern, sound, best * COARSE)


def exact(pattern: Pcm32, sound: Pcm32, near: int, reach: int = _NEAR) -> Fit | None:
    """Where the pattern is within `reach` samples of place `near`; None where it is not."""
    first = max(0, near - reach)
    part = sound[first : near + reach + len(pattern)]
    scores = correlated(mono(pattern), mono(part))
    if not len(scores) or scores.max() < FITS:
        return None
    best = int(scores.argmax())
    return Fit(at=first + best, score=float(scores[best]))


def level(pattern: Pcm32, sound: Pcm32) -> int:
    """The gain (Q16) that makes `sound` as loud as `pattern`, the same sound as long; within ±12 dB, and ONE where they differ by less than 2 %."""
    one, other = mono(pattern), mono(sound)
    ratio = float(one @ other) / max(1.0, float(other @ other))
    return ONE if abs(ratio - 1) < _ALIKE else round(min(4.0, max(0.25, ratio)) * ONE)


def mono(pcm: Pcm32) -> Mono:
    """Both sides together."""
    made: Mono = pcm.sum(axis=1).astype(np.float64)
    return made


def coarse(pcm: Pcm32) -> Mono:
    """One value for COARSE samples: their mean, which is filter enough for finding a place."""
    whole = len(pcm) // COARSE * COARSE
    made: Mono = mono(pcm[:whole]).reshape(-1, COARSE).mean(axis=1)
    return made


def correlated(pattern: Mono, sound: Mono) -> Mono:
    """The correlation coefficient of the pattern with each stretch of the sound that is as long; 0 where either is inaudible, empty where there is none."""
    count, places = len(pattern), len(sound) - len(pattern) + 1
    if not count or places < 1:
        return np.zeros(0)
    pattern = pattern - pattern.mean()
    own = float(pattern @ pattern)
    size = 1 << (len(sound) + count).bit_length()
    spectrum = np.fft.rfft(sound, size) * np.conj(np.fft.rfft(pattern, size))
    meets: Mono = np.fft.irfft(spectrum, size)[:places]
    sums = np.concatenate(([0.0], np.cumsum(sound)))
    squares = np.concatenate(([0.0], np.cumsum(sound * sound)))
    total = sums[count:] - sums[:places]
    energy = squares[count:] - squares[:places] - total * total / count
    floor = count * float(AUDIBLE) ** 2
    heard = (energy > floor) & (own > floor)
    made: Mono = np.where(heard, meets / np.sqrt(np.maximum(energy, 1.0) * max(own, 1.0)), 0.0)
    return made


def _elsewhere(scores: Mono, best: int) -> bool:
    """Whether it fits in another place about as well."""
    away = np.ones(len(scores), dtype=np.bool_)
    away[max(0, best - _NEAR // COARSE) : best + _NEAR // COARSE + 1] = False
    return bool(away.any()) and float(scores[away].max()) > SAME * float(scores[best])


__all__ = ["FITS", "ONE", "Fit", "correlated", "exact", "find", "level"]
