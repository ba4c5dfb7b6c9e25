"""What is remembered of live sessions: which wait, which are heard from when to when, and what each event does to the plan. A fold; refuses nothing, knows no clock."""

from __future__ import annotations

from typing import Final

import attrs

from playout.live_messages import LiveArmed, LiveClosed, LiveDisarmed, LiveDumped, LiveOpened
from playout.messages import ItemInserted, ProgrammeResumed
from schedules.edits import Edit
from schedules.plan import Take
from station.words import SAMPLE_RATE, ChannelId, Event, Instant, SampleIndex, Sha256

KEPT: Final = 30 * 3_600 * SAMPLE_RATE  # so long a session is remembered

LiveEvent = LiveArmed | LiveDisarmed | LiveOpened | LiveDumped | LiveClosed
LIVE_EVENTS: Final[tuple[type[Event], ...]] = (LiveArmed, LiveDisarmed, LiveOpened, LiveDumped, LiveClosed)


@attrs.frozen(kw_only=True)
class Armed:
    """A session that waits for its fader, or for sound."""

    channel: ChannelId
    source: str
    item: str
    title: str
    until: Instant
    by: str


@attrs.frozen(kw_only=True)
class Session:
    """A live source may be heard on a channel from sample `start` to `end`."""

    channel: ChannelId
    source: str
    approval: str
    signed: str  # the rundown on which it rests
    item: str
    title: str
    media: Sha256
    start: SampleIndex
    end: SampleIndex
    by: str
    cause: str = ""  # why it ends before its time


Folded = tuple[tuple[Armed, ...], tuple[Session, ...], Edit | None]


def folded(armed: tuple[Armed, ...], sessions: tuple[Session, ...], happened: LiveEvent) -> Folded:
    """What waits and what is heard after an event, and how it changes the channel's plan."""
    if isinstance(happened, LiveDumped):
        thrown = Edit(verb="dump", at=happened.at, take=happened.media, until=happened.until)
        return armed, sessions, thrown
    if isinstance(happened, LiveClosed):
        ends = Edit(verb="drop", at=happened.at, take=happened.approval)
        return armed, _ended(sessions, happened), ends
    others = tuple(one for one in armed if one.channel != happened.channel)
    if isinstance(happened, LiveArmed):  # on one channel one session waits at most
        return (*others, _armed(happened)), sessions, None
    if isinstance(happened, LiveOpened):
        kept = tuple(one for one in sessions if one.end > happened.at - KEPT)
        lies = Edit(
            verb="insert", at=happened.at, lies=lying(happened, offset=happened.at)
        )  # counted by the absolute index
        return others, (*kept, _session(happened)), lies
    return others, sessions, None


def _ended(sessions: tuple[Session, ...], happened: LiveClosed) -> tuple[Session, ...]:
    return tuple(
        attrs.evolve(one, end=min(one.end, happened.at), cause=happened.cause)
        if one.approval == happened.approval
        else one
        for one in sessions
    )


def _armed(happened: LiveArmed) -> Armed:
    return Armed(
        channel=happened.channel,
        source=happened.source,
        item=happened.item,
        title=happened.title,
        until=happened.until,
        by=happened.by,
    )


def _session(happened: LiveOpened) -> Session:
    return Session(
        channel=happened.channel,
        source=happened.source,
        approval=happened.approval,
        signed=happened.signed,
        item=happened.item,
        title=happened.title,
        media=happened.media,
        start=happened.at,
        end=SampleIndex(happened.at + happened.samples),
        by=happened.by,
    )


def lying(
    happened: ItemInserted | LiveOpened | ProgrammeResumed, *, offset: int, trimmed: bool = False
) -> Take:
    """What an event put over the schedule, in its place. `offset`: the sample of its medium with which it begins."""
    return Take(
        item=happened.item,
        start=happened.at,
        end=SampleIndex(happened.at + happened.samples),
        kind="programme",
        title=happened.title,
        approval=happened.approval,
        media=happened.media,
        offset=offset,
        gain=happened.gain,
        fade_in=happened.fade_in,
        fade_out=happened.fade_out,
        curve=happened.curve,
        category=happened.category,
        trimmed=trimmed,
    )


__all__ = ["KEPT", "LIVE_EVENTS", "Armed", "LiveEvent", "Session", "folded", "lying"]
