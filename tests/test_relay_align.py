"""The place of one member's sound in another's: to the sample, or none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.relay_align import ONE, correlated, exact, find, level, mono

RATE = 48_000
_NOISE = np.random.default_rng(3).standard_normal((6 * RATE, 2))
SOUND = (np.apply_along_axis(np.convolve, 0, _NOISE, np.hanning(12), "same") * 300_000).astype(np.int32)


@settings(max_examples=5, deadline=None)
@given(st.integers(0, 4 * RATE), st.floats(0.1, 2.0), st.integers(0, 2**32 - 1))
def test_the_same_sound_is_found_to_the_sample_whatever_its_level_and_coder(at, gain, seed):
    noise = np.random.default_rng(seed).standard_normal((RATE, 2)) * 100_000
    pattern = ((SOUND[at : at + RATE] + noise) * gain).astype(np.int32)
    fit = find(pattern, SOUND)
    assert fit is not None and fit.at == at and fit.score > 0.9


def test_another_sound_is_found_nowhere():
    assert find(SOUND[:RATE, ::-1] - SOUND[RATE : 2 * RATE], SOUND[3 * RATE :]) is None


def test_the_same_sound_upside_down_does_not_fit():
    assert find(-SOUND[:RATE], SOUND) is None


def test_silence_fits_nowhere():
    assert find(np.zeros((RATE, 2), np.int32), SOUND) is None
    assert find(SOUND[:RATE], np.zeros((2 * RATE, 2), np.int32)) is None


def test_what_comes_again_cannot_be_placed():
    assert find(SOUND[:RATE], np.concatenate((SOUND[: 2 * RATE], SOUND[: 2 * RATE]))) is None
    tone = np.round(np.sin(np.arange(3 * RATE) * 2 * np.pi * 100 / RATE) * 1e6).astype(np.int32)
    both = np.stack((tone, tone), axis=1)
    assert find(both[:RATE], both) is None


def test_what_is_shorter_than_the_pattern_has_no_place():
    assert find(SOUND[:RATE], SOUND[: RATE // 2]) is None
    assert exact(SOUND[:RATE], SOUND[: RATE // 2], 0) is None
    assert find(SOUND[:0], SOUND) is None


def test_a_place_is_looked_for_only_where_it_is_supposed():
    assert exact(SOUND[RATE : 2 * RATE], SOUND, RATE + 100).at == RATE
    assert exact(SOUND[RATE : 2 * RATE], SOUND, 3 * RATE) is None


def test_a_sound_that_fits_only_about_does_not_fit():
    """Half of it is something else, with a tone that would draw it elsewhere."""
    other = SOUND[:RATE] + 6 * np.roll(SOUND, 3 * RATE // 2, axis=0)[:RATE][:, ::-1]
    assert find(other, SOUND[: 2 * RATE]) is None


def test_a_perfect_fit_has_the_coefficient_one():
    scores = correlated(mono(SOUND[:1_000]), mono(SOUND[:2_000]))
    assert len(scores) == 1_001 and abs(scores[0] - 1) < 1e-9 and abs(scores).max() <= 1 + 1e-9


@pytest.mark.parametrize(
    ("gain", "found"), [(1.0, ONE), (1.01, ONE), (0.5, 2 * ONE), (2.0, ONE // 2), (100.0, ONE // 4)]
)
def test_the_level_that_makes_them_alike_is_found_within_twelve_decibels(gain, found):
    assert abs(level(SOUND[:4_800], (SOUND[:4_800] * gain).astype(np.int64)) - found) <= 2
