"""`gengfu safety report`: the figures of a span, from the running station or from its journal. Knows where they are kept and how they are written out, not how they are made."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from safety.causes import cause_text
from safety.figures import figures, mean_times, settled_end, total
from safety.messages import IncidentOpened, SlotsMeasured
from safety.slots import fold
from schedules.calendar import add_days, broadcast_day, day_bounds, local_iso, zone
from station import settings_file, store
from station.arguments import Parser
from station.asking import Line
from station.clock import wall_us
from station.records import event_of
from station.settings import Places
from station.views import SafetyView
from station.wire import from_plain, to_plain
from station.words import ChannelId, Instant, Refused, Text

_DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def edge_meant(text: str, tz: str, day_start: str, now: Instant) -> Instant:
    """Where the broadcast day begins that `yesterday`, `today`, `tomorrow` or a date names, as on the page Safety; any other text is an instant. Raises Refused."""
    day = add_days(broadcast_day(now, tz, day_start), _DAYS[text]) if text in _DAYS else text
    if _DATE.fullmatch(day):
        return day_bounds(day, tz, day_start)[0]
    return instant_from(day, tz)


def instant_from(text: str, tz: str) -> Instant:
    """An instant written as ISO 8601; without an offset it is local time of the station. Raises Refused."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Refused(
            f"{text!r} is not a time such as 2026-11-22T06:00 or 2026-11-22T06:00:00+08:00",
            f"“{text}”不是时间;应写作 2026-11-22T06:00 或 2026-11-22T06:00:00+08:00",
        ) from None
    aware = found if found.tzinfo is not None else found.replace(tzinfo=zone(tz))
    since = aware - datetime(1970, 1, 1, tzinfo=UTC)
    return Instant((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


def from_station(places: Places, start: Instant, end: Instant) -> list[SafetyView] | None:
    """The figures the running station gives; None when none runs. Raises Refused, Misheard."""
    try:
        token = (places.run / "peer.token").read_text(encoding="ascii").strip()
        with Line(places.control) as line:
            views = line.ask("query", session=token, name="safety", args={"from": start, "to": end})
    except OSError:
        return None
    return [from_plain(view, SafetyView) for view in views]


def from_journal(url: str, start: Instant, end: Instant) -> list[SafetyView]:
    """The figures made of the journal's records. Raises Refused where there is no journal."""
    engine = store.reader_engine(url)
    try:
        with store.reading(engine) as connection:
            measured, opened = _records(connection)
    except sa.exc.DatabaseError as error:
        why = str(error.orig)
        raise Refused(f"the journal cannot be read: {why}", f"无法读取日志:{why}") from None
    finally:
        engine.dispose()
    return [
        _of_point(channel, point, reports, opened, start, end)
        for (channel, point), reports in sorted(measured.items())
    ]


_Measured = dict[tuple[ChannelId, str], list[SlotsMeasured]]
_Opened = list[tuple[IncidentOpened, Instant]]


def _records(connection: sa.Connection) -> tuple[_Measured, _Opened]:
    t = store.journal.c
    asked = (
        sa.select(t.at, t.kind, t.body)
        .where(t.kind.like("slots.measured/%") | t.kind.like("incident.opened/%"))
        .order_by(t.position)
    )
    measured: _Measured = {}
    opened: _Opened = []
    for at, kind, body in connection.execute(asked):
        happened = event_of(kind, body)
        if isinstance(happened, SlotsMeasured):
            measured.setdefault((happened.channel, happened.point), []).append(happened)
        elif isinstance(happened, IncidentOpened):
            opened.append((happened, Instant(at)))
    return measured, opened


def _of_point(
    channel: ChannelId,
    point: str,
    reports: Sequence[SlotsMeasured],
    opened: _Opened,
    start: Instant,
    end: Instant,
) -> SafetyView:
    runs = fold(run for report in reports for run in report.runs)
    return figures(
        channel,
        runs,
        start,
        settled_end(runs, end),
        point=point,
        real_return=reports[-1].real_return,
        opened=[(event, at) for event, at in opened if event.channel == channel and event.point == point],
    )


def as_json(views: Sequence[SafetyView]) -> str:
    """Everything, integers only; instants are µs UTC."""
    made = {
        "channels": [to_plain(view) | mean_times(view.incidents) for view in views],
        "total": to_plain(total(views)),
    }
    return json.dumps(made, ensure_ascii=False, indent=2)


_COLUMNS: Final = (
    "channel", "point", "real_return", "from", "to", "planned_s", "outage_rate_s_per_100h", "strict_rate_s_per_100h",
    "availability_percent", "coverage_percent", "outage_s", "foreign_s", "wrong_s", "empty_s", "degraded_s",
    "unknown_s", "normal_s", "off_air_s", "authorised", "unauthorised", "incidents", "verdict",
)  # fmt: skip


def as_csv(views: Sequence[SafetyView], tz: str) -> str:
    """A line a channel and measuring point."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows(_row(view, tz) for view in views)
    return out.getvalue()


def _row(view: SafetyView, tz: str) -> list[str]:
    states = ("OUTAGE", "FOREIGN", "WRONG", "EMPTY", "DEGRADED", "UNKNOWN", "NORMAL", "PLANNED")
    return [
        view.channel,
        view.point,
        "yes" if view.real_return else "no",
        local_iso(view.start, tz),
        local_iso(view.end, tz),
        _point(view.planned_s_x10, 1),
        _point(view.outage_rate_milli, 3),
        _point(view.strict_rate_milli, 3),
        _point(view.availability_ppm, 4),
        _point(view.coverage_ppm, 4),
        *(_point(view.seconds_x10[state], 1) for state in states),
        *(str(len(part)) for part in (view.authorised, view.unauthorised, view.incidents)),
        view.verdict.zh,
    ]


def _point(value: int | None, digits: int) -> str:
    """An integer with its decimal point; empty where there is no figure."""
    if value is None:
        return ""
    return f"{value // 10**digits}.{value % 10**digits:0{digits}d}"


def _head(start: Instant, end: Instant, tz: str, day_start: str) -> str:
    """The span that was asked for, and from when to when a day is."""
    asked = f"{local_iso(start, tz)} – {local_iso(end, tz)}"
    return f"{asked} (a broadcast day begins at {day_start} · 播出日自 {day_start} 起)\n"


def as_text(views: Sequence[SafetyView], tz: str) -> str:
    """For people, in both languages."""
    lines: list[str] = []
    for view in views:
        kind = (
            ("real return path", "真实回传")
            if view.real_return
            else ("player's own output", "播放器自身输出")
        )
        lines += [
            f"{_called(view)} · {view.point} ({kind[0]} · {kind[1]})",
            f"  {local_iso(view.start, tz)} – {local_iso(view.end, tz)}",
            f"  {view.verdict.en}",
            f"  {view.verdict.zh}",
            (
                f"  outage rate 停播率 {_point(view.outage_rate_milli, 3) or '–'} s/100 h, "
                f"strict 从严 {_point(view.strict_rate_milli, 3) or '–'}, "
                f"availability 可用度 {_point(view.availability_ppm, 4) or '–'} %, "
                f"coverage 覆盖率 {_point(view.coverage_ppm, 4)} %"
            ),
            (
                f"  authorised 授权插播 {len(view.authorised)}, unauthorised 非法插播 {len(view.unauthorised)}, "
                f"incidents 事件 {len(view.incidents)}"
            ),
            *_listed("authorised 授权", view.authorised, tz, "approval"),
            *_listed("unauthorised 非法", view.unauthorised, tz, "cause"),
            *_listed("incident 事件", view.incidents, tz, "state", "cause"),
        ]
    return "\n".join(lines or ["nothing was measured · 没有监测数据"]) + "\n"


def _called(view: SafetyView) -> str:
    return view.channel if view.name is None else f"{view.name.en} · {view.name.zh} ({view.channel})"


def _listed(name: str, entries: Iterable[dict[str, Any]], tz: str, *fields: str) -> list[str]:
    return [
        f"    {name}: {local_iso(e['start'], tz)} – {local_iso(e['end'], tz)}{_heard(e)} {' '.join(_said(e, f) for f in fields)}"
        for e in entries
    ]


def _heard(entry: dict[str, Any]) -> str:
    """How long an insertion was heard between its ends; nothing for an incident, which lasts from end to end."""
    tenths = entry.get("seconds_x10")
    return "" if tenths is None else f" ({tenths // 10}.{tenths % 10} s)"


def _said(entry: dict[str, Any], field: str) -> str:
    """A value of an entry; a cause or an approval in both languages, by names where a station gave them."""
    told = entry.get(f"{field}_text")
    if field != "cause" and told is None:
        return str(entry[field])
    said = cause_text(str(entry[field])) if told is None else from_plain(told, Text)
    return said.en if said.en == said.zh else f"{said.en} · {said.zh}"


def _parser() -> Parser:
    parser = Parser(prog="gengfu safety", description="Safety figures · 安全播出指标")
    report = parser.add_subparsers(dest="what", required=True).add_parser(
        "report", help="figures of a span · 一段时间的指标"
    )
    report.add_argument("--state", type=Path, required=True, help="state directory · 状态目录")
    report.add_argument(
        "--from",
        dest="start",
        default="today",
        help="a broadcast day (2026-11-22, today, yesterday), or a time (ISO 8601); included · 起,含:播出日或时刻",
    )
    report.add_argument(
        "--to",
        dest="end",
        default="tomorrow",
        help="likewise, excluded: without it to the end of today; what is still to come is left out · 止,不含,缺省为今日结束;未到的时段不计",
    )
    report.add_argument("--format", choices=("json", "csv", "text"), default="text")
    report.add_argument("--channel", help="one channel only · 只看一个频道")
    report.add_argument(
        "--settings",
        type=Path,
        help="station.toml, for time zone, start of the day and journal · 时区、播出日起点与日志",
    )
    report.add_argument(
        "--timezone", default="Asia/Shanghai", help="without --settings · 未给出设置文件时的时区"
    )
    report.add_argument(
        "--day-start",
        default="05:00",
        help="local time at which a broadcast day begins, without --settings · 播出日起点,未给出设置文件时使用",
    )
    return parser


def main(argv: list[str]) -> int:
    """Print the figures; 0, 1 when there are none to be had, 2 for wrong use."""
    given = _parser().parse_args(argv)
    tz, day_start, url = given.timezone, given.day_start, store.sqlite_url(Places(given.state).journal)
    if given.settings is not None:
        station = settings_file.load(given.settings).station
        tz, day_start, url = station.timezone, station.day_start, station.journal or url
    now = Instant(wall_us())
    start, end = (edge_meant(text, tz, day_start, now) for text in (given.start, given.end))
    if end <= start:
        raise Refused(
            f"{given.end} is not after {given.start}", f"结束时间 {given.end} 不晚于开始时间 {given.start}"
        )
    views = from_station(Places(given.state), start, end)
    if views is None:
        if store.sqlite_path(url) and not Places(given.state).journal.exists():
            raise Refused(f"there is no journal in {given.state}", f"{given.state} 中没有日志")
        views = from_journal(url, start, end)
    chosen = [view for view in views if given.channel in (None, view.channel)]
    made = {
        "json": lambda: as_json(chosen) + "\n",
        "csv": lambda: as_csv(chosen, tz),
        "text": lambda: _head(start, end, tz, day_start) + as_text(chosen, tz),
    }
    sys.stdout.write(made[given.format]())
    return 0
