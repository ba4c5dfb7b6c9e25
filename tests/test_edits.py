"""What an operator does while a plan runs: heard where he asked for it, and over at the next planned start."""

from itertools import pairwise

import attrs
from hypothesis import given
from hypothesis import strategies as st
from test_render import BASE, D, plan, take

from schedules.edits import Edit, edited, to_come
from schedules.plan_check import mistakes
from station.words import SampleIndex

ONE, TWO, THREE = (
    take(0, 100, item="one", fixed=True, title="one"),
    take(100, 160, item="two", title="two", fade_in=5),
    take(160, 200, item="three", title="three"),
)
PAD = take(200, 260, item="filler/x", kind="filler", media=D, title="pad", approval="standing:filler")
NEWS = take(260, 300, item="news", fixed=True, hard=True, title="news")
DAY = plan(ONE, TWO, THREE, PAD, NEWS, filler=(D,))


def did(verb, at, which=None):
    return Edit(verb=verb, at=SampleIndex(BASE + at), take=which.id if which else "")


def heard(*edits, of=DAY, grid=1):
    made = edited(of, edits, grid, {})
    assert mistakes(made) == []
    return [
        (one.title if one.kind != "filler" else "-", one.start - BASE, one.end - BASE) for one in made.takes
    ]


def test_the_next_item_begins_at_once_and_the_news_stay_where_they_are():
    assert heard(did("take", 40)) == [
        ("one", 0, 40), ("two", 40, 100), ("three", 100, 140), *pads(140, 260), ("news", 260, 300),
    ]  # fmt: skip
    left = edited(DAY, [did("take", 40)], 1, {}).takes[0]
    assert (left.trimmed, left.fade_out) == (True, 40), "a quick fade"


def pads(start, end):
    """Filler of 61 samples, one piece after the other."""
    return [("-", a, min(a + 61, end)) for a in range(start, end, 61)]


def test_after_a_hold_filler_stands_until_the_next_is_taken_or_the_news_begin():
    held = did("hold", 40)
    assert heard(held) == [("one", 0, 100), *pads(100, 260), ("news", 260, 300)]
    assert heard(held, did("take", 120)) == [
        ("one", 0, 100), ("-", 100, 120), ("two", 120, 180), ("three", 180, 220), ("-", 220, 260), ("news", 260, 300),
    ]  # fmt: skip
    assert [one.title for one in to_come(DAY, [held], BASE + 120)] == ["two", "three"]
    assert to_come(DAY, [held], BASE + 270) == (), "what waited has had its time"


def test_what_is_skipped_is_left_out_and_what_is_cued_is_next():
    assert heard(did("skip", 40, TWO)) == [
        ("one", 0, 100),
        ("three", 100, 140),
        *pads(140, 260),
        ("news", 260, 300),
    ]
    assert heard(did("cue", 40, THREE)) == [
        ("one", 0, 100), ("three", 100, 140), ("two", 140, 200), ("-", 200, 260), ("news", 260, 300),
    ]  # fmt: skip
    assert heard(did("skip", 40, NEWS)) == heard(did("cue", 40, NEWS)) == heard(), (
        "no edit reaches a planned start"
    )
    assert heard(did("skip", 110, TWO)) == heard(), "what is on air is not to come"


def test_an_item_without_room_is_cut_with_a_fade_and_the_rest_is_left_out():
    long = take(100, 240, item="long", title="long", tail=0)
    day = plan(ONE, long, attrs.evolve(PAD, start=SampleIndex(BASE + 240)), NEWS, filler=(D,))
    assert heard(did("hold", 10), did("take", 220), of=day)[-2:] == [("long", 220, 260), ("news", 260, 300)]
    cut = edited(day, [did("hold", 10), did("take", 220)], 1, {}).takes[-2]
    assert (cut.trimmed, cut.fade_out, cut.tail) == (True, 40, 0)


def test_of_what_waits_only_what_has_room_before_the_next_planned_start_is_heard():
    assert heard(did("hold", 10), did("take", 220))[-2:] == [("two", 220, 260), ("news", 260, 300)], (
        "no three"
    )


def test_back_to_the_plan_joins_it_in_progress():
    made = edited(DAY, [did("take", 40), did("back", 110)], 1, {})
    assert heard(did("take", 40), did("back", 110)) == [
        ("one", 0, 40), ("two", 40, 100), ("three", 100, 110), ("two", 110, 160), ("three", 160, 200),
        ("-", 200, 260), ("news", 260, 300),
    ]  # fmt: skip
    joined = made.takes[3]
    assert (joined.offset, joined.fade_in) == (10, 50), "the sample that is due there"
    assert heard(did("back", 50)) == heard()
    assert heard(did("skip", 20, TWO), did("back", 100)) == heard(), "at its very beginning nothing is lost"


def test_an_edit_at_the_first_sample_of_an_item_leaves_nothing_of_it():
    assert heard(did("take", 100)) == [
        ("one", 0, 100),
        ("three", 100, 140),
        *pads(140, 260),
        ("news", 260, 300),
    ]


def test_where_there_is_no_filler_there_is_silence_under_a_standing_approval():
    bare = attrs.evolve(
        DAY, filler=(), takes=(ONE, TWO, THREE, attrs.evolve(PAD, kind="silence", media=None), NEWS)
    )
    made = edited(bare, [did("skip", 40, TWO)], 1, {})
    assert {one.approval for one in made.takes if one.item == "hold"} == {"standing:silence"}


def test_edits_outside_the_plan_change_nothing_and_the_end_of_the_plan_is_the_last_limit():
    assert edited(DAY, [did("take", 0), did("hold", 300), did("back", -5)], 1, {}) is DAY
    assert to_come(DAY, [], BASE + 280) == ()
    open_end = plan(ONE, TWO, THREE, filler=(D,))
    assert heard(did("skip", 10, THREE), of=open_end) == [("one", 0, 100), ("two", 100, 160), ("-", 160, 200)]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["take", "hold", "skip", "cue", "back"]), st.integers(-10, 310), st.integers(0, 4)
        ),
        max_size=6,
    )
)
def test_whatever_is_done_the_plan_tiles_and_planned_starts_stay(deeds):
    takes = DAY.takes
    edits = [did(verb, at, takes[which]) for verb, at, which in sorted(deeds, key=lambda one: one[1])]
    made = edited(DAY, edits, 1, {})
    assert mistakes(made) == []
    assert (made.takes[0].start, made.takes[-1].end) == (DAY.start, DAY.end)
    assert all(before.end == after.start for before, after in pairwise(made.takes))
    assert any(one.item == "news" and one.start == NEWS.start for one in made.takes)
    for one in made.takes:  # nothing is heard beyond what was approved of it
        assert one.approval in {"rundown:x", "standing:filler", "standing:silence"}
