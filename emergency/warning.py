"""Warnings of a warning release system (12379) as neutral messages, both ways, by a profile. Knows no file, no area table, no clock."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType
from typing import Any, Final

from lxml import etree

from emergency import safe_xml
from emergency.events import event_text
from emergency.messages import Message
from emergency.warning_profile import Row, WarningProfile
from station.words import HOUR, AreaCode, Instant, Misheard, is_area

MAX_AREAS: Final = 5_000
MAX_TEXT: Final = 20_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NAMES: Final = ("sender_name", "signer", "area_names")
_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})
_SPLIT: Final = re.compile(r"[,,、\s]+")


def read(data: bytes, profile: WarningProfile) -> Message:
    """The message of a document; Misheard says in one sentence what is wrong with it."""
    root = safe_xml.parse(data)
    if safe_xml.local(root) != profile.root:
        raise _bad(f"the root element is not {profile.root}", f"根元素不是 {profile.root}")
    said = {row.field: _texts(root, row) for row in profile.rows if row.field}
    one = {field: texts[0] if texts else "" for field, texts in said.items()}
    sent = _moment(one["sent"], "sent", profile)
    effective = _moment(one["effective"], "effective", profile)
    message = Message(
        identifier=one["identifier"],
        sender=one["sender"],
        sent=sent,
        kind=_word(one["kind"], profile.kinds, "kind"),
        type=_word(one["type"], profile.types, "type"),
        references=tuple(filter(None, _SPLIT.split(one.get("references", "")))),
        event=one["event"],
        event_text=event_text(one["event"]).zh,
        level=_level(one["level"], profile),
        headline=" ".join(one["headline"].split()),
        description=one.get("description") or one["headline"],
        instruction=one.get("instruction", ""),
        areas=_areas(said["areas"], profile),
        effective=effective,
        expires=_expiry(one["expires"], effective, profile),
    )
    _whole(message)
    return message


def names(data: bytes, profile: WarningProfile) -> dict[str, str]:
    """By field what a document that can be read says for people and a message does not hold: names of sender and areas, who signed."""
    root = safe_xml.parse(data)
    said = {row.field: ",".join(_texts(root, row)) for row in profile.rows if row.field in _NAMES}
    return {field: text for field, text in said.items() if text}


def _whole(message: Message) -> None:
    if message.expires <= message.effective:
        raise _bad("it ends before it begins", "失效时间不晚于生效时间")
    if message.type != "alert" and not message.references:
        raise _bad("an update or cancel names what it refers to", "更新或解除须引用原预警")


def _texts(root: etree._Element, row: Row) -> list[str]:
    """All texts at a row's path; Misheard where one is missing, too long or of another form."""
    nodes = [root]
    for name in row.path.split("/"):
        nodes = [
            child for node in nodes for child in safe_xml.children(node) if safe_xml.local(child) == name
        ]
    texts = [text for node in nodes if (text := safe_xml.text(node))]
    if not texts and not row.optional:
        raise _bad(f"{row.path} is missing", f"缺少 {row.path}")
    if len(nodes) > 1 and row.field not in ("areas", "area_names"):
        raise _bad(f"{row.path} is there {len(nodes)} times", f"{row.path} 出现 {len(nodes)} 次")
    for text in texts:
        if len(text) > MAX_TEXT and row.field not in ("areas", "area_names"):
            raise _bad(f"{row.path} is longer than {MAX_TEXT}", f"{row.path} 超过 {MAX_TEXT} 字")
        if row.like and not re.fullmatch(row.like, text):
            raise _bad(f"{row.path} does not have its form: {text[:40]}", f"{row.path} 格式不符:{text[:40]}")
    return texts


def _word(said: str, words: dict[str, Any], what: str) -> Any:
    if said not in words:
        raise _bad(f"{what} {said[:40]} means nothing to a station", f"{what} 的取值 {said[:40]} 不适用")
    return words[said]


def _level(said: str, profile: WarningProfile) -> int:
    if said == "Unknown":
        return profile.unknown_level
    level: int = _word(said, profile.levels, "severity")
    return level


def _moment(said: str, what: str, profile: WarningProfile) -> Instant:
    try:
        at = datetime.fromisoformat(said)
        if at.tzinfo is None:
            at = at.replace(tzinfo=timezone(timedelta(hours=profile.zone_hours)))
        return Instant((at - _EPOCH) // timedelta(seconds=1) * 1_000_000)
    except (ValueError, OverflowError):
        raise _bad(f"{what} is not a time: {said[:40]}", f"{what} 不是时间:{said[:40]}") from None


def _expiry(said: str, effective: Instant, profile: WarningProfile) -> Instant:
    if not said:
        return Instant(effective + profile.hours_without_expiry * HOUR)
    return _moment(said, "expires", profile)


def _areas(texts: list[str], profile: WarningProfile) -> tuple[AreaCode, ...]:
    if sum(map(len, texts)) > 20 * MAX_AREAS:
        raise _bad(f"geocode is longer than {20 * MAX_AREAS}", f"geocode 超过 {20 * MAX_AREAS} 字")
    codes = [code for text in texts for code in _SPLIT.split(text) if code]
    for code in codes:
        padded = len(code) > 12 and code[12:].strip("0")
        if len(code) not in profile.area_digits or padded or not is_area(code[:12]):
            raise _bad(f"{code[:40]} is no area code", f"{code[:40]} 不是行政区划代码")
    if not codes or len(codes) > MAX_AREAS:
        raise _bad(f"it names no area, or over {MAX_AREAS}", f"没有区划代码,或超过 {MAX_AREAS} 个")
    return tuple(dict.fromkeys(AreaCode(code[:12]) for code in codes))


def write(message: Message, profile: WarningProfile, names: Mapping[str, str] = _NOBODY) -> bytes:
    """The document of a message, elements in the profile's order; ValueError for what it has no word for."""
    root = etree.Element(profile.root)
    for row in profile.rows:
        told = bool(names) and row.field in _NAMES and (row.optional or row.field in names)
        text = names.get(row.field, "") if told else row.constant or _said(message, row.field, profile)
        if text or not row.optional:
            _node(root, row.path).text = text
    return bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True))


def _node(root: etree._Element, path: str) -> etree._Element:
    *parents, name = path.split("/")
    node = root
    for parent in parents:
        found = node.find(parent)
        node = etree.SubElement(node, parent) if found is None else found
    return etree.SubElement(node, name)


def _said(message: Message, field: str, profile: WarningProfile) -> str:
    match field:
        case "kind" | "type":
            return _key(profile.kinds if field == "kind" else profile.types, getattr(message, field), field)
        case "level":
            return _key(profile.levels, message.level, "level")
        case "sent" | "effective" | "expires":
            return _time(getattr(message, field), profile)
        case "areas" | "references":
            return ",".join(getattr(message, field))
        case "sender_name" | "signer":
            return message.sender
        case "area_names":
            return ""
        case "note":
            return message.description if message.type == "cancel" else ""
        case _:
            return str(getattr(message, field))


def _key(words: dict[str, Any], value: object, what: str) -> str:
    for word, meaning in words.items():
        if meaning == value:
            return word
    raise ValueError(f"there is no word for {what} {value}")


def _time(at: Instant, profile: WarningProfile) -> str:
    zone = timezone(timedelta(hours=profile.zone_hours))
    local = (_EPOCH + timedelta(seconds=at // 1_000_000)).astimezone(zone)
    return local.isoformat(sep=" ")


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"the warning is refused: {en}", f"预警信息不予接受:{zh}", code="warning")
