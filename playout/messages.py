"""Commands and events of playout: rundowns, plans and what was aired. Decides nothing."""

from __future__ import annotations

from typing import Literal

import attrs

from schedules.edits import Verb
from schedules.plan import Curve, Replacement, Rung
from station.words import ChannelId, Command, Event, Instant, SampleIndex, Sha256, command, event


@command("rundown.submit", right="edit")
class SubmitRundown(Command):
    """Put a day's rundown up for review. `csv` is the whole text; every wrong line refuses the whole file."""

    channel: ChannelId
    day: str  # broadcast day, YYYY-MM-DD
    csv: str


@command("rundown.sign", right="sign")
class SignRundown(Command):
    """One of the three reviews of a day's rundown."""

    channel: ChannelId
    day: str
    content: Sha256
    verdict: Literal["approve", "reject"] = "approve"
    reason: str = ""


@command("media.withdraw", right="mute", proof=False)
class WithdrawMedium(Command):
    """撤播: take a medium out of every plan, cache and preview, at once; filler stands where it was planned, nothing else moves."""

    media: Sha256
    reason: str = ""


@command("media.restore", right="sign")
class RestoreMedium(Command):
    """Give back a withdrawn medium; by another person than the one who withdrew it."""

    media: Sha256
    reason: str = ""


@command("air.take", right="air", proof=False)
class TakeNext(Command):
    """播下一条: the item on air ends, the next one begins. Nothing moves beyond the next planned start, in this and the next four."""

    channel: ChannelId


@command("air.hold", right="air", proof=False)
class HoldNext(Command):
    """保持: after the item on air filler stands until the next is taken, or the next planned start."""

    channel: ChannelId


@command("air.skip", right="air", proof=False)
class SkipItem(Command):
    """跳过: an item that is to come is left out; those behind it move up."""

    channel: ChannelId
    take: str  # its id


@command("air.cue", right="air", proof=False)
class CueItem(Command):
    """下一条改播: an item that is to come is next."""

    channel: ChannelId
    take: str  # its id


@command("air.back", right="air", proof=False)
class BackToPlan(Command):
    """回到计划: the plan as it was, joined in progress."""

    channel: ChannelId


@command("air.insert", right="air", proof=False)
class InsertItem(Command):
    """插播备播节目: a prepared item of today's rundown lies over the schedule, which runs on beneath and is joined in progress."""

    channel: ChannelId
    item: str  # its id
    when: Literal["now", "next"] = "now"  # next: as soon as what is on air has ended


@command("air.extend", right="air", proof=False)
class ExtendRelay(Command):
    """延长: the relay on air lasts so much longer, as far as the rundown's column `extend` allows, never over a hard start or another relay."""

    channel: ChannelId
    minutes: int  # from its end as it stands now


@command("air.end", right="air", proof=False)
class EndRelay(Command):
    """结束: the relay on air is over; the next item begins, or the programme that it was extended over is joined in progress."""

    channel: ChannelId


@command("air.after", right="system", proof=False)
class ResumeProgramme(Command):
    """Of an alert that is over at sample `at`, and began at sample `cut`: what it broke off goes on as settings say of its class."""

    channel: ChannelId
    alert: str
    cut: SampleIndex
    at: SampleIndex
    cause: Literal["over", "early", "muted"]  # it was heard to its end, ended before its time, muted


@command("relay.choose", right="air", proof=False)
class ChooseMember(Command):
    """换路: a relay is heard by another of the ways by which it comes, as long as that is good."""

    relay: str
    member: int  # counted from 0, in the order of the settings


@command("relay.marker", right="system", proof=False)
class NoteMarker(Command):
    """A marker in a relay says that its programme is over: where it is on air, it ends at sample `at`."""

    relay: str
    at: SampleIndex


@command("plan.extend", right="system", proof=False)
class ExtendPlan(Command):
    """Resolve the approved rundowns again so that at least 24 h lie ahead."""

    channel: ChannelId


@attrs.frozen(kw_only=True)
class AsRunEntry:
    """One line of a player's as-run log. `start` opens an interval, `end` closes it; `seq` counts from 1 in each `run`."""

    run: str  # id of the player process' log
    seq: int
    channel: ChannelId
    what: Literal["start", "end", "gap"]
    ref: str  # take id, overlay id
    source: Literal["take", "overlay", "none"]
    title: str
    media: Sha256 | None
    approval: str
    index: SampleIndex
    rung: Rung
    cause: str  # why it began or ended: "planned", "overlay alert:…", "file missing", "player restarted", …


@command("asrun.report", right="system", proof=False)
class ReportAsRun(Command):
    """What a player aired; entries already known (by run and seq) are passed over."""

    chain: str
    entries: tuple[AsRunEntry, ...]


@event("rundown.submitted/1")
class RundownSubmitted(Event):
    """A rundown waits for its reviews."""

    channel: ChannelId
    day: str
    content: Sha256  # schedules.rundown.content_of: channel, day, csv and media
    csv: str
    by: str
    media: tuple[tuple[str, Sha256], ...] = ()  # what each name in the CSV stood for when it was submitted


@event("rundown.signed/1")
class RundownSigned(Event):
    """One person approved exactly this rundown."""

    channel: ChannelId
    day: str
    content: Sha256
    by: str


@event("rundown.rejected/1")
class RundownRejected(Event):
    """A reviewer refused it."""

    channel: ChannelId
    day: str
    by: str
    reason: str


@event("rundown.approved/1")
class RundownApproved(Event):
    """The last signature was given; its takes enter the plan."""

    channel: ChannelId
    day: str
    content: Sha256
    signers: tuple[str, ...]


@event("media.withdrawn/1")
class MediumWithdrawn(Event):
    """A medium may not be heard or seen any more."""

    media: Sha256
    title: str
    reason: str
    by: str
    at: Instant


@event("media.restored/1")
class MediumRestored(Event):
    """A withdrawn medium may be heard and seen again, where it is planned."""

    media: Sha256
    title: str
    reason: str
    by: str


@event("air.edited/1")
class AirEdited(Event):
    """An operator changed what is on air or next; see `schedules.edits.Edit`."""

    channel: ChannelId
    verb: Verb
    at: SampleIndex
    take: str
    title: str  # of what is concerned: the item that begins, waits, is left out or comes next
    by: str


@event("air.inserted/1")
class ItemInserted(Event):
    """An operator put a prepared item over the schedule, from sample `at` on for `samples`; see `schedules.inserts`. Gain in Q31, fades in samples."""

    channel: ChannelId
    at: SampleIndex
    samples: int
    item: str
    title: str
    media: Sha256
    approval: str
    offset: int
    gain: int
    fade_in: int
    fade_out: int
    curve: Curve
    category: str
    trimmed: bool
    by: str


@event("relay.extended/1")
class RelayExtended(Event):
    """The relay on air, take `take`, ends at sample `until` instead of `was`; decided at sample `at`."""

    channel: ChannelId
    at: SampleIndex
    take: str
    title: str
    was: SampleIndex
    until: SampleIndex
    by: str


@event("relay.ended/1")
class RelayEnded(Event):
    """The relay on air ends at sample `at`: by an operator's key, or by a marker that came with it."""

    channel: ChannelId
    at: SampleIndex
    take: str
    title: str
    cause: Literal["key", "marker"]
    by: str


@event("air.resumed/1")
class ProgrammeResumed(Event):
    """After an alert that is over at sample `at`, what it cut at sample `was` goes on, begins anew, or is left out; see `schedules.aftermath`.

    What is heard of it from `at` on, for `samples`, stands here whole (gain Q31, fades and tail in samples); what was to
    begin at sample `ends` or later follows; nothing from sample `until` on is moved.
    """

    channel: ChannelId
    alert: str
    cause: Literal["over", "early", "muted"]
    then: Literal["resume", "restart", "drop"]
    at: SampleIndex
    was: SampleIndex
    ends: SampleIndex
    until: SampleIndex
    take: str  # the id of what was cut
    title: str
    item: str
    samples: int  # 0 where it is left out
    media: Sha256 | None
    approval: str
    offset: int
    gain: int
    fade_in: int
    fade_out: int
    curve: Curve
    category: str
    trimmed: bool
    tail: int
    replacement: Replacement | None


@event("relay.chosen/1")
class MemberChosen(Event):
    """An operator wants a relay by this member; the `number`-th wish about this relay."""

    relay: str
    member: int
    number: int
    by: str


@event("plan.extended/1")
class PlanExtended(Event):
    """The plan of a channel covers broadcast day `day` and the one after, made of material and settings with this digest."""

    channel: ChannelId
    day: str
    digest: str


@event("asrun.entries/1")
class AiredEntries(Event):
    """As-run lines of a player, each exactly once in the journal."""

    chain: str
    entries: tuple[AsRunEntry, ...]
