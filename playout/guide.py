"""What a channel shows about now and what follows, as one line of words that a player writes and who sends a transport stream reads. Pure; knows the plan, no table and no packet."""

from __future__ import annotations

import json
from typing import Final

import attrs

from schedules.plan import Plan
from schedules.render import take_at
from station.words import SAMPLE_RATE, SampleIndex

MOST_TITLE: Final = 120  # bytes of a title: an event is then one packet
BEHIND: Final = SAMPLE_RATE  # samples that whoever tells of them may be behind the mixer
_MOST: Final = 5
_LAST: Final = 1 << 50  # samples: some 740 years from 1970


@attrs.frozen(kw_only=True)
class Event:
    """An item on the air: absolute samples, `end` excluded."""

    start: SampleIndex
    end: SampleIndex
    title: str


def events(plan: Plan, n: int) -> tuple[Event, ...]:
    """What is due at sample `n`, and what follows, five in all at most; nothing outside the plan.

    They are more than two because whoever sends them is somewhat behind or ahead: `at` tells of which sample.
    """
    if not plan.start <= n < plan.end:
        return ()
    due = [take_at(plan, SampleIndex(n))]
    while len(due) < _MOST and due[-1].end < plan.end:
        due.append(take_at(plan, due[-1].end))
    return tuple(Event(start=take.start, end=take.end, title=cut(take.title)) for take in due)


def at(found: tuple[Event, ...], n: int) -> tuple[Event | None, Event | None]:
    """What is on the air at sample `n`, and what follows; None: nobody knows."""
    for number, event in enumerate(found):
        if event.start <= n < event.end:
            return event, found[number + 1] if number + 1 < len(found) else None
    return None, None


def cut(title: str) -> str:
    """As much of a title as an event carries."""
    return title.encode()[:MOST_TITLE].decode(errors="ignore")


def written(found: tuple[Event, ...]) -> str:
    """One line."""
    return json.dumps([[one.start, one.end, one.title] for one in found], ensure_ascii=False)


def read(line: str) -> tuple[Event, ...] | None:
    """The reverse; None where the line was being written meanwhile, or never was."""
    try:
        return tuple(_event(*row) for row in json.loads(line))
    except (ValueError, TypeError):
        return None


def _event(start: int, end: int, title: str) -> Event:
    if not (isinstance(title, str) and 0 <= start < end < _LAST):
        raise ValueError("no event")
    return Event(start=SampleIndex(start), end=SampleIndex(end), title=title)


__all__ = ["BEHIND", "Event", "at", "cut", "events", "read", "written"]
