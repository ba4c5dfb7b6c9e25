"""Slates: everything said is shown, on pages where it must be, with drill on every one."""

import attrs
import numpy as np
import pytest
from PIL import Image as Pil
from PIL import ImageDraw

from schedules import slates
from schedules.captions import Caption
from schedules.raster import RASTERS
from schedules.slates import MOST_PAGES, slate, standby

SD = RASTERS["576p25"]
ALERT = Caption(
    form="slate", title="山洪灾害红色预警", text="淠河水位已上涨,请沿河居民立即转移。", level=1,
    event="山洪", areas=("寿春镇", "八公山乡"), issuer="县防汛办", at="2026-11-22 14:25",
)  # fmt: skip


@pytest.fixture
def said(monkeypatch) -> list[str]:
    """Every text drawn on a slate, in order."""
    made: list[str] = []
    real = ImageDraw.ImageDraw.text

    def noted(self, at, text, *args, **named):
        made.append(text)
        return real(self, at, text, *args, **named)

    monkeypatch.setattr(ImageDraw.ImageDraw, "text", noted)
    return made


@pytest.mark.parametrize("raster", RASTERS.values(), ids=lambda r: r.name)
@pytest.mark.parametrize("level", [0, 1, 2, 3, 4])
def test_a_slate_covers_the_whole_picture_in_its_levels_colour(raster, level) -> None:
    made = slate(raster, attrs.evolve(ALERT, level=level))
    (page,) = made.page(0)
    assert (page.x, page.y, page.width, page.height) == (0, 0, raster.width, raster.height)
    assert page.opaque
    assert len(made.pages) == 1


def test_the_four_levels_look_different_even_without_their_words() -> None:
    rows = []
    for level in (1, 2, 3, 4):
        (page,) = slate(SD, attrs.evolve(ALERT, level=level)).page(0)
        rows.append((page.luma[40, 4], page.u[20, 2], page.v[20, 2]))
    for number, one in enumerate(rows):
        for other in rows[number + 1 :]:
            assert max(abs(int(a) - int(b)) for a, b in zip(one, other, strict=True)) > 40


def test_everything_that_was_said_is_drawn(said) -> None:
    slate(SD, ALERT)
    whole = "".join(said)
    for part in (ALERT.title, ALERT.event, ALERT.issuer, ALERT.at, *ALERT.areas, "红色预警 RED"):
        assert part in whole
    assert ALERT.text in whole


def test_a_long_text_goes_on_pages_and_loses_nothing(said) -> None:
    text = "".join(f"第{k}句,请转移到安全地带。" for k in range(40))
    made = slate(SD, attrs.evolve(ALERT, text=text))
    assert len(made.pages) > 1
    assert not made.cut
    body = "".join(
        part for part in said if "句" in part or "安全" in part or "请转" in part or "地带" in part
    )
    assert "".join(said).replace(" ", "").count("句") == 40
    assert body
    assert f"{len(made.pages)} / {len(made.pages)}" in said


def test_pages_turn_every_eight_seconds_and_begin_anew() -> None:
    made = slate(SD, attrs.evolve(ALERT, text="请立即转移到安全地带。" * 40))
    n = len(made.pages)
    assert made.page(199) is made.pages[0]
    assert made.page(200) is made.pages[1]
    assert made.page(200 * n) is made.pages[0]


def test_a_text_beyond_all_pages_is_cut_and_says_so(said) -> None:
    made = slate(SD, attrs.evolve(ALERT, text="洪" * 20_000))
    assert made.cut
    assert len(made.pages) == MOST_PAGES
    assert any(part.endswith("洪…") for part in said)


def test_many_areas_are_counted_where_they_cannot_all_be_named(said) -> None:
    slate(SD, attrs.evolve(ALERT, areas=tuple(f"第{k}村" for k in range(300))))
    assert any("300 in all" in part for part in said)


def test_a_drill_says_so_on_every_page(said) -> None:
    made = slate(SD, attrs.evolve(ALERT, drill=True, text="请转移。" * 120))
    told = [part for part in said if "演练 DRILL" in part and "NOT A REAL ALERT" in part]
    assert len(told) == len(made.pages) > 1


def test_what_cannot_be_shown_is_told() -> None:
    assert slate(SD, attrs.evolve(ALERT, text="洪🌊", issuer="𠀀办")).missing == "🌊𠀀"
    assert slate(SD, ALERT).missing == ""


def test_long_titles_and_empty_words_do_no_harm(said) -> None:
    slate(SD, attrs.evolve(ALERT, title="预警" * 200))
    assert any(part.endswith("…") and part.startswith("预警") for part in said)
    made = slate(SD, Caption(form="slate", title="", text=""))
    assert len(made.pages) == 1


def test_no_text_leaves_the_picture(monkeypatch) -> None:
    """Nothing lights up the outermost 3.5 % but bands that run through (EBU R 95)."""
    drawn = []
    real = Pil.new
    monkeypatch.setattr(slates.Pil, "new", lambda *a: drawn.append(real(*a)) or drawn[-1])
    slate(SD, attrs.evolve(ALERT, text="请沿河居民立即转移到安全地带" * 5, areas=("寿春镇",) * 50))
    canvas = np.array(drawn[0])
    edge = round(SD.square_width * 0.035)
    for columns in (canvas[:, :edge], canvas[:, -edge:]):
        assert (columns == columns[:, :1]).all()


def test_the_card_of_the_lowest_rung_names_the_station(said) -> None:
    card = standby(SD, "寿县综合🌊")
    assert card.opaque
    assert "寿县综合〓" in said


def test_pages_stand_as_long_at_fifty_pictures_a_second() -> None:
    made = slate(RASTERS["720p50"], attrs.evolve(ALERT, text="请立即转移到安全地带。" * 60))
    assert made.page(399) is made.pages[0]
    assert made.page(400) is made.pages[1]
