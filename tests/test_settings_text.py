"""Settings as text: lines of mistakes, differences, secrets that are not shown, what a change means."""

from __future__ import annotations

import attrs
import pytest
from emergency_help import settings as county_settings
from hypothesis import given
from hypothesis import strategies as st

from station.settings import PanelSection, PeopleSection, SafetySection
from station.settings_text import HIDDEN, difference, line_of, masked, meaning, secrets_in, unmasked
from station.words import Refused

TEXT = """top = 1
[station]
id = "rig"
journal = "postgresql://gengfu:s3cret@db/gengfu"

[[channels]]
id = "fm1"

[[channels]]
id = "fm2"
chain = "radio"

[alarms]
[[alarms.contacts]]
role = "engineer"
[[alarms.contacts]]
phone = "1"

[ups]
password = "s3cret"
api_token = 'tok'
token_file = "province.token"
"""


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("top", "top = 1"),
        ("station.id", 'id = "rig"'),
        ("station.journal", "journal ="),
        ("channels[0].id", 'id = "fm1"'),
        ("channels[1].chain", "chain ="),
        ("alarms.contacts[0].role", "role ="),
        ("alarms.contacts[1].phone", "phone ="),
    ],
)
def test_a_mistake_is_told_with_the_line_of_its_key(path, line):
    assert TEXT.splitlines()[line_of(TEXT, path) - 1].startswith(line)


def test_a_table_below_a_repeated_one_belongs_to_the_one_above_it():
    text = "[[a]]\n[a.x]\nk = 1\n[[a]]\n[a.x]\nk = 2\n[[a]]\n"
    assert [line_of(text, f"a[{n}].x.k") for n in range(3)] == [3, 6, 7]


def test_a_key_that_is_not_there_is_told_by_its_table():
    assert line_of(TEXT, "channels[1].area") == 9
    assert line_of(TEXT, "station.name_zh") == 2
    assert line_of(TEXT, "terminals.registry") == 0
    assert line_of(TEXT, "", "is not TOML: Expected '=' (at line 7, column 3)") == 7
    assert line_of(TEXT, "") == 0


def test_secrets_are_not_shown_and_come_back_as_they_were():
    assert secrets_in(TEXT) == ["s3cret", "s3cret", "tok"]
    shown = masked(TEXT)
    assert "s3cret" not in shown and "'tok'" not in shown
    assert 'token_file = "province.token"' in shown
    assert f"gengfu:{HIDDEN}1@db" in shown and f"'{HIDDEN}2'" in shown
    assert unmasked(shown, TEXT) == TEXT
    assert masked("a = 1") == "a = 1" and unmasked("a = 1", TEXT) == "a = 1"


def test_a_mark_that_stands_for_nothing_is_refused():
    for text in (f'x = "{HIDDEN}9"', f'x = "{HIDDEN}"'):
        with pytest.raises(Refused):
            unmasked(text, TEXT)


@given(st.text(alphabet="abc123", min_size=4, max_size=9), st.text(alphabet="xyz789", min_size=4, max_size=9))
def test_whatever_the_secrets_are_masking_is_undone(one, other):
    text = f'[a]\npassword = "{one}"\nurl = "pg://u:{other}@h/d"\nsecret = "{other}"\n'
    shown = masked(text)
    assert f'"{one}"' not in shown and f":{other}@" not in shown
    assert unmasked(shown, text) == text


def test_a_difference_shows_what_comes_and_goes_with_lines_around():
    lines = difference("a\nb\nc\n", "a\nB\nc\n")
    assert [(one.kind, one.text) for one in lines[1:]] == [(" ", "a"), ("-", "b"), ("+", "B"), (" ", "c")]
    assert lines[0].kind == "@"
    assert difference("a\n", "a\n") == []


def test_what_a_change_means_is_said_before_it_is_made():
    before = county_settings()
    plain = meaning(before, before)
    assert len(plain) == 1 and "Players go on" in plain[0].en

    def said(**changes):
        texts = meaning(before, attrs.evolve(before, **changes))
        assert all(any("一" <= c <= "鿿" for c in one.zh) for one in texts)
        return " ".join(one.en for one in texts[1:])

    assert "panel starts again" in said(people=PeopleSection(watch_h=3))
    assert "panel starts again" in said(panel=PanelSection(host="10.0.0.1"))
    assert "UNKNOWN" in said(safety=SafetySection(silence_s=9.0))
    one = attrs.evolve(before.channels[0], slack_ms=80)
    assert "Players keep" in said(channels=[one, *before.channels[1:]])
    assert "come or go" in said(channels=[attrs.evolve(one, id="new"), *before.channels[1:]])
    assert "come or go" in said(channels=[attrs.evolve(one, redundancy="pair"), *before.channels[1:]])
    assert "witnesses come or go" in said(alerts=attrs.evolve(before.alerts, witnessed=2))
    moved = said(station=attrs.evolve(before.station, state="elsewhere"))
    assert "station.state" in moved and "by hand" in moved
