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
