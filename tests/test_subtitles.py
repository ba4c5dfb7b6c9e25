"""Subtitle files: whose words stand when, and what is wrong with one, with its line; drawn into the film beside it."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_tv_ingest import film, housed_here, luma_of

from playout.facts import facts_of, subtitles_of
from playout.subtitles import Shown, Words, read
from playout.subtitling import Subtitling, lettered
from schedules.raster import RASTERS
from station.library import looks
from station.words import Refused

SRT = "\ufeff1\r\n00:00:01,000 --> 00:00:02,500\r\n<i>你好</i>,寿县\r\n\r\n2\r\n00:00:02,000 --> 00:01:00,04\r\n{\\an8}two\r\n lines \r\n"
VTT = """WEBVTT - made by hand

STYLE
::cue { color: white }

NOTE nothing to see

intro
00:01.000 --> 00:02.500 line:90% align:center
<v 李>你好</v>,寿县

01:00:00.000 --> 01:00:01.000
far
"""


def test_both_forms_are_read_without_their_marks():
    first = Words(since=1_000, until=2_500, text="你好,寿县")
    assert read(SRT.encode(), "a.srt") == (first, Words(since=2_000, until=60_040, text="two\nlines"))
    assert read(VTT.encode(), "a.vtt") == (first, Words(since=3_600_000, until=3_601_000, text="far"))


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "gb18030"])
def test_files_of_any_usual_coding_are_read(coding):
    text = "1\n00:00:01,000 --> 00:00:02,000\n山洪来了\n"
    assert read(text.encode(coding), "a.srt")[0].text == "山洪来了"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a.srt has 0 captions"),
        ("WEBVTT\n", "a.srt has 0 captions"),
        ("1\n00:00:02,000 --> 00:00:01,000\nx\n", "a.srt, line 2: the caption ends before it begins"),
        ("1\n00:00:02 --> 00:00:01,000\nx\n", "a.srt, line 2: '00:00:02 --> 00:00:01,000' is no span"),
        ("\n\nhello\nworld\n", "a.srt, line 3: no time of a caption"),
        ("1\n00:00:01,000 --> 00:00:02,000\n\n\n", "a.srt has 0 captions"),
        ("1\n00:00:01,000 --> 00:00:02,000\nx\n\n" * 20_001, "a.srt has 20001 captions"),
    ],
)
def test_what_is_wrong_is_one_sentence_with_its_line(text, said):
    with pytest.raises(Refused) as caught:
        read(text.encode(), "a.srt")
    assert caught.value.text.en.startswith(said) and caught.value.text.zh
    assert caught.value.code == "subtitles"


def test_what_is_no_text_or_too_large_is_refused():
    for data, said in ((b"\xff\xff\x00\xff" * 9, "neither"), (b"x" * ((4 << 20) + 1), "larger than 4 MiB")):
        with pytest.raises(Refused, match=said):
            read(data, "a.srt")


def test_captions_that_overlap_stand_below_one_another_four_lines_at_most():
    shown = Shown(
        [
            Words(since=0, until=100, text="a\nb"),
            Words(since=50, until=200, text="c\nd\ne"),
            Words(since=300, until=310, text="z"),
        ]
    )
    assert [shown.at(ms) for ms in (0, 49, 50, 99, 100, 200)] == [
        "a\nb",
        "a\nb",
        *["a\nb\nc\nd"] * 2,
        "c\nd\ne",
        "",
    ]
    assert shown.left == 1 and shown.at(305) == "z" and shown.left == 0


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_file_is_captions_or_a_sentence(data):
    try:
        found = read(data, "a.srt")
    except Refused as error:
        assert error.text.en and error.text.zh
    else:
        assert all(one.since < one.until and one.text for one in found)


def test_letters_stand_within_the_picture_white_with_a_dark_edge():
    for raster in RASTERS.values():
        image = lettered("寿县电视台 " * 9 + "\nend", raster)
        assert image.y + image.height <= raster.height * 0.94 and image.width <= raster.width
        assert image.luma.max() > 200 and (image.a > 0).any() and (image.a == 0).any()
        drawn = np.flatnonzero(image.a.any(axis=0))
        assert raster.width * 0.05 < drawn[0] and drawn[-1] < raster.width * 0.95


def test_a_film_with_subtitles_beside_it_has_them_in_its_picture_at_their_frames(tmp_path: Path):
    path, media = film(tmp_path / "a.mp4", 25, 25, grey=lambda k: 60, sound=None), tmp_path / "media"
    bare, _, before = housed_here(path, media)
    (tmp_path / "a.srt").write_text(
        "1\n00:00:00,400 --> 00:00:00,800\n演练 A\n\n2\n00:00:09,000 --> 00:00:10,000\n\U0001f600\n",
        encoding="utf-8",
    )
    facts, _, pictures = housed_here(path, media)
    assert subtitles_of(path) == tmp_path / "a.srt" and facts.sha256 != bare.sha256
    foot = [int(luma_of(one)[500:550].max()) for one in pictures]
    assert [k for k, bright in enumerate(foot) if bright > 180] == list(range(10, 20))
    assert max(int(luma_of(one).max()) for one in before) < 100
    assert [one.en for one in facts.warnings][:3] == [
        "1 captions of a.srt are part of the picture",
        "1 captions of a.srt come after the last picture",
        "a.srt: the font has not \U0001f600; 〓 stands for it",
    ]
    assert facts_of(path, media, "576p25") == facts and facts_of(path, media) is None
    (tmp_path / "a.srt").unlink()
    assert facts_of(path, media, "576p25") == bare


def test_a_wrong_subtitle_file_keeps_its_film_out(tmp_path: Path):
    path = film(tmp_path / "a.mp4", 5, 25, grey=lambda k: 60, sound=None)
    (tmp_path / "a.vtt").write_text("WEBVTT\n\nno time\nhere\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"a\.vtt, line 3"):
        housed_here(path, tmp_path / "media")


def test_a_picture_without_a_caption_is_the_very_picture():
    raster = RASTERS["576p25"]
    one = Subtitling(read(SRT.encode(), "a.srt"), "a.srt", raster)
    packed = np.full(720 * 576 * 3 // 2, 100, np.uint8)
    assert one.drawn(packed, 24) is packed
    made = one.drawn(packed, 25)
    assert made is not packed and (packed == 100).all() and made.max() > 200


def test_other_subtitles_are_another_source_to_the_library(tmp_path: Path):
    (tmp_path / "a.mp4").write_bytes(b"film")
    bare = looks(tmp_path / "a.mp4")
    (tmp_path / "a.srt").write_text(SRT, encoding="utf-8")
    assert (
        looks(tmp_path / "a.mp4")
        == tuple(map(sum, zip(bare, looks(tmp_path / "a.srt"), strict=True)))
        != bare
    )
