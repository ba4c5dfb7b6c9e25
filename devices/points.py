"""What a device's registers, and what it says by name, mean: points, limits, blocks of a read, and values with quality and age. Pure; knows no line, no profile file, no protocol."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import attrs

from station.conditions import Severity
from station.words import Duration, Instant, Text

Table = Literal["coil", "discrete", "input", "holding"]
Place = Literal["coil", "discrete", "input", "holding", ""]  # nowhere: it is asked for by name
Type = Literal["bit", "bits", "u16", "s16", "bcd16", "u32", "s32", "bcd32", "f32", "u64", "s64"]
Order = Literal["high-first", "low-first", "high-first-swapped", "low-first-swapped"]
Quality = Literal["good", "stale", "bad", "uncertain", "never"]

WIDTH: Final[dict[str, int]] = {
    "bit": 1,
    "bits": 1,
    "u16": 1,
    "s16": 1,
    "bcd16": 1,
    "u32": 2,
    "s32": 2,
    "bcd32": 2,
    "f32": 2,
    "u64": 4,
    "s64": 4,
}  # registers (bits in a bit table)
BIT_TABLES: Final = frozenset({"coil", "discrete"})
STALE_AFTER: Final = 3  # periods
MOST: Final = (1 << 53) - 1  # beyond this a browser no longer tells neighbours apart


@attrs.frozen(kw_only=True)
class Point:
    """One value of a device. What is read as w means (w·factor + offset)/divisor·10^-decimals `unit`, rounded half up.

    w is a whole number but for f32 (IEEE 754) and decimal text, of which 10^decimals·w is taken before factor and offset.
    """

    id: str
    name_zh: str
    name_en: str
    table: Place = ""
    address: int = -1
    at: str = ""  # where nothing has an address: an object of SNMP, a variable of NUT, the line that asks
    reply: str = ""  # of a line: the pattern of the whole answer, with a group `value`
    heard: list[str] = attrs.field(factory=list)  # the texts that mean 0, 1, …
    one_of: list[str] = attrs.field(
        factory=list
    )  # 1 where one of these words stands in what is said, else 0 …
    zero_of: list[str] = attrs.field(
        factory=list
    )  # … or, where this is given, 0 for one of these and else no value
    type: Type = "u16"
    order: Order = "high-first"  # of the words of a longer value; swapped: the bytes of each word too
    bit: int = 0  # of a bit, or the lowest of bits, inside a register, 0 the lowest
    bits: int = 1  # so many of them, of type bits
    factor: int = 1
    divisor: int = 1
    offset: int = 0
    decimals: int = 0
    unit: str = ""
    range: list[int] = attrs.field(
        factory=list
    )  # [least, most] that can be; beyond it the value is uncertain
    group: Literal["fast", "slow"] = "fast"
    state: bool = False  # a change of it is a fact and goes into the journal
    words_zh: list[str] = attrs.field(factory=list)  # for 0, 1, …
    words_en: list[str] = attrs.field(factory=list)

    @property
    def name(self) -> Text:
        """What people call it."""
        return Text(self.name_en, self.name_zh)

    @property
    def width(self) -> int:
        """Registers it takes; bits in a table of bits."""
        return WIDTH[self.type]


@attrs.frozen(kw_only=True)
class Limit:
    """A value that is not right. It is crossed after `delay_ms` beyond `value`, and holds again beyond the hysteresis."""

    id: str
    point: str
    side: Literal["above", "below", "is"]
    value: int
    hysteresis: int = 0
    delay_ms: int = 0
    severity: Severity
    card: str
    zh: str  # what is wrong; {value} is the value with its unit
    en: str
    unless_off: bool = False  # of no meaning while the carrier is off


@attrs.frozen(kw_only=True)
class Block:
    """Addresses read in one request, and the points inside."""

    table: Table
    address: int
    count: int
    points: tuple[Point, ...]


@attrs.frozen(kw_only=True)
class Reading:
    """A point's newest value. `at`: when it was asked for; `fault`: why the newest try failed, empty when it did not."""

    value: int | None = None
    at: Instant | None = None
    fault: str = ""


@attrs.frozen(kw_only=True)
class Held:
    """How a limit stands: crossed since when, and since when its value lies on the other side."""

    crossed: bool = False
    since: Instant | None = None  # of the crossing
    turning: Instant | None = None  # the value is on the other side since then, but not yet for long enough


def blocks(points: Iterable[Point], *, max_gap: int, max_block: int) -> tuple[Block, ...]:
    """The fewest reads that get all points, bridging gaps of `max_gap` addresses, at most `max_block` long."""
    made: list[Block] = []
    for point in sorted(points, key=lambda one: (one.table, one.address, one.width)):
        assert point.table
        last = made[-1] if made else None
        end = point.address + point.width
        if (
            last is not None
            and last.table == point.table
            and point.address <= last.address + last.count + max_gap
            and end - last.address <= max_block
        ):
            count = max(last.count, end - last.address)
            made[-1] = attrs.evolve(last, count=count, points=(*last.points, point))
        else:
            made.append(Block(table=point.table, address=point.address, count=point.width, points=(point,)))
    return tuple(made)


def value_of(point: Point, block: Block, words: Sequence[int]) -> int | None:
    """The value of a point, in units of 10^-decimals, from the words (or bits) of its block; None where they are no number."""
    first = point.address - block.address
    if point.table in BIT_TABLES:
        raw: int | None = words[first]
    elif point.type in ("bit", "bits"):
        raw = words[first] >> point.bit & (1 << (point.bits if point.type == "bits" else 1)) - 1
    else:
        raw = _number(point, _ordered(point.order, words[first : first + point.width]))
    return None if raw is None else scaled(point, raw)


def scaled(point: Point, raw: int) -> int | None:
    """The value of a point, in units of 10^-decimals, from what was read of it; None beyond what a browser can tell apart."""
    value = (2 * (raw * point.factor + point.offset) + point.divisor) // (2 * point.divisor)
    return value if abs(value) <= MOST else None


def _ordered(order: Order, words: Sequence[int]) -> int:
    """The words as one whole number."""
    whole = 0
    for word in words if order.startswith("high") else words[::-1]:
        whole = whole << 16 | (word >> 8 | (word & 0xFF) << 8 if order.endswith("swapped") else word)
    return whole


def _number(point: Point, whole: int) -> int | None:
    bits = 16 * point.width
    if point.type.startswith("bcd"):
        shown = f"{whole:x}"
        return int(shown) if shown.isdecimal() else None
    if point.type == "f32":
        return _fixed(whole, point.decimals)
    return whole - (1 << bits) if point.type.startswith("s") and whole >> (bits - 1) else whole


def _fixed(whole: int, decimals: int) -> int | None:
    """10^decimals times the IEEE 754 number of 32 bits, rounded half up, exactly; None where it is none or infinite."""
    sign, exponent, fraction = whole >> 31, whole >> 23 & 0xFF, whole & 0x7FFFFF
    if exponent == 0xFF:
        return None
    mantissa: int = (fraction | 0x800000 if exponent else fraction << 1) * 10**decimals * (-1 if sign else 1)
    shift = exponent - 150
    if shift >= 0:
        return mantissa << shift
    return (2 * mantissa + (1 << -shift)) // (2 << -shift)


def quality(point: Point, reading: Reading, now: Instant, period: Duration) -> Quality:
    """How far a value can be believed. A value without age was never read; nothing old is good."""
    if reading.value is None or reading.at is None:
        return "bad" if reading.fault else "never"
    if reading.fault:
        return "bad"
    if now - reading.at > STALE_AFTER * period:
        return "stale"
    if point.range and not point.range[0] <= reading.value <= point.range[1]:
        return "uncertain"
    return "good"


def judged(limit: Limit, held: Held, value: int, now: Instant) -> Held:
    """How a limit stands after one more good value. Where the value is not good, nobody asks: what was crossed stays so."""
    if _beyond(limit, value, held.crossed) == held.crossed:
        return held if held.turning is None else attrs.evolve(held, turning=None)
    since = held.turning if held.turning is not None else now
    if now - since < limit.delay_ms * 1000:
        return attrs.evolve(held, turning=since)
    return Held(crossed=not held.crossed, since=None if held.crossed else now)


def _beyond(limit: Limit, value: int, crossed: bool) -> bool:
    """Whether the value is on the wrong side; once crossed, it must come back by the hysteresis."""
    back = limit.hysteresis if crossed else 0
    if limit.side == "above":
        return value > limit.value - back
    if limit.side == "below":
        return value < limit.value + back
    return value == limit.value


def written(value: int, decimals: int) -> str:
    """A whole number of 10^-decimals as people read it: 1234, 2 → 12.34."""
    if not decimals:
        return str(value)
    digits = str(abs(value)).rjust(decimals + 1, "0")
    return ("-" if value < 0 else "") + digits[:-decimals] + "." + digits[-decimals:]


def said(point: Point, value: int) -> Text:
    """A value with its unit, or its word."""
    if 0 <= value < len(point.words_en):
        return Text(point.words_en[value], point.words_zh[value])
    shown = f"{written(value, point.decimals)} {point.unit}".strip()
    return Text(shown, shown)


def characters(words: Iterable[int]) -> str:
    """The text of registers with two ASCII characters each, the first in the high byte, up to a NUL; what is none is shown as ?."""
    data = b"".join(word.to_bytes(2, "big") for word in words).partition(b"\0")[0]
    return "".join(chr(byte) if 0x20 <= byte < 0x7F else "?" for byte in data).strip()


def by_id(points: Iterable[Point]) -> Mapping[str, Point]:
    """Points by their id."""
    return {point.id: point for point in points}
