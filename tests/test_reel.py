"""The reel: places by time stamps, honest about what was not seen."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from safety.reel import Reel, place
from schedules.raster import RASTERS, sample_of
from station.words import SAMPLE_RATE

K0 = 45_000_000_000
RASTER = RASTERS["576p25"]
GRID = np.zeros((18, 20), np.uint8)


def told(reel: Reel, first: int, last: int, packets: int = 100) -> None:
    """The eye's word every fifth frame."""
    for k in range(first, last, 5):
        reel.said(sample_of(k), packets * (k - first))


@given(st.integers(0, 1 << 40), st.integers(-200, 200))
def test_a_stamp_finds_its_frame_whatever_the_wrap(k: int, away: int) -> None:
    assert place(k * 3_600 % (1 << 33), RASTER, k + away) == k


def test_a_picture_is_found_at_its_frame_and_old_ones_go() -> None:
    reel = Reel(RASTER, 0)
    for k in range(K0, K0 + 760):
        reel.add(k * 3_600 % (1 << 33), sample_of(k) + 12_000, GRID)
    assert reel.grid(K0 + 9) is None
    assert reel.grid(K0 + 10) is not None
    assert reel.strange == 0


def test_pictures_with_foreign_stamps_follow_each_other_where_they_arrived() -> None:
    reel = Reel(RASTER, 0)
    for n in range(50):
        reel.add(n * 3_600, sample_of(K0 + n) + 500, GRID)
    assert all(reel.grid(K0 + n) is not None for n in range(50))
    assert reel.strange == 50
    reel.add(90_000_000, sample_of(K0 + 50), GRID)  # they jump once more
    assert reel.grid(K0 + 50) is not None
    reel.add((K0 + 51) * 3_600 % (1 << 33), sample_of(K0 + 51), GRID)
    assert reel.grid(K0 + 51) is not None


def test_a_picture_without_a_stamp_stands_where_it_arrived() -> None:
    reel = Reel(RASTER, 0)
    reel.add(None, sample_of(K0), GRID)
    assert reel.grid(K0) is not None


def test_nothing_is_missing_before_a_decoder_could_begin() -> None:
    reel = Reel(RASTER, sample_of(K0))
    told(reel, K0, K0 + 400)
    assert reel.blind(K0)
    assert reel.blind(K0 + 70)
    assert not reel.blind(K0 + 80)


def test_what_the_eye_has_not_told_yet_is_not_missing() -> None:
    reel = Reel(RASTER, 0)
    assert reel.blind(K0)
    told(reel, K0, K0 + 100)
    assert not reel.blind(K0 + 20)
    assert reel.blind(K0 + 95)


def test_a_silence_of_the_eye_is_our_own_fault() -> None:
    reel = Reel(RASTER, 0)
    told(reel, K0, K0 + 100)
    told(reel, K0 + 200, K0 + 400)
    assert reel.blind(K0 + 150)
    assert not reel.blind(K0 + 40)
    assert not reel.blind(K0 + 210)


def test_drops_in_our_own_buffer_are_our_own_fault() -> None:
    reel = Reel(RASTER, 0)
    told(reel, K0, K0 + 100)
    reel.said(sample_of(K0 + 101), 9_000, dropped=True)
    told(reel, K0 + 105, K0 + 300)
    assert reel.blind(K0 + 90)
    assert not reel.blind(K0 + 150)


def test_an_eye_that_ended_saw_nothing_until_it_could_again() -> None:
    reel = Reel(RASTER, 0)
    told(reel, K0, K0 + 100)
    reel.blinded(sample_of(K0 + 100))
    told(reel, K0 + 110, K0 + 400)
    assert reel.blind(K0 + 90)
    assert reel.blind(K0 + 170)
    assert not reel.blind(K0 + 180)
    fresh = Reel(RASTER, 0)
    fresh.blinded(sample_of(K0))
    assert fresh.blind(K0)


def test_packets_are_counted_between_two_words() -> None:
    reel = Reel(RASTER, 0)
    told(reel, K0, K0 + 100, packets=10)
    assert reel.packets(sample_of(K0 + 10), sample_of(K0 + 60)) == 500
    assert reel.packets(sample_of(K0 + 200), sample_of(K0 + 300)) == 0
    assert Reel(RASTER, 0).packets(0, SAMPLE_RATE) == 0


def test_a_frame_counts_as_missing_once_the_eye_has_told_half_a_second_beyond_it() -> None:
    for beyond, blind in ((SAMPLE_RATE // 2 - 1, True), (SAMPLE_RATE // 2, False)):
        reel = Reel(RASTER, 0)
        reel.said(sample_of(K0) - SAMPLE_RATE // 2, 1)
        reel.said(sample_of(K0) + beyond, 2)
        assert reel.blind(K0) == blind


def test_foreign_stamps_give_the_order_however_unevenly_the_pictures_arrive() -> None:
    reel = Reel(RASTER, 0)
    for n in range(50):
        reel.add(n * 3_600, sample_of(K0 + n + (n % 3 if n else 0)), GRID)
    assert all(reel.grid(K0 + n) is not None for n in range(50))


def test_what_our_own_fault_may_hide_reaches_two_seconds_before_it_and_no_further() -> None:
    reel = Reel(RASTER, 0)
    told(reel, K0, K0 + 100)
    told(reel, K0 + 200, K0 + 400)
    assert (reel.blind(K0 + 45), reel.blind(K0 + 46)) == (False, True)
    reel = Reel(RASTER, 0)
    told(reel, K0, K0 + 100)
    reel.said(sample_of(K0 + 101), 9_000, dropped=True)
    told(reel, K0 + 105, K0 + 300)
    assert (reel.blind(K0 + 20), reel.blind(K0 + 21)) == (False, True), "and a second was in the buffer"


def test_a_word_after_a_second_is_in_time_and_one_sample_later_is_not() -> None:
    for after, blind in ((SAMPLE_RATE, False), (SAMPLE_RATE + 1, True)):
        reel = Reel(RASTER, 0)
        reel.said(sample_of(K0), 1)
        reel.said(sample_of(K0) + after, 2)
        reel.said(sample_of(K0 + 50), 3)
        assert reel.blind(K0) == blind


def test_at_fifty_pictures_a_second_stamps_are_half_as_far_apart() -> None:
    fast = RASTERS["720p50"]
    reel = Reel(fast, 0)
    for k in range(K0, K0 + 1_510):
        reel.add(k * 1_800 % (1 << 33), fast.sample_of(k) + 12_000, GRID)
    assert reel.strange == 0 and reel.grid(K0 + 9) is None
    assert all(reel.grid(k) is not None for k in range(K0 + 10, K0 + 1_510)), "half a minute"
    reel.add((K0 + 1_600) * 1_800 % (1 << 33), fast.sample_of(K0 + 1_600 - 401), GRID)
    assert reel.strange == 1, "eight seconds off"
