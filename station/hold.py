"""The gate after a start: what this program would sound, and the one that ran before it did not, is held until somebody looks. Pure; knows no file, no clock, no version's meaning."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import attrs

from emergency.sounding import Mute, Sounding
from station.area_codes import any_contains
from station.words import (
    AreaCode,
    ChannelId,
    Command,
    Event,
    Instant,
    Operator,
    Refused,
    command,
    event,
)

NOT_AT_ALL = Instant(0)


@attrs.frozen(kw_only=True)
class Clip:
    """How far an alert may sound: no further than it did. Nowhere at all where areas and channels are empty."""

    alert: str
    areas: tuple[AreaCode, ...] = ()
    channels: tuple[ChannelId, ...] = ()
    until: Instant = NOT_AT_ALL
    repeats: int = 0  # 0: as often as there is time
    ends: Instant  # when it would end by itself: then nothing is held any more


@attrs.frozen(kw_only=True)
class Sounded:
    """What a station last let sound, and at which position of its journal."""

    version: str
    position: int
    soundings: tuple[Sounding, ...] = ()
    mutes: tuple[Mute, ...] = ()


@command("upgrade.hold", right="system", proof=False)
class HoldUpgrade(Command):
    """Hold what the version `before` did not sound; `mutes` were in force then and stay so."""

    before: str
    clips: tuple[Clip, ...]
    mutes: tuple[Mute, ...]


@command("upgrade.release", right="dispatch")
class ReleaseUpgrade(Command):
    """A person has looked: let it sound as this version wants it."""

    reason: str


@event("upgrade.held/1")
class UpgradeHeld(Event):
    """Since this start something is held."""

    before: str
    clips: tuple[Clip, ...]
    mutes: tuple[Mute, ...]


@event("upgrade.released/1")
class UpgradeReleased(Event):
    """Nothing is held any more."""

    reason: str


@attrs.frozen(kw_only=True)
class State:
    """What is held now; `before` names the version that sounded less, and is empty where nothing is held."""

    before: str = ""
    clips: tuple[Clip, ...] = ()
    mutes: tuple[Mute, ...] = ()


EMPTY = State()


def compare(
    soundings: Iterable[Sounding],
    mutes: Iterable[Mute],
    before: Sounded,
    *,
    changed: frozenset[str] = frozenset(),
    early: Iterable[tuple[str, Instant]] = (),
) -> State:
    """What must be held: what sounds now, or further, longer, more often than `before`; mutes that are no longer there.

    `changed`: alerts and mutes that the journal itself changed after `before` was written. `early`: alerts, with their
    ends, that this program would air although the other one, at a later moment, had not.
    """
    known = {one.alert: one for one in before.soundings}
    clips = [_clip(one, known.get(one.alert)) for one in soundings if one.alert not in changed]
    kept = [clip for clip in clips if clip is not None]
    kept += [Clip(alert=alert, ends=ends) for alert, ends in early]
    there = {mute.mute for mute in mutes}
    missing = tuple(m for m in before.mutes if m.mute not in there and m.mute not in changed)
    if not kept and not missing:
        return EMPTY
    return State(before=before.version, clips=tuple(kept), mutes=missing)


def _clip(now: Sounding, then: Sounding | None) -> Clip | None:
    if then is None:
        return Clip(alert=now.alert, ends=now.until)
    clip = Clip(
        alert=now.alert,
        areas=then.areas,
        channels=then.channels,
        until=then.until,
        repeats=then.repeats,
        ends=now.until,
    )
    return None if _clipped(now, clip) == now else clip


def clipped(soundings: Sequence[Sounding], held: State) -> tuple[Sounding, ...]:
    """What may sound of what is on air, in the same order."""
    if not held.clips:
        return tuple(soundings)
    clips = {clip.alert: clip for clip in held.clips}
    made = [_clipped(one, clips[one.alert]) if one.alert in clips else one for one in soundings]
    return tuple(one for one in made if one is not None)


def _clipped(one: Sounding, clip: Clip) -> Sounding | None:
    areas = tuple(area for area in one.areas if any_contains(clip.areas, area))
    areas += tuple(area for area in clip.areas if area not in areas and any_contains(one.areas, area))
    channels = tuple(channel for channel in one.channels if channel in clip.channels)
    if not areas and not channels:
        return None
    return attrs.evolve(
        one,
        areas=areas,
        channels=channels,
        until=min(one.until, clip.until),
        repeats=min(one.repeats or clip.repeats, clip.repeats or one.repeats),
    )


def muted(mutes: tuple[Mute, ...], held: State) -> tuple[Mute, ...]:
    """The mutes in force, with those that an upgrade lost."""
    if not held.mutes:
        return mutes
    there = {mute.mute for mute in mutes}
    return (*mutes, *(mute for mute in held.mutes if mute.mute not in there))


def decide(state: State, wish: Command, now: Instant, by: Operator, policy: None) -> tuple[Event, ...]:
    """What a command comes to."""
    if isinstance(wish, HoldUpgrade):
        return (UpgradeHeld(before=wish.before, clips=wish.clips, mutes=wish.mutes),)
    assert isinstance(wish, ReleaseUpgrade)
    if not state.before:
        raise Refused("nothing is held since an upgrade", "没有因升级而暂停的内容", code="missing")
    return (UpgradeReleased(reason=wish.reason),)


def evolve(state: State, happened: Event) -> State:
    """The state after an event."""
    if isinstance(happened, UpgradeHeld):
        fresh = {clip.alert for clip in happened.clips}
        kept = tuple(clip for clip in state.clips if clip.alert not in fresh)
        return State(
            before=happened.before,
            clips=(*kept, *happened.clips),
            mutes=muted(state.mutes, State(mutes=happened.mutes)),
        )
    return EMPTY if isinstance(happened, UpgradeReleased) else state


def due(state: State, now: Instant, policy: None) -> tuple[Command, ...]:
    """When all that is held would be over, nothing is held; a mute that was lost waits for a person."""
    at = next_due(state, now, policy)
    return (ReleaseUpgrade(reason="over"),) if at is not None and at <= now else ()


def next_due(state: State, now: Instant, policy: None) -> Instant | None:
    """The end of the last that is held."""
    return max(clip.ends for clip in state.clips) if state.clips and not state.mutes else None
