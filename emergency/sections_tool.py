"""`gengfu sections decode FILE…` and `gengfu sections encode FILE.json --out F.ts`: the tables of emergency broadcasting in transport streams, one JSON line a section. Reads and writes files; decides nothing."""

from __future__ import annotations

import argparse
import json
import sys
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs

from emergency import (
    given,
    section_codec,
    section_join,
    section_json,
    section_packets,
    section_profile,
    sections,
    sm2,
)
from emergency.ebd_profile import instant
from emergency.section_profile import SectionProfile
from emergency.sm2 import Signer, Verifier
from station.arguments import Parser
from station.clock import wall_us
from station.packed import number_bytes, pack_bcd
from station.wire import worded
from station.words import Misheard, Refused, Text

PID = 0x21  # where nothing else is said; unverified
_NOT_OURS = ("file", "pid", "valid", "signed", "reasons", "sections")
_CHUNK = 188 * 1024
_REMEMBERED = 10_000  # sections, to tell a repeated one


def parser() -> Parser:
    """The options of `gengfu sections`."""
    made = Parser(
        prog="gengfu sections",
        description="tables FA to FE of emergency broadcasting in transport streams · 传输流中的应急广播表(FA–FE)",
    )
    verbs = made.add_subparsers(dest="verb", required=True)
    decode = verbs.add_parser("decode", help="one JSON line a section · 每个段输出一行 JSON")
    decode.add_argument(
        "files", nargs="+", metavar="FILE", type=Path, help="188-byte packets, or bare sections · TS 或裸段"
    )
    decode.add_argument("--pid", type=_number, metavar="N", help="of this stream alone · 仅此 PID")
    decode.add_argument("--all", action="store_true", help="repeated sections too · 重复的段也输出")
    decode.add_argument(
        "--key", action="append", default=[], type=Path, metavar="PEM", help="SM2 public key · SM2 公钥"
    )
    encode = verbs.add_parser("encode", help="sections from JSON lines · 由 JSON 行生成段")
    encode.add_argument(
        "file", metavar="FILE", help="as decode writes them; - is the input · 同 decode 的输出格式"
    )
    encode.add_argument("--out", required=True, type=Path, metavar="F.ts", help="what is written · 输出文件")
    encode.add_argument("--pid", type=_number, default=PID, metavar="N", help="of its packets · 包的 PID")
    encode.add_argument("--bare", action="store_true", help="sections without packets · 只写段,不打包")
    encode.add_argument(
        "--key", type=Path, metavar="PEM", help="SM2 private key to sign with · 签名用 SM2 私钥"
    )
    encode.add_argument("--serial", default="000000000001", help="certificate, 12 digits · 证书编号")
    encode.add_argument(
        "--at",
        metavar="TIME",
        help="of the signature, YYYY-MM-DD HH:MM:SS, Beijing time; now where it is not given · 签名时间,默认当前时刻",
    )
    for verb in (decode, encode):
        verb.add_argument(
            "--profile", default=SectionProfile().name, metavar="TOML", help="where sources differ · 差异配置"
        )
    return made


def _number(said: str) -> int:
    return int(said, 0)


def main(argv: list[str]) -> int:
    """0: done, and every section is one; 1: one is not, or there was none; 2: wrong use."""
    options = parser().parse_args(argv)
    profile = section_profile.load(options.profile)
    if options.verb == "encode":
        return _encode(options, profile)
    verifiers = tuple(sm2.verifier(sm2.load_public(path)) for path in options.key)
    found = [_decode(path, options, profile, verifiers) for path in options.files]
    return 0 if all(found) else 1


def _decode(
    path: Path, options: argparse.Namespace, profile: SectionProfile, keys: tuple[Verifier, ...]
) -> bool:
    seen: OrderedDict[tuple[int | None, bytes], None] = OrderedDict()
    joiner, good = section_join.Joiner(), True
    try:
        for pid, data in _gather(path, options.pid):
            if (pid, data) in seen and not options.all:
                continue
            seen[(pid, data)] = None
            if len(seen) > _REMEMBERED:
                seen.popitem(last=False)
            for said in lines(data, pid, joiner, profile, keys):
                good = good and said["valid"]
                _say({"file": str(path), "pid": pid, **said})
    except (Refused, Misheard) as error:
        _say({"file": str(path), **_refused(error.text)})
        return False
    if lacking := joiner.lacking:
        _say(
            {
                "file": str(path),
                **_refused(Text(f"{lacking} tables lack sections", f"{lacking} 个表缺少分段")),
            }
        )
    if not seen:
        _say({"file": str(path), **_refused(Text("no table FA to FE is in it", "其中没有 FA 至 FE 表"))})
    return good and bool(seen) and not lacking


def _gather(path: Path, pid: int | None) -> Iterator[tuple[int | None, bytes]]:
    with given.opened(path) as file:
        head = file.read(_CHUNK)
        if head[:1] and head[0] in sections.TABLES:
            yield from ((None, data) for data in sections.split(head + file.read(_CHUNK)))
            return
        reader = section_packets.Reader(pid)
        while head:
            yield from ((found.pid, found.data) for found in reader.feed(head))
            head = file.read(_CHUNK)


def lines(
    data: bytes,
    pid: int | None,
    joiner: section_join.Joiner,
    profile: SectionProfile,
    keys: tuple[Verifier, ...] = (),
) -> list[dict[str, Any]]:
    """What a section says, or why it says nothing; of a table in several sections nothing until the last one is there.

    Such a table is one whose bytes were cut, or one of sections that each stand alone: whichever can be read.
    """
    try:
        section = sections.decode(data)
    except Misheard as error:
        return [_refused(error.text)]
    parts = joiner.feed(section, pid)
    if parts is None:
        return []
    whole = _line(section_join.joined(parts), profile, keys)
    if len(parts) == 1 or whole["valid"]:
        return [whole | {"sections": len(parts)}]
    return [_line(part, profile, keys) for part in parts]


def _line(section: sections.Section, profile: SectionProfile, keys: tuple[Verifier, ...]) -> dict[str, Any]:
    try:
        table = section_codec.read(section, profile)
        said = section_json.to_plain(section, table, profile)
    except Misheard as error:
        return _refused(error.text)
    return {"valid": True, **said, "signed": _signed(section, table.signature, profile, keys), "reasons": []}


def _signed(
    section: sections.Section, block: bytes, profile: SectionProfile, keys: tuple[Verifier, ...]
) -> dict[str, Any] | None:
    if not block:
        return None
    over_several = len(section.body) > sections.MOST and profile.signs != "table"  # then no header is the one
    if len(block) != section_codec.SIGNATURE_BYTES or over_several:
        return {"at": None, "serial": None, "verified": False if keys else None}
    signed = section_codec.signed(section, len(block), profile)
    held = any(key.verify(signed, block[10:]) for key in keys) if keys else None
    return {"at": int.from_bytes(block[:4], "big"), "serial": block[4:10].hex(), "verified": held}


def _refused(text: Text) -> dict[str, Any]:
    return {"valid": False, "reasons": [{"en": text.en, "zh": text.zh}]}


def _encode(options: argparse.Namespace, profile: SectionProfile) -> int:
    try:
        rows, seal = given.text(options.file).splitlines(), _seal(options)
        made = [
            part for at, row in enumerate(rows, 1) if row.strip() for part in _of_line(at, row, seal, profile)
        ]
        data = b"".join(made) if options.bare else section_packets.packets(made, options.pid)[0]
    except (ValueError, OverflowError) as error:
        wrong = worded(error)
        raise Refused(f"this is no section: {wrong.en}", f"不是段:{wrong.zh}", code="section") from None
    if not made:
        raise Refused(
            f"{options.file} holds no line of a section", f"{options.file} 中没有任何段", code="section"
        )
    given.written(options.out, data)
    _say({"file": str(options.out), "sections": len(made), "bytes": len(data)})
    return 0


@attrs.frozen(kw_only=True)
class _Seal:
    """What goes in front of each signature, and who signs."""

    head: bytes
    signer: Signer


def _seal(options: argparse.Namespace) -> _Seal | None:
    """Raises Refused where time or serial are none."""
    if options.key is None:
        return None
    try:
        at = instant(options.at) if options.at else wall_us()
        head = number_bytes(at // 1_000_000, 4) + pack_bcd(options.serial, 12)
    except (ValueError, OverflowError):
        raise Refused(
            "--at is YYYY-MM-DD HH:MM:SS from 1970 to 2106, --serial 12 digits",
            "--at 应为 1970 至 2106 年的 YYYY-MM-DD HH:MM:SS,--serial 应为 12 位数字",
            code="use",
        ) from None
    return _Seal(head=head, signer=sm2.signer(sm2.load_private(options.key)))


def _of_line(at: int, row: str, seal: _Seal | None, profile: SectionProfile) -> list[bytes]:
    """The sections of one line. Raises Refused that names the line."""
    try:
        return _sections(row, seal, profile)
    except Refused as refused:
        wrong = refused.text
    except (ValueError, OverflowError) as error:
        said = worded(error)
        wrong = Text(f"this is no section: {said.en}", f"不是段:{said.zh}")
    raise Refused(f"line {at}: {wrong.en}", f"第 {at} 行:{wrong.zh}", code="section")


def _sections(row: str, seal: _Seal | None, profile: SectionProfile) -> list[bytes]:
    said = given.plain(row)
    if not isinstance(said, dict):
        raise ValueError("a line is a JSON object · 每行应为一个 JSON 对象")
    said = {key: value for key, value in said.items() if key not in _NOT_OURS}
    table, place = section_json.from_plain(said, profile)
    if not 0 <= place.number <= place.last:
        raise ValueError(
            f"section {place.number} of a table whose last is {place.last} · 第 {place.number} 段,而末段为 {place.last}"
        )
    if seal is not None:
        value = seal.signer.sign(section_codec.to_sign(table, profile, seal.head, place))
        table = attrs.evolve(table, signature=seal.head + value)
    whole = section_codec.write(table, profile, place)
    parts = (whole,) if place.last else section_join.cut(whole)
    return [sections.encode(part) for part in parts]


def _say(said: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
