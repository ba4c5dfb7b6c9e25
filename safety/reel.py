"""The last half minute of a channel's pictures as they were received: grids by absolute frame, and when nothing could be seen for reasons of our own. Pure; knows no socket and no clock."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Final

from safety.grids import Stored
from schedules.raster import Raster
from station.words import SAMPLE_RATE

LENGTH: Final = 30  # s of pictures that are kept
SPAN: Final = 1 << 33  # ticks after which stamps begin anew (ISO/IEC 13818-1, 2.4.3.7)
FAR: Final = 8  # s; a stamp further than this from its arrival is none of the player's
_HUSH: Final = SAMPLE_RATE  # without word from the eye for longer: not seen
_MOST_LATE: Final = 2 * SAMPLE_RATE
_ENTRY: Final = 3 * SAMPLE_RATE  # what a decoder may need until its first whole picture


def place(pts: int, raster: Raster, near: int) -> int:
    """The absolute frame of a time stamp of the player's (ticks of 90 kHz, modulo 2^33), nearest to frame `near`."""
    middle = near * raster.ticks
    away = (pts - middle + SPAN // 2) % SPAN - SPAN // 2
    return round((middle + away) / raster.ticks)


class Reel:
    """Grids by frame; bounded."""

    def __init__(self, raster: Raster, began: int) -> None:
        """Before sample `began` nothing was seen."""
        self._raster, self._length, self._far = raster, LENGTH * raster.fps, FAR * raster.fps
        self._grids: OrderedDict[int, Stored] = OrderedDict()
        self._said: deque[tuple[int, int]] = deque(maxlen=self._length)  # (sample, TS packets up to then)
        self._blind: deque[tuple[int, int]] = deque([(0, began + _ENTRY)], maxlen=100)
        self._shift: int | None = None
        self.strange = 0  # pictures whose stamps are not the player's

    def add(self, pts: int | None, arrived: int, grid: Stored) -> None:
        """A picture that was complete at sample `arrived`."""
        now = self._raster.frame_at(arrived)
        frame = now if pts is None else place(pts, self._raster, now)
        if abs(frame - now) > self._far:
            self.strange += 1
            self._shift = now - frame if self._shift is None else self._shift
            frame += self._shift
            if abs(frame - now) > self._far:
                frame, self._shift = now, None
        else:
            self._shift = None
        self._grids[frame] = grid
        while len(self._grids) > self._length:
            self._grids.popitem(last=False)

    def said(self, sample: int, packets: int, *, dropped: bool = False) -> None:
        """The eye's word that it looked until `sample` and counted so many TS packets; whether its own buffer overflowed."""
        last = self._said[-1][0] if self._said else None
        if last is not None and (dropped or sample - last > _HUSH):
            self._blind.append((last - (_HUSH if dropped else 0), sample))
        self._said.append((sample, packets))

    def blinded(self, sample: int) -> None:
        """The eye ended at `sample`; what it held is gone."""
        last = self._said[-1][0] if self._said else sample
        self._blind.append((last - _HUSH, sample + _ENTRY))
        self._said.clear()

    def grid(self, frame: int) -> Stored | None:
        """A frame's grid; None where it did not come."""
        return self._grids.get(frame)

    def blind(self, frame: int) -> bool:
        """Whether it may be our own fault that a frame did not come."""
        first = self._raster.sample_of(frame)
        last = first + _MOST_LATE
        if any(a < last and first < b for a, b in self._blind):
            return True
        return not self._said or self._said[-1][0] < first + SAMPLE_RATE // 2

    def packets(self, first: int, last: int) -> int:
        """TS packets that came between two samples, as far as the eye told."""
        before = [count for sample, count in self._said if sample <= first]
        until = [count for sample, count in self._said if sample <= last]
        return (until[-1] if until else 0) - (before[-1] if before else 0)
