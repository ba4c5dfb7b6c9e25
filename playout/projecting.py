"""Pictures of films for a channel's rings: decoded ones, and for a channel that splices coded ones, decoded only where somebody asks for pixels. Knows files and a ring; knows no plan and no clock."""

from __future__ import annotations

import os
import select
import socket
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from playout.coded import coded_beside
from playout.decoder import FAULTS, UNASKED, Fill, Told, noted
from playout.mending import Mender
from playout.rings import Laid
from playout.screens import Coded, PictureRing, pack_coded
from playout.tv_house import House, Packed, pack, read_frames
from schedules.raster import Raster

_OFTEN: Final = 8  # decoded pictures between two that stand in for the first that is asked for

Reader = Callable[[str, int], Iterator[tuple[int, av.VideoFrame]]]


def films(
    order: Fill,
    start: int,
    at_work: Callable[[int], object] = id,
    told: Told = id,
    *,
    raster: Raster,
    reader: Reader | None = None,
) -> Iterator[Laid[np.uint8]]:
    """The pictures of a medium from its copies, each written straight into its place; where one is damaged, the last before it."""
    shown: Laid[np.uint8] = Laid(_black)

    def read(path: str, place: int) -> Iterator[tuple[int, Laid[np.uint8]]]:
        for number, frame in (reader or partial(read_frames, wanted=raster))(path, place):
            yield number, Laid(partial(pack, frame))

    def held(count: int) -> Iterator[Laid[np.uint8]]:
        return iter([shown] * count)

    copies = [noted(copy, path, read, at_work) for copy, path in enumerate(order.paths)]
    longest = raster.fps
    mender = Mender(copies, order.samples, held, told, longest=longest, faults=FAULTS, cut=lambda one, _: one)
    for shown in mender.pieces(start, order.using):
        yield shown


def _black(into: np.ndarray[Any, np.dtype[np.uint8]]) -> None:
    luma = len(into) * 2 // 3
    into[:luma], into[luma:] = 16, 128


class Projector:
    """Fills one ring of a channel that splices: coded pictures as far as there is room, pixels where they are asked for or where there is no coded picture.

    The film's file is held open: the first pixels are there as soon as its group is decoded up to them, and till then one
    of the group's pictures stands in.
    """

    def __init__(self, ring: PictureRing, raster: Raster) -> None:
        self._ring, self._raster = ring, raster
        self._order = Fill(generation=0, paths=(), samples=0, start=0)
        self._at_work: Callable[[int], object] = id
        self._told: Told = id
        self._houses: dict[str, House] = {}  # open, and read by nobody at the moment
        self._pictures: Iterator[Laid[np.uint8]] = iter(())
        self._next = -1  # the picture that comes next; -1: none does
        self._done = 0  # pictures before it are drawn, or not wanted any more

    def pour(
        self, order: Fill, start: int, at_work: Callable[[int], object] = id, told: Told = id
    ) -> Iterator[Laid[np.uint8]]:
        """What is to be written, place by place; raises as `read_frames`, Refused where the copies give out."""
        self._order, self._at_work, self._told = order, at_work, told
        self._pictures, self._next, self._done = iter(()), -1, 0
        self._open()
        film = (
            None
            if order.generation == UNASKED
            else coded_beside(Path(order.paths[order.using]), self._raster)
        )
        for number in range(start, order.samples):
            coded = None if film is None else film.picture(number)
            if coded is None:
                while self.draw():
                    pass
            yield Laid(partial(self._lay, number, coded, None if coded else self._picture(number)))
            self.draw()

    def wait(self, orders: socket.socket, pause: float | None) -> bool:
        """Draw what is asked for, one picture at a time, or wait until it is asked, an order is there or `pause` is over; whether an order is there."""
        busy, bell, end = self.draw(), self._ring.bell, orders.fileno()
        ready, _, _ = select.select([end, bell], [], [], 0 if busy else pause)
        if bell in ready:
            os.eventfd_read(bell)
        return end in ready

    def draw(self) -> bool:
        """Draw the next picture that is asked for; whether there was one."""
        ring = self._ring
        asked = ring.asked(self._order.generation)
        at = 0 if asked is None else max(asked, ring.reached, self._done)
        if asked is None or at >= ring.written:
            return False
        if not ring.drawn(at):
            ring.draw(at, self._picture(at))
        self._done = at + 1
        return True

    def _lay(self, number: int, coded: Coded | None, pixels: Laid[np.uint8] | None, place: Packed) -> None:
        pack_coded(coded, self._ring.tail(place))
        if pixels is not None:
            self._ring.draw(number, pixels)

    def _picture(self, number: int) -> Laid[np.uint8]:
        if not 0 <= number - self._next <= self._raster.fps or self._next < 0:
            self._pictures = iter(())  # first: it gives its file back
            self._pictures = films(
                self._order, number, self._at_work, self._told, raster=self._raster, reader=self._read
            )
            self._next = number
        while True:
            picture = next(self._pictures)
            self._next += 1
            if self._next > number:
                return picture

    def _open(self) -> None:
        """Hold the file open, or its second copy; raises what the last of them raised."""
        for path in [path for path in self._houses if path not in self._order.paths]:
            self._houses.pop(path).close()
        paths = [*self._order.paths[self._order.using :], *self._order.paths[: self._order.using]]
        for number, path in enumerate(paths, 1):
            try:
                if path not in self._houses:
                    self._houses[path] = House(path, self._raster)
            except FAULTS:
                if number == len(paths):
                    raise
            else:
                return

    def _read(self, path: str, start: int) -> Iterator[tuple[int, av.VideoFrame]]:
        house = self._houses.pop(path) if path in self._houses else House(path, self._raster)
        try:
            yield from house.frames(start, self._passed)
        except FAULTS:
            house.close()
            raise
        except GeneratorExit:
            self._houses[path] = house
            raise
        self._houses[path] = house

    def _passed(self, number: int, frame: av.VideoFrame) -> None:
        if number % self._raster.fps % _OFTEN == 0:
            self._ring.lay_by(self._order.generation, Laid(partial(pack, frame)))


__all__ = ["Projector", "films"]
