"""Shared-memory rings of a television channel: decoded frames → picture process → encoder, and encoded pictures → whoever writes them elsewhere. Knows numpy and mmap; knows no plan and no clock."""

from __future__ import annotations

import mmap
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from playout.rings import Ring, plain_words, shared_words
from playout.tv_house import Packed, size_of
from schedules.raster import Raster

AHEAD: Final = 14  # frames a decoder is ahead: more than half a second
_BEHIND: Final = 2  # frames behind the reader that stay
_SCREENS: Final = 8  # composed frames that are kept
_UNITS: Final = 128  # encoded pictures that are kept: five seconds
_BYTES: Final = 8 << 20  # of them
_LARGEST: Final = 2 << 20

FRESH: Final = 1  # flag of a frame: it begins a group of pictures
DEGRADED: Final = 2  # it is not what was due: something was missing


class PictureRing(Ring[np.uint8]):
    """Decoded frames of one medium, packed yuv420p."""

    def __init__(self, raster: Raster) -> None:
        super().__init__(AHEAD + _BEHIND, _BEHIND, size_of(raster), np.uint8)


class ScreenRing:
    """The last composed frames of one channel: one process puts, any number look. Nobody waits for anybody."""

    def __init__(self, raster: Raster) -> None:
        self.raster = raster
        self._head = plain_words(1)
        self._flags = plain_words(_SCREENS)
        self._index = plain_words(_SCREENS)
        memory = mmap.mmap(-1, _SCREENS * size_of(raster))
        self._data: NDArray[np.uint8] = np.frombuffer(memory, dtype=np.uint8).reshape(_SCREENS, -1)

    @property
    def head(self) -> int:
        """The first frame not yet composed; 0 before the first."""
        return self._head[0]

    def canvas(self, k: int) -> Packed:
        """Where frame `k` is to be composed; `show` it when it is complete. The frame that was there is gone."""
        slot = k % _SCREENS
        self._index[slot] = -1
        place: Packed = self._data[slot]
        return place

    def show(self, k: int, flags: int) -> None:
        """The canvas of frame `k` is complete."""
        slot = k % _SCREENS
        self._flags[slot] = flags
        self._index[slot] = k
        self._head[0] = k + 1

    def put(self, k: int, packed: Packed, flags: int) -> None:
        """Frame `k`, packed yuv420p."""
        np.copyto(self.canvas(k), packed)
        self.show(k, flags)

    def get(self, k: int, into: Packed) -> int | None:
        """Copy frame `k`; its flags, or None where it is not (or no longer) there: `into` is then spoilt."""
        slot = k % _SCREENS
        if self._index[slot] != k:
            return None
        np.copyto(into, self._data[slot])
        flags = self._flags[slot]
        return flags if self._index[slot] == k else None


@attrs.frozen
class Unit:
    """One encoded picture: an access unit with start codes (H.264, annex B)."""

    k: int
    fresh: bool
    data: bytes


class UnitRing:
    """The last seconds of a channel's encoded pictures, numbered as they come."""

    def __init__(self) -> None:
        self._count = shared_words(2)  # units put, bytes put
        self._rows = shared_words(5 * _UNITS).reshape(_UNITS, 5)  # number, frame, fresh, place, length
        self._bytes = mmap.mmap(-1, _BYTES + _LARGEST)

    @property
    def count(self) -> int:
        """How many have been put."""
        return int(self._count[0])

    def put(self, unit: Unit) -> None:
        """Append; a unit of more than 2 MiB is left out, which no encoder of ours makes."""
        if len(unit.data) > _LARGEST:
            return
        number, row = self.count, self._rows[self.count % _UNITS]
        place = int(self._count[1])
        row[0] = -1
        at = place % _BYTES
        self._bytes[at : at + len(unit.data)] = unit.data
        row[1:] = unit.k, unit.fresh, place, len(unit.data)
        row[0] = number
        self._count[1] = place + len(unit.data) if at + len(unit.data) <= _BYTES else place - at + _BYTES
        self._count[0] = number + 1

    def get(self, number: int) -> Unit | None:
        """The unit of this number, or None where it is no longer there."""
        row = self._rows[number % _UNITS]
        if row[0] != number:
            return None
        place, length = int(row[3]), int(row[4])
        at = place % _BYTES
        made = Unit(int(row[1]), bool(row[2]), self._bytes[at : at + length])
        intact = self._count[1] + _LARGEST - place <= _BYTES
        return made if intact and row[0] == number else None


__all__ = ["AHEAD", "DEGRADED", "FRESH", "PictureRing", "ScreenRing", "Unit", "UnitRing"]
