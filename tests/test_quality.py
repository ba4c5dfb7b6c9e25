"""Quality control: what is found, in words, and the verdict."""

from typing import get_args

import pytest

from playout import quality
from playout.quality import Finding, Kind, verdict


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_finding_has_its_sentence_in_both_languages(kind):
    text = quality.said(Finding(kind=kind, at=61 * 48_000, samples=4 * 48_000, value=-123))
    assert (
        text.en and text.zh and text.en != text.zh and any("\u4e00" <= sign <= "\u9fff" for sign in text.zh)
    )


def test_the_verdict_is_that_of_the_worst_finding():
    assert verdict(()) == "good"
    assert verdict((Finding(kind="silence"), Finding(kind="clipping"))) == "look"
    assert verdict((Finding(kind="silence"), Finding(kind="phase"))) == "bad"
    assert verdict((Finding(kind="silent"),)) == "bad"


def test_places_and_lengths_are_told():
    silence = quality.said(Finding(kind="silence", at=125 * 48_000, samples=4 * 48_000))
    assert (silence.en, silence.zh) == ("4 s of silence at 2:05", "2:05 处静音 4 秒")
    assert quality.said(Finding(kind="side", value=4_500)).en == "the right side is 45 dB below the left"
    assert quality.said(Finding(kind="side", value=-4_500)).en == "the left side is 45 dB below the right"


def test_levels_are_found_beyond_their_limits_and_what_was_not_measured_is_not():
    assert quality.levels(-2_300, 800, -100) == ()
    assert [found.kind for found in quality.levels(-4_100, 2_100, 150)] == ["quiet", "range", "peak"]
    assert quality.levels(-7_000, 0, -7_000) == ()


def test_sides_are_found_beyond_their_limits():
    assert quality.image(-20, 100) == quality.image(None, None) == ()
    assert [found.kind for found in quality.image(-80, -5_000)] == ["phase", "side"]


def test_silences_clippings_and_gaps_have_their_places():
    assert quality.silences([(0, 99)], 99)[0].kind == "silent"
    assert len(quality.silences([(k, k + 5) for k in range(9)], 99)) == quality.MOST_OF_A_KIND
    assert quality.clippings(9, 5) == () and quality.clippings(10, 5) == (
        Finding(kind="clipping", at=5, value=10),
    )
    found = quality.sources(7, [(8_000, 4_000)], 8_000)
    assert found == (Finding(kind="truncated", value=7), Finding(kind="gap", at=48_000, samples=24_000))
    assert quality.sources(0, [], 48_000) == ()
