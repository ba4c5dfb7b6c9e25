"""Commands and events of alarms: raised, acknowledged, shelved, returned. Decides nothing."""

from __future__ import annotations

from typing import Literal

from station.conditions import Condition, Severity
from station.words import Command, Event, Instant, Text, command, event


@command("alarm.raise", right="system", proof=False, life_safety=True)
class RaiseAlarm(Command):
    """A condition has held for long enough; one that is raised already is passed over."""

    condition: Condition


@command("alarm.return", right="system", proof=False, life_safety=True)
class ReturnAlarm(Command):
    """A condition has been gone for long enough."""

    key: str


@command("alarm.regrade", right="system", proof=False, life_safety=True)
class RegradeAlarm(Command):
    """The same fault has become worse, or less bad."""

    key: str
    severity: Severity
    text: Text


@command("alarm.expireshelf", right="system", proof=False)
class ExpireShelf(Command):
    """The time for which an alarm was shelved is up."""

    alarm: int


@command("alarm.acknowledge", right="alarm", proof=False, life_safety=True)
class AcknowledgeAlarm(Command):
    """Somebody has seen these alarms and sees to them; changes nothing that is heard, so it asks for no PIN."""

    alarms: tuple[int, ...]  # numbers of occurrences, 1 to 200


@command("alarm.shelve", right="alarm")
class ShelveAlarm(Command):
    """Put an alarm out of sight for a while (at most 8 h, a critical one 1 h), with a reason."""

    alarm: int
    minutes: int
    reason: str


@command("alarm.unshelve", right="alarm", proof=False)
class UnshelveAlarm(Command):
    """Bring a shelved alarm back; it must then be acknowledged like a new one."""

    alarm: int


@command("alarm.escalate", right="system", proof=False, life_safety=True)
class EscalateAlarm(Command):
    """Nobody has acknowledged a critical alarm for so long that `who` (operator ids) are called; levels are 1, 2, 3."""

    alarm: int
    level: int
    who: tuple[str, ...]


@command("alarm.notecall", right="system", proof=False)
class NoteCall(Command):
    """What became of a call: handed to the gateway, or why not (`en`, `zh`)."""

    alarm: int
    level: int
    en: str = ""
    zh: str = ""


@event("alarm.raised/1")
class AlarmRaised(Event):
    """Something is wrong. The same number again: it had returned and nobody had acknowledged it, or it is shelved."""

    alarm: int
    key: str
    card: str
    severity: Severity
    where: str
    en: str
    zh: str
    because: str
    at: Instant


def raised(alarm: int, condition: Condition, at: Instant) -> AlarmRaised:
    """The event that `condition` is raised as occurrence `alarm`."""
    return AlarmRaised(
        alarm=alarm,
        key=condition.key,
        card=condition.card,
        severity=condition.severity,
        where=condition.where,
        en=condition.text.en,
        zh=condition.text.zh,
        because=condition.because,
        at=at,
    )


def condition_of(happened: AlarmRaised) -> Condition:
    """What was raised."""
    return Condition(
        key=happened.key,
        card=happened.card,
        severity=happened.severity,
        where=happened.where,
        text=Text(happened.en, happened.zh),
        because=happened.because,
    )


@event("alarm.returned/1")
class AlarmReturned(Event):
    """The condition is gone; an acknowledged alarm is over with this."""

    alarm: int
    at: Instant


@event("alarm.regraded/1")
class AlarmRegraded(Event):
    """Worse: it must be acknowledged anew, also when it was shelved."""

    alarm: int
    severity: Severity
    en: str
    zh: str
    worse: bool
    at: Instant


@event("alarm.chattered/1")
class AlarmChattered(Event):
    """It came and went too often to be read: `times` within `minutes`."""

    alarm: int
    times: int
    minutes: int
    at: Instant


@event("alarm.acknowledged/1")
class AlarmAcknowledged(Event):
    """Somebody has seen it; one that had returned is over with this."""

    alarm: int
    by: str
    at: Instant


@event("alarm.shelved/1")
class AlarmShelved(Event):
    """Out of sight until `until`."""

    alarm: int
    by: str
    at: Instant
    until: Instant
    reason: str


@event("alarm.unshelved/1")
class AlarmUnshelved(Event):
    """Back in sight; one that had returned meanwhile is over with this."""

    alarm: int
    by: str
    how: Literal["person", "time"]
    at: Instant


@event("alarm.escalated/1")
class AlarmEscalated(Event):
    """These people are called; nobody, where the duty book and the roster name none."""

    alarm: int
    level: int
    who: tuple[str, ...]
    at: Instant


@event("alarm.calldelivered/1")
class CallDelivered(Event):
    """The gateway has taken the call over."""

    alarm: int
    level: int
    at: Instant


@event("alarm.callfailed/1")
class CallFailed(Event):
    """The gateway has not taken it; it is tried again until somebody acknowledges."""

    alarm: int
    level: int
    en: str
    zh: str
    at: Instant
