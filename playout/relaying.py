"""Decides about a relay that is on air: made longer or ended by key, ended by a marker, heard by another way. Knows the plan that runs and what was signed; knows no receiver, no player, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from playout.airing import LEAD, bounded
from playout.inserting import RELAY
from playout.messages import ChooseMember, ExtendRelay, MemberChosen, NoteMarker, RelayEnded, RelayExtended
from playout.sheets import State, edits_of, parsed
from schedules.calendar import local_text
from schedules.covers import SESSION
from schedules.edits import Edit, inserted
from schedules.grid import next_on_grid, on_grid
from schedules.plan import Plan, Take
from schedules.relays import PREFIX, checksum, lives
from schedules.render import take_at
from schedules.timeline import Frame
from station.words import (
    SAMPLE_RATE,
    ChannelId,
    Instant,
    Operator,
    Refused,
    SampleIndex,
    Text,
    instant_of,
    sample_at,
)

MINUTE: Final = 60 * SAMPLE_RATE
LATE: Final = 10 * SAMPLE_RATE  # a marker that comes so late ends nothing any more
EARLY: Final = 30 * SAMPLE_RATE  # one that comes so soon after a relay began is of the programme before it
MOST_MINUTES: Final = 180  # of one key


@attrs.frozen(kw_only=True)
class Room:
    """How long a relay on air may last at the latest, and what says so."""

    until: SampleIndex
    why: Text


def relayed(plan: Plan, at: int) -> Take | None:
    """The relay that is on air at sample `at`, if it is one. A live session is none: it has keys of its own."""
    if not plan.start <= at < plan.end:
        return None
    take = take_at(plan, SampleIndex(at))
    return take if take.media in lives(plan.media) and not take.approval.startswith(SESSION) else None


def window(state: State, channel: ChannelId, take: Take) -> int:
    """By how many samples the line that was signed lets a key make a take longer."""
    found = next(
        (one for one in state.sheets if (one.channel, one.approval) == (channel, take.approval)), None
    )
    if found is None:
        return 0
    items = parsed(found.csv, found.channel, found.day).items
    return next((item.extend for item in items if item.id == take.item), 0)


def room(take: Take, plan: Plan, edits: Sequence[Edit], allowed: int) -> Room:
    """How long `take`, the relay on air of `plan`, may last. `edits`: all that were made; `allowed`: see `window`."""
    was = min(
        [edit.was for edit in edits if edit.verb == "extend" and edit.take == take.id], default=take.end
    )
    lies = inserted(plan, edits, take.end)
    live = lives(plan.media)
    rooms = [(was + allowed, Text("the rundown allows no more", "节目单只允许到此"))]
    for one in plan.takes:
        if one.start >= take.end and (one.hard or one.category == RELAY or one.media in live):
            rooms.append((one.start, Text(f"“{one.title}” begins then", f"届时《{one.title}》开始")))
            break
    if lies is not None and lies.start >= take.end:
        rooms.append((lies.start, Text(f"“{lies.title}” is inserted then", f"届时插播《{lies.title}》")))
    rooms.append((plan.end, Text("the plan reaches no further", "播出计划到此为止")))
    until, why = min(rooms, key=lambda each: each[0])
    return Room(until=SampleIndex(until), why=why)


def extend(
    command: ExtendRelay, plan: Plan, state: State, now: Instant, by: Operator, frame: Frame
) -> RelayExtended:
    """What the key 延长 does. `plan`: as it runs now. Raises Refused."""
    edits = edits_of(state, command.channel)
    bounded(edits)
    if not 1 <= command.minutes <= MOST_MINUTES:
        raise Refused(
            f"{command.minutes} min is not 1 to {MOST_MINUTES}.",
            f"延长 {command.minutes} 分钟不在 1 至 {MOST_MINUTES} 之间。",
            code="misheard",
        )
    at, take = _on_air(plan, now, frame)
    found = room(take, plan, edits, window(state, command.channel, take))
    until = take.end + command.minutes * MINUTE
    if until > found.until:
        clock = local_text(instant_of(on_grid(found.until, frame.grid)), frame.tz)
        raise Refused(
            f"“{take.title}” may last until {clock} at the latest: {found.why.en}.",
            f"《{take.title}》最晚播到 {clock}:{found.why.zh}。",
            code="room",
        )
    return RelayExtended(
        channel=command.channel,
        at=at,
        take=take.id,
        title=take.title,
        was=take.end,
        until=SampleIndex(until),
        by=by.id,
    )


def end(
    channel: ChannelId, plan: Plan, edits: Sequence[Edit], now: Instant, by: Operator, frame: Frame
) -> RelayEnded:
    """What the key 结束 does. Raises Refused."""
    bounded(edits)
    at, take = _on_air(plan, now, frame)
    return RelayEnded(channel=channel, at=at, take=take.id, title=take.title, cause="key", by=by.id)


def marked(
    command: NoteMarker, channel: ChannelId, plan: Plan, now: Instant, by: Operator, frame: Frame
) -> RelayEnded | None:
    """What a marker does to a channel: None where it has something else on air by then, the relay ends then anyway, or has only just begun."""
    if command.at < sample_at(now) - LATE:
        return None  # told by a player that has kept it: it is over
    at = next_on_grid(max(command.at, sample_at(now) + LEAD), frame.grid)
    take = relayed(plan, at)
    if take is None or take.media != checksum(command.relay) or at < take.start + EARLY:
        return None
    return RelayEnded(channel=channel, at=at, take=take.id, title=take.title, cause="marker", by=by.id)


def choose(command: ChooseMember, state: State, members: int, by: Operator) -> MemberChosen:
    """By which way a relay is to be heard. `members`: how many it has, 0 where there is no such relay. Raises Refused."""
    if not 0 <= command.member < members:
        raise Refused(
            f"There is no way {command.member + 1} of relay {command.relay!r}.",
            f"转播 {command.relay!r} 没有第 {command.member + 1} 路。",
            code="missing",
        )
    before = next((one.number for one in state.wishes if one.relay == command.relay), 0)
    return MemberChosen(relay=command.relay, member=command.member, number=before + 1, by=by.id)


def named(relay: str) -> str:
    """A relay as policies name it."""
    return PREFIX + relay


def _on_air(plan: Plan, now: Instant, frame: Frame) -> tuple[SampleIndex, Take]:
    at = next_on_grid(sample_at(now) + LEAD, frame.grid)
    take = relayed(plan, at)
    if take is None:
        raise Refused(
            "No relay is on the air, or it ends within a second.",
            "当前没有转播在播,或一秒内即将结束。",
            code="nothing",
        )
    return at, take


__all__ = ["MOST_MINUTES", "Room", "choose", "end", "extend", "marked", "named", "relayed", "room", "window"]
