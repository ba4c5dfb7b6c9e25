"""What is known of alerts, mutes and templates, and how events change it. A fold; refuses nothing, knows no clock and no policy."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any, TypeVar

import attrs

from emergency import preempt
from emergency.messages import (
    AlertEnded,
    AlertHeld,
    AlertRejected,
    AlertSigned,
    AlertSpeechless,
    AlertSpoken,
    AlertSubmitted,
    AlertWentOnAir,
    GlassBroken,
    MuteExplained,
    MuteLifted,
    OralOrderRecorded,
    OverlayMoved,
    SignatureOverdue,
    SoundingMuted,
    TemplateRejected,
    TemplateSigned,
    TemplateSubmitted,
)
from emergency.records import MuteRecord, Oral, TemplateRecord
from emergency.records import Record as Record
from emergency.table import LIVE, TABLE, Step
from station.area_codes import any_meets
from station.reviews import Signature
from station.words import Event, Instant, Sha256, Text

CLOSED_KEPT = 200  # alerts that are over and owe nothing stay known this long, counted in alerts
OWING_KEPT = 1000  # alerts off the air whose signature is still owed; an older debt stands in the journal
SEEN_KEPT = 4096  # identities remembered against replay
UNEXPLAINED_KEPT = 20  # lifted mutes whose reason is asked for; an older debt stands in the journal


@attrs.frozen(kw_only=True)
class State:
    """All of the emergency part. Bounded: what is closed leaves it."""

    number: int = 0
    alerts: dict[str, Record] = attrs.field(factory=dict)
    closed: tuple[str, ...] = ()  # ids of alerts that are over and owe nothing, oldest first
    seen: dict[str, Sha256] = attrs.field(factory=dict)  # identity → content, oldest first
    mutes: dict[str, MuteRecord] = attrs.field(factory=dict)
    unexplained: dict[str, MuteRecord] = attrs.field(factory=dict)  # lifted, their reason owed; oldest first
    templates: dict[str, TemplateRecord] = attrs.field(factory=dict)  # reviewed
    proposals: dict[str, TemplateRecord] = attrs.field(factory=dict)  # waiting for their reviews, or refused


EMPTY = State()
TEMPLATE_REVIEWS = 3


def identity(sender: str, identifier: str) -> str:
    """Under which a sender's message is remembered; no alert id looks like it."""
    return f"{sender}\n{identifier}"


def sounding_records(state: State) -> list[Record]:
    """The records on air, in no order."""
    return [record for record in state.alerts.values() if record.phase == "sounding"]


def _put(state: State, record: Record) -> State:
    return attrs.evolve(state, alerts={**state.alerts, record.alert: record})


def _step(state: State, alert: str, step: Step, **changes: Any) -> State:
    record = state.alerts[alert]
    phase = TABLE[record.phase, step]
    changed = _put(state, attrs.evolve(record, phase=phase, **changes))
    if phase == "owing":
        return _bound_debts(changed)
    return changed if phase in LIVE else _close(changed, alert)


def _bound_debts(state: State) -> State:
    debts = [key for key, record in state.alerts.items() if record.phase == "owing"]
    gone = debts[:-OWING_KEPT]
    alerts = (
        {key: record for key, record in state.alerts.items() if key not in gone} if gone else state.alerts
    )
    return attrs.evolve(state, alerts=alerts)


def _close(state: State, alert: str) -> State:
    closed = (*(known for known in state.closed if known != alert), alert)
    gone = closed[:-CLOSED_KEPT]
    alerts = (
        {key: record for key, record in state.alerts.items() if key not in gone} if gone else state.alerts
    )
    return attrs.evolve(state, alerts=alerts, closed=closed[len(gone) :])


def _remember(seen: dict[str, Sha256], keys: tuple[str, ...], content: Sha256) -> dict[str, Sha256]:
    known = {**seen, **dict.fromkeys(keys, content)}
    for oldest in list(known)[: max(0, len(known) - SEEN_KEPT)]:
        del known[oldest]
    return known


def _submitted(state: State, event: AlertSubmitted) -> State:
    message = event.message
    drilled = any(
        one.message.kind == "drill" and any(any_meets(one.message.areas, area) for area in message.areas)
        for one in sounding_records(state)
    )
    record = Record(
        alert=event.alert,
        number=state.number + 1,
        phase=TABLE["new", "submitted"],
        message=message,
        source=event.source,
        content=event.content,
        incident=event.incident,
        row=event.row,
        needed=event.needed,
        owed=event.owed,
        submitted_by=event.submitted_by,
        hold_until=event.hold_until,
        fails_open=event.fails_open,
        during_drill=drilled and message.kind == "actual",
    )
    keys = (event.alert, identity(message.sender, message.identifier))
    seen = _remember(state.seen, keys, event.content)
    return _put(attrs.evolve(state, number=record.number, seen=seen), record)


def _spoken(state: State, event: AlertSpoken) -> State:
    made = {"audio": event.audio, "samples": event.samples, "engine": event.engine, "speechless": ""}
    return _step(state, event.alert, "spoken", **made)


def _speechless(state: State, event: AlertSpeechless) -> State:
    return _step(state, event.alert, "speechless", speechless=event.why)


def _signed(state: State, event: AlertSigned) -> State:
    record = state.alerts[event.alert]
    signature = Signature(by=event.by, content=event.content)
    if not event.owed:
        return _step(state, event.alert, "signed", signatures=(*record.signatures, signature))
    after = (*record.after, signature)
    settled = record.owed <= len(after)
    step: Step = "settles" if settled and record.phase == "owing" else "signed"
    return _step(state, event.alert, step, after=after, overdue=record.overdue and not settled)


def _rejected(state: State, event: AlertRejected) -> State:
    said = {"rejected_by": event.by, "reason": event.reason, "overdue": False}
    return _step(state, event.alert, "rejected", **said)


def _glass(state: State, event: GlassBroken) -> State:
    row = {"row": "breakglass", "needed": event.needed, "owed": event.owed, "glass": event.reason}
    return _step(state, event.alert, "glassbroken", **row)


def _held(state: State, event: AlertHeld) -> State:
    why = Text(event.why_en, event.why_zh)
    return _step(state, event.alert, "held", held=why, hold_until=event.until)


def _aired(state: State, event: AlertWentOnAir) -> State:
    aired = {
        "line": event.line,
        "since": event.since,
        "until": event.until,
        "row": event.row,
        "held": None,
        "hold_until": None,
    }
    return _cover(_step(state, event.alert, "aired", **aired), event.alert)


def _cover(state: State, alert: str) -> State:
    """Mark whichever of two alerts on the same ground lies below the other."""
    new = state.alerts[alert]
    for other in sounding_records(state):
        if other.alert == alert or not share_ground(new, other):
            continue
        lower = new if preempt.rank(other) <= preempt.rank(new) else other
        state = _put(state, attrs.evolve(state.alerts[lower.alert], covered=True))
    return state


def share_ground(one: Record, other: Record) -> bool:
    """Whether two alerts are meant for some ground in common."""
    return any(any_meets(one.message.areas, area) for area in other.message.areas)


def _moved(state: State, event: OverlayMoved) -> State:
    others = tuple(pair for pair in state.alerts[event.alert].moved if pair[0] != event.channel)
    return _step(state, event.alert, "moved", moved=(*others, (event.channel, event.start)))


def _ended(state: State, event: AlertEnded) -> State:
    record = state.alerts[event.alert]
    step: Step = "owes" if record.phase == "sounding" and record.owing else event.how
    end = {"how": event.how, "ended_by": event.by, "successor": event.successor}
    end["reason"] = event.reason or record.reason
    return _freed(_step(state, event.alert, step, **end, hold_until=None), event.at)


def _oral(state: State, event: OralOrderRecorded) -> State:
    oral = Oral(by=event.by, ordered_by=event.ordered_by, number=event.number, recording=event.recording)
    return _step(state, event.alert, "oral", oral=oral)


def _overdue(state: State, event: SignatureOverdue) -> State:
    return _step(state, event.alert, "overdue", overdue=True)


def _muted(state: State, event: SoundingMuted) -> State:
    mute = MuteRecord(
        mute=event.mute,
        by=event.by,
        alert=event.alert,
        areas=event.areas,
        reason=event.reason,
        channels=event.channels,
    )
    for record in sounding_records(state):
        if event.alert in ("", record.alert):
            state = _put(state, attrs.evolve(record, covered=True))
    owed = {key: one for key, one in state.unexplained.items() if key != event.mute}
    return attrs.evolve(state, mutes={**state.mutes, event.mute: mute}, unexplained=owed)


def _explained(state: State, event: MuteExplained) -> State:
    found = state.mutes.get(event.mute)
    if found is None:
        owed = {key: mute for key, mute in state.unexplained.items() if key != event.mute}
        return attrs.evolve(state, unexplained=owed)
    mute = attrs.evolve(found, reason=event.reason)
    return attrs.evolve(state, mutes={**state.mutes, event.mute: mute})


def _lifted(state: State, event: MuteLifted) -> State:
    left = dict(state.mutes)
    mute, owed = left.pop(event.mute, None), dict(state.unexplained)
    if (
        mute is not None and not mute.reason and event.at
    ):  # records of an older version have no time: nobody is asked
        owed[event.mute] = attrs.evolve(mute, lifted=event.at)
    for oldest in list(owed)[:-UNEXPLAINED_KEPT]:
        del owed[oldest]
    return _freed(attrs.evolve(state, mutes=left, unexplained=owed), event.at)


def _freed(state: State, at: Instant) -> State:
    """What nothing covers any more sounds from `at` as if anew: all its repeats, and then it is over."""
    for record in sounding_records(state):
        if at and record.covered and not _lies_under(state, record):
            state = _put(state, attrs.evolve(record, covered=False, again=at, moved=()))
    return state


def _lies_under(state: State, record: Record) -> bool:
    muted = any(mute.alert in ("", record.alert) for mute in state.mutes.values())
    others = (
        one for one in sounding_records(state) if one.alert != record.alert and share_ground(one, record)
    )
    return muted or any(preempt.rank(one) <= preempt.rank(record) for one in others)


def _proposed(state: State, event: TemplateSubmitted) -> State:
    record = TemplateRecord(template=event.template, body=event.body, content=event.content, by=event.by)
    return attrs.evolve(state, proposals={**state.proposals, event.template: record})


def _reviewed(state: State, event: TemplateSigned) -> State:
    found = state.proposals[event.template]
    signature = Signature(by=event.by, content=event.content)
    record = attrs.evolve(found, signatures=(*found.signatures, signature))
    if len(record.signatures) < TEMPLATE_REVIEWS:
        return attrs.evolve(state, proposals={**state.proposals, event.template: record})
    rest = {key: other for key, other in state.proposals.items() if key != event.template}
    return attrs.evolve(state, proposals=rest, templates={**state.templates, event.template: record})


def _turned_down(state: State, event: TemplateRejected) -> State:
    record = attrs.evolve(state.proposals[event.template], rejected_by=event.by)
    return attrs.evolve(state, proposals={**state.proposals, event.template: record})


E = TypeVar("E", bound=Event)
_FOLD: dict[type[Event], Callable[[State, Any], State]] = {
    AlertSubmitted: _submitted,
    AlertSpoken: _spoken,
    AlertSpeechless: _speechless,
    AlertSigned: _signed,
    AlertRejected: _rejected,
    GlassBroken: _glass,
    AlertHeld: _held,
    AlertWentOnAir: _aired,
    OverlayMoved: _moved,
    AlertEnded: _ended,
    OralOrderRecorded: _oral,
    SignatureOverdue: _overdue,
    SoundingMuted: _muted,
    MuteExplained: _explained,
    MuteLifted: _lifted,
    TemplateSubmitted: _proposed,
    TemplateSigned: _reviewed,
    TemplateRejected: _turned_down,
}


def evolve(state: State, event: Event) -> State:
    """The state after an event; events of other parts leave it as it is."""
    fold = _FOLD.get(type(event))
    return state if fold is None else fold(state, event)


def evolve_all(state: State, events: tuple[Event, ...]) -> State:
    """The state after several events in order."""
    return reduce(evolve, events, state)
