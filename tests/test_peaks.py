"""The waveform: never drawn smaller than it is, and never a large file."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.peaks import FINEST, MOST, Peaks, read
from station.words import Misheard


def drawn(sound, step):
    peaks = Peaks()
    for at in range(0, len(sound), step):
        peaks.add(sound[at : at + step])
    return read(peaks.data())


@settings(max_examples=30)
@given(st.integers(0, 5_000), st.integers(1, 2_000), st.integers(0, 2**31))
def test_each_stretch_has_its_least_and_greatest_value_however_it_was_cut(count, step, seed):
    sound = np.random.default_rng(seed).integers(-(2**23), 2**23, (count, 2), dtype=np.int32)
    stretch, rows = drawn(sound, step)
    assert (stretch, len(rows)) == (FINEST, -(-count // FINEST))
    for k, row in enumerate(rows.astype(int)):
        part = sound[k * FINEST : (k + 1) * FINEST]
        for side in range(2):
            low, high = row[side]
            assert low << 16 <= part[:, side].min() < low + 1 << 16
            assert (high << 16 >= part[:, side].max() > high - 1 << 16) or (high == 127)


def test_a_long_sound_has_longer_stretches_and_no_larger_file():
    peaks = Peaks()
    piece = np.zeros((FINEST * 1_024, 2), dtype=np.int32)
    for k in range(MOST * 3 // 1_024):
        piece[0] = (k << 16, -k << 16)
        peaks.add(piece)
    data = peaks.data()
    stretch, rows = read(data)
    assert stretch == FINEST * 4 and len(data) <= 24 + 4 * MOST
    assert rows[:, 0, 1].max() == rows[-256, 0, 1] == 47 and rows[:, 1, 0].min() == -47


def test_what_is_no_file_of_peaks_is_misheard():
    good = Peaks().data()
    for bad in (b"", good + b"x", b"\1" + good[1:]):
        with pytest.raises(Misheard):
            read(bad)
