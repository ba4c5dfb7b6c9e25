"""What this station allows, made once from its settings and its area tree: the rows of L10, limits, quiet hours. Frozen; knows no alert."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import attrs

from emergency.messages import AUTHORITIES, Authority
from station.area_codes import prefix
from station.areas import AreaTree
from station.settings import Settings, SignatureRow
from station.settings_rules import FLOOR
from station.words import HOUR, MINUTE, SECOND, AreaCode, ChannelId, Duration, Instant, Refused

LEAD = Duration(5 * SECOND)

# L10 as shipped. `upstream_life` is the only row that airs by itself.
ROWS: dict[str, SignatureRow] = {row.row: row for row in FLOOR.values()}
# What settings may not go below: fewer signatures than the shipped table is no choice of a station.
FLOORS: dict[str, tuple[int, int]] = {row.row: (row.before, row.owed) for row in ROWS.values()}
TIMED_ROWS = frozenset({"upstream_life", "upstream_other"})


@attrs.frozen(kw_only=True)
class Policy:
    """The rules of one station. Durations in µs; quiet hours in local minutes since midnight."""

    station: str
    area: AreaCode
    authority: Authority
    tree: AreaTree = attrs.field(eq=False, repr=False)
    zone: ZoneInfo
    rows: dict[str, SignatureRow]
    life_list: tuple[str, ...]
    hold: Duration
    longest: Duration  # no alert sounds longer
    repeats: int
    streams: int
    gap: Duration
    quiet_from: int
    quiet_to: int
    template_villages: int
    template_span: Duration
    breakglass_villages: int = 60
    breakglass_span: Duration = HOUR
    channels: tuple[tuple[ChannelId, AreaCode], ...]
    duck_below_level: dict[ChannelId, int]
    source_areas: dict[str, tuple[AreaCode, ...]]
    ebr_code: str  # 23 digits
    waiting_a_source: int = 20  # daily or unverified alerts of one source that may wait at once
    waiting_in_all: int = 2000
    lead: Duration = LEAD  # an alert counts as finished this long after its last repeat

    def on_life_list(self, event: str) -> bool:
        """Whether the event code is one whose gate fails open."""
        return any(event.startswith(begin) for begin in self.life_list)

    def areas_of(self, source: str) -> tuple[AreaCode, ...]:
        """Where a source may ask for sound; a source without areas of its own: the station's area."""
        return self.source_areas.get(source) or (self.area,)


def policy_of(settings: Settings, areas: AreaTree) -> Policy:
    """The policy of a station. Raises Refused for a row below its floor, a bad time of day, an unknown area."""
    station, alerts = settings.station, settings.alerts
    return Policy(
        station=station.id,
        area=areas.known(station.area),
        authority=station.authority,
        tree=areas,
        zone=ZoneInfo(station.timezone),
        rows=_rows(settings),
        life_list=tuple(alerts.life_list),
        hold=Duration(alerts.hold_s * SECOND),
        longest=Duration(alerts.max_minutes * MINUTE),
        repeats=alerts.repeats,
        streams=alerts.streams,
        gap=Duration(alerts.gap_ms * 1000),
        quiet_from=minutes_of(alerts.quiet_from),
        quiet_to=minutes_of(alerts.quiet_to),
        template_villages=alerts.template_villages,
        template_span=Duration(alerts.template_minutes * MINUTE),
        channels=tuple((channel.id, channel.area) for channel in settings.channels),
        duck_below_level={channel.id: channel.duck_below_level for channel in settings.channels},
        source_areas={source.id: tuple(map(areas.known, source.areas)) for source in settings.sources},
        ebr_code=station.ebr_code or made_up_ebr(station.authority, station.area),
    )


def _rows(settings: Settings) -> dict[str, SignatureRow]:
    rows = {**ROWS, "upstream_other": attrs.evolve(ROWS["upstream_other"], timer_s=settings.alerts.hold_s)}
    for row in settings.signatures:
        before, owed = FLOORS[row.row]
        if row.before < before or row.owed < owed or row.timer_s < 0:
            raise Refused(
                f"signatures, row {row.row}: at least {before} before air and {owed} owed; {row.before} and {row.owed} are too few.",
                f"签审表 {row.row}:播前至少 {before} 人、补签至少 {owed} 人,现为 {row.before} 和 {row.owed},不够。",
                code="settings",
            )
        rows[row.row] = _timed(row)
    return rows


def _timed(row: SignatureRow) -> SignatureRow:
    if row.timer_s and row.row not in TIMED_ROWS:
        raise Refused(
            f"signatures, row {row.row}: only verified upstream rows may have a timer.",
            f"签审表 {row.row}:只有已验签的上级消息可以设定时放行。",
            code="settings",
        )
    within = row.owed_within_s or ROWS[row.row].owed_within_s or 86_400
    return attrs.evolve(row, owed_within_s=within if row.owed else 0)


def minutes_of(text: str) -> int:
    """Local minutes since midnight of `HH:MM`; raises Refused."""
    found = re.fullmatch(r"([01][0-9]|2[0-3]):([0-5][0-9])", text)
    if found is None:
        raise Refused(
            f"{text!r} is no time of day HH:MM.", f"{text!r} 不是 HH:MM 格式的时刻。", code="settings"
        )
    return int(found[1]) * 60 + int(found[2])


def made_up_ebr(authority: Authority, area: AreaCode) -> str:
    """A 23-digit resource code (GD/J 080: level, area, type 0103, 01, subtype 01, 01) where settings give none."""
    return f"{AUTHORITIES.index(authority) + 1}{area}0103010101"


def local(at: Instant, zone: ZoneInfo) -> datetime:
    """The local date and time of an instant; for rules that speak of the time of day."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)).astimezone(zone)


def instant(when: datetime) -> Instant:
    """The instant of an aware date and time."""
    return Instant((when - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1))


def same_area_inside(areas: tuple[AreaCode, ...], code: AreaCode) -> bool:
    """Whether `code` lies inside one of `areas`; with none named, everywhere is allowed."""
    return not areas or any(code.startswith(prefix(area)) for area in areas)
