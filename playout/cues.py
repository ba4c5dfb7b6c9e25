"""Where an item begins and ends for the ear: cue-in and cue-out, fades, and where the next one may begin. Pure numpy; knows no file.

Cue-in and cue-out are exact: the first sample at or above THRESHOLD and the one after the last. The other points come
from the level (mean square of both sides, not weighted) of each block of 50 ms, against the item's own level: the mean
of its blocks above −70 dB, and of those the ones no more than 10 dB below their mean (the gates of ITU-R BS.1770).
A fade is what lasts half a second or longer.
"""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from station.words import SAMPLE_RATE

BLOCK: Final = SAMPLE_RATE // 20  # samples
THRESHOLD: Final = round(10 ** (-48 / 20) * (1 << 23))  # −48 dBFS, of the greater side
BODY: Final = 10 ** (-4 / 10)  # of the item's level: above it the item is at its full level
SEGUE: Final = 10 ** (-12 / 10)  # below it the next item may begin
_FADE: Final = SAMPLE_RATE // 2
_SMOOTH: Final = 8  # blocks of the mean that fades are read from: 400 ms
_GATE: Final = 10 ** (-70 / 10)


@attrs.frozen(kw_only=True)
class Cues:
    """Samples of the medium. `segue` lies between the end of the fade-in (of the fade-out, where there is one: its begin) and cue_out."""

    cue_in: int
    fade_in: int  # where it has reached its level; cue_in where it begins at once
    fade_out: int  # from where it fades; cue_out where it does not
    segue: int  # where the next item may begin
    cue_out: int


class Cueing:
    """Takes pieces (count, 2) of 24-bit values."""

    def __init__(self) -> None:
        self._count = 0
        self._first: int | None = None
        self._last = 0  # one after the last sample above the threshold
        self._levels: list[NDArray[np.float32]] = []
        self._rest = np.empty((0, 2), dtype=np.int32)

    def add(self, pcm: NDArray[np.int32]) -> None:
        """Look at a piece."""
        above = np.maximum(*np.abs(pcm).T) >= THRESHOLD
        if above.any():
            if self._first is None:
                self._first = self._count + int(above.argmax())
            self._last = self._count + len(pcm) - int(above[::-1].argmax())
        self._count += len(pcm)
        sound = np.concatenate((self._rest, pcm)) if len(self._rest) else pcm
        whole = len(sound) // BLOCK
        if whole:
            self._levels.append(_levels(sound[: whole * BLOCK].reshape(whole, BLOCK, 2)))
        self._rest = sound[whole * BLOCK :].copy()

    def finish(self) -> Cues:
        """The points; an item that is nowhere above the threshold has none of its own."""
        if self._first is None:
            return Cues(cue_in=0, fade_in=0, fade_out=self._count, segue=self._count, cue_out=self._count)
        levels = np.concatenate([*self._levels, _levels(self._rest[np.newaxis])[: len(self._rest)]])
        return points(levels, self._first, self._last)


def points(levels: NDArray[np.float32], cue_in: int, cue_out: int) -> Cues:
    """The points between cue-in and cue-out by the level of each block."""
    own = level_of(levels)
    smooth = np.convolve(levels, np.ones(_SMOOTH) / _SMOOTH, mode="same") if len(levels) > _SMOOTH else levels
    full = np.flatnonzero(smooth >= own * BODY)
    heard = np.flatnonzero(levels >= own * SEGUE)
    begins = int(full[0]) * BLOCK if len(full) else cue_in
    ends = (int(full[-1]) + 1) * BLOCK if len(full) else cue_out
    segue = min(cue_out, (int(heard[-1]) + 1) * BLOCK) if len(heard) else cue_out
    fade_in = begins if cue_in + _FADE <= begins < cue_out else cue_in
    fade_out = max(ends, fade_in) if ends + _FADE <= cue_out else cue_out
    return Cues(
        cue_in=cue_in,
        fade_in=fade_in,
        fade_out=fade_out,
        segue=max(segue, fade_out if fade_out < cue_out else fade_in),
        cue_out=cue_out,
    )


def level_of(levels: NDArray[np.float32]) -> float:
    """The gated mean of the blocks' mean squares (1.0 is full scale)."""
    loud = levels[levels > _GATE]
    if not len(loud):
        return 0.0
    kept = loud[loud >= loud.mean(dtype=np.float64) / 10]
    return float(kept.mean(dtype=np.float64))


def _levels(blocks: NDArray[np.int32]) -> NDArray[np.float32]:
    """Mean square of each block, both sides together."""
    size = max(1, blocks.shape[1] * 2)
    scaled = blocks.reshape(len(blocks), -1).astype(np.float64) * (1.0 / (1 << 23))
    made: NDArray[np.float32] = (np.einsum("ij,ij->i", scaled, scaled) / size).astype(np.float32)
    return made


__all__ = ["BLOCK", "BODY", "SEGUE", "THRESHOLD", "Cueing", "Cues", "level_of", "points"]
