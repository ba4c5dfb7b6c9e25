"""What an engineer writes in station.toml, as frozen classes, and where things of this station live. Knows no part's rules and opens no socket."""

from __future__ import annotations

from typing import Literal

import attrs

from station.live_sources import LiveSection
from station.outputs import OutputSection
from station.places import Places as Places
from station.relay_sources import RelaySection
from station.words import AreaCode, ChannelId

Role = Literal["viewer", "operator", "editor", "reviewer", "approver", "dispatcher", "engineer", "auditor", "admin"]  # fmt: skip


@attrs.frozen(kw_only=True)
class StationSection:
    """[station]: who and where."""

    id: str  # letters, digits, hyphens
    name_zh: str
    name_en: str
    area: AreaCode  # the station's own area
    areas: str  # CSV file: code,name,level; relative to the settings file
    authority: Literal["nation", "province", "city", "county", "township", "village"] = "county"
    timezone: str = "Asia/Shanghai"
    day_start: str = "05:00"  # local time at which a broadcast day begins
    port: int = 8600  # N; see `Ports`
    state: str = "state"  # directory, relative to the settings file
    media_copy: str = ""  # second copy of the house files, on another disk; relative to the settings file
    language: Literal["zh", "en"] = "zh"
    journal: str = ""  # SQLAlchemy URL; empty: SQLite in the state directory
    ebr_code: str = ""  # 23-digit resource code of this platform (GD/J 080)
    training: bool = False  # a shadow station: no route to a real line, an orange frame around every page
    lock_s: int = 300  # nothing planned may be moved within so many seconds of air; 0: never locked


@attrs.frozen(kw_only=True)
class ChannelSection:
    """[[channels]]: one channel, radio or (with a raster) television."""

    id: ChannelId
    chain: str
    name_zh: str
    name_en: str
    area: AreaCode  # alerts for areas that meet this one lie over it
    rundowns: str  # directory of CSV files YYYY-MM-DD.csv or default.csv; relative to the settings file
    filler: list[str] = attrs.field(factory=list)  # media files, relative to the settings file
    loop: str = ""  # >= 60 s
    l16: list[str] = attrs.field(factory=list)  # further destinations host:port
    ts: list[str] = attrs.field(factory=list)
    redundancy: Literal["none", "pair"] = "none"  # pair: two players; a chain as a whole (station/pairs.py)
    l16_twin: list[str] = attrs.field(factory=list)  # where the second player of a pair sends
    ts_twin: list[str] = attrs.field(factory=list)
    outputs: list[OutputSection] = attrs.field(factory=list)  # further ways out
    hls: bool = True
    record_days: int = 0  # its sound is recorded and kept so many days; 0: not at all
    slack_ms: int = 40  # the mixer renders this much ahead of its sender
    duck_below_level: int = 3  # alerts of this level number or higher duck instead of replace; 9: never duck
    overlap_tolerance_s: int = 2  # an uncuttable item may run this far into its successor's start
    target_lufs: int = 0  # what is planned is brought to this loudness (EBU R 128); 0: as loud as it is
    raster: str = ""  # of a television channel: a name of schedules.raster.RASTERS; empty: radio
    video: Literal["h264", "mpeg2"] = "h264"  # of a television channel's transport stream
    sound: Literal["mp2", "aac"] = "mp2"  # of it, too
    logo: str = ""  # PNG of a television channel, relative to the settings file; empty: one is drawn
    clock: bool = True  # whether a television channel shows the time
    shrink_levels: list[int] = attrs.field(
        factory=list
    )  # television: alerts of these levels stand around the programme's picture, which goes on at half its size
    splice: bool = False  # it shows no sign, and films are sent as they were coded at ingest


@attrs.frozen(kw_only=True)
class ReplacementSection:
    """[[replacements]]: what may stand in for any item of a class whose own line names nothing; the first that is as long does."""

    category: str  # a class of the rundown: news, music, advert, …
    media: list[str]  # media files, relative to the settings file
    channels: list[ChannelId] = attrs.field(factory=list)  # where they may; empty: everywhere


@attrs.frozen(kw_only=True)
class AfterAlertSection:
    """[[after_alerts]]: what becomes of an item that an alert broke off, by its class; the first entry that fits holds, without one it is joined in progress."""

    then: Literal["join", "resume", "restart", "drop"]
    category: str = ""  # a class of the rundown; empty: every class that no other entry names
    restart_under_s: int = (
        0  # restart: what was heard for less begins anew; all else goes on where it was cut
    )
    longest_s: int = 300  # after a longer interruption, or with a longer delay, it is joined in progress
    channels: list[ChannelId] = attrs.field(factory=list)  # empty: all


@attrs.frozen(kw_only=True)
class AlertStreams:
    """[alerts]: the chain that gives terminals their audio, and what speech and repetition are like."""

    chain: str = "alerts"
    streams: int = 4
    witnessed: int = 1  # so many of them, from the first, have a witness of their own
    repeats: int = 3
    margin_ms: int = 20  # between decision and an overlay's start, on top of slack
    gap_ms: int = 800
    hold_s: int = 60
    max_minutes: int = 120
    voice: str = "cmn"
    template_villages: int = 3
    template_minutes: int = 30
    # class of alert (level-3, level-4, drill, daily) → s that an item may still last to be let end first
    wait_end_s: dict[str, int] = attrs.field(factory=dict)
    life_list: list[str] = attrs.field(factory=list)  # event codes (or prefixes) whose gate fails open
    quiet_from: str = "21:30"
    quiet_to: str = "06:00"


@attrs.frozen(kw_only=True)
class SignatureRow:
    """[[signatures]]: one row of the table of L10; rows not given are the shipped ones."""

    row: Literal[
        "upstream_life",
        "upstream_other",
        "composer",
        "template_alone",
        "breakglass",
        "daily_drill",
        "unverified",
    ]
    before: int
    owed: int = 0
    owed_within_s: int = 0
    timer_s: int = 0


@attrs.frozen(kw_only=True)
class SourceSection:
    """[[sources]]: who may send alerts to the ingest port."""

    id: str
    kind: Literal["cap", "ebd"]
    authority: Literal["nation", "province", "city", "county", "township", "village"]
    token_file: str  # holds the bearer token; relative to the state directory's secrets/
    preauthorised: bool = False
    senders: list[str] = attrs.field(factory=list)  # CAP <sender> values or EBD source codes it may use
    # PEM of SM2 (ebd) or Ed25519/RSA/EC (cap) public keys, in secrets/
    certificates: list[str] = attrs.field(factory=list)
    skew_s: int = 300  # accepted difference between signature time and ours
    areas: list[AreaCode] = attrs.field(factory=list)  # beyond these it may not ask; empty: the station's own


@attrs.frozen(kw_only=True)
class TerminalsSection:
    """[terminals]: the village loudspeakers."""

    registry: str = ""  # CSV: code,name,area,longitude,latitude[,model]
    profile: str = "gengfu-sim"
    signing_key: str = "sm2.key"  # in secrets/
    certificate_sn: str = "000000000001"
    heartbeat_s: int = 60
    retry_s: int = 5


@attrs.frozen(kw_only=True)
class DeviceSection:
    """[[devices]]: a transmitter or a power supply; devices with the same line share one bus."""

    id: str  # letters, digits, hyphens
    kind: Literal["transmitter", "ups"]
    profile: str  # shipped in devices/profiles/, or a TOML file beside the settings
    host: str = "127.0.0.1"
    port: int = 0  # 0: the demo's simulator, see `Ports.device`
    link: str = ""  # instead of host and port: tcp:…, rtu-tcp:…, rtu:/dev/…, snmp:…, nut:…, line:/dev/… (station/links.py)
    access: str = ""  # SNMP: file in secrets/ that says who asks; NUT: the server's name of the supply
    unit: int = 1  # unit identifier, 0 to 255; on serial lines 1 to 247
    channel: str = ""  # the channel a transmitter carries
    name_zh: str
    name_en: str
    site: str = ""  # where it stands; devices of one site are shown together
    site_en: str = ""

    @property
    def reached(self) -> str:
        """Host, or serial port, through which it is asked."""
        kind, _, rest = self.link.partition(":")
        return self.host if not kind else rest if kind in ("rtu", "line") else rest.rpartition(":")[0]


@attrs.frozen(kw_only=True)
class SafetySection:
    """[safety]: limits of the witness; shipped values are unverified against GY/T 264."""

    silence_s: float = 3.0  # silence longer than this while programme is due is OUTAGE, back-dated
    loss_s: float = 1.0  # no packet for longer is OUTAGE, back-dated
    foreign_s: float = 0.3
    wrong_s: float = 3.0
    black_s: float = 1.0  # television: a black picture while another is due for longer is OUTAGE, back-dated
    freeze_s: float = 2.0  # television: a picture that stands still for longer while it ought to move
    coverage_for_zero: float = 0.999
    real_return: bool = False  # the measuring point is a real return path
    point: str = "player-output"


@attrs.frozen(kw_only=True)
class ContactSection:
    """[[alarms.contacts]]: whom an alarm card names, where the duty book names nobody."""

    role: Role
    name: str
    name_en: str = ""  # empty: `name` in English too
    phone: str = ""


@attrs.frozen(kw_only=True)
class AlarmsSection:
    """[alarms]: when the station itself raises alarms; shipped values are practice, unverified."""

    terminals_silent_percent: int = 20  # more terminals offline than this share; half of them is critical
    unreached_percent: int = 10  # of an alert's terminals that do not sound after 15 s
    plan_hours: int = 6  # less plan than this ahead; less than 1 h is critical
    witness_s: int = 30  # a witness silent, or a channel not measured, for longer
    waiting_s: int = 60  # an alert that waits for signatures for longer
    muted_minutes: int = 30  # a local mute nobody lifted
    disk_gib: int = 2  # free disk below this; a quarter of it is critical
    chatter_times: int = 5  # raised more often than this …
    chatter_minutes: int = 10  # … within this, an alarm chatters
    call_minutes: list[int] = attrs.field(factory=lambda: [2, 5, 10])  # critical, unread: whom calls reach
    # http address on this machine or the office net that takes calls over (SMS, telephone)
    call_hook: str = ""
    call_token_file: str = ""  # holds the bearer token that the gateway asks for; in secrets/, mode 0600
    contacts: list[ContactSection] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class PeopleSection:
    """[people]: how long a seat stays."""

    watch_h: int = 14
    pin_s: int = 120  # a PIN given is good for this long on the same seat; 0: each time


@attrs.frozen(kw_only=True)
class Networks:
    """[networks]: this machine's address on each net, best with the net (`10.1.0.5/24`); what listens there is bound to it alone."""

    office: str = "127.0.0.1"  # metrics; the panel where panel.host says so
    playout: str = "127.0.0.1"  # what players send
    devices: str = "127.0.0.1"  # from here devices are asked
    terminals: str = "127.0.0.1"  # village loudspeakers connect here; alert streams leave here
    upstream: str = "127.0.0.1"  # alerts come in here
    # `office+devices`: these two are one net, and that is meant
    may_share: list[str] = attrs.field(factory=list)


@attrs.frozen(kw_only=True)
class PanelSection:
    """[panel]: where the glass listens."""

    host: str = "127.0.0.1"
    allowed_hosts: list[str] = attrs.field(factory=list)
    certificate: str = ""
    key: str = ""
    wall_from: list[str] = attrs.field(factory=list)  # addresses or networks whose /wall needs no log-in


@attrs.frozen(kw_only=True)
class Settings:
    """A whole station.toml."""

    station: StationSection
    channels: list[ChannelSection]
    alerts: AlertStreams = AlertStreams()
    signatures: list[SignatureRow] = attrs.field(factory=list)
    sources: list[SourceSection] = attrs.field(factory=list)
    terminals: TerminalsSection = TerminalsSection()
    safety: SafetySection = SafetySection()
    alarms: AlarmsSection = AlarmsSection()
    people: PeopleSection = PeopleSection()
    networks: Networks = Networks()
    panel: PanelSection = PanelSection()
    devices: list[DeviceSection] = attrs.field(factory=list)
    replacements: list[ReplacementSection] = attrs.field(factory=list)
    after_alerts: list[AfterAlertSection] = attrs.field(factory=list)
    relays: list[RelaySection] = attrs.field(factory=list)
    live: list[LiveSection] = attrs.field(factory=list)

    def received(self) -> list[RelaySection]:
        """All that players receive from outside: relays, and live sources as such."""
        return [*self.relays, *(section.as_relay() for section in self.live)]

    def channel(self, channel: ChannelId) -> ChannelSection:
        """The section of one channel; KeyError when there is none."""
        for section in self.channels:
            if section.id == channel:
                return section
        raise KeyError(channel)

    def chains(self) -> dict[str, tuple[ChannelId, ...]]:
        """Chain name → the channels its player mixes, alert streams included (`alerts-1` …)."""
        made: dict[str, list[ChannelId]] = {}
        for section in self.channels:
            made.setdefault(section.chain, []).append(section.id)
        made[self.alerts.chain] = [stream_channel(k) for k in range(1, self.alerts.streams + 1)]
        return {name: tuple(members) for name, members in made.items()}


def stream_channel(k: int) -> ChannelId:
    """The channel id of alert stream `k`, counted from 1."""
    return ChannelId(f"alerts-{k}")


@attrs.frozen
class Ports:
    """Every port of one station, from its base N (design, section 4)."""

    base: int

    @property
    def panel(self) -> int:
        """HTTP of the panel."""
        return self.base

    @property
    def ingest(self) -> int:
        """HTTP of the station: /ingest/*, /healthz."""
        return self.base + 1

    @property
    def terminals(self) -> int:
        """TCP of the 0xFEFD server."""
        return self.base + 2

    @property
    def metrics(self) -> int:
        """Prometheus of the station."""
        return self.base + 3

    def device(self, number: int) -> int:
        """TCP port of a demo's simulated device; `number` counts from 0 in the order of the settings."""
        return self.base + 40 + 2 * number

    def device_faults(self, number: int) -> int:
        """TCP port on which a simulated device is told its faults."""
        return self.base + 41 + 2 * number

    def witness(self, channel_number: int) -> int:
        """UDP port of the witness' own L16 copy; `channel_number` counts from 0 in the order of the settings."""
        return self.base + 100 + 10 * channel_number

    def l16(self, channel_number: int) -> int:
        """UDP port on loopback where a channel's L16 can be heard."""
        return self.base + 102 + 10 * channel_number

    def ts(self, channel_number: int) -> int:
        """UDP port on loopback where a channel's MPEG-TS can be heard."""
        return self.base + 104 + 10 * channel_number

    def witness_ts(self, channel_number: int) -> int:
        """UDP port of the witness' own copy of a television channel's MPEG-TS."""
        return self.base + 106 + 10 * channel_number

    def witness_stream(self, k: int) -> int:
        """UDP port of the witness' own copy of alert stream `k`, counted from 1."""
        return self.base + 98 + 10 * k

    def stream(self, k: int) -> tuple[str, int]:
        """Multicast group and port of alert stream `k`, counted from 1."""
        return f"239.192.{self.base // 256 % 256}.{k}", self.base + 200 + 2 * k
