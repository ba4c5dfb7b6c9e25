"""How loud mark and space of EAS SAME are, against sums made sample by sample."""

from __future__ import annotations

import numpy as np
import pytest

from emergency.same_tones import Ear, Tones, _log_i0, bit_samples, leaning

RATE = 8_000
BIT = bit_samples(RATE)


def by_hand(sound: np.ndarray, begin: float, end: float, waves: int) -> float:
    """|sum of sound times tone|, of samples that lie partly within their part; 1 for a tone of full scale."""
    at = np.arange(len(sound))
    share = np.clip(np.minimum(end, at + 1) - np.maximum(begin, at), 0, 1)
    return float(abs((share * sound * np.exp(-2j * np.pi * at * waves / BIT)).sum()) * 2 / (end - begin))


@pytest.mark.parametrize("begin", [0.0, 0.25, 17.75, 100 - BIT])
def test_loudness_is_the_sum_over_the_bit_with_parts_of_samples(begin: float) -> None:
    sound = np.random.default_rng(1).uniform(-1, 1, 100).astype(np.float32)
    mark, space = Tones.at_speed(sound, BIT).loudness(np.array([begin]), BIT)
    assert mark[0] == pytest.approx(by_hand(sound, begin, begin + BIT, 4), abs=1e-6)
    assert space[0] == pytest.approx(by_hand(sound, begin, begin + BIT, 3), abs=1e-6)


def test_a_grid_of_places_says_the_same_as_each_place_by_itself() -> None:
    sound = np.random.default_rng(2).uniform(-1, 1, 400).astype(np.float32)
    tones = Tones.at_speed(sound, BIT)
    grid = tones.on_grid(7.5, BIT / 4, 50, 4)
    alone = tones.loudness(7.5 + np.arange(50) * BIT / 4, BIT)
    assert [len(one) for one in grid] == [50, 50]
    assert all(np.allclose(one, other) for one, other in zip(grid, alone, strict=True))


def test_a_bit_leans_by_its_share_of_both_tones() -> None:
    assert leaning(np.array([3.0, 1.0, 2.0]), np.array([1.0, 3.0, 2.0])).tolist() == [0.5, -0.5, 0.0]


def test_an_ear_learns_power_and_noise_of_each_tone_where_the_other_is_sent() -> None:
    sent = np.array([True, True, False, False])
    ear = Ear.of(np.array([1.0, 1.0, 0.2, 0.2]), np.array([0.3, 0.3, 0.8, 0.8]), sent)
    assert (ear.mark_noise, ear.space_noise) == (pytest.approx(0.04), pytest.approx(0.09))
    assert (ear.mark, ear.space) == (pytest.approx(1 - 0.04), pytest.approx(0.64 - 0.09))
    assert ear.clearness == pytest.approx(10 * np.log10((0.96 + 0.55) / 0.13))
    pure = Ear.of(np.array([1.0, 0.0]), np.array([0.0, 1.0]), sent[1:3])
    assert (pure.mark_noise, pure.space_noise) == (0.02, 0.02), "nobody hears more sharply"


def test_the_bessel_function_is_right_to_a_few_thousandths() -> None:
    x = np.concatenate([np.linspace(0, 29.9, 300), np.linspace(30, 300, 300)])
    assert np.abs(_log_i0(x) - np.log(np.i0(x))).max() < 0.005
