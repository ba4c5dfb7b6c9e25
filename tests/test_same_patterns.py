"""What a beginning of an EAS SAME burst looks like, where such are found, and what is heard of one in noise, to the figure."""

from __future__ import annotations

import numpy as np
import pytest

from emergency import same, same_audio
from emergency.same_demod import (
    _AT_ONCE,
    _KNOWN,
    _LEAD,
    _SPEEDS,
    _STEPS,
    Demodulator,
    _patterns,
    _peaks,
    _sent,
)

HEADER = same.read("ZCZC-WXR-TOR-024031-124005+0030-3191423-KGNF/NWS-").header
RATE = 11_025


@pytest.mark.parametrize("speed", range(0, len(_SPEEDS), 4))
@pytest.mark.parametrize(("row", "kind"), [(0, "header"), (1, "end")])
def test_a_beginning_is_wholly_like_itself_at_its_place_and_speed_and_one_tone_is_like_none(row, kind, speed):
    patterns, begin = _patterns(1_000), 217
    bits = np.where(_sent(kind, _LEAD), 1.0, -1.0)
    lean = np.zeros(1_000 + patterns.span)
    for number, bit in enumerate(bits):
        at = begin + number * _STEPS / _SPEEDS[speed]
        lean[[int(at), int(at) + 1]] = bit
    likeness = patterns.likeness(lean)
    assert likeness[row, speed, begin] == pytest.approx(1.0)
    assert likeness[row, speed].argmax() == begin and likeness.max() == pytest.approx(1.0)
    steady = patterns.likeness(np.ones(1_000 + patterns.span))[:, :, :1_000]
    assert np.abs(steady).max() < 1e-9
    assert len(bits) == _KNOWN


def test_places_are_found_from_a_likeness_on_and_two_bits_apart_the_best_first():
    likeness = np.zeros((2, len(_SPEEDS), 200))
    for at, kind, speed, like in (
        (10, 0, 3, 0.5), (18, 1, 4, 0.49), (19, 1, 5, 0.48), (60, 0, 0, 0.30), (90, 0, 0, 0.2999), (130, 1, 16, 0.9),
    ):  # fmt: skip
        likeness[kind, speed, at] = like
    assert _peaks(likeness) == [
        (130, "end", _SPEEDS[16], 0.9), (10, "header", _SPEEDS[3], 0.5),
        (19, "end", _SPEEDS[5], 0.48), (60, "header", _SPEEDS[0], 0.30),
    ]  # fmt: skip
    likeness[0, 0, ::20] = np.linspace(0.4, 0.8, 10)
    assert [at for at, *_ in _peaks(likeness)] == [130, 180, 160, 140, 120, 100][:_AT_ONCE]


def test_a_burst_in_noise_is_heard_to_the_figure():
    """What the timing loop makes of one burst, 2 dB over the noise of the whole band, 2 % fast: what was measured when it was tuned."""
    whole = same_audio.activation(HEADER, RATE, attention_s=0, end=False).astype(float)
    places = np.arange(0, 1.5 * RATE, 1.02)
    sound = np.interp(places, np.arange(len(whole)), whole)
    sound += np.random.default_rng(8).normal(size=len(sound)) * 9_000
    ears = Demodulator(RATE)
    (burst,) = [*ears.feed(np.clip(np.rint(sound), -32_768, 32_767).astype(np.int16)), *ears.finish()]
    assert burst.heard is not None and burst.heard.text == same.write(HEADER)
    assert (burst.begin, burst.end) == (8_062, 16_195)
    assert burst.speed == pytest.approx(1.0201682370, abs=1e-8)
    assert burst.clearness_db == pytest.approx(12.4799242605, abs=1e-6)
    assert np.abs(burst.odds).sum() == pytest.approx(3_569.59306, abs=1e-3)


def test_what_is_settled_is_never_more_than_a_second_and_a_half_behind():
    ears = Demodulator(RATE)
    for _ in range(8):
        ears.feed(np.zeros(RATE // 2, np.int16))
        assert ears.fed - 1.5 * RATE < ears.settled <= ears.fed
