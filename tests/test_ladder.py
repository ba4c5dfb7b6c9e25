"""Each rung of the fallback ladder has a name in both languages and is counted once, with its length."""

from playout.messages import AiredEntries, AsRunEntry
from schedules.plan import RUNGS
from station.ladder import FALLS, SAMPLES, Tally
from station.rung_words import said, severity
from station.views import RungCount


def line(what, rung, index, ref="a@1", source="take", channel="fm9"):
    return AsRunEntry(
        run="1", seq=1, channel=channel, what=what, ref=ref, source=source, title="", media=None,
        approval="t", index=index, rung=rung, cause="",
    )  # fmt: skip


def aired(tally, *lines, player="radio9"):
    tally.note(AiredEntries(chain=player, entries=lines))


def test_a_rung_is_counted_from_its_first_sample_to_its_last():
    tally = Tally()
    aired(tally, line("start", "file", 0), line("end", "file", 96), line("start", "mended", 96))
    assert tally.of("fm9", "radio9") == [RungCount(rung="mended", times=1, ms=0)]
    aired(tally, line("end", "mended", 4_896), line("start", "file", 4_896), line("end", "file", 9_000))
    aired(tally, line("start", "filler", 9_000, "b@2"), line("gap", "filler", 57_000, "b@2"))
    filler = RungCount(rung="filler", times=1, ms=1_000)
    assert tally.of("fm9", "radio9") == [RungCount(rung="mended", times=1, ms=100), filler]
    assert FALLS.labels("radio9", "fm9", "mended")._value.get() == 1
    assert SAMPLES.labels("radio9", "fm9", "filler")._value.get() == 48_000
    assert tally.of("fm8", "radio9") == [] and tally.of("fm9", "other") == []


def test_a_tail_on_one_rung_under_a_take_on_the_same_is_counted_by_itself_and_overlays_are_not():
    tally = Tally()
    aired(tally, line("start", "copy", 0), line("start", "copy", 100, "b@2"), line("end", "copy", 4_800))
    aired(tally, line("end", "copy", 9_700, "b@2"), line("end", "copy", 9_800, "never@3"))
    aired(tally, line("start", "filler", 0, "alert", source="overlay"))
    assert tally.of("fm9", "radio9") == [RungCount(rung="copy", times=2, ms=300)]


def test_of_two_players_the_worse_is_shown_and_ends_that_never_come_fill_nothing():
    tally = Tally()
    for number in range(600):
        aired(tally, line("start", "tone", number, f"x@{number}"), player="radio9.b")
    aired(tally, line("start", "tone", 0))
    assert tally.of("fm9", "radio9") == [RungCount(rung="tone", times=600, ms=0)]
    assert len(tally._open) <= 256


def test_each_rung_has_its_names_and_only_the_tone_is_critical():
    assert all(said(rung).en and said(rung).zh != said(rung).en for rung in RUNGS)
    assert said("slate").en == "slate", "what a newer player says is shown as it is"
    grave = {rung: severity(rung) for rung in RUNGS[1:]}
    assert [rung for rung, one in grave.items() if one == "critical"] == ["tone"]
    assert {grave["copy"], grave["mended"]} == {"minor"}
