"""Who follows what: the journal as it grows, the live overview, and what is due on a channel. Knows no socket; a subscriber is a function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from station.clock import Clock
from station.words import Misheard, Refused

Tell = Callable[[Any], None]


@attrs.frozen(kw_only=True, eq=False)
class Due:
    """What is due on a channel at one moment."""

    plan: object  # the same object: the same plan
    written: Callable[[bool], Any]  # the item, with its plan or for one who has it


@attrs.define
class _Follower:
    """Of a due feed."""

    channel: str
    tell: Tell
    has: object = None  # the plan it was told


AT_MOST = 0.2  # s between two live items
AT_LEAST = 1.0
DUE_AFTER = 0.02  # s: a whole day of plan takes milliseconds to write out, and a player's order goes first
DUE_WAITING = 64  # changes of what is due on a channel that wait to be told; the oldest but one gives way
REPLAY = 1_000  # journal records sent to a subscriber that comes back


class Feeds:
    """Three feeds. Sources call `journal`, `changed` and `due`; the control socket calls `open`."""

    def __init__(
        self,
        clock: Clock,
        *,
        overview: Callable[[], Any],
        records: Callable[[int, int], list[Any]],
        due_now: Callable[[str], Due],
    ) -> None:
        """`due_now` takes down what is due on a channel; it is written out later, at leisure."""
        self._clock = clock
        self._overview = overview
        self._records = records
        self._due_now = due_now
        self._numbers = 0
        self._journal: dict[int, Tell] = {}
        self._live: dict[int, Tell] = {}
        self._due: dict[int, _Follower] = {}
        self._timer: Any = None
        self._due_timers: dict[str, Any] = {}
        self._due_waiting: dict[str, list[Due]] = {}
        self._sent_at = -1e9

    def open(self, feed: str, fields: dict[str, Any], tell: Tell) -> Callable[[], None]:
        """Begin to tell a subscriber; returns how to end it."""
        self._numbers += 1
        number = self._numbers
        if feed == "journal":
            self._open_journal(number, fields, tell)
        elif feed == "live":
            self._live[number] = tell
            tell({"overview": self._overview()})
            self._arm(AT_LEAST)
        elif feed == "due":
            channel = str(fields.get("channel", ""))
            self._tell_due(channel)  # what waits is older than what the newcomer is told
            self._due[number] = follower = _Follower(channel, tell)
            _tell(follower, self._due_now(channel))
        else:
            raise Refused(f"there is no feed {feed!r}", f"没有信息流 {feed!r}")

        def end() -> None:
            for table in (self._journal, self._live, self._due):
                table.pop(number, None)

        return end

    def _open_journal(self, number: int, fields: dict[str, Any], tell: Tell) -> None:
        since = fields.get("since")
        if since is not None:
            if not isinstance(since, int) or since < 0:
                raise Misheard("since is a position", "since 应为日志位置")
            for item in self._records(since, REPLAY):
                tell(item)
        self._journal[number] = tell

    def journal(self, items: list[Any]) -> None:
        """New journal records became durable."""
        for tell in list(self._journal.values()):
            for item in items:
                tell(item)

    @property
    def journal_followed(self) -> bool:
        """Whether anybody follows the journal; making its sentences costs something."""
        return bool(self._journal)

    def due(self, channel: str) -> None:
        """What is due on a channel changed: taken down now, for a player may follow it at once, and told in a moment. None is left out: what was due for a second was due."""
        if all(follower.channel != channel for follower in self._due.values()):
            return  # nobody's witness
        waiting = self._due_waiting.setdefault(channel, [])
        waiting.append(self._due_now(channel))
        if len(waiting) > DUE_WAITING:
            del waiting[1]
        timer = self._due_timers.get(channel)
        if timer is None or not timer.active():
            self._due_timers[channel] = self._clock.callLater(DUE_AFTER, self._tell_due, channel)

    def _tell_due(self, channel: str) -> None:
        waiting = self._due_waiting.pop(channel, [])
        for follower in [one for one in self._due.values() if one.channel == channel]:
            for due in waiting:
                _tell(follower, due)

    def changed(self) -> None:
        """Something that the overview shows changed: tell soon, but not too often."""
        if self._live:
            self._arm(max(0.0, AT_MOST - (self._clock.seconds() - self._sent_at)))

    def stop(self) -> None:
        """Leave no timer behind."""
        for timer in (self._timer, *self._due_timers.values()):
            if timer is not None and timer.active():
                timer.cancel()

    def _arm(self, delay: float) -> None:
        if self._timer is not None and self._timer.active():
            if self._timer.getTime() <= self._clock.seconds() + delay:
                return
            self._timer.cancel()
        self._timer = self._clock.callLater(delay, self._send)

    def _send(self) -> None:
        if not self._live:
            return
        self._sent_at = self._clock.seconds()
        item = {"overview": self._overview()}
        for tell in list(self._live.values()):
            tell(item)
        self._arm(AT_LEAST)


def _tell(follower: _Follower, due: Due) -> None:
    """A day's plan is half a megabyte; it is told once, then what lies over it."""
    knows = due.plan is not None and follower.has is due.plan
    follower.has = due.plan
    follower.tell(due.written(not knows))
