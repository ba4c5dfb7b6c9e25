"""Decides about rundowns, plans and as-run lines: who may still sign a day, and what each channel's plan is. Knows no file, no player, no clock."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import singledispatch

import attrs

from playout import material, withdrawal
from playout.airing import Deed, bounded, edit
from playout.inserting import Prepared, insert, prepared
from playout.locking import breaches, refuse
from playout.messages import (
    AiredEntries,
    AsRunEntry,
    BackToPlan,
    ChooseMember,
    CueItem,
    EndRelay,
    ExtendPlan,
    ExtendRelay,
    HoldNext,
    InsertItem,
    NoteMarker,
    PlanExtended,
    ReportAsRun,
    RestoreMedium,
    ResumeProgramme,
    RundownApproved,
    RundownRejected,
    RundownSigned,
    RundownSubmitted,
    SignRundown,
    SkipItem,
    SubmitRundown,
    TakeNext,
    WithdrawMedium,
)
from playout.planned import plan_of, planned, plans
from playout.policy import Policy, policy_of
from playout.relaying import choose, end, extend, marked, named
from playout.resuming import resume
from playout.sheets import EMPTY, Sheet, State, edits_of, evolve, extent, own_names, repeats, sheet
from schedules.calendar import add_days, broadcast_day, day_bounds, parse_day
from schedules.plan import Medium, Take
from schedules.remarks import Unplannable
from schedules.rundown import Rundown, content_of, parse
from schedules.timeline import Frame, bounds, lay, resolve
from station.reviews import Signature, check_signature, missing
from station.words import (
    SAMPLE_RATE,
    SYSTEM,
    ChannelId,
    Command,
    Event,
    Instant,
    Operator,
    Refused,
    SampleIndex,
    Sha256,
    Text,
    is_sha256,
    sample_at,
)

AHEAD_DAYS = 14  # a rundown may be submitted this long before its day


COMMANDS: frozenset[type[Command]] = frozenset(
    {SubmitRundown, SignRundown, ExtendPlan, ReportAsRun, WithdrawMedium, RestoreMedium}
    | {TakeNext, HoldNext, SkipItem, CueItem, BackToPlan, InsertItem}
    | {ExtendRelay, EndRelay, ChooseMember, NoteMarker, ResumeProgramme}
)


# --- deciding


@singledispatch
def _decide(command: Command, state: State, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    raise TypeError(f"planning decides nothing about {type(command).__name__}")


def decide(state: State, command: Command, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    """What follows from a command; raises Refused."""
    return _decide(command, state, now, by, policy)


@_decide.register
def _submit(
    command: SubmitRundown, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    frame = frame_of_channel(policy, command.channel)
    _check_day(command.day, now, policy)
    rundown = parse(command.csv, command.channel, command.day)
    media = bind(rundown, policy)
    withdrawal.check_rundown(rundown, media, state)
    content = content_of(command.channel, command.day, command.csv, media)
    for phase in ("waiting", "approved"):
        held = sheet(state, command.channel, command.day, phase)
        if held is not None and repeats(held, rundown, media):
            raise Refused(
                f"Exactly this rundown of {command.day} is {phase} already.",
                f"{command.day} 的这份节目单已{'待审' if phase == 'waiting' else '批准'},内容相同。",
            )
    begins, ends = bounds(command.day, frame)
    try:
        plan = resolve(
            [rundown],
            library_of(policy, media),
            {command.day: "?"},
            frame,
            start=begins,
            end=ends,
            revision=0,
        )
    except Unplannable as error:
        raise error.refusal() from None
    check_lock(state, command.channel, command.day, plan.takes, now, policy)
    return (
        RundownSubmitted(
            channel=command.channel,
            day=command.day,
            content=content,
            csv=command.csv,
            by=by.id,
            media=media,
        ),
    )


@_decide.register
def _sign(
    command: SignRundown, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    frame_of_channel(policy, command.channel)
    _check_day(command.day, now, policy)
    held = sheet(state, command.channel, command.day, "waiting")
    if held is None:
        raise Refused(f"No rundown of {command.day} waits for a review.", f"{command.day} 没有待审的节目单。")
    if command.verdict == "reject":
        if command.content != held.content:
            raise Refused(
                "Another version waits now; read it first.", "待审的已是另一版本,请先审阅。", code="changed"
            )
        return (RundownRejected(channel=held.channel, day=held.day, by=by.id, reason=command.reason[:500]),)
    check_signature(held.signatures, held.by, by.id, held.content, command.content)
    signed = RundownSigned(channel=held.channel, day=held.day, content=held.content, by=by.id)
    given = (*held.signatures, Signature(by=by.id, content=held.content))
    if missing(policy.signatures, given):
        return (signed,)
    check_lock(state, held.channel, held.day, day_takes(held, policy), now, policy)
    names = tuple(signature.by for signature in given)
    return signed, RundownApproved(channel=held.channel, day=held.day, content=held.content, signers=names)


@_decide.register
def _extend(
    command: ExtendPlan, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    if command.channel not in policy.channels:
        raise _no_channel(command.channel)
    wanted = _wanted(state, command.channel, now, policy)
    held = extent(state, command.channel)
    return () if (held.day, held.digest) == (wanted.day, wanted.digest) else (wanted,)


@_decide.register
def _withdraw(
    command: WithdrawMedium, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    return _replanned(
        withdrawal.withdraw(command, state, now, by, policy.media, policy.frames), state, now, policy
    )


@_decide.register
def _restore(
    command: RestoreMedium, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    return _replanned(withdrawal.restore(command, state, by), state, now, policy)


@_decide.register(TakeNext)
@_decide.register(HoldNext)
@_decide.register(SkipItem)
@_decide.register(CueItem)
@_decide.register(BackToPlan)
def _operate(command: Deed, state: State, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    frame = frame_of_channel(policy, command.channel)
    plan = plan_of(attrs.evolve(state, edits=()), policy, frame, now)
    return (edit(command, plan, edits_of(state, command.channel), now, by, frame.grid),)


@_decide.register
def _insert(
    command: InsertItem, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    frame, channel = frame_of_channel(policy, command.channel), command.channel
    bounded(edits_of(state, channel))
    asked = next(
        (one for one in prepared_now(state, channel, now, policy) if one.item.id == command.item), None
    )
    if asked is None:
        raise Refused(
            "That item is not among those prepared in today's approved rundown; look again.",
            "该条目不在今日已批准节目单的备播之列,请刷新后再试。",
            code="gone",
        )
    return (insert(asked, command.when, channel, plan_of(state, policy, frame, now), now, by, frame),)


@_decide.register
def _extend_relay(
    command: ExtendRelay, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    frame = frame_of_channel(policy, command.channel)
    return (extend(command, plan_of(state, policy, frame, now), state, now, by, frame),)


@_decide.register
def _end_relay(
    command: EndRelay, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    frame, edits = frame_of_channel(policy, command.channel), edits_of(state, command.channel)
    return (end(command.channel, plan_of(state, policy, frame, now), edits, now, by, frame),)


@_decide.register
def _resume(
    command: ResumeProgramme, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    frame_of_channel(policy, command.channel)
    return resume(command, state, now, policy)


@_decide.register
def _choose(
    command: ChooseMember, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    return (choose(command, state, policy.ways.get(named(command.relay), 0), by),)


@_decide.register
def _marked(
    command: NoteMarker, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    found = (
        marked(command, channel, plan_of(state, policy, frame, now), now, by, frame)
        for channel, frame in policy.frames.items()
        if channel in policy.relays.get(named(command.relay), ())
    )
    return tuple(one for one in found if one is not None)


def prepared_now(state: State, channel: ChannelId, now: Instant, policy: Policy) -> tuple[Prepared, ...]:
    """What waits for a key on a channel today."""
    frame = frame_of_channel(policy, channel)
    held = sheet(state, channel, broadcast_day(now, policy.tz, policy.day_start), "approved")
    if held is None:
        return ()
    rundown = own_names(held, policy.media)
    media: dict[str, Medium] = {
        found.sha256: found for found in policy.media.values()
    }  # what was signed, by no name
    return prepared(rundown, media, held.approval, frame, withdrawal.gone(state))


def _replanned(events: tuple[Event, ...], state: State, now: Instant, policy: Policy) -> tuple[Event, ...]:
    """What happened, with the plans it changes in the same commit."""
    for happened in events:
        state = evolve(state, happened)
    made = [_extend(ExtendPlan(channel=channel), state, now, SYSTEM, policy) for channel in policy.frames]
    return (*events, *(one for some in made for one in some))


@_decide.register
def _report(
    command: ReportAsRun, state: State, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    known = {run.run: run.seq for run in state.runs if run.chain == command.chain}
    fresh: list[AsRunEntry] = []
    for entry in sorted(command.entries, key=lambda entry: (entry.run, entry.seq)):
        if entry.seq > known.get(entry.run, 0):
            known[entry.run] = entry.seq
            fresh.append(entry)
    return (AiredEntries(chain=command.chain, entries=tuple(fresh)),) if fresh else ()


def due(state: State, now: Instant, policy: Policy) -> tuple[Command, ...]:
    """Plans that no longer reach far enough, or are of other material than there is now."""
    return tuple(
        ExtendPlan(channel=channel)
        for channel in policy.channels
        if _extend(ExtendPlan(channel=channel), state, now, SYSTEM, policy)
    )


def next_due(state: State, now: Instant, policy: Policy) -> Instant | None:
    """When to look again: now if something is due, else at the next broadcast day."""
    if due(state, now, policy):
        return now
    return day_bounds(broadcast_day(now, policy.tz, policy.day_start), policy.tz, policy.day_start)[1]


def frame_of_channel(policy: Policy, channel: ChannelId) -> Frame:
    """What a channel's days are laid out with; Refused when there is no such channel."""
    frame = policy.frames.get(channel)
    if frame is None:
        raise _no_channel(channel)
    return frame


def _no_channel(channel: ChannelId) -> Refused:
    return Refused(f"There is no channel {channel!r}.", f"没有频道 {channel!r}。")


def _check_day(day: str, now: Instant, policy: Policy) -> None:
    parse_day(day)
    today = broadcast_day(now, policy.tz, policy.day_start)
    if day < today:
        raise Refused(f"{day} is over.", f"{day} 已经过去。")
    if day > add_days(today, AHEAD_DAYS):
        raise Refused(f"{day} is more than {AHEAD_DAYS} days away.", f"{day} 距今超过 {AHEAD_DAYS} 天。")


def bind(rundown: Rundown, policy: Policy) -> tuple[tuple[str, Sha256], ...]:
    """What each medium's name stands for now; a name that is not there is not bound, and will be filler."""
    found: list[tuple[str, Sha256]] = []
    for name in sorted({name for item in rundown.items for name in (item.media, item.replacement) if name}):
        if is_sha256(name):
            found.append((name, Sha256(name)))
        elif policy.offers(name, rundown.channel):
            found.append((name, policy.media[name].sha256))
    return tuple(found)


def library_of(policy: Policy, media: Iterable[tuple[str, Sha256]]) -> dict[str, Medium]:
    """Names to media, where the library still holds exactly the content that was signed."""
    return {name: policy.media[sha256] for name, sha256 in media if sha256 in policy.media}


def day_takes(found: Sheet, policy: Policy) -> tuple[Take, ...]:
    """One version of a day as it would be heard, whether all of it can be kept or not."""
    frame = frame_of_channel(policy, found.channel)
    begins, ends = bounds(found.day, frame)
    media: dict[str, Medium] = {medium.sha256: medium for medium in policy.media.values()}
    rundown = own_names(found, policy.media)
    return lay([rundown], media, {found.day: found.approval}, frame, start=begins, end=ends).takes


def check_lock(
    state: State, channel: ChannelId, day: str, takes: Sequence[Take], now: Instant, policy: Policy
) -> None:
    """Raise Refused when `takes` would change what is on air now or begins within the locked zone."""
    refuse(lock_breaches(state, channel, day, takes, now, policy), policy.lock // SAMPLE_RATE)


def lock_breaches(
    state: State, channel: ChannelId, day: str, takes: Sequence[Take], now: Instant, policy: Policy
) -> tuple[Text, ...]:
    """What `takes` would change within the locked zone, against the approved version of that day."""
    here = sample_at(now)
    held = sheet(state, channel, day, "approved")
    if held is None or not policy.lock:
        return ()
    zone = (here, SampleIndex(here + policy.lock))
    return breaches(day_takes(held, policy), takes, zone, fresh=False)


def _wanted(state: State, channel: ChannelId, now: Instant, policy: Policy) -> PlanExtended:
    day = broadcast_day(now, policy.tz, policy.day_start)
    bound = {sha256 for found in planned(state, channel, day) for _, sha256 in found.media}
    made_of = material.digest(policy, policy.frames.get(channel), bound, withdrawal.gone(state))
    return PlanExtended(channel=channel, day=day, digest=made_of)


__all__ = [
    "COMMANDS", "EMPTY", "Policy", "Sheet", "State", "decide", "due", "evolve", "extent", "next_due",
    "plans", "policy_of", "sheet",
]  # fmt: skip
