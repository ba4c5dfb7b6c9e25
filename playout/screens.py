"""Shared-memory rings of a television channel: decoded frames → picture process → encoder, and encoded pictures → whoever writes them elsewhere. Knows numpy and mmap; knows no plan and no clock."""

from __future__ import annotations

import mmap
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from playout.rings import Ring, shared_words
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
        self._head = shared_words(1)
        self._flags = shared_words(_SCREENS)
        self._index = shared_words(_SCREENS)
        memory = mmap.mmap(-1, _SCREENS * size_of(raster))
        self._data: NDArray[np.uint8] = np.frombuffer(memory, dtype=np.uint8).reshape(_SCREENS, -1)

    @property
    def head(self) -> int:
        """The first frame not yet composed; 0 before the first."""
        return int(self._head[0])

    def put(self, k: int, packed: Packed, flags: int) -> None:
        """Frame `k`, packed yuv420p."""
        slot = k % _SCREENS
        self._index[slot] = -1
        self._data[slot] = packed
        self._flags[slot] = flags
        self._index[slot] = k
        self._head[0] = k + 1

    def get(self, k: int) -> tuple[Packed, int] | None:
        """Frame `k` and its flags, or None where it is not (or no longer) there."""
        slot = k % _SCREENS
        if self._index[slot] != k:
            return None
        packed, flags = self._data[slot].copy(), int(self._flags[slot])
        return (packed, flags) if self._index[slot] == k else None


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
