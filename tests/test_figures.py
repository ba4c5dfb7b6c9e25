"""The safety figures: what they count, what they never hide."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from safety.figures import (
    authorised,
    bound_of_zero,
    figures,
    incidents,
    mean_times,
    rates,
    seconds_of,
    slots_between,
    total,
    unauthorised,
    verdict,
)
from safety.messages import SLOT, STATES, IncidentOpened, SlotRun
from safety.slots import fold
from station.words import ChannelId, Instant, SampleIndex, instant_of

FM1 = ChannelId("fm1")
BASE = 18_000_000_000  # a slot


def at(slot: int) -> Instant:
    return instant_of(SampleIndex((BASE + slot) * SLOT))


def run(first: int, last: int, state: str = "NORMAL", **more: str) -> SlotRun:
    return SlotRun(first=BASE + first, last=BASE + last, state=state, **more)  # type: ignore[arg-type]


HOUR = 36_000


def test_one_second_of_outage_in_a_hundred_hours_is_a_rate_of_one() -> None:
    view = figures(FM1, [run(0, 10, "OUTAGE"), run(10, 100 * HOUR)], at(0), at(100 * HOUR))
    assert view.outage_rate_milli == 1_000
    assert view.strict_rate_milli == 1_000
    assert view.availability_ppm == 999_997
    assert view.coverage_ppm == 1_000_000
    assert view.planned_s_x10 == 100 * HOUR
    assert "outage 1.0 s, rate 1.000 s/100 h (coverage 100.0 %)" in view.verdict.en


def test_planned_off_air_time_is_in_no_denominator() -> None:
    view = figures(FM1, [run(0, HOUR, "PLANNED"), run(HOUR, 2 * HOUR)], at(0), at(2 * HOUR))
    assert view.planned_s_x10 == HOUR
    assert view.seconds_x10["PLANNED"] == HOUR


def test_zero_is_claimed_only_where_it_was_watched() -> None:
    almost = figures(FM1, [run(0, 971)], at(0), at(1000))
    assert almost.verdict.en.startswith("no outage where it was measured (coverage 97.1 %, ")
    assert not almost.verdict.zh.startswith("零停播") and "97.1 %" in almost.verdict.zh
    whole = figures(FM1, [run(0, 9_990)], at(0), at(10_000))
    assert "零停播" in whole.verdict.zh
    assert "coverage 99.9 %" in whole.verdict.en
    assert "at most 108109 in 10,000 h" in whole.verdict.en
    assert "coverage 99.8 %, 99.9 %" in figures(FM1, [run(0, 9_989)], at(0), at(10_000)).verdict.en


def test_nothing_measured_is_no_zero() -> None:
    view = figures(FM1, [], at(0), at(100))
    assert view.outage_rate_milli is view.strict_rate_milli is view.availability_ppm is None
    assert view.coverage_ppm == 0
    assert view.verdict.en == "nothing was measured"
    off = figures(FM1, [run(0, 100, "PLANNED")], at(0), at(100))
    assert off.coverage_ppm == 0


def test_where_nothing_was_due_and_nothing_heard_it_says_so() -> None:
    quiet = dict.fromkeys(STATES, 0) | {"PLANNED": 36_000}
    assert "nothing was due" in verdict(quiet, rates(quiet)).en
    blind = quiet | {"UNKNOWN": 1}
    assert verdict(blind, rates(blind)).en == "nothing was measured"


def test_the_rule_of_three_bounds_a_zero() -> None:
    assert bound_of_zero(3 * HOUR) == 10_000
    assert bound_of_zero(0) is None


def test_an_alert_heard_is_one_authorised_insertion_even_in_pieces() -> None:
    runs = [
        run(0, 10), run(10, 20, due="alert:a1"), run(20, 21, "DEGRADED", due="alert:a1", cause="packets lost"),
        run(21, 30, due="alert:a1"), run(30, 40, due="rundown:1"), run(40, 50, due="alert:a1"),
        run(50, 60, "WRONG", due="alert:a2"), run(60, 61, "DEGRADED", due="alert:a3"),
    ]  # fmt: skip
    found = authorised(runs)
    assert [(e["approval"], e["seconds_x10"], e["normal_x10"], e["stretches"]) for e in found] == [
        ("alert:a1", 30, 29, 2)
    ]
    assert (found[0]["start"], found[0]["end"]) == (at(10), at(50))


def test_foreign_stretches_close_together_are_one_insertion() -> None:
    runs = [
        run(0, 5, "FOREIGN"), run(5, 15), run(15, 20, "FOREIGN", cause="c"), run(20, 31), run(31, 34, "FOREIGN"),
    ]  # fmt: skip
    assert [(e["start"], e["end"], e["seconds_x10"]) for e in unauthorised(runs)] == [
        (at(0), at(20), 10), (at(31), at(34), 3),
    ]  # fmt: skip


def test_incidents_have_start_end_cause_and_the_time_it_took() -> None:
    runs = [
        run(0, 5), run(5, 10, "OUTAGE", cause="silence"), run(10, 12, "OUTAGE", cause="no packets"), run(12, 20),
        run(20, 22, "UNKNOWN"), run(22, 30, "EMPTY", cause="tone"),
    ]  # fmt: skip
    opened = IncidentOpened(
        channel=FM1, point="p", state="OUTAGE", since=SampleIndex((BASE + 5) * SLOT), cause="silence"
    )
    found = incidents(runs, [(opened, Instant(at(5) + 2_500_000))])
    assert [(e["state"], e["start"], e["end"], e["cause"], e["open"]) for e in found] == [
        ("OUTAGE", at(5), at(12), "silence", False), ("EMPTY", at(22), at(30), "tone", True),
    ]  # fmt: skip
    assert [(e["to_detect"], e["to_repair"]) for e in found] == [(2_500_000, 700_000), (None, None)]
    assert mean_times(found) == {
        "mean_to_detect": 2_500_000, "max_to_detect": 2_500_000, "mean_to_repair": 700_000, "max_to_repair": 700_000,
    }  # fmt: skip
    assert mean_times([])["mean_to_repair"] is None
    assert incidents([run(0, 5)]) == []


def test_planned_windows_limit_what_counts_and_none_counts_twice() -> None:
    windows = [(BASE + 50, BASE + 60), (BASE, BASE + 20), (BASE + 10, BASE + 30), (BASE + 70, BASE + 65)]
    view = figures(FM1, [run(0, 100)], at(0), at(55), windows=windows)
    assert view.planned_s_x10 == 35
    assert view.seconds_x10["NORMAL"] == 35


def test_several_channels_are_added_never_averaged() -> None:
    short = figures(FM1, [run(0, 10, "OUTAGE")], at(0), at(10))
    long = figures(ChannelId("fm2"), [run(0, 990)], at(0), at(990))
    assert total([short, long]).outage_milli == 3_600_000
    assert total([]).outage_milli is None


STATE = st.sampled_from(STATES)
RUNS = st.lists(st.tuples(st.integers(1, 40), STATE), max_size=12)


def laid(parts: list[tuple[int, str]]) -> list[SlotRun]:
    runs, first = [], 0
    for length, state in parts:
        runs.append(run(first, first + length, state))
        first += length
    return runs


@settings(max_examples=80)
@given(RUNS, st.lists(st.integers(0, 500), max_size=4))
def test_seconds_add_up_over_any_split_of_time(parts: list[tuple[int, str]], cuts: list[int]) -> None:
    """L12."""
    runs = laid(parts)
    edges = sorted({0, 500, *cuts})
    whole = seconds_of(runs, [(BASE, BASE + 500)])
    pieces = [seconds_of(runs, [(BASE + a, BASE + b)]) for a, b in itertools.pairwise(edges)]
    assert {state: sum(piece[state] for piece in pieces) for state in STATES} == whole
    assert sum(whole.values()) == 500


@settings(max_examples=80)
@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**7), min_size=1, max_size=4))
def test_spans_that_follow_each_other_share_no_slot(start: int, steps: list[int]) -> None:
    edges = [start]
    for step in steps:
        edges.append(edges[-1] + step)
    parts = [slots_between(Instant(a), Instant(b)) for a, b in itertools.pairwise(edges)]
    assert all(a[1] == b[0] for a, b in itertools.pairwise(parts))
    assert (parts[0][0], parts[-1][1]) == slots_between(Instant(edges[0]), Instant(edges[-1]))


@settings(max_examples=120)
@given(RUNS, st.lists(st.booleans(), min_size=12, max_size=12), st.integers(0, 50))
@example([(5, "OUTAGE"), (20, "NORMAL")], [True] * 12, 7)
def test_unknown_never_lowers_an_outage_rate(
    parts: list[tuple[int, str]], deaf: list[bool], after: int
) -> None:
    """L12: not to have listened to what was good, or not at all for a while, makes no station better."""
    bad = ("OUTAGE", "EMPTY", "WRONG", "FOREIGN")
    blind = [
        (length, "UNKNOWN" if unheard and state not in bad else state)
        for (length, state), unheard in zip(parts, deaf, strict=False)
    ] + [(after, "UNKNOWN")]
    span = [(BASE, BASE + sum(length for length, _ in parts))]
    wide = [(BASE, BASE + sum(length for length, _ in blind))]
    seen, less = rates(seconds_of(laid(parts), span)), rates(seconds_of(laid(blind), wide))
    if seen.outage_milli is not None and less.outage_milli is not None:
        assert less.outage_milli >= seen.outage_milli
        assert less.strict_milli is not None and seen.strict_milli is not None
        assert less.strict_milli >= seen.strict_milli
    assert less.coverage_ppm <= max(seen.coverage_ppm, 0) or seen.planned == 0 or less.planned != seen.planned


@pytest.mark.parametrize("state", STATES)
def test_each_state_is_counted_under_its_own_name(state: str) -> None:
    assert seconds_of(fold(laid([(7, state)])), [(BASE, BASE + 7)])[state] == 7
