"""`gengfu tscheck FILE…`: a transport stream against the decoder model and what a monitor asks, as a table or JSON. Reads files; decides nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from emergency import given, section_packets
from safety.ts_check import Check, Gather
from safety.ts_report import NAMES, Report, Row, as_json
from station.arguments import Parser
from station.words import Misheard, Refused

_CHUNK: Final = 188 * 1_024
_VERDICTS: Final = {"ok": "ok · 合格", "fault": "FAULT · 不合格", "unknown": "not measured · 未测"}


def parser() -> Parser:
    """The options of `gengfu tscheck`."""
    made = Parser(
        prog="gengfu tscheck",
        description="check a transport stream: decoder buffers (T-STD, ISO/IEC 13818-1), clock and tables (ETSI TR 101 290) · 检查传输流:解码缓冲模型、时钟与表",
    )
    made.add_argument(
        "files", nargs="+", metavar="FILE", type=Path, help="188-byte packets · 188 字节包的 TS 文件"
    )
    made.add_argument("--json", action="store_true", help="one JSON line a file · 每个文件输出一行 JSON")
    made.add_argument(
        "--mpeg",
        action="store_true",
        help="without the tables of DVB: SDT, EIT, TDT · 不检查 DVB 的 SDT、EIT、TDT",
    )
    return made


def main(argv: list[str]) -> int:
    """0: every file holds; 1: one does not; 2: wrong use."""
    options = parser().parse_args(argv)
    found = [_one(path, options) for path in options.files]
    return 0 if all(found) else 1


def _one(path: Path, options: argparse.Namespace) -> bool:
    dvb = not options.mpeg
    try:
        report = checked(path)
    except (Refused, Misheard) as error:
        said = {"file": str(path), "holds": False, "error": {"en": error.text.en, "zh": error.text.zh}}
        _say(
            [json.dumps(said, ensure_ascii=False)]
            if options.json
            else [f"{path}: {error.text.en}", error.text.zh]
        )
        return False
    holds = report.holds(dvb=dvb)
    if options.json:
        _say([json.dumps({"file": str(path), "holds": holds, **as_json(report)}, ensure_ascii=False)])
    else:
        _say(table(path.name, report, dvb=dvb))
    return holds


def checked(path: Path) -> Report:
    """What the check of a file says; Misheard where it is no transport stream, Refused where it cannot be read."""
    check = Check(_gathering)
    with given.opened(path) as file:
        while data := file.read(_CHUNK):
            check.feed(data)
    return check.report()


def _gathering() -> Gather:
    return section_packets.Reader(tables=range(0xFF)).feed


def table(name: str, report: Report, *, dvb: bool) -> Iterator[str]:
    """For a person: one line a question, then the verdict."""
    kinds = ", ".join(f"{pid:#06x} = {kind:#04x}" for pid, kind in report.streams)
    yield (
        f"{name}: {report.us / 1_000_000:.3f} s, {report.packets} packets · 包, {report.rate / 1000:.1f} kbit/s, "
        f"{100 * report.empty / max(1, report.packets):.1f} % empty · 空包; PCR {report.pcr:#06x}; {kinds}"
    )
    rows = report.asked(dvb=dvb)
    for row in rows:
        yield _line(row)
    for pid in report.unchecked:
        yield f"{'':>7} {pid:#06x}  buffers of this kind are not checked · 该类型码流的缓冲不作检查"
    faults = sum(row.verdict == "fault" for row in rows)
    yield (
        f"{faults} faults in {len(rows)} questions · {len(rows)} 项中 {faults} 项不合格"
        if faults
        else (f"all {len(rows)} questions hold or could not be measured · {len(rows)} 项全部合格或未能测量")
    )


def _line(row: Row) -> str:
    place = "" if row.pid is None else f"{row.pid:#06x}"
    name = NAMES[row.key]
    measured = "–" if row.measured is None else _figure(row.measured, row.unit)
    return (
        f"{row.clause:>7} {place:>6}  {name.en:<34} {measured:>12}  ≤ {_figure(row.limit, row.unit):<12} "
        f"{_VERDICTS[row.verdict]}  ({name.zh})"
    )


def _figure(value: int, unit: str) -> str:
    if unit == "µs":
        return f"{value / 1_000:.1f} ms"
    return str(value) if unit == "count" else f"{value} {unit}"


def _say(lines: list[str] | Iterator[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")
