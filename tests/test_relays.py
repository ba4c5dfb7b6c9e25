"""Relays in a plan: written in a rundown, laid out like files, heard at their own time wherever they were moved to."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.plan import Medium, Plan, Replacement, Take
from schedules.plan_check import mistakes
from schedules.relays import LASTING, anchored, checksum, lack, lives, medium_of, written
from schedules.render import replaced_from
from schedules.rundown import parse
from schedules.table import BadRundown

RELAY, FILE = medium_of("cnr", "央广"), Medium(sha256="a" * 64, samples=96_000)


def take(start=1_000, end=2_000, **more):
    said = {"item": "i", "kind": "programme", "title": "t", "approval": "x", "media": RELAY.sha256} | more
    return Take(start=start, end=end, **said)


@pytest.mark.parametrize("cell", ["relay:cnr", "RELAY: CNR ", "转播:cnr", "转播\uff1acnr", "relay\uff1acnr"])
def test_a_rundown_may_name_a_relay_in_either_language(cell):
    assert written(cell) == "relay:cnr"
    text = f"start,mode,title,media,duration\n06:30,hard,新闻,{cell},00:30:00\n"
    assert parse(text, "fm1", "2026-11-22").items[0].media == "relay:cnr"


@pytest.mark.parametrize("cell", ["", "a.flac", "relays/cnr.flac", "silence"])
def test_what_is_no_relay_is_none(cell):
    assert written(cell) == ""


@pytest.mark.parametrize("line", ["新闻,relay:cnr,,", "音乐,a.flac,00:10,relay:cnr"])
def test_a_relay_has_a_duration_and_stands_in_for_nothing(line):
    with pytest.raises(BadRundown):
        parse(f"title,media,duration,replacement\n{line}\n", "fm1", "2026-11-22")


def test_a_relay_is_known_by_its_name_alone():
    assert medium_of("cnr", "a").sha256 == medium_of("cnr", "b").sha256 == checksum("cnr") != checksum("cnr2")
    assert lives([RELAY, FILE]) == {RELAY.sha256}
    assert lack([RELAY, FILE], RELAY.sha256) == "relay cnr has no sound"
    assert lack([RELAY, FILE], FILE.sha256) == "medium aaaaaaaaaaaa is not ready"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, LASTING // 2), st.integers(1, 10**9), st.integers(0, 10**6), st.integers(-1_000, 1_000))
def test_a_relay_is_heard_at_its_own_time_and_what_stands_in_begins_where_it_did(start, count, offset, shift):
    instead = Replacement(media=FILE.sha256, shift=shift)
    given_ = (
        take(start, start + count, offset=offset, replacement=instead),
        take(media=FILE.sha256, offset=7),
    )
    made = anchored(given_, [RELAY, FILE])
    assert made[0].offset == start and replaced_from(made[0]) == replaced_from(given_[0])
    assert made[1] is given_[1] and anchored(made, [RELAY]) == made
    assert anchored((take(),), [RELAY])[0].replacement is None


def test_a_plan_in_which_a_relay_is_not_heard_as_it_comes_is_wrong():
    def plan(one):
        return Plan(channel="c", revision=1, start=one.start, end=one.end, takes=(one,), media=(RELAY,))

    assert mistakes(plan(take(offset=1_000))) == []
    assert len(mistakes(plan(attrs.evolve(take(), offset=0)))) == 1
