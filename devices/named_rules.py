"""What must hold of the profile of a device that is asked by name: each point says where it is found, and nothing about registers. Pure; knows no protocol's inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from devices.named import arcs
from devices.points import Point
from station.words import Text

if TYPE_CHECKING:
    from devices.plant_profile import PlantProfile

Said = tuple[str, Text]
PLACES: Final[dict[str, re.Pattern[str]]] = {
    "nut": re.compile(r"[a-z0-9][a-zA-Z0-9._-]{0,62}\Z"),
    "line": re.compile(r"[ -~]{1,120}\Z"),
}
WANTED: Final[dict[str, Text]] = {
    "snmp": Text(
        "must be an object such as 1.3.6.1.2.1.33.1.2.4.0", "应为对象标识符,如 1.3.6.1.2.1.33.1.2.4.0"
    ),
    "nut": Text("must be a variable such as battery.charge", "应为变量名,如 battery.charge"),
    "line": Text("must be one line of ASCII", "应为一行 ASCII 文字"),
}


def rules(made: PlantProfile) -> Iterator[Said]:
    """Every mistake of a profile whose protocol is not Modbus."""
    if made.carrier:
        yield "carrier", Text("is keyed over Modbus alone", "仅支持 Modbus 遥控")
    for k, point in enumerate(made.points):
        yield from _point(f"points[{k}]", made.protocol, point)
    yield from _identity(made)
    if made.protocol == "line":
        yield from _line(made)


def _point(at: str, protocol: str, point: Point) -> Iterator[Said]:
    if not _is_place(protocol, point.at):
        yield f"{at}.at", WANTED[protocol]
    if point.table or point.address != -1 or point.type != "u16":
        yield f"{at}.table", Text("is of registers, which it has none of", "仅适用于寄存器")
    if point.zero_of and not point.one_of:
        yield f"{at}.zero_of", Text("stands beside one_of", "须与 one_of 同用")
    if point.one_of and (point.heard or protocol == "line"):
        yield f"{at}.one_of", Text("stands neither beside heard nor in a line", "不能与 heard 或文本协议同用")
    if bool(point.reply) != (protocol == "line"):
        yield f"{at}.reply", Text("is what a line needs, and nothing else", "仅文本协议须有此项")
    elif point.reply and not _has_value(point.reply):
        yield f"{at}.reply", Text("must be a pattern with a group value", "应为含 value 组的正则式")


def _is_place(protocol: str, at: str) -> bool:
    if protocol != "snmp":
        return PLACES[protocol].match(at) is not None
    try:
        return bool(arcs(at))
    except ValueError:
        return False


def _has_value(pattern: str) -> bool:
    try:
        return "value" in re.compile(pattern).groupindex
    except re.error:
        return False


def _identity(made: PlantProfile) -> Iterator[Said]:
    who = made.identity
    if who.values:
        yield "identity.values", Text("are of registers, which it has none of", "仅适用于寄存器")
    if bool(who.at) != bool(who.says) or (who.at and not _is_place(made.protocol, who.at)):
        yield "identity.at", WANTED[made.protocol]
    if who.at and made.protocol == "line":
        yield "identity.at", Text("cannot be asked in a line of text", "文本协议不支持")


def _line(made: PlantProfile) -> Iterator[Said]:
    how = made.line
    for k, point in enumerate(made.points):
        if how.terminator and how.terminator in point.at:
            yield f"points[{k}].at", Text("holds the terminator", "含有行结束符")
    if not how.terminator.isascii() or not 1 <= len(how.terminator) <= 4:
        yield "line.terminator", Text("must be 1 to 4 ASCII characters", "应为 1 至 4 个 ASCII 字符")
    if not 0 <= how.late_ms <= 60_000:
        yield "line.late_ms", Text("must be from 0 to 60000", "应在 0 至 60000 之间")


__all__ = ["rules"]
