"""Reads a terminal profile, shipped or an engineer's own, from TOML. Knows no frame and no socket."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, get_args

from devices.fefd import Profile, Signs
from station.words import Refused

SHIPPED = Path(__file__).parent / "profiles"
SIGNS: Final = get_args(Signs)
_FIELDS = {
    ("header", "request"): "request_header",
    ("header", "answer"): "answer_header",
    ("crc", "kind"): "crc",
    ("packet", "request"): "request",
    ("packet", "answer"): "answer",
    ("business", "start"): "start",
    ("business", "stop"): "stop",
    ("business", "volume"): "volume",
    ("business", "query"): "query",
    ("business", "heartbeat"): "heartbeat",
    ("business", "status"): "status",
    ("business", "task"): "task",
    ("auxiliary", "stream"): "stream",
    ("tag", "volume"): "tag_volume",
    ("tag", "code"): "tag_code",
    ("tag", "state"): "tag_state",
    ("tag", "task"): "tag_task",
}
_ALLOWED: dict[str, tuple[object, ...]] = {
    "request_header": (12,),
    "answer_header": (11, 12),
    "crc": ("mpeg2", "zlib"),
}


def load_profile(name: str, *, base: Path = Path()) -> Profile:
    """The shipped profile `name`, or the file it names (relative to `base`); Refused lists every mistake."""
    path = SHIPPED / f"{name}.toml" if "/" not in name and not name.endswith(".toml") else base / name
    try:
        text = path.read_text(encoding="utf-8")
    except OSError:
        raise Refused(f"there is no terminal profile {name}", f"没有终端协议配置 {name}") from None
    return parse_profile(text, name)


def parse_profile(text: str, name: str) -> Profile:
    """A profile from TOML; every entry has a value and a status."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"terminal profile {name}: {error}", f"终端协议配置 {name}:{error}") from None
    wrong: list[str] = []
    values, unverified = _entries(tree, wrong)
    if wrong:
        said = "; ".join(wrong)
        raise Refused(f"terminal profile {name}: {said}", f"终端协议配置 {name}:{said}")
    return Profile(
        name=str(tree.get("name", name)),
        unverified=tuple(unverified),
        max_frame=int(tree.get("max_frame", 4096)),
        answer_heartbeats=bool(tree.get("answer_heartbeats", True)),
        **values,
    )


def _entries(tree: dict[str, Any], wrong: list[str]) -> tuple[dict[str, Any], list[str]]:
    values: dict[str, Any] = {}
    unverified: list[str] = []
    for (table, key), field in _FIELDS.items():
        entry = tree.get(table, {}).get(key)
        if not isinstance(entry, dict) or "value" not in entry or "status" not in entry:
            wrong.append(f"{table}.{key} needs value and status")
            continue
        if not _fits(field, entry["value"]):
            wrong.append(f"{table}.{key}: {entry['value']!r} cannot be")
            continue
        values[field] = entry["value"]
        if entry["status"] == "unverified":
            unverified.append(f"{table}.{key}")
    covers = tree.get("signature", {}).get("preimage", {})
    if covers.get("status") == "unverified":
        unverified.append("signature.preimage")
    values["signs"] = covers.get("value", "before-block")
    if values["signs"] not in SIGNS:
        wrong.append(f"signature.preimage: {values['signs']!r} cannot be")
    return values, unverified


def _fits(field: str, value: object) -> bool:
    if field in _ALLOWED:
        return value in _ALLOWED[field]
    return type(value) is int and 0 <= value <= 255
