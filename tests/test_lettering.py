"""Text for a screen: what the font has, what it has not, and where lines break."""

import csv
import tomllib
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from emergency.events import COLOURS, event_types
from schedules.artwork import LEVEL_WORDS
from schedules.lettering import (
    FONT,
    GETA,
    HOME,
    NOT_FIRST,
    NOT_LAST,
    characters,
    font,
    legible,
    missing,
    plain,
    wrap,
)  # fmt: skip

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / "examples" / "shouxian"


def by_count(text: str) -> int:
    """Every character one wide."""
    return len(text)


def drawn(text: str) -> set[str]:
    """The characters of `text` for which the font itself has no glyph."""
    return set(plain(text)) - {"\n"} - {chr(c) for c in TTFont(FONT).getBestCmap()}


def test_the_list_of_characters_is_the_fonts_own() -> None:
    assert characters() == {chr(c) for c in TTFont(FONT).getBestCmap()}


def test_the_font_has_all_of_gb_2312() -> None:
    made = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            made |= set(bytes([row, cell]).decode("gb2312", errors="ignore"))
    made -= {"\ufffd"}
    assert sum(ord(c) > 0x7F for c in made) == 7_445
    assert not {c for c in made if ord(c) > 0x7F} - characters()


def test_every_area_of_the_county_can_be_shown() -> None:
    with (EXAMPLE / "areas.csv").open(encoding="utf-8") as lines:
        names = "".join(row["name"] for row in csv.DictReader(lines))
    assert len(names) > 1_000
    assert not drawn(names)


@pytest.mark.parametrize("name", ["templates.toml", "station.toml", "texts.txt"])
def test_every_character_of_the_examples_texts_can_be_shown(name: str) -> None:
    text = (EXAMPLE / name).read_text(encoding="utf-8")
    if name.endswith(".toml"):
        tomllib.loads(text)
    assert not drawn(text)


def test_every_rundown_of_the_example_can_be_shown() -> None:
    for path in (EXAMPLE / "rundowns").rglob("*.csv"):
        assert not drawn(path.read_text(encoding="utf-8"))


def test_every_event_and_level_can_be_shown() -> None:
    said = [text for event in event_types().values() for text in (event.zh, event.en)]
    said += [word for words in LEVEL_WORDS.values() for word in words]
    said += [word for colour in COLOURS.values() for word in (colour.en, colour.zh)]
    assert not drawn("".join(said))


def test_the_licence_lies_beside_the_font_and_the_name_is_its_own() -> None:
    assert "SIL OPEN FONT LICENSE Version 1.1" in (HOME / "OFL.txt").read_text(encoding="utf-8")
    names = TTFont(FONT)["name"]
    assert names.getDebugName(1) == "Gengfu Sans SC"
    assert "Adobe" in names.getDebugName(0)
    assert FONT.stat().st_size < 2_500_000
    assert "schedules/fonts" in (ROOT / "NOTICE").read_text(encoding="utf-8")


def test_what_the_font_has_not_is_shown_as_a_geta_and_told() -> None:
    assert legible("洪水🌊来了𠀀") == f"洪水{GETA}来了{GETA}"
    assert missing("洪水🌊来了𠀀🌊\n") == "🌊𠀀"
    assert missing("山洪") == ""
    assert GETA in characters()


def test_a_geta_has_ink() -> None:
    assert font(32).getmask(GETA).getbbox() is not None


def test_controls_and_invisible_signs_are_left_out() -> None:
    assert plain("a\x00b\u200bc\u202ed\te  f\r\ng\rh\u2028i") == "abcd e f\ng\nh\ni"
    assert legible("e\u0301") == "é"


def test_no_line_begins_with_a_closing_sign() -> None:
    assert wrap("山洪将至。请转移", 4, by_count) == ["山洪将", "至。请转", "移"]
    assert wrap("他说:“走”。好", 4, by_count) == ["他说:", "“走”。", "好"]


def test_no_line_ends_with_an_opening_sign() -> None:
    assert wrap("转移到(一中)", 4, by_count) == ["转移到", "(一中)"]


def test_words_and_numbers_stay_whole_and_spaces_go_at_the_break() -> None:
    assert wrap("move to higher ground", 9, by_count) == ["move to", "higher", "ground"]
    assert wrap("降雨量达到150毫米", 6, by_count) == ["降雨量达到", "150毫米"]


def test_a_word_wider_than_the_line_is_torn() -> None:
    assert wrap("请看 abcdefghij 好", 4, by_count) == ["请看", "abcd", "efgh", "ij 好"]
    assert wrap("。。。。。。", 4, by_count) == ["。。。。", "。。"]
    assert wrap("走", 0, by_count) == ["走"]


def test_line_ends_of_the_text_are_kept_and_empty_lines_are_not() -> None:
    assert wrap("一\n\n二 \n", 9, by_count) == ["一", "二"]
    assert wrap("", 9, by_count) == []


@given(st.text(alphabet="山洪将至请转移。,、!”)》“(《ab 12\n", max_size=60), st.integers(6, 12))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, width: int) -> None:
    lines = wrap(text, width, by_count)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "").replace("\n", "")
    assert all(0 < len(line) <= width for line in lines)


@given(st.lists(st.text(alphabet="山洪将至请转移", min_size=2, max_size=5), max_size=12), st.integers(8, 14))
def test_signs_cling_to_their_words_wherever_the_line_ends(words: list[str], width: int) -> None:
    text = "".join(f"《{word}》,{word}。" for word in words)
    for line in wrap(text, width, by_count):
        assert line[0] not in NOT_FIRST
        assert line[-1] not in NOT_LAST


def test_the_fonts_own_measure_bounds_what_is_drawn() -> None:
    letters = font(40)
    for line in wrap("淠河上游水位已上涨3.5米,请立即转移。" * 6, 600, lambda s: round(letters.getlength(s))):
        assert letters.getmask(line).size[0] <= 602
