"""Windows of soft starts: how much before and after its time an item may begin, and what gives way so that it does. Pure; knows no day and no draft.

An item begins as soon as what is before it has ended, once its window is open; what ends sooner is followed by filler up
to the item's own time. Where its window closes, what may be cut before it is cut.
"""

from __future__ import annotations

from collections.abc import Sequence

from schedules.calendar import local_text
from schedules.rundown import Item
from station.words import SAMPLE_RATE, SampleIndex, Text, instant_of

Limit = tuple[int, int]  # a sample, and the line whose it is; line 0: the day's end


def begins(item: Item, at: int, cursor: int) -> int:
    """Where an item planned at `at` begins when all before it ends at `cursor`."""
    return cursor if cursor >= at - item.early else at


def closing(
    items: Sequence[Item], starts: Sequence[int | None], limits: Sequence[Limit]
) -> tuple[Limit, ...]:
    """For each item, where it ends at the latest if it may be cut: its limit (the hard start or day's end after it), or where a window before that closes."""
    made: list[Limit] = []
    nearest: Limit | None = None
    for item, at, limit in reversed(list(zip(items, starts, limits, strict=True))):
        if nearest is None or nearest[0] >= limit[0]:
            nearest = limit
        made.append(limit if item.mode == "interrupt" else nearest)
        if at is not None and item.late is not None:
            nearest = min(nearest, (at + item.late, item.line))
    return tuple(made[::-1])


def outside(item: Item, at: int | None, start: int) -> int:
    """How many samples after its window has closed an item begins; 0 where it keeps it or has none."""
    return max(0, start - at - item.late) if at is not None and item.late is not None else 0


def missed(by: int) -> Text:
    """What is said of an item that begins `by` samples after its window."""
    seconds = f"{by // SAMPLE_RATE}.{by % SAMPLE_RATE * 1000 // SAMPLE_RATE:03d}"
    return Text(
        f"it begins {seconds} s after its window: nothing before it may be cut",
        f"超出最晚开始时刻 {seconds} 秒:之前的节目不可截",
    )


def named(limit: Limit, hard: bool, tz: str) -> Text:
    """What a limit is, in words."""
    at, line = limit
    clock = local_text(instant_of(SampleIndex(at)), tz)
    if not line:
        return Text(f"the end of the day at {clock}", f"播出日结束 {clock}")
    if hard:
        return Text(f"the hard start of line {line} at {clock}", f"第{line}行的定时开始 {clock}")
    return Text(f"the latest start of line {line} at {clock}", f"第{line}行的最晚开始 {clock}")


__all__ = ["Limit", "begins", "closing", "missed", "named", "outside"]
