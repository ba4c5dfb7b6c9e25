"""Writes EBD packets as XML, strictly, elements in the order of the standard (2018). Knows no tar and no signature."""

from __future__ import annotations

from lxml import etree

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
from emergency.ebd_profile import moment

NAMES = {
    "Ebm": "EBM",
    "EbdResponse": "EBDResponse",
    "EbmStateRequest": "EBMStateRequest",
    "EbmStateResponse": "EBMStateResponse",
}


def write(ebd: Ebd) -> bytes:
    """The bytes of an EBDB file, elements in the order of the standard."""
    root = etree.Element("EBD", nsmap={"xs": "http://www.w3.org/2001/XMLSchema"})
    kind = ebd.body.type if isinstance(ebd.body, Other) else type(ebd.body).__name__
    _put(root, EBDVersion="1.0", EBDID=ebd.ebd_id, EBDType=NAMES.get(kind, kind))
    source = _add(root, "SRC")
    _put(source, EBRID=ebd.source)
    if ebd.url:
        _put(source, URL=ebd.url)
    if ebd.dest:
        dest = _add(root, "DEST")
        for code in ebd.dest:
            _put(dest, EBRID=code)
    _put(root, EBDTime=moment(ebd.time))
    if ebd.related:
        _put(_add(root, "RelatedEBD"), EBDID=ebd.related)
    _fill(_add(root, NAMES.get(kind, kind)), ebd.body)
    return bytes(etree.tostring(root, xml_declaration=True, encoding="utf-8"))


def _fill(node: etree._Element, body: Body) -> None:
    match body:
        case Ebm():
            _fill_ebm(node, body)
        case EbdResponse():
            _put(node, ResultCode=body.result, ResultDesc=body.description)
        case ConnectionCheck():
            _put(node, RptTime=moment(body.reported))
        case EbmStateRequest():
            _put(_add(node, "EBM"), EBMID=body.ebm_id)
        case EbmStateResponse():
            _fill_state(node, body)
        case _:
            pass  # a type that is only read has no content of ours


def _fill_ebm(node: etree._Element, ebm: Ebm) -> None:
    _put(node, EBMVersion="1", EBMID=ebm.ebm_id)
    if ebm.related:
        _put(_add(node, "RelatedInfo"), EBMID=ebm.related)
    basic = _add(node, "MsgBasicInfo")
    _put(basic, MsgType=ebm.msg_type, SenderName=ebm.sender_name, SenderCode=ebm.sender_code)
    _put(basic, SendTime=moment(ebm.sent))
    if ebm.msg_type == 2:
        return
    _put(
        basic,
        EventType=ebm.event,
        Severity=ebm.severity,
        StartTime=moment(ebm.start),
        EndTime=moment(ebm.end),
    )
    content = _add(node, "MsgContent")
    _put(
        content, LanguageCode=ebm.language, MsgTitle=ebm.title, MsgDesc=ebm.text, AreaCode=",".join(ebm.areas)
    )
    for auxiliary in ebm.auxiliaries:
        held = _add(content, "Auxiliary")
        _put(held, AuxiliaryType=auxiliary.type, AuxiliaryDesc=auxiliary.description)
        _put(held, Size=auxiliary.size, Digest=auxiliary.digest)


def _fill_state(node: etree._Element, state: EbmStateResponse) -> None:
    _put(node, RptTime=moment(state.reported))
    _put(_add(node, "EBM"), EBMID=state.ebm_id)
    _put(node, BrdStateCode=state.state, BrdStateDesc=state.description)
    coverage = _add(node, "Coverage")  # a known receiver depends on this order
    if state.areas:
        _put(coverage, AreaCode=",".join(state.areas))
    _put(coverage, CoveragePercent=state.coverage_percent, ResBrdStat=",".join(map(str, state.resources)))


def _add(parent: etree._Element, name: str) -> etree._Element:
    return etree.SubElement(parent, name)


def _put(parent: etree._Element, **rows: str | int) -> None:
    for name, value in rows.items():
        etree.SubElement(parent, name).text = str(value)
