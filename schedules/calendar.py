"""Local time, daylight saving and broadcast days: the only place with datetime. Knows no clock, no rundown; instants are µs UTC.

A broadcast day begins at `day_start` local time and ends where the next one begins. Local times of a day are written
`HH:MM:SS`; hours from 24 on are those after midnight of the same broadcast day. A time that the clocks skip in spring
is read with the offset before the change (as RFC 5545, 3.3.5: 02:30 sounds at 03:30); one that comes twice in autumn is
the first, and the second when a `B` follows.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from station.words import SECOND, Instant, Refused

Oddity = Literal["", "skipped", "twice"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
_FIRST, _LAST = date(1970, 1, 2), date(9990, 1, 1)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_TIME = re.compile(r"([0-9]{1,2}):([0-5][0-9])(?::([0-5][0-9])(?:\.([0-9]{1,6}))?)?( ?[ABab])?\Z")


@lru_cache(maxsize=64)
def zone(tz: str) -> ZoneInfo:
    """The time zone of that IANA name; Refused when there is none."""
    try:
        return ZoneInfo(tz)
    except (KeyError, ValueError, OSError):
        raise Refused(f"There is no time zone {tz!r}.", f"没有时区 {tz!r}。") from None


def parse_day(day: str) -> date:
    """The date of a broadcast day written YYYY-MM-DD; Refused otherwise."""
    try:
        found = date.fromisoformat(day) if _DAY.match(day) else None
    except ValueError:
        found = None
    if found is None or not _FIRST <= found <= _LAST:
        raise Refused(f"{day!r} is no day; write YYYY-MM-DD.", f"{day!r} 不是日期,请写成 YYYY-MM-DD。")
    return found


def add_days(day: str, count: int) -> str:
    """The day `count` days after `day`."""
    return parse_day((parse_day(day) + timedelta(days=count)).isoformat()).isoformat()


def instant_of_local(day: str, at: str, tz: str, day_start: str) -> Instant:
    """The instant of local time `at` (`HH:MM[:SS[.ffffff]][B]`) within broadcast day `day`; Refused when it is none.

    A time earlier than `day_start`, or of 24 hours and more, belongs to the calendar day after.
    """
    wall = _wall(day, at, day_start)
    return _instant(wall.replace(tzinfo=zone(tz)))


def oddity(day: str, at: str, tz: str, day_start: str) -> Oddity:
    """Whether the clocks skip that local time on that day, or show it twice."""
    wall = _wall(day, at, day_start).replace(tzinfo=zone(tz))
    early, late = wall.replace(fold=0).utcoffset(), wall.replace(fold=1).utcoffset()
    assert early is not None and late is not None
    if early == late:
        return ""
    return "twice" if early > late else "skipped"


def day_bounds(day: str, tz: str, day_start: str) -> tuple[Instant, Instant]:
    """Where a broadcast day begins and ends. A day that a zone left out altogether is empty, never negative."""
    first = parse_day(day)
    at = _start_time(day_start)
    begins = datetime.combine(first, at, tzinfo=zone(tz))
    ends = datetime.combine(first + timedelta(days=1), at, tzinfo=zone(tz))
    return _instant(begins), _instant(ends)


def broadcast_day(now: Instant, tz: str, day_start: str) -> str:
    """The broadcast day that `now` belongs to."""
    local = _local(now, tz)
    near = (
        (local.date() - timedelta(days=back)).isoformat() for back in (-1, 0, 1, 2)
    )  # 2 where a zone left a day out
    return next(day for day in near if _holds(day_bounds(day, tz, day_start), now))


def _holds(bounds: tuple[Instant, Instant], now: Instant) -> bool:
    return bounds[0] <= now < bounds[1]


def days_over(start: Instant, end: Instant, tz: str, day_start: str) -> list[str]:
    """The broadcast days that meet `start` (included) to `end` (excluded), in order, empty ones left out."""
    found: list[str] = []
    day = broadcast_day(start, tz, day_start)
    while True:
        begins, ends = day_bounds(day, tz, day_start)
        if begins >= end:
            return found
        if begins < ends:
            found.append(day)
        day = add_days(day, 1)


def local_text(at: Instant, tz: str, *, millis: bool = False) -> str:
    """Local time of an instant as `HH:MM:SS`, with milliseconds if asked for, rounded down."""
    local = _local(at, tz)
    text = local.strftime("%H:%M:%S")
    return f"{text}.{local.microsecond // 1000:03d}" if millis else text


def local_date(at: Instant, tz: str) -> str:
    """Local calendar date of an instant, YYYY-MM-DD."""
    return _local(at, tz).date().isoformat()


def local_iso(at: Instant, tz: str) -> str:
    """Local date and time with its offset, ISO 8601, whole seconds, rounded down."""
    return _local(at, tz).replace(microsecond=0).isoformat()


def instant_of_iso(text: str) -> Instant:
    """The instant of an ISO 8601 time that carries its offset from UTC; Refused otherwise."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise Refused(
            f"{text!r} is no time with its offset, such as 2026-11-22T06:00:00+08:00.",
            f"{text!r} 不是带时区的时刻,例如 2026-11-22T06:00:00+08:00。",
        )
    return _instant(moment)


def _start_time(day_start: str) -> time:
    found = _TIME.match(day_start)
    if found is None or int(found[1]) > 23 or found[5]:
        raise Refused(
            f"{day_start!r} is no time of day; write HH:MM.", f"{day_start!r} 不是时刻,请写成 HH:MM。"
        )
    return time(int(found[1]), int(found[2]), int(found[3] or 0))


def _wall(day: str, at: str, day_start: str) -> datetime:
    first, begins = parse_day(day), _start_time(day_start)
    found = _TIME.match(at)
    if found is None:
        raise Refused(f"{at!r} is no time; write HH:MM:SS.", f"{at!r} 不是时刻,请写成 HH:MM:SS。")
    hour, second = int(found[1]), int(found[3] or 0)
    micro = int((found[4] or "").ljust(6, "0"))
    fold = 1 if (found[5] or "").strip().upper() == "B" else 0
    within = time(hour % 24, int(found[2]), second, micro)
    if hour >= 48 or (hour >= 24 and within >= begins):
        raise Refused(
            f"{at} lies beyond the broadcast day, which ends at {24 + begins.hour:02d}:{begins.minute:02d}.",
            f"{at} 超出播出日,播出日结束于 {24 + begins.hour:02d}:{begins.minute:02d}。",
        )
    later = hour >= 24 or within < begins
    return datetime.combine(first + timedelta(days=1 if later else 0), within).replace(fold=fold)


def _instant(moment: datetime) -> Instant:
    return Instant((moment.astimezone(UTC) - _EPOCH) // _US)


def _local(at: Instant, tz: str) -> datetime:
    whole, rest = divmod(at, SECOND)
    return (_EPOCH + timedelta(seconds=whole, microseconds=rest)).astimezone(zone(tz))
