"""A span cut into stretches: what each says, and that together they say what the whole says."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from safety.figures import seconds_of
from safety.messages import STATES, SlotRun, SlotState
from safety.series import series


def run(first: int, last: int, state: SlotState) -> SlotRun:
    return SlotRun(first=first, last=last, state=state, heard="", due="", cause="")


def test_a_run_over_an_edge_is_shared_between_its_stretches() -> None:
    found = series([run(0, 30, "NORMAL")], [0, 10, 20, 40])
    assert [one["NORMAL"] for one in found] == [10, 10, 10]
    assert [one["UNKNOWN"] for one in found] == [0, 0, 10]


def test_what_lies_outside_is_not_counted() -> None:
    found = series([run(0, 5, "OUTAGE"), run(5, 100, "NORMAL")], [5, 15])
    assert found[0]["OUTAGE"] == 0
    assert found[0]["NORMAL"] == 10


def test_no_edges_make_no_stretch() -> None:
    assert series([run(0, 5, "OUTAGE")], [3]) == []
    assert series([], []) == []


def test_an_empty_stretch_holds_nothing() -> None:
    found = series([run(0, 20, "NORMAL")], [0, 10, 10, 20])
    assert [sum(one.values()) for one in found] == [10, 0, 10]


states = st.sampled_from(sorted(STATES))


@settings(max_examples=60)
@given(
    lengths=st.lists(st.tuples(st.integers(1, 30), states, st.booleans()), max_size=12),
    cuts=st.sets(st.integers(0, 120), min_size=2, max_size=9),
)
def test_the_stretches_add_up_to_the_whole(
    lengths: list[tuple[int, SlotState, bool]], cuts: set[int]
) -> None:
    runs, at = [], 0
    for length, state, kept in lengths:
        if kept:
            runs.append(run(at, at + length, state))
        at += length
    edges = sorted(cuts)
    found = series(runs, edges)
    whole = seconds_of(runs, [(edges[0], edges[-1])])
    assert {state: sum(one[state] for one in found) for state in STATES} == whole
    for one, first, last in zip(found, edges[:-1], edges[1:], strict=True):
        assert one == seconds_of(runs, [(first, last)])
