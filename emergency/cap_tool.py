"""`gengfu cap check FILE…` and `gengfu cap schema VERSION`. Reads files, keys and profiles and prints; judges by the same functions as the ingest port."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emergency import cap, cap_profile, cap_signature, cap_verdict, given, safe_xml
from emergency.cap_dictionary import VERSIONS
from emergency.cap_xsd import xsd
from station.area_tool import read_areas
from station.arguments import Parser
from station.ground_files import ground_of
from station.words import Instant, Misheard, Refused


def parser() -> Parser:
    """The options of `gengfu cap`."""
    made = Parser(prog="gengfu cap", description="check CAP files · 检查 CAP 文件")
    verbs = made.add_subparsers(dest="verb", required=True)
    _describe(verbs.add_parser("check", help="one JSON verdict a line · 每个文件输出一行 JSON 结论"))
    schema = verbs.add_parser("schema", help="our XML schema of a version · 输出某版本的 XML Schema")
    schema.add_argument("version", choices=VERSIONS)
    return made


def _describe(check: Parser) -> None:
    check.add_argument("files", nargs="+", metavar="FILE", type=Path, help="- is the input · - 为标准输入")
    check.add_argument(
        "--key",
        action="append",
        default=[],
        metavar="PEM",
        type=Path,
        help="pinned public key or certificate · 登记的公钥或证书",
    )
    check.add_argument(
        "--profile",
        action="append",
        default=[],
        metavar="TOML",
        type=Path,
        help="one more profile · 另一个配置",
    )
    check.add_argument(
        "--at",
        metavar="TIME",
        help="as if received at this time, 2026-11-22T08:00:00+08:00; without, times are not judged · 按此时刻收到判断",
    )
    check.add_argument(
        "--terminals",
        metavar="CSV",
        type=Path,
        help="a station's terminals, for areas that are drawn · 终端登记表",
    )
    check.add_argument(
        "--geocodes", metavar="CSV", type=Path, help="scheme,code,area, for foreign codes · 外部代码对照表"
    )
    check.add_argument(
        "--areas", metavar="CSV", type=Path, help="code,name,level: a station's area table · 行政区划表"
    )
    check.add_argument(
        "--accept",
        action="store_true",
        help="exit code 1 also for what the port would refuse · 会被拒收的文件也返回 1",
    )


def main(argv: list[str]) -> int:
    """0 when every file is valid CAP (with --accept: would be taken), 1 when one is not, 2 for wrong use."""
    options = parser().parse_args(argv)
    if options.verb == "schema":
        sys.stdout.write(xsd(options.version))
        return 0
    valid = True
    for said in _verdicts(options):
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        valid = valid and said["valid"] and not (options.accept and said["would"] == "refuse")
    return 0 if valid else 1


def _verdicts(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    keys = tuple(cap_signature.load_key(path) for path in options.key)
    profiles = (*cap_profile.shipped(), *(cap_profile.load(path) for path in options.profile))
    now = _moment(options.at) if options.at else None
    tree = None if options.areas is None else read_areas(options.areas)
    ground = ground_of(options.terminals, options.geocodes)
    for path in options.files:
        said: dict[str, Any] = {"file": str(path)}
        try:
            data = given.read(path, safe_xml.MAX_BYTES)
        except Refused as refused:
            yield said | cap_verdict.blank() | cap_verdict.refusal([refused.text])
        else:
            yield said | cap_verdict.verdict(
                data, keys=keys, profiles=profiles, now=now, ground=ground, tree=tree
            )


def _moment(said: str) -> Instant:
    try:
        return cap.moment(said)
    except Misheard:
        raise Refused(
            f"--at {said[:40]} is not a time such as 2026-11-22T08:00:00+08:00",
            f"--at {said[:40]} 不是时间,例如 2026-11-22T08:00:00+08:00",
            code="use",
        ) from None
