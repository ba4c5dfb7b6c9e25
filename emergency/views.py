"""What others may know of alerts, computed from state: what is ready, what is due when, what sounds and why. Changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import attrs

from emergency import preempt
from emergency.messages import ExpireAlert, FinishAlert, FlagOverdue, Message, ReleaseHold
from emergency.policy import Policy, local
from emergency.reasons import rule_text, why_text
from emergency.signatures import complete
from emergency.sounding import Mute, Sounding
from emergency.spoken import compose
from emergency.state import Record, State, sounding_records
from emergency.table import OPEN
from station.area_codes import any_meets
from station.words import SECOND, AreaCode, ChannelId, Command, Instant, Sha256, Text, instant_of


@attrs.frozen(kw_only=True)
class SpeechWanted:
    """An alert that waits for its sound: the text to speak, or the audio its sender supplied."""

    alert: str
    content: Sha256
    text: str
    language: str
    audio: Sha256 | None


def ready(record: Record, now: Instant) -> bool:
    """Whether speech, signatures (or a timer that fails open) and time allow it to air now (L5, L9, L10)."""
    message = record.message
    if record.audio is None or not message.effective <= now < message.expires:
        return False
    return complete(record) or _opened(record, now)


def _opened(record: Record, now: Instant) -> bool:
    return record.fails_open and record.hold_until is not None and now >= record.hold_until


def finish_at(record: Record, policy: Policy) -> Instant | None:
    """When its last repeat was played on every channel; None while it does not sound or goes on until its end."""
    if record.phase != "sounding" or record.since is None or _endless(record, policy):
        return None
    starts = [instant_of(start) for _, start in record.moved]
    length = instant_of_samples(record.samples) + policy.gap
    return Instant(max([record.since, record.again, *starts]) + policy.repeats * length + policy.lead)


def again_at(record: Record) -> Instant | None:
    """Since when it sounds again after something lay over it; None where nothing did, or something does."""
    if record.phase != "sounding" or record.covered or record.again <= (record.since or 0):
        return None
    return record.again


def instant_of_samples(samples: int) -> int:
    """µs that `samples` at 48 kHz last, rounded up."""
    return -(-samples * 125 // 6)


def _endless(record: Record, policy: Policy) -> bool:
    return record.covered or policy.repeats < 1


def owed_until(record: Record, policy: Policy) -> Instant | None:
    """By when the owed signature must be given; None when none is owed."""
    if record.since is None or not record.owing:
        return None
    return Instant(record.since + policy.rows[record.row].owed_within_s * SECOND)


def _release_at(record: Record) -> Instant | None:
    """When a look at an open alert is worth it: its time has come, or its timer has run out."""
    if record.audio is not None and complete(record):
        held = record.hold_until if record.message.kind == "daily" else None
        return Instant(max(record.message.effective, held or 0))
    if complete(record) or record.hold_until is None:
        return None
    if not record.fails_open:
        return record.hold_until
    return Instant(max(record.hold_until, record.message.effective)) if record.audio else None


def _wakes(record: Record, policy: Policy) -> Iterator[tuple[Instant, Command]]:
    if record.phase in OPEN:
        yield record.message.expires, ExpireAlert(alert=record.alert)
        release = _release_at(record)
        if release is not None and release < record.message.expires:
            yield release, ReleaseHold(alert=record.alert)
        return
    if record.phase == "sounding" and record.until is not None:
        finish = finish_at(record, policy)
        if finish is not None and finish < record.until:
            yield finish, FinishAlert(alert=record.alert)
        else:
            yield record.until, ExpireAlert(alert=record.alert)
    owed = owed_until(record, policy)
    if owed is not None and not record.overdue:
        yield owed, FlagOverdue(alert=record.alert)


def due(state: State, now: Instant, policy: Policy) -> tuple[Command, ...]:
    """What the station itself must command by now, oldest first; deciding them leaves nothing due."""
    wakes = [wake for record in state.alerts.values() for wake in _wakes(record, policy)]
    return tuple(command for at, command in sorted(wakes, key=lambda wake: wake[0]) if at <= now)


def next_due(state: State, now: Instant, policy: Policy) -> Instant | None:
    """When `due` will have something, if nothing happens before; `now` at the earliest."""
    times = [at for record in state.alerts.values() for at, _ in _wakes(record, policy)]
    return max(now, min(times)) if times else None


def spoken_text(message: Message, *, during_drill: bool = False) -> str:
    """What is spoken. The program, not the author, says that a drill is a drill, and that a drill is broken off."""
    return compose(message, during_drill=during_drill)


def speech_wanted(state: State) -> tuple[SpeechWanted, ...]:
    """The alerts whose sound must still be made, most urgent first; failed ones are left to a human."""
    waiting = [
        record
        for record in state.alerts.values()
        if record.phase in OPEN and record.audio is None and not record.speechless
    ]
    return tuple(
        SpeechWanted(
            alert=record.alert,
            content=record.content,
            text=spoken_text(record.message, during_drill=record.during_drill),
            language=record.message.language,
            audio=record.message.audio,
        )
        for record in preempt.ordered(waiting)
    )


def audio_held(state: State) -> tuple[tuple[Sha256, int], ...]:
    """(hash, samples) of the sound of every alert that is not over: what players hold in memory, and nothing else."""
    return tuple(
        dict.fromkeys(
            (record.audio, record.samples)
            for record in state.alerts.values()
            if record.audio is not None and (record.phase in OPEN or record.phase == "sounding")
        )
    )


def soundings(state: State, now: Instant, policy: Policy) -> tuple[Sounding, ...]:
    """What is on air at `now`, best first in the order of L7; nothing past its end, whether told so or not (L5)."""
    live = [record for record in sounding_records(state) if record.until is not None and now < record.until]
    return tuple(_sounding(record, policy) for record in preempt.ordered(live))


def mutes(state: State) -> tuple[Mute, ...]:
    """The local mutes in force."""
    return tuple(
        Mute(mute=mute.mute, by=mute.by, alert=mute.alert, areas=mute.areas, channels=mute.channels)
        for mute in state.mutes.values()
    )


def _sounding(record: Record, policy: Policy) -> Sounding:
    message, source = record.message, record.source
    assert record.since is not None and record.until is not None and record.audio is not None
    why = why_on_air(record)
    return Sounding(
        alert=record.alert,
        incident=record.incident,
        kind=message.kind,
        level=message.level,
        authority=source.authority,
        event=message.event,
        headline=message.headline,
        text=spoken_text(message, during_drill=record.during_drill),
        ebm_id=source.ebm_id or ebm_id(record, policy),
        since=Instant(max(record.since, record.again)),
        until=record.until,
        areas=message.areas,
        audio=record.audio,
        samples=record.samples,
        repeats=0 if _endless(record, policy) else policy.repeats,
        channels=channels_of(record, policy),
        duck=_ducks(record, policy),
        line=record.line,
        moved=record.moved,
        approval=f"alert:{record.alert}",
        signers=record.signers,
        why_en=why.en,
        why_zh=why.zh,
    )


def channels_of(record: Record, policy: Policy) -> tuple[ChannelId, ...]:
    """The programme channels whose area shares ground with the alert's."""
    return channels_over(record.message.areas, policy.channels)


def channels_over(
    areas: Iterable[AreaCode], channels: Iterable[tuple[ChannelId, AreaCode]]
) -> tuple[ChannelId, ...]:
    """Of `channels` with the area each serves, those that an alert for `areas` lies over."""
    asked = tuple(areas)
    return tuple(channel for channel, area in channels if any_meets(asked, area))


def _ducks(record: Record, policy: Policy) -> bool:
    limits = [policy.duck_below_level[channel] for channel in channels_of(record, policy)]
    return ducks(record.message.level, limits)


def ducks(level: int, limits: Iterable[int]) -> bool:
    """Whether the programme goes on below the speech: `level` (0: none, taken as 4) reaches the limit of every channel."""
    found = tuple(limits)
    return bool(found) and (level or 4) >= max(found)


def ebm_id(record: Record, policy: Policy) -> str:
    """The 35 digits of a message made here: resource code 23, local date 8, number of the day 4 (GD/J 082)."""
    day = local(Instant(record.since or record.message.sent), policy.zone).strftime("%Y%m%d")
    return f"{policy.ebr_code}{day}{record.number % 10_000:04d}"


def why_on_air(record: Record) -> Text:
    """Why it sounds, in the words of `emergency.reasons`, people by their ids."""
    return why_text(
        record.source,
        rule_text(record.row, record.needed, record.owed),
        record.signers,
        oral=record.oral.ordered_by if record.oral else "",
        owing=record.owing,
    )
