"""Reads messages and reports out of EBD packets, tolerant of order and of what only its owner needs. Knows no envelope and no tar."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from emergency.ebd import Auxiliary, Broadcast, Broadcaster, Dispatch, Ebm, Report
from emergency.ebd_nodes import Node, areas_of, identifier, missing, unreadable
from emergency.ebd_profile import EVENT, generation_of_message, generation_of_resource
from emergency.ebd_report_writer import LATER, RADIO, RELATED, TEXTS, TV, UNIT
from emergency.ebd_reports import (
    KINDS,
    BroadcastLog,
    Hours,
    Kind,
    LogItem,
    OmdRequest,
    RadioParams,
    Resource,
    ResourceInfo,
    ResourceState,
    ResourceStates,
    Span,
    TvParams,
    Unit,
)
from station.words import AreaCode, Instant

MAX_AUXILIARIES = 32
MAX_DISPATCHES = 1_000
DISPATCHED: Final = ("EBRPS", "EBRST", "EBRAS", "EBRBS")


def read_message(body: Node) -> Ebm:
    """An EBM from the element that holds its EBMID. Raises EbdFault."""
    basic, related = body.need("MsgBasicInfo"), body.node("RelatedInfo")
    made = Ebm(
        ebm_id=identifier(body.text("EBMID"), "EBMID", generation_of_message),
        related=related.text("EBMID", "") if related else "",
        information=related.text("EBIID", "") if related else "",
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
        raise unreadable(
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
        areas=areas_of(content.text("AreaCode")),
        program=content.text("ProgramNum", ""),
        auxiliaries=_auxiliaries(content),
        dispatches=_dispatches(body),
    )
    if not made.text and not made.auxiliaries:
        raise missing("EBM/MsgContent/MsgDesc")
    return made


def _auxiliaries(content: Node) -> tuple[Auxiliary, ...]:
    nodes = content.rows("Auxiliary")
    if len(nodes) > MAX_AUXILIARIES:
        raise unreadable(f"more than {MAX_AUXILIARIES} Auxiliary", f"Auxiliary 超过 {MAX_AUXILIARIES} 个")
    return tuple(
        Auxiliary(
            type=node.number("AuxiliaryType"),
            description=node.text("AuxiliaryDesc"),
            size=node.number("Size", 0),
            digest=node.text("Digest", "").lower(),
        )
        for node in nodes
    )


def _dispatches(body: Node) -> tuple[Dispatch, ...]:
    nodes = body.rows("Dispatch")
    if len(nodes) > MAX_DISPATCHES:
        raise unreadable(f"more than {MAX_DISPATCHES} Dispatch", f"Dispatch 超过 {MAX_DISPATCHES} 个")
    return tuple(made for node in nodes for made in _dispatch(node))


def _dispatch(node: Node) -> list[Dispatch]:
    """One for each resource that it names; one that names a kind nobody knows is left out."""
    language, made = node.text("LanguageCode", ""), []
    for kind in DISPATCHED:
        for named in node.rows(kind):
            code, system = named.text("EBRID", ""), named.text("BrdSysType", "")
            parameters = named.text("BrdSysInfo", "")
            made.append(
                Dispatch(kind=kind, language=language, code=code, system=system, parameters=parameters)
            )
    return made


def coverage(body: Node) -> tuple[str, int, tuple[AreaCode, ...], tuple[int, int, int, int]]:
    """Rate, percent, areas and counts of Coverage; what is not there is empty."""
    node = body.node("Coverage")
    if node is None:
        return "", 0, (), (0, 0, 0, 0)
    areas = areas_of(node.text("AreaCode")) if node.text("AreaCode", "") else ()
    return node.text("CoverageRate", ""), _percent(node), areas, _counts(node)


def _percent(node: Node) -> int:
    """Whole per cent; a sign or decimals behind it are dropped."""
    said = node.text("CoveragePercent", "0").rstrip("%").partition(".")[0]
    if not (said.isascii() and said.isdigit() and len(said) <= 3):
        raise unreadable(
            f"{node.path}/CoveragePercent is not a number: {said[:40]}",
            f"{node.path}/CoveragePercent 不是数字:{said[:40]}",
        )
    return int(said)


def _counts(node: Node) -> tuple[int, int, int, int]:
    said = node.text("ResBrdStat", "0,0,0,0").replace(",", ",").split(",")
    if len(said) != 4 or not all(
        one.strip().isascii() and one.strip().isdigit() and len(one) <= 9 for one in said
    ):
        raise unreadable(
            f"{node.path}/ResBrdStat is not four numbers", f"{node.path}/ResBrdStat 不是四个数字"
        )
    one, two, three, four = (int(number) for number in said)
    return one, two, three, four


def broadcasters(body: Node) -> tuple[Broadcaster, ...]:
    """Who broadcast, of ResBrdInfo."""
    info = body.node("ResBrdInfo")
    return tuple(map(_broadcaster, info.rows("ResBrdItem"))) if info else ()


def _broadcaster(node: Node) -> Broadcaster:
    kind = next((kind for kind in ("EBRPS", "EBRST", "EBRAS") if kind in node.parts), "")
    named = node.node(kind) if kind else None
    code = named.text("EBRID", "") if named else ""
    return Broadcaster(kind=kind, code=code, broadcasts=tuple(map(_broadcast, node.rows("EBRBS"))))


def _broadcast(node: Node) -> Broadcast:
    return Broadcast(
        reported=_time(node, "RptTime"),
        system=node.text("BrdSysInfo", ""),
        start=_time(node, "StartTime"),
        end=_time(node, "EndTime"),
        url=node.text("FileURL", ""),
        state=node.number("BrdStateCode") if node.text("BrdStateCode", "") else None,
        description=node.text("BrdStateDesc", ""),
    )


def _time(node: Node, name: str) -> Instant | None:
    return node.time(name) if node.text(name, "") else None


def _span(body: Node) -> Span | None:
    node = body.node("Params")
    if node is None:
        return None
    return Span(start=node.time("RptStartTime"), end=node.time("RptEndTime"), how=node.text("RptType", ""))


def _texts(node: Node, names: tuple[tuple[str, str], ...]) -> dict[str, str]:
    return {field: node.text(name, "") for name, field in names}


def _code(node: Node) -> str:
    return identifier(node.text("EBRID"), "EBRID", generation_of_resource)


def _resource(node: Node) -> Resource:
    related = {field: _related(node, name) for name, field in RELATED}
    radio, tv, schedule = node.node("RadioParams"), node.node("TVParams"), node.node("Schedule")
    return Resource(
        reported=node.time("RptTime"),
        deed=node.text("RptType"),
        code=_code(node),
        areas=areas_of(node.text("AreaCode")) if node.text("AreaCode", "") else (),
        radio=RadioParams(**_texts(radio, RADIO)) if radio else None,
        tv=TvParams(**_texts(tv, TV)) if tv else None,
        hours=tuple(map(_hours, schedule.rows("Switch"))) if schedule else (),
        **related,
        **_texts(node, TEXTS),
        **_texts(node, LATER),
    )


def _related(node: Node, name: str) -> str:
    found = node.node(name)
    return found.text("EBRID", "") if found else ""


def _hours(node: Node) -> Hours:
    return Hours(weekday=node.text("Weekday"), start=node.text("StartTime"), end=node.text("EndTime"))


def _state(node: Node) -> ResourceState:
    return ResourceState(
        reported=node.time("RptTime"),
        code=_code(node),
        state=node.number("StateCode"),
        description=node.text("StateDesc", ""),
    )


def _item(node: Node) -> LogItem:
    message, units = node.need("EBM"), node.node("UnitInfo")
    rate, percent, areas, counts = coverage(node)
    return LogItem(
        ebm_id=identifier(message.text("EBMID"), "EBMID", generation_of_message),
        ebm=read_message(message) if "MsgBasicInfo" in message.parts else None,
        units=tuple(map(_unit, units.rows("Unit"))) if units else (),
        state=node.number("BrdStateCode"),
        description=node.text("BrdStateDesc", ""),
        coverage_rate=rate,
        coverage_percent=percent,
        areas=areas,
        resources=counts,
        broadcasters=broadcasters(node),
    )


def _unit(node: Node) -> Unit:
    return Unit(platform=_related(node, "EBRPS"), **_texts(node, UNIT))


def _info(kind: Kind) -> Callable[[Node], Report]:
    return lambda body: ResourceInfo(
        kind=kind, resources=tuple(map(_resource, body.rows(kind))), span=_span(body)
    )


def _states(kind: Kind) -> Callable[[Node], Report]:
    return lambda body: ResourceStates(kind=kind, states=tuple(map(_state, body.rows(kind))))


REPORTS: Final[dict[str, Callable[[Node], Report]]] = {
    "OMDRequest": lambda body: OmdRequest(asked=body.text("OMDType"), span=_span(body)),
    "EBMBrdLog": lambda body: BroadcastLog(
        items=tuple(map(_item, body.rows("EBMBrdItem"))), span=_span(body)
    ),
    **{f"{kind}Info": _info(kind) for kind in KINDS},
    **{f"{kind}State": _states(kind) for kind in KINDS if kind != "EBRST"},
}
