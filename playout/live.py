"""What playout decides as one part: rundowns and plans (`playout.planning`), and live sessions over them (`playout.sessions`). Knows no file, no player, no clock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from playout import planning, sessions
from playout.airing import bounded
from playout.live_messages import (
    CloseLive,
    DumpLive,
    EndLive,
    LiveOpened,
    OpenFader,
    OpenLive,
    SoundOpened,
    Start,
)
from playout.live_state import Armed
from playout.messages import InsertItem, SubmitRundown
from playout.planning import EMPTY, due, next_due
from playout.policy import Policy
from playout.sheets import State, edits_of, evolve, parsed
from schedules.plan import Plan
from station.words import ChannelId, Command, Event, Instant, Operator, Refused, sample_at

LIVE: Final[frozenset[type[Command]]] = frozenset(
    {OpenLive, OpenFader, DumpLive, CloseLive, SoundOpened, EndLive}
)
COMMANDS: Final[frozenset[type[Command]]] = planning.COMMANDS | LIVE


def decide(state: State, command: Command, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    """What follows from a command; raises Refused."""
    made = _DECIDE.get(type(command))
    if made is not None:
        return made(state, command, now, by, policy)
    if isinstance(command, InsertItem):
        _no_insert(state, command, now, policy)
    events = planning.decide(state, command, now, by, policy)
    if isinstance(command, SubmitRundown):
        rundown = parsed(command.csv, command.channel, command.day)
        sessions.check_lines(rundown, dict(planning.bind(rundown, policy)), policy.studios)
    return events


def _no_insert(state: State, command: InsertItem, now: Instant, policy: Policy) -> None:
    """What only a session may air is inserted by no other key."""
    for one in planning.prepared_now(state, command.channel, now, policy):
        if one.item.id == command.item and one.medium is not None and one.medium.sha256 in policy.studios:
            raise Refused(
                f"“{one.item.title}” is live: open its session instead.",
                f"《{one.item.title}》是直播,请用“开直播”。",
                code="live",
            )


def _open(state: State, command: OpenLive, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    asked, plan = _asked(state, command.channel, command.item, now, policy)
    frame = policy.frames[command.channel]
    if command.start == "fader":
        return (sessions.arm(asked, command.channel, plan, now, by, frame),)
    at = sessions.said(asked, now)
    return (sessions.begin(asked, "key", at, command.channel, plan, by.id, frame),)


def _asked(
    state: State, channel: ChannelId, item: str, now: Instant, policy: Policy
) -> tuple[sessions.Asked, Plan]:
    """The live line, and the plan as it runs now."""
    lines = planning.prepared_now(state, channel, now, policy)
    bounded(edits_of(state, channel))
    return sessions.asked_for(lines, item, policy.studios), plan_of(state, channel, now, policy)


def plan_of(state: State, channel: ChannelId, now: Instant, policy: Policy) -> Plan:
    """A channel's plan with all that was done by hand. Raises Refused where there is no such channel."""
    frame = planning.frame_of_channel(policy, channel)
    return planning.plans(state, attrs.evolve(policy, frames={channel: frame}, idle=()), now)[channel]


def _fader(state: State, command: OpenFader, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    waits = sessions.waiting(state.armed, command.source, now)
    if not waits:
        raise sessions.nobody(command.source)
    made: list[Event] = []
    for one in waits:  # one channel's session that cannot begin keeps no other's waiting
        try:
            made.append(_begun(state, one, "fader", 0, now, policy))
        except Refused:
            if one is waits[-1] and not made:
                raise
    return tuple(made)


def _sounds(
    state: State, command: SoundOpened, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    """What waits for sound begins; a session that cannot begin any more is told to nobody: its keys say why."""
    level = any(one.id == command.source and one.level for one in policy.studios.values())
    made: list[Event] = []
    for one in sessions.waiting(state.armed, command.source, now) if level else ():
        try:
            made.append(_begun(state, one, "level", command.since, now, policy))
        except Refused as refused:
            if refused.code != sessions.TAKEN:  # else it goes on waiting
                made.append(sessions.disarmed(one, "system"))
    return tuple(made)


def _begun(state: State, one: Armed, how: Start, since: int, now: Instant, policy: Policy) -> LiveOpened:
    asked, plan = _asked(state, one.channel, one.item, now, policy)
    at = sessions.sounded(since, one, asked, now) if how == "level" else sessions.said(asked, now)
    return sessions.begin(asked, how, at, one.channel, plan, one.by, policy.frames[one.channel])


def _dump(state: State, command: DumpLive, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    plan = plan_of(state, command.channel, now, policy)
    frame = policy.frames[command.channel]
    return (sessions.dump(plan, state.sessions, policy.studios, now, by, frame),)


def _close(state: State, command: CloseLive, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    plan = plan_of(state, command.channel, now, policy)
    frame, heard = policy.frames[command.channel], command.when == "heard"
    waits = tuple(
        sessions.disarmed(one, by.id)
        for one in state.armed
        if one.channel == command.channel and now < one.until
    )
    try:
        over = sessions.close(plan, state.sessions, policy.studios, now, by, frame, heard=heard)
    except Refused:
        if waits:
            return waits
        raise
    return (*waits, over)


def _end(state: State, command: EndLive, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    here = sample_at(now)
    channels = {
        one.channel
        for one in state.sessions
        if one.source == command.source and one.end > here and one.channel in policy.frames
    }
    return tuple(
        over
        for channel in sorted(channels)
        for over in sessions.end(
            plan_of(state, channel, now, policy),
            state.sessions,
            command.source,
            command.cause,
            command.since,
            now,
            policy.frames,
        )
    )


_DECIDE: Final[dict[type[Command], Callable[[State, Any, Instant, Operator, Policy], tuple[Event, ...]]]] = {
    OpenLive: _open,
    OpenFader: _fader,
    SoundOpened: _sounds,
    DumpLive: _dump,
    CloseLive: _close,
    EndLive: _end,
}

__all__ = ["COMMANDS", "EMPTY", "LIVE", "decide", "due", "evolve", "next_due", "plan_of"]
