"""What is known of each alert for people to read, folded from events, ended ones included. Knows no database and decides nothing."""

from __future__ import annotations

import attrs

from devices.messages import TerminalsAnswered
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
    Message,
    OralOrderRecorded,
    SignatureOverdue,
    Source,
)
from station.words import Event, Instant, Sha256


@attrs.frozen(kw_only=True)
class Given:
    """A signature."""

    by: str
    at: Instant
    owed: bool


@attrs.frozen(kw_only=True)
class Counts:
    """The four counts as the terminals last gave them."""

    ordered: int = 0
    acknowledged: int = 0
    playing: int = 0
    heard: int = 0
    silent: int = 0


@attrs.frozen(kw_only=True)
class AlertRow:
    """One alert from its arrival to its end."""

    id: str
    message: Message
    source: Source
    content: Sha256
    submitted_at: Instant
    submitted_by: str
    row: str
    needed: int
    owed: int
    hold_until: Instant | None = None
    held_en: str = ""
    held_zh: str = ""
    signatures: tuple[Given, ...] = ()
    audio: Sha256 | None = None
    samples: int = 0
    engine: str = ""
    speechless: str = ""
    aired_at: Instant | None = None
    until: Instant | None = None
    signers: tuple[str, ...] = ()
    line: int = 0
    ended_at: Instant | None = None
    ended_how: str = ""
    ended_by: str = ""
    reason: str = ""
    oral: str = ""
    overdue: bool = False
    counts: Counts = Counts()


def alert_of(happened: Event) -> str | None:
    """The alert an event is about, or None."""
    found = getattr(happened, "alert", None)
    return found if isinstance(found, str) and found and isinstance(happened, _OF_AN_ALERT) else None


def fold(row: AlertRow | None, happened: Event, at: Instant) -> AlertRow | None:
    """The row after `happened`; None as long as the alert is unknown."""
    if isinstance(happened, AlertSubmitted):
        return _submitted(happened, at)
    if row is None:
        return None
    if isinstance(happened, (AlertSigned, AlertRejected, OralOrderRecorded, SignatureOverdue)):
        return _by_people(row, happened, at)
    if isinstance(happened, (AlertWentOnAir, AlertEnded)):
        return _on_and_off(row, happened, at)
    if isinstance(happened, AlertHeld):
        return attrs.evolve(row, held_en=happened.why_en, held_zh=happened.why_zh, hold_until=happened.until)
    if isinstance(happened, GlassBroken):
        return attrs.evolve(row, row="breakglass", needed=happened.needed, owed=happened.owed)
    if isinstance(happened, AlertSpoken):
        return attrs.evolve(row, audio=happened.audio, samples=happened.samples, engine=happened.engine)
    if isinstance(happened, AlertSpeechless):
        return attrs.evolve(row, speechless=happened.why)
    if isinstance(happened, TerminalsAnswered):
        counts = Counts(
            ordered=happened.ordered,
            acknowledged=happened.acknowledged,
            playing=happened.playing,
            heard=happened.heard,
            silent=happened.silent,
        )
        return attrs.evolve(row, counts=counts)
    return row


def _submitted(happened: AlertSubmitted, at: Instant) -> AlertRow:
    return AlertRow(
        id=happened.alert,
        message=happened.message,
        source=happened.source,
        content=happened.content,
        submitted_at=at,
        submitted_by=happened.submitted_by,
        row=happened.row,
        needed=happened.needed,
        owed=happened.owed,
        hold_until=happened.hold_until,
    )


def _by_people(
    row: AlertRow, happened: AlertSigned | AlertRejected | OralOrderRecorded | SignatureOverdue, at: Instant
) -> AlertRow:
    if isinstance(happened, AlertSigned):
        given = Given(by=happened.by, at=at, owed=happened.owed)
        settled = len([s for s in row.signatures if s.owed]) + 1 >= row.owed if happened.owed else False
        return attrs.evolve(row, signatures=(*row.signatures, given), overdue=row.overdue and not settled)
    if isinstance(happened, AlertRejected):
        return attrs.evolve(
            row, ended_at=at, ended_how="rejected", ended_by=happened.by, reason=happened.reason
        )
    if isinstance(happened, OralOrderRecorded):
        return attrs.evolve(row, oral=f"{happened.ordered_by} {happened.number} {happened.recording}".strip())
    return attrs.evolve(row, overdue=True)


def _on_and_off(row: AlertRow, happened: AlertWentOnAir | AlertEnded, at: Instant) -> AlertRow:
    if isinstance(happened, AlertWentOnAir):
        return attrs.evolve(
            row,
            aired_at=happened.since,
            until=happened.until,
            signers=happened.signers,
            row=happened.row,
            line=happened.line,
        )
    return attrs.evolve(
        row, ended_at=at, ended_how=happened.how, ended_by=happened.by, reason=happened.reason
    )


_OF_AN_ALERT = (
    AlertSubmitted,
    AlertSigned,
    AlertRejected,
    OralOrderRecorded,
    SignatureOverdue,
    AlertWentOnAir,
    AlertEnded,
    AlertHeld,
    AlertSpoken,
    AlertSpeechless,
    GlassBroken,
    TerminalsAnswered,
)
