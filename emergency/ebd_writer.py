"""Writes EBD packets as XML, strictly, elements in the order of the standard (2018). Knows no tar and no signature."""

from __future__ import annotations

from lxml import etree

from emergency import ebd_report_writer
from emergency.ebd import (
    Body,
    ConnectionCheck,
    Ebd,
    EbdResponse,
    Ebm,
    EbmStateRequest,
    EbmStateResponse,
    Other,
    Report,
)
from emergency.ebd_profile import moment
from emergency.ebd_report_writer import add, fill_coverage, put

NAMES = {
    "Ebm": "EBM",
    "EbdResponse": "EBDResponse",
    "EbmStateRequest": "EBMStateRequest",
    "EbmStateResponse": "EBMStateResponse",
}


def write(ebd: Ebd) -> bytes:
    """The bytes of an EBDB file, elements in the order of the standard."""
    root = etree.Element("EBD", nsmap={"xs": "http://www.w3.org/2001/XMLSchema"})
    kind = ebd.body.type if isinstance(ebd.body, (Other, Report)) else type(ebd.body).__name__
    put(root, EBDVersion="1.0", EBDID=ebd.ebd_id, EBDType=NAMES.get(kind, kind))
    source = add(root, "SRC")
    put(source, EBRID=ebd.source)
    if ebd.url:
        put(source, URL=ebd.url)
    if ebd.dest:
        dest = add(root, "DEST")
        for code in ebd.dest:
            put(dest, EBRID=code)
    put(root, EBDTime=moment(ebd.time))
    if ebd.related:
        put(add(root, "RelatedEBD"), EBDID=ebd.related)
    _fill(add(root, NAMES.get(kind, kind)), ebd.body)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _fill(node: etree._Element, body: Body) -> None:
    match body:
        case Ebm():
            _fill_ebm(node, body)
        case EbdResponse():
            put(node, ResultCode=body.result, ResultDesc=body.description)
        case ConnectionCheck():
            put(node, RptTime=moment(body.reported))
        case EbmStateRequest():
            put(add(node, "EBM"), EBMID=body.ebm_id)
        case EbmStateResponse():
            _fill_state(node, body)
        case Report():
            ebd_report_writer.fill(node, body)
        case _:
            pass  # a type that nobody knows has no content of ours


def _fill_ebm(node: etree._Element, ebm: Ebm) -> None:
    put(node, EBMVersion="1")
    ebd_report_writer.fill_message(node, ebm)


def _fill_state(node: etree._Element, state: EbmStateResponse) -> None:
    put(node, RptTime=moment(state.reported))
    put(add(node, "EBM"), EBMID=state.ebm_id)
    put(node, BrdStateCode=state.state, BrdStateDesc=state.description)
    fill_coverage(node, state)
