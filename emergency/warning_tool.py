"""`gengfu warning check FILE…` and `gengfu warning make FILE.json`: XML of a warning release system (12379) by a profile, one JSON line a file. Reads and writes files; decides nothing."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from emergency import given, safe_xml, warning, warning_profile
from emergency.messages import Message
from emergency.warning_profile import WarningProfile
from station.arguments import Parser
from station.wire import from_plain, to_plain, worded
from station.words import Misheard, Refused


def parser() -> Parser:
    """The options of `gengfu warning`."""
    made = Parser(
        prog="gengfu warning",
        description="XML of the warning release system 12379 · 突发事件预警信息发布系统(12379)XML",
    )
    verbs = made.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="one JSON line a file · 每个文件输出一行 JSON")
    check.add_argument("files", nargs="+", metavar="FILE", type=Path, help="- is the input · - 为标准输入")
    make = verbs.add_parser("make", help="XML of a message as check prints it · 由 check 输出的消息生成 XML")
    make.add_argument("file", metavar="FILE", help="JSON; - is the input · JSON,- 为标准输入")
    make.add_argument("--out", type=Path, metavar="XML", help="else printed · 不给出则打印")
    for verb in (check, make):
        verb.add_argument(
            "--profile", default="12379", metavar="TOML", help="another system's · 其他系统的配置"
        )
    return made


def main(argv: list[str]) -> int:
    """0: every file is a warning; 1: one is not; 2: wrong use."""
    options = parser().parse_args(argv)
    profile = warning_profile.load(options.profile)
    if options.verb == "make":
        return _make(options, profile)
    lines = [verdict(path, profile) for path in options.files]
    for line in lines:
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    return 0 if all(line["valid"] for line in lines) else 1


def verdict(path: Path, profile: WarningProfile) -> dict[str, Any]:
    """What a file says; nothing of it is verified, for these documents carry no signature."""
    said: dict[str, Any] = {"file": str(path), "profile": profile.name, "valid": False, "message": None}
    try:
        data = given.read(path, safe_xml.MAX_BYTES)
        message, names = warning.read(data, profile), warning.names(data, profile)
    except (Refused, Misheard) as error:
        return said | {"reasons": [{"en": error.text.en, "zh": error.text.zh}]}
    return said | {"valid": True, "message": to_plain(message), "names": names, "reasons": []}


def _names(said: object) -> dict[str, str]:
    """Raises ValueError."""
    if not isinstance(said, dict) or not all(isinstance(text, str) for text in said.values()):
        raise ValueError("names are texts by field · names 应为各字段的文本")
    return said


def _make(options: argparse.Namespace, profile: WarningProfile) -> int:
    try:
        said = given.plain(given.text(options.file))
        whole = isinstance(said, dict) and "message" in said
        message = from_plain(said["message"] if whole else said, Message)
        names = _names(said.get("names", {})) if whole else {}
        data = warning.write(message, profile, names)
        warning.read(data, profile)  # what nobody would take is not written
        if options.out is None:
            sys.stdout.write(data.decode("utf-8"))
        else:
            given.written(options.out, data)
    except Misheard as error:
        raise Refused(error.text.en, error.text.zh, code="warning") from None
    except (ValueError, TypeError, OverflowError, ExceptionGroup) as error:
        wrong = worded(error)
        raise Refused(f"this is no message: {wrong.en}", f"不是消息:{wrong.zh}", code="warning") from None
    return 0
