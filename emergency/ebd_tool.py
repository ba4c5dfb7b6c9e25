"""`gengfu ebd check FILE…` and `gengfu ebd make …`: EBD packages on disk. Judges and writes by the same functions as the ingest port."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from emergency import ebd_message, ebd_reader, ebd_signature, ebd_tar, ebd_writer, sm2
from emergency.ebd import Ebd, Ebm
from emergency.ebd_profile import (
    EVENT,
    EbdFault,
    generation_of_message,
    generation_of_resource,
    instant,
    packet_id,
)
from emergency.sm2 import Verifier
from station.arguments import Parser
from station.words import HOUR, AreaCode, Instant, Refused, is_area


def main(argv: list[str]) -> int:
    """0 it holds, 1 it does not, 2 wrong use."""
    options = _parser().parse_args(argv)
    return _make(options) if options.verb == "make" else _check(options)


def _parser() -> Parser:
    parser = Parser(prog="gengfu ebd", description="check or make EBD packages · 检查或生成 EBD 包")
    verbs = parser.add_subparsers(dest="verb", required=True)
    check = verbs.add_parser("check", help="one JSON verdict a line · 每个文件输出一行 JSON 结论")
    check.add_argument("files", nargs="+", metavar="FILE", type=Path)
    check.add_argument(
        "--key", action="append", default=[], metavar="PEM", type=Path, help="SM2 public key · SM2 公钥"
    )
    make = verbs.add_parser("make", help="write EBDT_<EBDID>.tar · 生成 EBDT_<EBDID>.tar")
    need = {"required": True}
    for name, more in (
        ("--key", {**need, "help": "SM2 private key, PEM · SM2 私钥"}),
        ("--source", {**need, "help": "EBRID, 23 digits · 来源资源编码"}),
        ("--ebm-id", {**need, "help": "35 digits · 消息编号"}),
        ("--at", {**need, "help": "YYYY-MM-DD HH:MM:SS, Beijing time · 北京时间"}),
        ("--event", {**need, "help": "5 characters · 事件编码"}),
        ("--areas", {**need, "help": "12-digit codes, commas between · 区划代码"}),
        ("--title", need),
        ("--text", need),
    ):
        make.add_argument(name, **more)
    make.add_argument("--severity", type=int, default=1, choices=range(16))
    make.add_argument("--minutes", type=int, default=60)
    make.add_argument("--sequence", type=int, default=1)
    make.add_argument("--serial", default="000000000001", help="certificate, 12 digits · 证书编号")
    make.add_argument("--folder", type=Path, default=Path())
    return parser


def _check(options: argparse.Namespace) -> int:
    verifiers = tuple(sm2.verifier(sm2.load_public(path)) for path in options.key)
    verdicts = [verdict(path, verifiers) for path in options.files]
    for said in verdicts:
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    return 0 if all(said["valid"] for said in verdicts) else 1


def verdict(path: Path, verifiers: tuple[Verifier, ...] = ()) -> dict[str, Any]:
    """What a tar (or a bare EBDB file) is; the time of its signature is told, not judged."""
    said: dict[str, Any] = {
        "file": str(path),
        "valid": False,
        "ebd": None,
        "type": None,
        "signature": None,
        "reasons": [],
    }
    try:
        with path.open("rb") as file:
            data = file.read(ebd_tar.MAX_BYTES + 1)
        bare = data.lstrip()[:1] == b"<"
        package = None if bare else ebd_tar.unpack(data)
        ebd = ebd_reader.read(package.body if package else data)
        said |= {
            "ebd": ebd.ebd_id,
            "type": type(ebd.body).__name__,
            "generation": ebd.generation,
            "source": ebd.source,
        }
        if package is not None:
            said["signature"] = _signature(package, verifiers)
        if isinstance(ebd.body, Ebm):
            said["kind"] = ebd_message.to_message(ebd).kind
    except OSError as error:
        return said | {
            "reasons": [{"en": f"cannot be read: {error.strerror}", "zh": f"无法读取:{error.strerror}"}]
        }
    except EbdFault as fault:
        return said | {"result": fault.result, "reasons": [{"en": fault.text.en, "zh": fault.text.zh}]}
    return said | {"valid": True, "result": 1}


def _signature(package: ebd_tar.Package, verifiers: tuple[Verifier, ...]) -> dict[str, Any] | None:
    if package.signature is None:
        return None
    file = ebd_signature.read(package.signature)
    said: dict[str, Any] = {"serial": file.serial, "at": file.at_s, "verified": None}
    if verifiers:
        now = Instant(file.at_s * 1_000_000)
        ebd_signature.check(file, package.body, package.ebd_id, verifiers=verifiers, now=now, skew_s=0)
        said["verified"] = True
    return said


def _make(options: argparse.Namespace) -> int:
    at = _instant(options.at)
    ebd = _packet(options, at)
    body = ebd_writer.write(ebd)
    signer = sm2.signer(sm2.load_private(Path(options.key)))
    signature = ebd_signature.sign(body, ebd.ebd_id, signer=signer, serial=options.serial, now=at)
    path = options.folder / f"EBDT_{ebd.ebd_id}.tar"
    try:
        path.write_bytes(ebd_tar.pack(ebd_tar.Package(ebd_id=ebd.ebd_id, body=body, signature=signature)))
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}", f"无法写入 {path}:{error.strerror}"
        ) from None
    sys.stdout.write(f"{path}\n")
    return 0


def _packet(options: argparse.Namespace, at: Instant) -> Ebd:
    areas = tuple(AreaCode(code.strip()) for code in options.areas.split(",") if code.strip())
    held = (
        generation_of_resource(options.source)
        and generation_of_message(options.ebm_id)
        and EVENT.match(options.event)
    )
    serial = len(options.serial) == 12 and options.serial.isascii() and options.serial.isdigit()
    if not held or not serial or not areas or not all(map(is_area, areas)):
        raise Refused(
            "an id, the event, an area or the serial does not have its form; see docs/protocols/ebd.md",
            "编号、事件编码、区划代码或证书编号格式不符,见 docs/protocols/ebd.md",
        )
    ebm = Ebm(
        ebm_id=options.ebm_id,
        msg_type=1,
        sender_name=options.source,
        sender_code=options.source,
        sent=at,
        event=options.event,
        severity=options.severity,
        start=at,
        end=Instant(at + options.minutes * HOUR // 60),
        title=options.title,
        text=options.text,
        areas=areas,
    )
    return Ebd(ebd_id=packet_id(options.source, options.sequence), source=options.source, time=at, body=ebm)


def _instant(said: str) -> Instant:
    try:
        return instant(said)
    except ValueError:
        raise Refused(f"{said!r} is not YYYY-MM-DD HH:MM:SS", f"{said!r} 不是 YYYY-MM-DD HH:MM:SS") from None
