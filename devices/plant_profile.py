"""Reads a device's profile, shipped or an engineer's own, from TOML: every mistake at once. Knows no line and no protocol."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import attrs

from devices import named_rules, profile_text
from devices.points import BIT_TABLES, Block, Limit, Point, Table, blocks
from station.words import Refused, Text

Protocol = Literal["modbus", "snmp", "nut", "line"]
SHIPPED = Path(__file__).parent / "profiles"
MOST_REGISTERS, MOST_BITS = 125, 2000  # of one read (Modbus Application Protocol V1.1b3, 6.1 to 6.4)


@attrs.frozen(kw_only=True)
class Poll:
    """[poll]: how it is asked. A gap is addresses read for nothing so that two reads become one."""

    fast_ms: int = 1000
    slow_ms: int = 5000
    timeout_ms: int = 800
    gap_ms: int = 0  # that the device wants between two requests
    max_gap: int = 8
    max_block: int = 40


@attrs.frozen(kw_only=True)
class Identity:
    """[identity]: registers that must read so before anything is written; a wrong address must key nobody else's transmitter.

    Where nothing is ever written (`values` empty) it may be left out. A device that is asked by name shows who it is by
    what it `says` when asked for `at`.
    """

    table: Table = "holding"
    address: int = 0
    values: list[int] = attrs.field(factory=list)
    at: str = ""
    says: str = ""


@attrs.frozen(kw_only=True)
class Lines:
    """[line]: how a device that is asked in lines of text speaks; see devices/ascii_line.py."""

    terminator: str = "\r\n"
    prompt: str = ""
    echo: bool = False
    late_ms: int = 1000


@attrs.frozen(kw_only=True)
class CarrierOrder:
    """[carrier]: the coil that keys it, and what shows that it obeyed: a state point, and power that agrees."""

    address: int  # of the coil
    readback: str  # point, 1 on
    power: str  # point
    on_least: int  # on: the power is at least this
    off_most: int  # off: the power is at most this
    settle_ms: int = 20_000


@attrs.frozen(kw_only=True)
class Inscription:
    """[[texts]]: characters in registers, such as a model or serial number. Read by hand alone: a station polls no texts."""

    id: str
    name_zh: str
    name_en: str
    table: Literal["input", "holding"] = "holding"
    address: int
    length: int  # registers, two characters each


@attrs.frozen(kw_only=True)
class PlantProfile:
    """What a device is like, as data.

    `status`: invented; unverified (from a public source that was not compared with the maker's document); bench (tried on a
    bench); site (checked at a site).
    """

    name: str
    kind: Literal["transmitter", "ups", "io"]
    status: Literal["invented", "unverified", "bench", "site"]
    source: str = ""  # where the map was read
    protocol: Protocol = "modbus"  # line: lines of text
    line: Lines = Lines()
    poll: Poll = Poll()
    identity: Identity = Identity()
    carrier: list[CarrierOrder] = attrs.field(factory=list)  # one at most
    points: list[Point]
    limits: list[Limit] = attrs.field(factory=list)
    texts: list[Inscription] = attrs.field(factory=list)

    def grouped(self, name: str) -> tuple[Point, ...]:
        """The points of one group."""
        return tuple(point for point in self.points if point.group == name)

    def group(self, name: Literal["fast", "slow"]) -> tuple[Block, ...]:
        """The reads of one group of registers."""
        chosen = self.grouped(name)
        return blocks(chosen, max_gap=self.poll.max_gap, max_block=self.poll.max_block)

    def period_us(self, point: Point) -> int:
        """How often a point is read, µs."""
        return 1000 * (self.poll.fast_ms if point.group == "fast" else self.poll.slow_ms)


def load(name: str, *, base: Path = Path()) -> PlantProfile:
    """The shipped profile `name`, or the file it names (relative to `base`); Refused lists every mistake."""
    path = base / name if name.endswith(".toml") else SHIPPED / f"{Path(name).name}.toml"
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise Refused(
            f"device profile {name} is no text in UTF-8", f"设备配置 {name} 不是 UTF-8 文本", code="profile"
        ) from None
    except (OSError, ValueError):
        file = "/" in name and not name.endswith(".toml")
        en, zh = ("; a file must end with .toml", ",文件名须以 .toml 结尾") if file else ("", "")
        raise Refused(
            f"there is no device profile {name}{en}", f"没有设备配置 {name}{zh}", code="profile"
        ) from None
    return parse(text, name)


def parse(text: str, name: str) -> PlantProfile:
    """A profile from TOML."""
    return profile_text.parse(text, PlantProfile, _rules, Text(f"device profile {name}", f"设备配置 {name}"))


def _rules(made: PlantProfile) -> Iterator[tuple[str, Text]]:
    seen: set[str] = set()
    named = made.protocol != "modbus"
    if named:
        yield from named_rules.rules(made)
    for k, point in enumerate(made.points):
        if not named:
            yield from _register(f"points[{k}]", point)
        yield from _point(f"points[{k}]", point)
        if point.id in seen:
            yield f"points[{k}].id", Text(f"is {point.id!r} a second time", f"的值 {point.id!r} 重复")
        seen.add(point.id)
    yield from _texts(made, seen)
    yield from _limits(made, seen)
    yield from _carrier(made, seen)
    yield from _poll(made.poll)
    if made.carrier and not made.identity.values:
        yield "identity.values", Text("are missing: a carrier is keyed", "缺少:此设备会被遥控开关机")
    if made.status == "unverified" and not made.source:
        yield "source", Text("is missing: who says so?", "缺少:须注明来源")
    if not all(0 <= value <= 0xFFFF for value in made.identity.values):
        yield "identity.values", Text("must be register values", "应为寄存器值")


def _texts(made: PlantProfile, seen: set[str]) -> Iterator[tuple[str, Text]]:
    if made.texts and made.protocol != "modbus":
        yield "texts", Text("stand in registers, which it has none of", "仅适用于寄存器")
    for k, text in enumerate(made.texts):
        if not 1 <= text.length <= MOST_REGISTERS or not 0 <= text.address <= 0x10000 - text.length:
            yield f"texts[{k}].address", Text("and length are no registers", "与 length 超出寄存器范围")
        if text.id in seen:
            yield f"texts[{k}].id", Text(f"is {text.id!r} a second time", f"的值 {text.id!r} 重复")


def _limits(made: PlantProfile, seen: set[str]) -> Iterator[tuple[str, Text]]:
    for k, limit in enumerate(made.limits):
        if limit.point not in seen:
            yield f"limits[{k}].point", _no_point(limit.point)
        if limit.hysteresis < 0 or limit.delay_ms < 0:
            yield f"limits[{k}]", Text("has a negative hysteresis or delay", "回差或延时为负")


def _carrier(made: PlantProfile, known: set[str]) -> Iterator[tuple[str, Text]]:
    if len(made.carrier) != (made.kind == "transmitter"):
        yield (
            "carrier",
            Text("is one for a transmitter, none for others", "发射机须有且仅有一项,其他设备不得有"),
        )
    for order in made.carrier:
        for at, point in (("readback", order.readback), ("power", order.power)):
            if point not in known:
                yield f"carrier[0].{at}", _no_point(point)
        for needed in {"local", "interlock"} - known:
            yield f"points.{needed}", Text("is missing", "缺少")


def _no_point(name: str) -> Text:
    return Text(f"names {name!r}, which is no point", f"指向的 {name!r} 不是已有的点")


def _register(at: str, point: Point) -> Iterator[tuple[str, Text]]:
    if not point.table:
        yield f"{at}.table", Text("is missing", "缺少")
    if point.at or point.reply or point.heard or point.one_of or point.zero_of:
        yield f"{at}.at", Text("has no place where registers are read", "不适用于寄存器")
    if not 0 <= point.address <= 0x10000 - point.width:
        yield (
            f"{at}.address",
            Text(f"is {point.address}, which is no address", f"的值 {point.address} 不是地址"),
        )
    if point.table in BIT_TABLES and point.type != "bit":
        yield f"{at}.type", Text("must be bit in a table of bits", "在位表中应为 bit")
    if point.type == "bits" and not 1 <= point.bits <= 16 - point.bit:
        yield (
            f"{at}.bits",
            Text(f"is {point.bits}, which do not fit", f"的值 {point.bits} 超出寄存器"),
        )
    if not 0 <= point.bit <= 15:
        yield (
            f"{at}.bit",
            Text(f"is {point.bit} but must be from 0 to 15", f"的值 {point.bit} 应在 0 至 15 之间"),
        )


def _point(at: str, point: Point) -> Iterator[tuple[str, Text]]:
    if point.divisor < 1:
        yield f"{at}.divisor", Text("must be 1 or more", "应不小于 1")
    if not 0 <= point.decimals <= 9:
        yield f"{at}.decimals", Text("must be from 0 to 9", "应在 0 至 9 之间")
    if point.range and (len(point.range) != 2 or point.range[0] > point.range[1]):
        yield f"{at}.range", Text("must be [least, most]", "应为 [最小, 最大]")
    if len(point.words_en) != len(point.words_zh):
        yield f"{at}.words_en", Text("and words_zh must be equally many", "与 words_zh 个数应相同")


def _poll(poll: Poll) -> Iterator[tuple[str, Text]]:
    for name, least, most in (
        ("fast_ms", 100, 3_600_000),
        ("slow_ms", 100, 3_600_000),
        ("timeout_ms", 20, 10_000),
        ("gap_ms", 0, 10_000),
        ("max_gap", 0, MOST_REGISTERS),
        ("max_block", 2, MOST_REGISTERS),
    ):
        value = getattr(poll, name)
        if not least <= value <= most:
            yield (
                f"poll.{name}",
                Text(
                    f"is {value} but must be from {least} to {most}",
                    f"的值 {value} 应在 {least} 至 {most} 之间",
                ),
            )


__all__ = [
    "CarrierOrder",
    "Identity",
    "Inscription",
    "Lines",
    "PlantProfile",
    "Poll",
    "Protocol",
    "load",
    "parse",
]
