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


def test_each_limit_is_passed_only_beyond_it():
    assert quality.levels(-4_000, 2_000, 100) == () and quality.levels(-6_999, 0, 0)[0].kind == "quiet"
    for one in (quality.levels(-4_001, 0, 0), quality.levels(0, 2_001, 0), quality.levels(0, 0, 101)):
        assert len(one) == 1
    assert quality.image(-50, 3_999) == () == quality.image(100, -3_999)
    assert quality.image(-51, 0)[0].value == -51
    assert [found.value for found in quality.image(None, 4_000) + quality.image(0, -4_000)] == [4_000, -4_000]


@pytest.mark.parametrize(
    ("finding", "en"),
    [
        (Finding(kind="clipping", at=61 * 48_000, value=12), "cut off at full scale 12 times, first at 1:01"),
        (Finding(kind="range", value=2_150), "the loudness range is 21.5 LU"),
        (Finding(kind="quiet", value=-4_550), "very quiet: -45.5 LUFS"),
        (Finding(kind="peak", value=150), "the true peak is +1.5 dBTP"),
        (Finding(kind="truncated", value=7), "7 samples at the end that the file says it has are missing"),
        (Finding(kind="gap", at=48_000, samples=12_000), "nothing for 0.25 s at 0:01, by the time stamps"),
        (Finding(kind="black", at=0, samples=96_000), "2 s of black at 0:00"),
        (
            Finding(kind="freeze", at=48_000 * 60, samples=48_000 * 6),
            "the picture stands still for 6 s at 1:00",
        ),
        (Finding(kind="silent"), "the file is silent from beginning to end"),
    ],
)
def test_the_sentences_tell_place_length_and_value(finding, en):
    assert quality.said(finding).en == en


def test_opposed_sides_are_told_with_their_correlation():
    assert "(correlation -0.75)" in quality.said(Finding(kind="phase", value=-75)).en


def test_sides_are_found_beyond_their_limits():
    assert quality.image(-20, 100) == quality.image(None, None) == ()
    assert [found.kind for found in quality.image(-80, -5_000)] == ["phase", "side"]


def test_silences_clippings_and_gaps_have_their_places():
    assert quality.silences([(0, 99)], 99) == (Finding(kind="silent", at=0, samples=99, value=0),)
    found = quality.silences([(k, k + 5) for k in range(9)], 99)
    assert found == tuple(Finding(kind="silence", at=k, samples=5) for k in range(5))
    assert quality.clippings(9, 5) == () and quality.clippings(10, 5) == (
        Finding(kind="clipping", at=5, value=10),
    )
    found = quality.sources(7, [(8_000, 4_000)], 8_000)
    assert found == (Finding(kind="truncated", value=7), Finding(kind="gap", at=48_000, samples=24_000))
    assert quality.sources(0, [], 48_000) == ()


@pytest.mark.parametrize(
    ("finding", "zh"),
    [
        (Finding(kind="phase", value=-75), "左右声道反相(相关系数 -0.75),单声道接收时声音会抵消"),
        (Finding(kind="side", value=12_000), "右声道比左声道低 120 dB"),
        (Finding(kind="side", value=-12_000), "左声道比右声道低 120 dB"),
        (Finding(kind="range", value=3_050), "响度范围达 30.5 LU"),
        (Finding(kind="quiet", value=-6_060), "响度过低:-60.6 LUFS"),
        (Finding(kind="peak", value=1_250), "真峰值为 +12.5 dBTP"),
        (Finding(kind="black", at=3_661 * 48_000, samples=96_000), "61:01 处黑场 2 秒"),
    ],
)
def test_the_chinese_sentences_tell_the_same(finding, zh):
    assert quality.said(finding).zh == zh


def test_a_true_peak_far_above_is_told_in_english_too():
    assert quality.said(Finding(kind="peak", value=1_250)).en == "the true peak is +12.5 dBTP"


def test_a_finding_that_has_no_place_length_or_value_says_nought():
    (peak,) = quality.levels(0, 0, 101)
    assert (peak.at, peak.samples) == (0, 0)
    assert quality.clippings(10, 5)[0].samples == quality.sources(1, [], 48_000)[0].at == 0
    assert quality.silences([(1, 9)], 99)[0].value == 0
