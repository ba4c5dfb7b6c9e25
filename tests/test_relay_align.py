"""The place of one member's sound in another's: to the sample, or none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.relay_align import AUDIBLE, COARSE, FITS, ONE, coarse, correlated, exact, find, level, mono

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
    ("gain", "found"),
    [
        (1.0, ONE),
        (1.01, ONE),
        (1 / 1.019, ONE),
        (1 / 1.021, 1.021 * ONE),
        (1 / 0.981, ONE),
        (1 / 0.979, 0.979 * ONE),
        (0.5, 2 * ONE),
        (2.0, ONE // 2),
        (1 / 3.9, 3.9 * ONE),
        (1 / 5, 4 * ONE),
        (3.9, ONE / 3.9),
        (100.0, ONE // 4),
    ],
)
def test_the_level_that_makes_them_alike_is_found_within_twelve_decibels(gain, found):
    assert abs(level(SOUND[:4_800], np.round(SOUND[:4_800] * gain).astype(np.int64)) - found) <= 3


def test_against_silence_nothing_is_made_louder_than_twelve_decibels():
    assert level(SOUND[:480], np.zeros((480, 2), np.int32)) == ONE // 4, "nothing in common"
    assert level(np.ones((1, 2), np.int32), np.zeros((1, 2), np.int32)) == ONE // 4


def mixed(share, start=RATE, count=4_800):
    """Sound of which so much (coefficient) is that of `start`, and the rest as loud and of no kin to it."""
    one = mono(SOUND[start : start + count])
    other = mono(SOUND[-count:, ::-1])
    one, other = one - one.mean(), other - other.mean()
    other -= one * float(one @ other) / float(one @ one)
    other *= np.linalg.norm(one) / np.linalg.norm(other)
    made = share * one + (1 - share**2) ** 0.5 * other
    half = np.round(made / 2).astype(np.int32)
    return np.stack((half, half), axis=1)


@pytest.mark.parametrize(("share", "fits"), [(FITS + 0.01, True), (FITS - 0.01, False)])
def test_what_is_alike_by_six_tenths_fits_and_what_is_less_does_not(share, fits):
    found = exact(mixed(share), SOUND, RATE)
    assert (found is not None) == fits
    if found is not None:
        assert found.at == RATE and abs(found.score - share) < 0.001


@pytest.mark.parametrize(("share", "fits"), [(FITS + 0.02, True), (FITS - 0.02, False), (0.25, False)])
def test_the_same_holds_where_the_place_is_not_known(share, fits):
    found = find(mixed(share, count=RATE), SOUND[: 3 * RATE])
    assert (found is not None) == fits and (found is None or found.at == RATE)


def test_a_constant_in_either_changes_nothing():
    pattern, sound = mono(SOUND[480:960]), mono(SOUND[:1_440])
    plain = correlated(pattern, sound)
    assert np.abs(correlated(pattern + 1e6, sound) - plain).max() < 1e-6
    assert np.abs(correlated(pattern, sound + 1e6) - plain).max() < 1e-6
    assert plain.argmax() == 480 and len(plain) == 961


def test_each_place_has_the_coefficient_that_its_definition_gives():
    pattern, sound = mono(SOUND[:37]), mono(SOUND[20:101])
    made = correlated(pattern, sound)
    for at, score in enumerate(made):
        assert abs(np.corrcoef(pattern, sound[at : at + 37])[0, 1] - score) < 1e-9
    assert len(made) == 45 and len(correlated(pattern, pattern)) == 1
    assert len(correlated(pattern, pattern[:-1])) == len(correlated(pattern[:0], pattern)) == 0


@pytest.mark.parametrize(("level", "heard"), [(1.01, True), (0.99, False)])
def test_what_lies_below_sixty_decibels_is_compared_with_nothing(level, heard):
    one = mono(SOUND[:4_800])
    one = (one - one.mean()) * (level * AUDIBLE / one.std())
    loud = one * 100
    assert (correlated(one, loud)[0] > 0.99) == heard
    assert (correlated(loud, one)[0] > 0.99) == heard
    assert AUDIBLE == 1 << 13


@pytest.mark.parametrize(("away", "at"), [(0, 0), (240, 0), (-240, 0), (241, 1), (-241, -1)])
def test_no_farther_than_its_reach_a_place_is_looked_for(away, at):
    """The sound is soft enough for its neighbours to fit where it is out of reach."""
    assert exact(SOUND[RATE : RATE + 4_800], SOUND, RATE + away).at == RATE + at
    for reach in (5, 4):
        assert exact(SOUND[RATE : RATE + 480], SOUND, RATE + 5, reach).at == RATE + 5 - reach
    first = exact(SOUND[:480], SOUND, 3)
    assert first is not None and first.at == 0, "nothing lies before the first sample"


def test_both_ends_of_a_sound_are_places():
    for at in (0, 2 * RATE):
        found = find(SOUND[at : at + RATE], SOUND[: 3 * RATE])
        assert found is not None and found.at == at
    whole = find(SOUND[:RATE], SOUND[:RATE])
    assert whole is not None and whole.at == 0


@pytest.mark.parametrize(("again", "told"), [(0.85, True), (0.95, False)])
def test_another_place_that_fits_nearly_as_well_makes_it_ambiguous(again, told):
    sound = np.concatenate((SOUND[: 2 * RATE], mixed(again, start=0, count=RATE), SOUND[3 * RATE : 4 * RATE]))
    found = find(SOUND[:RATE], sound)
    assert (found is not None and found.at == 0) == told


@pytest.mark.parametrize(("apart", "told"), [(160, True), (400, False)])
def test_what_comes_again_at_once_belongs_to_its_place_and_later_does_not(apart, told):
    echo = SOUND[RATE : 3 * RATE].astype(np.int64)
    late = SOUND[RATE - apart : 3 * RATE - apart].astype(np.int64)
    found = find(SOUND[RATE : 2 * RATE], (echo + late * 0.97).astype(np.int32))
    assert (found is not None) == told


def test_one_value_stands_for_eight_samples_their_mean():
    ramp = np.stack((np.arange(20), np.arange(20)), axis=1).astype(np.int32)
    assert COARSE == 8 and coarse(ramp).tolist() == [7.0, 23.0]
