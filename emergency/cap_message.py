"""Between CAP and the neutral message that people sign, by the profile CN (docs/protocols/cap.md). Knows code tables; knows no XML, no area table, no clock."""

from __future__ import annotations

import re

import attrs

from emergency.cap_alert import Alert, Area, Info
from emergency.ebd_profile import DAILY_EVENT, DRILL_EVENT, EVENT
from emergency.events import LEVEL_OF_SEVERITY
from emergency.messages import AlertKind, Message, MessageType
from station.ground import Ground
from station.words import HOUR, AreaCode, Instant, Refused, Sha256

PROFILE = "CN"
# What senders call the same two things. unverified: no public profile of CAP for China was at hand.
AREA_NAMES = frozenset(
    name.casefold()
    for name in (
        "GB/T 2260",
        "GB/T2260",
        "GB2260",
        "GB/T 10114",
        "行政区划代码",
        "行政区划编码",
        "areaCode",
        "CN:area",
    )
)
EVENT_NAMES = frozenset(
    name.casefold()
    for name in ("GB/T 35561", "GD/J 082", "GY/T 385", "事件编码", "事件类型", "eventType", "CN:event")
)
LEVELS = {**LEVEL_OF_SEVERITY, "Unknown": 4}  # what nobody judged is not left without a level
# The general code of a CAP category, for senders who know no national code. unverified
CATEGORIES = {
    "Met": "11B99",
    "Geo": "11D99",
    "Fire": "12099",
    "Health": "13D99",
    "Env": "12Q99",
    "CBRNE": "12D99",
}
NO_CODE = "19999"
LANGUAGES = {
    "zh": "zho",
    "cmn": "zho",
    "chi": "zho",
    "zho": "zho",
    "yue": "yue",
    "en": "eng",
    "eng": "eng",
    "fr": "fra",
}
MAX_AREAS = 5_000

_AREA_12 = re.compile(r"[0-9]{12}\Z")
_AREA_6 = re.compile(r"[0-9]{6}\Z")
_HAN = re.compile("[\u3400-\u9fff]")
_TYPES: dict[str, MessageType] = {"Alert": "alert", "Update": "update", "Cancel": "cancel"}


@attrs.frozen(kw_only=True)
class Taken:
    """A message and the sound that came with it (`mime`, bytes), if any."""

    message: Message
    sound: tuple[str, bytes] | None = None


def to_message(alert: Alert, *, audio: Sha256 | None = None, ground: Ground | None = None) -> Taken:
    """The neutral message of a CAP alert. Raises Refused with one sentence when it cannot be aired as it stands.

    Chinese is taken before other languages. Without `expires` it lives one hour from `effective`.
    An area without a national code means those of the terminals and sites that `ground` knows in its shapes.
    """
    kind = _kind(alert)
    if alert.type not in _TYPES:
        raise _no(
            f"msgType {alert.type} is an answer between systems", f"msgType {alert.type} 是系统间的应答"
        )
    if alert.scope != "Public":
        raise _no(f"scope {alert.scope} is not for broadcast", f"scope {alert.scope} 不供播出")
    infos = _chosen(alert.infos)
    if not infos and alert.type != "Cancel":
        raise _no("there is no info to broadcast", "没有可播出的 info")
    message = _message(alert, kind, infos[0], _areas(alert, infos, ground)) if infos else _bare_cancel(alert)
    sound = next((_sound(info) for info in infos if _sound(info)), None)
    return Taken(message=attrs.evolve(message, audio=audio), sound=sound)


def _kind(alert: Alert) -> AlertKind:
    if alert.status == "Actual":
        daily = any(event_code(info) == DAILY_EVENT for info in alert.infos)
        return "daily" if daily else "actual"
    if alert.status == "Exercise":
        return "drill"
    raise _no(
        f"status {alert.status} tells all recipients to disregard it", f"status {alert.status} 不供播出"
    )


def _chosen(infos: tuple[Info, ...]) -> list[Info]:
    """The infos of the first language, Chinese before all; they must say the same thing, for there is one text."""
    if not infos:
        return []
    language = next((speaks(info) for info in infos if speaks(info) == "zho"), speaks(infos[0]))
    chosen = [info for info in infos if speaks(info) == language]
    if (
        len(
            {(event_code(i), i.severity, i.headline, i.description, i.instruction, i.expires) for i in chosen}
        )
        > 1
    ):
        raise _no(
            "two infos of one language say different things; send each as an alert of its own",
            "同一语言的多个 info 内容不同,请分别发送",
        )
    return chosen


def speaks(info: Info) -> str:
    """The 3-letter language (GB/T 4880.2) of an info; by its writing where none is given."""
    if not info.language:
        return "zho" if _HAN.search(info.headline + info.description) else "eng"
    first = info.language.split("-")[0].lower()
    return LANGUAGES.get(first, first)


def event_code(info: Info) -> str:
    """The 5-character national event code, else the general one of its category."""
    for name, value in info.codes:
        if name.strip().casefold() in EVENT_NAMES and EVENT.match(value.strip()):
            return value.strip()
    return next((CATEGORIES[c] for c in info.categories if c in CATEGORIES), NO_CODE)


def _areas(alert: Alert, infos: list[Info], ground: Ground | None) -> tuple[AreaCode, ...]:
    found: dict[AreaCode, None] = {}
    for info in infos:
        for area in info.areas:
            codes = [v.strip() for name, v in area.geocodes if name.strip().casefold() in AREA_NAMES]
            areas = [_area(code) for code in codes] if codes or ground is None else _met(area, ground)
            if not areas:
                without = _TERMINALS if ground is None else ("", "")
                raise _no(
                    f"the area {area.description[:40]!r} has no 12-digit code (GB/T 2260); shapes alone are not resolved{without[0]}",
                    f"区域“{area.description[:40]}”没有 12 位区划代码(GB/T 2260),仅有图形无法解析{without[1]}",
                )
            found.update(dict.fromkeys(areas))
    if (not found and alert.type != "Cancel") or len(found) > MAX_AREAS:
        raise _no(f"it names no area, or more than {MAX_AREAS}", f"未指明区域,或区域超过 {MAX_AREAS} 个")
    return tuple(found)


_TERMINALS = (" without the station's terminals: give --terminals", ":需用 --terminals 给出终端登记表")


def _met(area: Area, ground: Ground) -> list[AreaCode]:
    """The areas of what lies in its shapes, and those that its foreign codes mean here. Raises Refused: nothing does."""
    met = ground.meet(polygons=area.polygons, circles=area.circles, geocodes=area.geocodes)
    if not met.areas and met.lacks:
        said = met.lacks[0]
        shown = area.description[:40]
        raise _no(f"the area {shown!r} is nothing here: {said.en}", f"区域“{shown}”与本台无交集:{said.zh}")
    return list(met.areas)


def _area(code: str) -> AreaCode:
    if _AREA_6.match(code):
        return AreaCode(code + "000000")
    if not _AREA_12.match(code):
        raise _no(f"{code[:40]!r} is not an area code of 12 digits", f"{code[:40]!r} 不是 12 位区划代码")
    return AreaCode(code)


def _message(alert: Alert, kind: AlertKind, info: Info, areas: tuple[AreaCode, ...]) -> Message:
    effective = info.effective if info.effective is not None else alert.sent
    expires = info.expires if info.expires is not None else Instant(effective + HOUR)
    if expires <= effective:
        raise _no("it expires before it begins", "失效时间早于生效时间")
    return Message(
        identifier=alert.identifier,
        sender=alert.sender,
        sent=alert.sent,
        kind=kind,
        type=_TYPES[alert.type],
        references=tuple(identifier for _, identifier, _ in alert.references),
        event=event_code(info),
        event_text=_line(info.event),
        level=0 if kind == "daily" else LEVELS[info.severity],
        headline=_line(info.headline or info.event),
        description=info.description or info.headline or info.event,
        instruction=info.instruction,
        language=speaks(info),
        areas=areas,
        effective=effective,
        expires=expires,
    )


def _line(said: str) -> str:
    """On one line: XML is often wrapped."""
    return " ".join(said.split())


def _bare_cancel(alert: Alert) -> Message:
    return Message(
        identifier=alert.identifier,
        sender=alert.sender,
        sent=alert.sent,
        kind="actual",
        type="cancel",
        references=tuple(identifier for _, identifier, _ in alert.references),
        event=DRILL_EVENT,
        event_text="解除",
        level=0,
        headline="解除",
        description="此前发布的预警已解除。",
        areas=(),
        effective=alert.sent,
        expires=Instant(alert.sent + HOUR),
    )


def _sound(info: Info) -> tuple[str, bytes] | None:
    return next(((r.mime, r.data) for r in info.resources if r.mime.startswith("audio/") and r.data), None)


def _no(en: str, zh: str) -> Refused:
    return Refused(f"CAP: {en}", f"CAP:{zh}", code="cap")
