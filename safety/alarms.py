"""The life of alarms: raised once, acknowledged by a person, shelved for a while, returned, over. Decides; knows no condition's meaning, no socket, no clock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import attrs

from safety.alarm_messages import (
    AcknowledgeAlarm,
    AlarmAcknowledged,
    AlarmChattered,
    AlarmEscalated,
    AlarmRaised,
    AlarmRegraded,
    AlarmReturned,
    AlarmShelved,
    AlarmUnshelved,
    CallDelivered,
    CallFailed,
    EscalateAlarm,
    ExpireShelf,
    NoteCall,
    RaiseAlarm,
    RegradeAlarm,
    ReturnAlarm,
    ShelveAlarm,
    UnshelveAlarm,
    raised,
)
from safety.alarm_record import Alarm, alarm_of, fold
from safety.alarm_table import TABLE
from safety.escalation import follows, next_call
from station.conditions import SEVERITIES
from station.words import MINUTE, Command, Duration, Event, Instant, Operator, Refused, Text

MOST_AT_ONCE: Final = 200  # acknowledged with one command
MOST_ALARMS: Final = 1_000  # known at once: beyond it the list says nothing any more
REASON: Final = 200  # characters


@attrs.frozen(kw_only=True)
class Policy:
    """Limits of the part. Shipped values after EEMUA 191 and ISA-18.2 practice; unverified."""

    chatter_times: int = 5  # raised more often than this …
    chatter_minutes: int = 10  # … within this time, it chatters
    shelf_minutes: int = 480
    shelf_minutes_critical: int = 60
    call_minutes: tuple[int, ...] = (
        2,
        5,
        10,
    )  # unread and critical for so long, people of each level are called

    @property
    def window(self) -> Duration:
        """The time within which raisings are counted."""
        return Duration(self.chatter_minutes * MINUTE)


@attrs.frozen(kw_only=True)
class State:
    """Alarms that are not over, by the key of their condition; bounded by MOST_ALARMS."""

    last: int = 0  # the newest number given
    alarms: Mapping[str, Alarm] = attrs.field(factory=dict)
    recent: Mapping[str, tuple[Instant, ...]] = attrs.field(factory=dict)  # when each key was raised lately


EMPTY: Final = State()
KEPT: Final = 20  # raisings remembered of a key
REMEMBERED: Final = Duration(60 * MINUTE)  # and for how long after the last


def unread(state: State) -> tuple[Alarm, ...]:
    """Alarms that somebody must still acknowledge, worst first, then newest."""
    found = [alarm for alarm in state.alarms.values() if alarm.unread]
    return tuple(sorted(found, key=lambda a: (SEVERITIES.index(a.condition.severity), -a.since)))


def decide(state: State, command: Command, now: Instant, by: Operator, policy: Policy) -> list[Event]:
    """Events of a command. Raises Refused."""
    match command:
        case RaiseAlarm():
            return _raise(state, command, now, policy)
        case ReturnAlarm():
            return _return(state, command, now)
        case RegradeAlarm():
            return _regrade(state, command, now)
        case AcknowledgeAlarm():
            return _acknowledge(state, command, now, by)
        case ShelveAlarm():
            return _shelve(state, command, now, by, policy)
        case UnshelveAlarm():
            _shelved(state, command.alarm)
            return [AlarmUnshelved(alarm=command.alarm, by=by.id, how="person", at=now)]
        case ExpireShelf():
            return _expire(state, command, now, by)
        case EscalateAlarm():
            return _escalate(state, command, now, policy)
        case NoteCall():
            return _note_call(state, command, now)
        case _:
            return []


# -- what the station itself reports -------------------------------------------------------------


def _raise(state: State, command: RaiseAlarm, now: Instant, policy: Policy) -> list[Event]:
    key = command.condition.key
    known = state.alarms.get(key)
    if known is not None and known.wrong:
        return []  # the same condition is never raised twice
    if known is None and len(state.alarms) >= MOST_ALARMS:
        raise Refused(f"{MOST_ALARMS} alarms stand already", f"已有 {MOST_ALARMS} 条告警")
    number = state.last + 1 if known is None else known.number
    first = raised(number, command.condition, now)
    times = 1 + sum(at > now - policy.window for at in state.recent.get(key, ()))
    if times <= policy.chatter_times or (known is not None and known.chattering):
        return [first]
    return [first, AlarmChattered(alarm=number, times=times, minutes=policy.chatter_minutes, at=now)]


def _return(state: State, command: ReturnAlarm, now: Instant) -> list[Event]:
    known = state.alarms.get(command.key)
    if known is None or not known.wrong:
        return []
    return [AlarmReturned(alarm=known.number, at=now)]


def _regrade(state: State, command: RegradeAlarm, now: Instant) -> list[Event]:
    known = state.alarms.get(command.key)
    if known is None or not known.wrong or known.condition.severity == command.severity:
        return []
    worse = SEVERITIES.index(command.severity) < SEVERITIES.index(known.condition.severity)
    return [
        AlarmRegraded(
            alarm=known.number,
            severity=command.severity,
            en=command.text.en,
            zh=command.text.zh,
            worse=worse,
            at=now,
        )
    ]


def _escalate(state: State, command: EscalateAlarm, now: Instant, policy: Policy) -> list[Event]:
    """Each level once, and not before its time: what is doubled, late or acknowledged meanwhile is passed over."""
    alarm = _find(state, command.alarm)
    due = None if alarm is None else next_call(alarm, policy.call_minutes)
    if (
        alarm is None
        or due is None
        or due[0] != command.level
        or due[1] > now
        or follows(alarm, state.alarms)
    ):
        return []
    return [AlarmEscalated(alarm=alarm.number, level=command.level, who=command.who, at=now)]


def _note_call(state: State, command: NoteCall, now: Instant) -> list[Event]:
    alarm = _find(state, command.alarm)
    call = next((one for one in reversed(alarm.calls) if one.level == command.level), None) if alarm else None
    if call is None or call.delivered_at is not None:
        return []
    if not command.en:
        return [CallDelivered(alarm=command.alarm, level=command.level, at=now)]
    if call.failure == Text(command.en, command.zh):
        return []  # the same failure again says nothing new
    return [CallFailed(alarm=command.alarm, level=command.level, en=command.en, zh=command.zh, at=now)]


# -- what people do ------------------------------------------------------------------------------


def _acknowledge(state: State, command: AcknowledgeAlarm, now: Instant, by: Operator) -> list[Event]:
    """With each what follows from it. What is over or acknowledged meanwhile is passed over; nothing left is refused."""
    wanted = frozenset(command.alarms)
    if not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise Refused(
            f"acknowledge 1 to {MOST_AT_ONCE} alarms at once, not {len(wanted)}",
            f"一次确认 1 至 {MOST_AT_ONCE} 条告警,而不是 {len(wanted)} 条",
        )
    roots = {key for key, alarm in state.alarms.items() if alarm.number in wanted}
    found = [
        alarm
        for key, alarm in state.alarms.items()
        if alarm.unread and (key in roots or alarm.condition.because in roots)
    ]
    if not found:
        raise Refused(
            "there is nothing to acknowledge: it is acknowledged, shelved or over already",
            "没有可确认的告警:已确认、已搁置或已消除",
        )
    return [AlarmAcknowledged(alarm=alarm.number, by=by.id, at=now) for alarm in found]


def _shelve(state: State, command: ShelveAlarm, now: Instant, by: Operator, policy: Policy) -> list[Event]:
    alarm = _known(state, command.alarm)
    if (alarm.phase, "shelved") not in TABLE:
        raise Refused(
            f"alarm {alarm.number} is shelved already; unshelve it first",
            f"告警 {alarm.number} 已在搁置中,请先取消搁置",
        )
    reason = command.reason.strip()
    if not 1 <= len(reason) <= REASON:
        raise Refused(
            f"shelving needs a reason of 1 to {REASON} characters", f"搁置须写明原因(1 至 {REASON} 字)"
        )
    critical = alarm.condition.severity == "critical"
    most = policy.shelf_minutes_critical if critical else policy.shelf_minutes
    if not 1 <= command.minutes <= most:
        raise Refused(
            f"{'a critical' if critical else 'an'} alarm may be shelved for 1 to {most} minutes, not {command.minutes}",
            f"{'紧急' if critical else ''}告警最多搁置 {most} 分钟(至少 1 分钟),而不是 {command.minutes} 分钟",
        )
    until = Instant(now + command.minutes * MINUTE)
    return [AlarmShelved(alarm=alarm.number, by=by.id, at=now, until=until, reason=reason)]


def _expire(state: State, command: ExpireShelf, now: Instant, by: Operator) -> list[Event]:
    for alarm in _shelves(state):
        if alarm.number == command.alarm and _until(alarm) <= now:
            return [AlarmUnshelved(alarm=alarm.number, by=by.id, how="time", at=now)]
    return []


def _find(state: State, number: int) -> Alarm | None:
    return next((alarm for alarm in state.alarms.values() if alarm.number == number), None)


def _known(state: State, number: int) -> Alarm:
    alarm = _find(state, number)
    if alarm is None:
        raise Refused(f"alarm {number} is over", f"告警 {number} 已消除", code="missing")
    return alarm


def _shelved(state: State, number: int) -> Alarm:
    alarm = _known(state, number)
    if not alarm.shelved:
        raise Refused(f"alarm {number} is not shelved", f"告警 {number} 未被搁置")
    return alarm


# -- the fold ------------------------------------------------------------------------------------


def evolve(state: State, event: Event) -> State:
    """The state after an event; events of other parts change nothing."""
    number = alarm_of(event)
    if number is None:
        return state
    if isinstance(event, AlarmRaised):
        return _evolve_raised(state, event)
    key = next((key for key, alarm in state.alarms.items() if alarm.number == number), None)
    return state if key is None else _with(state, key, fold(state.alarms[key], event))


def _evolve_raised(state: State, event: AlarmRaised) -> State:
    key = event.key
    after = _with(state, key, fold(state.alarms.get(key), event))
    alive = {k: times for k, times in state.recent.items() if times[-1] > event.at - REMEMBERED}
    times = (*alive.get(key, ()), event.at)[-KEPT:]
    return attrs.evolve(after, last=max(state.last, event.alarm), recent={**alive, key: times})


def _with(state: State, key: str, alarm: Alarm | None) -> State:
    rest = {k: one for k, one in state.alarms.items() if k != key}
    if alarm is not None and alarm.phase != "cleared":
        rest = {**state.alarms, key: alarm}
    return attrs.evolve(state, alarms=rest)


# -- what falls due ------------------------------------------------------------------------------


def due(state: State, now: Instant, policy: Policy) -> list[Command]:
    """What falls due by itself: shelves whose time is up."""
    return [ExpireShelf(alarm=alarm.number) for alarm in _shelves(state) if _until(alarm) <= now]


def next_due(state: State, now: Instant, policy: Policy) -> Instant | None:
    """When to look again; None where nothing will fall due."""
    return min((_until(alarm) for alarm in _shelves(state)), default=None)


def _shelves(state: State) -> Iterator[Alarm]:
    return (alarm for alarm in state.alarms.values() if alarm.shelved)


def _until(alarm: Alarm) -> Instant:
    assert alarm.shelved_until is not None
    return alarm.shelved_until
