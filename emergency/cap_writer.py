"""Writes a neutral message as CAP 1.2, valid against our schema, profile CN. Knows no signature and no socket."""

from __future__ import annotations

from lxml import etree

from emergency.cap import NAMESPACE
from emergency.cap_message import when
from emergency.ebd_profile import DAILY_EVENT
from emergency.events import SEVERITY_OF_LEVEL, category
from emergency.messages import Message
from station.words import AreaCode

_TYPES = {"alert": "Alert", "update": "Update", "cancel": "Cancel"}
_LANGUAGES = {"zho": "zh-CN", "eng": "en-US"}


def from_message(
    message: Message, *, names: dict[AreaCode, str] | None = None, sender_name: str = ""
) -> bytes:
    """CAP XML of a message; `names` are the areas' names for areaDesc (the code where none is known)."""
    root = etree.Element(f"{{{NAMESPACE}}}alert", nsmap={None: NAMESPACE})  # type: ignore[dict-item]
    _put(root, "identifier", message.identifier)
    _put(root, "sender", message.sender)
    _put(root, "sent", when(message.sent))
    _put(root, "status", "Exercise" if message.kind == "drill" else "Actual")
    _put(root, "msgType", _TYPES[message.type])
    _put(root, "scope", "Public")
    if message.references:
        _put(
            root,
            "references",
            " ".join(f"{message.sender},{r},{when(message.sent)}" for r in message.references),
        )
    _info(root, message, names or {}, sender_name)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _info(root: etree._Element, message: Message, names: dict[AreaCode, str], sender_name: str) -> None:
    info = etree.SubElement(root, f"{{{NAMESPACE}}}info")
    rows = (
        ("language", _LANGUAGES.get(message.language, message.language)),
        ("category", category(message.event)),
        ("event", message.event_text),
        ("urgency", "Past" if message.type == "cancel" else "Immediate"),
        ("severity", SEVERITY_OF_LEVEL[message.level]),
        ("certainty", "Unknown" if message.event == DAILY_EVENT else "Likely"),
    )
    for name, value in rows:
        _put(info, name, value)
    _pair(info, "eventCode", "GB/T 35561", message.event)
    later = (
        ("effective", when(message.effective)),
        ("expires", when(message.expires)),
        ("senderName", sender_name),
        ("headline", message.headline),
        ("description", message.description),
        ("instruction", message.instruction),
    )
    for name, value in later:
        if value:
            _put(info, name, value)
    for code in message.areas:
        area = etree.SubElement(info, f"{{{NAMESPACE}}}area")
        _put(area, "areaDesc", names.get(code, code))
        _pair(area, "geocode", "GB/T 2260", code)


def _put(parent: etree._Element, name: str, value: str) -> None:
    etree.SubElement(parent, f"{{{NAMESPACE}}}{name}").text = value


def _pair(parent: etree._Element, name: str, value_name: str, value: str) -> None:
    held = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    _put(held, "valueName", value_name)
    _put(held, "value", value)
