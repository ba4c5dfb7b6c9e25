"""Reads the XML of EBD packets of both generations, tolerant of order and namespace, not of what is missing. Knows no tar and no signature."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from lxml import etree

from emergency import safe_xml
from emergency.ebd import (
    Auxiliary,
    Body,
    ConnectionCheck,
    Ebd,
    EbdResponse,
    Ebm,
    EbmStateRequest,
    EbmStateResponse,
    Other,
)
from emergency.ebd_profile import (
    CONTENT_MISSING,
    EVENT,
    HEARTBEAT,
    OTHER_PACKET,
    PARSE_FAILURE,
    EbdFault,
    Generation,
    generation_of_message,
    generation_of_packet,
    generation_of_resource,
    instant,
)
from station.words import AreaCode, Instant, Misheard, is_area

MAX_AREAS = 5_000
MAX_TEXT = 20_000
MAX_AUXILIARIES = 32


class _Node:
    """One element with its children by local name; says in one sentence what is missing."""

    def __init__(self, element: etree._Element, path: str) -> None:
        self.path = path
        self.parts: dict[str, list[etree._Element]] = {}
        for child in safe_xml.children(element):
            self.parts.setdefault(safe_xml.local(child), []).append(child)

    def node(self, name: str) -> _Node | None:
        found = self.parts.get(name)
        if found and len(found) > 1:
            raise _unreadable(
                f"{self.path}/{name} is there {len(found)} times", f"{self.path}/{name} 出现 {len(found)} 次"
            )
        return _Node(found[0], f"{self.path}/{name}") if found else None

    def need(self, name: str) -> _Node:
        return self.node(name) or _raise(_missing(f"{self.path}/{name}"))

    def text(self, name: str, default: str | None = None) -> str:
        found = self.parts.get(name, [])
        if len(found) > 1:
            raise _unreadable(
                f"{self.path}/{name} is there {len(found)} times", f"{self.path}/{name} 出现 {len(found)} 次"
            )
        said = safe_xml.text(found[0]) if found else ""
        if not said and default is None:
            raise _missing(f"{self.path}/{name}")
        if len(said) > MAX_TEXT and name != "AreaCode":
            raise _unreadable(
                f"{self.path}/{name} is longer than {MAX_TEXT}", f"{self.path}/{name} 超过 {MAX_TEXT} 字"
            )
        return said or default or ""

    def number(self, name: str, default: int | None = None) -> int:
        said = self.text(name, None if default is None else str(default))
        if not (said.isascii() and said.isdigit() and len(said) <= 9):
            raise _unreadable(
                f"{self.path}/{name} is not a number: {said[:40]}", f"{self.path}/{name} 不是数字:{said[:40]}"
            )
        return int(said)

    def time(self, name: str) -> Instant:
        said = self.text(name)
        try:
            return instant(said)
        except (ValueError, OverflowError):
            raise _unreadable(
                f"{self.path}/{name} is not a time: {said[:40]}", f"{self.path}/{name} 不是时间:{said[:40]}"
            ) from None


def read(data: bytes) -> Ebd:
    """A packet from the bytes of its EBDB file. Raises EbdFault with the ResultCode that it earns."""
    try:
        root = safe_xml.parse(data)
    except Misheard as error:
        raise EbdFault(PARSE_FAILURE, error.text.en, error.text.zh) from None
    if safe_xml.local(root) != "EBD":
        raise _unreadable("the root element is not EBD", "根元素不是 EBD")
    node = _Node(root, "EBD")
    kind = node.text("EBDType")
    ebd_id, source = node.text("EBDID"), node.need("SRC")
    related = node.node("RelatedEBD") or node.node("RealtedEBD")  # a misspelling seen in the field
    made = Ebd(
        ebd_id=_id(ebd_id, "EBDID", generation_of_packet),
        source=_id(source.text("EBRID"), "SRC/EBRID", generation_of_resource),
        url=source.text("URL", ""),
        dest=tuple(
            safe_xml.text(e)[:64] for d in node.parts.get("DEST", [])[:64] for e in safe_xml.children(d)
        ),
        time=node.time("EBDTime"),
        related=related.text("EBDID", "") if related else "",
        body=_READERS.get(kind, _read_other)(node, kind),
    )
    if made.source != ebd_id[2:-16]:
        raise _unreadable("SRC/EBRID and EBDID name different senders", "SRC/EBRID 与 EBDID 的来源不一致")
    if (ebd_id[:2] == HEARTBEAT) != isinstance(made.body, ConnectionCheck) and ebd_id[:2] != OTHER_PACKET:
        raise _unreadable("the EBDID's kind does not fit EBDType", "EBDID 类别与 EBDType 不符")
    return made


def _read_ebm(node: _Node, kind: str) -> Ebm:
    body = node.need(kind)
    basic, related = body.need("MsgBasicInfo"), body.node("RelatedInfo")
    made = Ebm(
        ebm_id=_id(body.text("EBMID"), "EBMID", generation_of_message),
        related=related.text("EBMID", "") if related else "",
        msg_type=basic.number("MsgType"),
        sender_name=basic.text("SenderName"),
        sender_code=basic.text("SenderCode"),
        sent=basic.time("SendTime"),
    )
    if made.msg_type == 2:
        return made
    content = body.need("MsgContent")
    event = basic.text("EventType")
    if not EVENT.match(event):
        raise _unreadable(
            f"EventType {event[:20]} is not a 5-character code", f"EventType {event[:20]} 不是五位事件编码"
        )
    made = attrs.evolve(
        made,
        event=event,
        severity=basic.number("Severity"),
        start=basic.time("StartTime"),
        end=basic.time("EndTime"),
        language=content.text("LanguageCode"),
        title=content.text("MsgTitle"),
        text=content.text("MsgDesc", ""),
        areas=_areas(content.text("AreaCode")),
        auxiliaries=_auxiliaries(content),
    )
    if not made.text and not made.auxiliaries:
        raise _missing("EBM/MsgContent/MsgDesc")
    return made


def _areas(said: str) -> tuple[AreaCode, ...]:
    codes = [code.strip() for code in said.replace(",", ",").split(",") if code.strip()]
    wrong = next((code for code in codes if not is_area(code)), None)
    if wrong is not None or not codes or len(codes) > MAX_AREAS:
        raise _unreadable(
            f"AreaCode is not a list of up to {MAX_AREAS} codes of 12 digits: {(wrong or '')[:40]}",
            f"AreaCode 不是 12 位编码的列表(最多 {MAX_AREAS} 个):{(wrong or '')[:40]}",
        )
    return tuple(dict.fromkeys(AreaCode(code) for code in codes))


def _auxiliaries(content: _Node) -> tuple[Auxiliary, ...]:
    found = content.parts.get("Auxiliary", [])
    if len(found) > MAX_AUXILIARIES:
        raise _unreadable(f"more than {MAX_AUXILIARIES} Auxiliary", f"Auxiliary 超过 {MAX_AUXILIARIES} 个")
    nodes = [_Node(element, "Auxiliary") for element in found]
    return tuple(
        Auxiliary(
            type=node.number("AuxiliaryType"),
            description=node.text("AuxiliaryDesc"),
            size=node.number("Size", 0),
            digest=node.text("Digest", "").lower(),
        )
        for node in nodes
    )


def _read_response(node: _Node, kind: str) -> EbdResponse:
    body = node.need(kind)
    return EbdResponse(result=body.number("ResultCode"), description=body.text("ResultDesc", ""))


def _read_check(node: _Node, kind: str) -> ConnectionCheck:
    return ConnectionCheck(reported=node.need(kind).time("RptTime"))


def _read_state_request(node: _Node, kind: str) -> EbmStateRequest:
    return EbmStateRequest(
        ebm_id=_id(node.need(kind).need("EBM").text("EBMID"), "EBMID", generation_of_message)
    )


def _read_state(node: _Node, kind: str) -> EbmStateResponse:
    body = node.need(kind)
    coverage = body.node("Coverage")
    return EbmStateResponse(
        ebm_id=body.need("EBM").text("EBMID"),
        reported=body.time("RptTime"),
        state=body.number("BrdStateCode"),
        description=body.text("BrdStateDesc", ""),
        coverage_percent=coverage.number("CoveragePercent", 0) if coverage else 0,
        areas=_areas(coverage.text("AreaCode")) if coverage and "AreaCode" in coverage.parts else (),
    )


def _read_other(_: _Node, kind: str) -> Other:
    return Other(type=kind[:64])


_READERS: dict[str, Callable[[_Node, str], Body]] = {
    "EBM": _read_ebm,
    "EBDResponse": _read_response,
    "ConnectionCheck": _read_check,
    "EBMStateRequest": _read_state_request,
    "EBMStateResponse": _read_state,
}


def _id(said: str, what: str, judge: Callable[[str], Generation | None]) -> str:
    if judge(said) is None:
        raise _unreadable(f"{what} {said[:60]} has neither layout of this id", f"{what} {said[:60]} 位数不符")
    return said


def _missing(path: str) -> EbdFault:
    return EbdFault(CONTENT_MISSING, f"{path} is missing", f"缺少 {path}")


def _unreadable(en: str, zh: str) -> EbdFault:
    return EbdFault(PARSE_FAILURE, en, zh)


def _raise(fault: EbdFault) -> _Node:
    raise fault
