"""From a CAP alert to the EAS SAME header that says the same, by the rules the makers of encoders agreed on (ECIG). Pure; decides nothing but that.

The guide itself was not at hand; its rules are told by those who wrote it. What stands on memory alone is `unverified` in
docs/protocols/same.md. Locations are SAME's own (PSSCCC): areas of other lists do not map, and are not guessed.
"""

from __future__ import annotations

from typing import Final

from emergency import same
from emergency.cap_alert import Alert, Info
from emergency.same import Header
from station.words import MINUTE, Instant, Refused

ORIGINATOR: Final = "EAS-ORG"  # parameter
MUST_CARRY: Final = "EAS-Must-Carry"  # parameter
SAME: Final = "SAME"  # valueName of event codes and geocodes
DEFAULT_ORIGINATOR: Final = "CIV"
NATIONAL: Final = ("EAN", "NPT")  # never filtered


def header_of(alert: Alert, sender: str, now: Instant) -> Header:
    """The header for an alert's first info, to be sent by `sender` (8 characters at most). Raises Refused: not to be sounded."""
    if alert.status != "Actual":
        raise _no(f"status {alert.status} is not sounded", f"status {alert.status} 不发声")
    if alert.type not in ("Alert", "Update"):
        raise _no(f"msgType {alert.type} is never sounded", f"msgType {alert.type} 不发声")
    if not alert.infos:
        raise _no("there is no info", "没有 info")
    info = alert.infos[0]
    if info.expires is None:
        raise _no("it does not say when it expires", "没有给出失效时间")
    if info.expires <= now:
        raise _no("it has expired", "已失效")
    day, hour, minute = same.stamp(alert.sent)
    header = Header(
        originator=_first(info.parameters, ORIGINATOR) or DEFAULT_ORIGINATOR,
        event=event_of(info),
        locations=locations_of(info),
        valid_minutes=same.valid_time(-(-(info.expires - alert.sent) // MINUTE)),
        day=day,
        hour=hour,
        minute=minute,
        sender=sender,
    )
    same.write(header)  # refuses what is not strict
    return header


def event_of(info: Info) -> str:
    """The SAME event of an info. Raises Refused without one."""
    code = _first(info.codes, SAME)
    if code is None:
        raise _no("no eventCode is called SAME", "没有名为 SAME 的 eventCode")
    return code


def locations_of(info: Info) -> tuple[str, ...]:
    """The first 31 SAME geocodes in their order, each once. Raises Refused without any."""
    named = [value for area in info.areas for name, value in area.geocodes if name == SAME]
    if not named:
        raise _no("no geocode is called SAME", "没有名为 SAME 的 geocode")
    return tuple(dict.fromkeys(named))[: same.LOCATIONS_AT_MOST]


def carried(header: Header, info: Info, wanted: frozenset[str]) -> bool:
    """Whether an alert passes a station's filter of events: national ones and those that must be carried always do."""
    must = (_first(info.parameters, MUST_CARRY) or "").casefold() == "true"
    return must or header.event in NATIONAL or header.event in wanted


def _first(pairs: tuple[tuple[str, str], ...], wanted: str) -> str | None:
    return next((value.strip() for name, value in pairs if name == wanted), None)


def _no(en: str, zh: str) -> Refused:
    return Refused(f"No SAME header for this alert: {en}.", f"该预警不生成 SAME 报头:{zh}。", code="same-cap")
