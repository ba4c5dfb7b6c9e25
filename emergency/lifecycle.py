"""The life of alerts, mutes and templates: what a command comes to, what falls due, what sounds. Pure; knows no desk, no journal, no output."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import attrs

from emergency import gates, muting, template_reviews
from emergency.admission import referred, submit
from emergency.messages import (
    AlertEnded,
    AlertHeld,
    AlertRejected,
    AlertSigned,
    AlertSpeechless,
    AlertSpoken,
    AlertWentOnAir,
    BreakGlass,
    CancelAlert,
    ExpireAlert,
    ExplainMute,
    FinishAlert,
    FlagOverdue,
    GlassBroken,
    LiftMute,
    MoveOverlay,
    MuteLifted,
    MuteSounding,
    OralOrderRecorded,
    OverlayMoved,
    RecordOralOrder,
    ReleaseHold,
    SignAlert,
    SignatureOverdue,
    SignTemplate,
    SpeechFailed,
    SpeechReady,
    SubmitAlert,
    SubmitTemplate,
)
from emergency.policy import Policy
from emergency.refusals import WORDS_AT_MOST, check_reach, check_words, from_above, over, record_of
from emergency.signatures import check, check_glass, check_role, complete
from emergency.sounding import Mute, Sounding
from emergency.state import EMPTY, Record, State, evolve, evolve_all, share_ground, sounding_records
from emergency.table import OPEN
from emergency.views import due, finish_at, mutes, next_due, owed_until, ready, soundings, speech_wanted
from station.words import MINUTE, SYSTEM, Command, Event, Instant, Operator, Refused

Events = tuple[Event, ...]
Decider = Callable[[State, Any, Instant, Operator, Policy], Events]


def decide(state: State, command: Command, now: Instant, by: Operator, policy: Policy) -> Events:
    """What a command comes to. Raises Refused with one sentence that says what is wrong and what can be done.

    A command that changes nothing (said before, too late to matter) gives no events.
    """
    events = _DECIDERS[type(command)](state, command, now, by, policy)
    lifted = muting.moot(evolve_all(state, events), events) if state.mutes else ()
    return tuple(_timed(one, now) for one in (*events, *lifted))


def _timed(happened: Event, now: Instant) -> Event:
    """Ends and lifted mutes say when: what they free sounds anew from there."""
    if isinstance(happened, (AlertEnded, MuteLifted)):
        timed: Event = attrs.evolve(cast(Any, happened), at=now)
        return timed
    return happened


def _with_air(state: State, events: Events, alert: str, now: Instant, policy: Policy) -> Events:
    """`events`, and the airing they complete: the last of signatures, speech and time puts it on air."""
    after = evolve_all(state, events)
    return (*events, *_air(after, after.alerts[alert], now, policy))


def _air(state: State, record: Record, now: Instant, policy: Policy) -> Events:
    if record.phase not in OPEN or not ready(record, now):
        return ()
    if record.message.kind == "daily" and gates.quiet(now, policy):
        return _held_till_morning(record, now, policy)
    until = gates.latest_end(record.message, now, policy)
    older = _replaced(state, record)
    line = free_line(state, {one.alert for one in older}, policy)
    aired = AlertWentOnAir(
        alert=record.alert, since=now, until=until, row=record.row, signers=record.signers, line=line
    )
    ended = (
        AlertEnded(alert=one.alert, how="superseded", by=SYSTEM.id, successor=record.alert) for one in older
    )
    return (aired, *ended)


def _replaced(state: State, record: Record) -> list[Record]:
    """What this alert takes the place of: what its update refers to, and drills that a real alert breaks off (B17)."""
    updated = referred(state, record.message) if record.message.type == "update" else []
    drills = [
        one
        for one in sounding_records(state)
        if record.message.kind == "actual" and one.message.kind == "drill" and share_ground(one, record)
    ]
    return [
        *(
            one
            for one in updated
            if one.alert != record.alert and gates.outranks(record.source.authority, one.source.authority)
        ),
        *(one for one in drills if one not in updated),
    ]


def free_line(state: State, leaving: set[str], policy: Policy) -> int:
    """The lowest alert stream nobody uses, else the lowest of those that are leaving, else 0: it must share."""
    used = {record.line: record.alert for record in sounding_records(state)}
    lines = range(1, policy.streams + 1)
    free = [line for line in lines if line not in used]
    return min(free or [line for line in lines if used[line] in leaving], default=0)


def _held_till_morning(record: Record, now: Instant, policy: Policy) -> Events:
    morning = gates.day_begins(now, policy)
    if record.hold_until == morning:
        return ()
    return (
        AlertHeld(
            alert=record.alert,
            why_en="nothing daily sounds at night; it waits for the morning",
            why_zh="日常内容夜间不播,等到早晨",
            until=morning,
        ),
    )


def _sign(state: State, command: SignAlert, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    check_words(command.reason)
    if record.phase in OPEN and now >= record.message.expires:
        return (AlertEnded(alert=record.alert, how="lapsed", by=SYSTEM.id),)
    if record.phase not in OPEN and record.phase not in ("sounding", "owing"):
        raise over(record)
    if command.verdict == "reject":
        return _reject(record, command, by)
    check(record, by, command.content)
    if record.phase in OPEN:
        signed = AlertSigned(alert=record.alert, by=by.id, content=record.content)
        return _with_air(state, (signed,), record.alert, now, policy)
    if not record.owing:
        raise Refused(
            "It is on air with all its signatures; nothing is owed.",
            "该预警签审齐全,无需补签。",
            code="nothing",
        )
    return (AlertSigned(alert=record.alert, by=by.id, content=record.content, owed=True),)


def _reject(record: Record, command: SignAlert, by: Operator) -> Events:
    check_role(by)
    check_reach(record, by)
    if command.content != record.content:
        raise Refused(
            "You rejected another version; read what waits now.",
            "您退回的是另一版本,请查看当前内容。",
            code="changed",
        )
    rejected = AlertRejected(alert=record.alert, by=by.id, reason=command.reason)
    if record.phase in OPEN:
        return (rejected,)
    if not record.owing:
        raise Refused(
            "It is on air with all its signatures; cancel or mute it instead.",
            "该预警签审齐全、正在播出;请改用解除或本地静音。",
            code="nothing",
        )
    if record.phase == "owing":
        return (rejected,)
    if not gates.own(record.source):
        raise from_above(record)
    return rejected, AlertEnded(alert=record.alert, how="cancelled", by=by.id, reason=command.reason)


def _glass(state: State, command: BreakGlass, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    check_words(command.reason)
    if record.phase not in OPEN:
        raise over(record)
    if now >= record.message.expires:
        return (AlertEnded(alert=record.alert, how="lapsed", by=SYSTEM.id),)
    _check_breakable(record, command, policy)
    check_glass(record, by, command.content)
    row = policy.rows["breakglass"]
    broken = GlassBroken(
        alert=record.alert,
        by=by.id,
        content=record.content,
        reason=command.reason,
        needed=row.before,
        owed=row.owed,
    )
    signed = AlertSigned(alert=record.alert, by=by.id, content=record.content)
    first = () if record.row == "breakglass" else (broken,)
    return _with_air(state, (*first, signed), record.alert, now, policy)


def _check_breakable(record: Record, command: BreakGlass, policy: Policy) -> None:
    message = record.message
    if message.kind != "actual" or message.level not in (1, 2) or record.source.kind != "template":
        raise Refused(
            "Only a real alert of level 1 or 2 made from a reviewed template may break the glass. Choose a template, or have three people sign.",
            "破窗播出仅限由已审模板生成的真实一、二级预警。可:①选用模板 ②三人签审。",
            code="glass",
        )
    villages = len(policy.tree.villages(message.areas))
    span = message.expires - message.effective
    if villages > policy.breakglass_villages or span > policy.breakglass_span:
        minutes = policy.breakglass_span // MINUTE
        raise Refused(
            f"{villages} villages for {span // MINUTE} minutes; the limit here is {policy.breakglass_villages} villages for {minutes} minutes. Make the area or the time smaller.",
            f"所选 {villages} 个村、{span // MINUTE} 分钟,破窗播出上限为 {policy.breakglass_villages} 个村、{minutes} 分钟。请缩小范围或时长。",
            code="glass",
        )
    if not command.reason.strip():
        raise Refused("Say why, in a few words.", "请用几个字写明原因。", code="reason")


def _oral(state: State, command: RecordOralOrder, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    check_words(command.ordered_by, command.number, command.recording)
    if record.phase not in OPEN and not record.owing:
        raise over(record)
    if not command.ordered_by.strip() or not command.number.strip():
        raise Refused(
            "Say who gave the order and from which number.", "请填写下令人和来电号码。", code="form"
        )
    return (
        OralOrderRecorded(
            alert=record.alert,
            by=by.id,
            ordered_by=command.ordered_by,
            number=command.number,
            recording=command.recording,
        ),
    )


def _cancel(state: State, command: CancelAlert, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    check_words(command.reason)
    if record.phase not in OPEN and record.phase != "sounding":
        raise over(record)
    check_reach(record, by)
    if not gates.outranks(policy.authority, command.authority):
        raise Refused(
            f"This station speaks for the {policy.authority}, not for the {command.authority}.",
            f"本台权限为 {policy.authority},不能以 {command.authority} 名义解除。",
            code="authority",
        )
    if not gates.outranks(command.authority, record.source.authority):
        raise from_above(record)
    return (AlertEnded(alert=record.alert, how="cancelled", by=by.id, reason=command.reason),)


def _speech(state: State, command: SpeechReady, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    if record.phase not in OPEN or record.audio == command.audio:
        return ()
    if command.content != record.content or command.samples < 1:
        raise Refused("This speech is of another text.", "该语音与当前文字不符。", code="changed")
    spoken = AlertSpoken(
        alert=record.alert, audio=command.audio, samples=command.samples, engine=command.engine
    )
    if now >= record.message.expires:
        return (spoken, AlertEnded(alert=record.alert, how="lapsed", by=SYSTEM.id))
    return _with_air(state, (spoken,), record.alert, now, policy)


def _no_speech(state: State, command: SpeechFailed, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    if record.phase not in OPEN or record.audio is not None:
        return ()
    failed = AlertSpeechless(alert=record.alert, why=command.why[:WORDS_AT_MOST])
    if record.message.kind != "actual":
        return failed, AlertEnded(
            alert=record.alert, how="refused", by=SYSTEM.id, reason="its speech could not be made"
        )
    called = AlertHeld(
        alert=record.alert,
        why_en="no speech could be made: record it by microphone or supply a file, at once",
        why_zh="语音合成失败:请立即用话筒录音或提供音频文件",
        until=record.hold_until,
    )
    return failed, called


def _release(state: State, command: ReleaseHold, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    if record.phase not in OPEN or now >= record.message.expires:
        return ()
    aired = _air(state, record, now, policy)
    if aired or complete(record) or record.fails_open or record.hold_until is None or now < record.hold_until:
        return aired
    return (
        AlertHeld(
            alert=record.alert,
            why_en="nobody signed before the timer ran out; it does not air by itself, sign or reject it",
            why_zh="计时结束仍无人签审;不会自行播出,请签审或退回",
            until=None,
        ),
    )


def _expire(state: State, command: ExpireAlert, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    if record.phase in OPEN and now >= record.message.expires:
        return (AlertEnded(alert=record.alert, how="lapsed", by=SYSTEM.id),)
    if record.phase == "sounding" and record.until is not None and now >= record.until:
        return (AlertEnded(alert=record.alert, how="expired", by=SYSTEM.id),)
    return ()


def _finish(state: State, command: FinishAlert, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    end = finish_at(record, policy)
    if end is None or now < end:
        return ()
    return (AlertEnded(alert=record.alert, how="finished", by=SYSTEM.id),)


def _overdue(state: State, command: FlagOverdue, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    until = owed_until(record, policy)
    if until is None or record.overdue or now < until:
        return ()
    return (SignatureOverdue(alert=record.alert),)


def _move(state: State, command: MoveOverlay, now: Instant, by: Operator, policy: Policy) -> Events:
    record = record_of(state, command.alert)
    if record.phase != "sounding":
        return ()
    return (OverlayMoved(alert=record.alert, channel=command.channel, start=command.start),)


_DECIDERS: dict[type[Command], Decider] = {
    SubmitAlert: submit,
    SignAlert: _sign,
    BreakGlass: _glass,
    RecordOralOrder: _oral,
    CancelAlert: _cancel,
    MuteSounding: muting.mute,
    ExplainMute: muting.explain,
    LiftMute: muting.lift,
    SpeechReady: _speech,
    SpeechFailed: _no_speech,
    ReleaseHold: _release,
    ExpireAlert: _expire,
    FinishAlert: _finish,
    FlagOverdue: _overdue,
    MoveOverlay: _move,
    SubmitTemplate: template_reviews.propose,
    SignTemplate: template_reviews.review,
}
DECIDED: frozenset[type[Command]] = frozenset(_DECIDERS)

__all__ = [
    "DECIDED",
    "EMPTY",
    "Mute",
    "Sounding",
    "State",
    "complete",
    "decide",
    "due",
    "evolve",
    "evolve_all",
    "mutes",
    "next_due",
    "soundings",
    "speech_wanted",
]
