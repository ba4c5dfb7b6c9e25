"""Decides about prepared items that an operator's key puts over the schedule: which there are, and whether one has room. Knows the plan that runs; knows no file, no player, no clock."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import attrs

from playout.airing import LEAD
from playout.messages import ItemInserted
from schedules.aftermath import RELAY
from schedules.calendar import local_text
from schedules.covers import SESSION
from schedules.grid import gridded, next_on_grid, on_grid
from schedules.handling import handled
from schedules.plan import Medium, Plan
from schedules.relays import lives
from schedules.render import take_at
from schedules.rundown import Item, Rundown
from schedules.segue import CUT_FADE
from schedules.slot import length_of
from schedules.timeline import Frame
from station.words import (
    SAMPLE_RATE,
    ChannelId,
    Instant,
    Operator,
    Refused,
    SampleIndex,
    Sha256,
    instant_of,
    sample_at,
)

When = Literal["now", "next"]


@attrs.frozen(kw_only=True)
class Prepared:
    """A line that waits for a key. `samples` None: its file is not there, not approved or withdrawn."""

    item: Item
    medium: Medium | None
    samples: int | None
    approval: str


def prepared(
    rundown: Rundown, media: Mapping[str, Medium], approval: str, frame: Frame, gone: frozenset[Sha256]
) -> tuple[Prepared, ...]:
    """The lines of a day that wait for a key, in their order. `media`: by the names that the rundown uses; `gone`: withdrawn."""
    found = []
    for item in rundown.items:
        if item.mode != "key":
            continue
        medium = media.get(item.media)
        medium = medium if medium is not None and medium.sha256 not in gone else None
        handling = frame.handlings.get(medium.sha256) if medium else None
        framed = gridded(handled(item, medium, handling), frame.grid)
        samples, _ = length_of(framed, medium, frame.grid)
        found.append(Prepared(item=framed, medium=medium, samples=samples, approval=approval))
    return tuple(found)


def insert(
    asked: Prepared, when: When, channel: ChannelId, plan: Plan, now: Instant, by: Operator, frame: Frame
) -> ItemInserted:
    """What the key does. `plan`: as it runs now, with all that operators did before. Raises Refused."""
    item, medium, samples = asked.item, asked.medium, asked.samples
    if medium is None or not samples:
        raise Refused(
            f"The file of “{item.title}” is missing, or nobody's leave covers it.",
            f"《{item.title}》缺文件、未审或已撤播。",
            code="missing",
        )
    _once(plan, item, sample_at(now))
    at = _place(when, plan, now, frame)
    limit = _limit(plan, at)
    end = min(at + samples, limit)
    if end < at + samples and not (item.cut and end > at):
        raise _no_room(item, samples, limit - at, limit, frame)
    _spare_relays(plan, at, end, frame)
    trimmed = end < at + samples
    return ItemInserted(
        channel=channel,
        at=SampleIndex(at),
        samples=end - at,
        item=item.id,
        title=item.title,
        media=medium.sha256,
        approval=asked.approval,
        offset=item.cue_in,
        gain=item.gain,
        fade_in=min(item.fade_in, end - at),
        fade_out=min(max(item.fade_out, CUT_FADE if trimmed else 0), end - at),
        curve=item.curve,
        category=item.category,
        trimmed=trimmed,
        by=by.id,
    )


def _once(plan: Plan, item: Item, here: int) -> None:
    """Raise Refused where it lies there, or is about to: a key pressed twice is pressed once."""
    found = next((take for take in plan.takes if take.item == item.id and take.end > here), None)
    if found is not None:
        raise Refused(
            f"“{item.title}” is on the air already, or about to be.",
            f"《{item.title}》正在插播或即将插播。",
            code="already",
        )


def _place(when: When, plan: Plan, now: Instant, frame: Frame) -> int:
    at = next_on_grid(sample_at(now) + LEAD, frame.grid)
    here = take_at(plan, SampleIndex(at))
    return here.end if when == "next" and here.kind != "filler" else at


def _limit(plan: Plan, at: int) -> int:
    """The first hard start at or after sample `at`, or where the plan ends."""
    return next((take.start for take in plan.takes if take.hard and take.start >= at), plan.end)


def _no_room(item: Item, samples: int, room: int, limit: int, frame: Frame) -> Refused:
    clock = local_text(instant_of(SampleIndex(limit)), frame.tz)
    return Refused(
        f"“{item.title}” lasts {_seconds(samples)} s; before the hard start at {clock} there are {_seconds(room)} s, and it may not be cut.",
        f"《{item.title}》长 {_seconds(samples)} 秒,距 {clock} 的定时开始只有 {_seconds(room)} 秒,且不可截。",
        code="room",
    )


def _spare_relays(plan: Plan, at: int, end: int, frame: Frame) -> None:
    """Raise Refused where the item would lie over a relay."""
    live = lives(plan.media)
    over = (take for take in plan.takes if take.start < end and take.end > at)
    relayed = (take for take in over if not take.approval.startswith(SESSION))  # a jingle may lie over a talk
    found = next((take for take in relayed if take.category == RELAY or take.media in live), None)
    if found is None:
        return
    until = local_text(instant_of(on_grid(found.end, frame.grid)), frame.tz)
    raise Refused(
        f"“{found.title}” is a relay until {until}: only an alert may cover it.",
        f"《{found.title}》为转播节目,到 {until} 为止,只有预警可以覆盖。",
        code="relay",
    )


def _seconds(samples: int) -> str:
    return f"{samples // SAMPLE_RATE}.{samples % SAMPLE_RATE * 1_000 // SAMPLE_RATE:03d}"


__all__ = ["RELAY", "Prepared", "When", "insert", "prepared"]
