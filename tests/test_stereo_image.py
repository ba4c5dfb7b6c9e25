"""Left and right together: correlation, balance, clipping."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.stereo_image import FULL_SCALE, StereoImage


def looked(sound, step=1_000):
    image = StereoImage()
    for at in range(0, len(sound), step):
        image.add(sound[at : at + step])
    return image


def pair(left, right):
    return np.stack((left, right), axis=1).astype(np.int32)


def test_mono_opposed_and_unrelated_sides_are_told_apart():
    rng = np.random.default_rng(1)
    one, other = rng.integers(-(2**20), 2**20, (2, 50_000))
    assert looked(pair(one, one)).correlation() == 100
    assert looked(pair(one, -one)).correlation() == -100
    assert abs(looked(pair(one, other)).correlation()) <= 2
    assert looked(pair(one, one * 0)).correlation() is None


def test_a_weaker_side_is_measured_and_silence_has_none():
    one = np.random.default_rng(1).integers(-(2**20), 2**20, 50_000)
    assert looked(pair(one, one)).balance() == 0
    assert looked(pair(one, one // 2)).balance() == 602
    assert looked(pair(one * 0, one)).balance() < -9_000
    assert looked(pair(one * 0, one * 0)).balance() is None and StereoImage().balance() is None


@settings(max_examples=50)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 6)), max_size=12), st.integers(1, 9))
def test_runs_at_full_scale_are_counted_however_they_are_cut(runs, step):
    """(ordinary samples, samples at full scale) by turns."""
    left = [value for quiet, full in runs for value in [0] * quiet + [FULL_SCALE] * full]
    image = looked(pair(np.array(left, dtype=int), np.zeros(len(left), dtype=int)), step)
    assert image.runs == sum(full >= 3 for _, full in runs)
    if image.runs:
        at = 0
        for quiet, full in runs:
            if full >= 3:
                assert image.first_run == at + quiet
                break
            at += quiet + full


def test_a_run_at_the_very_beginning_counts():
    image = looked(pair(np.full(3, -(2**23)), np.full(3, 2**23 - 1)))
    assert (image.runs, image.first_run) == (2, 0)


def test_full_scale_is_that_of_sixteen_bits():
    sixteen = 32_767 << 8
    assert looked(pair(np.full(3, sixteen), np.full(3, -sixteen))).runs == 2
    assert looked(pair(np.full(3, sixteen - 1), np.full(3, 1 - sixteen))).runs == 0


@pytest.mark.parametrize(("decibels", "there"), [(-99, True), (-101, False)])
def test_a_side_a_hundred_decibels_down_is_nothing(decibels, there):
    loud, faint = (np.tile([value, -value], 5_000) for value in (2**20, round(10 ** (decibels / 20) * 2**23)))
    assert looked(pair(loud, faint)).correlation() == (100 if there else None)
    assert (looked(pair(faint, faint)).balance() is not None) == there
