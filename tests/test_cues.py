"""Cue points: exact where they are, in order whatever comes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.cues import BLOCK, BODY, SEGUE, THRESHOLD, Cueing, Cues, level_of, points

RATE = 48_000


def found(sound, step=10_000):
    cueing = Cueing()
    for at in range(0, len(sound), step):
        cueing.add(sound[at : at + step])
    return cueing.finish()


def tone(seconds, level=0.3):
    t = np.arange(int(seconds * RATE)) / RATE
    one = np.rint(level * 2**23 * np.sin(2 * np.pi * 700 * t + 1)).astype(np.int32)
    return np.stack((one, one), axis=1)


@pytest.mark.parametrize("step", [777, 48_000])
def test_silence_around_a_sound_is_found_to_the_sample(step):
    sound = np.zeros((RATE * 4, 2), dtype=np.int32)
    sound[:30_001] = THRESHOLD - 1
    sound[30_001:100_007, 1] = THRESHOLD
    cues = found(sound, step)
    assert (cues.cue_in, cues.cue_out) == (30_001, 100_007)
    assert cues.fade_in == cues.cue_in and cues.fade_out == cues.cue_out


def test_a_sound_that_begins_and_ends_at_once_has_no_fades():
    cues = found(tone(5))
    assert cues.cue_in == cues.fade_in == 0 and cues.fade_out == cues.segue == cues.cue_out == 5 * RATE


def test_fades_begin_and_end_where_the_level_leaves_its_own():
    sound = tone(20)
    ramp = np.minimum(1, np.arange(len(sound)) / (3 * RATE)) * np.minimum(
        1, np.arange(len(sound))[::-1] / (6 * RATE)
    )
    cues = found(np.rint(sound * ramp[:, np.newaxis]).astype(np.int32))
    assert 1.5 < cues.fade_in / RATE < 2.4 and 15.6 < cues.fade_out / RATE < 17
    assert 18 < cues.segue / RATE < 19 and cues.cue_out / RATE > 19.8


def test_what_is_never_heard_keeps_its_whole_length():
    quiet = np.full((RATE, 2), 5, dtype=np.int32)
    assert found(quiet) == Cues(cue_in=0, fade_in=0, fade_out=RATE, segue=RATE, cue_out=RATE)
    assert found(quiet[:0]).cue_out == 0


def test_one_sample_is_an_item():
    assert found(np.full((1, 2), 1 << 20, dtype=np.int32)) == Cues(
        cue_in=0, fade_in=0, fade_out=1, segue=1, cue_out=1
    )


@settings(max_examples=60)
@given(st.lists(st.floats(0, 1, width=32), max_size=60), st.data())
def test_the_points_stand_in_their_order(levels, data):
    end = len(levels) * BLOCK + data.draw(st.integers(1, BLOCK))
    cue_in = data.draw(st.integers(0, end - 1))
    cue_out = data.draw(st.integers(cue_in + 1, end))
    cues = points(np.array(levels, dtype=np.float32), cue_in, cue_out)
    assert cue_in == cues.cue_in <= cues.fade_in <= cues.fade_out <= cues.cue_out == cue_out
    assert cues.fade_in <= cues.segue <= cue_out
    assert cues.fade_out == cue_out or cues.fade_out <= cues.segue


def test_limits_are_those_of_the_manual():
    assert THRESHOLD == 33_396 and BLOCK == 2_400
    assert abs(BODY - 0.398107) < 1e-6 and abs(SEGUE - 0.063096) < 1e-6


def test_the_points_by_hand():
    """Blocks of 50 ms: 1 s rising, 5 s at full level, 1 s at a tenth, 1 s at a thousandth of it."""
    levels = np.array([0.05] * 20 + [1.0] * 100 + [0.1] * 20 + [0.001] * 20, dtype=np.float32)
    cues = points(levels, 7, 160 * BLOCK - 3)
    # own level 0.85; means of eight blocks, taken at the fifth of them, are above 0.34 from three blocks at full level on
    assert (cues.fade_in, cues.fade_out) == (19 * BLOCK, 122 * BLOCK)
    assert cues.segue == 140 * BLOCK
    late = points(levels, cues.fade_in - RATE // 2, cues.fade_out + RATE // 2)
    assert (late.fade_in, late.fade_out) == (cues.fade_in, cues.fade_out)
    early = points(levels, cues.fade_in - RATE // 2 + 1, cues.fade_out + RATE // 2 - 1)
    assert (early.fade_in, early.fade_out) == (early.cue_in, early.cue_out)


def test_what_lies_ten_decibels_below_does_not_count_for_the_level():
    assert abs(level_of(np.array([1.0, 1.0, 0.065], dtype=np.float32)) - 1.0) < 1e-6
    assert abs(level_of(np.array([1.0, 1.0, 0.09], dtype=np.float32)) - 2.09 / 3) < 1e-6


def test_the_level_is_that_of_what_is_loud():
    assert level_of(np.array([], dtype=np.float32)) == 0
    assert abs(level_of(np.array([0.1, 0.1, 0.001, 0], dtype=np.float32)) - 0.1) < 1e-6


def test_what_lies_seventy_decibels_down_is_no_sound():
    assert level_of(np.array([1.2e-7] * 9, dtype=np.float32)) > 1e-7
    assert level_of(np.array([0.9e-7] * 9, dtype=np.float32)) == 0


@pytest.mark.parametrize(("decibels", "counts"), [(-69, True), (-71, False)])
def test_a_murmur_between_two_knocks_counts_down_to_seventy_decibels(decibels, counts):
    sound = np.full((3 * RATE, 2), round(10 ** (decibels / 20) * 2**23), dtype=np.int32)
    sound[:BLOCK] = sound[-1] = THRESHOLD
    cues = found(sound)
    assert (cues.cue_in, cues.cue_out) == (0, 3 * RATE)
    assert cues.segue == (3 * RATE if counts else BLOCK)


def test_an_item_that_does_not_fade_may_still_be_followed_before_its_last_echo():
    levels = np.array([1.0] * 100 + [0.01] * 6, dtype=np.float32)
    cues = points(levels, 0, 106 * BLOCK)
    assert cues.fade_out == cues.cue_out and cues.segue == 100 * BLOCK
