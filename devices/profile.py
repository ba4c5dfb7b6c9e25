"""Reads a terminal profile, shipped or an engineer's own, from TOML. Knows no frame and no socket."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final, get_args

from devices.fefd import OTHERS, Profile, Signs
from station.toml_reasons import toml_zh
from station.words import Refused

SHIPPED = Path(__file__).parent / "profiles"
SIGNS: Final = get_args(Signs)
LONGEST: Final = 4096  # bytes of a frame where the profile says nothing
SHORTEST: Final = 200  # a signed start with a stream's address fits
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
    except (OSError, ValueError):
        raise Refused(f"there is no terminal profile {name}", f"没有终端协议配置 {name}") from None
    return parse_profile(text, name)


def parse_profile(text: str, name: str) -> Profile:
    """A profile from TOML; every entry has a value and a status."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"terminal profile {name}: {error}", f"终端协议配置 {name}:{toml_zh(error)}") from None
    wrong: list[str] = []
    _shape(tree, wrong)
    values, unverified = _entries(tree, wrong)
    others = _others(tree.get("business", {}), wrong, unverified)
    _apart(values, others, wrong)
    if wrong:
        said = "; ".join(wrong)
        raise Refused(f"terminal profile {name}: {said}", f"终端协议配置 {name}:{said}")
    return Profile(
        name=str(tree.get("name", name)),
        unverified=tuple(unverified),
        max_frame=tree.get("max_frame", LONGEST),
        answer_heartbeats=bool(tree.get("answer_heartbeats", True)),
        others=others,
        **values,
    )


def _shape(tree: dict[str, Any], wrong: list[str]) -> None:
    """Whatever is no table where one must be is told and taken for an empty one; so is a length that is none."""
    for table in sorted({*(table for table, _ in _FIELDS), "signature"}):
        if not isinstance(tree.get(table, {}), dict):
            wrong.append(f"{table} must be a table")
            tree[table] = {}
    if not isinstance(tree.get("signature", {}).get("preimage", {}), dict):
        wrong.append("signature.preimage needs value and status")
        tree["signature"] = {}
    most = tree.get("max_frame", LONGEST)
    if type(most) is not int or not SHORTEST <= most <= 0xFFFF:
        wrong.append(f"max_frame: {most!r} cannot be")


def _others(business: dict[str, Any], wrong: list[str], unverified: list[str]) -> dict[str, int]:
    """The business types that a model may lack."""
    found: dict[str, int] = {}
    for name in OTHERS:
        entry = business.get(name)
        if entry is None:
            continue
        if not isinstance(entry, dict) or "status" not in entry or not _fits(name, entry.get("value")):
            wrong.append(f"business.{name}: {entry!r} cannot be")
            continue
        found[name] = entry["value"]
        if entry["status"] == "unverified":
            unverified.append(f"business.{name}")
    return found


def _apart(values: dict[str, Any], others: dict[str, int], wrong: list[str]) -> None:
    """No two business types have one number."""
    numbers = [*others.values()]
    numbers += [
        values[field] for (table, _), field in _FIELDS.items() if table == "business" and field in values
    ]
    if len(set(numbers)) < len(numbers):
        wrong.append("business: two types have one number")


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
