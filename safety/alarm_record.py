"""One occurrence of an alarm and how events change it; the same fold serves the part's state and the history's table. Refuses nothing; knows no clock."""

from __future__ import annotations

import attrs

from safety.alarm_messages import (
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
    condition_of,
)
from safety.alarm_table import SHELVED, TABLE, UNREAD, WRONG, Phase, Step
from station.conditions import Condition
from station.words import Event, Instant, Text

Told = (
    AlarmRaised
    | AlarmReturned
    | AlarmRegraded
    | AlarmChattered
    | AlarmAcknowledged
    | AlarmShelved
    | AlarmUnshelved
    | AlarmEscalated
)
Noted = CallDelivered | CallFailed  # of a call; no step of the alarm's life
TOLD = (
    AlarmRaised,
    AlarmReturned,
    AlarmRegraded,
    AlarmChattered,
    AlarmAcknowledged,
    AlarmShelved,
    AlarmUnshelved,
    AlarmEscalated,
)  # fmt: skip
NOTED = (CallDelivered, CallFailed)
CALLS_KEPT = 12


@attrs.frozen(kw_only=True)
class Call:
    """People were called, and what the gateway said to it."""

    level: int
    who: tuple[str, ...]  # operator ids; none: nobody was named
    at: Instant
    delivered_at: Instant | None = None
    failure: Text | None = None  # the last one, while it is not delivered


@attrs.frozen(kw_only=True)
class Alarm:
    """From its first raising until it is over."""

    number: int
    condition: Condition  # as raised or regraded; its text is that of the moment
    phase: Phase
    raised_at: Instant  # first
    since: Instant  # last time it was raised
    times: int = 1  # how often it was raised
    chattering: bool = False
    acknowledged_at: Instant | None = None
    acknowledged_by: str = ""
    returned_at: Instant | None = None
    shelved_at: Instant | None = None
    shelved_until: Instant | None = None
    shelved_by: str = ""
    shelved_reason: str = ""
    cleared_at: Instant | None = None
    unread_since: Instant | None = None  # since when somebody must acknowledge it
    calls: tuple[Call, ...] = ()  # the newest CALLS_KEPT

    @property
    def level(self) -> int:
        """How far the calls have gone since it must be acknowledged."""
        since = self.unread_since
        return max((one.level for one in self.calls if since is None or one.at >= since), default=0)

    @property
    def unread(self) -> bool:
        """Whether somebody must still acknowledge it."""
        return self.phase in UNREAD

    @property
    def wrong(self) -> bool:
        """Whether its condition holds, as far as is written down."""
        return self.phase in WRONG

    @property
    def shelved(self) -> bool:
        """Whether it is out of sight for a while."""
        return self.phase in SHELVED


def alarm_of(happened: Event) -> int | None:
    """Which occurrence an event is about; None for events of others."""
    return happened.alarm if isinstance(happened, (*TOLD, *NOTED)) else None


def fold(alarm: Alarm | None, happened: Event) -> Alarm | None:
    """The occurrence after an event; one that is over has the phase `cleared`."""
    if isinstance(happened, AlarmRaised):
        after = _raised(alarm, happened)
        return _since(alarm, after, happened.at)
    if alarm is not None and isinstance(happened, NOTED):
        return _noted(alarm, happened)
    if alarm is None or not isinstance(happened, TOLD):
        return alarm
    return _since(alarm, _changed(alarm, happened), happened.at)


def _since(before: Alarm | None, after: Alarm, at: Instant) -> Alarm:
    """An alarm that nobody has read yet goes on being unread; worse is another thing to read."""
    if not after.unread:
        return attrs.evolve(after, unread_since=None)
    worse = before is not None and before.condition.severity != after.condition.severity
    if before is None or not before.unread or worse:
        return attrs.evolve(after, unread_since=at)
    return after


def _noted(alarm: Alarm, happened: Noted) -> Alarm:
    """The newest call of this level is delivered, or failed."""
    made = list(alarm.calls)
    for at in range(len(made) - 1, -1, -1):
        if made[at].level == happened.level:
            delivered = isinstance(happened, CallDelivered)
            made[at] = attrs.evolve(
                made[at],
                delivered_at=happened.at if delivered else None,
                failure=None if isinstance(happened, CallDelivered) else Text(happened.en, happened.zh),
            )
            break
    return attrs.evolve(alarm, calls=tuple(made))


def _raised(alarm: Alarm | None, happened: AlarmRaised) -> Alarm:
    at = happened.at
    if alarm is None:
        return Alarm(
            number=happened.alarm,
            condition=condition_of(happened),
            phase=TABLE["new", "raised"],
            raised_at=at,
            since=at,
        )
    return attrs.evolve(
        alarm,
        condition=condition_of(happened),
        phase=TABLE[alarm.phase, "raised"],
        since=at,
        times=alarm.times + 1,
        returned_at=None,
    )


def _changed(alarm: Alarm, happened: Told) -> Alarm:
    after = attrs.evolve(alarm, phase=TABLE[alarm.phase, step_of(happened)])
    match happened:
        case AlarmReturned():
            after = attrs.evolve(after, returned_at=happened.at)
        case AlarmRegraded():
            worse = attrs.evolve(
                alarm.condition, severity=happened.severity, text=Text(happened.en, happened.zh)
            )
            after = attrs.evolve(after, condition=worse)
        case AlarmChattered():
            after = attrs.evolve(after, chattering=True)
        case AlarmEscalated():
            call = Call(level=happened.level, who=happened.who, at=happened.at)
            after = attrs.evolve(after, calls=(*alarm.calls, call)[-CALLS_KEPT:])
        case AlarmAcknowledged():
            after = attrs.evolve(after, acknowledged_at=happened.at, acknowledged_by=happened.by)
        case AlarmShelved():
            after = attrs.evolve(
                after,
                shelved_at=happened.at,
                shelved_until=happened.until,
                shelved_by=happened.by,
                shelved_reason=happened.reason,
            )
        case _:
            pass
    return _settled(alarm, after, happened.at)


def _settled(before: Alarm, after: Alarm, at: Instant) -> Alarm:
    """What follows from the new phase alone: over since when; an acknowledgement that no longer counts."""
    if after.phase == "cleared":
        return attrs.evolve(after, cleared_at=at)
    if after.phase == "standing" and before.phase in ("acknowledged", "shelved"):
        return attrs.evolve(after, acknowledged_at=None, acknowledged_by="", shelved_until=None)
    return after


def step_of(happened: Told) -> Step:
    """The step of the table that an event is."""
    if isinstance(happened, AlarmRegraded):
        return "worsened" if happened.worse else "eased"
    steps: dict[type[Event], Step] = {
        AlarmRaised: "raised",
        AlarmReturned: "returned",
        AlarmChattered: "chattered",
        AlarmAcknowledged: "acknowledged",
        AlarmShelved: "shelved",
        AlarmUnshelved: "unshelved",
        AlarmEscalated: "escalated",
    }
    return steps[type(happened)]
