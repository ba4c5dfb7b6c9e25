"""The duty book: a post is never handed over to nobody by mistake, nothing in it is changed, and a wrong roster is told whole."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from station import duty, duty_roster
from station.duty_messages import (
    POSTS,
    DutyLeft,
    DutyNoted,
    DutyOffered,
    DutyRostered,
    DutyTaken,
    HandOverDuty,
    NoteDuty,
    SetRoster,
    TakeDuty,
)
from station.keeping import RecordStart, StationStarted
from station.words import HOUR, Instant, Operator, Refused

POLICY = duty.Policy(tz="Asia/Shanghai")
ZHAO = Operator(id="zhao", roles=frozenset({"dispatcher"}))
SUN = Operator(id="sun", roles=frozenset({"dispatcher"}))
WU = Operator(id="wu", roles=frozenset({"engineer"}))
NOW = Instant(1_795_000_000_000_000)
HEAD = ",".join(duty_roster.COLUMNS)
DAY = "2026-11-22,day,08:00,20:00,zhou,zhao,,wu"
NIGHT = "2026-11-22,night,20:00,08:00,zhou,sun+zhao,,"


def play(*steps):
    """The state after commands, each (command, by)."""
    state = duty.EMPTY
    for wish, by in steps:
        for happened in duty.decide(state, wish, NOW, by, POLICY):
            state = duty.evolve(state, happened)
    return state


def refusal(state, wish, by):
    with pytest.raises(Refused) as said:
        duty.decide(state, wish, NOW, by, POLICY)
    assert said.value.text.zh and said.value.text.en != said.value.text.zh
    return said.value


def test_an_empty_post_is_taken_at_once_and_a_held_one_when_its_holder_hands_over():
    state = play((TakeDuty(post="dispatcher"), ZHAO))
    assert state.posts["dispatcher"] == duty.Holding(operator="zhao", since=NOW)
    (offered,) = duty.decide(state, TakeDuty(post="dispatcher", seen=("a1",)), NOW, SUN, POLICY)
    assert offered == DutyOffered(post="dispatcher", operator="sun", seen=("a1",), at=NOW)
    state = duty.evolve(state, offered)
    assert state.on_duty("zhao") == ("dispatcher",) and state.on_duty("sun") == ()
    (taken,) = duty.decide(state, HandOverDuty(post="dispatcher"), NOW, ZHAO, POLICY)
    assert taken == DutyTaken(post="dispatcher", operator="sun", at=NOW, before="zhao", seen=("a1",))
    assert duty.evolve(state, taken).posts["dispatcher"] == duty.Holding(operator="sun", since=NOW)


def test_nobody_hands_over_what_another_holds_or_to_nobody_by_mistake():
    state = play((TakeDuty(post="dispatcher"), ZHAO))
    assert refusal(state, HandOverDuty(post="dispatcher"), SUN).code == "forbidden"
    assert refusal(state, HandOverDuty(post="leader"), ZHAO).code == "forbidden"
    assert refusal(state, HandOverDuty(post="dispatcher"), ZHAO).code == "nobody"
    (left,) = duty.decide(state, HandOverDuty(post="dispatcher", unattended="sign-off"), NOW, ZHAO, POLICY)
    assert left == DutyLeft(post="dispatcher", operator="zhao", why="sign-off")
    assert duty.evolve(state, left).posts == {}


def test_a_holder_who_cannot_come_is_relieved_with_a_reason_on_record():
    state = play((TakeDuty(post="dispatcher"), ZHAO))
    (taken,) = duty.decide(state, TakeDuty(post="dispatcher", absent=" ill "), NOW, SUN, POLICY)
    assert taken == DutyTaken(post="dispatcher", operator="sun", at=NOW, before="zhao", absent="ill")
    assert refusal(state, TakeDuty(post="dispatcher", absent="x" * 301), SUN).code == "refused"


def test_a_post_is_held_by_those_who_can_do_it():
    assert refusal(duty.EMPTY, TakeDuty(post="engineer"), ZHAO).code == "forbidden"
    assert refusal(duty.EMPTY, TakeDuty(post="dispatcher"), WU).code == "forbidden"
    assert play((TakeDuty(post="leader"), WU)).on_duty("wu") == ("leader",)
    state = play((TakeDuty(post="dispatcher"), ZHAO))
    assert refusal(state, TakeDuty(post="dispatcher"), ZHAO).code == "twice"
    assert refusal(state, TakeDuty(post="dispatcher", seen=("a",) * 501), SUN).code == "refused"


def test_a_note_is_never_changed_but_set_right_by_a_further_one():
    first = NoteDuty(note="n1", text=" rain at hill A ")
    state = play((first, ZHAO))
    assert duty.decide(duty.EMPTY, first, NOW, ZHAO, POLICY) == (DutyNoted(note="n1", text="rain at hill A"),)
    assert duty.decide(state, NoteDuty(note="n1", text="sunshine"), NOW, ZHAO, POLICY) == ()
    (right,) = duty.decide(state, NoteDuty(note="n2", text="hill B", corrects="n1"), NOW, SUN, POLICY)
    assert right.corrects == "n1"
    assert refusal(state, NoteDuty(note="n3", text="x", corrects="n9"), SUN).code == "missing"


@pytest.mark.parametrize("text", ["", "   ", "x" * 2001, "bell\a"])
def test_what_nobody_can_read_is_no_note(text):
    refusal(duty.EMPTY, NoteDuty(note="n", text=text), ZHAO)
    assert refusal(duty.EMPTY, NoteDuty(note="", text="good"), ZHAO).code == "misheard"


def test_a_roster_replaces_its_own_days_and_no_others():
    state = play((SetRoster(csv=f"{HEAD}\n{NIGHT}\n{DAY}\n"), WU))
    day, night = state.shifts
    assert (day.name, day.leader, day.dispatcher, day.engineer) == ("day", ("zhou",), ("zhao",), ("wu",))
    assert night.end - night.start == 12 * HOUR and night.start == day.end
    assert night.dispatcher == ("sun", "zhao")
    assert duty_roster.everyone(state.shifts) == ("sun", "wu", "zhao", "zhou")
    assert duty.shift_at(state, day.start) == (day,) and duty.shift_at(state, night.start) == (night,)
    other = "2026-11-23,day,08:00,20:00,li,,,"
    made = duty.decide(state, SetRoster(csv=f"{HEAD}\n{other}"), NOW, WU, POLICY)
    assert isinstance(made[0], DutyRostered) and (made[0].first, made[0].last) == ("2026-11-23", "2026-11-23")
    assert [one.day for one in duty.evolve(state, made[0]).shifts] == ["2026-11-22"] * 2 + ["2026-11-23"]
    again = duty.decide(state, SetRoster(csv=f"{HEAD}\n2026-11-22,whole,00:00,00:00,li,,,"), NOW, WU, POLICY)
    assert [one.name for one in duty.evolve(state, again[0]).shifts] == ["whole"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2026-02-30,day,08:00,20:00,li,,,", "line 2"),
        ("2026-11-22,day,8 am,20:00,li,,,", "line 2"),
        ("2026-11-22,,08:00,20:00,li,,,", "needs a name"),
        ("2026-11-22,day,08:00,20:00,,,,", "nobody"),
        ("2026-11-22,day,08:00,20:00,li,,,,more", "too many columns"),
        ("2026-11-22,day,08:00,20:00,li,,,\n2026-11-22,x,19:00,21:00,wu,,,", "overlap"),
        ("2026-11-22,day,08:00,34:00,li,,,", "beyond"),
        ("", "names no shift"),
    ],
)
def test_a_wrong_roster_is_refused_whole_with_its_lines(line, said):
    refused = refusal(duty.EMPTY, SetRoster(csv=f"{HEAD}\n{line}\n"), WU)
    assert said in refused.text.en


def test_a_roster_that_is_none_is_refused():
    assert "first line" in refusal(duty.EMPTY, SetRoster(csv="a,b\n1,2\n"), WU).text.en
    assert "too long" in refusal(duty.EMPTY, SetRoster(csv="x" * 100_001), WU).text.en
    many = "\n".join(f"2026-11-22,s{n},08:00,08:00,p{n},,," for n in range(401))
    assert "more than 400" in refusal(duty.EMPTY, SetRoster(csv=f"{HEAD}\n{many}"), WU).text.en


def test_what_is_none_of_its_business_changes_nothing():
    state = play((TakeDuty(post="leader"), WU))
    assert duty.evolve(state, StationStarted(version="1", settings="")) is state
    assert duty.due(state, NOW, POLICY) == () and duty.next_due(state, NOW, POLICY) is None
    with pytest.raises(AssertionError):
        duty.decide(state, RecordStart(version="1", settings=""), NOW, WU, POLICY)
    assert duty.post_name("leader").zh == "带班领导"


people = st.sampled_from([ZHAO, SUN, WU])
wishes = st.one_of(
    st.builds(TakeDuty, post=st.sampled_from(POSTS), seen=st.just(()), absent=st.sampled_from(["", "ill"])),
    st.builds(HandOverDuty, post=st.sampled_from(POSTS), unattended=st.sampled_from(["", "", "off"])),
    st.builds(
        NoteDuty, note=st.sampled_from(["n1", "n2"]), text=st.just("x"), corrects=st.sampled_from(["", "n1"])
    ),
)


@given(st.lists(st.tuples(wishes, people), max_size=30))
def test_whoever_does_whatever_a_post_has_one_holder_who_may_hold_it(steps):
    state = duty.EMPTY
    for wish, by in steps:
        before = state
        try:
            events = duty.decide(state, wish, NOW, by, POLICY)
        except Refused:
            continue
        for happened in events:
            state = duty.evolve(state, happened)
        changed = {post for post in POSTS if _holder(before, post) != _holder(state, post)}
        assert len(changed) <= 1
        for post in changed & set(state.posts):
            roles = {"zhao": ZHAO, "sun": SUN, "wu": WU}[state.posts[post].operator].roles
            assert roles & duty.MAY_HOLD[post]
        assert set(before.notes) <= set(state.notes)
    assert all(attrs.asdict(held) for held in state.posts.values())


def _holder(state, post):
    held = state.posts.get(post)
    return held.operator if held is not None else None
