"""`gengfu upgrade`: what is held since an upgrade, and, with --release, lets it sound. Asks for password and PIN; the station decides."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from station.alert_tool import Seat, seated
from station.arguments import Parser
from station.secret import ask_secret


def main(argv: list[str], ask: Callable[[str], str] = ask_secret) -> int:
    """0: nothing is held (any more); 1: refused, or something is held; 2: wrong use."""
    parser = Parser(
        prog="gengfu upgrade", description="what is held since an upgrade · 查看并解除升级后的暂停"
    )
    parser.add_argument("--state", type=Path, required=True, help="state directory · 状态目录")
    parser.add_argument("--as", dest="operator", required=True, help="operator id · 操作员编号")
    parser.add_argument("--release", action="store_true", help="let it sound; needs a PIN · 解除暂停(需 PIN)")
    parser.add_argument("--reason", default="", help="in a few words · 理由")
    asked = parser.parse_args(argv)
    with seated(asked.state, asked.operator, ask) as seat:
        return _do(seat, asked)


def _do(seat: Seat, asked: argparse.Namespace) -> int:
    if asked.release:
        seat.command("upgrade.release", {"reason": asked.reason})
        _say("released: it sounds as this version wants it · 已解除,按本版本播出")
        return 0
    held = seat.query("held")
    if not held["before"]:
        _say("nothing is held · 无暂停事项")
        return 0
    for clip in held["clips"]:
        where = ", ".join((*clip["areas"], *clip["channels"])) or "nowhere · 不播出"
        _say(f"{clip['alert']}  only as version {held['before']} did · 仅按旧版播出: {where}")
    for mute in held["mutes"]:
        _say(f"{mute['mute']}  stays muted · 保持静音")
    return 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
