"""What the station makes of a witness' reports."""

from __future__ import annotations

import itertools

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety import findings
from safety.findings import EMPTY, Policy, State, decide, due, evolve, next_due
from safety.messages import (
    SLOT,
    STATES,
    IncidentClosed,
    IncidentOpened,
    LapseWitness,
    ReportSlots,
    SlotRun,
    SlotsMeasured,
)
from station.words import SYSTEM, ChannelId, Command, Event, Instant, Refused, SampleIndex, instant_of

FM1 = ChannelId("fm1")
NOW = instant_of(SampleIndex(1_000 * SLOT))
POLICY = Policy(fold_slots=20)


def run(first: int, last: int, state: str = "NORMAL", cause: str = "") -> SlotRun:
    return SlotRun(first=first, last=last, state=state, cause=cause)  # type: ignore[arg-type]


def report(*runs: SlotRun) -> ReportSlots:
    return ReportSlots(channel=FM1, point="player-output", real_return=False, runs=runs)


def told(state: State, command: Command, now: Instant = NOW) -> tuple[State, list[Event]]:
    events = decide(state, command, now, SYSTEM, POLICY)
    for event in events:
        state = evolve(state, event)
    return state, events


def test_the_first_report_is_taken_as_it_is() -> None:
    state, events = told(EMPTY, report(run(10, 20)))
    assert events == [
        SlotsMeasured(channel=FM1, point="player-output", real_return=False, runs=(run(10, 20),))
    ]
    assert state.channels[FM1].until == 20


def test_overlaps_are_passed_over_and_gaps_are_unknown() -> None:
    state, _ = told(EMPTY, report(run(10, 20)))
    state, events = told(state, report(run(15, 25, "DEGRADED"), run(30, 40)))
    assert isinstance(events[0], SlotsMeasured)
    assert events[0].runs == (run(20, 25, "DEGRADED"), run(25, 30, "UNKNOWN", "not measured"), run(30, 40))


def test_the_same_report_twice_changes_nothing() -> None:
    state, _ = told(EMPTY, report(run(10, 60)))
    assert told(state, report(run(10, 60)))[1] == []


def test_quiet_reports_are_folded_and_nothing_is_lost() -> None:
    state, _ = told(EMPTY, report(run(0, 20)))
    for last in range(21, 40):
        state, events = told(state, report(run(0, last)))
        assert events == []
    state, events = told(state, report(run(0, 40)))
    assert isinstance(events[0], SlotsMeasured)
    assert events[0].runs == (run(20, 40),)


def test_a_change_of_state_is_taken_at_once() -> None:
    state, _ = told(EMPTY, report(run(0, 20)))
    state, events = told(state, report(run(0, 21), run(21, 22, "OUTAGE", "silence")))
    assert [type(e) for e in events] == [SlotsMeasured, IncidentOpened]
    assert events[1] == IncidentOpened(
        channel=FM1, point="player-output", state="OUTAGE", since=SampleIndex(21 * SLOT), cause="silence"
    )
    assert state.channels[FM1].since == 21


def test_an_incident_closes_where_its_state_ends_and_the_next_opens() -> None:
    state, _ = told(EMPTY, report(run(0, 5, "FOREIGN", "c")))
    state, events = told(
        state, report(run(5, 9, "FOREIGN", "other"), run(9, 12, "EMPTY", "tone"), run(12, 15))
    )
    assert events[1:] == [
        IncidentClosed(channel=FM1, point="player-output", state="FOREIGN", since=SampleIndex(0), until=SampleIndex(9 * SLOT)),
        IncidentOpened(channel=FM1, point="player-output", state="EMPTY", since=SampleIndex(9 * SLOT), cause="tone"),
        IncidentClosed(channel=FM1, point="player-output", state="EMPTY", since=SampleIndex(9 * SLOT), until=SampleIndex(12 * SLOT)),
    ]  # fmt: skip
    assert state.channels[FM1].incident is None


def test_a_state_that_goes_on_keeps_its_beginning() -> None:
    state, _ = told(EMPTY, report(run(0, 5), run(5, 10, "OUTAGE", "a")))
    state, _ = told(state, report(run(10, 20, "OUTAGE", "b")))
    assert state.channels[FM1].since == 5


@pytest.mark.parametrize(
    ("runs", "why"),
    [
        ((), "1 to 2000 runs, not 0"),
        ((run(5, 5),), "from slot 5 to 5"),
        ((run(-1, 5),), "from slot -1"),
        ((run(0, 5_000),), "in the future"),
        (tuple(run(k, k + 1) for k in range(2_001)), "not 2001"),
    ],
)
def test_a_senseless_report_is_refused_in_words(runs: tuple[SlotRun, ...], why: str) -> None:
    with pytest.raises(Refused, match=why):
        decide(EMPTY, report(*runs), NOW, SYSTEM, POLICY)


def test_a_silent_witness_lapses_once_and_its_next_report_ends_that() -> None:
    state, _ = told(EMPTY, report(run(0, 20, "OUTAGE", "silence")))
    lapse = instant_of(SampleIndex(20 * SLOT)) + POLICY.lapse
    assert next_due(state, NOW, POLICY) == lapse
    assert due(state, Instant(lapse - 1), POLICY) == []
    wishes = due(state, Instant(lapse), POLICY)
    assert wishes == [LapseWitness(channel=FM1)]
    state, events = told(state, wishes[0], Instant(lapse))
    assert [(type(e), e.state) for e in events] == [(IncidentClosed, "OUTAGE"), (IncidentOpened, "UNKNOWN")]  # type: ignore[attr-defined]
    assert due(state, Instant(lapse), POLICY) == []
    assert next_due(state, Instant(lapse), POLICY) is None
    assert told(state, wishes[0], Instant(lapse))[1] == []
    state, events = told(state, report(run(200, 230)))
    assert events[1:] == [
        IncidentClosed(
            channel=FM1,
            point="player-output",
            state="UNKNOWN",
            since=SampleIndex(20 * SLOT),
            until=SampleIndex(200 * SLOT),
        )
    ]
    assert next_due(state, NOW, POLICY) == instant_of(SampleIndex(230 * SLOT)) + POLICY.lapse


def test_a_lapse_that_is_no_longer_true_is_passed_over() -> None:
    state, _ = told(EMPTY, report(run(0, 1_000)))
    assert told(state, LapseWitness(channel=FM1))[1] == []
    assert told(EMPTY, LapseWitness(channel=FM1))[1] == []


def test_a_lapse_without_an_incident_opens_one() -> None:
    state, _ = told(EMPTY, report(run(0, 20)))
    late = Instant(NOW + 2 * POLICY.lapse)
    assert [type(e) for e in told(state, LapseWitness(channel=FM1), late)[1]] == [IncidentOpened]


def test_what_belongs_to_others_changes_nothing() -> None:
    @attrs.frozen
    class Other(Event):
        pass

    @attrs.frozen
    class Wish(Command):
        pass

    assert evolve(EMPTY, Other()) == EMPTY
    assert decide(EMPTY, Wish(), NOW, SYSTEM, POLICY) == []
    closed = IncidentClosed(
        channel=FM1, point="p", state="OUTAGE", since=SampleIndex(0), until=SampleIndex(1)
    )
    assert evolve(EMPTY, closed) == EMPTY


PARTS = st.lists(st.tuples(st.integers(1, 9), st.sampled_from(STATES)), min_size=1, max_size=12)


@settings(max_examples=60)
@given(PARTS, st.lists(st.integers(1, 100), max_size=8))
def test_what_is_journaled_is_contiguous_however_reports_are_cut(
    parts: list[tuple[int, str]], ends: list[int]
) -> None:
    runs, first = [], 0
    for length, name in parts:
        runs.append(run(first, first + length, name))
        first += length
    state, measured, incidents = EMPTY, [], 0
    for end in [*sorted(ends), first]:
        cut = tuple(attrs.evolve(r, last=min(r.last, end)) for r in runs if r.first < end)
        state, events = told(state, report(*cut))
        for event in events:
            if isinstance(event, SlotsMeasured):
                measured += event.runs
            incidents += isinstance(event, IncidentOpened) - isinstance(event, IncidentClosed)
    assert all(a.last == b.first for a, b in itertools.pairwise(measured))
    assert measured[-1].last > first - POLICY.fold_slots
    assert incidents == (state.channels[FM1].incident is not None)
    assert len(state.channels) == 1


def test_a_witness_may_be_silent_for_half_a_minute_and_no_report_lies_more_than_a_minute_ahead() -> None:
    assert (findings._LAPSE, findings._AHEAD) == (30_000_000, 60_000_000)
