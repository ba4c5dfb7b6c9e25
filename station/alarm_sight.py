"""What the station looks at to find what is wrong: frozen sights of players, channels, alerts, mutes and the host. Values only; knows no world and no rule."""

from __future__ import annotations

import attrs

from station.words import ChannelId, Instant, Text


@attrs.frozen(kw_only=True)
class ChainSight:
    """One player process."""

    chain: str
    names: Text  # of its channels
    connected: bool  # one of its players at least
    lost: int  # as-run lines it dropped
    missing: tuple[str, ...] = ()  # letters of the players of a pair that are not on the air


@attrs.frozen(kw_only=True)
class ChannelSight:
    """One programme channel: what its player says, what its witness says."""

    id: ChannelId
    name: Text
    chain: str
    rung: str  # "" where its player says nothing
    cause: str  # why the rung is not "file"
    plan_until: Instant | None
    state: str  # the newest state measured, safety.messages.SlotState
    state_since: Instant | None
    measured_at: Instant | None  # when the witness last reported; None: not since the station started
    differed: Instant | None = None  # when its two players last sent different copies
    filler: bool = False  # WRONG, and what is heard is filler in place of what is due
    stream: bool = False  # an alert stream to terminals: what to do is other than for a carrier


@attrs.frozen(kw_only=True)
class AlertSight:
    """One alert that waits, sounds or owes a signature."""

    id: str
    headline: str
    grave: bool  # an actual emergency of level 1 or 2
    actual: bool
    waiting: bool
    held: Text | None
    speechless: str
    submitted_at: Instant
    missing: int  # signatures still needed before air
    overdue: bool  # an owed signature is
    aired_at: (
        Instant | None
    )  # while it sounds; anew from a mute's lift, or when nothing lies over it any more
    addressed: int = 0
    playing: int = 0
    unshown: str = ""  # characters of its words that television cannot show


@attrs.frozen(kw_only=True)
class MuteSight:
    """One local mute in force; or, with the instant of its lifting, one that still owes its reason."""

    id: str
    at: Instant
    everything: bool
    lifted: Instant | None = None


@attrs.frozen(kw_only=True)
class Sight:
    """Everything that is looked at, at one moment."""

    started: Instant  # of this controller: what was not heard of before is not missing yet
    chains: tuple[ChainSight, ...] = ()
    channels: tuple[ChannelSight, ...] = ()
    alerts: tuple[AlertSight, ...] = ()
    mutes: tuple[MuteSight, ...] = ()
    journal_degraded: bool = False
    synchronised: bool | None = None
    reanchor_wanted: bool = False
    terminals_online: int = 0
    terminals_registered: int = 0
    disk_free: int | None = None  # bytes where the journal lies
    held_since: str = ""  # the version before, while something is held since an upgrade
    held: int = 0  # alerts that are
    rolled_back: Text | None = None  # what became of the settings adopted last
    not_up: tuple[
        tuple[str, Text], ...
    ] = ()  # processes that do not stay up: name, and what the last start said
