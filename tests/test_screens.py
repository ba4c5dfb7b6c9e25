"""Rings of a television channel: what is put is what is had, and what is gone is gone."""

import os

import numpy as np
import pytest

from playout.rings import Laid
from playout.screens import BARE, CODED_MOST, Coded, PictureRing, ScreenRing, Unit, UnitRing, pack_coded
from playout.tv_house import size_of
from schedules.raster import RASTERS

RASTER = RASTERS["576p25"]


def packed(value):
    return np.full(size_of(RASTER), value, np.uint8)


def test_a_coded_picture_is_had_beside_its_frame_as_long_as_the_frame_is():
    film, ring = PictureRing(RASTER, splices=True), ScreenRing(RASTER, splices=True)
    film.clear(1, 10)
    into = packed(0)
    large = Coded(1, 12, b"x" * (CODED_MOST + 1))
    most = Coded((1 << 60) - 1, 11, bytes([1, 2]) * (CODED_MOST // 2))
    for coded in (None, most, large, Coded(7, 13, b"y")):
        film.write(Laid(lambda place, coded=coded: pack_coded(coded, film.tail(place))))
    assert [film.coded(1, at) for at in range(9, 15)] == [None, None, most, None, Coded(7, 13, b"y"), None]
    assert film.coded(2, 13) is None and not film.copy(1, 13, into), "nobody has drawn its pixels"
    film.draw(13, Laid(lambda place: place.fill(13)))
    assert film.copy(1, 13, into) and set(into) == {13} and film.coded(1, 13) == Coded(7, 13, b"y")
    ring.canvas(5)
    ring.show(5, 0, most)
    ring.canvas(6)
    ring.show(6, 0)
    assert [ring.coded(k) for k in (4, 5, 6, 7)] == [None, most, None, None]
    ring.canvas(13)
    assert ring.coded(5) is None, "something else is composed in its place"
    ring.show(13, 0)
    assert ring.coded(13) is None


def test_pixels_are_drawn_where_they_are_asked_for_and_gone_with_their_place():
    film, into = PictureRing(RASTER, splices=True), packed(0)
    film.clear(1, 0)
    for _ in range(14):
        film.write(Laid(lambda place: pack_coded(None, film.tail(place))))
    assert film.asked(1) is None
    film.ask(1, 3)
    assert os.eventfd_read(film.bell) == 1
    film.ask(1, 9)
    with pytest.raises(BlockingIOError):
        os.eventfd_read(film.bell)
    assert (film.asked(1), film.asked(2)) == (3, None), "what was asked for already rings no bell"
    film.ask(1, 2)
    assert film.asked(1) == 2 and os.eventfd_read(film.bell) == 1
    film.ask(1, None)
    assert film.asked(1) is None
    film.ask(2, 0)
    assert (film.asked(1), film.asked(2)) == (None, 0)
    film.draw(1, Laid(lambda place: place.fill(7)))
    assert film.drawn(1) and not film.drawn(0) and film.copy(1, 1, into) and set(into) == {7}
    film.advance(6)
    for _ in range(4):
        film.write(Laid(lambda place: pack_coded(None, film.tail(place))))
    assert not film.drawn(1) and not film.drawn(17), "another picture is to be drawn in its place"


def test_a_picture_stands_in_for_its_own_film_alone():
    film, into = PictureRing(RASTER, splices=True), packed(0)
    assert not film.stand_in(1, into)
    film.lay_by(1, Laid(lambda place: place.fill(5)))
    assert not film.stand_in(2, into) and film.stand_in(1, into) and set(into) == {5}
    plain = PictureRing(RASTER)
    assert not plain.stand_in(1, into) and plain.bell == -1 and plain.drawn(3)


def test_a_frame_without_pixels_is_not_copied():
    ring = ScreenRing(RASTER, splices=True)
    ring.canvas(5)
    ring.show(5, BARE, Coded(1, 0, b"x"))
    assert ring.get(5, packed(0)) is None and ring.look(5)[1] == BARE and ring.coded(5) is not None
    assert ring.needed == 0
    ring.needed = 7
    assert (ring.needed, ring.head) == (7, 6)


def test_a_channel_that_does_not_splice_keeps_no_coded_pictures():
    film, ring = PictureRing(RASTER), ScreenRing(RASTER)
    film.clear(1, 0)
    film.write(packed(1)[np.newaxis])
    ring.canvas(0)
    ring.show(0, 0, Coded(1, 0, b"x"))
    assert film.coded(1, 0) is None and ring.coded(0) is None


def test_a_screen_keeps_its_last_eight_frames():
    ring = ScreenRing(RASTER)
    picture = packed(0)
    assert ring.get(5, picture) is None and ring.head == 0
    for k in range(100, 120):
        ring.canvas(k)[:] = k
        ring.show(k, k % 2)
    assert ring.head == 120 and ring.get(111, picture) is None and ring.get(120, picture) is None
    assert not picture.any()
    flags = ring.get(113, picture)
    assert (picture[0], picture[-1], flags) == (113, 113, 1)
    ring.canvas(121)[:] = 7  # it stands where 113 was
    assert ring.get(113, picture) is None and ring.get(121, picture) is None
    ring.show(121, 2)
    assert (ring.get(121, picture), picture[0], ring.head) == (2, 7, 122)


def test_decoded_frames_stay_until_the_reader_has_passed_them():
    ring = PictureRing(RASTER)
    ring.clear(1, 10)
    written = 0
    while ring.room() > 0:
        ring.write(packed(10 + written)[np.newaxis])
        written += 1
    assert written == 14 and ring.read(1, 10, 1)[0, 5] == 10 and ring.read(2, 10, 1) is None
    one = packed(0)[0:]
    assert ring.copy(1, 12, one) and one[9] == 12
    assert not ring.copy(2, 12, one) and not ring.copy(1, 24, one)
    ring.advance(15)
    ring.write(Laid(lambda place: np.copyto(place, packed(99))))
    assert ring.copy(1, 24, one) and one[-1] == 99 and ring.written == 25
    assert ring.room() == 4 and ring.read(1, 25, 1) is None


def test_encoded_pictures_come_back_in_order_until_they_are_overwritten():
    ring = UnitRing()
    rng = np.random.default_rng(3)
    datas = [rng.bytes(int(size)) for size in rng.integers(1, 400_000, 200)]
    for number, data in enumerate(datas):
        ring.put(Unit(1_000 + number, number % 25 == 0, data))
        for back in range(12):
            found = ring.get(number - back)
            if number - back >= 0:
                assert found == Unit(1_000 + number - back, (number - back) % 25 == 0, datas[number - back])
    assert ring.get(0) is None and ring.get(200) is None and ring.count == 200


def test_a_unit_too_large_for_the_ring_is_left_out():
    ring = UnitRing()
    ring.put(Unit(1, True, bytes(3 << 20)))
    assert ring.count == 0
