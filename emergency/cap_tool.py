"""`gengfu cap check FILE…` and `gengfu cap schema VERSION`. Reads files, keys and profiles and prints; judges by the same functions as the ingest port."""

from __future__ import annotations

import argparse
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from emergency import cap, cap_profile, cap_signature, cap_verdict, safe_xml
from emergency.cap_dictionary import VERSIONS
from emergency.cap_xsd import xsd
from station.arguments import Parser
from station.words import Text


def parser() -> Parser:
    """The options of `gengfu cap`."""
    made = Parser(prog="gengfu cap", description="check CAP files · 检查 CAP 文件")
    verbs = made.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="one JSON verdict a line · 每个文件输出一行 JSON 结论")
    check.add_argument("files", nargs="+", metavar="FILE", type=Path)
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
    schema = verbs.add_parser("schema", help="our XML schema of a version · 输出某版本的 XML Schema")
    schema.add_argument("version", choices=VERSIONS)
    return made


def main(argv: list[str]) -> int:
    """0 when every file is valid CAP, 1 when one is not, 2 for wrong use."""
    options = parser().parse_args(argv)
    if options.verb == "schema":
        sys.stdout.write(xsd(options.version))
        return 0
    valid = True
    for said in _verdicts(options):
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
        valid = valid and said["valid"]
    return 0 if valid else 1


def _verdicts(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    keys = tuple(cap_signature.load_key(path) for path in options.key)
    profiles = (*cap_profile.shipped(), *(cap_profile.load(path) for path in options.profile))
    now = cap.moment(options.at) if options.at else None
    for path in options.files:
        said: dict[str, Any] = {"file": str(path)}
        data = _read(path)
        if isinstance(data, Text):
            yield said | cap_verdict.blank() | cap_verdict.refusal([data])
        else:
            yield said | cap_verdict.verdict(data, keys=keys, profiles=profiles, now=now)


def _read(path: Path) -> bytes | Text:
    """What a file holds, up to a byte more than is allowed; or why it cannot be read. A pipe would be waited for."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return Text("cannot be read: it is no file", "无法读取:不是普通文件")
        with path.open("rb") as file:
            return file.read(safe_xml.MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        return Text(f"cannot be read: {said}", f"无法读取:{said}")
