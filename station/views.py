"""What the glass is told: frozen views that travel over the control socket and the JSON API. Instants are µs UTC, indices samples; knows no state."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from station.alarm_views import AlarmsBrief
from station.held_views import HeldView
from station.relay_views import RelayView
from station.words import AreaCode, ChannelId, Instant, SampleIndex, Sha256, Text

Tone = Literal["good", "warn", "bad"]


@attrs.frozen(kw_only=True)
class TakeView:
    """A take as an operator reads it."""

    id: str
    item: str
    title: str
    kind: str
    category: str
    start: Instant
    end: Instant
    hard: bool
    approval: str
    readiness: Literal["ready", "missing", "unreviewed"]  # 可播 / 缺文件 / 未审
    why: Text
    media: str | None = None  # what sounds, by SHA-256


@attrs.frozen(kw_only=True)
class LevelsView:
    """Levels over the last status period, hundredths of dBFS, left and right; None when nothing was reported."""

    peak: tuple[int, int]
    rms: tuple[int, int]


@attrs.frozen(kw_only=True)
class PlantLine:
    """One transmitter or power supply in one line."""

    device: str
    name: Text
    tone: Tone
    text: Text


@attrs.frozen(kw_only=True)
class PlayerLine:
    """One of two players of a channel."""

    player: str
    letter: str  # A or B
    state: Literal["away", "joining", "air"]  # does not answer; is not its twin's equal yet; on the air
    since: Instant | None  # as far as the controller knows


@attrs.frozen(kw_only=True)
class OutputView:
    """One further output of a channel."""

    id: str
    kind: str  # of station.outputs.OutputSection
    to: str  # host:port, directory or device
    state: Literal["starting", "up", "slow", "down", "away"]  # away: no player reports it
    since: Instant | None
    why: Text  # it is down
    tries: int  # that failed since it last was up for a while
    sent: int  # bytes
    dropped: int  # bytes that could not leave in time


@attrs.frozen(kw_only=True)
class RungCount:
    """How often a channel was on a rung of the fallback ladder since the controller began."""

    rung: str
    times: int
    ms: int  # of those that are over


@attrs.frozen(kw_only=True)
class ChannelView:
    """One channel: what is on air, what comes, and how sure that is."""

    id: ChannelId
    name: Text
    now: TakeView | None
    next: list[TakeView]  # up to five
    overlay: str  # alert id that lies over it, or empty
    overlay_title: str
    item_ends: Instant | None
    next_hard: Instant | None
    next_relay: Instant | None
    rung: str
    levels: LevelsView | None
    player_at: Instant | None  # when the player last reported
    plan_until: Instant | None
    state: str  # of the newest measured slot, safety.messages.SlotState
    state_since: Instant | None
    measured_at: Instant | None  # when the witness last reported
    real_return: bool
    muted: bool
    raster: str = ""  # of a television channel; empty: radio
    filler: bool = False  # WRONG, and what is heard is filler in place of what is due
    carriers: list[PlantLine] = attrs.field(factory=list)  # its transmitters
    players: list[PlayerLine] = attrs.field(factory=list)  # both of a pair; empty where there is one
    ladder: list[RungCount] = attrs.field(factory=list)  # best rung first
    outputs: list[OutputView] = attrs.field(factory=list)  # further ones, as the settings list them


@attrs.frozen(kw_only=True)
class CountsView:
    """The four counts of one alert, never mixed (design, section 2)."""

    addressed: int
    ordered: int
    acknowledged: int
    playing: int
    heard: int
    offline: int


@attrs.frozen(kw_only=True)
class SignatureView:
    """One signature given, and by whom."""

    by: str
    name: Text
    at: Instant
    owed: bool


@attrs.frozen(kw_only=True)
class AlertView:
    """An alert as a dispatcher and a reviewer see it."""

    id: str
    phase: str  # of the life-cycle table
    phase_text: Text
    headline: str
    text: str  # what is or will be spoken
    event: str
    event_text: str
    kind: str
    level: int
    source: Text
    verified: bool
    composed: bool = (
        False  # written here, by somebody who was logged in: there is no sender's signature to verify
    )
    content: Sha256
    areas: list[AreaCode]
    area_names: str
    villages: int
    terminals: int
    unreachable: list[str]  # names of areas asked for that have no terminal
    submitted_at: Instant
    submitted_by: str
    submitted_name: Text | None = None
    effective: Instant
    expires: Instant
    aired_at: Instant | None
    until: Instant | None
    ended_at: Instant | None
    ended_how: str
    ended_by: Text | None = None  # who rejected or ended it; None: nobody did, it was over
    ended_reason: str = ""  # what that person wrote
    needed: int
    signatures: list[SignatureView]
    owed: int
    owed_until: Instant | None
    overdue: bool
    hold_until: Instant | None
    hold_why: Text | None
    may_sign: bool  # the operator who asked, now
    audio: Sha256 | None
    audio_seconds: int
    counts: CountsView
    muted: bool
    again: Instant | None = (
        None  # since when it is heard again, from its beginning; None: it was never silent, or is
    )
    silences: list[MuteView] = attrs.field(factory=list)  # local mutes that fell on it, oldest first
    why: Text  # the whole chain: who, which signature, which rule


@attrs.frozen(kw_only=True)
class MuteView:
    """A local mute: in force, lifted with its reason still owed, or one that fell on an alert."""

    id: str
    by: str
    by_name: Text
    at: Instant
    alert: str
    areas: list[AreaCode]
    area_names: str
    headline: str = ""  # of the one alert it is about, which may be over
    reason: str
    lifted_at: Instant | None = None


@attrs.frozen(kw_only=True)
class OverviewView:
    """The On air page."""

    at: Instant
    position: int
    station: Text
    tone: Tone
    sentence: Text  # one sentence on top that says how things are
    channels: list[ChannelView]
    sounding: list[AlertView]
    waiting: list[AlertView]
    mutes: list[MuteView]
    terminals_online: int
    terminals_registered: int
    overdue: int
    alarms: AlarmsBrief = attrs.field(factory=AlarmsBrief)
    held: HeldView = attrs.field(factory=HeldView)  # since an upgrade
    unexplained: list[MuteView] = attrs.field(factory=list)  # lifted mutes whose reason is owed
    relays: list[RelayView] = attrs.field(factory=list)  # in the order of the settings
    power: list[PlantLine] = attrs.field(factory=list)  # supplies that are not on mains


@attrs.frozen(kw_only=True)
class TerminalView:
    """One terminal."""

    code: str
    name: str
    area: AreaCode
    area_name: str
    longitude: int  # millionths of a degree, WGS-84
    latitude: int
    online: bool
    last_seen: Instant | None
    playing: str  # alert id
    acknowledged: bool
    heard: bool
    volume: int | None


@attrs.frozen(kw_only=True)
class SafetyView:
    """The figures of one channel over a span; see safety/figures.py for the definitions."""

    channel: ChannelId
    point: str
    real_return: bool
    start: Instant
    end: Instant
    planned_s_x10: int
    outage_rate_milli: int | None  # thousandths of s/100 h; None when nothing was measured
    strict_rate_milli: int | None
    availability_ppm: int | None
    coverage_ppm: int
    seconds_x10: dict[str, int]  # by state
    authorised: list[dict[str, Any]]
    unauthorised: list[dict[str, Any]]
    incidents: list[dict[str, Any]]
    verdict: Text
    name: Text | None = None  # of the channel or alert stream; None where only a journal is at hand


@attrs.frozen(kw_only=True)
class JournalView:
    """One journal record for the glass."""

    position: int
    at: Instant
    kind: str
    by: str
    body: dict[str, Any]
    hash: str
    sentence: Text
    by_name: Text | None = None


@attrs.frozen(kw_only=True)
class AsRunView:
    """One interval that was aired."""

    channel: ChannelId
    ref: str
    title: str
    source: str
    start: SampleIndex
    end: SampleIndex | None
    rung: str
    approval: str
    cause: str
    players: list[str] = attrs.field(factory=list)  # letters of those that gave it


@attrs.frozen(kw_only=True)
class SeatView:
    """Who sits here: answer to a log-in and to `me`."""

    operator: str
    name: Text
    roles: list[str]
    rights: list[str]
    session: str
    until: Instant
    pin_until: Instant | None
    areas: list[AreaCode] = attrs.field(factory=list)  # where this account sees and acts; empty: everywhere
    department: str = ""
    bound: bool = False  # to a part of the station's area
    temporary: list[str] = attrs.field(factory=list)  # one-time secrets to be replaced before anything else
