"""The table of event codes and the pictures made from tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from lxml import etree

from emergency import picture
from emergency.events import (
    COLOURS,
    LEVEL_OF_SEVERITY,
    SEVERITY_OF_LEVEL,
    all_events,
    category,
    event_text,
    event_type,
    event_types,
    life_list_default,
)
from emergency.preempt import hazard
from emergency.table import LIVE, OPEN, PHASES, TABLE

DOCS = Path(__file__).parent.parent / "docs"
CATEGORIES = {
    "Geo",
    "Met",
    "Safety",
    "Security",
    "Rescue",
    "Fire",
    "Health",
    "Env",
    "Transport",
    "Infra",
    "CBRNE",
    "Other",
}


def test_every_code_has_five_characters_two_names_a_category_and_its_hazard() -> None:
    types = event_types()
    assert len(types) == 373 == len(all_events())
    for code, one in types.items():
        assert len(code) == 5 and one.zh and one.en and one.category in CATEGORIES
        assert one.hazard == hazard(code)
        assert "?" not in one.zh and one.en[0].isupper()


def test_names_are_corrected_where_lists_in_the_field_have_misprints() -> None:
    assert event_text("11B09").zh == "高温事件"
    assert event_text("13E10").zh == "动物炭疽病"
    assert not any(
        wrong in one.zh for one in event_types().values() for wrong in ("巾", "己", "狗猎", "鱼兽", "大感染")
    )


def test_a_code_that_looks_misprinted_is_found_under_its_likely_form_too() -> None:
    likely, listed = event_type("14B15"), event_type("14BJ5")
    assert likely is not None and likely == listed
    assert event_type("99999") is None
    assert event_text("99999").zh == "99999" and category("99999") == "Other" and category("11A51") == "Met"


def test_the_proposed_life_list_holds_what_kills_within_minutes() -> None:
    assert {"11C02", "11A51", "11A03", "12T01", "12D02"} <= set(life_list_default())
    assert not any(one.group for one in event_types().values() if one.life)


def test_levels_and_severities_are_the_same_both_ways() -> None:
    assert {LEVEL_OF_SEVERITY[name]: name for name in LEVEL_OF_SEVERITY} == SEVERITY_OF_LEVEL
    assert set(COLOURS) == set(SEVERITY_OF_LEVEL) and COLOURS[1].zh.startswith("红")


@pytest.mark.parametrize("name", sorted(picture.pictures()))
def test_the_pictures_in_docs_are_those_of_the_table(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == picture.pictures()[name]


def test_the_drawing_shows_every_phase_and_the_command_writes_it(tmp_path: Path) -> None:
    root = etree.fromstring(picture.svg().encode())
    assert len(root.findall(".//{*}rect")) == len(PHASES)
    assert picture.main([]) == 2
    assert picture.main([str(tmp_path)]) == 0
    run = [sys.executable, "-m", "emergency.picture", str(tmp_path)]
    assert subprocess.run(run, check=True, cwd=DOCS.parent).returncode == 0
    assert (tmp_path / "alert-lifecycle.dot").read_text(encoding="utf-8").startswith("digraph")


def test_every_phase_is_reached_and_what_is_over_stays_over() -> None:
    assert {then for _, then in [*TABLE.items()]} | {"new"} == set(PHASES)
    over = set(PHASES) - LIVE - {"new", "owing"}
    assert not any(phase in over for phase, _ in TABLE)
    assert OPEN < LIVE
