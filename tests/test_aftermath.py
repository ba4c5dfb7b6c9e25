"""What an alert broke off goes on where it was cut, begins anew or is left out; nothing that stands moves, and the plan is in its place again."""

from itertools import pairwise

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_render import BASE, D, plan, take

from schedules.aftermath import Rule, broken
from schedules.edits import Edit, beneath, edited
from schedules.plan import Medium
from schedules.plan_check import mistakes
from station.words import SampleIndex

PLAY = take(0, 100, item="play", fixed=True, title="play", category="drama", fade_in=10, fade_out=5)
SONG = take(100, 160, item="song", title="song", offset=0)
TALK = take(160, 200, item="talk", fixed=True, title="talk")
PAD = take(200, 260, item="filler/x", kind="filler", media=D, title="pad", approval="standing:filler")
NEWS = take(260, 300, item="news", fixed=True, hard=True, title="news")
DAY = plan(PLAY, SONG, TALK, PAD, NEWS, filler=(D,))
RESUME = Rule(then="resume", longest=1_000)


def found(cut, at, rule=RESUME, of=DAY, **more):
    return broken(of.takes, BASE + cut, BASE + at, lambda _: rule, **more)


def edit_of(one, at):
    verb = {"resume": "resume", "restart": "restart", "drop": "leave"}[one.then]
    return Edit(
        verb=verb, at=SampleIndex(BASE + at), take=one.take.id, lies=one.lies, until=one.until, was=one.was,
        ends=one.take.end,
    )  # fmt: skip


def after(cut, at, rule=RESUME, of=DAY, grid=1, **more):
    one = found(cut, at, rule, of, **more)
    made = of if one is None else edited(of, [edit_of(one, at)], grid, {})
    assert mistakes(made) == []
    return made


def heard(made, since=0):
    return [
        (one.title if one.kind != "filler" else "-", one.start - BASE, one.end - BASE)
        for one in made.takes
        if one.start - BASE >= since
    ]


def test_an_item_goes_on_where_it_was_cut_and_what_follows_gives_way_till_filler_has_taken_it_up():
    made = after(40, 60)
    assert heard(made) == [
        ("play", 0, 60), ("play", 60, 120), ("song", 120, 180), ("talk", 180, 220), ("-", 220, 260), ("news", 260, 300),
    ]  # fmt: skip
    rest = made.takes[1]
    assert (rest.offset - PLAY.offset, rest.fade_in, rest.fade_out, rest.hard, rest.fixed) == (
        40,
        0,
        5,
        False,
        False,
    )
    assert made.takes[3].fixed and made.takes[3].offset == TALK.offset


def test_from_where_filler_took_it_up_the_plan_is_the_very_same():
    day = plan(PLAY, attrs.evolve(PAD, start=BASE + 100, end=BASE + 160), TALK, PAD, NEWS, filler=(D,))
    made = after(40, 60, of=day)
    assert heard(made)[:3] == [("play", 0, 60), ("play", 60, 120), ("-", 120, 160)]
    assert made.takes[3:] == day.takes[2:]


def test_a_hard_start_stays_and_what_has_no_room_before_it_is_cut_or_left_out():
    tight = plan(
        PLAY, SONG, TALK, take(200, 300, item="news", fixed=True, hard=True, title="news"), filler=(D,)
    )
    made = after(40, 90, of=tight)
    assert heard(made, 90) == [("play", 90, 150), ("song", 150, 200), ("news", 200, 300)]
    assert made.takes[-2].trimmed and made.takes[-2].fade_out == 50
    assert heard(after(10, 195, of=tight), 195) == [("play", 195, 200), ("news", 200, 300)]


def test_what_began_beneath_the_alert_comes_after_the_rest_of_what_was_cut():
    assert heard(after(90, 130), 100) == [
        ("song", 100, 130), ("play", 130, 140), ("song", 140, 200), ("talk", 200, 240), ("-", 240, 260), ("news", 260, 300),
    ]  # fmt: skip


def test_of_what_began_hard_beneath_the_alert_nothing_was_heard_so_it_is_that_which_was_cut():
    made = after(240, 275, of=plan(PLAY, SONG, TALK, PAD, NEWS, take(300, 400, item="late", title="late")))
    assert heard(made, 260) == [("news", 260, 275), ("news", 275, 315), ("late", 315, 400)]
    assert made.takes[-2].offset == NEWS.offset
    assert after(240, 260) is DAY, "it begins on time by itself"


def test_a_stop_is_where_the_item_was_cut_and_the_next_one_is_where_nothing_moves_any_more():
    one = found(40, 90, stops=(BASE + 70, BASE + 170))
    assert (one.was - BASE, one.until - BASE) == (70, 170)
    made = edited(DAY, [edit_of(one, 90)], 1, {})
    assert heard(made, 90) == [
        ("play", 90, 120),
        ("song", 120, 170),
        ("talk", 170, 200),
        ("-", 200, 260),
        ("news", 260, 300),
    ]
    assert mistakes(made) == [] and made.takes[-3].offset - TALK.offset == 10


def test_what_was_hardly_heard_begins_anew_and_what_was_heard_for_longer_goes_on():
    rule = Rule(then="restart", under=30, longest=1_000)
    made = after(29, 60, rule)
    assert heard(made)[:3] == [("play", 0, 60), ("play", 60, 160), ("song", 160, 220)]
    assert (made.takes[1].offset, made.takes[1].fade_in) == (PLAY.offset, 10)
    one = found(30, 60, rule)
    assert one.then == "resume" and one.lies.offset - PLAY.offset == 30


def test_an_item_that_was_cut_twice_is_counted_from_its_first_sample():
    once = after(10, 20)  # play goes on at 20 with its eleventh sample
    rule = Rule(then="restart", under=30, longest=1_000)
    one = broken(once.takes, BASE + 39, BASE + 80, lambda _: rule)
    assert one.then == "restart" and one.lies.offset == PLAY.offset and one.lies.end - one.lies.start == 100
    assert broken(once.takes, BASE + 40, BASE + 80, lambda _: rule).then == "resume"


def test_what_is_left_out_gives_its_place_to_what_follows():
    drop = Rule(then="drop", longest=1_000)
    assert heard(after(40, 60, drop), 60) == [
        ("song", 60, 120), ("-", 120, 160), ("talk", 160, 200), ("-", 200, 260), ("news", 260, 300),
    ]  # fmt: skip
    assert heard(after(40, 130, drop), 130) == [
        ("song", 130, 190), ("talk", 190, 230), ("-", 230, 260), ("news", 260, 300),
    ]  # fmt: skip
    assert heard(after(190, 195, drop), 195) == [("-", 195, 200), ("-", 200, 260), ("news", 260, 300)]


def test_a_window_that_closes_cuts_what_is_before_it():
    window = attrs.evolve(TALK, latest=BASE + 165)
    day = plan(PLAY, SONG, window, PAD, NEWS, filler=(D,))
    assert heard(after(40, 60, of=day), 60) == [
        ("play", 60, 120), ("song", 120, 165), ("talk", 165, 205), ("-", 205, 260), ("news", 260, 300),
    ]  # fmt: skip
    closed = plan(PLAY, SONG, attrs.evolve(TALK, latest=BASE + 160), PAD, NEWS, filler=(D,))
    assert heard(after(10, 190, of=closed), 190) == [("talk", 190, 230), ("-", 230, 260), ("news", 260, 300)]


@pytest.mark.parametrize(
    ("cut", "at", "rule", "more"),
    [
        (40, 60, Rule(), {}),
        (40, 60, Rule(then="resume", longest=19), {}),
        (40, 60, Rule(then="resume", longest=30), {"delayed": 11}),
        (60, 60, RESUME, {}),
        (210, 220, RESUME, {}),
        (290, 300, RESUME, {}),
        (-20, -10, RESUME, {}),
    ],
    ids=["by rule", "too long", "delayed too much", "no time", "filler", "the end of the plan", "before the plan"],
)  # fmt: skip
def test_all_else_is_joined_in_progress(cut, at, rule, more):
    assert found(cut, at, rule, **more) is None


def test_a_relay_is_never_moved_and_never_taken_up_again():
    live = take(100, 160, item="relay", title="relay", category="relay", media="9" * 64)
    day = plan(PLAY, live, TALK, PAD, NEWS, filler=(D,))
    assert found(110, 130, of=day) is None
    assert (
        found(
            110,
            130,
            of=attrs.evolve(day, takes=(PLAY, attrs.evolve(live, category=""), TALK)),
            live={"9" * 64},
        )
        is None
    )
    one = found(40, 60, of=day)
    assert one.until == live.start


def test_a_medium_that_was_withdrawn_meanwhile_is_filler_for_as_long_and_nothing_else_moves():
    one = found(40, 60)
    gone = attrs.evolve(DAY, withdrawn=("7" * 64,))
    lies = attrs.evolve(one.lies, media="7" * 64)
    made = edited(gone, [attrs.evolve(edit_of(one, 60), lies=lies)], 1, {})
    assert mistakes(made) == []
    assert heard(made, 60)[:1] == [("-", 60, 120)] and ("song", 120, 180) in heard(made)
    unknown = edited(DAY, [attrs.evolve(edit_of(one, 60), lies=lies)], 1, {})
    assert heard(unknown, 60) == heard(made, 60)
    known = {"x": Medium(sha256="7" * 64, samples=1_000)}
    there = edited(DAY, [attrs.evolve(edit_of(one, 60), lies=lies)], 1, {}, known)
    assert mistakes(there) == [] and there.takes[1].media == "7" * 64


def test_a_day_that_was_approved_anew_is_obeyed_from_where_it_stands():
    one = found(40, 60)
    hard = plan(PLAY, take(100, 300, item="new", title="new", fixed=True, hard=True), filler=(D,))
    assert heard(edited(hard, [edit_of(one, 60)], 1, {})) == [
        ("play", 0, 60),
        ("play", 60, 100),
        ("new", 100, 300),
    ]
    late = attrs.evolve(edit_of(one, 60), until=BASE + 150)
    whole = plan(PLAY, take(100, 300, item="new", title="new"), filler=(D,))
    assert heard(edited(whole, [late], 1, {})) == [
        ("play", 0, 60),
        ("play", 60, 120),
        ("new", 120, 150),
        ("new", 150, 300),
    ]
    assert edited(DAY, [attrs.evolve(edit_of(one, 60), until=BASE + 60)], 1, {}) is DAY


def test_what_ended_at_the_alerts_end_sounds_on_no_more():
    tailed = plan(attrs.evolve(PLAY, tail=20), SONG, TALK, PAD, NEWS, filler=(D,))
    made = after(90, 100, of=tailed)
    assert [(one.title, one.tail) for one in made.takes[:2]] == [("play", 0), ("play", 20)]
    assert heard(made)[1] == ("play", 100, 110)


kinds = st.sampled_from(["follow", "follow", "soft", "hard", "filler", "relay"])


@st.composite
def days(draw):
    takes, at = [], 0
    for k, (kind, length) in enumerate(
        draw(st.lists(st.tuples(kinds, st.integers(1, 12)), min_size=2, max_size=12))
    ):
        length *= 10
        common = {
            "item": f"{kind}{k}",
            "title": f"{kind}{k}",
            "offset": draw(st.integers(0, 200)) if kind != "filler" else 0,
        }
        if kind == "filler":
            made = take(
                at, at + min(length, 60), kind="filler", media=D, approval="standing:filler", **common
            )
        else:
            category = "relay" if kind == "relay" else ""
            made = take(
                at,
                at + length,
                category=category,
                hard=kind == "hard",
                fixed=kind in ("soft", "hard"),
                **common,
            )
        if kind == "soft":
            made = attrs.evolve(made, latest=draw(st.sampled_from([None, BASE + at, BASE + at + 20])))
        takes.append(made)
        at = made.end - BASE
    return plan(*takes, filler=(D,))


@given(days(), st.data())
def test_whatever_was_cut_the_plan_tiles_and_nothing_that_stands_moves(day, data):
    length = day.end - day.start
    grid = data.draw(st.sampled_from([1, 10]))
    cut = data.draw(st.integers(0, length - 1))
    at = -(-data.draw(st.integers(cut, length + 20)) // grid) * grid
    rule = Rule(
        then=data.draw(st.sampled_from(["resume", "restart", "drop"])),
        under=data.draw(st.integers(0, 40)),
        longest=400,
    )
    one = found(cut, at, rule, day, grid=grid)
    if one is None:
        return
    edit = edit_of(one, at)
    made = edited(day, [edit], grid, {})
    assert mistakes(made) == []
    assert (made.takes[0].start, made.takes[-1].end) == (day.start, day.end)
    assert all(before.end == following.start for before, following in pairwise(made.takes))
    assert all(take.start % grid == 0 for take in made.takes)
    edge = BASE + at
    firm = [(take.item, take.start) for take in day.takes if take.hard or take.category == "relay"]
    assert set(firm) <= {(take.item, take.start) for take in made.takes}
    assert [take for take in made.takes if take.start >= one.until] == [
        take for take in day.takes if take.start >= one.until
    ]
    was = {take.item: take.start for take in day.takes if take.kind != "filler"}
    if one.then != "drop":
        assert all(take.start >= was[take.item] for take in made.takes if take.item in was)
        first = next((take for take in made.takes if take.start == edge), None)
        assert first is not None
        whole = not any(take.latest is not None for take in day.takes)
        if whole:
            back = 0 if one.then == "resume" else one.was - one.take.start
            assert first.item == one.take.item
            assert first.offset == one.take.offset + one.was - one.take.start - back
    unmoved = [take.item for take in day.takes if take.end < edge]
    assert [take.item for take in beneath(day, [edit], grid, {}) if take.end < edge] == unmoved
