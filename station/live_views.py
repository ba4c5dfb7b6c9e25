"""What is told of live sessions. Data only."""

from __future__ import annotations

import attrs

from station.words import Instant, Text


@attrs.frozen(kw_only=True)
class LineView:
    """A live line of today's rundown; `why`: why it could not be opened now. `length` in µs."""

    item: str
    title: str
    source: str
    length: int
    why: Text | None


@attrs.frozen(kw_only=True)
class SourceView:
    """How a live source comes in. `delay`: µs from what is said to what is heard of it."""

    source: str
    name: Text
    delay: int
    dumped: bool  # there is time for a dump key
    state: str  # of a relay's way: good, absent …; empty: no player says
    quiet_ms: int  # since sound came


@attrs.frozen(kw_only=True)
class WaitingView:
    """A session that waits for its fader."""

    title: str
    source: str
    until: Instant
    by: Text


@attrs.frozen(kw_only=True)
class OpenView:
    """A session that is heard from `start` to `end`, or will be."""

    title: str
    source: str
    approval: str
    signed: str  # the rundown on which it rests
    start: Instant
    end: Instant
    by: Text
    thrown: Instant | None  # filler is heard until then: what was said before was thrown away


@attrs.frozen(kw_only=True)
class LiveView:
    """What there is of live on one channel."""

    at: Instant
    lines: list[LineView]
    sources: list[SourceView]
    waiting: WaitingView | None
    open: OpenView | None


__all__ = ["LineView", "LiveView", "OpenView", "SourceView", "WaitingView"]
