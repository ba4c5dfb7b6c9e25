"""National event codes to CAP and SAME and back: every code once, what means the same comes back, what does not map says so."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emergency import event_map
from emergency.event_map import (
    FITS,
    Mapped,
    from_cap,
    from_same,
    level_of_cap,
    level_of_same,
    to_cap,
    to_same,
)
from emergency.events import event_types
from emergency.same_words import same_events
from station.words import Refused

EMERGENCY = Path(__file__).parent.parent / "emergency"
codes = st.sampled_from(sorted(event_types()))
levels = st.integers(0, 4)


@pytest.mark.parametrize("name", ["events_cn.csv", "events_map.csv", "same_codes.csv", "same_places.csv"])
def test_every_code_stands_once_in_its_table(name: str) -> None:
    rows = list(csv.DictReader((EMERGENCY / name).read_text("utf-8").splitlines()))
    assert len({row["code"] for row in rows}) == len(rows) > 50
    assert all(None not in row and None not in row.values() for row in rows)


def test_every_national_code_has_its_row_with_known_values() -> None:
    assert list(event_map.table()) == list(event_types())
    for row in event_map.table().values():
        assert list(row.levels) == sorted(set(row.levels)) and set(row.levels) <= {1, 2, 3, 4}
        assert row.course in ("forecast", "sudden", "lasting", "none")
        assert (row.fit is None) == (row.warning == "") and row.fit in (None, *FITS)
        for other in filter(None, (row.warning, row.watch)):
            assert other in same_events(), row
        if row.watch:
            assert same_events()[row.watch].kind == "watch" and same_events()[row.warning].kind == "warning"


def test_every_same_code_has_a_national_one_or_says_that_there_is_none() -> None:
    for code, one in same_events().items():
        assert one.fit in ("none", *FITS) and (one.fit == "none") == (one.event == "")
        if one.event:
            assert from_same(code).code in event_types()
        else:
            with pytest.raises(Refused, match=f"\\({code}\\)") as refused:
                from_same(code)
            assert code in refused.value.text.zh


def rows_that_mean_the_same() -> list[Mapped]:
    return [row for row in event_map.table().values() if row.fit == "same"]


def test_what_means_the_same_comes_back_both_ways() -> None:
    assert len(rows_that_mean_the_same()) >= 15
    for row in rows_that_mean_the_same():
        for level in (1, 2, 3, 4):
            assert from_same(to_same(row.code, level).code) == event_map.Fitting(code=row.code, fit="same")
    for code, one in same_events().items():
        if one.fit == "same":
            row = event_map.mapped(one.event)
            assert row.fit == "same" and same_events()[row.warning].event == one.event, code


def test_watches_stand_for_the_lower_levels_and_warnings_for_the_higher() -> None:
    assert [to_same("11B02", level).code for level in (0, 1, 2, 3, 4)] == ["TOR", "TOR", "TOR", "TOA", "TOA"]
    assert to_same("11C02", 4).code == "EQW"


def test_what_same_cannot_say_is_refused_by_name() -> None:
    with pytest.raises(Refused, match=r"no code for Cold wave \(11B05\)") as refused:
        to_same("11B05", 1)
    assert "寒潮" in refused.value.text.zh and "CEM" in refused.value.text.zh
    with pytest.raises(Refused, match="'99999'"):
        to_same("99999", 1)
    with pytest.raises(Refused, match="unknown event XXX"):
        from_same("XXX")


@given(codes, levels)
def test_every_event_at_every_level_goes_to_cap_and_comes_back(code: str, level: int) -> None:
    words = to_cap(code, level)
    assert words.urgency in ("Immediate", "Expected", "Future", "Past", "Unknown")
    assert words.certainty in ("Observed", "Likely", "Possible", "Unlikely", "Unknown")
    for event in (words.event.en, words.event.zh):
        assert from_cap(event, words.codes, [words.category]) == event_map.Read(
            code=code, by="code", fit="same"
        )
    assert level_of_cap(words.severity) == level
    assert (words.same is None) == (("SAME", words.same.code if words.same else "") not in words.codes)


@given(codes)
def test_its_own_name_leads_to_a_code_of_that_name(code: str) -> None:
    one = event_types()[code]
    for name in (one.zh, one.en, f"{one.zh}红色预警信号", f"{one.en} Warning"):
        found = from_cap(name, (), ())
        other = event_types()[found.code]
        assert found.by == "name"
        assert event_map._bare(name) in map(
            event_map._bare, (other.zh, other.en, *event_map.mapped(found.code).also)
        )


@pytest.mark.parametrize(
    ("event", "code"),
    [
        ("暴雨红色预警", "11B03"),
        ("Heavy Rain Warning", "11B03"),
        ("Tornado Watch", "11B02"),
        ("台风蓝色预警信号", "11B01"),
        ("地震", "11C02"),
        ("EARTHQUAKE", "11C02"),
        ("Flash flooding", "11A51"),
        ("山洪灾害橙色预警", "11A51"),
        ("大雾黄色预警", "11B17"),
        ("High Wind Warning", "11B06"),
        ("Landslide", "11D01"),
        ("Land Slide Warning", "11D01"),
        ("Contagious Disease Warning", "13A00"),
    ],
)
def test_names_as_people_write_them_are_understood(event: str, code: str) -> None:
    assert from_cap(event, (), ()) == event_map.Read(code=code, by="name", fit="same")


def test_codes_go_before_names_and_names_before_categories() -> None:
    assert from_cap("Flood", (("CN:event", "11C02"), ("SAME", "TOR")), ["Met"]).code == "11C02"
    assert from_cap("Flood", (("CN:event", "99999"), ("SAME", "TOR")), ["Met"]) == event_map.Read(
        code="11B02", by="same", fit="same"
    )
    assert from_cap("Flood", (("SAME", "EVI"), ("OTHER", "TOR")), ["Fire"]).code == "11A01"
    assert from_cap("whatever", (), ["Other", "Fire"]) == event_map.Read(
        code="12099", by="category", fit="wider"
    )


@given(st.text(max_size=300))
def test_an_event_that_nothing_leads_to_is_refused_and_nothing_else_happens(event: str) -> None:
    """Fuzz: names from anybody."""
    try:
        assert from_cap(event, (), ("Other",)).by == "name"
    except Refused as refused:
        assert refused.text.zh


def test_levels_that_are_not_in_use_are_told() -> None:
    assert event_map.unused_level("11B03", 4) is None and event_map.unused_level("20000", 0) is None
    hail = event_map.unused_level("11B15", 4)
    assert hail is not None and hail.en == "Hail is warned of at levels 1, 2 only." and "1、2 级" in hail.zh
    daily = event_map.unused_level("20000", 2)
    assert daily is not None and daily.en == "Daily programme has no levels."


def test_levels_of_same_events_follow_their_kind() -> None:
    assert {code: level_of_same(code) for code in ("TOR", "SVR", "TOA", "FFS", "RWT", "ADR", "XXX")} == {
        "TOR": 1,
        "SVR": 2,
        "TOA": 3,
        "FFS": 4,
        "RWT": 0,
        "ADR": 0,
        "XXX": 0,
    }
    assert level_of_cap("Extreme") == 1 and level_of_cap("nonsense") == 0


def test_urgency_and_certainty_follow_level_where_an_event_is_foretold() -> None:
    rain = [(to_cap("11B03", level).urgency, to_cap("11B03", level).certainty) for level in (1, 2, 3, 4, 0)]
    assert rain == [
        ("Immediate", "Observed"),
        ("Expected", "Likely"),
        ("Expected", "Likely"),
        ("Future", "Possible"),
        ("Unknown", "Unknown"),
    ]
    assert {to_cap("11C02", level).urgency for level in range(5)} == {"Immediate"}
    assert to_cap("11A52", 2).urgency == "Expected" and to_cap("20000", 0).urgency == "Unknown"


def test_the_worked_example_of_the_page_holds() -> None:
    page = (EMERGENCY.parent / "docs" / "protocols" / "events.md").read_text("utf-8")
    rows = list(csv.DictReader(page.split("```csv\n")[1].split("```")[0].splitlines()))
    assert len(rows) == 8
    for row in rows:
        words = to_cap(row["code"], int(row["level"]))
        same, fit = (words.same.code, words.same.fit) if words.same else ("", "")
        said = (words.severity, words.urgency, words.certainty, words.category, same, fit)
        assert said == tuple(row.values())[2:], row
    for course, by_level in event_map._COURSES.items():
        told = " | ".join(", ".join(by_level[level]) for level in (1, 2, 3, 4, 0))
        assert f"| {course} | {told} |" in page
