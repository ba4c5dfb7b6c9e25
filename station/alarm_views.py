"""What the glass is told of alarms: frozen views. Instants are µs UTC; knows no state."""

from __future__ import annotations

import attrs

from station.words import Instant, Text


@attrs.frozen(kw_only=True)
class CallView:
    """People who were called because nobody acknowledged."""

    level: int  # 1 who is on duty, 2 the next of the roster, 3 engineer and leader
    who: list[Text]  # none: nobody was named
    at: Instant
    state: str  # delivered, failed, under-way, panel (no gateway: it stands here alone)
    why: Text | None  # of the last failure, while it is not delivered


@attrs.frozen(kw_only=True)
class AlarmView:
    """One occurrence of an alarm, as whoever is on duty reads it."""

    number: int
    key: str
    card: str
    title: Text  # of the card
    severity: str  # station.conditions.Severity
    where: str
    text: Text  # with the figures of now while it stands, of its raising afterwards
    phase: str  # of safety.alarm_table
    phase_text: Text
    unread: bool
    because: int  # number of the alarm it follows from; 0: of none
    raised_at: Instant  # first: the condition began
    since: Instant  # raised last
    times: int
    chattering: bool
    acknowledged_at: Instant | None
    acknowledged_by: Text | None
    returned_at: Instant | None  # the condition ended; None while it holds
    cleared_at: Instant | None  # ended and seen to: the later of the two, nothing more will happen to it
    shelved_until: Instant | None
    shelved_by: Text | None
    shelved_reason: str
    calls: list[CallView] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class ContactView:
    """Somebody to call."""

    role: Text
    name: Text
    phone: str
    on_duty: bool = False  # holds the post now


@attrs.frozen(kw_only=True)
class CardView:
    """An alarm card: what it means, what to do now, whom to call."""

    id: str
    title: Text
    means: Text
    do: list[Text]
    call: Text  # the role
    contacts: list[ContactView]  # who that is now; empty: nobody is named


@attrs.frozen(kw_only=True)
class AlarmsView:
    """The Alarms page: what stands (what must be acknowledged first, then worst, then newest), what is shelved."""

    at: Instant
    active: list[AlarmView]
    shelved: list[AlarmView]
    cards: list[CardView]  # of those
    shelf_minutes: int
    shelf_minutes_critical: int


@attrs.frozen(kw_only=True)
class AlarmLine:
    """One alarm in the strip of every page."""

    number: int
    severity: str
    text: Text
    phase: str
    since: Instant
    level: int = 0  # how far people were called
    returned_at: Instant | None = None  # the condition ended, only the acknowledgement is missing


@attrs.frozen(kw_only=True)
class AlarmsBrief:
    """Alarms on every page: how many are unread by severity, the first of them, and how many more there are."""

    critical: int = 0
    major: int = 0
    minor: int = 0
    standing: int = 0  # acknowledged and still wrong
    shelved: int = 0
    following: int = 0  # unread, but only because of another
    righted: dict[str, int] = attrs.field(factory=dict)  # severity → of the unread, those that are over
    first: list[AlarmLine] = attrs.field(factory=list)
    ring: bool = False  # an unread critical one: the panel sounds
