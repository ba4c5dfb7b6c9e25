"""A line of a rundown at its place on the air: how long it lasts by itself, and what of it is cut, faded and brought onto the grid."""

import attrs
import pytest

from schedules.grid import gridded, next_on_grid, on_grid
from schedules.plan import Medium
from schedules.rundown import Item
from schedules.segue import CUT_FADE
from schedules.slot import Slot, length_of, programme_take
from station.words import Text

FILE = Medium(sha256="a" * 64, samples=1_000)
SHORT = Text("song.flac is shorter than planned", "song.flac 短于计划时长")


def item(**changed):
    return Item(
        **{"id": "i", "line": 1, "start": "", "mode": "follow", "title": "t", "media": "song.flac"} | changed
    )


@pytest.mark.parametrize(
    ("changed", "length", "said"),
    [
        ({}, 1_000, None), ({"cue_in": 100, "cue_out": 600}, 500, None), ({"duration": 400}, 400, None),
        ({"duration": 1_000}, 1_000, None), ({"duration": 1_001}, 1_000, SHORT),
        ({"cue_out": 1_000}, 1_000, None), ({"cue_out": 1_001}, 1_000, SHORT),
        ({"cue_in": 900, "duration": 100}, 100, None), ({"cue_in": 900, "duration": 101}, 100, SHORT),
        ({"cue_in": 999}, 1, None),
    ],
)  # fmt: skip
def test_an_item_lasts_as_long_as_asked_and_no_longer_than_there_is(changed, length, said):
    assert length_of(item(**changed), FILE, 1) == (length, said)


@pytest.mark.parametrize("changed", [{"cue_in": 1_000}, {"cue_in": 600, "cue_out": 600}, {"cue_in": 1_001}])
def test_what_ends_before_it_begins_cannot_be_played(changed):
    length, said = length_of(item(**changed), FILE, 1)
    assert length is None and said.en == "song.flac ends before its cue-in; filler instead"


def test_silence_lasts_as_planned_and_what_is_missing_is_said():
    assert length_of(item(media="", duration=77), None, 10) == (77, None)
    length, said = length_of(item(), None, 1)
    assert length is None and "missing or not approved" in said.en
    assert length_of(item(), FILE, 300) == (900, None)


def slot(at=None, medium=FILE, **changed):
    return Slot(
        item=item(**changed), at=at, medium=medium, instead=None, limit=0, limit_line=0, latest=0, latest_line=0,
        day="2026-11-21",
    )  # fmt: skip


def test_fades_are_no_longer_than_the_item_and_what_is_cut_short_fades_out():
    faded = slot(fade_in=600, fade_out=700)
    whole = programme_take(faded, "r", 10, 710, trimmed=False)
    assert (whole.start, whole.end, whole.fade_in, whole.fade_out) == (10, 710, 600, 700)
    less = programme_take(faded, "r", 10, 510, trimmed=False)
    assert (less.fade_in, less.fade_out) == (500, 500)
    cut = programme_take(faded, "r", 0, 10 * CUT_FADE, trimmed=True)
    assert cut.trimmed and (cut.fade_in, cut.fade_out) == (600, 48_000)
    assert programme_take(slot(), "r", 0, 10 * CUT_FADE, trimmed=False).fade_out == 0
    assert programme_take(slot(fade_out=50_000), "r", 0, 480_000, trimmed=True).fade_out == 50_000


def test_it_begins_with_its_cue_and_what_has_no_medium_is_silence():
    sounds = programme_take(slot(cue_in=5), "r", 0, 10, trimmed=False)
    assert (sounds.kind, sounds.media, sounds.offset) == ("programme", FILE.sha256, 5)
    silent = programme_take(slot(medium=None, cue_in=5), "r", 0, 10, trimmed=False)
    assert (silent.kind, silent.media, silent.offset) == ("silence", None, 0)


@pytest.mark.parametrize(
    ("mode", "at", "hard", "fixed"),
    [("hard", 10, True, True), ("hard", 11, False, True), ("soft", 10, False, True), ("follow", None, False, False)],
)  # fmt: skip
def test_it_is_hard_where_it_begins_on_its_own_time(mode, at, hard, fixed):
    made = programme_take(slot(at=at, mode=mode), "r", 10, 20, trimmed=False)
    assert (made.hard, made.fixed) == (hard, fixed)


def test_samples_are_brought_onto_the_grid_before_or_after():
    assert [on_grid(n, 5) for n in (0, 4, 5, 9)] == [0, 0, 5, 5]
    assert [next_on_grid(n, 5) for n in (0, 1, 5, 6)] == [0, 5, 5, 10]
    loose = item(cue_in=11, segue=12, early=13)
    assert gridded(loose, 5) == attrs.evolve(loose, cue_in=10, segue=10, early=10)
    tight = item(late=14, cue_out=19, duration=22)
    assert gridded(tight, 5) == attrs.evolve(tight, late=10, cue_out=15, duration=20)
    assert gridded(item(late=0), 5).late == 0
