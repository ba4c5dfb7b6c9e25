"""Templates: what may be put up, and how they are filled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
from emergency_help import FLOOD, NOON
from hypothesis import given
from hypothesis import strategies as st

from emergency.events import event_type
from emergency.messages import Blank
from emergency.templates import _SHAPES, check_template, fill, has_controls, read_templates
from station.words import HOUR, Refused

EXAMPLE = Path(__file__).parent.parent / "examples" / "shouxian" / "templates.toml"


def blank(name: str = "place", type: str = "place", **more: Any) -> Blank:  # noqa: A002
    return Blank(name=name, label_en=name, label_zh=name, type=type, **more)  # type: ignore[arg-type]


RISE = attrs.evolve(
    FLOOD,
    description="{place}在{time}上涨{rise}米,{note}。",
    blanks=(blank(), blank("time", "time"), blank("rise", "number", max_length=5), blank("note", "text")),
)
GOOD = {"place": "东津渡", "time": "今晚8点", "rise": "1.2", "note": "速离"}


def test_a_filled_template_says_its_words_with_the_blanks_in_place() -> None:
    filled = fill(RISE, GOOD)
    assert filled.description == "东津渡在今晚8点上涨1.2米,速离。"
    assert (filled.headline, filled.instruction) == (FLOOD.headline, "")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("place", " ", "place is empty"),
        ("place", "x" * 21, "21 characters, 20 are allowed"),
        ("place", "a\nb", "a place"),
        ("note", "{place}", "words"),
        ("note", "x}", "words"),
        ("rise", "much", "a number"),
        ("rise", "-1", "a number"),
        ("time", "soon", "a time"),
        ("time", "120", "a time"),
        ("time", "25:10", "a time"),
        ("time", "21:60", "a time"),
        ("time", "100:10", "a time"),
        ("time", "1:100", "a time"),
        ("rise", "-3", "without a sign"),
        ("extra", "x", "no blank 'extra'"),
    ],
)
def test_a_wrong_filling_is_named(name: str, text: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        fill(RISE, {**GOOD, name: text})


def test_every_wrong_blank_is_named_at_once() -> None:
    with pytest.raises(Refused, match=r"place is empty; .*; rise is empty"):
        fill(RISE, {"note": "x"})


@given(st.text(max_size=30))
def test_no_filling_brings_in_controls_or_further_blanks(text: str) -> None:
    try:
        filled = fill(RISE, {**GOOD, "note": text})
    except Refused:
        return
    assert not has_controls(filled.description) and "{" not in filled.description
    assert len(filled.description) <= len(RISE.description) + 40


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"headline": "a\tb"}, "cannot be spoken"),
        ({"description": " "}, "must not be empty"),
        ({"headline": ""}, "must not be empty"),
        ({"instruction": "x" * 2001}, "more than 2000"),
        ({"instruction": "{gone}"}, "no blank is called {gone}"),
        ({"blanks": (blank(),)}, "{place} is not in the text"),
        ({"description": "{Place}", "blanks": (blank("Place"),)}, "no name for a blank"),
        ({"description": "{place}", "blanks": (blank(), blank())}, "different names"),
        ({"description": "{place}", "blanks": (blank(max_length=0),)}, "1 to 100 characters"),
        ({"level": 0}, "level is 1 to 4"),
        ({"level": 5, "kind": "drill"}, "level is 1 to 4"),
        ({"max_minutes": 0}, "1 to 120 minutes"),
        ({"max_minutes": 121}, "1 to 120 minutes"),
        ({"max_villages": 0}, "one village"),
        ({"valid_until": NOON}, "already past"),
    ],
)
def test_a_wrong_template_is_not_taken(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Refused, match=said):
        check_template(attrs.evolve(FLOOD, **changes), NOON, 120)
    check_template(FLOOD, NOON, 120)
    check_template(attrs.evolve(FLOOD, level=0, kind="drill", max_minutes=1, max_villages=1), NOON, 120)
    check_template(attrs.evolve(FLOOD, max_minutes=120, level=4), NOON, 120)
    with pytest.raises(Refused, match="level"):
        check_template(attrs.evolve(FLOOD, level=0, kind="actual"), NOON, 120)


def test_the_example_county_has_eight_templates_and_their_follow_ups() -> None:
    found = read_templates(EXAMPLE.read_text(encoding="utf-8"), NOON)
    assert len(found) == 11 and {"update", "correction", "all-clear", "drill", "dam"} <= set(found)
    assert {body.valid_until for body in found.values()} == {NOON + 365 * 24 * HOUR}
    samples = {"place": "双桥镇", "time": "15:30", "number": "80", "text": "沿省道"}
    for body in found.values():
        check_template(body, NOON, 120)
        assert event_type(body.event) is not None
        filled = fill(body, {one.name: samples[one.type] for one in body.blanks})
        assert "{" not in filled.headline + filled.description + filled.instruction


def test_a_file_of_templates_with_mistakes_names_all_of_them() -> None:
    with pytest.raises(Refused, match="templates"):
        read_templates("= no toml", NOON)
    with pytest.raises(Refused, match=r"one: valid_days.*two: .*level"):
        read_templates('[one]\nvalid_days = 0\n[two]\nlevel = "x"\n', NOON)
    with pytest.raises(Refused, match="three"):
        read_templates("three = 3", NOON)


@pytest.mark.parametrize("kind", ["number", "time"])
def test_the_night_page_asks_of_a_blank_what_the_station_asks(kind: str) -> None:
    page = (Path(__file__).parent.parent / "web" / "static" / "js" / "compose_shapes.js").read_text("utf-8")
    asked = _SHAPES[kind].pattern.replace(r"\Z", "$")
    assert f"  {kind}: /^{asked}/,\n" in page
