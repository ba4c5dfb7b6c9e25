"""What the station makes of a witness' reports: slots measured, incidents opened and closed. Decides; knows no sound, no socket, no clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from safety.messages import (
    SLOT,
    IncidentClosed,
    IncidentOpened,
    LapseWitness,
    ReportSlots,
    SlotRun,
    SlotsMeasured,
    SlotState,
)
from safety.slots import follow_on, start_of
from station.words import (
    SECOND,
    ChannelId,
    Command,
    Duration,
    Event,
    Instant,
    Operator,
    Refused,
    SampleIndex,
    instant_of,
    sample_at,
)

_LAPSE: Final = Duration(30 * SECOND)
_AHEAD: Final = Duration(60 * SECOND)
VERSION: Final = 1  # of this fold, for snapshots
_QUIET: Final[frozenset[str]] = frozenset({"NORMAL", "PLANNED", "UNKNOWN"})


@attrs.frozen(kw_only=True)
class Policy:
    """Limits of the part; shipped values are unverified against GY/T 264."""

    fold_slots: int = (
        250  # an unchanged state is journaled at most every 25 s; the witness tells the last 30 s again
    )
    lapse: Duration = _LAPSE  # a witness silent for longer has lapsed (漏监)
    most_runs: int = 2_000  # of one report
    ahead: Duration = _AHEAD  # how far a report may lie in the future


@attrs.frozen(kw_only=True)
class Incident:
    """What is not right now, since when."""

    state: SlotState
    since: SampleIndex
    cause: str


@attrs.frozen(kw_only=True)
class Point:
    """What is known of one channel at one measuring point."""

    point: str
    real_return: bool
    until: int  # slot up to which it is measured
    last: SlotRun  # the newest run
    since: int  # the first slot of the newest state
    incident: Incident | None = None


@attrs.frozen(kw_only=True)
class State:
    """One entry a channel: bounded by the settings."""

    channels: Mapping[ChannelId, Point] = attrs.field(factory=dict)


EMPTY: Final = State()


def decide(state: State, command: Command, now: Instant, by: Operator, policy: Policy) -> list[Event]:
    """Events of a report. Raises Refused."""
    if isinstance(command, ReportSlots):
        return _measured(state, command, now, policy)
    if isinstance(command, LapseWitness):
        return _lapsed(state, command, now, policy)
    return []


def _measured(state: State, command: ReportSlots, now: Instant, policy: Policy) -> list[Event]:
    _check(command, now, policy)
    known = state.channels.get(command.channel)
    until = None if known is None else known.until
    runs = follow_on(until, command.runs, cause="not measured")
    if known is not None and (not runs or _may_wait(known, runs, policy)):
        return []
    measured = SlotsMeasured(
        channel=command.channel, point=command.point, real_return=command.real_return, runs=runs
    )
    return [measured, *_incidents(command.channel, command.point, known, runs)]


def _check(command: ReportSlots, now: Instant, policy: Policy) -> None:
    if not command.runs or len(command.runs) > policy.most_runs:
        raise Refused(
            f"a report carries 1 to {policy.most_runs} runs, not {len(command.runs)}",
            f"一次报告须含 1 至 {policy.most_runs} 段,而不是 {len(command.runs)} 段",
        )
    for run in command.runs:
        if run.last <= run.first or run.first < 0:
            raise Refused(
                f"a run from slot {run.first} to {run.last} is none", f"时隙段 {run.first} 至 {run.last} 无效"
            )
        if run.last > sample_at(Instant(now + policy.ahead)) // SLOT:
            raise Refused("a report lies in the future", "报告时间在未来")


def _may_wait(known: Point, runs: Sequence[SlotRun], policy: Policy) -> bool:
    """Whether nothing changed and little is new: the witness tells it again, so nothing is lost."""
    same = all(_alike(known.last, run) for run in runs)
    return same and runs[-1].last - known.until < policy.fold_slots


def _alike(a: SlotRun, b: SlotRun) -> bool:
    return (a.state, a.heard, a.due, a.cause) == (b.state, b.heard, b.due, b.cause)


def _incidents(
    channel: ChannelId, point: str, known: Point | None, runs: Sequence[SlotRun]
) -> list[IncidentOpened | IncidentClosed]:
    made: list[IncidentOpened | IncidentClosed] = []
    open_now = None if known is None else known.incident
    for run in runs:
        if open_now is not None and run.state != open_now.state:
            made.append(_closed(channel, point, open_now, start_of(run.first)))
            open_now = None
        if open_now is None and run.state not in _QUIET:
            open_now = Incident(state=run.state, since=start_of(run.first), cause=run.cause)
            made.append(
                IncidentOpened(
                    channel=channel, point=point, state=run.state, since=open_now.since, cause=run.cause
                )
            )
    return made


def _closed(channel: ChannelId, point: str, incident: Incident, until: SampleIndex) -> IncidentClosed:
    return IncidentClosed(
        channel=channel,
        point=point,
        state=incident.state,
        since=incident.since,
        until=max(until, incident.since),
    )


def _lapsed(state: State, command: LapseWitness, now: Instant, policy: Policy) -> list[Event]:
    known = state.channels.get(command.channel)
    if known is None or not _silent(known, now, policy) or _has_lapsed(known):
        return []
    made: list[Event] = []
    if known.incident is not None:
        made.append(_closed(command.channel, known.point, known.incident, start_of(known.until)))
    opened = IncidentOpened(
        channel=command.channel,
        point=known.point,
        state="UNKNOWN",
        since=start_of(known.until),
        cause="no report from the witness",
    )
    return [*made, opened]


def _silent(known: Point, now: Instant, policy: Policy) -> bool:
    return now >= _lapses_at(known, policy)


def _lapses_at(known: Point, policy: Policy) -> Instant:
    return Instant(instant_of(start_of(known.until)) + policy.lapse)


def _has_lapsed(known: Point) -> bool:
    return known.incident is not None and known.incident.state == "UNKNOWN"


def evolve(state: State, event: Event) -> State:
    """The state after an event; events of other parts change nothing."""
    if isinstance(event, SlotsMeasured):
        return _with(state, event.channel, _extended(state.channels.get(event.channel), event))
    if isinstance(event, (IncidentOpened, IncidentClosed)):
        known = state.channels.get(event.channel)
        if known is None:
            return state
        incident = None
        if isinstance(event, IncidentOpened):
            incident = Incident(state=event.state, since=event.since, cause=event.cause)
        return _with(state, event.channel, attrs.evolve(known, incident=incident))
    return state


def _extended(known: Point | None, event: SlotsMeasured) -> Point:
    since = event.runs[0].first if known is None else known.since
    before = None if known is None else known.last.state
    for run in event.runs:
        since = since if run.state == before else run.first
        before = run.state
    return Point(
        point=event.point,
        real_return=event.real_return,
        until=event.runs[-1].last,
        last=event.runs[-1],
        since=since,
        incident=None if known is None else known.incident,
    )


def _with(state: State, channel: ChannelId, point: Point) -> State:
    return State(channels={**state.channels, channel: point})


def due(state: State, now: Instant, policy: Policy) -> list[Command]:
    """What falls due by itself: witnesses that fell silent."""
    return [
        LapseWitness(channel=channel)
        for channel, known in sorted(state.channels.items())
        if _silent(known, now, policy) and not _has_lapsed(known)
    ]


def next_due(state: State, now: Instant, policy: Policy) -> Instant | None:
    """When to look again; None where nothing will fall due."""
    return min((_lapses_at(k, policy) for k in state.channels.values() if not _has_lapsed(k)), default=None)
