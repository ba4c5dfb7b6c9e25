"""Shared-memory rings of a television channel: decoded frames → picture process → encoder, and encoded pictures → whoever writes them elsewhere. Knows numpy and mmap; knows no plan and no clock."""

from __future__ import annotations

import os
from struct import Struct
from typing import Final

import attrs
import numpy as np
import numpy.typing as npt

from playout.rings import Laid, Ring, shared_bytes, shared_words
from playout.tv_house import Packed, size_of
from schedules.raster import Raster

AHEAD: Final = 0.56  # s of frames that a decoder is ahead
_BEHIND: Final = 2  # frames behind the reader that stay
_SCREENS: Final = 0.32  # s of composed frames that are kept
_UNITS: Final = 256  # encoded pictures that are kept: five seconds and more
_BYTES: Final = 8 << 20  # of them
_LARGEST: Final = 2 << 20
_ROW: Final = 5  # words that say what a unit is

CODED_MOST: Final = (
    256 << 10
)  # bytes of a coded picture that is taken over: more than 0.3 s of any channel's rate
_HEADER: Final = Struct("<QII")  # film, frame, bytes
_HEAD: Final = _HEADER.size

FRESH: Final = 1  # flag of a frame: it begins a group of pictures
DEGRADED: Final = 2  # it is not what was due: something was missing
BARE: Final = 4  # it has no pixels: its coded picture is all there is


@attrs.frozen
class Coded:
    """A coded picture of a film: an access unit that may be sent for a frame. It refers to the one before it in the film, but for a group's first."""

    film: int  # the first 60 bits of its house file's SHA-256
    frame: int
    data: bytes


def pack_coded(coded: Coded | None, into: Packed) -> None:
    """Into a place behind a frame; one that is too large is left out, which no coder of ours makes."""
    if coded is None or len(coded.data) > CODED_MOST:
        into[:_HEAD] = 0
        return
    head = _HEADER.pack(coded.film, coded.frame, len(coded.data))
    into[:_HEAD] = np.frombuffer(head, np.uint8)
    into[_HEAD : _HEAD + len(coded.data)] = np.frombuffer(coded.data, np.uint8)


def unpacked(place: Packed) -> Coded | None:
    """The reverse of `pack_coded`."""
    film, frame, length = _HEADER.unpack(place[:_HEAD].tobytes())
    return Coded(film, frame, place[_HEAD : _HEAD + length].tobytes()) if 0 < length <= CODED_MOST else None


class PictureRing(Ring[np.uint8]):
    """Decoded frames of one medium, packed yuv420p.

    Of a channel that splices each place has a coded picture behind it, where there is one, and its pixels only where they
    are asked for: whoever reads asks from which position on (and rings the bell), whoever writes draws them.
    """

    def __init__(self, raster: Raster, *, splices: bool = False) -> None:
        self.splices, self._size = splices, size_of(raster)
        tail = CODED_MOST + _HEAD if splices else 0
        ahead = round(AHEAD * raster.fps)
        super().__init__(ahead + _BEHIND, _BEHIND, self._size + tail, np.uint8)
        # whose pixels lie in each place: one more than their position
        self._drawn = shared_words(self.capacity)
        self._asked = shared_words(2)  # generation, one more than the position from which pixels are wanted
        self._old = shared_words(1)  # the generation of the picture that stands in
        self._stand_in: Packed = np.frombuffer(shared_bytes(self._size if splices else 1), np.uint8)
        self.bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC) if splices else -1

    def write(self, units: npt.NDArray[np.uint8] | Laid[np.uint8]) -> None:
        """As any ring; of a channel that splices one coded picture at a time, without its pixels."""
        if self.splices:
            self._drawn[self.written % self.capacity] = 0
        super().write(units)

    def tail(self, place: Packed) -> Packed:
        """Where in a place its coded picture lies."""
        return place[self._size :]

    def draw(self, position: int, pixels: Laid[np.uint8]) -> None:
        """Lay pixels into the place of `position`, which was written."""
        slot = position % self.capacity
        pixels.lay(self._data[slot][: self._size])
        self._drawn[slot] = position + 1

    def drawn(self, position: int) -> bool:
        """Whether pixels lie at `position`."""
        return not self.splices or self._drawn[position % self.capacity] == position + 1

    def ask(self, generation: int, position: int | None) -> None:
        """Want pixels from `position` of this generation on; None: no more."""
        wanted = 0 if position is None else position + 1
        asked, before = self._asked[1], self._asked[0] == generation
        if wanted and before and 0 < asked <= wanted:
            return
        self._asked[1] = 0
        self._asked[0] = generation
        self._asked[1] = wanted
        if wanted:
            os.eventfd_write(self.bell, 1)

    def asked(self, generation: int) -> int | None:
        """From which position of this generation on pixels are wanted."""
        wanted = self._asked[1]
        return wanted - 1 if wanted and self._asked[0] == generation else None

    def lay_by(self, generation: int, pixels: Laid[np.uint8]) -> None:
        """A picture from a little before the first that was asked for: it stands in till that one is drawn."""
        self._old[0] = 0
        pixels.lay(self._stand_in)
        self._old[0] = generation

    def stand_in(self, generation: int, into: Packed) -> bool:
        """Copy the picture that stands in, where there is one of this generation; otherwise `into` may be spoilt."""
        if not self.splices or self._old[0] != generation:
            return False
        np.copyto(into, self._stand_in)
        return self._old[0] == generation

    def copy(self, generation: int, position: int, into: Packed) -> bool:
        """Copy the frame at `position`, where its pixels are in the ring; otherwise `into` may be spoilt."""
        if not self._holds(generation, position, 1) or not self.drawn(position):
            return False
        np.copyto(into, self._data[position % self.capacity][: self._size])
        return self._holds(generation, position, 1)

    def coded(self, generation: int, position: int) -> Coded | None:
        """The coded picture of the frame at `position`; None where there is none."""
        if not self.splices or not self._holds(generation, position, 1):
            return None
        found = unpacked(self._data[position % self.capacity][self._size :])
        return found if self._holds(generation, position, 1) else None


def screens(raster: Raster) -> int:
    """How many composed frames are kept."""
    return round(_SCREENS * raster.fps)


class ScreenRing:
    """The last composed frames of one channel: one process composes, any number look. Nobody waits for anybody."""

    def __init__(self, raster: Raster, *, splices: bool = False) -> None:
        """`splices`: a frame may have a coded picture that is sent for it."""
        self.raster, self.splices = raster, splices
        self._slots = screens(raster)
        self._head = shared_words(2)  # and the last frame that needed pixels
        self._flags = shared_words(self._slots)
        self._index = shared_words(self._slots)
        memory = shared_bytes(self._slots * size_of(raster))
        self._data: list[Packed] = list(np.frombuffer(memory, dtype=np.uint8).reshape(self._slots, -1))
        tails = shared_bytes(self._slots * (CODED_MOST + _HEAD if splices else 1))
        self._coded: list[Packed] = list(np.frombuffer(tails, dtype=np.uint8).reshape(self._slots, -1))

    @property
    def head(self) -> int:
        """The first frame not yet composed; 0 before the first."""
        return self._head[0]

    @property
    def needed(self) -> int:
        """The last frame for which whoever encodes needed pixels; 0 before the first."""
        return self._head[1]

    @needed.setter
    def needed(self, k: int) -> None:
        self._head[1] = k

    def canvas(self, k: int) -> Packed:
        """Where frame `k` is to be composed; `show` it when it is complete. The frame that was there is gone."""
        slot = k % self._slots
        self._index[slot] = -1
        return self._data[slot]

    def show(self, k: int, flags: int, coded: Coded | None = None) -> None:
        """The canvas of frame `k` is complete; `coded`: the coded picture that may be sent for it."""
        slot = k % self._slots
        if self.splices:
            pack_coded(coded, self._coded[slot])
        self._flags[slot] = flags
        self._index[slot] = k
        self._head[0] = k + 1

    def look(self, k: int) -> tuple[Packed, int] | None:
        """Frame `k` where it stands, one and the same array for a place, and its flags; None where it is not there.

        Its place is taken again a third of a second later: whoever has used it asks `holds` whether it was still there then.
        """
        slot = k % self._slots
        return (self._data[slot], self._flags[slot]) if self._index[slot] == k else None

    def coded(self, k: int) -> Coded | None:
        """The coded picture that may be sent for frame `k`; None where there is none."""
        if not self.splices or not self.holds(k):
            return None
        found = unpacked(self._coded[k % self._slots])
        return found if self.holds(k) else None

    def holds(self, k: int) -> bool:
        """Whether frame `k` is (still) there."""
        return self._index[k % self._slots] == k

    def get(self, k: int, into: Packed) -> int | None:
        """Copy frame `k`; its flags, or None where it is not (or no longer) there, or has no pixels: `into` is then spoilt."""
        found = self.look(k)
        if found is None or found[1] & BARE:
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


__all__ = [
    "AHEAD",
    "BARE",
    "CODED_MOST",
    "DEGRADED",
    "FRESH",
    "Coded",
    "PictureRing",
    "ScreenRing",
    "Unit",
    "UnitRing",
    "pack_coded",
    "screens",
    "unpacked",
]
