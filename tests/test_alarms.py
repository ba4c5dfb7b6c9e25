"""The life of alarms: raised once, acknowledged by a person, shelved for a while, returned, over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from safety import alarm_picture
from safety.alarm_messages import (
    AcknowledgeAlarm,
    AlarmAcknowledged,
    AlarmChattered,
    AlarmRaised,
    AlarmRegraded,
    AlarmReturned,
    AlarmShelved,
    AlarmUnshelved,
    ExpireShelf,
    RaiseAlarm,
    RegradeAlarm,
    ReturnAlarm,
    ShelveAlarm,
    UnshelveAlarm,
)
from safety.alarm_record import Alarm, alarm_of, fold
from safety.alarm_table import PHASES, SHELVED, STEPS, TABLE, UNREAD, WRONG
from safety.alarms import (
    EMPTY,
    MOST_ALARMS,
    MOST_AT_ONCE,
    Policy,
    State,
    decide,
    due,
    evolve,
    next_due,
    unread,
)
from safety.messages import LapseWitness
from station.conditions import SEVERITIES, Condition, Severity
from station.keeping import NumbersReserved
from station.wire import from_plain, to_plain
from station.words import MINUTE, SYSTEM, ChannelId, Command, Event, Instant, Operator, Refused, Text

DOCS = Path(__file__).parent.parent / "docs"
NOW = Instant(1_780_000_000_000_000)
CHEN = Operator(id="chen", roles=frozenset({"dispatcher"}))
POLICY = Policy(chatter_times=3, chatter_minutes=10)


def condition(key: str = "tx1/reflected-high", severity: Severity = "major", because: str = "") -> Condition:
    return Condition(
        key=key,
        card="transmitter.reflected-high",
        severity=severity,
        where="tx1",
        text=Text("it is high", "偏高"),
        because=because,
    )


class Desk:
    """Decides and folds, as the station does; keeps what happened."""

    def __init__(self) -> None:
        self.state, self.now, self.told = EMPTY, NOW, []

    def do(self, command: Command, by: Operator = SYSTEM) -> list[Event]:
        events = decide(self.state, command, self.now, by, POLICY)
        for happened in events:
            self.state = evolve(self.state, happened)
        self.told += events
        return events

    def raised(self, **more: object) -> Alarm:
        one = condition(**more)  # type: ignore[arg-type]
        self.do(RaiseAlarm(condition=one))
        return self.state.alarms[one.key]

    def returned(self, key: str = "tx1/reflected-high") -> list[Event]:
        return self.do(ReturnAlarm(key=key))

    def acknowledged(self, *numbers: int) -> list[Event]:
        return self.do(AcknowledgeAlarm(alarms=numbers), CHEN)

    def shelved(self, number: int = 1, minutes: int = 30, reason: str = "antenna work") -> list[Event]:
        return self.do(ShelveAlarm(alarm=number, minutes=minutes, reason=reason), CHEN)

    def phase(self, key: str = "tx1/reflected-high") -> str:
        found = self.state.alarms.get(key)
        return "over" if found is None else found.phase


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_same_condition_is_never_raised_twice(desk: Desk) -> None:
    assert desk.raised().phase == "standing"
    assert desk.do(RaiseAlarm(condition=condition())) == []
    desk.acknowledged(1)
    assert desk.do(RaiseAlarm(condition=condition())) == []
    desk.shelved()
    assert desk.do(RaiseAlarm(condition=condition())) == []
    assert sum(isinstance(one, AlarmRaised) for one in desk.told) == 1


def test_an_acknowledged_alarm_is_over_when_its_condition_is_gone(desk: Desk) -> None:
    desk.raised()
    assert desk.acknowledged(1) == [AlarmAcknowledged(alarm=1, by="chen", at=NOW)]
    assert desk.phase() == "acknowledged"
    assert desk.returned() == [AlarmReturned(alarm=1, at=NOW)]
    assert desk.phase() == "over"


def test_a_return_that_nobody_acknowledged_stays_until_somebody_does(desk: Desk) -> None:
    desk.raised()
    desk.returned()
    assert desk.phase() == "returned"
    assert desk.returned() == []
    assert [one.number for one in unread(desk.state)] == [1]
    desk.acknowledged(1)
    assert desk.phase() == "over"


def test_what_comes_back_before_anybody_looked_keeps_its_number(desk: Desk) -> None:
    desk.raised()
    desk.returned()
    again = desk.raised()
    assert (again.number, again.times, again.phase, again.returned_at) == (1, 2, "standing", None)
    desk.acknowledged(1)
    desk.returned()
    assert desk.raised().number == 2


def test_nothing_to_acknowledge_is_refused_and_what_is_over_meanwhile_is_passed_over(desk: Desk) -> None:
    desk.raised()
    desk.raised(key="b")
    assert len(desk.acknowledged(1, 99)) == 1
    with pytest.raises(Refused):
        desk.acknowledged(1)
    for wrong in ((), tuple(range(MOST_AT_ONCE + 1))):
        with pytest.raises(Refused):
            desk.acknowledged(*wrong)


def test_acknowledging_a_cause_acknowledges_what_follows_from_it(desk: Desk) -> None:
    desk.raised(key="root")
    desk.raised(key="leaf", because="root")
    desk.raised(key="other")
    desk.acknowledged(1)
    assert [desk.phase(key) for key in ("root", "leaf", "other")] == [
        "acknowledged",
        "acknowledged",
        "standing",
    ]


def test_a_shelf_has_an_end_and_then_the_alarm_must_be_acknowledged_anew(desk: Desk) -> None:
    desk.raised()
    desk.acknowledged(1)
    (shelved,) = desk.shelved(minutes=30)
    assert isinstance(shelved, AlarmShelved)
    until = Instant(NOW + 30 * MINUTE)
    assert (shelved.until, shelved.reason, shelved.by) == (until, "antenna work", "chen")
    assert next_due(desk.state, NOW, POLICY) == until
    assert due(desk.state, Instant(until - 1), POLICY) == []
    assert desk.do(ExpireShelf(alarm=1)) == [], "it is not its time yet"
    desk.now = until
    (wake,) = due(desk.state, until, POLICY)
    desk.do(wake)
    alarm = desk.state.alarms["tx1/reflected-high"]
    assert (alarm.phase, alarm.acknowledged_by, alarm.shelved_until) == ("standing", "", None)
    assert due(desk.state, until, POLICY) == []
    assert next_due(desk.state, until, POLICY) is None


def test_a_shelf_is_bounded_and_a_critical_one_more_so(desk: Desk) -> None:
    desk.raised()
    desk.raised(key="b", severity="critical")
    for number, minutes in ((1, 0), (1, 481), (2, 61), (2, -5)):
        with pytest.raises(Refused):
            desk.shelved(number, minutes)
    desk.shelved(1, 480)
    desk.shelved(2, 60)


def test_shelving_needs_a_reason_and_an_alarm_that_is_there(desk: Desk) -> None:
    desk.raised()
    for reason in ("", "   ", "x" * 201):
        with pytest.raises(Refused):
            desk.shelved(reason=reason)
    with pytest.raises(Refused, match="over"):
        desk.shelved(7)
    desk.shelved()
    with pytest.raises(Refused, match="shelved already"):
        desk.shelved()


def test_a_shelved_alarm_is_acknowledged_by_nobody_and_comes_back_at_once_when_asked(desk: Desk) -> None:
    desk.raised()
    desk.shelved()
    with pytest.raises(Refused):
        desk.acknowledged(1)
    (back,) = desk.do(UnshelveAlarm(alarm=1), CHEN)
    assert back == AlarmUnshelved(alarm=1, by="chen", how="person", at=NOW)
    assert desk.phase() == "standing"
    with pytest.raises(Refused, match="not shelved"):
        desk.do(UnshelveAlarm(alarm=1), CHEN)


def test_what_returned_on_the_shelf_is_over_when_the_shelf_ends(desk: Desk) -> None:
    desk.raised()
    desk.shelved()
    desk.returned()
    assert desk.phase() == "resting"
    desk.raised()
    assert desk.phase() == "shelved", "coming and going on the shelf rings nobody"
    desk.returned()
    desk.do(UnshelveAlarm(alarm=1), CHEN)
    assert desk.phase() == "over"


def test_a_return_may_be_shelved_where_it_comes_and_goes(desk: Desk) -> None:
    desk.raised()
    desk.returned()
    desk.shelved()
    assert desk.phase() == "resting"


def test_worse_must_be_acknowledged_anew_also_from_the_shelf(desk: Desk) -> None:
    desk.raised()
    desk.acknowledged(1)
    worse = RegradeAlarm(key="tx1/reflected-high", severity="critical", text=Text("worse", "更糟"))
    (event,) = desk.do(worse)
    assert isinstance(event, AlarmRegraded)
    assert event.worse
    alarm = desk.state.alarms["tx1/reflected-high"]
    assert (alarm.phase, alarm.acknowledged_at, alarm.condition.severity) == ("standing", None, "critical")
    assert alarm.condition.text == Text("worse", "更糟")
    assert desk.do(worse) == []
    desk.shelved(minutes=60)
    eased = RegradeAlarm(key="tx1/reflected-high", severity="minor", text=Text("less", "减轻"))
    desk.do(eased)
    assert desk.phase() == "shelved", "less bad wakes nobody"
    desk.do(worse)
    assert desk.phase() == "standing"
    assert next_due(desk.state, NOW, POLICY) is None


def test_nobody_regrades_or_returns_what_is_not_wrong(desk: Desk) -> None:
    assert desk.do(RegradeAlarm(key="nothing", severity="minor", text=Text("x", "甲"))) == []
    assert desk.returned("nothing") == []
    desk.raised()
    desk.returned()
    assert desk.do(RegradeAlarm(key="tx1/reflected-high", severity="minor", text=Text("x", "甲"))) == []


def test_what_comes_and_goes_too_often_is_marked_once(desk: Desk) -> None:
    for _ in range(6):
        desk.raised()
        desk.returned()
        desk.now = Instant(desk.now + MINUTE)
    marks = [one for one in desk.told if isinstance(one, AlarmChattered)]
    assert [(one.alarm, one.times, one.minutes) for one in marks] == [(1, 4, 10)]
    assert desk.state.alarms["tx1/reflected-high"].chattering


def test_chatter_is_seen_across_acknowledgements(desk: Desk) -> None:
    for number in range(1, 5):
        desk.raised()
        desk.acknowledged(number)
        desk.returned()
    assert sum(isinstance(one, AlarmChattered) for one in desk.told) == 1


def test_slow_comings_and_goings_are_no_chatter(desk: Desk) -> None:
    for _ in range(8):
        desk.raised()
        desk.returned()
        desk.now = Instant(desk.now + 5 * MINUTE)
    assert not any(isinstance(one, AlarmChattered) for one in desk.told)


def test_old_raisings_are_forgotten(desk: Desk) -> None:
    desk.raised(key="old")
    desk.now = Instant(NOW + 61 * MINUTE)
    desk.raised(key="new")
    assert set(desk.state.recent) == {"new"}


def test_too_many_alarms_are_refused_and_none_is_lost(desk: Desk) -> None:
    alarm = desk.raised()
    crowd = {f"k{n}": attrs.evolve(alarm, number=n) for n in range(MOST_ALARMS)}
    desk.state = State(last=MOST_ALARMS, alarms=crowd)
    with pytest.raises(Refused):
        desk.raised(key="one-more")
    assert len(desk.state.alarms) == MOST_ALARMS


def test_the_worst_unread_comes_first_then_the_newest(desk: Desk) -> None:
    for key, severity in (("a", "minor"), ("b", "critical"), ("c", "major"), ("d", "critical")):
        desk.raised(key=key, severity=severity)
        desk.now = Instant(desk.now + 1)
    desk.acknowledged(3)
    assert [one.condition.key for one in unread(desk.state)] == ["d", "b", "a"]


def test_commands_and_events_of_others_change_nothing(desk: Desk) -> None:
    desk.raised()
    before = desk.state
    assert desk.do(LapseWitness(channel=ChannelId("fm1"))) == []
    assert evolve(before, NumbersReserved(use="x", first=1, count=2)) is before
    assert evolve(before, AlarmReturned(alarm=99, at=NOW)) is before
    assert alarm_of(NumbersReserved(use="x", first=1, count=2)) is None
    assert fold(None, AlarmReturned(alarm=1, at=NOW)) is None
    kept = before.alarms["tx1/reflected-high"]
    assert fold(kept, NumbersReserved(use="x", first=1, count=2)) is kept


def test_states_survive_the_way_through_a_snapshot(desk: Desk) -> None:
    desk.raised()
    desk.raised(key="b", severity="critical")
    desk.shelved(2)
    assert from_plain(to_plain(desk.state), State) == desk.state


# ---- the table ---------------------------------------------------------------------------------------------


def test_every_phase_is_reached_every_step_is_used_and_what_is_over_stays_over() -> None:
    assert set(TABLE.values()) | {"new"} == set(PHASES)
    assert {step for _, step in TABLE} == set(STEPS)
    assert not any(phase == "cleared" for phase, _ in TABLE)
    assert set(PHASES) == {"new", "cleared"} | UNREAD | WRONG | SHELVED


def test_the_page_in_docs_is_made_from_the_table(tmp_path: Path) -> None:
    assert (DOCS / "alarm-lifecycle.md").read_text("utf-8") == alarm_picture.page()
    assert alarm_picture.main([]) == 2
    run = [sys.executable, "-m", "safety.alarm_picture", str(tmp_path)]
    assert subprocess.run(run, check=True, cwd=DOCS.parent).returncode == 0
    assert (tmp_path / "alarm-lifecycle.md").exists()


# ---- laws --------------------------------------------------------------------------------------------------

KEYS = st.sampled_from(["a", "b", "c"])
GRADES = st.sampled_from(SEVERITIES)
STEP = st.one_of(
    st.builds(lambda key, severity: RaiseAlarm(condition=condition(key, severity)), KEYS, GRADES),
    st.builds(lambda key: ReturnAlarm(key=key), KEYS),
    st.builds(lambda key, grade: RegradeAlarm(key=key, severity=grade, text=Text("x", "甲")), KEYS, GRADES),
    st.builds(lambda n: AcknowledgeAlarm(alarms=(n,)), st.integers(1, 6)),
    st.builds(
        lambda n, m: ShelveAlarm(alarm=n, minutes=m, reason="r"), st.integers(1, 6), st.integers(1, 90)
    ),
    st.builds(lambda n: UnshelveAlarm(alarm=n), st.integers(1, 6)),
)


@given(st.lists(st.tuples(STEP, st.integers(0, 40 * MINUTE)), max_size=40))
@settings(max_examples=60, deadline=None)
def test_whatever_is_done_the_fold_follows_the_table_and_replay_gives_the_same(
    steps: list[tuple[Command, int]],
) -> None:
    desk = Desk()
    wrong: dict[str, bool] = {}
    for command, pause in steps:
        desk.now = Instant(desk.now + pause)
        while woken := due(desk.state, desk.now, POLICY):
            for wish in woken:
                assert desk.do(wish), "what fell due is decided, and is due no more"
        before = desk.state
        try:
            desk.do(command, CHEN)
        except Refused:
            assert desk.state is before
        if isinstance(command, (RaiseAlarm, ReturnAlarm)):
            key = command.condition.key if isinstance(command, RaiseAlarm) else command.key
            wrong[key] = isinstance(command, RaiseAlarm)
        for key, holds in wrong.items():
            alarm = desk.state.alarms.get(key)
            assert (alarm is not None and alarm.wrong) == holds, "the state knows what is wrong"
        numbers = [alarm.number for alarm in desk.state.alarms.values()]
        assert len(numbers) == len(set(numbers)) and max(numbers, default=0) <= desk.state.last
    again = EMPTY
    for happened in desk.told:
        again = evolve(again, happened)
    assert again == desk.state
