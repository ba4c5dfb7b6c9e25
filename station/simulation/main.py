"""`gengfu simulate`: runs whole broadcast days on a fake clock and says whether every law held. Knows how a run is begun and told about; nothing of what happens in it."""

from __future__ import annotations

import argparse
import json
import secrets
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from random import Random
from typing import Any, Final

from tqdm import tqdm

from schedules.calendar import local_iso
from station import clock, logs
from station.arguments import Parser
from station.laws import Broken
from station.oserrors import os_zh
from station.simulation import county, script
from station.simulation.day import Day
from station.words import HOUR, SECOND, Instant, Refused

MOST_DAYS: Final = 31
MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a directory of this run's own is made in it
LAWS: Final = tuple(f"L{n}" for n in range(1, 13))


def main(argv: list[str]) -> int:
    """0 when every law held, 1 when one was broken."""
    asked = _options().parse_args(argv)
    _check(asked.json)
    seed = asked.seed if asked.seed is not None else str(secrets.randbelow(1_000_000))
    hours = _hours(asked)
    sys.stdout.write(f"seed · 种子 {seed}\n")
    sys.stdout.flush()
    folder = Path(tempfile.mkdtemp(prefix="gengfu-simulate-", dir=MEMORY if MEMORY.is_dir() else None))
    try:
        return _run(asked, seed, hours, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _options() -> argparse.ArgumentParser:
    parser = Parser(
        prog="gengfu simulate",
        description="whole broadcast days on a fake clock, every law checked · 在模拟时钟上跑完整播出日,逐条检查定律",
    )
    add = parser.add_argument
    add("--days", type=int, default=1, metavar="N", help="broadcast days, 1 to 31 · 播出日数")
    add("--hours", type=float, default=None, help="only the first hours of them · 只跑前若干小时")
    add("--seed", default=None, help="the same seed is the same day · 相同种子得到完全相同的一天")
    add(
        "--settings",
        type=Path,
        default=None,
        metavar="FILE",
        help="the rules of this station · 用该台站的设置",
    )
    add(
        "--timezone",
        default=None,
        metavar="ZONE",
        help="local time; by default the seed chooses · 时区,默认由种子选定",
    )
    add("--json", type=Path, default=None, metavar="FILE", help="write the outcome to a file · 结果写入文件")
    return parser


def _hours(asked: argparse.Namespace) -> float:
    if not 1 <= asked.days <= MOST_DAYS:
        raise Refused(f"--days is a number from 1 to {MOST_DAYS}", f"--days 应为 1 至 {MOST_DAYS}")
    if asked.hours is not None and not 0.1 <= asked.hours <= 24 * MOST_DAYS:
        raise Refused(
            f"--hours is a number from 0.1 to {24 * MOST_DAYS}", f"--hours 应为 0.1 至 {24 * MOST_DAYS}"
        )
    return 25.0 * asked.days if asked.hours is None else float(asked.hours)


def _check(path: Path | None) -> None:
    """Raise Refused where the outcome could not be written: better now than after hours."""
    try:
        if path is not None:
            path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}", f"无法写入 {path}:{os_zh(error)}"
        ) from None


def more(asked: argparse.Namespace) -> str:
    """What made this day besides seed and zone, as it was given."""
    made = [
        ("--days", asked.days if asked.days != 1 else None),
        ("--hours", asked.hours),
        ("--settings", asked.settings),
    ]
    return "".join(f" {name} {shlex.quote(str(value))}" for name, value in made if value is not None)


def _run(asked: argparse.Namespace, seed: str, hours: float, folder: Path) -> int:
    day = prepare(seed, asked.days, hours, folder, asked.settings, asked.timezone or "")
    with (folder / "log.jsonl").open("w", encoding="utf-8") as log:
        logs.start("simulate", day.now, out=log)
        began = clock.monotonic_ns()
        broken = _watched(day)
        took = (clock.monotonic_ns() - began) / 1e9
    found = outcome(day, took, broken)
    if asked.json is not None:
        asked.json.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    sys.stdout.write(table(found) if broken is None else complaint(day, found, broken, more(asked)))
    return 0 if broken is None else 1


def prepare(
    seed: str, days: int, hours: float, folder: Path, settings: Path | None = None, timezone: str = ""
) -> Day:
    """A run that has not begun. Raises Refused for settings that do not hold."""
    dice = Random(f"{seed}/zone")  # noqa: S311
    zone = timezone or dice.choice(script.ZONES)
    made = county.own(folder, seed, zone) if settings is None else county.of(settings, folder, seed, timezone)
    station = made.settings.station
    start, end, odd = script.span(seed, days, station.timezone, station.day_start)
    end = Instant(min(end, start + round(hours * HOUR)))
    return Day(made, seed, start, end, odd)


def _watched(day: Day) -> Broken | None:
    total = round((day.end - day.start) / SECOND)
    with tqdm(total=total, unit="s", unit_scale=True, disable=not sys.stderr.isatty()) as bar:
        try:
            day.run(lambda seconds: _advance(bar, seconds, day))
        except Broken as broken:
            return broken
    return None


def _advance(bar: Any, seconds: float, day: Day) -> None:
    bar.set_description(day.local()[5:16])
    bar.update(seconds - bar.n)


def outcome(day: Day, took: float, broken: Broken | None) -> dict[str, Any]:
    """Everything that is told about a run, as JSON may hold it."""
    zone, story = day.county.settings.station.timezone, day.watch.story
    ended = [body["how"] for body in story.ended.values()]
    return {
        "seed": day.seed,
        "timezone": zone,
        "start": local_iso(day.start, zone),
        "end": local_iso(day.end, zone),
        "held": broken is None,
        "broken": None if broken is None else {"law": broken.law, "what": broken.what, "at": day.local()},
        "events": day.watch.position,
        "head": getattr(day, "head", ("", ""))[1],
        "alerts": {
            "submitted": len(story.submitted),
            "aired": len(story.aired),
            **{how: ended.count(how) for how in sorted(set(ended))},
        },
        "counts": dict(sorted(day.counts.items())),
        "renders": day.watch.renders,
        "frames": day.village.frames if hasattr(day, "village") else 0,
        "laws": {law: day.watch.checked[law] for law in LAWS},
        "seconds": round(took, 1),
    }


def table(found: dict[str, Any]) -> str:
    """The summary at the end of a run in which every law held."""
    counts = found["counts"]
    refused = sum(value for name, value in counts.items() if name.startswith("refused"))
    alerts = ", ".join(f"{name} {value}" for name, value in found["alerts"].items())
    laws = "  ".join(f"{law} {value}" for law, value in found["laws"].items())
    rows = [
        ("day · 播出日", f"{found['start']} → {found['end']} ({found['timezone']})"),
        ("took · 用时", f"{found['seconds']} s"),
        ("journal · 日志", f"{found['events']} records · {found['head']}"),
        ("commands · 命令", f"{counts.get('commands', 0)}, refused · 拒绝 {refused}, no right · 无权 {counts.get('no right', 0)}"),
        ("alerts · 预警", alerts),
        ("restarts · 重启", f"{counts.get('restarts', 0)}, players lost · 播放器故障 {counts.get('players lost', 0)}, journal unwritable · 日志不可写 {counts.get('journal unwritable', 0)}"),
        ("renders · 渲染", f"{found['renders']}, terminal frames · 终端报文 {found['frames']}"),
        ("laws checked · 定律检查次数", laws),
    ]  # fmt: skip
    body = "\n".join(f"  {name}: {value}" for name, value in rows)
    return f"{body}\nevery law held · 各条定律全部成立\n"


def complaint(day: Day, found: dict[str, Any], broken: Broken, more: str = "") -> str:
    """What is said when a law was broken: seed, moment, law, what happened just before, and how to see it again (`more`: further options)."""
    zone = day.county.settings.station.timezone
    recent = [f"  {local_iso(at, zone)}  {words}" for at, words in list(day.watch.recent)[-14:]]
    return "\n".join(
        [
            f"BROKEN · 定律被违反 {broken.law}: {broken.what}",
            f"  at · 时刻 {found['broken']['at']}, seed · 种子 {day.seed}, journal position · 日志位置 {day.watch.position}",
            "before it · 此前:",
            *recent,
            f"again · 重现: gengfu simulate --seed {day.seed} --timezone {zone}{more}",
            "",
        ]
    )
