"""CAP 1.2 alerts as values: XML in, with the verdict of our own schema and of the standard's rules. Knows no signature, no area table, no clock."""

from __future__ import annotations

import base64
import binascii
import functools
from datetime import datetime, timedelta
from pathlib import Path

import attrs
from lxml import etree

from emergency import safe_xml
from station.words import Instant, Misheard, Text

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
VERSIONS = {
    NAMESPACE: "1.2",
    "urn:oasis:names:tc:emergency:cap:1.1": "1.1",
    "http://www.incident.com/cap/1.0": "1.0",
}
MAX_INFOS = 32
MAX_AUDIO = 3 * 1024 * 1024
_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_SCHEMA = Path(__file__).parent / "cap_schema" / "cap12.xsd"


@attrs.frozen(kw_only=True)
class Resource:
    """A file that belongs to an info; `data` where it is embedded (derefUri)."""

    description: str
    mime: str
    uri: str = ""
    data: bytes | None = None
    digest: str = ""


@attrs.frozen(kw_only=True)
class Area:
    """One area: its words, its geocodes (valueName, value), polygons and circles as they were written."""

    description: str
    geocodes: tuple[tuple[str, str], ...] = ()
    polygons: tuple[str, ...] = ()
    circles: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Info:
    """One info: a text in one language. Times in µs UTC; None where they were not given."""

    language: str
    categories: tuple[str, ...]
    event: str
    urgency: str
    severity: str
    certainty: str
    codes: tuple[tuple[str, str], ...] = ()
    effective: Instant | None = None
    onset: Instant | None = None
    expires: Instant | None = None
    sender_name: str = ""
    headline: str = ""
    description: str = ""
    instruction: str = ""
    parameters: tuple[tuple[str, str], ...] = ()
    resources: tuple[Resource, ...] = ()
    areas: tuple[Area, ...] = ()


@attrs.frozen(kw_only=True)
class Alert:
    """One alert. `references` are (sender, identifier, sent) as they were written."""

    version: str
    identifier: str
    sender: str
    sent: Instant
    status: str
    type: str
    scope: str
    codes: tuple[str, ...] = ()
    references: tuple[tuple[str, str, str], ...] = ()
    infos: tuple[Info, ...] = ()


@attrs.frozen(kw_only=True)
class Judged:
    """A document and what is wrong with it: `faults` make it invalid; without any, `alert` is there."""

    version: str
    root: etree._Element
    alert: Alert | None
    faults: tuple[Text, ...]


def judge(data: bytes) -> Judged:
    """Parse and validate. Raises Misheard only for what is no safe XML or no CAP at all; all else is in `faults`."""
    root = safe_xml.parse(data)
    name = etree.QName(root)
    version = VERSIONS.get(name.namespace or "")
    if name.localname != "alert" or version is None:
        raise Misheard(
            f"this is not CAP: its root is {name.localname[:60]} in {(name.namespace or 'no namespace')[:80]}",
            f"这不是 CAP:根元素为 {name.localname[:60]},命名空间为 {(name.namespace or '无')[:80]}",
            code="cap",
        )
    faults = _schema_faults(root, version)
    alert: Alert | None = None
    if not faults:
        try:
            alert = _read(root, version)
        except Misheard as error:
            faults = (error.text,)
        else:
            faults = _rule_faults(alert)
    return Judged(version=version, root=root, alert=None if faults else alert, faults=faults)


def parse(data: bytes) -> Alert:
    """The alert in `data`. Raises Misheard with the first fault."""
    judged = judge(data)
    if judged.alert is None:
        said = judged.faults[0]
        raise Misheard(f"CAP: {said.en}", f"CAP:{said.zh}", code="cap")
    return judged.alert


@functools.cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(_SCHEMA))


def _schema_faults(root: etree._Element, version: str) -> tuple[Text, ...]:
    if version == "1.0":
        return (Text("CAP 1.0 is not read; send 1.2", "不支持 CAP 1.0,请使用 1.2"),)
    schema = _schema()
    if schema.validate(_as_12(root) if version != "1.2" else root):
        return ()
    return tuple(_schema_text(entry) for entry in list(schema.error_log)[:10])  # type: ignore[call-overload]  # the stubs lack iteration


def _schema_text(entry: etree._LogEntry) -> Text:
    said = entry.message.replace(f"{{{NAMESPACE}}}", "")[:240]
    return Text(f"line {entry.line}: {said}", f"第 {entry.line} 行:{said}")


def _as_12(root: etree._Element) -> etree._Element:
    """A copy of a 1.1 document in the namespace of 1.2, whose data dictionary includes that of 1.1."""
    copy = etree.fromstring(etree.tostring(root))
    old = etree.QName(root).namespace
    for node in copy.iter():
        if isinstance(node.tag, str) and etree.QName(node).namespace == old:
            node.tag = f"{{{NAMESPACE}}}{etree.QName(node).localname}"
    return copy


def _read(root: etree._Element, version: str) -> Alert:
    node = _Part(root)
    infos = node.parts.get("info", [])
    if len(infos) > MAX_INFOS:
        raise Misheard(f"there are more than {MAX_INFOS} infos", f"info 超过 {MAX_INFOS} 个", code="cap")
    return Alert(
        version=version,
        identifier=node.text("identifier"),
        sender=node.text("sender"),
        sent=moment(node.text("sent")),
        status=node.text("status"),
        type=node.text("msgType"),
        scope=node.text("scope"),
        codes=node.texts("code"),
        references=_references(node.text("references")),
        infos=tuple(_info(_Part(info)) for info in infos),
    )


def _references(said: str) -> tuple[tuple[str, str, str], ...]:
    made = []
    for word in said.split():
        parts = word.split(",")
        if len(parts) != 3:
            raise Misheard(
                f"references holds {word[:80]} instead of sender,identifier,sent",
                f"references 中的 {word[:80]} 不是 sender,identifier,sent",
                code="cap",
            )
        made.append((parts[0], parts[1], parts[2]))
    return tuple(made[:256])


def _info(node: _Part) -> Info:
    return Info(
        language=node.text("language"),
        categories=node.texts("category"),
        event=node.text("event"),
        urgency=node.text("urgency"),
        severity=node.text("severity"),
        certainty=node.text("certainty"),
        codes=node.pairs("eventCode"),
        effective=node.time("effective"),
        onset=node.time("onset"),
        expires=node.time("expires"),
        sender_name=node.text("senderName"),
        headline=node.text("headline"),
        description=node.text("description"),
        instruction=node.text("instruction"),
        parameters=node.pairs("parameter"),
        resources=tuple(_resource(_Part(n)) for n in node.parts.get("resource", [])),
        areas=tuple(_area(_Part(n)) for n in node.parts.get("area", [])),
    )


def _resource(node: _Part) -> Resource:
    return Resource(
        description=node.text("resourceDesc"),
        mime=node.text("mimeType").lower(),
        uri=node.text("uri"),
        data=_embedded(node.text("derefUri")),
        digest=node.text("digest").lower(),
    )


def _embedded(said: str) -> bytes | None:
    if not said:
        return None
    try:
        data = base64.b64decode("".join(said.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Misheard("derefUri is not base64", "derefUri 不是 base64", code="cap") from None
    if len(data) > MAX_AUDIO:
        raise Misheard(
            f"derefUri holds over {MAX_AUDIO} bytes", f"derefUri 超过 {MAX_AUDIO} 字节", code="cap"
        )
    return data


def _area(node: _Part) -> Area:
    return Area(
        description=node.text("areaDesc"),
        geocodes=node.pairs("geocode"),
        polygons=node.texts("polygon"),
        circles=node.texts("circle"),
    )


class _Part:
    """One element that the schema has let through, its children by local name."""

    def __init__(self, element: etree._Element) -> None:
        self.parts: dict[str, list[etree._Element]] = {}
        own = etree.QName(element).namespace
        for child in safe_xml.children(element):
            if etree.QName(child).namespace == own:  # a signature's parts are no parts of the alert
                self.parts.setdefault(safe_xml.local(child), []).append(child)

    def text(self, name: str) -> str:
        found = self.parts.get(name)
        return safe_xml.text(found[0]) if found else ""

    def texts(self, name: str) -> tuple[str, ...]:
        return tuple(safe_xml.text(node) for node in self.parts.get(name, []))

    def time(self, name: str) -> Instant | None:
        said = self.text(name)
        return moment(said) if said else None

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        nodes = [_Part(node) for node in self.parts.get(name, [])]
        return tuple((node.text("valueName"), node.text("value")) for node in nodes)


def moment(said: str) -> Instant:
    """µs UTC of a CAP time such as `2026-11-22T08:00:00+08:00`. Raises Misheard."""
    try:
        return Instant((datetime.fromisoformat(said) - _EPOCH) // timedelta(microseconds=1))
    except (ValueError, OverflowError, TypeError):
        raise Misheard(f"{said[:40]} is not a time", f"{said[:40]} 不是时间", code="cap") from None


# ---- what the data dictionary demands beyond a schema --------------------------------------------------------------


def _rule_faults(alert: Alert) -> tuple[Text, ...]:
    faults = []
    if alert.type != "Alert" and not alert.references:
        faults.append(
            Text(f"msgType {alert.type} needs references", f"msgType 为 {alert.type} 时须有 references")
        )
    for info in alert.infos:
        for area in info.areas:
            faults += [_shape_fault("polygon", p) for p in area.polygons if not _is_polygon(p)]
            faults += [_shape_fault("circle", c) for c in area.circles if not _is_circle(c)]
    return tuple(faults[:10])


def _shape_fault(kind: str, said: str) -> Text:
    return Text(f"{kind} {said[:40]!r} is not one", f"{kind} {said[:40]!r} 格式不正确")


def _is_polygon(said: str) -> bool:
    points = said.split()
    return not said or (len(points) >= 4 and points[0] == points[-1] and all(_is_point(p) for p in points))


def _is_circle(said: str) -> bool:
    words = said.split()
    return not said or (len(words) == 2 and _is_point(words[0]) and _number(words[1]) is not None)


def _is_point(said: str) -> bool:
    latitude, _, longitude = said.partition(",")
    north, east = _number(latitude), _number(longitude)
    return north is not None and east is not None and abs(north) <= 90 and abs(east) <= 180


def _number(said: str) -> float | None:
    try:
        return float(said)
    except ValueError:
        return None
