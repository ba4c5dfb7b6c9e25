"""How loud mark and space of EAS SAME are in any span of a sound, at any speed, and what a bit says about being 1 or 0. Pure numpy; knows no header.

Both tones are whole waves a bit, so the sum of sound x tone over one bit hears one and not the other. Running sums make the
sum over any bit, at any fraction of a sample, two look-ups.
"""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from emergency.same_audio import BITS_DEN, BITS_NUM, MARK_WAVES, SPACE_WAVES

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]

SURE: Final = 10.0  # the most that one bit says (natural log of the odds)
_SILENT: Final = 1e-6  # of full scale: below, nothing is heard
_CRACKLES: Final = 4.0  # times the usual noise
_FAR: Final = 30.0  # beyond, a Bessel function is its asymptote
_NEAR_X: Final = np.linspace(0, _FAR, 1_501)
_NEAR_LOG_I0: Final = np.log(np.i0(_NEAR_X))
_LEAST_NOISE: Final = 0.02  # of a tone's power: nobody hears more sharply


def bit_samples(rate: int, speed: float = 1.0) -> float:
    """Samples a bit at `rate`, for a sender (or tape) that runs `speed` times as fast."""
    return rate * BITS_DEN / BITS_NUM / speed


@attrs.frozen(eq=False)
class Waves:
    """Mark and space as turning pointers, ready to be multiplied with up to `len` samples of sound."""

    mark: Complex
    space: Complex

    @classmethod
    def of(cls, bit: float, count: int) -> Waves:
        """For `count` samples, `bit` of them a bit."""
        at = np.arange(count, dtype=np.float64)
        return cls(*(np.exp(-2j * np.pi * (at * (waves / bit) % 1.0)) for waves in (MARK_WAVES, SPACE_WAVES)))


@attrs.frozen(eq=False)
class Tones:
    """Running sums of a sound times mark and space; index 0 is the first sample of the sound given."""

    mark: Complex
    space: Complex

    @classmethod
    def of(cls, sound: NDArray[np.float32], waves: Waves) -> Tones:
        """`sound` within ±1, no longer than the waves."""
        return cls(_running(sound, waves.mark), _running(sound, waves.space))

    @classmethod
    def at_speed(cls, sound: NDArray[np.float32], bit: float) -> Tones:
        """The same with waves made for it; `bit` in samples."""
        return cls.of(sound, Waves.of(bit, len(sound)))

    def loudness(self, at: Floats, bit: float) -> tuple[Floats, Floats]:
        """Loudness of mark and space (peak, full scale 1) in the bits that begin at `at` (samples, fractions too)."""
        ends = np.concatenate([at, at + bit])
        half = len(at)
        mark, space = (_between(sums, ends) for sums in (self.mark, self.space))
        return np.abs(mark[half:] - mark[:half]) * (2 / bit), np.abs(space[half:] - space[:half]) * (2 / bit)

    def on_grid(self, first: float, step: float, count: int, bit_steps: int) -> tuple[Floats, Floats]:
        """Loudness of mark and space in the `count` bits of `bit_steps` steps that begin at first, first + step …"""
        ends = first + np.arange(count + bit_steps, dtype=np.float64) * step
        mark, space = (_between(sums, ends) for sums in (self.mark, self.space))
        bit = step * bit_steps
        return (
            np.abs(mark[bit_steps:] - mark[:-bit_steps]) * (2 / bit),
            np.abs(space[bit_steps:] - space[:-bit_steps]) * (2 / bit),
        )


def _running(sound: NDArray[np.float32], wave: Complex) -> Complex:
    sums = np.zeros(len(sound) + 2, np.complex128)  # the last twice, so that there always is a next one
    np.cumsum(sound * wave[: len(sound)], out=sums[1:-1])
    sums[-1] = sums[-2]
    return sums


def _between(sums: Complex, at: Floats) -> Complex:
    """The running sum at fractions of a sample; held at its ends."""
    inside = np.clip(at, 0, len(sums) - 2)
    low = inside.astype(np.int64)
    value: Complex = sums[low] + (sums[low + 1] - sums[low]) * (inside - low)
    return value


def leaning(mark: Floats, space: Floats) -> Floats:
    """From -1 (space) to 1 (mark), whatever the loudness; 0 in silence."""
    both = mark + space
    return np.asarray((mark - space) / np.maximum(both, _SILENT), np.float64)


@attrs.frozen(kw_only=True)
class Ear:
    """What a burst sounds like: power of mark and space where sent, and of noise in each where not sent."""

    mark: float
    space: float
    mark_noise: float
    space_noise: float

    @classmethod
    def of(cls, mark: Floats, space: Floats, sent: NDArray[np.bool_]) -> Ear:
        """Learnt from bits that are known: `sent` is True where the mark was sent."""
        mark_noise, space_noise = _power(mark[~sent]), _power(space[sent])
        loud_mark, loud_space = _power(mark[sent]), _power(space[~sent])
        floor = _LEAST_NOISE * max(loud_mark, loud_space, _SILENT**2)
        mark_noise, space_noise = max(mark_noise, floor), max(space_noise, floor)
        return cls(
            mark=max(loud_mark - mark_noise, floor),
            space=max(loud_space - space_noise, floor),
            mark_noise=mark_noise,
            space_noise=space_noise,
        )

    def odds(self, mark: Floats, space: Floats) -> Floats:
        """Natural log of the odds that a bit is a 1, at most ±SURE: that of a wave of known loudness in noise.

        Where both tones are loud, or one is much too loud, it crackles: there bits say little."""
        surplus = np.maximum(mark - np.sqrt(self.mark), space - np.sqrt(self.space))
        crackle = _smooth(np.maximum(np.minimum(mark, space), surplus) ** 2)
        one = _wave(mark, self.mark, _noise(self.mark_noise, crackle))
        zero = _wave(space, self.space, _noise(self.space_noise, crackle))
        return np.clip(one - zero, -SURE, SURE)

    @property
    def clearness(self) -> float:
        """Power of the tones over that of the noise within a bit's width, dB."""
        return float(10 * np.log10((self.mark + self.space) / (self.mark_noise + self.space_noise)))


def _power(loudness: Floats) -> float:
    return float(np.mean(loudness**2)) if len(loudness) else 0.0


def _noise(usual: float, crackle: Floats) -> Floats:
    """The usual noise, but for crackles."""
    return np.asarray(np.where(crackle > _CRACKLES * usual, crackle, usual), np.float64)


def _smooth(power: Floats) -> Floats:
    """The mean of each bit and its neighbours."""
    held = np.concatenate([power[:1], power, power[-1:]])
    return np.asarray((held[:-2] + held[1:-1] + held[2:]) / 3, np.float64)


def _wave(loudness: Floats, power: float, noise: Floats) -> Floats:
    """Log-likelihood of a loudness with a wave in it over that without (Rice over Rayleigh)."""
    return np.asarray(_log_i0(2 * np.sqrt(power) / noise * loudness) - power / noise, np.float64)


def _log_i0(x: Floats) -> Floats:
    """log of the Bessel function I0, to a few thousandths."""
    far = x - 0.5 * np.log(2 * np.pi * np.maximum(x, _FAR))
    return np.asarray(np.where(x < _FAR, np.interp(x, _NEAR_X, _NEAR_LOG_I0), far), np.float64)
