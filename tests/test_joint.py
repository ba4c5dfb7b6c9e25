"""Sound and picture as one: the worse state in each slot."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from safety.joint import Joint, joined
from safety.messages import STATES, SlotRun
from safety.slots import clip, fold

STATE = st.sampled_from(STATES)


def runs_of(states: list[str], cause: str, first: int = 0) -> tuple[SlotRun, ...]:
    return fold(
        SlotRun(first=first + n, last=first + n + 1, state=state, cause=cause)
        for n, state in enumerate(states)
    )


def states_of(runs) -> list[str]:
    return [run.state for run in runs for _ in range(run.last - run.first)]


@given(st.lists(st.tuples(STATE, STATE), min_size=1, max_size=40))
def test_each_slot_has_the_worse_of_its_two_states(pairs) -> None:
    sound, picture = zip(*pairs, strict=True)
    made = joined(runs_of(list(sound), "s"), runs_of(list(picture), "p"))
    worse = [min(pair, key=STATES.index) for pair in pairs]
    assert states_of(made) == worse
    assert all(a.last == b.first for a, b in pairwise(made))


def test_where_both_are_as_bad_the_picture_speaks() -> None:
    made = joined(runs_of(["OUTAGE"], "silence"), runs_of(["OUTAGE"], "picture: black"))
    assert made[0].cause == "picture: black"


@given(
    st.lists(STATE, min_size=1, max_size=30),
    st.lists(STATE, min_size=1, max_size=30),
    st.lists(st.integers(1, 7), min_size=5, max_size=12),
)
def test_runs_come_out_once_whatever_the_pace_of_the_two_sides(sound, picture, steps) -> None:
    count = min(len(sound), len(picture))
    both, made, at = Joint(), [], {"sound": 0, "picture": 0}
    whole = {"sound": runs_of(sound[:count], "s"), "picture": runs_of(picture[:count], "p")}
    for turn, step in enumerate([*steps, count, count]):
        side = "sound" if turn % 2 else "picture"
        made += both.add(side, clip(whole[side], at[side], at[side] + step))
        at[side] += step
    assert states_of(fold(made)) == states_of(joined(whole["sound"], whole["picture"]))


def test_what_only_one_side_has_settled_waits() -> None:
    both = Joint()
    assert both.add("sound", runs_of(["NORMAL"] * 10, "s")) == ()
    made = both.add("picture", runs_of(["NORMAL"] * 4, "p"))
    assert (made[0].first, made[-1].last) == (0, 4)
    assert both.add("picture", ()) == ()


def test_before_both_have_begun_nothing_is_said() -> None:
    both = Joint()
    both.add("sound", runs_of(["NORMAL"] * 10, "s", first=100))
    made = both.add("picture", runs_of(["NORMAL"] * 10, "p", first=104))
    assert (made[0].first, made[-1].last) == (104, 110)


def test_what_one_side_did_not_measure_is_unknown() -> None:
    sound = (SlotRun(first=0, last=2, state="NORMAL"), SlotRun(first=5, last=8, state="NORMAL"))
    made = joined(sound, runs_of(["NORMAL"] * 8, "p"))
    assert states_of(made) == ["NORMAL"] * 2 + ["UNKNOWN"] * 3 + ["NORMAL"] * 3


def test_sides_that_do_not_meet_wait_for_each_other() -> None:
    both = Joint()
    both.add("sound", runs_of(["NORMAL"] * 3, "s"))
    assert both.add("picture", runs_of(["NORMAL"] * 3, "p", first=10)) == ()
