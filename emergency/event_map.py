"""From the national event codes to CAP's words and SAME's codes, and back. Tables; decides nothing; what does not map says so.

Urgency and certainty are our proposals, made from the course of an event (foretold, sudden, lasting) and its level. Levels in use,
and which code of the other list fits how well, stand in events_map.csv and same_codes.csv. All of it `unverified`: no standard
maps these lists onto each other.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import attrs

from emergency.events import (
    LEVEL_OF_SEVERITY,
    SEVERITY_OF_LEVEL,
    category,
    event_text,
    event_type,
    event_types,
)
from emergency.same_words import event_words, same_events
from station.words import Refused, Text

Course = Literal["forecast", "sudden", "lasting", "none"]
Fit = Literal["same", "wider", "narrower", "near"]

FITS: Final[dict[str, Text]] = {
    "same": Text("means the same", "含义相同"),
    "wider": Text("means more", "含义更广"),
    "narrower": Text("means less", "含义更窄"),
    "near": Text("is the nearest there is", "最为接近"),
}
# (urgency, certainty) of each course by level; level 0 has no colour
_FORETOLD: Final = {1: ("Immediate", "Observed"), 2: ("Expected", "Likely"), 3: ("Expected", "Likely")}
_COURSES: Final[dict[str, Mapping[int, tuple[str, str]]]] = {
    "forecast": {**_FORETOLD, 4: ("Future", "Possible"), 0: ("Unknown", "Unknown")},
    "sudden": dict.fromkeys(range(5), ("Immediate", "Observed")),
    "lasting": dict.fromkeys(range(5), ("Expected", "Observed")),
    "none": dict.fromkeys(range(5), ("Unknown", "Unknown")),
}
_CODE_NAMES: Final = ("CN:event", "GB/T 35561", "GD/J 082", "GY/T 385")  # what an eventCode of ours is called
_GENERAL: Final = {
    "Met": "11B99",
    "Geo": "11D99",
    "Fire": "12099",
    "Health": "13A99",
    "Env": "12Q99",
    "CBRNE": "12D99",
}
_NOISE: Final = re.compile(
    r"(红色|橙色|黄色|蓝色|特别重大|重大|较大|一般|预警信号|预警|警报|注意报|信号|发布|事件|灾害|事故|灾难)"
    r"|\b(red|orange|yellow|blue|warning|watch|advisory|statement|alert|signal)\b|[\s,.;:、,。·/()()-]+"
)


@attrs.frozen(kw_only=True)
class Mapped:
    """One row of the table."""

    code: str
    levels: tuple[int, ...]  # in use; empty where the event has none
    course: Course
    warning: str  # SAME at levels 1 and 2, "" where none
    watch: str  # SAME at levels 3 and 4, "" where it is the warning's
    fit: Fit | None
    also: tuple[str, ...]  # other names, either language


@attrs.frozen(kw_only=True)
class Fitting:
    """A code of the other list, and how well it fits."""

    code: str
    fit: Fit


@attrs.frozen(kw_only=True)
class CapWords:
    """What CAP says of an event at a level. `same` is empty where SAME has no such event."""

    event: Text
    category: str
    severity: str
    urgency: str
    certainty: str
    codes: tuple[tuple[str, str], ...]  # valueName, value
    same: Fitting | None


@attrs.frozen(kw_only=True)
class Read:
    """The national event behind another list's words, by what it was found, and how well it fits."""

    code: str
    by: Literal["code", "same", "name", "category"]
    fit: Fit


@cache
def table() -> Mapping[str, Mapped]:
    """Every national code's row."""
    text = files("emergency").joinpath("events_map.csv").read_text(encoding="utf-8")
    return {
        row["code"]: Mapped(
            code=row["code"],
            levels=tuple(map(int, row["levels"])),
            course=row["course"],  # type: ignore[arg-type]  # values are checked by a test
            warning=row["warning"],
            watch=row["watch"],
            fit=None if row["fit"] == "none" else row["fit"],  # type: ignore[arg-type]
            also=tuple(filter(None, row["also"].split("|"))),
        )
        for row in csv.DictReader(text.splitlines())
    }


def mapped(code: str) -> Mapped:
    """The row of a code, also of its likely printed form. Raises Refused for a code that nobody listed."""
    found = event_type(code)
    if found is None:
        raise Refused(
            f"The national list has no event {code!r}.", f"国家事件编码表中没有 {code!r}。", code="event"
        )
    return table()[found.code]


def to_same(code: str, level: int) -> Fitting:
    """The SAME code for an event at a level (0 to 4). Raises Refused where SAME has none: nothing is guessed."""
    row = mapped(code)
    if row.fit is None:
        name = event_text(row.code)
        raise Refused(
            f"SAME has no code for {name.en} ({row.code}); only CEM, that there is an emergency, could be sent.",
            f"SAME 没有对应“{name.zh}”({row.code})的代码,只能用 CEM 表示有紧急情况。",
            code="event-same",
        )
    return Fitting(code=row.watch if row.watch and level in (3, 4) else row.warning, fit=row.fit)


def from_same(same_code: str) -> Fitting:
    """The national code for a SAME event. Raises Refused where there is none: an order to people, a test of the system."""
    found = same_events().get(same_code)
    if found is None or found.fit == "none":
        name = event_words(same_code)
        raise Refused(
            f"The national list has no event for {name.en} ({same_code}).",
            f"国家事件编码表没有与“{name.zh}”({same_code})对应的事件。",
            code="event-same",
        )
    return Fitting(code=found.event, fit=found.fit)  # type: ignore[arg-type]  # checked by a test


def level_of_same(same_code: str) -> int:
    """The level proposed for a SAME event: by severity for warnings, 3 for a watch, 4 for a statement, 0 for tests and the rest."""
    found = same_events().get(same_code)
    if found is None or found.kind in ("test", "admin"):
        return 0
    return {"watch": 3, "statement": 4}.get(found.kind) or LEVEL_OF_SEVERITY[found.severity]


def to_cap(code: str, level: int) -> CapWords:
    """What CAP says of an event at a level (0 to 4; unverified, docs/protocols/events.md). Raises Refused for an unlisted code."""
    row = mapped(code)
    urgency, certainty = _COURSES[row.course][level]
    same = to_same(row.code, level) if row.fit else None
    codes = [(_CODE_NAMES[0], row.code), *([("SAME", same.code)] if same else [])]
    return CapWords(
        event=event_text(row.code),
        category=category(row.code),
        severity=SEVERITY_OF_LEVEL[level],
        urgency=urgency,
        certainty=certainty,
        codes=tuple(codes),
        same=same,
    )


def from_cap(event: str, codes: Sequence[tuple[str, str]], categories: Sequence[str]) -> Read:
    """The national code behind a CAP info: by its own code, by SAME, by name in either language, else by category.

    Raises Refused where nothing leads to one."""
    own = [event_type(value) for name, value in codes if name in _CODE_NAMES]
    for found in own:
        if found is not None:
            return Read(code=found.code, by="code", fit="same")
    for name, value in codes:
        other = same_events().get(value) if name == "SAME" else None
        if other is not None and other.fit != "none":
            return Read(code=other.event, by="same", fit=from_same(value).fit)
    named = _by_name().get(_bare(event))
    if named is not None:
        return Read(code=named, by="name", fit="same")
    general = next((_GENERAL[one] for one in categories if one in _GENERAL), None)
    if general is None:
        raise Refused(
            f"No national event could be found for {event[:60]!r}.",
            f"没有找到与 {event[:60]!r} 对应的国家事件编码。",
            code="event",
        )
    return Read(code=general, by="category", fit="wider")


def level_of_cap(severity: str) -> int:
    """The level of a CAP severity; urgency and certainty have no counterpart in the national levels and are not asked."""
    return LEVEL_OF_SEVERITY.get(severity, 0)


def unused_level(code: str, level: int) -> Text | None:
    """What to say where an event is never warned of at a level; None where it is."""
    levels = mapped(code).levels
    if level in levels or (level == 0 and not levels):
        return None
    name, used = event_text(code), ", ".join(map(str, levels))
    if not levels:
        return Text(f"{name.en} has no levels.", f"“{name.zh}”不分级。")
    return Text(
        f"{name.en} is warned of at levels {used} only.",
        f"“{name.zh}”只有 {used.replace(', ', '、')} 级。",
    )


@cache
def _by_name() -> Mapping[str, str]:
    """Codes by bare names in both languages; where two would be alike, what the table says (地震), else the first of the list."""
    found = {_bare(name): row.code for row in table().values() for name in row.also}
    for code, one in event_types().items():
        for name in (one.zh, one.en):
            found.setdefault(_bare(name), code)
    for code, other in same_events().items():
        if other.fit == "same" and from_same(code).code in found.values():
            found.setdefault(_bare(other.words.en), other.event)
    found.pop("", None)
    return found


def _bare(name: str) -> str:
    """A name without colour, degree and kind of message."""
    return _NOISE.sub("", name.casefold().strip()[:200])
