"""What the glass is told of the duty book: posts, matters to hand over, the roster, a day's entries. Instants are µs UTC; knows no state."""

from __future__ import annotations

import attrs

from station.duty_messages import Post
from station.words import Instant, Text


@attrs.frozen(kw_only=True)
class PersonRef:
    """A person by operator id and name."""

    operator: str
    name: Text


@attrs.frozen(kw_only=True)
class OfferView:
    """Who waits to take a post over, and which open alerts they have acknowledged by name."""

    person: PersonRef
    at: Instant
    seen: list[str]


@attrs.frozen(kw_only=True)
class PostView:
    """One post: who holds it, who is on the roster now, who waits to take over."""

    post: Post
    name: Text
    person: PersonRef | None
    since: Instant | None
    offer: OfferView | None
    rostered: list[PersonRef]
    mine: bool
    may_take: bool


@attrs.frozen(kw_only=True)
class MatterView:
    """An alert that the next one must acknowledge by name before duty is handed over."""

    alert: str
    headline: str
    level: int
    kind: str
    phase: Text


@attrs.frozen(kw_only=True)
class ShiftView:
    """One shift of the roster, each post with its people."""

    day: str
    name: str
    start: Instant
    end: Instant
    posts: dict[str, list[PersonRef]]


@attrs.frozen(kw_only=True)
class DutyView:
    """The duty book as it stands now."""

    at: Instant
    posts: list[PostView]
    matters: list[MatterView]
    unread: list[Text]  # alarms nobody has acknowledged
    shifts: list[ShiftView]
    roster_csv: str  # the rows from today on, as they could be put in again


@attrs.frozen(kw_only=True)
class DutyEntry:
    """One line of the book: a note somebody wrote, or what the journal says happened."""

    position: int
    at: Instant
    by: PersonRef
    kind: str
    text: Text
    note: str  # id of a note; empty for what was entered by itself
    corrects: str


@attrs.frozen(kw_only=True)
class DutyDayView:
    """The page of one broadcast day: entries in the order they happened, and how often what happened."""

    day: str
    start: Instant
    end: Instant
    entries: list[DutyEntry]
    counts: dict[str, int]  # aired, drills, mutes, incidents, alarms, notes
    complete: bool  # whether every entry is listed
