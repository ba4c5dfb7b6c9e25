"""`gengfu ebd check FILE…` and `gengfu ebd make …`: EBD packages on disk. Judges and writes by the same functions as the ingest port."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import attrs

from emergency import (
    ebd_json,
    ebd_message,
    ebd_reader,
    ebd_signature,
    ebd_strict,
    ebd_tar,
    given,
    intake,
    resource_codes,
    sm2,
)
from emergency.ebd import Auxiliary, Body, ConnectionCheck, Ebd, Ebm
from emergency.ebd_profile import (
    EVENT,
    SEVERITIES,
    SIGNATURE_FAILURE,
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
    _describe(make)
    for verb in (check, make):
        verb.add_argument(
            "--preimage",
            choices=ebd_signature.COVERS,
            default=ebd_signature.COVERS[0],
            help="what is signed: the XML with time and serial, or alone (unverified) · 签名原文",
        )
    return parser


MOST = 16 * 1024 * 1024  # bytes of a packet, as the ingest port takes them
MINUTES = 366 * 24 * 60  # that a message may last
_OF_A_MESSAGE = ("ebm_id", "event", "areas", "title", "text")


def _describe(make: argparse.ArgumentParser) -> None:
    need = {"required": True}
    for name, more in (
        ("--key", {**need, "help": "SM2 private key, PEM · SM2 私钥"}),
        ("--source", {**need, "help": "EBRID, 23 or 18 digits · 来源资源编码"}),
        ("--at", {**need, "help": "YYYY-MM-DD HH:MM:SS, Beijing time · 北京时间"}),
        ("--ebm-id", {"help": "of a message, 35 or 30 digits · 消息编号"}),
        ("--event", {"help": "of a message, 5 characters · 事件编码"}),
        ("--areas", {"help": "of a message, 12-digit codes, commas between · 区划代码"}),
        ("--title", {"help": "of a message · 标题"}),
        ("--text", {"help": "of a message · 正文"}),
        ("--audio", {"metavar": "MP3", "type": Path, "help": "sound of a message · 音频文件"}),
        ("--body", {"metavar": "JSON", "type": Path, "help": "any of the 16 types, as check writes it, instead of a message · 任一类型的内容"}),
        ("--information", {"metavar": "XML", "type": Path, "help": "second XML of the strict form, signed too · 严格形式的信息文件"}),
        ("--dest", {"action": "append", "default": [], "metavar": "EBRID", "help": "to whom, again for more · 目的资源编码"}),
        ("--related", {"default": "", "metavar": "EBDID", "help": "the packet this one answers · 所应答的数据包"}),
    ):  # fmt: skip
        make.add_argument(name, **more)
    make.add_argument(
        "--severity",
        type=int,
        default=1,
        choices=sorted(SEVERITIES),
        help="0 to 4, 10 daily, 15 and over a drill · 级别:0–4,10 日常,15 及以上演练",
    )
    make.add_argument("--minutes", type=int, default=60, help="that a message lasts · 有效分钟数")
    make.add_argument("--sequence", type=int, default=1, help="of the packet, up to 16 digits · 数据包序号")
    make.add_argument("--serial", default="000000000001", help="certificate, 12 digits · 证书编号")
    make.add_argument("--folder", type=Path, default=Path())


def _check(options: argparse.Namespace) -> int:
    keys = Keys(
        verifiers=tuple(sm2.verifier(sm2.load_public(path)) for path in options.key), covers=options.preimage
    )
    given_too = _signatures(options.files)
    packets = [path for path in options.files if path not in given_too.values()]
    verdicts = [verdict(path, keys, given_too) for path in packets]
    used = {said["ebd"] for said in verdicts if "media" not in said}
    verdicts += [_stray(path) for name, path in given_too.items() if _OF.sub("", name) not in used]
    for said in verdicts:
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    return 0 if all(said["valid"] for said in verdicts) else 1


@attrs.frozen(kw_only=True)
class Keys:
    """The public keys a signature is held against, and what it is over."""

    verifiers: tuple[Verifier, ...] = ()
    covers: ebd_signature.Covers = "through-serial"


_OF = re.compile(r"\A(?:EBDS_)?EBD[BI]_|\.xml\Z")  # what is about the EBDID in a file's name


def _stray(path: Path) -> dict[str, Any]:
    why = "it goes with EBDB_<EBDID>.xml: name that too", "此文件属于 EBDB_<EBDID>.xml,请一并给出"
    return {"file": str(path), "valid": False, "reasons": [{"en": why[0], "zh": why[1]}]}


def _signatures(files: list[Path]) -> dict[str, Path]:
    """The signature files and second XMLs among what was named: parts of the packets named with them, none of their own."""
    return {path.name: path for path in files if path.name.startswith(("EBDS_", "EBDI_"))}


def verdict(path: Path, keys: Keys, given_too: Mapping[str, Path] = MappingProxyType({})) -> dict[str, Any]:
    """What a tar (or a bare EBDB file) is and holds; the time of its signature is told, not judged.

    The signature of a bare file is `EBDS_EBDB_<EBDID>.xml`, in `given_too` or beside it.
    """
    said: dict[str, Any] = {
        "file": str(path),
        "valid": False,
        "ebd": None,
        "type": None,
        "signature": None,
        "reasons": [],
    }
    try:
        data = given.read(path, ebd_tar.MAX_BYTES)
        bare = data.lstrip()[:1] == b"<"
        package = None if bare else ebd_tar.unpack(data)
        ebd = ebd_reader.read(package.body if package else data)
        said |= _held(ebd)
        if package is not None:
            said |= {"media": [{"name": name, "bytes": len(held)} for name, held in package.media]}
        said |= _signed(package or _beside(path, data, ebd.ebd_id, given_too), ebd, keys)
        if isinstance(ebd.body, Ebm):
            said["kind"] = ebd_message.to_message(ebd).kind
            if package is not None:
                ebd_message.audio_of(ebd.body, package.media)
    except Refused as refused:
        return said | {"reasons": [{"en": refused.text.en, "zh": refused.text.zh}]}
    except EbdFault as fault:
        return said | {"result": fault.result, "reasons": [{"en": fault.text.en, "zh": fault.text.zh}]}
    return said | {"valid": True, "result": 1}


def _beside(path: Path, body: bytes, ebd_id: str, given_too: Mapping[str, Path]) -> ebd_tar.Package:
    """A bare packet with its other files, as its tar would hold them; media are not looked for. Raises Refused."""

    def found(name: str) -> bytes | None:
        place = given_too.get(name, path.with_name(name))
        return given.named(place, ebd_tar.MAX_BYTES) if place.exists() else None

    return ebd_tar.Package(
        ebd_id=ebd_id,
        body=body,
        signature=found(f"EBDS_EBDB_{ebd_id}.xml"),
        information=found(f"EBDI_{ebd_id}.xml"),
        information_signature=found(f"EBDS_EBDI_{ebd_id}.xml"),
    )


def _signed(package: ebd_tar.Package, ebd: Ebd, keys: Keys) -> dict[str, Any]:
    intake.check_members(package, ebd)
    if keys.verifiers and package.signature is None and not isinstance(ebd.body, ConnectionCheck):
        raise EbdFault(SIGNATURE_FAILURE, "the packet is not signed", "数据包未签名")
    said: dict[str, Any] = {"signature": _signature(package.signature, package.body, package.ebd_id, keys)}
    if package.information is not None:
        signed = (package.information_signature, package.information, package.ebd_id, keys)
        said["information"] = {"signature": _signature(*signed)}
    return said


def _held(ebd: Ebd) -> dict[str, Any]:
    sender = resource_codes.words(resource_codes.read(ebd.source))
    return {
        "ebd": ebd.ebd_id,
        "type": ebd_json.type_of(ebd.body),
        "generation": ebd.generation,
        "source": ebd.source,
        "sender": {"en": sender.en, "zh": sender.zh},
        "dest": list(ebd.dest),
        "related": ebd.related,
        "body": ebd_json.body_to_plain(ebd.body),
    }


def _signature(signature: bytes | None, body: bytes, ebd_id: str, keys: Keys) -> dict[str, Any] | None:
    if signature is None:
        return None
    file = ebd_signature.read(signature)
    if file.ebd_id != ebd_id:
        raise EbdFault(SIGNATURE_FAILURE, "the signature belongs to another packet", "签名属于另一个数据包")
    said: dict[str, Any] = {"serial": file.serial, "at": file.at_s, "verified": None}
    if keys.verifiers:
        now = Instant(file.at_s * 1_000_000)
        _over_the_other(file, body, keys)
        ebd_signature.check(
            file, body, ebd_id, verifiers=keys.verifiers, now=now, skew_s=0, covers=keys.covers
        )
        said["verified"] = True
    return said


def _over_the_other(file: ebd_signature.SignatureFile, body: bytes, keys: Keys) -> None:
    """Raises EbdFault for a signature that holds, but not over what was asked for: so a real platform shows which it is."""
    for covers in set(ebd_signature.COVERS) - {keys.covers}:
        signed = ebd_signature.preimage(body, file.trailer, covers)
        if any(key.verify(signed, file.value) for key in keys.verifiers):
            raise EbdFault(
                SIGNATURE_FAILURE,
                f"the signature holds, but over another preimage: --preimage {covers}",
                f"签名成立,但签名原文不同:--preimage {covers}",
            )


def _make(options: argparse.Namespace) -> int:
    at = _instant(options.at)
    if len(options.serial) != 12 or not (options.serial.isascii() and options.serial.isdigit()):
        raise _misused("the serial has 12 digits", "证书编号应为 12 位数字")
    media = () if options.audio is None else ((options.audio.name, given.named(options.audio, MOST)),)
    information = None if options.information is None else given.named(options.information, MOST)
    ebd = _packet(options, at, media)
    package = _package(options, ebd, media, information, at)
    path, data = options.folder / f"EBDT_{ebd.ebd_id}.tar", ebd_strict.packed(package)
    # receivers refuse an EBDID that they saw with other content; all heart-beats of a platform have one
    if path.exists() and not isinstance(ebd.body, ConnectionCheck):
        raise Refused(
            f"{path} is there already: --sequence gives the packet another number",
            f"{path} 已存在,请用 --sequence 给出另一个序号",
            code="there",
        )
    given.written(path, data)
    sys.stdout.write(f"{path}\n")
    return 0


Media = tuple[tuple[str, bytes], ...]


def _package(
    options: argparse.Namespace, ebd: Ebd, media: Media, information: bytes | None, at: Instant
) -> ebd_tar.Package:
    signer, body = sm2.signer(sm2.load_private(Path(options.key))), ebd_strict.written(ebd)

    def signed(data: bytes) -> bytes:
        return ebd_signature.sign(
            data, ebd.ebd_id, signer=signer, serial=options.serial, now=at, covers=options.preimage
        )

    return ebd_tar.Package(
        ebd_id=ebd.ebd_id,
        body=body,
        signature=signed(body),
        media=media,
        information=information,
        information_signature=None if information is None else signed(information),
    )


def _packet(options: argparse.Namespace, at: Instant, media: Media) -> Ebd:
    if not 0 <= options.sequence < 10**16:
        raise _misused("--sequence has 1 to 16 digits", "--sequence 应为 1 至 16 位数字")
    if generation_of_resource(options.source) is None:
        raise _misused(
            f"{options.source!r} is no EBRID of 23 or 18 digits",
            f"{options.source!r} 不是 23 位或 18 位资源编码",
        )
    body = _message(options, at, media) if options.body is None else _told(options.body)
    heartbeat = isinstance(body, ConnectionCheck)
    return Ebd(
        ebd_id=packet_id(options.source, options.sequence, heartbeat=heartbeat),
        source=options.source,
        dest=tuple(options.dest),
        related=options.related,
        time=at,
        body=body,
    )


def _told(path: Path) -> Body:
    try:
        said = given.plain(given.text(str(path)))
    except ValueError as error:
        en, _, zh = str(error).partition(" · ")
        raise Refused(f"{path}: {en}", f"{path}:{zh or en}") from None
    if not isinstance(said, dict):
        raise Refused(f"{path} holds no JSON object", f"{path} 不是 JSON 对象")
    return ebd_json.body_from_plain(said.get("body", said))


def _message(options: argparse.Namespace, at: Instant, media: Media) -> Ebm:
    lacking = [f"--{name.replace('_', '-')}" for name in _OF_A_MESSAGE if not getattr(options, name)]
    if lacking:
        raise _misused(f"a message needs {', '.join(lacking)}", f"消息缺少 {'、'.join(lacking)}")
    if not 1 <= options.minutes <= MINUTES:
        raise _misused(f"--minutes is one of 1 to {MINUTES}", f"--minutes 应为 1 至 {MINUTES}")
    areas = tuple(AreaCode(code.strip()) for code in options.areas.split(",") if code.strip())
    held = generation_of_message(options.ebm_id) and EVENT.match(options.event)
    if not held or not areas or not all(map(is_area, areas)):
        raise _misused(
            "an id, the event or an area does not have its form; see docs/protocols/ebd.md",
            "编号、事件编码或区划代码格式不符,见 docs/protocols/ebd.md",
        )
    return Ebm(
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
        auxiliaries=tuple(
            Auxiliary(type=2, description=name, size=len(data), digest=_sha1(data)) for name, data in media
        ),
    )


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()  # Digest of an Auxiliary, GD/J 082


def _instant(said: str) -> Instant:
    try:
        at = instant(said)
    except ValueError:
        raise _misused(f"{said!r} is not YYYY-MM-DD HH:MM:SS", f"{said!r} 不是 YYYY-MM-DD HH:MM:SS") from None
    if not 0 <= at // 1_000_000 < 2**32:
        raise _misused(
            f"{said} is no time that a signature can say: 1970 to 2106",
            f"{said} 超出签名时间的范围(1970 至 2106 年)",
        )
    return at


def _misused(en: str, zh: str) -> Refused:
    """The options are wrong: exit code 2."""
    return Refused(en, zh, code="use")
