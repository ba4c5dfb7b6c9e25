"""Writes messages and reports into EBD packets, elements in the order of the standard (GD/J 082). Knows no envelope and no tar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from lxml import etree

from emergency.ebd import Broadcast, Broadcaster, Dispatch, Ebm, EbmStateResponse, Report
from emergency.ebd_profile import moment
from emergency.ebd_reports import (
    BroadcastLog,
    LogItem,
    OmdRequest,
    RadioParams,
    Resource,
    ResourceInfo,
    ResourceStates,
    Span,
    TvParams,
    Unit,
)

Element = etree._Element  # noqa: SLF001 - lxml has no other name for the type of an element
RADIO: Final = (
    ("ChannelName", "channel"), ("Freq", "frequency"), ("Power", "power"), ("Backup", "backup"),
    ("AutoSwitch", "auto_switch"), ("RemoteControl", "remote_control"), ("Experiment", "experiment"),
)  # fmt: skip
TV: Final = (
    ("ChannelName", "channel"),
    ("Freq", "frequency"),
    ("ProgramNum", "program"),
    ("ChannelNum", "number"),
)
RELATED: Final = (("RelatedEBRPS", "platform"), ("RelatedEBRST", "station"), ("RelatedEBRAS", "adapter"))
TEXTS: Final = (
    ("EBRName", "name"), ("Address", "address"), ("Contact", "contact"), ("PhoneNumber", "phone"), ("Longitude", "longitude"),
    ("Latitude", "latitude"), ("URL", "url"), ("Params", "parameters"), ("Square", "square"),
)  # fmt: skip
LATER: Final = (("Population", "population"), ("LanguageCode", "language"), ("EquipRoom", "room"))
UNIT: Final = (
    ("UnitId", "unit"),
    ("UnitName", "unit_name"),
    ("PersonID", "person"),
    ("PersonName", "person_name"),
)


def add(parent: Element, name: str) -> Element:
    """A new element at the end of its parent."""
    return etree.SubElement(parent, name)


def put(parent: Element, **rows: str | int) -> None:
    """Elements with a text each."""
    for name, value in rows.items():
        etree.SubElement(parent, name).text = str(value)


def _given(parent: Element, thing: object, names: tuple[tuple[str, str], ...]) -> None:
    """The elements of those fields that are not empty."""
    for name, field in names:
        if value := getattr(thing, field):
            put(parent, **{name: value})


def fill_message(node: Element, ebm: Ebm) -> None:
    """EBMID and all behind it."""
    put(node, EBMID=ebm.ebm_id)
    if ebm.related or ebm.information:
        _given(add(node, "RelatedInfo"), ebm, (("EBMID", "related"), ("EBIID", "information")))
    basic = add(node, "MsgBasicInfo")
    put(basic, MsgType=ebm.msg_type, SenderName=ebm.sender_name, SenderCode=ebm.sender_code)
    put(basic, SendTime=moment(ebm.sent))
    if ebm.msg_type == 2:
        return
    put(
        basic,
        EventType=ebm.event,
        Severity=ebm.severity,
        StartTime=moment(ebm.start),
        EndTime=moment(ebm.end),
    )
    content = add(node, "MsgContent")
    put(
        content, LanguageCode=ebm.language, MsgTitle=ebm.title, MsgDesc=ebm.text, AreaCode=",".join(ebm.areas)
    )
    _given(content, ebm, (("ProgramNum", "program"),))
    for auxiliary in ebm.auxiliaries:
        held = add(content, "Auxiliary")
        put(held, AuxiliaryType=auxiliary.type, AuxiliaryDesc=auxiliary.description)
        put(held, Size=auxiliary.size, Digest=auxiliary.digest)
    for dispatch in ebm.dispatches:
        _dispatch(add(node, "Dispatch"), dispatch)


def _dispatch(node: Element, dispatch: Dispatch) -> None:
    _given(node, dispatch, (("LanguageCode", "language"),))
    names = (("EBRID", "code"), ("BrdSysType", "system"), ("BrdSysInfo", "parameters"))
    _given(add(node, dispatch.kind), dispatch, names)


def fill_coverage(node: Element, said: EbmStateResponse | LogItem) -> None:
    """Coverage, then who broadcast; a known receiver depends on the order inside Coverage."""
    coverage = add(node, "Coverage")
    _given(coverage, said, (("CoverageRate", "coverage_rate"),))
    if said.areas:
        put(coverage, AreaCode=",".join(said.areas))
    put(coverage, CoveragePercent=said.coverage_percent, ResBrdStat=",".join(map(str, said.resources)))
    if said.broadcasters:
        info = add(node, "ResBrdInfo")
        for broadcaster in said.broadcasters:
            _broadcaster(add(info, "ResBrdItem"), broadcaster)


def _broadcaster(node: Element, who: Broadcaster) -> None:
    if who.kind:
        put(add(node, who.kind), EBRID=who.code)
    for broadcast in who.broadcasts:
        _broadcast(add(node, "EBRBS"), broadcast)


def _broadcast(node: Element, said: Broadcast) -> None:
    _time(node, "RptTime", said.reported)
    _given(node, said, (("BrdSysInfo", "system"),))
    _time(node, "StartTime", said.start)
    _time(node, "EndTime", said.end)
    _given(node, said, (("FileURL", "url"),))
    if said.state is not None:
        put(node, BrdStateCode=said.state)
    _given(node, said, (("BrdStateDesc", "description"),))


def _time(node: Element, name: str, at: Any) -> None:
    if at is not None:
        put(node, **{name: moment(at)})


def fill(node: Element, report: Report) -> None:
    """The content of a report."""
    _WRITERS[type(report)](node, report)


def _span(node: Element, span: Span | None) -> None:
    if span is not None:
        params = add(node, "Params")
        put(params, RptStartTime=moment(span.start), RptEndTime=moment(span.end))
        _given(params, span, (("RptType", "how"),))


def _request(node: Element, report: OmdRequest) -> None:
    put(node, OMDType=report.asked)
    _span(node, report.span)


def _info(node: Element, report: ResourceInfo) -> None:
    _span(node, report.span)
    for resource in report.resources:
        _resource(add(node, report.kind), resource)


def _resource(node: Element, said: Resource) -> None:
    put(node, RptTime=moment(said.reported), RptType=said.deed)
    for name, field in RELATED:
        if code := getattr(said, field):
            put(add(node, name), EBRID=code)
    put(node, EBRID=said.code)
    _given(node, said, TEXTS)
    if said.areas:
        put(node, AreaCode=",".join(said.areas))
    _given(node, said, LATER)
    _params(node, "RadioParams", said.radio, RADIO)
    _params(node, "TVParams", said.tv, TV)
    if said.hours:
        schedule = add(node, "Schedule")
        for hours in said.hours:
            put(add(schedule, "Switch"), Weekday=hours.weekday, StartTime=hours.start, EndTime=hours.end)


def _params(
    node: Element, name: str, said: RadioParams | TvParams | None, names: tuple[tuple[str, str], ...]
) -> None:
    if said is not None:
        _given(add(node, name), said, names)


def _states(node: Element, report: ResourceStates) -> None:
    for said in report.states:
        row = add(node, report.kind)
        put(
            row,
            RptTime=moment(said.reported),
            EBRID=said.code,
            StateCode=said.state,
            StateDesc=said.description,
        )


def _log(node: Element, report: BroadcastLog) -> None:
    _span(node, report.span)
    for item in report.items:
        _item(add(node, "EBMBrdItem"), item)


def _item(node: Element, item: LogItem) -> None:
    message = add(node, "EBM")
    if item.ebm is None:
        put(message, EBMID=item.ebm_id)
    else:
        fill_message(message, item.ebm)
    if item.units:
        info = add(node, "UnitInfo")
        for unit in item.units:
            _unit(add(info, "Unit"), unit)
    put(node, BrdStateCode=item.state, BrdStateDesc=item.description)
    fill_coverage(node, item)


def _unit(node: Element, unit: Unit) -> None:
    if unit.platform:
        put(add(node, "EBRPS"), EBRID=unit.platform)
    _given(node, unit, UNIT)


_WRITERS: Final[dict[type, Callable[[Element, Any], None]]] = {
    OmdRequest: _request,
    ResourceInfo: _info,
    ResourceStates: _states,
    BroadcastLog: _log,
}
