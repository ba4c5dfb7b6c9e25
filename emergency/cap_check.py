"""Holds an XML tree against the data dictionary of its CAP version, and takes its texts out on the way. Pure; knows no alert and no rule beyond the dictionary."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from lxml import etree

from emergency import safe_xml
from emergency.cap_dictionary import DSIG, SIGNED_SINCE, Field, Segment, segment
from station.words import Text

MOST_FAULTS = 10
LONGEST_LANGUAGE = 1_000  # characters; the standard names no bound
SHOWN = 60  # characters of what was said, in a fault

_BLANK = " \t\r\n"  # what XML calls blank
_XSI = "{http://www.w3.org/2001/XMLSchema-instance}"
_HINTS = frozenset((_XSI + "schemaLocation", _XSI + "noNamespaceSchemaLocation"))
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)\Z")
# 1.2, 3.3.2: with a numeric zone, never Z, no parts of a second
_STRICT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[-+][0-9]{2}:[0-9]{2}\Z")
_LOOSE = re.compile(  # xs:dateTime
    r"-?([0-9]{4}|[1-9][0-9]{4,8})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})(\.[0-9]+)?"
    r"(Z|[-+][0-9]{2}:[0-9]{2})?\Z"
)


def _run(but: str) -> str:
    """Characters, as many as there are: never given back, so that millions cost no more than their reading."""
    return rf"[^{but}]*+"


_USER, _HOST, _PATH, _QUERY = (_run(but) for but in (r"/?#@\[\]", r"/?#@:\[\]", r"?#\[\]", r"#\[\]"))
_DIGITS = bytes(ord("0") if chr(at) in "0123456789abcdefABCDEF" else at for at in range(256))
_URI = re.compile(  # RFC 3986; what is no URI character is escaped before it is judged, as xs:anyURI has it
    r"(?:[A-Za-z][A-Za-z0-9+.\-]*:|(?![^/?#]*:))"  # a scheme, or a first segment without a colon
    rf"(?://(?:{_USER}@)?(?:\[[^\]/?#]*\]|{_HOST})(?::[0-9]*)?(?=[/?#]|\Z)|(?!//))"
    rf"{_PATH}(?:\?{_QUERY})?(?:#{_run('#')})?\Z"
)


def is_uri(said: str) -> bool:
    """Whether a text is a reference as in RFC 3986: what is between its delimiters, and each % an escape of two digits."""
    escapes = said.encode().translate(_DIGITS)
    return escapes.count(b"%") == escapes.count(b"%00") and _URI.match(said) is not None


_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


class Held:
    """The texts of one segment by element name, and its segments; everything in its order. Texts are stripped."""

    __slots__ = ("parts", "texts")

    def __init__(self) -> None:
        self.texts: dict[str, list[str]] = {}
        self.parts: dict[str, list[Held]] = {}

    def text(self, name: str) -> str:
        """The first text under a name; empty where there is none."""
        found = self.texts.get(name)
        return found[0] if found else ""


def hold(root: etree._Element, top: Segment) -> tuple[Held, list[Text]]:
    """The texts of a tree, and what the dictionary does not allow in it (ten at most; none means valid)."""
    faults: list[Text] = []
    return _segment(root, top, faults), faults


def _segment(element: etree._Element, kind: Segment, faults: list[Text]) -> Held:
    if kind.name == "pair" and (plain := _plain_pair(element, kind)):
        return plain
    held, last = Held(), -1
    _only_elements(element, kind, faults)
    for child in element.iterchildren("*"):  # a comment or an instruction says nothing
        field = kind.by_tag.get(child.tag)
        if field is None:
            if not _is_signature(child, kind):
                _unknown(child, kind, faults)
            continue
        if field.at < last or (field.at == last and not field.repeated):
            _misplaced(child, field, kind, faults)
        else:
            _missing(child, kind.fields[last + 1 : field.at], kind, faults)
        last = max(last, field.at)
        _take(child, field, kind, held, faults)
    _missing(element, kind.fields[last + 1 :], kind, faults)
    return held


def _plain_pair(element: etree._Element, kind: Segment) -> Held | None:
    """The two texts of a pair as nearly every one is; None for the long way. Most segments are pairs."""
    if len(element) != 2 or element.attrib or _stray(element.text):
        return None
    name, value = element
    for child, tag in zip((name, value), kind.by_tag, strict=True):
        if child.tag != tag or len(child) or child.attrib or _stray(child.tail):
            return None
    held = Held()
    held.texts = {"valueName": [(name.text or "").strip()], "value": [(value.text or "").strip()]}
    return held


def _stray(said: str | None) -> bool:
    return bool(said and said.strip(_BLANK))


def _take(child: etree._Element, field: Field, kind: Segment, held: Held, faults: list[Text]) -> None:
    if field.kind == "segment":
        part = _segment(child, segment(field.segment, kind.version), faults)
        held.parts.setdefault(field.name, []).append(part)
        return
    if child.attrib or len(child):
        _plain(child, kind, faults)
        raw = safe_xml.whole(child)
    else:
        raw = child.text or ""
    if field.kind != "text" and not fits(field, raw, kind.version):
        _wrong(child, field, kind, raw, faults)
    held.texts.setdefault(field.name, []).append(raw.strip())


def fits(field: Field, raw: str, version: str) -> bool:
    """Whether a text is one of an element of this kind (raw: as it stands between the tags)."""
    if field.kind == "choice":
        return raw in field.values
    said = raw.strip(_BLANK)
    if field.kind == "moment":
        return is_moment(said, version)
    if field.kind == "language":
        return not raw or (
            len(said) <= LONGEST_LANGUAGE and _LANGUAGE.match(said) is not None
        )  # empty: the default of the dictionary
    if field.kind == "uri":
        return is_uri(" ".join(said.split()))
    return (_INTEGER if field.kind == "integer" else _DECIMAL).match(said) is not None


def is_moment(said: str, version: str) -> bool:
    """Whether a text is a time as the version's schema has it: 1.2 to the second with a zone, before any xs:dateTime."""
    if version == "1.2" and not _STRICT.match(said):
        return False
    found = _LOOSE.match(said)
    if found is None:
        return False
    year, month, day, hour, minute, second = (int(found[part]) for part in range(1, 7))
    whole = hour < 24 or (hour == 24 and minute == second == 0 and not (found[7] or "").strip(".0"))
    return whole and minute < 60 and second < 60 and _is_day(year, month, day) and _is_zone(found[8])


def _is_day(year: int, month: int, day: int) -> bool:
    if not (1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] and year):
        return False
    return month != 2 or day < 29 or _leap(year)


def _is_zone(said: str | None) -> bool:
    if said is None or said == "Z":
        return True
    hours, minutes = int(said[1:3]), int(said[4:6])
    return minutes < 60 and hours * 60 + minutes <= 14 * 60


def _leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def time_of(said: str) -> datetime | None:
    """The time that a CAP text names; None where it has no zone or lies beyond what can be counted."""
    midnight = said[11:19] == "24:00:00"
    text = said[:11] + "00:00:00" + said[19:] if midnight else said
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    if at.tzinfo is None:
        return None
    if not midnight:
        return at
    try:
        return at + timedelta(days=1)
    except OverflowError:
        return None


def _is_signature(child: etree._Element, kind: Segment) -> bool:
    return (
        kind.name == "alert"
        and kind.version >= SIGNED_SINCE
        and etree.QName(child).namespace == DSIG
        and not any(later.tag in kind.by_tag for later in child.itersiblings("*"))
    )


def _only_elements(element: etree._Element, kind: Segment, faults: list[Text]) -> None:
    between = [element.text, *[child.tail for child in element]]
    if any(map(_stray, between)):
        said = " ".join("".join(word or "" for word in between).split())
        _fault(
            faults,
            element,
            f"{kind.name} holds the text {said[:SHOWN]!r} between its elements",
            f"{kind.name} 的元素之间有文字“{said[:SHOWN]}”",
        )
    _no_attributes(element, faults)


def _plain(child: etree._Element, kind: Segment, faults: list[Text]) -> None:
    _no_attributes(child, faults)
    if next(child.iterchildren("*"), None) is not None:
        name = safe_xml.local(child)
        _fault(
            faults,
            child,
            f"{name} holds elements; CAP {kind.version} has text there",
            f"{name} 内含元素,CAP {kind.version} 在此处只允许文字",
        )


def _no_attributes(element: etree._Element, faults: list[Text]) -> None:
    for name in element.attrib:
        if name not in _HINTS:
            tag, shown = safe_xml.local(element)[:SHOWN], str(name)[:SHOWN]
            _fault(
                faults,
                element,
                f"{tag} has the attribute {shown}; CAP has none",
                f"{tag} 带有属性 {shown},CAP 没有属性",
            )


def _unknown(child: etree._Element, kind: Segment, faults: list[Text]) -> None:
    name = safe_xml.local(child)[:SHOWN]
    _fault(
        faults,
        child,
        f"{kind.name} holds {name}, which CAP {kind.version} does not have there",
        f"{kind.name} 中的 {name} 不是 CAP {kind.version} 在此处的元素",
    )


def _misplaced(child: etree._Element, field: Field, kind: Segment, faults: list[Text]) -> None:
    _fault(
        faults,
        child,
        f"{field.name} stands too late in {kind.name}, or twice",
        f"{field.name} 在 {kind.name} 中位置靠后或重复",
    )


def _missing(where: etree._Element, skipped: tuple[Field, ...], kind: Segment, faults: list[Text]) -> None:
    for field in skipped:
        if field.required:
            _fault(
                faults,
                where,
                f"{kind.name} has no {field.name}, which CAP {kind.version} requires",
                f"{kind.name} 缺少 CAP {kind.version} 必需的 {field.name}",
            )


def _wrong(child: etree._Element, field: Field, kind: Segment, raw: str, faults: list[Text]) -> None:
    shown = " ".join(raw.split())[:SHOWN]
    if field.kind == "choice":
        all_of = ", ".join(field.values)
        en, zh = f"is none of {all_of}", f"不在 {all_of} 之中"
    else:
        en, zh = _KINDS[field.kind]
    _fault(faults, child, f"{field.name} {shown!r} {en}", f"{field.name} “{shown}” {zh}")


_KINDS = {
    "moment": (
        "is not a time as the standard writes it, such as 2026-11-22T08:00:00+08:00",
        "不是标准规定的时间写法,例如 2026-11-22T08:00:00+08:00",
    ),
    "language": ("is not a language code, such as zh-CN", "不是语言代码,例如 zh-CN"),
    "integer": ("is not a whole number", "不是整数"),
    "decimal": ("is not a decimal number", "不是十进制数"),
    "uri": ("is not an address (URI)", "不是有效的网址(URI)"),
}


def _fault(faults: list[Text], where: etree._Element, en: str, zh: str) -> None:
    if len(faults) < MOST_FAULTS:
        faults.append(Text(f"line {where.sourceline}: {en}", f"第 {where.sourceline} 行:{zh}"))
