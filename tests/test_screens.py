"""Rings of a television channel: what is put is what is had, and what is gone is gone."""

import numpy as np

from playout.rings import Laid
from playout.screens import CODED_MOST, Coded, PictureRing, ScreenRing, Unit, UnitRing, pack_coded
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

        def lay(place, coded=coded):
            place[: size_of(RASTER)] = film.written
            pack_coded(coded, place[size_of(RASTER) :])

        film.write(Laid(lay))
    assert [film.coded(1, at) for at in range(9, 15)] == [None, None, most, None, Coded(7, 13, b"y"), None]
    assert film.coded(2, 13) is None and film.copy(1, 13, into) and set(into) == {13}
    ring.canvas(5)
    ring.show(5, 0, most)
    ring.canvas(6)
    ring.show(6, 0)
    assert [ring.coded(k) for k in (4, 5, 6, 7)] == [None, most, None, None]
    ring.canvas(13)
    assert ring.coded(5) is None, "something else is composed in its place"
    ring.show(13, 0)
    assert ring.coded(13) is None


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
