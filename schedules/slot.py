"""One line of a rundown with what its place on the air hangs on: its sample, its medium, what must begin on time after it. Pure; knows no day and no draft."""

from __future__ import annotations

import attrs

from schedules.grid import on_grid
from schedules.plan import Medium, Take
from schedules.rundown import Item
from schedules.segue import CUT_FADE
from station.words import SampleIndex, Text


@attrs.frozen(kw_only=True)
class Slot:
    """An item with its sample, medium and what it must make room for."""

    item: Item
    at: int | None
    medium: Medium | None
    instead: Medium | None  # what may stand in for it
    limit: int  # the next hard start, or the day's end
    limit_line: int  # 0: the day's end
    latest: int  # where what may be cut ends: there, or where the window of a soft start before it closes
    latest_line: int
    day: str


def programme_take(slot: Slot, approval: str, at: int, end: int, *, trimmed: bool) -> Take:
    """The item on the air from sample `at` to `end`."""
    item = slot.item
    return Take(
        item=item.id,
        start=SampleIndex(at),
        end=SampleIndex(end),
        kind="programme" if slot.medium else "silence",
        title=item.title,
        approval=approval,
        media=slot.medium.sha256 if slot.medium else None,
        offset=item.cue_in if slot.medium else 0,
        gain=item.gain,
        fade_in=min(item.fade_in, end - at),
        fade_out=min(max(item.fade_out, CUT_FADE if trimmed else 0), end - at),
        curve=item.curve,
        category=item.category,
        hard=item.mode == "hard" and at == slot.at,
        fixed=slot.at is not None,
        latest=None if slot.at is None or item.late is None else SampleIndex(slot.at + item.late),
        trimmed=trimmed,
    )


def lost(item: Item) -> Text:
    """What is said of an item that waits for a key, and could not be inserted."""
    return Text(
        f"{item.media} is missing or not approved; its key will be refused",
        f"{item.media} 缺失或未审,备播时将被拒绝",
    )


def length_of(item: Item, medium: Medium | None, grid: int) -> tuple[int | None, Text | None]:
    """How many samples an item would last by itself, None where its medium cannot be played; and what is to be said of that."""
    if not item.media:
        return item.duration, None
    if medium is None:
        return None, Text(
            f"{item.media} is missing or not approved; filler instead", f"{item.media} 缺失或未审,改播垫片"
        )
    out = min(medium.samples, item.cue_out if item.cue_out is not None else medium.samples)
    there = out - item.cue_in
    if there <= 0:
        return None, Text(
            f"{item.media} ends before its cue-in; filler instead", f"{item.media} 不到入点即结束,改播垫片"
        )
    asked = there if item.duration is None else item.duration
    short = asked > there or (item.cue_out or 0) > medium.samples
    said = Text(f"{item.media} is shorter than planned", f"{item.media} 短于计划时长") if short else None
    return on_grid(min(asked, there), grid), said


__all__ = ["Slot", "length_of", "lost", "programme_take"]
