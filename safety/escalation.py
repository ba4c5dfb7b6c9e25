"""Which critical alarms have gone unread for so long that people are called, and to which level. Pure; knows no person and no gateway."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from safety.alarm_record import Alarm
from station.words import MINUTE, Instant

Minutes = tuple[int, ...]  # after how many an alarm is at level 1, 2, 3; none: nobody is ever called


def next_call(alarm: Alarm, minutes: Minutes) -> tuple[int, Instant] | None:
    """The next level and when it is due; None where nobody is to be called.

    Each level has its own time after the one before it, also where the alarm came back after hours unread.
    """
    level = alarm.level
    if alarm.phase != "standing" or alarm.condition.severity != "critical" or level >= len(minutes):
        return None
    assert alarm.unread_since is not None
    at = alarm.unread_since + minutes[level] * MINUTE
    if level:
        gap = minutes[level] - minutes[level - 1]
        at = max(at, max(one.at for one in alarm.calls) + gap * MINUTE)
    return level + 1, Instant(at)


def follows(alarm: Alarm, alarms: Mapping[str, Alarm]) -> bool:
    """Whether it follows from another that stands: then that one calls."""
    root = alarms.get(alarm.condition.because) if alarm.condition.because else None
    return root is not None and root.wrong


def calls_due(alarms: Mapping[str, Alarm], now: Instant, minutes: Minutes) -> Iterator[tuple[Alarm, int]]:
    """Alarms for which people are to be called now, with the level."""
    for alarm in alarms.values():
        found = next_call(alarm, minutes)
        if found is not None and found[1] <= now and not follows(alarm, alarms):
            yield alarm, found[0]


def undelivered(alarms: Iterable[Alarm]) -> Iterator[tuple[Alarm, int]]:
    """Calls that no gateway has taken over yet, while nobody has acknowledged: alarm and place among its calls."""
    for alarm in alarms:
        if alarm.phase == "standing" and alarm.unread_since is not None:
            for at, call in enumerate(alarm.calls):
                if call.delivered_at is None and call.at >= alarm.unread_since:
                    yield alarm, at
