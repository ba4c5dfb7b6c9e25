"""The graphics of one channel: drawn once, kept, bounded."""

import pickle

import attrs
import numpy as np
import pytest
from PIL import Image as Pil

from schedules.captions import Caption
from schedules.graphics import Graphics, captioned, compose, layers
from schedules.picture import Seen, Shown
from schedules.plan import Take
from schedules.planes import Hole, blank
from schedules.raster import RASTERS
from station.words import Refused, SampleIndex

SD = RASTERS["576p25"]
CRAWL = Caption(form="crawl", title="暴雨橙色预警", text="请避免外出。", level=2)


@pytest.fixture(scope="module")
def graphics() -> Graphics:
    return Graphics(SD, "寿县综合")


def test_a_caption_is_drawn_once(graphics) -> None:
    assert graphics.caption(CRAWL) is graphics.caption(attrs.evolve(CRAWL))


def test_only_the_last_captions_are_kept(graphics) -> None:
    first = graphics.caption(CRAWL)
    for number in range(9):
        graphics.caption(attrs.evolve(CRAWL, title=str(number)))
    assert graphics.caption(CRAWL) is not first


def test_a_caption_that_nobody_asked_for_within_a_minute_of_pictures_is_let_go() -> None:
    graphics = Graphics(SD, "寿县综合")
    now = attrs.evolve(CRAWL, title="大风蓝色预警")
    graphics.keep(CRAWL, captioned(SD, CRAWL))
    graphics.keep(now, captioned(SD, now))
    for _ in range(1_500):
        layers(seen(), graphics)
    assert graphics.has(now), "asked for again: it stays another minute"
    layers(seen(), graphics)
    assert not graphics.has(CRAWL)
    for _ in range(1_499):
        layers(seen(), graphics)
    assert graphics.has(now)


def test_a_crawl_leaves_the_programme_above_it_alone_and_a_slate_covers_it(graphics) -> None:
    frame = blank(SD.width, SD.height, luma=99)
    compose(frame, graphics.caption(CRAWL).pictures(30))
    changed = np.flatnonzero((frame[0] != 99).any(axis=1))
    assert changed.min() > SD.height * 0.8
    compose(frame, graphics.caption(attrs.evolve(CRAWL, form="slate")).pictures(30))
    assert (frame[0] != 99).mean() > 0.99


def test_the_clock_is_composed_again_only_when_the_time_changes(graphics) -> None:
    face = graphics.clock("19:00:00")
    assert graphics.clock("19:00:00") is face
    assert graphics.clock("19:00:01") is not face


def test_what_the_font_has_not_is_told_when_it_is_drawn() -> None:
    assert captioned(SD, attrs.evolve(CRAWL, text="洪🌊", issuer="🌊𠀀")).missing == "🌊𠀀"
    assert captioned(SD, CRAWL).missing == ""


def test_pictures_drawn_elsewhere_are_kept_as_if_drawn_here() -> None:
    graphics, elsewhere = Graphics(SD, "寿县综合"), captioned(SD, CRAWL)
    assert not graphics.has(CRAWL)
    graphics.keep(CRAWL, pickle.loads(pickle.dumps(elsewhere)))
    assert graphics.has(attrs.evolve(CRAWL))
    for ours, theirs in zip(graphics.caption(CRAWL).pictures(7), elsewhere.pictures(7), strict=True):
        assert (ours.luma == theirs.luma).all() and (ours.x, ours.opaque) == (theirs.x, theirs.opaque)


def test_logo_and_card_are_always_there(graphics) -> None:
    assert graphics.logo().width > 40
    assert graphics.standby().opaque


def test_a_logo_file_that_cannot_be_used_is_refused(tmp_path) -> None:
    with pytest.raises(Refused, match="cannot be read"):
        Graphics(SD, "寿县", tmp_path / "none.png")
    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG" + bytes(5 << 20))
    with pytest.raises(Refused, match="larger than 4 MiB"):
        Graphics(SD, "寿县", large)


def test_a_logo_file_is_shown_in_its_colours(tmp_path) -> None:
    Pil.new("RGBA", (120, 60), (0, 255, 0, 255)).save(tmp_path / "logo.png")
    shown = Graphics(SD, "寿县", tmp_path / "logo.png").logo()
    assert abs(int(shown.luma[10, 10]) - 145) <= 1
    assert shown.opaque


def seen(**given) -> Seen:
    take = Take(
        item="a", start=SampleIndex(0), end=SampleIndex(9_600), kind="silence", title="晚间新闻", approval="r"
    )
    whole = Seen(
        ground="shot", shot=None, title="晚间新闻", slate=None, crawl=None, logo=True, clock="19:00:00",
        take=take, rung="file", overlay="", approval="r",
    )  # fmt: skip
    return attrs.evolve(whole, **given)


def test_logo_and_clock_lie_over_the_programme_and_its_crawl(graphics) -> None:
    shown = Shown(overlay="o", caption=CRAWL, frame=3)
    made = layers(seen(crawl=shown), graphics)
    assert made[2:] == [graphics.logo(), graphics.clock("19:00:00")]
    assert [(p.x, p.y) for p in made[:2]] == [(p.x, p.y) for p in graphics.caption(CRAWL).pictures(3)]


def test_a_slate_stands_in_for_the_logo(graphics) -> None:
    caption = attrs.evolve(CRAWL, form="slate")
    made = layers(seen(ground="caption", slate=Shown(overlay="o", caption=caption, frame=0)), graphics)
    assert made[0].opaque
    assert made[0].width == SD.width
    assert graphics.logo() not in made
    assert made[-1] is graphics.clock("19:00:00")


def test_a_take_without_a_picture_shows_its_title_and_a_fallen_one_the_card(graphics) -> None:
    title = layers(seen(ground="title"), graphics)[0]
    assert title is graphics.titled("晚间新闻")
    assert (title.luma != graphics.titled("戏曲").luma).any()
    card = layers(seen(ground="standby", logo=False, clock=""), graphics)
    assert card == [graphics.standby()]


@pytest.mark.parametrize("name", RASTERS)
def test_a_caption_around_the_programme_leaves_the_hole_to_it_and_covers_the_rest(name) -> None:
    raster = RASTERS[name]
    graphics = Graphics(raster, "寿县综合")
    around = attrs.evolve(CRAWL, form="shrink")
    (x, y), (wide, high) = raster.hole, (raster.width // 2, raster.height // 2)
    assert x % 2 == y % 2 == 0 and x * 20 % raster.width == y * 18 % raster.height == 0
    pieces = graphics.caption(around).slate.page(0)
    assert all(piece.opaque for piece in pieces)
    frame = blank(raster.width, raster.height, luma=99)
    compose(frame, list(pieces))
    hole = np.s_[y : y + high, x : x + wide]
    assert (frame[0][hole] == 99).all()
    frame[0][hole] = 0
    assert not (frame[0] == 99).all(axis=1).any() and (frame[0] == 99).mean() < 0.01
    assert graphics.caption(around).missing == ""
    frame = blank(raster.width, raster.height, luma=99)
    shown = seen(slate=Shown(overlay="o", caption=around, frame=0), logo=False, clock="")
    compose(frame, layers(shown, graphics))
    assert (frame[0][y : y + high * 8 // 9, x : x + wide] == 99).all(), "down to the crawl"


def test_the_text_beside_the_programme_never_runs_into_it(graphics) -> None:
    long = Caption(
        form="shrink", title="长江流域特大洪水红色预警信号请立即转移" * 3, text="洪水" * 900, level=1, drill=True,
        areas=tuple(f"第{n}村" for n in range(60)), issuer="寿县应急管理局", at="2026-07-01 08:00",
    )  # fmt: skip
    made = captioned(SD, long).slate
    assert len(made.pages) == 12 and made.cut
    for pieces in made.pages:
        left = next(one for one in pieces if one.x == 0 and one.y == SD.hole[1])
        edge = left.luma[:, -10:]
        assert int(edge.max()) - int(edge.min()) < 12, "nothing is written in front of the hole"
        assert int(left.luma.max()) > 180, "and something is beside it"


def test_a_picture_at_half_its_size_is_the_mean_of_four_and_of_one_field_where_lines_are_woven() -> None:
    pick = np.random.default_rng(5)
    for name in ("576p25", "576i50"):
        raster = RASTERS[name]
        shown = seen(slate=Shown(overlay="o", caption=attrs.evolve(CRAWL, form="shrink"), frame=0))
        (hole,) = [one for one in layers(shown, Graphics(raster, "寿县")) if isinstance(one, Hole)]
        frame = tuple(
            pick.integers(16, 236, plane.shape, np.uint8) for plane in blank(raster.width, raster.height)
        )
        before = [plane.astype(int) for plane in frame]
        hole.shrink(frame)
        for plane, old, (x, y) in zip(frame, before, ((324, 192), (162, 96), (162, 96)), strict=True):
            high, wide = old.shape[0] // 2, old.shape[1] // 2
            small = plane[y : y + high, x : x + wide]
            apart = 2 if raster.interlaced else 1
            for row, column in ((0, 0), (1, 7), (high - 1, wide - 1), (50, 31)):
                first = row // apart * 2 * apart + row % apart if apart == 2 else 2 * row
                four = old[[first, first + apart]][:, 2 * column : 2 * column + 2]
                assert small[row, column] == (four.sum() + 2) // 4, (name, row, column)
            outside = np.ones(old.shape, bool)
            outside[y : y + high, x : x + wide] = False
            assert (plane.astype(int) == old)[outside].all()
