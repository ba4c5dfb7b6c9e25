"""`gengfu doctor`: looks at a machine and a station's state and says, line by line, what is well and what to do about the rest. Composition only: station.examine looks, station.symptoms judges."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs

from station import (
    backup_note,
    examine,
    examine_lines,
    examine_outputs,
    plant_pieces,
    settings_file,
    symptoms_lines,
    symptoms_outputs,
)
from station import symptoms as told
from station import symptoms_kept as kept
from station.arguments import Parser
from station.clock import AnchorTime, monotonic_ns
from station.settings import Places, Ports, Settings
from station.settings_file import SettingsWrong
from station.symptoms import Finding
from station.symptoms_calls import calls
from station.wire import canonical
from station.words import Refused

MARKS = {"ok": "  ok", "warn": "WARN", "bad": " BAD"}


def main(argv: list[str]) -> int:
    """0: all well; 1: something to look at; 2: something bad, or wrong use."""
    asked = _parser().parse_args(argv)
    try:
        found = list(examined(asked.settings, asked.state, asked.port, quiet=asked.json))
    except SettingsWrong as wrong:
        found = [Finding("settings", "bad", text) for text in wrong.texts]
    except Refused as refused:
        found = [Finding("state", "bad", refused.text)]
    if asked.json:
        rows = [{"what": f.what, "grade": f.grade, "en": f.text.en, "zh": f.text.zh} for f in found]
        sys.stdout.write(canonical({"worst": told.worst(found), "findings": rows}) + "\n")
    else:
        for one in found:
            _say(one, asked.lang)
    return told.worst(found)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="gengfu doctor",
        description="what is well with a station and its machine, and what to do about the rest; exit code 0 well, 1 look, 2 bad · 体检:逐项说明是否正常及处置办法",
    )
    parser.add_argument("--settings", type=Path, required=True, help="station.toml · 设置文件")
    parser.add_argument("--state", default=None, help="state directory · 状态目录")
    parser.add_argument("--port", type=int, default=None, help="base port N · 端口基数")
    parser.add_argument("--json", action="store_true", help="for machines · 供程序读取")
    parser.add_argument("--lang", choices=("both", "en", "zh"), default="both", help="language · 语言")
    return parser


def examined(
    path: Path, state: str | None = None, port: int | None = None, *, quiet: bool = True
) -> Iterator[Finding]:
    """Every finding, in the order of the list in the manual. Raises SettingsWrong, Refused where there is no state."""
    settings = settings_file.load(path, files=True)
    places = settings_file.places(path, settings, state)
    if not places.state.is_dir():
        raise Refused(
            f"there is no state directory {places.state}: run gengfu setup first, or say --state",
            f"没有状态目录 {places.state}:请先运行 gengfu setup,或用 --state 指定",
        )
    yield told.ok("settings", f"{path.name} holds", f"{path.name} 有效")
    yield from _kept(settings, places)
    yield from _nets(settings, Ports(port or settings.station.port))
    yield from symptoms_outputs.outputs(examine_outputs.outlets(settings, places))
    yield from symptoms_outputs.relays(examine_outputs.relays(settings, places))
    yield from _machine(settings, places, path.parent)
    yield told_journal(settings, places, quiet=quiet)


def _kept(settings: Settings, places: Places) -> Iterator[Finding]:
    now = AnchorTime(places.anchor).now()
    people = examine.people(places)
    yield from kept.secrets(examine.secret_files(places))
    yield kept.modes(examine.kept_files(places))
    yield kept.demo(settings, people or (), (places.state / "upstream").is_dir())
    yield from kept.keys(examine.keys(places, now))
    yield from kept.people(people)
    yield kept.backup(backup_note.last(places), now)
    yield kept.gate(examine.held_from(settings, places))
    yield from calls(settings, **examine.call_gateway(settings, places))


def _nets(settings: Settings, ports: Ports) -> Iterator[Finding]:
    yield told.device_nets(settings)
    yield from told.ports(examine.ports(settings, ports))
    yield from symptoms_lines.serial_ports(examine_lines.serial_ports(settings))


def _machine(settings: Settings, places: Places, home: Path) -> Iterator[Finding]:
    ports = Ports(settings.station.port)
    yield from symptoms_lines.left_out(plant_pieces.left_out(settings, ports, home, places.secrets))
    yield told.clock(**examine.clock(places))
    yield from told.disk(**examine.disk(places, monotonic_ns))
    yield told.second_copy(**examine.second_copy(settings, home, places))
    yield told.realtime(**examine.realtime(settings, places))
    yield told.media_tools(examine.codecs_missing())
    yield told.fonts(examine.glyphs_missing(settings, home))


def told_journal(settings: Settings, places: Places, *, quiet: bool) -> Finding:
    """The journal last: it takes the longest."""
    return kept.journal(**examine.journal(settings, places, quiet=quiet or not sys.stderr.isatty()))


def _say(one: Finding, lang: str) -> None:
    if lang == "both":
        sys.stdout.write(f"{MARKS[one.grade]}  {one.what:<11} {one.text.en}\n{'':<19}{one.text.zh}\n")
    else:
        sys.stdout.write(f"{MARKS[one.grade]}  {one.what:<11} {attrs.asdict(one.text)[lang]}\n")
