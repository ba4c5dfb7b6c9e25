"""What happens in a simulated day, made from the seed before it begins: who tries what, what fails when. Pure; how each is done stands in `doings`."""

from __future__ import annotations

from random import Random
from typing import Final

import attrs

from schedules.calendar import add_days, broadcast_day, day_bounds, instant_of_local
from station.words import HOUR, MINUTE, SECOND, Instant

# Zones and what their clocks do: one without daylight saving, three with it, one of them by half an hour.
ZONES: Final = ("Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
FIRST_DAY: Final = "2026-01-05"


@attrs.frozen(order=True)
class Happening:
    """One thing of the day: when, which (a method of `doings`), and the number that its dice are made of."""

    at: Instant
    what: str
    number: int


# How many of each in 24 hours, and what share of them comes in a storm, when much comes at once.
A_DAY: Final[dict[str, tuple[int, float]]] = {
    "ebd": (30, 0.6),
    "cap": (14, 0.4),
    "compose": (9, 0.3),
    "template": (12, 0.5),
    "drill": (2, 0.0),
    "daily": (9, 0.0),
    "update": (7, 0.7),
    "cancel": (8, 0.6),
    "cancel_upstream": (4, 0.5),
    "mute": (9, 0.6),
    "lift": (6, 0.5),
    "nonsense": (14, 0.4),
    "volume": (3, 0.0),
    "edit": (6, 0.0),
    "tomorrow": (2, 0.0),
    "restart": (5, 0.6),
    "player": (5, 0.5),
    "disk": (2, 0.4),
    "witness": (3, 0.2),
    "power": (6, 0.4),
    "media": (4, 0.0),
    "speechless": (2, 0.6),
    "fault": (9, 0.4),
    "wire": (7, 0.4),
    "line": (3, 0.4),
    "carrier": (36, 0.3),
    "alarms": (24, 0.4),
    "echo": (16, 0.5),
    "claim": (8, 0.4),
}


def storms(dice: Random, start: Instant, end: Instant) -> list[Instant]:
    """When much comes at once: a few times a day."""
    return [Instant(dice.randrange(start, end)) for _ in range(max(2, (end - start) // (8 * HOUR)))]


def script(seed: str, start: Instant, end: Instant, odd: Instant | None) -> list[Happening]:
    """All of the day in order. `odd` is a moment near which the clocks change: something of each kind comes there too."""
    dice = Random(f"{seed}/script")  # noqa: S311 - a day that repeats exactly
    centres = [*storms(dice, start, end), *([odd] if odd is not None else [])]
    found: list[Happening] = []
    for what, (count, share) in A_DAY.items():
        for _ in range(max(1, round(count * (end - start) / (24 * HOUR)))):
            at = _near(dice, centres) if dice.random() < share else dice.randrange(start, end)
            if start + MINUTE <= at < end - MINUTE:
                found.append(Happening(Instant(at), what, len(found)))
    return sorted(found)


def _near(dice: Random, centres: list[Instant]) -> int:
    return dice.choice(centres) + round(dice.gauss(0, 4 * MINUTE))


def odd_day(tz: str, day_start: str) -> tuple[str, Instant] | None:
    """The first broadcast day (from FIRST_DAY) in which the clocks of a zone change, and when; None where they never do."""
    day = FIRST_DAY
    for _ in range(366):
        begins, ends = day_bounds(day, tz, day_start)
        if ends - begins != 24 * HOUR:
            return day, _change(day, tz, day_start)
        day = add_days(day, 1)
    return None


def _change(day: str, tz: str, day_start: str) -> Instant:
    """The hour in which local time does not go on by an hour."""
    for hour in range(25, 29):
        a = instant_of_local(day, f"{hour - 1}:00:00", tz, day_start)
        b = instant_of_local(day, f"{hour}:00:00", tz, day_start)
        if b - a != HOUR:
            return b
    return instant_of_local(day, "26:00:00", tz, day_start)


def span(seed: str, days: int, tz: str, day_start: str) -> tuple[Instant, Instant, Instant | None]:
    """Start, end and odd moment of a run: whole broadcast days, with the night in which the clocks change where they do."""
    dice = Random(f"{seed}/day")  # noqa: S311
    found = odd_day(tz, day_start)
    day = found[0] if found is not None else add_days(FIRST_DAY, dice.randrange(366))
    start = day_bounds(day, tz, day_start)[0]
    end = day_bounds(add_days(day, days - 1), tz, day_start)[1]
    assert broadcast_day(start, tz, day_start) == day
    return Instant(start - 10 * SECOND), end, found[1] if found is not None else None
