"""The waveform of a sound as a panel draws it: greatest and least value of each stretch, in a file of at most 64 KiB. Pure numpy; knows no file.

The file is audiowaveform's data format, version 2 (BBC): six little-endian words of 32 bits (version 2, flags 1 for
8 bit, sample rate, samples a stretch, number of stretches, channels), then for each stretch and channel least and
greatest value as signed bytes, ±128 being full scale. docs/ingest.md has it in words.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
from numpy.typing import NDArray

from station.words import SAMPLE_RATE, Misheard

FINEST: Final = 512  # samples of a stretch where the sound is short
MOST: Final = 1 << 14  # stretches
_HEAD: Final = struct.Struct("<iIiiII")
_SHIFT: Final = 16  # from 24 bits to 8


class Peaks:
    """Takes pieces (count, 2) of 24-bit values; keeps MOST stretches at most, twice as long whenever they were too many."""

    def __init__(self) -> None:
        self.stretch = FINEST
        self._rows: NDArray[np.int8] = np.empty(
            (MOST, 4), dtype=np.int8
        )  # left least, greatest, right least, greatest
        self._count = 0
        self._rest = np.empty((0, 2), dtype=np.int32)

    def add(self, pcm: NDArray[np.int32]) -> None:
        """Look at a piece."""
        sound = np.concatenate((self._rest, pcm)) if len(self._rest) else pcm
        while len(sound) >= self.stretch:
            if self._count == MOST:
                self._halve()
                continue
            whole = min(len(sound) // self.stretch, MOST - self._count)
            self._keep(sound[: whole * self.stretch].reshape(whole, self.stretch, 2))
            sound = sound[whole * self.stretch :]
        self._rest = sound.copy()

    def data(self) -> bytes:
        """The file, what is left over at the end included."""
        rows = self._rows[: self._count]
        if len(self._rest):
            rows = np.concatenate((rows, _extremes(self._rest[np.newaxis])))
        return _HEAD.pack(2, 1, SAMPLE_RATE, self.stretch, len(rows), 2) + rows.tobytes()

    def _keep(self, blocks: NDArray[np.int32]) -> None:
        self._rows[self._count : self._count + len(blocks)] = _extremes(blocks)
        self._count += len(blocks)

    def _halve(self) -> None:
        pairs = self._rows.reshape(MOST // 2, 2, 4)
        self._rows[: MOST // 2, 0::2] = pairs[:, :, 0::2].min(axis=1)
        self._rows[: MOST // 2, 1::2] = pairs[:, :, 1::2].max(axis=1)
        self._count = MOST // 2
        self.stretch *= 2


def _extremes(blocks: NDArray[np.int32]) -> NDArray[np.int8]:
    """(stretches, 4): least values rounded down, greatest rounded up, so that no peak is drawn smaller than it is."""
    least = blocks.min(axis=1) >> _SHIFT
    most = np.minimum(-(-blocks.max(axis=1) >> _SHIFT), 127)
    return np.stack((least, most), axis=2).reshape(len(blocks), 4).astype(np.int8)


def read(data: bytes) -> tuple[int, NDArray[np.int8]]:
    """(samples a stretch, (stretches, channel, least and greatest)) of such a file; Misheard where it is none."""
    if len(data) < _HEAD.size:
        raise Misheard("too short for a file of peaks", "峰值文件过短")
    version, flags, _, stretch, count, channels = _HEAD.unpack_from(data)
    if (version, flags, channels) != (2, 1, 2) or len(data) != _HEAD.size + 4 * count:
        raise Misheard("no file of peaks of version 2, 8 bit, two channels", "不是第 2 版双声道 8 位峰值文件")
    return stretch, np.frombuffer(data, dtype=np.int8, offset=_HEAD.size).reshape(count, 2, 2)


__all__ = ["FINEST", "MOST", "Peaks", "read"]
