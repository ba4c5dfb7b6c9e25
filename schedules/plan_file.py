"""Plan files: canonical JSON, written whole or not at all, read with every mistake named (docs/plan-format.md). Knows files; knows no player."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import cattrs

from schedules.plan import Plan
from schedules.plan_check import mistakes
from station.files import write_whole
from station.oserrors import os_zh
from station.wire import canonical, complaints, from_plain, to_plain
from station.words import SAMPLE_RATE, Refused, Sha256

MOST_BYTES: Final = 64 << 20


def to_text(plan: Plan) -> str:
    """The one canonical text of a plan (RFC 8785), with a line end."""
    return canonical(to_plain(plan)) + "\n"


def from_text(text: str) -> Plan:
    """The plan in a text; Refused with every mistake."""
    return from_value(_parsed(text))


def from_value(value: Any) -> Plan:
    """The plan in parsed JSON; Refused with every mistake."""
    if not isinstance(value, dict):
        raise _refused(["it is no JSON object"], ["不是 JSON 对象"])
    try:
        plan = from_plain(value, Plan)
    except (cattrs.BaseValidationError, TypeError, ValueError) as error:
        raise _refused(complaints(error), complaints(error)) from None
    wrong = mistakes(plan)
    if wrong:
        raise _refused([text.en for text in wrong], [text.zh for text in wrong])
    return plan


def write_plan(path: Path, plan: Plan) -> None:
    """Replace the file by the plan's canonical text; after a power cut there is the old one or the new one."""
    try:
        write_whole(path, to_text(plan), sync=True)
    except OSError as error:
        raise Refused(
            f"{path} cannot be written: {error.strerror}.", f"无法写入 {path}:{os_zh(error)}。"
        ) from None


def read_plan(path: Path, media: Path | None = None) -> Plan:
    """The plan in a file; Refused when it cannot be read or played.

    Where a medium names a `path` and leaves out `sha256` or `samples`, they are taken from the file below `media` (by
    default the plan's own directory), and takes, filler and loop may name that path instead of a checksum.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Refused(
                f"{path} is larger than {MOST_BYTES >> 20} MiB.", f"{path} 超过 {MOST_BYTES >> 20} MiB。"
            )
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(
            f"{path} cannot be read: {error.strerror}.", f"无法读取 {path}:{os_zh(error)}。"
        ) from None
    except UnicodeDecodeError:
        raise Refused(f"{path} is not UTF-8.", f"{path} 不是 UTF-8 编码。") from None
    return from_value(_filled(_parsed(text), media or path.parent))


def flac_samples(head: bytes) -> int:
    """Samples of a FLAC file in house format, from its first 42 bytes (STREAMINFO, RFC 9639, 8.2).

    Refused for what is not FLAC, 48 kHz, stereo, 24 bit with a known length.
    """
    if len(head) < 42 or head[:4] != b"fLaC" or head[4] & 0x7F:
        raise Refused("It is no FLAC file.", "不是 FLAC 文件。")
    packed = int.from_bytes(head[18:26], "big")
    rate, channels = packed >> 44, (packed >> 41 & 7) + 1
    bits, samples = (packed >> 36 & 31) + 1, packed & (1 << 36) - 1
    if (rate, channels, bits) != (SAMPLE_RATE, 2, 24) or not samples:
        raise Refused(
            f"It is {rate} Hz, {channels} channels, {bits} bit, {samples} samples; ingest it into house format first.",
            f"{rate} Hz、{channels} 声道、{bits} 位、{samples} 采样,请先入库为台内格式。",
        )
    return samples


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused([f"no JSON ({error})"], [f"不是 JSON({error})"]) from None


def _filled(value: Any, media: Path) -> Any:
    """The same with checksums and lengths where only paths were given; what has another shape is left to the check."""
    if not isinstance(value, dict) or not isinstance(value.get("media"), list):
        return value
    by_path: dict[str, str] = {}
    listed = []
    for medium in value["media"]:
        if isinstance(medium, dict) and isinstance(medium.get("path"), str):
            if "sha256" not in medium or "samples" not in medium:
                medium = {**_facts(media, medium["path"]), **medium}
            by_path[medium["path"]] = medium["sha256"]
        listed.append(medium)
    return _named({**value, "media": listed}, by_path)


def _named(value: dict[str, Any], by_path: dict[str, str]) -> dict[str, Any]:
    def name(one: Any) -> Any:
        return by_path.get(one, one) if isinstance(one, str) else one

    if isinstance(value.get("takes"), list):
        value["takes"] = [
            {**take, **_names(take, name)} if isinstance(take, dict) else take for take in value["takes"]
        ]
    if isinstance(value.get("filler"), list):
        value["filler"] = [name(one) for one in value["filler"]]
    if "loop" in value:
        value["loop"] = name(value["loop"])
    return value


def _names(take: dict[str, Any], name: Callable[[Any], Any]) -> dict[str, Any]:
    instead = take.get("replacement")
    found = {"media": name(take["media"])} if "media" in take else {}
    if isinstance(instead, dict) and "media" in instead:
        found["replacement"] = {**instead, "media": name(instead["media"])}
    return found


def _facts(media: Path, name: str) -> dict[str, Any]:
    path = media / name
    try:
        if not path.resolve().is_relative_to(media.resolve()):
            raise Refused(f"{name} lies outside {media}.", f"{name} 不在 {media} 之内。")
        with path.open("rb") as file:
            samples = flac_samples(file.read(42))
            file.seek(0)
            sha256 = Sha256(hashlib.file_digest(file, "sha256").hexdigest())
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise Refused(f"{path} cannot be read: {said}.", f"无法读取 {path}:{said}。") from None
    except Refused as error:
        raise Refused(f"{name}: {error.text.en}", f"{name}:{error.text.zh}") from None
    return {"sha256": sha256, "samples": samples}


def _refused(en: list[str], zh: list[str]) -> Refused:
    rest = len(en) - 20
    more_en, more_zh = (f"; and {rest} more", f";另有 {rest} 处") if rest > 0 else ("", "")
    return Refused(
        f"This plan cannot be played: {'; '.join(en[:20])}{more_en}",
        f"此播出计划无法执行:{';'.join(zh[:20])}{more_zh}",
    )
