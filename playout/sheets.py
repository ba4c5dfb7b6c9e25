"""What planning remembers: versions of rundowns with their signatures, how far plans reach, which as-run lines are known. A fold; refuses nothing, knows no clock and no policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Literal

import attrs

from playout.after_alerts import edit_of
from playout.live_messages import LiveClosed, LiveDumped, LiveOpened
from playout.live_state import LIVE_EVENTS, Armed, LiveEvent, Session, folded, lying
from playout.messages import (
    AiredEntries,
    AirEdited,
    ItemInserted,
    MediumRestored,
    MediumWithdrawn,
    MemberChosen,
    PlanExtended,
    ProgrammeResumed,
    RelayEnded,
    RelayExtended,
    RundownApproved,
    RundownRejected,
    RundownSigned,
    RundownSubmitted,
)
from schedules.calendar import add_days
from schedules.edits import Edit
from schedules.plan import Medium
from schedules.rundown import Rundown, alike, parse
from station.reviews import Signature
from station.words import SAMPLE_RATE, ChannelId, Event, Instant, SampleIndex, Sha256, sample_at

KEPT_DAYS = 20  # a day leaves the state when one this much later is submitted
EDITS_KEPT = 30 * 3_600 * SAMPLE_RATE  # so long an edit may still lie within a plan
RUNS_KEPT = 32  # logs of players whose last line is remembered


@attrs.frozen(kw_only=True)
class Sheet:
    """One version of a day's rundown, and who signed it."""

    channel: ChannelId
    day: str
    content: Sha256
    csv: str
    media: tuple[tuple[str, Sha256], ...]
    by: str
    phase: Literal["waiting", "approved", "rejected"] = "waiting"
    signatures: tuple[Signature, ...] = ()
    reason: str = ""

    @property
    def approval(self) -> str:
        """The name under which its takes go on air."""
        return f"rundown:{self.channel}:{self.day}:{self.content[:12]}"


@lru_cache(maxsize=64)
def parsed(csv: str, channel: ChannelId, day: str) -> Rundown:
    """The rundown of a version that was taken once already."""
    return parse(csv, channel, day)


def own_names(found: Sheet, media: Mapping[str, Medium]) -> Rundown:
    """The rundown with each name turned into what was signed: the same name may mean another file by now."""
    bound = {name: sha256 for name, sha256 in found.media if sha256 in media}
    rundown = parsed(found.csv, found.channel, found.day)
    items = tuple(
        attrs.evolve(
            item,
            media=bound.get(item.media, item.media),
            replacement=bound.get(item.replacement, item.replacement),
        )
        for item in rundown.items
    )
    return attrs.evolve(rundown, items=items)


def repeats(held: Sheet, rundown: Rundown, media: tuple[tuple[str, Sha256], ...]) -> bool:
    """Whether a rundown says just what a version says, of just the same files."""
    return held.media == media and alike(parsed(held.csv, held.channel, held.day), rundown)


@attrs.frozen(kw_only=True)
class Extent:
    """How far a channel's plan was last made, and how often it changed."""

    channel: ChannelId
    day: str = ""
    digest: str = ""
    revision: int = 0


@attrs.frozen(kw_only=True)
class Run:
    """The last as-run line known of one player's log."""

    chain: str
    run: str
    seq: int


@attrs.frozen(kw_only=True)
class Withdrawn:
    """A medium nobody may hear or see, and who said so."""

    media: Sha256
    title: str
    reason: str
    by: str
    at: Instant


@attrs.frozen(kw_only=True)
class Edits:
    """What operators changed of one channel's plan lately, in order."""

    channel: ChannelId
    edits: tuple[Edit, ...]


@attrs.frozen(kw_only=True)
class Wish:
    """By which member people want to hear a relay; each wish has the next number."""

    relay: str
    member: int
    number: int


@attrs.frozen(kw_only=True)
class State:
    """All that planning remembers; old days and old runs leave it."""

    sheets: tuple[Sheet, ...] = ()
    extents: tuple[Extent, ...] = ()
    runs: tuple[Run, ...] = ()  # the least recent first
    withdrawn: tuple[Withdrawn, ...] = ()
    edits: tuple[Edits, ...] = ()
    wishes: tuple[Wish, ...] = ()
    armed: tuple[Armed, ...] = ()
    sessions: tuple[Session, ...] = ()  # of the last thirty hours


EMPTY = State()


def sheet(state: State, channel: ChannelId, day: str, phase: str) -> Sheet | None:
    """The version of a day that is in `phase`, if any."""
    for found in state.sheets:
        if (found.channel, found.day, found.phase) == (channel, day, phase):
            return found
    return None


def extent(state: State, channel: ChannelId) -> Extent:
    """How far a channel's plan was made."""
    for found in state.extents:
        if found.channel == channel:
            return found
    return Extent(channel=channel)


def edits_of(state: State, channel: ChannelId) -> tuple[Edit, ...]:
    """What operators changed of a channel's plan lately."""
    return next((found.edits for found in state.edits if found.channel == channel), ())


def evolve(state: State, happened: Event) -> State:
    """The state after an event; what is no business of planning changes nothing."""
    fold = _FOLDS.get(type(happened))
    return fold(state, happened) if fold else state


def _submitted(state: State, happened: RundownSubmitted) -> State:
    made = Sheet(
        channel=happened.channel,
        day=happened.day,
        content=happened.content,
        csv=happened.csv,
        media=happened.media,
        by=happened.by,
    )
    oldest = add_days(happened.day, -KEPT_DAYS)
    kept = tuple(
        found
        for found in state.sheets
        if found.day >= oldest and not (_same_day(found, happened) and found.phase in ("waiting", "rejected"))
    )
    return attrs.evolve(state, sheets=(*kept, made))


def _same_day(found: Sheet, happened: Any) -> bool:
    return bool((found.channel, found.day) == (happened.channel, happened.day))


def _change(state: State, happened: Any, change: Callable[[Sheet], Sheet]) -> State:
    sheets = tuple(
        change(found) if _same_day(found, happened) and found.phase == "waiting" else found
        for found in state.sheets
    )
    return attrs.evolve(state, sheets=sheets)


def _signed(state: State, happened: RundownSigned) -> State:
    mark = Signature(by=happened.by, content=happened.content)
    return _change(state, happened, lambda found: attrs.evolve(found, signatures=(*found.signatures, mark)))


def _rejected(state: State, happened: RundownRejected) -> State:
    return _change(
        state, happened, lambda found: attrs.evolve(found, phase="rejected", reason=happened.reason)
    )


def _approved(state: State, happened: RundownApproved) -> State:
    without = tuple(
        found for found in state.sheets if not (_same_day(found, happened) and found.phase == "approved")
    )
    state = _change(
        attrs.evolve(state, sheets=without), happened, lambda found: attrs.evolve(found, phase="approved")
    )
    return _put(state, extent(state, happened.channel))


def _extended(state: State, happened: PlanExtended) -> State:
    held = extent(state, happened.channel)
    return _put(state, attrs.evolve(held, day=happened.day, digest=happened.digest))


def _edited(state: State, happened: AirEdited) -> State:
    return _with_edit(state, happened, Edit(verb=happened.verb, at=happened.at, take=happened.take))


def _inserted(state: State, happened: ItemInserted) -> State:
    lies = lying(happened, offset=happened.offset, trimmed=happened.trimmed)
    return _with_edit(state, happened, Edit(verb="insert", at=happened.at, lies=lies))


def _extended_by_key(state: State, happened: RelayExtended) -> State:
    made = Edit(verb="extend", at=happened.at, take=happened.take, until=happened.until, was=happened.was)
    return _with_edit(state, happened, made)


def _ended(state: State, happened: RelayEnded) -> State:
    return _with_edit(state, happened, Edit(verb="end", at=happened.at, take=happened.take))


def _resumed(state: State, happened: ProgrammeResumed) -> State:
    return _with_edit(state, happened, edit_of(happened))


def _chosen(state: State, happened: MemberChosen) -> State:
    made = Wish(relay=happened.relay, member=happened.member, number=happened.number)
    others = tuple(one for one in state.wishes if one.relay != happened.relay)
    return attrs.evolve(state, wishes=(*others, made))


def _live(state: State, happened: LiveEvent) -> State:
    armed, sessions, made = folded(state.armed, state.sessions, happened)
    state = attrs.evolve(state, armed=armed, sessions=sessions)
    if made is None or not isinstance(happened, (LiveOpened, LiveDumped, LiveClosed)):
        return state
    return _with_edit(state, happened, made)


Edited = (
    AirEdited
    | ItemInserted
    | RelayExtended
    | RelayEnded
    | ProgrammeResumed
    | LiveOpened
    | LiveDumped
    | LiveClosed
)


def _with_edit(state: State, happened: Edited, made: Edit) -> State:
    held = tuple(one for one in edits_of(state, happened.channel) if one.at > happened.at - EDITS_KEPT)
    others = tuple(found for found in state.edits if found.channel != happened.channel)
    edits = Edits(channel=happened.channel, edits=(*held, made))
    return _put(attrs.evolve(state, edits=(*others, edits)), extent(state, happened.channel))


def _put(state: State, held: Extent) -> State:
    others = tuple(found for found in state.extents if found.channel != held.channel)
    return attrs.evolve(state, extents=(*others, attrs.evolve(held, revision=held.revision + 1)))


def _aired(state: State, happened: AiredEntries) -> State:
    last: dict[str, int] = {}
    for entry in happened.entries:
        last[entry.run] = max(entry.seq, last.get(entry.run, 0))
    kept = [run for run in state.runs if not (run.chain == happened.chain and run.run in last)]
    kept += [Run(chain=happened.chain, run=run, seq=seq) for run, seq in last.items()]
    return attrs.evolve(state, runs=tuple(kept[-RUNS_KEPT:]))


def _withdrawn(state: State, happened: MediumWithdrawn) -> State:
    made = Withdrawn(
        media=happened.media,
        title=happened.title,
        reason=happened.reason,
        by=happened.by,
        at=happened.at,
    )
    state = attrs.evolve(state, withdrawn=(*_others(state, happened.media), made))
    at = sample_at(happened.at)
    return attrs.evolve(state, edits=tuple(_dropped(found, happened.media, at) for found in state.edits))


def _dropped(found: Edits, media: Sha256, at: SampleIndex) -> Edits:
    """What was inserted of a medium is over when that is withdrawn: no key ends it or begins it any more."""
    if not any(edit.lies is not None and edit.lies.media == media for edit in found.edits):
        return found
    return attrs.evolve(found, edits=(*found.edits, Edit(verb="drop", at=at, take=media)))


def _restored(state: State, happened: MediumRestored) -> State:
    return attrs.evolve(state, withdrawn=_others(state, happened.media))


def _others(state: State, media: Sha256) -> tuple[Withdrawn, ...]:
    return tuple(one for one in state.withdrawn if one.media != media)


_FOLDS: dict[type[Event], Callable[[State, Any], State]] = {
    RundownSubmitted: _submitted,
    RundownSigned: _signed,
    RundownRejected: _rejected,
    RundownApproved: _approved,
    PlanExtended: _extended,
    AirEdited: _edited,
    ItemInserted: _inserted,
    RelayExtended: _extended_by_key,
    RelayEnded: _ended,
    ProgrammeResumed: _resumed,
    MemberChosen: _chosen,
    **dict.fromkeys(LIVE_EVENTS, _live),
    AiredEntries: _aired,
    MediumWithdrawn: _withdrawn,
    MediumRestored: _restored,
}
