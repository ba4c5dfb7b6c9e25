"""Many channels to two: the coefficients of ITU-R BS.775-3, and that nothing is cut off."""

import numpy as np
import pytest

from playout.downmix import headroom, matrix, stereo

HALF = 0.5**0.5


def test_five_one_is_mixed_as_bs_775_says():
    names = ("FL", "FR", "FC", "LFE", "SL", "SR")
    each = stereo(np.eye(6), names)
    assert np.allclose(each, [(1, 0), (0, 1), (HALF, HALF), (0, 0), (HALF, 0), (0, HALF)])
    assert np.array_equal(matrix(("FL", "FR", "FC", "LFE", "BL", "BR")), matrix(names))


def test_one_channel_goes_to_both_sides_and_two_stay():
    assert np.array_equal(stereo(np.array([[3.0], [-4.0]]), ("FC",)), [(3, 3), (-4, -4)])
    assert np.array_equal(stereo(np.array([[3.0, 5.0]]), ("DL", "DR")), [(3, 5)])


@pytest.mark.parametrize("count", [3, 4, 5, 6, 7, 8])
def test_channels_without_names_are_what_they_usually_are(count):
    made = matrix(("?",) * count)
    assert tuple(made[0]) == (1, 0) and tuple(made[1]) == (0, 1) and made.shape == (count, 2)
    assert np.allclose(made[:, 0].sum(), made[:, 1].sum())


def test_beyond_eight_nameless_channels_the_first_two_are_heard_and_strangers_nowhere():
    assert matrix(("",) * 12).sum() == 2
    assert matrix(("FL", "FR", "Moon"))[2].sum() == 0


def test_what_would_be_cut_off_is_lowered_and_nothing_else():
    assert headroom(0.7) == headroom(1.0) == 1.0
    assert headroom(2.0) * 2.0 < 1.0


BEFORE = {1.0: ("FL", "FLC", "WL", "DL"), HALF: ("BL", "SL", "TFL", "TBL")}


@pytest.mark.parametrize(("left", "part"), [(name, part) for part, names in BEFORE.items() for name in names])
def test_what_stands_left_goes_left_and_its_like_goes_right(left, part):
    right = left.replace("L", "R")
    assert np.allclose(matrix((left, right, "LFE")), [(part, 0), (0, part), (0, 0)])


def test_what_stands_in_the_middle_goes_to_both_sides_and_low_frequencies_to_none():
    assert np.allclose(matrix(("FC", "BC", "TFC", "TBC", "TC")), [(HALF, HALF)] + [(0.5, 0.5)] * 4)
    assert not matrix(("LFE", "LFE2", "Moon", "FL"))[:3].any()


@pytest.mark.parametrize(
    "names",
    [
        "FL FR FC", "FL FR BL BR", "FL FR FC BL BR", "FL FR FC LFE BL BR", "FL FR FC LFE BC SL SR",
        "FL FR FC LFE BL BR SL SR",
    ],
)  # fmt: skip
def test_channels_without_names_are_mixed_as_those_of_a_wave_file(names):
    usual = names.split()
    assert np.array_equal(matrix(("",) * len(usual)), matrix(usual))


def test_of_two_named_channels_of_one_side_both_stay_where_they_are():
    assert np.array_equal(matrix(("FR", "FR")), np.eye(2))
    assert matrix(("",) * 9).shape == (9, 2) and matrix(("",) * 9).sum() == 2
