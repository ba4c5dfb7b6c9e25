"""What is known of one alert, one mute, one template: the records that the state is made of. Values only; folds nothing and refuses nothing."""

from __future__ import annotations

import attrs

from emergency.messages import Message, Source, Template
from emergency.table import Phase
from station.reviews import Signature
from station.words import AreaCode, ChannelId, Instant, SampleIndex, Sha256, Text

NEVER = Instant(0)


@attrs.frozen(kw_only=True)
class Oral:
    """An oral order on record."""

    by: str
    ordered_by: str
    number: str
    recording: str


@attrs.frozen(kw_only=True)
class Record:
    """One alert as the life cycle knows it."""

    alert: str
    number: int  # in the order of submission, from 1
    phase: Phase
    message: Message
    source: Source
    content: Sha256
    incident: str
    row: str
    needed: int
    owed: int
    submitted_by: str
    hold_until: Instant | None = None
    held: Text | None = None
    fails_open: bool = False
    signatures: tuple[Signature, ...] = ()  # before air
    after: tuple[Signature, ...] = ()  # owed ones, given after air
    audio: Sha256 | None = None
    samples: int = 0
    engine: str = ""
    speechless: str = ""
    line: int = 0  # the alert stream it keeps
    since: Instant | None = None
    until: Instant | None = None
    covered: bool = False  # something lies over it, or it is muted: it does not finish meanwhile
    again: Instant = NEVER  # when it was free again: its repeats count from there
    during_drill: bool = False  # it came during a drill there: its speech says that the drill is broken off
    moved: tuple[tuple[ChannelId, SampleIndex], ...] = ()
    oral: Oral | None = None
    overdue: bool = False
    how: str = ""  # of its end
    ended_by: str = ""
    reason: str = ""
    successor: str = ""
    rejected_by: str = ""
    glass: str = ""  # reason given when the glass was broken

    @property
    def owing(self) -> int:
        """Signatures still owed after air."""
        return 0 if self.since is None or self.rejected_by else max(0, self.owed - len(self.after))

    @property
    def signers(self) -> tuple[str, ...]:
        """Who signed before air, in order."""
        return tuple(signature.by for signature in self.signatures)


@attrs.frozen(kw_only=True)
class MuteRecord:
    """A local mute in force, or one that was lifted and whose reason is owed."""

    mute: str
    by: str
    alert: str
    areas: tuple[AreaCode, ...]
    reason: str
    channels: tuple[ChannelId, ...] = ()
    lifted: Instant = NEVER  # when; its reason is owed all the same


@attrs.frozen(kw_only=True)
class TemplateRecord:
    """One version of a template and its reviews."""

    template: str
    body: Template
    content: Sha256
    by: str
    signatures: tuple[Signature, ...] = ()
    rejected_by: str = ""
