"""Films for a channel that splices: coded pictures without a decoder, pixels where they are asked for, from whichever copy."""

import os
import socket
from contextlib import suppress

import numpy as np
import pytest
from tv_kit import RASTER, read_number, stock_film

from playout.coded import code_film
from playout.decoder import FAULTS, UNASKED, Fill, fill, serve_ring
from playout.facts import coded_index_path
from playout.processes import hear, tell
from playout.projecting import Projector
from playout.rings import ENDED, FAILED
from playout.screens import PictureRing
from playout.tv_house import planes_of, size_of

COUNT = 60


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """A coded film."""
    home = tmp_path_factory.mktemp("films")
    film = stock_film(home, COUNT, 120)
    path = next(home.rglob("*.mkv"))
    code_film(path, film.sha256, RASTER)
    return path


class Room:
    """A ring, its projector, and a reader."""

    def __init__(self, *paths, start=0, generation=1):
        self.ring = PictureRing(RASTER, splices=True)
        self.projector = Projector(self.ring, RASTER)
        self.order = Fill(generation=generation, paths=tuple(map(str, paths)), samples=COUNT, start=start)
        self.ring.clear(generation, start)
        self.told = []
        self.pieces = self.projector.pour(self.order, start, id, self.told.append)
        self.held = None

    def fill(self):
        """Write as many as there is room for."""
        while self.ring.room() > 0 and (piece := next(self.pieces, None)) is not None:
            self.ring.write(piece)
        while self.projector.draw():
            pass

    def pixels(self, at):
        """The number on the picture at a place; None where it has no pixels."""
        into = np.zeros(size_of(RASTER), np.uint8)
        found = self.ring.copy(self.order.generation, at, into)
        return read_number(planes_of(into, RASTER)[0])[0] if found else None

    def decoded(self):
        """How many times a picture was asked of a decoder since it was asked last."""
        return self.projector._next


def test_nothing_is_decoded_where_nobody_asks(shelf):
    room = Room(shelf)
    for to in range(0, COUNT, 7):
        room.ring.advance(to)
        room.fill()
        assert room.ring.coded(1, to).frame == to and room.pixels(to) is None
    assert room.ring.written == COUNT and room.decoded() == -1 and room.told == []


@pytest.mark.parametrize("at", [3, 23, 25])
def test_pixels_that_are_asked_for_are_drawn_from_there_on_and_others_stand_in_meanwhile(shelf, at):
    room = Room(shelf, start=at)
    room.fill()
    room.ring.ask(1, at + 2)
    room.fill()
    assert [room.pixels(k) for k in range(at, at + 14)] == [None, None, *range(at + 2, at + 14)]
    into = np.zeros(size_of(RASTER), np.uint8)
    assert room.ring.stand_in(1, into) == ((at + 2) % 25 != 0)
    if (at + 2) % 25:
        assert read_number(planes_of(into, RASTER)[0])[0] % 25 % 8 == 0
    room.ring.advance(at + 9)
    room.fill()
    assert [room.pixels(k) for k in range(at + 9, at + 20)] == list(range(at + 9, at + 20))
    room.ring.ask(1, None)
    room.ring.advance(at + 14)
    room.fill()
    before = min(at + 28, COUNT)
    assert room.pixels(before - 1) is None and room.ring.coded(1, before - 1).frame == before - 1
    room.ring.ask(1, at + 15)
    room.fill()
    assert [room.pixels(k) for k in range(at + 15, before)] == list(range(at + 15, before))


def test_a_film_that_was_not_coded_is_decoded_all_along(shelf, tmp_path):
    bare = tmp_path / shelf.name
    os.link(shelf, bare)
    room = Room(bare)
    for to in range(0, COUNT, 5):
        room.ring.advance(to)
        room.fill()
        assert room.pixels(to) == to and room.ring.coded(1, to) is None
    room.ring.ask(1, COUNT - 3)  # all of them are there already
    assert room.projector.draw() and room.pixels(COUNT - 3) == COUNT - 3
    told = Room(shelf, generation=UNASKED)
    told.fill()
    assert told.pixels(3) == 3, "what warms a decoder is decoded"


def test_a_group_that_was_not_coded_is_decoded_and_pixels_before_it_are_not_forgotten(shelf, tmp_path):
    half = tmp_path / shelf.name
    os.link(shelf, half)
    for path in (shelf.with_suffix(".h264"), coded_index_path(shelf)):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    data = bytearray((tmp_path / shelf.with_suffix(".h264").name).read_bytes())
    data[len(data) // 2] ^= 1
    (tmp_path / shelf.with_suffix(".h264").name).write_bytes(data)
    room = Room(half, start=15)
    room.fill()
    assert (room.pixels(24), room.pixels(25), room.ring.coded(1, 25)) == (None, 25, None)
    room.ring.ask(1, 18)
    room.ring.advance(18)
    room.fill()
    assert [room.pixels(k) for k in range(18, 32)] == list(range(18, 32))


def test_a_file_that_is_gone_leaves_the_ring_failed_and_its_copy_takes_its_place(shelf, tmp_path):
    gone = tmp_path / "gone.mkv"
    room = Room(gone)
    fill(room.ring, room.order, lambda: True, lambda: 0, room.projector.pour)
    assert room.ring.state == FAILED
    room = Room(gone, shelf)
    room.ring.ask(1, 0)
    room.fill()
    assert room.pixels(5) == 5 and {mark.kind for mark in room.told} == {"copy"}


def test_a_house_film_that_breaks_where_pixels_are_needed_leaves_the_ring_failed(shelf, tmp_path):
    torn = tmp_path / shelf.name
    torn.write_bytes(shelf.read_bytes()[: shelf.stat().st_size // 3])
    for path in (shelf.with_suffix(".h264"), coded_index_path(shelf)):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    room = Room(torn, start=46)
    room.fill()
    assert room.ring.coded(1, 50).frame == 50, "what was coded is whole"
    room.ring.ask(1, 50)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with pytest.raises(FAULTS):
        room.projector.wait(theirs, 0)
    tell(ours, room.order)
    ours.close()
    with suppress(EOFError):
        serve_ring(room.ring, theirs, lambda: 0, room.projector.pour, 0, "", room.projector.wait)
    assert room.ring.state == FAILED


def test_the_end_of_a_film_is_drawn_too_when_all_of_it_is_in_the_ring(shelf):
    room = Room(shelf, start=COUNT - 10)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    waits = []

    def wait(orders, pause):
        waits.append(pause)
        if len(waits) == 1:
            assert room.ring.state == ENDED and pause is None
            room.ring.ask(1, COUNT - 4)
        if len(waits) == 8:
            tell(ours, None)
            ours.close()
        return room.projector.wait(orders, 0 if pause is None else pause)

    tell(ours, room.order)
    with pytest.raises(EOFError):
        serve_ring(room.ring, theirs, lambda: 0, room.projector.pour, 0, "", wait)
    assert [room.pixels(k) for k in range(COUNT - 5, COUNT)] == [None, *range(COUNT - 4, COUNT)]
    with pytest.raises(EOFError):
        hear(theirs)


def test_a_bell_is_heard_at_once_and_an_order_is_told_from_it(shelf):
    room = Room(shelf)
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    room.fill()
    room.ring.ask(1, 2)
    assert room.projector.wait(theirs, 60.0) is False and room.pixels(2) == 2
    tell(ours, None)
    room.ring.ask(1, None)
    assert room.projector.wait(theirs, 60.0) is True
