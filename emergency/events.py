"""The national list of event codes with names in two languages, and what level colours and CAP say for them. A table; decides nothing.

Codes are as platforms in the field use them; `likely` is what a code that looks misprinted probably stands for in the
printed standard (unverified). Which events are on the life list is a station's setting; `life` is the default proposed.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files

import attrs

from station.words import Text

SEVERITY_OF_LEVEL: dict[int, str] = {0: "Unknown", 1: "Extreme", 2: "Severe", 3: "Moderate", 4: "Minor"}
LEVEL_OF_SEVERITY: dict[str, int] = {severity: level for level, severity in SEVERITY_OF_LEVEL.items()}
COLOURS: dict[int, Text] = {
    0: Text("no level", "无级别"),
    1: Text("red (level 1)", "红色(特别重大)"),
    2: Text("orange (level 2)", "橙色(重大)"),
    3: Text("yellow (level 3)", "黄色(较大)"),
    4: Text("blue (level 4)", "蓝色(一般)"),
}


@attrs.frozen(kw_only=True)
class EventType:
    """One event code."""

    code: str  # five characters
    zh: str
    en: str
    category: str  # CAP 1.2 category
    hazard: str  # which danger it is, for alternating at equal level (L7)
    life: bool  # proposed for the life list
    likely: str = ""  # unverified reading of a code that looks misprinted

    @property
    def group(self) -> bool:
        """Whether it names a whole group; alerts should name something narrower where they can."""
        return self.code.endswith("00")


@cache
def event_types() -> dict[str, EventType]:
    """All event types by code, in the order of the codes."""
    text = files("emergency").joinpath("events_cn.csv").read_text(encoding="utf-8")
    return {
        row["code"]: EventType(
            code=row["code"],
            zh=row["zh"],
            en=row["en"],
            category=row["category"],
            hazard=row["hazard"],
            life=row["life"] == "yes",
            likely=row["likely"],
        )
        for row in csv.DictReader(text.splitlines())
    }


@cache
def _by_likely() -> dict[str, EventType]:
    return {one.likely: one for one in event_types().values() if one.likely}


def event_type(code: str) -> EventType | None:
    """The event type of a code, also under its likely printed form; None where nobody listed it."""
    return event_types().get(code) or _by_likely().get(code)


def all_events() -> list[dict[str, str]]:
    """Code and names of every event, for lists to choose from."""
    return [{"code": one.code, "zh": one.zh, "en": one.en} for one in event_types().values()]


def event_text(code: str) -> Text:
    """The names of a code; the code itself where it is unknown."""
    found = event_type(code)
    return Text(found.en, found.zh) if found else Text(code, code)


def category(code: str) -> str:
    """The CAP 1.2 category of an event; `Other` where it is unknown."""
    found = event_type(code)
    return found.category if found else "Other"


def life_list_default() -> tuple[str, ...]:
    """The event codes proposed for a station's life list."""
    return tuple(one.code for one in event_types().values() if one.life)
