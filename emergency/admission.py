"""What happens when an alert comes in: known already, refused, a cancel, or taken in to wait. Decides; knows no speech and no output."""

from __future__ import annotations

from emergency import gates
from emergency.messages import (
    AlertEnded,
    AlertHeld,
    AlertSubmitted,
    Message,
    Source,
    SubmitAlert,
)
from emergency.policy import Policy
from emergency.signatures import content_of, fails_open, row_of
from emergency.state import Record, State, identity
from emergency.table import LIVE
from emergency.templates import check_filled
from station.settings import SignatureRow
from station.words import SECOND, Event, Instant, Operator, Refused


def submit(
    state: State, command: SubmitAlert, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    """Take an alert in. The same again is no news (no event); the same identity with other content is refused."""
    message, source = command.message, command.source
    if _known(state, command):
        return ()
    gates.check_form(message, source)
    gates.check_areas(message, source, by, policy)
    gates.check_time(message, source, now, policy)
    if message.type == "cancel":
        return _cancel(state, command, by, policy)
    gates.check_quiet(message, now, policy)
    gates.check_rate(state, message, source, policy)
    _check_words(state, message, source, now)
    targets = referred(state, message) if message.type == "update" else []
    for target in targets:
        _check_may_replace(target, source)
    return _taken(state, command, now, by, policy, targets)


def _known(state: State, command: SubmitAlert) -> bool:
    content = content_of(command.message)
    name = identity(command.message.sender, command.message.identifier)
    found = {state.seen[key] for key in (command.alert, name) if key in state.seen}
    if found - {content}:
        raise Refused(
            "An alert of this sender and identifier is known with other content; a change is sent as an update with an identifier of its own.",
            "同一发送者和标识的消息已受理,内容不同;更改内容请用新标识发送“更新”。",
            code="known",
        )
    if not command.alert or "\n" in command.alert or len(command.alert) > 200:
        raise Refused("The alert's id is missing or malformed.", "预警编号缺失或格式不对。", code="form")
    return bool(found)


def _check_words(state: State, message: Message, source: Source, now: Instant) -> None:
    if source.kind != "template":
        return
    record = state.templates.get(message.template)
    if record is None:
        raise Refused(
            f"There is no reviewed template {message.template!r}. Choose another, or send it as free text (three people sign).",
            f"没有已审模板 {message.template!r}。可:①换一个模板 ②改为自由文本(三人签审)。",
            code="template",
        )
    check_filled(message, record.body, now)


def referred(state: State, message: Message) -> list[Record]:
    """The alerts that an update or a cancel refers to and that still wait or sound."""
    wanted = {part for reference in message.references for part in (reference, *reference.split(",")[1:2])}
    return [
        record
        for record in state.alerts.values()
        if record.phase in LIVE and (record.message.identifier in wanted or record.alert in wanted)
    ]


def _trust(source: Source) -> int:
    return 2 if gates.own(source) else int(source.verified)


def _check_may_replace(target: Record, source: Source) -> None:
    """Whoever updates or cancels: the same or a higher authority, and at least as surely who he says (L8)."""
    theirs = target.source
    if not gates.outranks(source.authority, theirs.authority):
        raise Refused(
            f"The alert {target.alert} came from a higher authority ({theirs.authority}). Mute it here (本地静音), ask the sender to change it, or send your own alert.",
            f"{target.alert} 由上级({theirs.authority})发出,下级不能更改。可:①本地静音 ②请发送方更改 ③另发本级消息。",
            code="authority",
        )
    same = source.id == theirs.id
    if _trust(source) < _trust(theirs) or (not same and _trust(source) == 0):
        raise Refused(
            f"The signature could not be verified, so it changes nothing; a dispatcher can cancel or mute {target.alert}.",
            f"未能验证签名,不予执行;值班调度可解除或静音 {target.alert}。",
            code="unverified",
        )


def _cancel(state: State, command: SubmitAlert, by: Operator, policy: Policy) -> tuple[Event, ...]:
    message, source = command.message, command.source
    targets = referred(state, message)
    if not targets:
        raise Refused(
            "Nothing that it refers to waits or sounds here; there is nothing to cancel.",
            "所引用的消息在本台既未待审也未播出,无可解除。",
            code="missing",
        )
    for target in targets:
        _check_may_replace(target, source)
    ended = (
        AlertEnded(
            alert=one.alert, how="cancelled", by=source.id, reason=message.headline, successor=command.alert
        )
        for one in targets
    )
    taken = _event(command, targets[0].incident, row_of(message, source, None, 0, policy), by)
    itself = AlertEnded(alert=command.alert, how="cancelled", by=source.id, reason=message.headline)
    return (taken, *ended, itself)


def _event(
    command: SubmitAlert,
    incident: str,
    row: SignatureRow,
    by: Operator,
    hold: Instant | None = None,
    *,
    opens: bool = False,
) -> AlertSubmitted:
    return AlertSubmitted(
        alert=command.alert,
        message=command.message,
        source=command.source,
        content=content_of(command.message),
        incident=incident,
        row=row.row,
        needed=row.before,
        owed=row.owed,
        hold_until=hold,
        fails_open=opens,
        submitted_by=by.id,
    )


def _taken(
    state: State, command: SubmitAlert, now: Instant, by: Operator, policy: Policy, targets: list[Record]
) -> tuple[Event, ...]:
    message, source = command.message, command.source
    template = state.templates.get(message.template) if source.kind == "template" else None
    villages = len(policy.tree.villages(message.areas))
    row = row_of(message, source, template.body if template else None, villages, policy)
    begins = max(now, message.effective)
    hold = Instant(begins + row.timer_s * SECOND) if row.timer_s and row.before else None
    opens = fails_open(message, source, policy)
    incident = targets[0].incident if targets else command.alert
    taken = _event(command, incident, row, by, hold, opens=opens)
    return (taken, *_called(taken, now, policy))


def _called(taken: AlertSubmitted, now: Instant, policy: Policy) -> tuple[Event, ...]:
    """A timer, or something at night that nobody authorised beforehand, calls a human."""
    if taken.hold_until is not None:
        why = (
            "one person must sign before the timer runs out",
            "须在计时结束前由一人签审",
        )
    elif taken.row == "unverified" and taken.message.level != 1 and gates.quiet(now, policy):
        why = (
            "it came at night and is not pre-authorised; look before you sign",
            "夜间收到且非预授权,请核实后再签审",
        )
    else:
        return ()
    return (AlertHeld(alert=taken.alert, why_en=why[0], why_zh=why[1], until=taken.hold_until),)
