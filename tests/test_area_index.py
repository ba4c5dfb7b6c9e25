"""Searching areas: the arrays find what a plain walk over the names finds, whatever is asked."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import area_table, areas, pinyin
from station.area_index import AreaIndex, first_rows, units_of
from station.pinyin import readings, spell, syllables
from station.words import Misheard


def index(names: list[str], levels: list[int] | None = None) -> AreaIndex:
    return AreaIndex(units_of(names), np.array(levels or [0] * len(names), np.uint8))


def sounds(name: str) -> set[tuple[str, str]]:
    """(pinyin, initials) of a name by its first readings, and by its second ones."""
    table = readings()
    first = syllables(name)
    plain = [table.first.get(c, c.lower() if c.isascii() and c.isalnum() else "") for c in name]
    second = [table.second.get(c, a) if a == b else a for c, a, b in zip(name, first, plain, strict=True)]
    return {("".join(one), "".join(word[:1] for word in one)) for one in (first, second)}


def rank(name: str, wanted: str) -> int | None:
    """Where a name stands in an answer."""
    lower = "".join(c.lower() if c.isascii() else c for c in name)
    spoken = sounds(name) if wanted.isascii() and wanted.isalnum() else set()
    ranks = (
        lower == wanted,
        any(wanted in pair for pair in spoken),
        lower.startswith(wanted),
        wanted in lower,
        any(initials.startswith(wanted) for _, initials in spoken),
        any(whole.startswith(wanted) for whole, _ in spoken),
    )
    return ranks.index(True) if True in ranks else None


NAMES = st.text(st.sampled_from("寿县春镇长安重庆六朝阳村新双井都7aB"), min_size=1, max_size=5)
QUERIES = st.text(st.sampled_from("寿县春长安重新村双7ab"), min_size=1, max_size=3) | st.sampled_from(
    [
        "sx",
        "s",
        "c",
        "zhangan",
        "changan",
        "chong",
        "zhong",
        "luan",
        "l",
        "xincun",
        "xc",
        "du",
        "dou",
        "cha",
        "ca",
        "zz",
    ]
)


@given(st.lists(NAMES, max_size=12), QUERIES)
def test_the_arrays_find_what_a_walk_over_the_names_finds(names: list[str], wanted: str) -> None:
    expected = sorted(
        (place, at) for at, name in enumerate(names) if (place := rank(name, wanted)) is not None
    )
    assert first_rows(((r, rows.tolist()) for r, rows in index(names).find(wanted, 20)), 20) == [
        at for _, at in expected
    ]


def test_the_higher_level_comes_first_among_equals() -> None:
    held = index(["新村", "新村", "新村镇", "新村乡"], [4, 2, 4, 3])
    assert first_rows(((r, rows.tolist()) for r, rows in held.find("新村", 9)), 9) == [1, 0, 3, 2]
    assert first_rows(((r, rows.tolist()) for r, rows in held.find("xincun", 9)), 9) == [1, 0, 3, 2]


def test_many_names_are_cut_to_what_anybody_asks_for() -> None:
    held = index(["村"] * 3_000)
    assert first_rows(((r, rows.tolist()) for r, rows in held.find("村", 20)), 20) == list(range(20))
    long = index(["甲" * 60 + "乙"] * 20_000 + ["丙乙"])
    assert first_rows(((r, rows.tolist()) for r, rows in long.find("甲乙", 3)), 3) == [0, 1, 2]
    assert first_rows(((r, rows.tolist()) for r, rows in long.find("丙乙", 3)), 3) == [20_000]


@pytest.mark.parametrize("wanted", ["", "\n", "村\n", "\U00020153", "\ud800", "a b", "-", "zz" * 40, "é"])
def test_odd_searches_find_nothing_and_raise_nothing(wanted: str) -> None:
    held = index(["寿县", "村"])
    assert first_rows(((r, rows.tolist()) for r, rows in held.find(wanted, 20)), 20) == []


def test_names_beyond_twenty_letters_are_found_by_their_beginning() -> None:
    held = index(["双庄双庄双庄双庄", "双庄双庄"])
    wanted = "shuangzhuangshuangzhuang"
    assert first_rows(((r, rows.tolist()) for r, rows in held.find(wanted[:18], 9)), 9) == [0, 1]
    assert first_rows(((r, rows.tolist()) for r, rows in held.find("shuangzhuangs", 9)), 9) == [0, 1]


def test_place_names_are_read_as_places_are() -> None:
    assert spell("六安市") == ("luanshi", "las")
    assert spell("重庆长安7A村") == ("chongqingchangan7acun", "cqca7ac")
    assert spell("十里堡镇")[0] == "shilipuzhen"
    assert syllables("\U00020153村") == ["", "cun"]
    assert set(readings().second) <= set(readings().first)
    assert all(len(phrase) == len(sounds) for phrase, sounds in readings().phrases.items())
    assert pinyin.TABLE.stat().st_size < 100_000


# ---- tables --------------------------------------------------------------------------------------------------------

HEAD = "code,name,level\n"


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed trees of a few rows, read some bytes at a time."""
    monkeypatch.setattr(area_table, "PLAIN_FROM", 1)
    monkeypatch.setattr(area_table, "_BLOCK", 64)


ROWS = st.lists(
    st.tuples(
        st.text("012", min_size=12, max_size=12),
        st.text("寿县春镇村甲A7", min_size=1, max_size=5),
        st.sampled_from(areas.LEVELS),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda row: row[0],
)


@given(ROWS, st.sampled_from(["\n", "\r\n"]), st.booleans(), st.booleans())
def test_a_packed_tree_is_the_same_tree(rows, end, mark, closed) -> None:
    text = (HEAD + "".join(f"{c},{n},{level}\n" for c, n, level in rows)).replace("\n", end)
    text = text if closed else text.removesuffix(end)
    data = (b"\xef\xbb\xbf" if mark else b"") + text.encode()
    plain = areas.load(io.StringIO(text, newline=""))
    area_table.PLAIN_FROM, area_table._BLOCK, kept = 1, 48, (area_table.PLAIN_FROM, area_table._BLOCK)
    try:
        packed = area_table.read(io.BytesIO(data))
    finally:
        area_table.PLAIN_FROM, area_table._BLOCK = kept
    assert isinstance(packed, area_table.PackedTree)
    assert list(packed.rows) == packed.rows[:] == list(plain.rows)
    for code in (*(row[0] for row in rows), "000000000000", "999999999999", "1"):
        assert (code in packed) == (code in plain)
        assert packed.villages([code]) == plain.villages([code])
        assert packed.inside(code) == plain.inside(code)
        assert packed.name(code) == plain.name(code)
    for wanted in ("村", "寿", "cun", "s", "01", "2", rows[0][0], "a"):
        assert packed.find(wanted) == plain.find(wanted)


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD + "340422000000,寿县,planet\n", "line 2"),
        (HEAD + "34042200000,寿县,county\n", "line 2"),
        ("name\n", "columns"),
        ("", "columns"),
        (HEAD + "340422000000,寿县,county\n340422000000,寿州,county\n", "two names"),
    ],
)
def test_a_wrong_large_table_is_not_taken(text: str, said: str) -> None:
    with pytest.raises(Misheard, match=said):
        area_table.read(io.BytesIO(text.encode()))


@pytest.mark.usefixtures("small")
def test_a_table_in_another_code_is_no_table() -> None:
    for data in (HEAD.encode() + "340422000000,寿县,county\n".encode("gbk"), b"\xff"):
        with pytest.raises(Misheard, match=r"UTF-8|columns"):
            area_table.read(io.BytesIO(data))


@pytest.mark.usefixtures("small")
def test_one_area_may_stand_once_a_level_and_a_quoted_name_goes_the_long_way() -> None:
    twice = HEAD + "441900000000,东莞市,county\n441900000000,东莞市,city\n"
    tree = area_table.read(io.BytesIO(twice.encode()))
    assert list(tree.rows) == list(areas.load(io.StringIO(twice)).rows) == ["4419000000001东莞市"]
    quoted = area_table.read(io.BytesIO((HEAD + '340422000000,"寿,县",county\n').encode()))
    assert type(quoted) is areas.AreaTree
    assert area_table.read(io.BytesIO(HEAD.encode())).find("x") == ()
