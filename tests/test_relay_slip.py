"""A relay follows the clock of its source: a sample more or less now and then, and nobody hears it."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.relay_slip import APART, DEAD, MOST, SIDE, WINDOW, Drift, slipped
from playout.rings import BLOCK

FULL = (1 << 23) - 1


def run(ahead, windows=3):
    """The slips made over some windows; `ahead(n)`: what is there at n."""
    drift = Drift()
    made = [(n, drift.seen(n, ahead(n))) for n in range(0, windows * WINDOW, BLOCK)]
    return [(n, step) for n, step in made if step]


@pytest.mark.parametrize("step", [1, -1])
@pytest.mark.parametrize("hertz", [50, 1_000, 10_000, 16_000])
def test_a_tone_stays_the_tone_it_is(step, hertz):
    at = np.arange(-SIDE, BLOCK + step + SIDE)
    wave = np.round(np.sin(at * 2 * np.pi * hertz / 48_000) * 4_000_000).astype(np.int32)
    where = np.arange(BLOCK) * (BLOCK + step) / BLOCK
    ideal = np.sin(where * 2 * np.pi * hertz / 48_000) * 4_000_000
    made = slipped(np.stack((wave, -wave), axis=1), step)
    assert np.abs(made[:, 0] - ideal).max() < 4_000  # -60 dB
    assert np.abs(made[:, 0] + made[:, 1]).max() <= 1


@settings(max_examples=20, deadline=None)
@given(st.integers(-FULL - 1, FULL), st.sampled_from([1, -1]))
def test_a_steady_value_stays_the_same(value, step):
    made = slipped(np.full((BLOCK + step + 2 * SIDE, 2), value, np.int32), step)
    assert made.shape == (BLOCK, 2) and (made == value).all()


def test_the_first_sample_is_as_it_was_and_full_scale_is_not_passed():
    rough = np.tile(np.array([[FULL, -FULL - 1]], np.int32), (BLOCK + 1 + 2 * SIDE, 1))
    rough[::3] = rough[::3, ::-1]
    made = slipped(rough, 1)
    assert (made[0] == rough[SIDE]).all()
    assert made.max() <= FULL and made.min() >= -FULL - 1


def test_what_stays_as_it_is_or_moves_a_little_is_left_alone():
    assert run(lambda n: 48_000) == []
    assert run(lambda n: 48_000 + (DEAD if n > WINDOW else 0)) == []


@pytest.mark.parametrize(("ppm", "sign"), [(40, 1), (-40, -1)])
def test_a_clock_that_is_not_ours_is_followed(ppm, sign):
    slips, ahead, least = Drift(), 48_000.0, []
    for n in range(0, 40 * WINDOW, BLOCK):
        ahead += BLOCK * ppm / 1e6
        ahead -= slips.seen(n, int(ahead))
        least.append(ahead)
    assert abs(least[-1] - 48_000) < 3 * DEAD
    assert run(lambda n: 48_000 + sign * n // 1_000)[0][1] == sign


def test_a_network_in_disorder_moves_it_by_fifty_millionths_at_most():
    found = run(lambda n: 48_000 if n <= WINDOW else 5_000, 4)
    assert len(found) <= 3 * MOST and {step for _, step in found} == {-1}
    assert all(b - a >= APART for (a, _), (b, _) in pairwise(found))


def test_a_burst_each_few_seconds_is_no_drift():
    assert run(lambda n: 48_000 + (-n) % (4 * 48_000), 6) == []
