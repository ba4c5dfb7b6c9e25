"""Local mute (本地静音): open to one person at once, explained afterwards, lifted by a key or with the alert it was for (L8). Decides; knows no output."""

from __future__ import annotations

from emergency.messages import (
    AlertEnded,
    AlertRejected,
    ExplainMute,
    LiftMute,
    MuteExplained,
    MuteLifted,
    MuteSounding,
    SoundingMuted,
)
from emergency.policy import Policy
from emergency.refusals import WORDS_AT_MOST, check_words, record_of
from emergency.state import State
from emergency.table import OPEN
from station.area_codes import any_contains
from station.words import SYSTEM, AreaCode, Event, Instant, Operator, Refused

MUTES_AT_MOST = 500
Events = tuple[Event, ...]


def mute(state: State, command: MuteSounding, now: Instant, by: Operator, policy: Policy) -> Events:
    """Open to one person at once (L8); one who answers for a part mutes that part. What is over is silent already."""
    if command.mute in state.mutes:
        return ()
    areas = tuple(policy.tree.known(area) for area in command.areas) or by.areas
    if by.areas and not all(any_contains(by.areas, area) for area in areas):
        raise Refused(
            "That is beyond your area; you may mute your own.",
            "超出您的辖区;您可以静音本辖区。",
            code="area",
        )
    if command.alert:
        record_of(state, command.alert)
    _check_channels(command, policy)
    if command.alert and not command.channels and _over(state, command.alert):
        return ()
    whole = not command.alert and not areas
    if not command.mute or len(command.mute) > 100 or (len(state.mutes) >= MUTES_AT_MOST and not whole):
        raise Refused(
            f"{len(state.mutes)} mutes are in force; lift some, or mute everything.",
            f"已有 {len(state.mutes)} 个静音;请先解除一些,或改为全部静音。",
            code="rate",
        )
    reason = command.reason.strip()[:WORDS_AT_MOST]
    return (
        SoundingMuted(
            mute=command.mute,
            by=by.id,
            alert=command.alert,
            areas=areas,
            reason=reason,
            channels=command.channels,
        ),
    )


def _check_channels(command: MuteSounding, policy: Policy) -> None:
    known = {channel for channel, _ in policy.channels}
    unknown = [channel for channel in command.channels if channel not in known]
    if unknown:
        raise Refused(
            f"There is no channel {unknown[0]!r}; leave channels out to mute the alerts alone.",
            f"没有频道 {unknown[0]!r};不填频道则只静音预警。",
            code="missing",
        )


def explain(state: State, command: ExplainMute, now: Instant, by: Operator, policy: Policy) -> Events:
    """The reason of a mute in force, or of a lifted one that still owes it."""
    if command.mute not in state.unexplained:
        _muted(state, command.mute)
    check_words(command.reason)
    if not command.reason.strip():
        raise Refused("Say why, in a few words.", "请用几个字写明原因。", code="reason")
    return (MuteExplained(mute=command.mute, by=by.id, reason=command.reason.strip()),)


def lift(state: State, command: LiftMute, now: Instant, by: Operator, policy: Policy) -> Events:
    areas = _muted(state, command.mute)
    if by.areas and (not areas or not all(any_contains(by.areas, area) for area in areas)):
        raise Refused(
            "This mute reaches beyond your area; ask someone who answers for the whole.",
            "该静音超出您的辖区,请负责整个范围的人取消。",
            code="area",
        )
    return (MuteLifted(mute=command.mute, by=by.id),)


def moot(after: State, events: Events) -> Events:
    """The mutes whose one alert `events` end: nothing is left to be silent. One of channels as well waits for a person."""
    ended = [one.alert for one in events if isinstance(one, (AlertEnded, AlertRejected))]
    return tuple(
        MuteLifted(mute=one.mute, by=SYSTEM.id)
        for one in after.mutes.values()
        if one.alert in ended and not one.channels and _over(after, one.alert)
    )


def _over(state: State, alert: str) -> bool:
    record = state.alerts.get(alert)
    return record is None or record.phase not in (*OPEN, "sounding")


def _muted(state: State, mute: str) -> tuple[AreaCode, ...]:
    found = state.mutes.get(mute)
    if found is None:
        raise Refused("This mute is lifted already.", "该静音已经取消。", code="missing")
    return found.areas
