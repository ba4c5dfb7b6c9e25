"""Commands and events of the duty book: who is on duty, handing over, notes, the roster. People by operator id alone; decides nothing."""

from __future__ import annotations

from typing import Literal

import attrs

from station.words import Command, Event, Instant, Text, command, event

Post = Literal["leader", "dispatcher", "operator", "engineer"]
POSTS: tuple[Post, ...] = ("leader", "dispatcher", "operator", "engineer")
POST_NAMES: dict[Post, Text] = {
    "leader": Text("leader on duty", "带班领导"),
    "dispatcher": Text("dispatcher on duty", "值班调度"),
    "operator": Text("operator on duty", "值机员"),
    "engineer": Text("engineer on duty", "技术值班"),
}


@attrs.frozen(kw_only=True)
class Shift:
    """One shift of the roster: from `start` to `end` (µs UTC), who sits at which post, by operator id."""

    day: str  # local calendar day on which it begins, YYYY-MM-DD
    name: str
    start: Instant
    end: Instant
    leader: tuple[str, ...] = ()
    dispatcher: tuple[str, ...] = ()
    operator: tuple[str, ...] = ()
    engineer: tuple[str, ...] = ()

    def people(self, post: Post) -> tuple[str, ...]:
        """Who is on the roster for a post."""
        found: tuple[str, ...] = getattr(self, post)
        return found


@command("duty.take", right="duty")
class TakeDuty(Command):
    """Take a post over. An empty one is taken at once; one that is held, when its holder hands over. `seen` names each open alert; `absent` says why the holder cannot hand over."""

    post: Post
    seen: tuple[str, ...] = ()
    absent: str = ""


@command("duty.handover", right="duty")
class HandOverDuty(Command):
    """Hand a post over to whoever waits to take it; with `unattended` (why) to nobody, and the post is empty."""

    post: Post
    unattended: str = ""


@command("duty.note", right="duty", proof=False)
class NoteDuty(Command):
    """Write into the duty book. A note is never changed; `corrects` names the one it sets right."""

    note: str  # id, given by the client
    text: str
    corrects: str = ""


@command("duty.roster", right="roster")
class SetRoster(Command):
    """The roster of the days in `csv` is now this (docs/duty-book.md has the columns); other days stay."""

    csv: str


@event("duty.offered/1")
class DutyOffered(Event):
    """Somebody is there to take a post over and has seen these open alerts."""

    post: Post
    operator: str
    seen: tuple[str, ...]
    at: Instant


@event("duty.taken/1")
class DutyTaken(Event):
    """A post was taken: from `before` where it was handed over, else it was empty or its holder `absent` (why)."""

    post: Post
    operator: str
    at: Instant
    before: str = ""
    absent: str = ""
    seen: tuple[str, ...] = ()


@event("duty.left/1")
class DutyLeft(Event):
    """A post is empty, and why."""

    post: Post
    operator: str
    why: str


@event("duty.noted/1")
class DutyNoted(Event):
    """A note stands in the book."""

    note: str
    text: str
    corrects: str = ""


@event("duty.rostered/1")
class DutyRostered(Event):
    """Who is on duty in the days from `first` to `last`."""

    first: str
    last: str
    shifts: tuple[Shift, ...]
