"""Logo, clock, crawl: places, sizes, exact shifts."""

import io
import struct
import zlib
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pil

from schedules.artwork import (
    LEVELS,
    MOST_CRAWL,
    clock_digits,
    clock_face,
    crawl,
    crawl_at,
    crawl_offset,
    dark,
    ink_on,
    level_label,
    logo,
)  # fmt: skip
from schedules.planes import blank, paste
from schedules.raster import RASTERS
from station.words import Refused

SD, HD = RASTERS["576p25"], RASTERS["720p25"]


def png(width: int, height: int, colour: tuple[int, ...] = (255, 0, 0, 255)) -> bytes:
    made = io.BytesIO()
    Pil.new("RGBA", (width, height), colour).save(made, "PNG")
    return made.getvalue()


@pytest.mark.parametrize("raster", RASTERS.values(), ids=lambda r: r.name)
def test_everything_lies_on_even_places_inside_the_picture(raster) -> None:
    digits = clock_digits(raster)
    made = crawl(raster, "请立即转移", 1)
    pictures = [logo(raster, "寿县"), clock_face(raster, digits, "23:59:59"), *crawl_at(made, 7)]
    for picture in pictures:
        assert not (picture.x | picture.y | picture.width | picture.height) & 1
        assert picture.x >= 0
        assert picture.x + picture.width <= raster.width
        assert picture.y + picture.height <= raster.height
        assert picture.a.shape == picture.luma.shape == (picture.height, picture.width)
        assert picture.a2.shape == picture.u.shape == (picture.height // 2, picture.width // 2)


def test_a_circle_is_round_on_every_raster() -> None:
    for raster in RASTERS.values():
        made = logo(raster, "", png(200, 200))
        shown = made.width * raster.sar[0] / raster.sar[1] / made.height
        assert abs(shown - 1) < 0.05


def test_a_wide_logo_takes_a_fifth_of_the_picture_at_most() -> None:
    assert logo(SD, "", png(4_000, 100)).width <= SD.width // 5 + 2
    assert logo(SD, "", png(2, 4_000)).width >= 2


def test_a_long_name_stands_whole_in_two_lines_and_another_end_is_another_sign() -> None:
    whole, other = logo(SD, "寿县电视台综合频道"), logo(SD, "寿县电视台综合广播")
    assert whole.width <= SD.width // 5 + 2
    assert whole.luma.shape == other.luma.shape and (whole.luma != other.luma).any(), "the end is cut off"
    assert (logo(SD, "Shouxian TV").luma != logo(SD, "Shouxian FM").luma).any()
    assert logo(SD, "寿县 ").luma.shape == logo(SD, "寿县").luma.shape


def test_a_logo_without_a_name_is_still_there() -> None:
    assert logo(SD, "🌊").luma.max() > 150
    assert logo(SD, "").luma.max() > 150


def test_a_file_that_is_no_png_is_refused_in_one_sentence() -> None:
    bomb = bytearray(png(2, 2))
    bomb[16:24] = struct.pack("!II", 60_000, 60_000)
    bomb[29:33] = struct.pack("!I", zlib.crc32(bytes(bomb[12:29])))
    for data in (b"", b"GIF89a", png(60, 60)[:70], bytes(bomb), png(4_100, 2)):
        with pytest.raises(Refused) as refused:
            logo(SD, "", data)
        assert refused.value.text.zh.startswith("台标")


def test_the_clock_keeps_its_width_whatever_the_time() -> None:
    digits = clock_digits(SD)
    faces = [clock_face(SD, digits, text) for text in ("11:11:11", "00:00:00", "08:47:59")]
    assert len({(f.x, f.y, f.width, f.height) for f in faces}) == 1
    assert (faces[0].luma != faces[1].luma).any()
    with pytest.raises(KeyError):
        clock_face(SD, digits, "12.00")


@given(st.integers(0, 10**9), st.integers(1, 5_000), st.sampled_from([2, 4, 8]))
def test_the_crawl_moves_by_whole_even_pixels_and_begins_anew(frame: int, lap: int, step: int) -> None:
    offset = crawl_offset(frame, lap, step)
    assert 0 <= offset <= (lap - 1) * step
    assert offset % 2 == 0
    assert crawl_offset(frame + lap, lap, step) == offset
    assert (crawl_offset(frame + 1, lap, step) - offset) in (step, -(lap - 1) * step)


@pytest.mark.parametrize("raster", [SD, HD, RASTERS["720p50"]], ids=lambda r: r.name)
def test_each_frame_of_a_crawl_is_the_one_before_moved_by_its_step(raster) -> None:
    made = crawl(raster, "淠河水位上涨,请立即转移" * 3, 1)
    frames = []
    for frame in range(made.lap):
        _, window = crawl_at(made, frame)
        assert window.width == made.window
        frames.append(window)
    for before, after in pairwise(frames):
        assert (before.luma[:, made.step :] == after.luma[:, : -made.step]).all()
        assert (before.u[:, made.step // 2 :] == after.u[:, : -made.step // 2]).all()


def test_a_crawl_goes_as_fast_at_fifty_pictures_a_second() -> None:
    slow, fast = (crawl(RASTERS[name], "请立即转移" * 9) for name in ("720p25", "720p50"))
    assert slow.step * 25 == fast.step * 50 == 200
    assert abs(slow.lap / 25 - fast.lap / 50) < 0.05


def test_a_crawl_begins_and_ends_blank_and_shows_its_label_at_once() -> None:
    made = crawl(SD, "请立即转移", 1)
    first, last = crawl_at(made, 0)[1], crawl_at(made, made.lap - 1)[1]
    assert first.luma[10:-10].max() < 60
    assert last.luma[10:-10, made.step :].max() < 60
    frame = blank(SD.width, SD.height, luma=120)
    for picture in crawl_at(made, 0):
        paste(frame, picture)
    band = frame[0][made.label.y : made.label.y + made.label.height]
    assert (band != 120).mean() > 0.99


def test_a_crawl_that_is_too_long_is_cut_with_an_ellipsis() -> None:
    made = crawl(SD, "洪" * (MOST_CRAWL + 5))
    assert len(made.text) == MOST_CRAWL
    assert made.text.endswith("…")
    assert crawl(SD, "").lap >= 1


def test_line_ends_in_a_crawl_become_spaces() -> None:
    assert crawl(SD, "一\n二\t三  四").text == "一 二 三 四"


def test_labels_say_level_drill_or_notice() -> None:
    assert level_label(1) == "红色预警 RED"
    assert level_label(0) == "通知 NOTICE"
    assert level_label(1, drill=True) == "演练 DRILL"


def test_letters_stand_out_from_their_ground_on_every_level() -> None:
    def luminance(rgb: tuple[int, int, int]) -> float:
        parts = [c / 255 / 12.92 if c <= 10 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
        return float(np.dot(parts, (0.2126, 0.7152, 0.0722)))

    for level, paper in LEVELS.items():
        light, deep = sorted((luminance(paper), luminance(ink_on(level))))[::-1]
        assert (light + 0.05) / (deep + 0.05) >= (3.0 if level else 4.5)  # WCAG 2.2, 1.4.3, large letters
        assert luminance(dark(level)) < 0.05
