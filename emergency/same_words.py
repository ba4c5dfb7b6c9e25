"""What the codes of an EAS SAME header mean, in two languages. Tables; decides nothing.

Codes marked `listed` stand in 47 CFR 11.31(e); the others are in use on weather radio and in Canada (unverified). Severity,
urgency and certainty are proposals (unverified): the standard gives none.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import attrs

from emergency.same import Header
from station.words import Text

Kind = Literal["national", "test", "admin", "emergency", "warning", "watch", "statement"]

ORIGINATORS: Final[dict[str, Text]] = {
    "PEP": Text("National Public Warning System (Primary Entry Point)", "国家预警系统(主入口台)"),
    "CIV": Text("Civil authorities", "民事主管部门"),
    "WXR": Text("National Weather Service", "国家气象局"),
    "EAS": Text("EAS participant (broadcaster or cable system)", "应急广播参与机构(电台、电视台或有线网)"),
}
PARTS: Final[dict[str, Text]] = {
    "0": Text("", ""),
    "1": Text("northwest of ", "西北部"),
    "2": Text("north of ", "北部"),
    "3": Text("northeast of ", "东北部"),
    "4": Text("west of ", "西部"),
    "5": Text("centre of ", "中部"),
    "6": Text("east of ", "东部"),
    "7": Text("southwest of ", "西南部"),
    "8": Text("south of ", "南部"),
    "9": Text("southeast of ", "东南部"),
}


@attrs.frozen(kw_only=True)
class SameEvent:
    """One event code."""

    code: str
    kind: Kind
    listed: bool  # in 47 CFR 11.31(e)
    words: Text
    category: str  # CAP 1.2
    severity: str
    urgency: str
    certainty: str
    event: str  # the national code, "" where none
    fit: str  # how well that fits: same, wider, narrower, near; none where it does not map


@cache
def same_events() -> Mapping[str, SameEvent]:
    """Every event code."""
    return {
        row["code"]: SameEvent(
            code=row["code"],
            kind=row["kind"],  # type: ignore[arg-type]  # checked by a test
            listed=row["listed"] == "yes",
            words=Text(row["en"], row["zh"]),
            category=row["category"],
            severity=row["severity"],
            urgency=row["urgency"],
            certainty=row["certainty"],
            event=row["event"],
            fit=row["fit"],
        )
        for row in _rows("same_codes.csv")
    }


@cache
def event_codes() -> tuple[str, ...]:
    """All codes that are in use."""
    return tuple(same_events())


@cache
def states() -> Mapping[str, Text]:
    """The two digits in the middle of a location: states, territories, waters."""
    return {row["code"]: Text(row["en"], row["zh"]) for row in _rows("same_places.csv")}


def _rows(name: str) -> list[dict[str, str]]:
    text = files("emergency").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def originator_words(code: str) -> Text:
    """Who it is; the code itself where nobody listed it."""
    return ORIGINATORS.get(code, Text(f"unknown originator {code}", f"未知发布方 {code}"))


def event_words(code: str) -> Text:
    """What happens; the code itself where nobody listed it."""
    found = same_events().get(code)
    return found.words if found else Text(f"unknown event {code}", f"未知事件 {code}")


def place_words(place: str, names: Mapping[str, Text] | None = None) -> Text:
    """A location PSSCCC in words; `names` are the user's own of SSCCC (counties), for this project ships none."""
    part, state, county = place[:1], place[1:3], place[3:]
    of = states().get(state, Text(f"unlisted state {state}", f"未列入的州 {state}"))
    named = (names or {}).get(place[1:])
    if named is not None:
        of = Text(f"{named.en}, {of.en}", f"{of.zh}{named.zh}")
    elif county != "000":
        of = Text(f"county {county} of {of.en}", f"{of.zh}第 {county} 县")
    side = PARTS.get(part, Text(f"part {part} of ", f"第 {part} 部分"))
    return Text(f"{side.en}{of.en}", f"{of.zh}{side.zh}")


def sentence(header: Header, names: Mapping[str, Text] | None = None) -> Text:
    """The header as one sentence."""
    who, what = originator_words(header.originator), event_words(header.event)
    places = [place_words(place, names) for place in header.locations]
    hours, minutes = divmod(header.valid_minutes, 60)
    at = f"{header.hour:02d}:{header.minute:02d} UTC"
    return Text(
        f"{what.en}, from: {who.en}; for: {'; '.join(one.en for one in places)}; "
        f"issued on day {header.day} of the year at {at}, valid for {hours} h {minutes:02d} min; sent by {header.sender}.",
        f"{what.zh},发布方:{who.zh};区域:{'、'.join(one.zh for one in places)};"
        f"当年第 {header.day} 天 {at} 发布,有效 {hours} 小时 {minutes:02d} 分;发送台 {header.sender}。",
    )
