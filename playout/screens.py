"""Shared-memory rings of a television channel: decoded frames → picture process → encoder, and encoded pictures → whoever writes them elsewhere. Knows numpy and mmap; knows no plan and no clock."""

from __future__ import annotations

from typing import Final

import attrs
import numpy as np

from playout.rings import Ring, shared_bytes, shared_words
from playout.tv_house import Packed, size_of
from schedules.raster import Raster

AHEAD: Final = 14  # frames a decoder is ahead: more than half a second
_BEHIND: Final = 2  # frames behind the reader that stay
_SCREENS: Final = 8  # composed frames that are kept
_UNITS: Final = 128  # encoded pictures that are kept: five seconds
_BYTES: Final = 8 << 20  # of them
_LARGEST: Final = 2 << 20
_ROW: Final = 5  # words that say what a unit is

FRESH: Final = 1  # flag of a frame: it begins a group of pictures
DEGRADED: Final = 2  # it is not what was due: something was missing


class PictureRing(Ring[np.uint8]):
    """Decoded frames of one medium, packed yuv420p."""

    def __init__(self, raster: Raster) -> None:
        super().__init__(AHEAD + _BEHIND, _BEHIND, size_of(raster), np.uint8)


class ScreenRing:
    """The last composed frames of one channel: one process composes, any number look. Nobody waits for anybody."""

    def __init__(self, raster: Raster) -> None:
        self.raster = raster
        self._head = shared_words(1)
        self._flags = shared_words(_SCREENS)
        self._index = shared_words(_SCREENS)
        memory = shared_bytes(_SCREENS * size_of(raster))
        self._data: list[Packed] = list(np.frombuffer(memory, dtype=np.uint8).reshape(_SCREENS, -1))

    @property
    def head(self) -> int:
        """The first frame not yet composed; 0 before the first."""
        return self._head[0]

    def canvas(self, k: int) -> Packed:
        """Where frame `k` is to be composed; `show` it when it is complete. The frame that was there is gone."""
        slot = k % _SCREENS
        self._index[slot] = -1
        return self._data[slot]

    def show(self, k: int, flags: int) -> None:
        """The canvas of frame `k` is complete."""
        slot = k % _SCREENS
        self._flags[slot] = flags
        self._index[slot] = k
        self._head[0] = k + 1

    def look(self, k: int) -> tuple[Packed, int] | None:
        """Frame `k` where it stands, one and the same array for a place, and its flags; None where it is not there.

        Its place is taken again seven frames later: whoever has used it asks `holds` whether it was still there then.
        """
        slot = k % _SCREENS
        return (self._data[slot], self._flags[slot]) if self._index[slot] == k else None

    def holds(self, k: int) -> bool:
        """Whether frame `k` is (still) there."""
        return self._index[k % _SCREENS] == k

    def get(self, k: int, into: Packed) -> int | None:
        """Copy frame `k`; its flags, or None where it is not (or no longer) there: `into` is then spoilt."""
        found = self.look(k)
        if found is None:
            return None
        np.copyto(into, found[0])
        return found[1] if self.holds(k) else None


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
        self._rows = shared_words(_ROW * _UNITS)  # number, frame, fresh, place, length
        self._bytes = shared_bytes(_BYTES + _LARGEST)

    @property
    def count(self) -> int:
        """How many have been put."""
        return self._count[0]

    def put(self, unit: Unit) -> None:
        """Append; a unit of more than 2 MiB is left out, which no encoder of ours makes."""
        if len(unit.data) > _LARGEST:
            return
        number, rows, length = self.count, self._rows, len(unit.data)
        row, place = number % _UNITS * _ROW, self._count[1]
        rows[row] = -1
        at = place % _BYTES
        self._bytes[at : at + length] = unit.data
        rows[row + 1], rows[row + 2], rows[row + 3], rows[row + 4] = unit.k, unit.fresh, place, length
        rows[row] = number
        self._count[1] = place + length if at + length <= _BYTES else place - at + _BYTES
        self._count[0] = number + 1

    def get(self, number: int) -> Unit | None:
        """The unit of this number, or None where it is no longer there."""
        rows, row = self._rows, number % _UNITS * _ROW
        if rows[row] != number:
            return None
        place, length = rows[row + 3], rows[row + 4]
        at = place % _BYTES
        made = Unit(rows[row + 1], bool(rows[row + 2]), self._bytes[at : at + length])
        intact = self._count[1] + _LARGEST - place <= _BYTES
        return made if intact and rows[row] == number else None


__all__ = ["AHEAD", "DEGRADED", "FRESH", "PictureRing", "ScreenRing", "Unit", "UnitRing"]
