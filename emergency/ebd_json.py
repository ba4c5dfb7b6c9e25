"""Bodies of EBD packets as JSON for people and scripts, and back: all sixteen types. Knows no XML and no file."""

from __future__ import annotations

from typing import Any, Final

from emergency import ebd_reports
from emergency.ebd import (
    Body,
    ConnectionCheck,
    EbdResponse,
    Ebm,
    EbmStateRequest,
    EbmStateResponse,
    Other,
    Report,
)
from station.wire import from_plain, to_plain, worded
from station.words import Refused

PLAIN: Final[dict[str, type[Any]]] = {
    "EBM": Ebm,
    "EBMStateRequest": EbmStateRequest,
    "EBMStateResponse": EbmStateResponse,
    "ConnectionCheck": ConnectionCheck,
    "EBDResponse": EbdResponse,
    "OMDRequest": ebd_reports.OmdRequest,
    "EBMBrdLog": ebd_reports.BroadcastLog,
}
INFO: Final = tuple(f"{kind}Info" for kind in ebd_reports.KINDS)
STATE: Final = tuple(f"{kind}State" for kind in ebd_reports.KINDS if kind != "EBRST")
TYPES: Final = (*PLAIN, *INFO, *STATE)


def type_of(body: Body) -> str:
    """The EBDType of a body."""
    if isinstance(body, (Other, Report)):
        return body.type
    return next(name for name, cls in PLAIN.items() if isinstance(body, cls))


def body_to_plain(body: Body) -> dict[str, Any]:
    """One JSON object: `type` and all that the body holds; times in µs UTC."""
    said = dict(to_plain(body))
    said.pop("kind", None)
    return {"type": type_of(body), **said}


def body_from_plain(said: dict[str, Any]) -> Body:
    """The reverse. Refused names every wrong field."""
    rows = dict(said)
    name = rows.pop("type", None)
    try:
        if name in INFO or name in STATE:
            cls: type[Any] = ebd_reports.ResourceInfo if name in INFO else ebd_reports.ResourceStates
            rows["kind"] = str(name)[:5]
        elif name in PLAIN:
            cls = PLAIN[str(name)]
        else:
            raise ValueError(f"type is one of {', '.join(TYPES)} · type 应为 {'、'.join(TYPES)} 之一")
        made: Body = from_plain(rows, cls)
    except (ValueError, TypeError, ExceptionGroup) as error:
        wrong = worded(error)
        raise Refused(
            f"this is no body of a packet: {wrong.en}", f"不是数据包内容:{wrong.zh}", code="ebd"
        ) from None
    return made
