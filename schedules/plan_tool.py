"""`gengfu plan CSV --settings FILE`: shows the plan that a rundown gives, with its warnings, and may write it down. Knows settings and library; decides nothing."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from schedules.calendar import broadcast_day, local_text
from schedules.frames import frame_of
from schedules.named import waiting
from schedules.plan import Plan, Take
from schedules.plan_file import write_plan
from schedules.remarks import Unplannable
from schedules.rundown import parse
from schedules.table import BadRundown, decode
from schedules.timeline import Frame, bounds, resolve
from station import library, settings_file
from station.arguments import Parser
from station.clock import wall_us
from station.oserrors import os_zh
from station.settings import ChannelSection, Places, Settings
from station.words import SAMPLE_RATE, ChannelId, Instant, Refused, SampleIndex, instant_of

CHECK_APPROVAL = "unsigned"  # this plan is shown, not aired


def main(argv: list[str]) -> int:
    """0: the rundown can be kept; 1: it cannot (each reason on a line of its own); 2: wrong use."""
    asked = _arguments().parse_args(argv)
    try:
        plan, frame = _plan(asked)
    except BadRundown as error:
        for complaint in error.complaints:
            where = f"{asked.csv}:{complaint.line}: " if complaint.line else f"{asked.csv}: "
            sys.stderr.write(f"{where}{complaint.text.en} · {complaint.text.zh}\n")
        return 1
    except Unplannable as error:
        for text in error.complaints:
            sys.stderr.write(f"{asked.csv}: {text.en} · {text.zh}\n")
        return 1
    sys.stdout.write(table(plan, frame))
    if asked.out:
        write_plan(asked.out, plan)
    return 0


def table(plan: Plan, frame: Frame) -> str:
    """The takes as a table for people, warnings below."""
    lines = ["start        length        kind       hard  title"]
    lines += [_row(take, frame) for take in plan.takes]
    programme = [take for take in plan.takes if take.kind != "filler"]
    filler = sum(take.end - take.start for take in plan.takes if take.kind == "filler")
    lines.append(
        f"{len(programme)} items, {_span(filler)} of filler, {len(plan.warnings)} warnings · "
        f"{len(programme)} 条节目,垫片 {_span(filler)},{len(plan.warnings)} 条提示"
    )
    lines += [
        f"▷ waits for a key · 备播: {medium.title}  {_span(medium.samples)}" for medium in waiting(plan)
    ]
    lines += [f"! {warning}" for warning in plan.warnings]
    return "\n".join(lines) + "\n"


def _row(take: Take, frame: Frame) -> str:
    at = local_text(instant_of(take.start), frame.tz, millis=True)
    mark = "hard" if take.hard else ""
    cut = "  (cut · 截)" if take.trimmed and take.kind != "filler" else ""
    return f"{at} {_span(take.end - take.start)}  {take.kind:<9}  {mark:<4}  {take.title}{cut}"


def _span(samples: int) -> str:
    seconds, rest = divmod(samples, SAMPLE_RATE)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours:02d}:{minutes:02d}:{seconds % 60:02d}.{rest * 1000 // SAMPLE_RATE:03d}"


def _plan(asked: argparse.Namespace) -> tuple[Plan, Frame]:
    settings = settings_file.load(asked.settings)
    section = _channel(settings, asked.channel)
    places = Places(Path(asked.state) if asked.state else asked.settings.parent / settings.station.state)
    entries = library.read(places)
    media = library.media_by_name(places, entries)
    if not media:
        raise Refused(
            f"There is no medium in {places.state}; run gengfu setup first.",
            f"{places.state} 中没有素材,请先运行 gengfu setup。",
        )
    handlings = library.handlings_on(section, entries)
    frame = frame_of(section, settings.station, media, handlings, settings.replacements)
    day = asked.day or broadcast_day(Instant(wall_us()), frame.tz, frame.day_start)
    rundown = parse(decode(_read(asked.csv)), section.id, day)
    begins, ends = bounds(day, frame)
    plan = resolve(
        [rundown],
        media,
        {day: CHECK_APPROVAL},
        frame,
        start=SampleIndex(begins),
        end=SampleIndex(ends),
        revision=0,
    )
    return plan, frame


def _channel(settings: Settings, channel: str) -> ChannelSection:
    if not channel:
        return settings.channels[0]
    try:
        return settings.channel(ChannelId(channel))
    except KeyError:
        raise Refused(f"There is no channel {channel!r}.", f"没有频道 {channel!r}。") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(
            f"{path} cannot be read: {error.strerror}.", f"无法读取 {path}:{os_zh(error)}。"
        ) from None


def _arguments() -> Parser:
    parser = Parser(
        prog="gengfu plan",
        description="check a rundown and show the plan it gives · 检查节目单并显示播出计划",
    )
    parser.add_argument("csv", type=Path, metavar="CSV", help="the rundown, see docs/rundown-csv.md · 节目单")
    parser.add_argument(
        "--settings", type=Path, required=True, metavar="FILE", help="station.toml · 设置文件"
    )
    parser.add_argument(
        "--day", default="", metavar="YYYY-MM-DD", help="broadcast day, default today · 播出日,默认今天"
    )
    parser.add_argument("--channel", default="", help="default the first · 频道,默认第一个")
    parser.add_argument("--state", default="", metavar="DIR", help="state directory · 状态目录")
    parser.add_argument("--out", type=Path, metavar="plan.json", help="write the plan here · 写出播出计划")
    return parser
