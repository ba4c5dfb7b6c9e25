"""Writes CAP: an alert of any version in the order of its data dictionary, and a neutral message as CAP 1.2, profile CN. Knows no signature and no socket."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import attrs
from lxml import etree

from emergency.cap import judge
from emergency.cap_alert import Alert, Area, Info, Resource
from emergency.cap_dictionary import NAMESPACES, Version, segment
from emergency.ebd_profile import DAILY_EVENT
from emergency.events import SEVERITY_OF_LEVEL, category
from emergency.messages import Message
from station.words import AreaCode, Instant, Refused

_TYPES = {"alert": "Alert", "update": "Update", "cancel": "Cancel"}
_LANGUAGES = {"zho": "zh-CN", "eng": "en-US"}
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
# The names of values where they are not those of the dictionary.
_NAMES: dict[str, dict[str, str]] = {
    "alert": {"msgType": "type", "code": "codes", "info": "infos"},
    "info": {
        "category": "categories",
        "responseType": "responses",
        "eventCode": "codes",
        "senderName": "sender_name",
        "parameter": "parameters",
        "resource": "resources",
        "area": "areas",
    },
    "resource": {"resourceDesc": "description", "mimeType": "mime", "derefUri": "data"},
    "area": {
        "areaDesc": "description",
        "polygon": "polygons",
        "circle": "circles",
        "geocode": "geocodes",
    },
}
_PART = Alert | Info | Resource | Area


def write(alert: Alert) -> bytes:
    """CAP XML of an alert in its version; what was read of it is the alert again.

    Raises Refused where the alert says what its version cannot, or what the standard's rules forbid.
    """
    data = _xml(alert)
    judged = judge(data)
    if judged.reasons:
        said = judged.reasons[0]
        raise _no(said.en, said.zh)
    if judged.alert != alert:
        raise _no(
            f"CAP {alert.version} has no place for a part of what it says as it says it",
            f"CAP {alert.version} 无法按原样表达其中一部分内容",
        )
    return data


def _xml(alert: Alert) -> bytes:
    space = NAMESPACES[alert.version]
    root = etree.Element(f"{{{space}}}alert", nsmap={None: space})  # type: ignore[dict-item]
    try:
        _fill(root, "alert", alert, alert.version)
    except ValueError:
        raise _no("it holds a character that XML does not allow", "含有 XML 不允许的字符") from None
    except OverflowError:
        raise _no("a time lies beyond the years 1 to 9999", "时间超出公元 1 至 9999 年") from None
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _fill(element: etree._Element, kind: str, part: _PART, version: Version) -> None:
    names = _NAMES[kind]
    for field in segment(kind, version).fields:
        value = getattr(part, names.get(field.name, field.name), None)
        several = value if field.repeated else (value,)
        for one in several or ():
            if field.required or field.repeated or one not in (None, "", ()):
                child = etree.SubElement(element, f"{{{NAMESPACES[version]}}}{field.name}")
                _put(child, field.segment, one, version)


def _put(child: etree._Element, kind: str, value: Any, version: Version) -> None:
    """What stands between the tags: `value` is a text, a time, a number, bytes, references, a pair or a part."""
    if kind == "pair":
        for name, word in zip(("valueName", "value"), value, strict=True):
            etree.SubElement(child, f"{{{NAMESPACES[version]}}}{name}").text = word
    elif kind:
        _fill(child, kind, value, version)
    else:
        child.text = _text(etree.QName(child).localname, value, version)


def _text(name: str, value: Any, version: Version) -> str:
    if name in ("sent", "effective", "onset", "expires"):
        return when(value, parts=version != "1.2")
    if name == "references":
        return " ".join(_reference(one, version) for one in value)
    if isinstance(value, tuple):  # a pair in 1.0
        return "=".join(value)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    return str(value)


def _reference(one: tuple[str, str, str], version: Version) -> str:
    sender, identifier, sent = one
    return f"{identifier}/{sender}" if version == "1.0" else f"{sender},{identifier},{sent}"


def when(at: Instant, *, parts: bool = False) -> str:
    """A CAP time (Beijing offset) of µs UTC; `parts` keeps parts of a second, which 1.2 does not have."""
    local = _EPOCH + timedelta(hours=8, microseconds=at)
    tail = f".{local.microsecond:06d}" if parts and local.microsecond else ""
    return local.replace(microsecond=0, tzinfo=None).isoformat() + tail + "+08:00"


def _no(en: str, zh: str) -> Refused:
    return Refused(f"CAP: {en}", f"CAP:{zh}", code="cap")


# ---- neutral messages ----------------------------------------------------------------------------------------------


def from_message(
    message: Message,
    *,
    names: Mapping[AreaCode, str] | None = None,
    sender_name: str = "",
    earlier: Mapping[str, tuple[str, Instant]] | None = None,
) -> bytes:
    """CAP XML of a message; `names` are the areas' names for areaDesc (the code where none is known).

    `earlier` gives sender and time of the messages it refers to, by identifier; without, those of the message itself.
    """
    own = (message.sender, message.sent)
    referred = ((name, (earlier or {}).get(name, own)) for name in message.references)
    return _xml(
        Alert(
            version="1.2",
            identifier=message.identifier,
            sender=message.sender,
            sent=message.sent,
            status="Exercise" if message.kind == "drill" else "Actual",
            type=_TYPES[message.type],
            scope="Public",
            references=tuple((sender, name, when(sent)) for name, (sender, sent) in referred),
            infos=(_info(message, names or {}, sender_name),),
        )
    )


def _info(message: Message, names: Mapping[AreaCode, str], sender_name: str) -> Info:
    return Info(
        language=_LANGUAGES.get(message.language, message.language),
        categories=(category(message.event),),
        event=message.event_text,
        urgency="Past" if message.type == "cancel" else "Immediate",
        severity=SEVERITY_OF_LEVEL[message.level],
        certainty="Unknown" if message.event == DAILY_EVENT else "Likely",
        codes=(("GB/T 35561", message.event),),
        effective=message.effective,
        expires=message.expires,
        sender_name=sender_name,
        headline=message.headline,
        description=message.description,
        instruction=message.instruction,
        areas=tuple(
            Area(description=names.get(code, code), geocodes=(("GB/T 2260", code),)) for code in message.areas
        ),
    )


def in_version(alert: Alert, version: Version) -> Alert:
    """The alert as another version says it: newer words give way to the older ones that mean the same, or to none."""
    said = attrs.evolve(alert, version=version)
    known = {field.name: field.values for field in segment("info", version).fields}
    return attrs.evolve(
        said,
        references=tuple((s, i, "" if version == "1.0" else at) for s, i, at in alert.references),
        infos=tuple(_older(info, known) for info in alert.infos),
    )


def _older(info: Info, known: Mapping[str, tuple[str, ...]]) -> Info:
    certainty = {"Observed": "Very Likely", "Very Likely": "Likely"}.get(info.certainty, info.certainty)
    categories = dict.fromkeys(c if c in known["category"] else "Other" for c in info.categories)
    return attrs.evolve(
        info,
        certainty=info.certainty if info.certainty in known["certainty"] else certainty,
        categories=tuple(categories),
        responses=tuple(r for r in info.responses if r in known.get("responseType", ())),
    )
