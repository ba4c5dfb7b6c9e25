"""What is on a channel and what comes next, in shared memory: the player writes it from its plan, the encoder tells it to receivers. Knows plans and shared memory; knows no table."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from playout.rings import Words, shared_bytes, shared_words
from playout.si_tables import Event
from schedules.plan import Plan, Take
from station.words import Instant, instant_of

_LINE: Final = 1_024  # bytes
_TITLE: Final = 300  # bytes of a title that are kept
_PARTS: Final = 50  # takes of one item, one behind the other, that are told as one event
_LENGTH, _CHANGES = 0, 1
Told = tuple[Event | None, Event | None]


class Guide:
    """Made before the fork; one writes, others read."""

    def __init__(self) -> None:
        self._words: Words = shared_words(2)  # how long the text is, and how often that was changed
        self._text = shared_bytes(_LINE)
        self._plan: Plan | None = None
        self._until = 0
        self._read: Told = (None, None)

    def follow(self, plan: Plan, head: int) -> None:
        """Tell what `plan` has at sample `head`; costs nothing while neither changed."""
        if plan is self._plan and head < self._until:
            return
        at = bisect_right(plan.takes, head, key=lambda take: take.start) - 1
        if at < 0 or head >= plan.takes[at].end:
            return
        present, after = _event(plan.takes, at)
        following = _event(plan.takes, after)[0] if after < len(plan.takes) else None
        self._plan, self._until = plan, plan.takes[at].end
        self._write([one for one in (present, following) if one is not None])

    def _write(self, events: Sequence[Event]) -> None:
        lines = [f"{one.start} {one.lasts} {_short(one.title)}" for one in events]
        data = "\n".join(lines).encode()
        self._words[_CHANGES] += 1  # odd: who reads meanwhile keeps what was told before
        self._text[: len(data)] = data
        self._words[_LENGTH] = len(data)
        self._words[_CHANGES] += 1

    def read(self) -> Told:
        """What is on and what comes next; None for what is not known."""
        changes = self._words[_CHANGES]
        text = bytes(self._text[: self._words[_LENGTH]])
        if text and not changes & 1 and self._words[_CHANGES] == changes:
            events = [_parsed(line) for line in text.decode().split("\n")]
            self._read = events[0], events[1] if len(events) > 1 else None
        return self._read


def _event(takes: Sequence[Take], at: int) -> tuple[Event, int]:
    """The item of a take with those behind it that are its own, and the number of what comes after."""
    item, begin, end = takes[at].item, at, at + 1
    while begin > max(0, at - _PARTS) and takes[begin - 1].item == item:
        begin -= 1
    while end < min(len(takes), at + _PARTS) and takes[end].item == item:
        end += 1
    start = instant_of(takes[begin].start)
    return Event(start=start, lasts=instant_of(takes[end - 1].end) - start, title=takes[at].title), end


def _short(title: str) -> str:
    return " ".join(title.split()).encode()[:_TITLE].decode(errors="ignore")


def _parsed(line: str) -> Event:
    start, lasts, title = line.split(" ", 2)
    return Event(start=Instant(int(start)), lasts=int(lasts), title=title)
