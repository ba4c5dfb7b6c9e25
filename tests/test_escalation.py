"""A critical alarm nobody reads calls people, level by level, each once and in its own time; who acknowledges ends it."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from test_alarms import NOW, Desk, condition

from safety.alarm_messages import (
    AlarmEscalated,
    CallDelivered,
    CallFailed,
    EscalateAlarm,
    NoteCall,
    RaiseAlarm,
    RegradeAlarm,
    UnshelveAlarm,
)
from safety.alarm_record import CALLS_KEPT, Call, fold
from safety.escalation import calls_due, next_call, undelivered
from station.words import MINUTE, Instant, Operator, Text

KEY = "tx1/reflected-high"
MINUTES = (2, 5, 10)
CHEN = Operator(id="chen", roles=frozenset({"dispatcher"}))


class Night(Desk):
    """A desk that time passes over, and somebody who calls when it is time."""

    def passes(self, minutes: float) -> None:
        self.now = Instant(self.now + round(minutes * MINUTE))

    def look(self) -> list[int]:
        """Levels that were due, and were called."""
        due = [(alarm.number, level) for alarm, level in calls_due(self.state.alarms, self.now, MINUTES)]
        for number, level in due:
            self.do(EscalateAlarm(alarm=number, level=level, who=("zhao",)))
        return [level for _, level in due]

    def over(self, minutes: int) -> list[tuple[float, int]]:
        """(minutes since the start, level) of every call while time passes by half minutes."""
        found = []
        for _ in range(2 * minutes):
            self.passes(0.5)
            found += [((self.now - NOW) / MINUTE, level) for level in self.look()]
        return found


def night(severity: str = "critical") -> Night:
    made = Night()
    made.raised(severity=severity)
    return made


def test_three_levels_are_called_each_in_its_time_and_once() -> None:
    made = night()
    assert made.look() == []
    assert made.over(60) == [(2, 1), (5, 2), (10, 3)]
    alarm = made.state.alarms[KEY]
    assert (alarm.level, [call.level for call in alarm.calls]) == (3, [1, 2, 3])
    assert next_call(alarm, MINUTES) is None


def test_what_is_not_critical_calls_nobody() -> None:
    assert night("major").over(60) == []


def test_who_acknowledges_ends_it() -> None:
    made = night()
    assert made.over(3) == [(2, 1)]
    made.acknowledged(1)
    assert made.over(60) == []


def test_a_shelf_ends_it_and_what_comes_back_from_it_begins_anew() -> None:
    made = night()
    made.over(6)
    made.shelved(minutes=30)
    assert made.over(10) == []
    made.do(UnshelveAlarm(alarm=1), CHEN)
    assert made.state.alarms[KEY].level == 0
    assert made.over(20) == [(18, 1), (21, 2), (26, 3)]


def test_what_is_right_again_calls_nobody_and_flutter_does_not_set_it_back() -> None:
    made = night()
    for _ in range(20):  # gone for half a minute in every minute
        made.passes(0.5)
        made.look()
        made.returned()
        made.passes(0.5)
        assert made.look() == []
        made.do(RaiseAlarm(condition=condition(severity="critical")))
    levels = [one.level for one in made.told if isinstance(one, AlarmEscalated)]
    assert levels == [1, 2, 3]


def test_each_level_has_its_time_also_where_the_fault_came_back_after_hours() -> None:
    made = night()
    made.returned()
    made.passes(180)
    made.do(RaiseAlarm(condition=condition(severity="critical")))
    assert made.over(20) == [(180.5, 1), (183.5, 2), (188.5, 3)]


def test_what_gets_worse_begins_to_count_then() -> None:
    made = night("major")
    made.passes(30)
    made.do(RegradeAlarm(key=KEY, severity="critical", text=Text("w", "重")))
    assert made.over(6) == [(32, 1), (35, 2)]


def test_what_follows_from_another_leaves_the_call_to_its_cause() -> None:
    made = Night()
    made.raised(key="cause", severity="critical")
    made.raised(key="child", severity="critical", because="cause")
    made.over(3)
    assert [one.alarm for one in made.told if isinstance(one, AlarmEscalated)] == [1]
    assert made.do(EscalateAlarm(alarm=2, level=1, who=())) == []
    made.returned("cause")
    made.look()
    assert [one.alarm for one in made.told if isinstance(one, AlarmEscalated)] == [1, 2]


def test_a_call_that_is_doubled_early_skips_or_comes_too_late_changes_nothing() -> None:
    made = night()
    assert made.do(EscalateAlarm(alarm=1, level=1, who=())) == []
    made.passes(30)
    assert made.do(EscalateAlarm(alarm=1, level=2, who=())) == []
    assert made.do(EscalateAlarm(alarm=9, level=1, who=())) == []
    (called,) = made.do(EscalateAlarm(alarm=1, level=1, who=("li",)))
    assert called == AlarmEscalated(alarm=1, level=1, who=("li",), at=made.now)
    assert made.do(EscalateAlarm(alarm=1, level=1, who=("li",))) == []
    made.acknowledged(1)
    assert made.do(EscalateAlarm(alarm=1, level=2, who=("li",))) == []


def test_no_minutes_call_nobody() -> None:
    made = night()
    made.passes(100)
    assert list(calls_due(made.state.alarms, made.now, ())) == []


def test_a_call_is_owed_to_the_gateway_until_it_has_it_or_somebody_acknowledged() -> None:
    made = night()
    made.over(3)
    assert [(alarm.number, at) for alarm, at in undelivered(made.state.alarms.values())] == [(1, 0)]
    (failed,) = made.do(NoteCall(alarm=1, level=1, en="gone", zh="断"))
    assert failed == CallFailed(alarm=1, level=1, en="gone", zh="断", at=made.now)
    assert made.do(NoteCall(alarm=1, level=1, en="gone", zh="断")) == [], (
        "the same again is not written twice"
    )
    assert made.state.alarms[KEY].calls[0].failure == Text("gone", "断")
    assert len(list(undelivered(made.state.alarms.values()))) == 1
    assert made.do(NoteCall(alarm=1, level=1)) == [CallDelivered(alarm=1, level=1, at=made.now)]
    assert made.state.alarms[KEY].calls[0].failure is None
    assert list(undelivered(made.state.alarms.values())) == []
    assert made.do(NoteCall(alarm=1, level=1, en="late", zh="迟")) == []
    assert made.do(NoteCall(alarm=1, level=3)) == [] and made.do(NoteCall(alarm=8, level=1)) == []
    made.over(4)
    made.acknowledged(1)
    assert list(undelivered(made.state.alarms.values())) == []


def test_what_was_called_before_an_acknowledgement_is_owed_no_more_and_stays_in_the_history() -> None:
    made = night()
    made.over(3)
    made.acknowledged(1)
    made.do(RegradeAlarm(key=KEY, severity="major", text=Text("b", "好")))
    made.do(RegradeAlarm(key=KEY, severity="critical", text=Text("w", "重")))
    alarm = made.state.alarms[KEY]
    assert alarm.unread and len(alarm.calls) == 1 and alarm.level == 0
    assert list(undelivered(made.state.alarms.values())) == []


def test_a_note_about_a_call_nobody_remembers_changes_nothing_and_few_calls_are_kept() -> None:
    made = night()
    alarm = made.state.alarms[KEY]
    assert fold(alarm, CallDelivered(alarm=1, level=2, at=NOW)) == alarm
    for level in range(1, 20):
        alarm = fold(alarm, AlarmEscalated(alarm=1, level=level, who=(), at=NOW)) or alarm
    late = fold(alarm, CallDelivered(alarm=1, level=18, at=NOW))
    assert late is not None and [call.level for call in late.calls if call.delivered_at] == [18]
    assert len(alarm.calls) == CALLS_KEPT and alarm.calls[-1] == Call(level=19, who=(), at=NOW)


@given(st.lists(st.sampled_from(["wait", "ack", "gone", "back", "shelve", "unshelve", "look"]), max_size=60))
@settings(max_examples=60, deadline=None)
def test_whatever_people_and_faults_do_levels_come_in_order_and_never_to_one_who_reads(
    steps: list[str],
) -> None:
    made = night()
    before = 0
    for step in steps:
        alarm = made.state.alarms.get(KEY)
        if step in ("wait", "look"):
            made.passes(1 if step == "wait" else 0)
            for level in made.look():
                assert alarm is not None and alarm.phase == "standing" and level == before + 1
        elif step == "ack" and alarm is not None and alarm.unread:
            made.acknowledged(alarm.number)
        elif step == "gone" and alarm is not None:
            made.returned()
        elif step == "back":
            made.do(RaiseAlarm(condition=condition(severity="critical")))
        elif step == "shelve" and alarm is not None and not alarm.shelved:
            made.shelved(alarm.number, minutes=30)
        elif step == "unshelve" and alarm is not None and alarm.shelved:
            made.do(UnshelveAlarm(alarm=alarm.number), CHEN)
        after = made.state.alarms.get(KEY)
        before = after.level if after is not None and after.unread else 0
