"""Markers that came with a relay are told to the desk once, by whichever player and however often it says so."""

from types import SimpleNamespace

from playout.link import RelaySight
from playout.messages import NoteMarker
from station.relay_marks import KEPT, SAME, RelayMarks
from station.words import SampleIndex

T = 1_000_000_000


def told(marks, *at, says="end", marker="scte35", relay="cnr"):
    section = SimpleNamespace(id="cnr", marker=marker)
    sights = [
        RelaySight(
            relay=relay, heard=0, members=(), marker=None if one is None else SampleIndex(one), says=says
        )
        for one in at
    ]
    return [note.at - T for note in marks.fresh([section], sights)]


def test_a_marker_is_told_once_though_two_players_say_it_again_and_again():
    marks = RelayMarks()
    assert told(marks, T, T + 3) == [0]
    assert told(marks, T + 3, T) == [] == told(marks, None)
    assert told(marks, T + SAME) == [SAME] and told(marks, T + 1, T + SAME - 1) == []
    (note,) = RelayMarks().fresh(
        [SimpleNamespace(id="cnr", marker="scte35")],
        [RelaySight(relay="cnr", heard=0, members=(), marker=SampleIndex(T), says="end")],
    )
    assert note == NoteMarker(relay="cnr", at=SampleIndex(T))


def test_only_what_settings_heed_ends_anything():
    assert told(RelayMarks(), T, says="out") == [] == told(RelayMarks(), T, marker="")
    assert told(RelayMarks(), T, relay="other") == []
    assert told(RelayMarks(), T, says="out", marker="scte35-out") == [0]


def test_what_is_remembered_of_markers_is_bounded():
    marks = RelayMarks()
    told(marks, *(T + k * SAME for k in range(KEPT)))
    assert told(marks, T) == [], "still known"
    told(marks, T + KEPT * SAME)
    assert told(marks, T) == [0]
