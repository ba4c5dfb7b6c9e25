"""Decides about live sessions: when one begins, what is thrown away of it, when it ends. Pure; knows the plan that runs and the sources' delays; knows no sound, no player and no clock.

A session is a line of the day's signed rundown that names a live source and waits for its key. What is said is heard
`delay` after it was said, so the session lies over the schedule from then on; whatever else is done, nothing of the source
is heard outside it. Its approval, `session:CHANNEL:SAMPLE`, names the channel and its first sample; the journal says
which rundown, and so which three people, it rests on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import attrs

from playout.airing import LEAD
from playout.inserting import Prepared, insert
from playout.live_messages import (
    Cause,
    LiveArmed,
    LiveClosed,
    LiveDisarmed,
    LiveDumped,
    LiveOpened,
    Start,
)
from playout.live_state import Armed, Session
from playout.policy import Studio
from schedules.calendar import local_text
from schedules.covers import SESSION
from schedules.grid import next_on_grid, on_grid
from schedules.plan import Plan, Take
from schedules.rundown import Rundown
from schedules.timeline import Frame
from station.words import (
    MINUTE,
    SAMPLE_RATE,
    ChannelId,
    Instant,
    Operator,
    Refused,
    SampleIndex,
    Sha256,
    Text,
    instant_of,
    sample_at,
)

WAITS: Final = 30 * MINUTE  # so long a session waits for its fader
MARGIN: Final = (
    SAMPLE_RATE // 2
)  # a player holds a source back a little longer than its delay: at most so much
BEFORE: Final = SAMPLE_RATE // 10  # so much of what was there before the sound that opens a session is heard
TAKEN: Final = "taken"  # code of a refusal: another session is heard then
AFTER: Final = SAMPLE_RATE // 2  # and so much of the silence that ends one


@attrs.frozen(kw_only=True)
class Asked:
    """A line that waits for its key, and the source that it names."""

    line: Prepared
    studio: Studio


def asked_for(lines: tuple[Prepared, ...], item: str, studios: Mapping[Sha256, Studio]) -> Asked:
    """The live line with this id. Raises Refused."""
    line = next((one for one in lines if one.item.id == item), None)
    studio = studios.get(line.medium.sha256) if line is not None and line.medium is not None else None
    if line is None or studio is None:
        raise Refused(
            "That is no live line of today's approved rundown; look again.",
            "该条目不是今日已批准节目单中的直播条目,请刷新后再试。",
            code="gone",
        )
    return Asked(line=line, studio=studio)


def arm(asked: Asked, channel: ChannelId, plan: Plan, now: Instant, by: Operator, frame: Frame) -> LiveArmed:
    """The session waits; refused where it could not begin now, but for another one that may be over by then."""
    _opened(asked, "fader", sample_at(now) + asked.studio.delay, channel, plan, by.id, frame)
    item = asked.line.item
    return LiveArmed(
        channel=channel,
        source=asked.studio.id,
        item=item.id,
        title=item.title,
        until=Instant(now + WAITS),
        by=by.id,
    )


def begin(
    asked: Asked, how: Start, at: int, channel: ChannelId, plan: Plan, by: str, frame: Frame
) -> LiveOpened:
    """The session is heard from sample `at` on, until its time is over or the next hard start. Raises Refused, with code TAKEN where another one is heard then."""
    made = _opened(asked, how, at, channel, plan, by, frame)
    _alone(plan, made, frame)
    return made


def _alone(plan: Plan, made: LiveOpened, frame: Frame) -> None:
    """Raise Refused where a session would lie over another: whoever is on the air is not cut off by another studio."""
    end = made.at + made.samples
    parts = [take for take in plan.takes if take.approval.startswith(SESSION)]
    other = next((take for take in parts if take.start < end and take.end > made.at), None)
    if other is None:
        return
    until = max(take.end for take in parts if take.approval == other.approval)
    clock = local_text(instant_of(on_grid(until, frame.grid)), frame.tz)
    raise Refused(
        f"“{other.title}” is live until {clock}: close that session first.",
        f"《{other.title}》直播到 {clock} 为止:请先结束该场直播。",
        code=TAKEN,
    )


def _opened(
    asked: Asked, how: Start, at: int, channel: ChannelId, plan: Plan, by: str, frame: Frame
) -> LiveOpened:
    line = attrs.evolve(asked.line, item=attrs.evolve(asked.line.item, cut=True))
    lies = insert(line, "now", channel, plan, instant_of(SampleIndex(at - LEAD)), Operator(id=by), frame)
    return LiveOpened(
        channel=channel,
        source=asked.studio.id,
        approval=f"{SESSION}{channel}:{lies.at}",
        signed=lies.approval,
        start=how,
        at=lies.at,
        samples=lies.samples,
        item=lies.item,
        title=lies.title,
        media=lies.media,
        gain=lies.gain,
        fade_in=lies.fade_in,
        fade_out=lies.fade_out,
        curve=lies.curve,
        category=lies.category,
        by=by,
    )


def said(asked: Asked, now: Instant) -> int:
    """The sample at which what is said now is heard, or a little before."""
    return sample_at(now) + asked.studio.delay


def sounded(since: int, one: Armed, asked: Asked, now: Instant) -> int:
    """The sample at which a session begins that sound opens: a moment before that sound, and never what was said before it waited."""
    waited = said(asked, Instant(one.until - WAITS))
    return max(since - BEFORE, waited, sample_at(now) + LEAD)


def waiting(armed: tuple[Armed, ...], source: str, now: Instant) -> tuple[Armed, ...]:
    """The sessions that wait for this source."""
    return tuple(one for one in armed if one.source == source and now < one.until)


def nobody(source: str) -> Refused:
    """What whoever opens a fader for nothing is told."""
    return Refused(
        f"No session waits for {source!r}: what is said there is not heard.",
        f"没有等待 {source!r} 推子的直播:该处声音不会播出。",
        code="waits",
    )


def lying(plan: Plan, studios: Mapping[Sha256, Studio], start: int) -> Take | None:
    """The part of a session that is heard at sample `start` or next; None where no session is open."""
    found = (take for take in plan.takes if take.end > start and take.media in studios)
    return next((take for take in found if take.approval.startswith(SESSION)), None)


def dump(
    plan: Plan,
    sessions: tuple[Session, ...],
    studios: Mapping[Sha256, Studio],
    now: Instant,
    by: Operator,
    frame: Frame,
) -> LiveDumped:
    """What the dump key does: nothing that was said until now is heard, but what is heard before a second has passed. Raises Refused."""
    at = next_on_grid(sample_at(now) + LEAD, frame.grid)
    session, studio = _open(plan, sessions, studios, at)
    if not studio.dumped:
        raise Refused(
            f"The delay of {studio.id!r} is too short for a dump key; close the session.",
            f"{studio.id!r} 的延时过短,来不及甩播;请结束直播。",
            code="delay",
        )
    return LiveDumped(
        channel=session.channel,
        source=session.source,
        approval=session.approval,
        title=session.title,
        media=session.media,
        at=at,
        until=next_on_grid(sample_at(now) + studio.delay + MARGIN, frame.grid),
        by=by.id,
    )


def close(
    plan: Plan,
    sessions: tuple[Session, ...],
    studios: Mapping[Sha256, Studio],
    now: Instant,
    by: Operator,
    frame: Frame,
    *,
    heard: bool,
) -> LiveClosed:
    """The session ends: in a second, or (`heard`) when all that was said until now was heard. Raises Refused."""
    soonest = next_on_grid(sample_at(now) + LEAD, frame.grid)
    session, studio = _open(plan, sessions, studios, soonest)
    last = next_on_grid(sample_at(now) + studio.delay + MARGIN, frame.grid)
    return closed(session, "key", last if heard else soonest, by.id)


def end(
    plan: Plan,
    sessions: tuple[Session, ...],
    source: str,
    cause: Cause,
    since: int,
    now: Instant,
    frames: Mapping[ChannelId, Frame],
) -> tuple[LiveClosed, ...]:
    """The sessions of a source on a plan's channel that are open end where the silence begins to be heard; those that end before that anyway stay as they are."""
    grid = frames[plan.channel].grid
    at = max(next_on_grid(since + AFTER, grid), next_on_grid(sample_at(now) + LEAD, grid))
    lasting = {take.approval for take in plan.takes if take.end > at}
    return tuple(
        closed(one, cause, at, "system")
        for one in sessions
        if one.source == source and one.channel == plan.channel and one.approval in lasting
    )


def closed(session: Session, cause: Cause, at: SampleIndex, by: str) -> LiveClosed:
    """A session that is heard up to sample `at`."""
    return LiveClosed(
        channel=session.channel,
        source=session.source,
        approval=session.approval,
        title=session.title,
        media=session.media,
        at=at,
        cause=cause,
        by=by,
    )


def disarmed(one: Armed, by: str) -> LiveDisarmed:
    """A session that waits no more."""
    return LiveDisarmed(channel=one.channel, source=one.source, title=one.title, by=by)


def mistaken(
    rundown: Rundown, media: Mapping[str, Sha256], studios: Mapping[Sha256, Studio]
) -> tuple[tuple[int, Text], ...]:
    """(line, what is wrong) of lines that would air a live source without its key, also in place of something else. `media`: what the names of the rundown stand for."""
    return tuple(
        (
            item.line,
            Text(
                f"“{item.title}”: a live source begins by its key; write the mode key, without a start.",
                f"《{item.title}》:直播由按键开始,方式请写“备播”,不写开始时刻。",
            ),
        )
        for item in rundown.items
        if (media.get(item.media) in studios and item.mode != "key") or media.get(item.replacement) in studios
    )


def check_lines(rundown: Rundown, media: Mapping[str, Sha256], studios: Mapping[Sha256, Studio]) -> None:
    """Raise Refused where a line is mistaken."""
    for line, text in mistaken(rundown, media, studios):
        raise Refused(f"Line {line}: {text.en}", f"第 {line} 行:{text.zh}", code="live")


def _open(
    plan: Plan, sessions: tuple[Session, ...], studios: Mapping[Sha256, Studio], at: int
) -> tuple[Session, Studio]:
    take = lying(plan, studios, at)
    session = next((one for one in sessions if take is not None and one.approval == take.approval), None)
    if session is None:
        raise Refused("No live session is open on this channel.", "该频道没有正在进行的直播。", code="live")
    return session, studios[session.media]


__all__ = [
    "AFTER", "BEFORE", "MARGIN", "TAKEN", "WAITS", "Asked", "arm", "asked_for", "begin", "check_lines", "close",
    "closed", "disarmed", "dump", "end", "lying", "mistaken", "nobody", "said", "sounded", "waiting",
]  # fmt: skip
