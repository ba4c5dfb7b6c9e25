"""Reads the XML of EBD packets of both generations, tolerant of order and namespace, not of what is missing. Knows no tar and no signature."""

from __future__ import annotations

from collections.abc import Callable

from emergency import safe_xml
from emergency.ebd import (
    Body,
    ConnectionCheck,
    Ebd,
    EbdResponse,
    Ebm,
    EbmStateRequest,
    EbmStateResponse,
    Other,
)
from emergency.ebd_nodes import Node, identifier, unreadable
from emergency.ebd_profile import (
    HEARTBEAT,
    OTHER_PACKET,
    PARSE_FAILURE,
    EbdFault,
    generation_of_message,
    generation_of_packet,
    generation_of_resource,
)
from emergency.ebd_report_reader import REPORTS, broadcasters, coverage, read_message
from station.words import Misheard


def read(data: bytes) -> Ebd:
    """A packet from the bytes of its EBDB file. Raises EbdFault with the ResultCode that it earns."""
    try:
        root = safe_xml.parse(data)
    except Misheard as error:
        raise EbdFault(PARSE_FAILURE, error.text.en, error.text.zh) from None
    if safe_xml.local(root) != "EBD":
        raise unreadable("the root element is not EBD", "根元素不是 EBD")
    node = Node(root, "EBD")
    kind = node.text("EBDType")
    ebd_id, source = node.text("EBDID"), node.need("SRC")
    related = node.node("RelatedEBD") or node.node("RealtedEBD")  # a misspelling seen in the field
    made = Ebd(
        ebd_id=identifier(ebd_id, "EBDID", generation_of_packet),
        source=identifier(source.text("EBRID"), "SRC/EBRID", generation_of_resource),
        url=source.text("URL", ""),
        dest=tuple(
            safe_xml.text(e)[:64] for d in node.parts.get("DEST", [])[:64] for e in safe_xml.children(d)
        ),
        time=node.time("EBDTime"),
        related=related.text("EBDID", "") if related else "",
        body=_READERS.get(kind, _read_other)(node, kind),
    )
    if made.source != ebd_id[2:-16]:
        raise unreadable("SRC/EBRID and EBDID name different senders", "SRC/EBRID 与 EBDID 的来源不一致")
    if (ebd_id[:2] == HEARTBEAT) != isinstance(made.body, ConnectionCheck) and ebd_id[:2] != OTHER_PACKET:
        raise unreadable("the EBDID's kind does not fit EBDType", "EBDID 类别与 EBDType 不符")
    return made


def _read_ebm(node: Node, kind: str) -> Ebm:
    return read_message(node.need(kind))


def _read_response(node: Node, kind: str) -> EbdResponse:
    body = node.need(kind)
    return EbdResponse(result=body.number("ResultCode"), description=body.text("ResultDesc", ""))


def _read_check(node: Node, kind: str) -> ConnectionCheck:
    return ConnectionCheck(reported=node.need(kind).time("RptTime"))


def _read_state_request(node: Node, kind: str) -> EbmStateRequest:
    return EbmStateRequest(
        ebm_id=identifier(node.need(kind).need("EBM").text("EBMID"), "EBMID", generation_of_message)
    )


def _read_state(node: Node, kind: str) -> EbmStateResponse:
    body = node.need(kind)
    rate, percent, areas, counts = coverage(body)
    return EbmStateResponse(
        ebm_id=body.need("EBM").text("EBMID"),
        reported=body.time("RptTime"),
        state=body.number("BrdStateCode"),
        description=body.text("BrdStateDesc", ""),
        coverage_rate=rate,
        coverage_percent=percent,
        areas=areas,
        resources=counts,
        broadcasters=broadcasters(body),
    )


def _read_other(node: Node, kind: str) -> Body:
    reader = REPORTS.get(kind)
    return Other(type=kind[:64]) if reader is None else reader(node.need(kind))


_READERS: dict[str, Callable[[Node, str], Body]] = {
    "EBM": _read_ebm,
    "EBDResponse": _read_response,
    "ConnectionCheck": _read_check,
    "EBMStateRequest": _read_state_request,
    "EBMStateResponse": _read_state,
}
