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


def longer(at, until):
    return attrs.evolve(did("extend", at, ONE), until=BASE + until, was=BASE + 100)


def test_what_is_extended_pushes_what_has_room_and_moves_no_planned_start():
    assert heard(longer(40, 150)) == [
        ("one", 0, 150), ("two", 150, 210), ("three", 210, 250), ("-", 250, 260), ("news", 260, 300),
    ]  # fmt: skip
    assert heard(longer(40, 150), longer(120, 190))[:2] == [("one", 0, 190), ("two", 190, 250)]
    assert heard(longer(40, 290)) == [("one", 0, 260), ("news", 260, 300)], "never over a hard start"
    assert heard(longer(40, 100)) == heard(longer(40, 30)) == heard(), "no longer than it is"
    assert heard(did("hold", 30), longer(40, 150)) == [
        ("one", 0, 150), *pads(150, 260), ("news", 260, 300),
    ], "a hold lasts"  # fmt: skip


def test_what_is_extended_and_ended_again_gives_way_at_once():
    assert heard(longer(40, 150), did("end", 120)) == [
        ("one", 0, 120), ("two", 120, 180), ("three", 180, 220), ("-", 220, 260), ("news", 260, 300),
    ]  # fmt: skip
    assert heard(did("end", 60))[:3] == [("one", 0, 60), ("two", 60, 120), ("three", 120, 160)]
    bare = plan(ONE, attrs.evolve(PAD, start=SampleIndex(BASE + 100)), NEWS, filler=(D,))
    assert heard(did("end", 60), of=bare)[:2] == [("one", 0, 60), ("-", 60, 121)], (
        "filler, where nothing is to come"
    )
    assert heard(did("hold", 30), did("end", 60))[:2] == [("one", 0, 60), ("-", 60, 121)], "a hold lasts"


SOFT = attrs.evolve(TWO, fixed=True)
EVENING = plan(ONE, SOFT, THREE, PAD, NEWS, filler=(D,))


def test_a_planned_start_that_is_not_hard_is_passed_and_what_it_covers_is_joined_in_progress():
    assert heard(longer(40, 130), of=EVENING) == [
        ("one", 0, 130), ("two", 130, 160), ("three", 160, 200), ("-", 200, 260), ("news", 260, 300),
    ]  # fmt: skip
    joined = edited(EVENING, [longer(40, 130)], 1, {}).takes[1]
    assert (joined.offset - SOFT.offset, joined.fixed) == (30, False)
    assert heard(longer(110, 130), did("end", 120, ONE)) == heard(), "what is not on the air is left alone"
    for verb in ("end", "take"):
        made = edited(EVENING, [longer(40, 180), longer(140, 190), did(verb, 150)], 1, {})
        assert [(one.title, one.start - BASE) for one in made.takes[:3]] == [
            ("one", 0),
            ("two", 150),
            ("three", 160),
        ]
        assert made.takes[1].offset - SOFT.offset == 50, "as if it had never been extended"
        assert heard(longer(40, 180), did(verb, 70), of=EVENING)[:3] == [
            ("one", 0, 70),
            ("-", 70, 100),
            ("two", 100, 160),
        ]


def test_after_a_hold_or_a_skip_an_item_made_longer_again_covers_what_stands_there_by_now():
    late = attrs.evolve(did("skip", 120, THREE))
    kept = [("one", 0, 150), ("two", 150, 160), *pads(160, 260), ("news", 260, 300)]
    skipped = attrs.evolve(late, take=f"three@{THREE.start}")
    assert heard(longer(40, 140), skipped, longer(130, 150), of=EVENING) == kept
    held = [longer(40, 140), did("hold", 120)]
    assert heard(*held, longer(130, 150), of=EVENING) == [
        ("one", 0, 150),
        *pads(150, 260),
        ("news", 260, 300),
    ]
    open_end = plan(ONE, SOFT, filler=(D,))
    assert heard(longer(40, 160), did("hold", 120), of=open_end) == [("one", 0, 160)], "up to the plan's end"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["take", "hold", "skip", "cue", "back", "extend", "end"]),
            st.integers(-10, 310),
            st.integers(0, 4),
        ),
        max_size=6,
    ),
    st.sampled_from([DAY, EVENING]),
)
def test_whatever_is_done_the_plan_tiles_and_planned_starts_stay(deeds, day):
    takes = day.takes
    ordered = sorted(deeds, key=lambda one: one[1])
    edits = [
        attrs.evolve(did(verb, at, takes[0 if verb == "extend" else k]), until=BASE + at + 70 * k)
        for verb, at, k in ordered
    ]
    made = edited(day, edits, 1, {})
    assert mistakes(made) == []
    assert (made.takes[0].start, made.takes[-1].end) == (day.start, day.end)
    assert all(before.end == after.start for before, after in pairwise(made.takes))
    assert any(one.item == "news" and one.start == NEWS.start for one in made.takes)
    for one in made.takes:  # nothing is heard beyond what was approved of it
        assert one.approval in {"rundown:x", "standing:filler", "standing:silence"}
