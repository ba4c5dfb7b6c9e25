"""What a device says by name (SNMP, NUT, lines of text) as the value of a point, and what an object's name is. Pure; knows no protocol and no line."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from devices.points import Point, scaled

DIGITS: Final = 30  # of a number before its point; more are none, and would take for ever
_OID = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]{0,9})){1,127}\Z")

Said = int | str | None  # a number as the protocol has it, a text, or nothing


def value_of(point: Point, said: Said) -> int | None:
    """The value, in units of 10^-decimals; None where what is said is none."""
    if said is None:
        return None
    if point.one_of:
        words = set(str(said).split())
        if words.isdisjoint(point.one_of) and point.zero_of and words.isdisjoint(point.zero_of):
            return None
        return int(not words.isdisjoint(point.one_of))
    if point.heard:
        text = str(said).strip()
        return point.heard.index(text) if text in point.heard else None
    raw = said if isinstance(said, int) else decimal(said, point.decimals)
    return None if raw is None else scaled(point, raw)


def decimal(text: str, decimals: int) -> int | None:
    """10^decimals times a decimal number, rounded half up; None where the text is none."""
    try:
        number = Decimal(text.strip())
    except ArithmeticError:
        return None
    if not number.is_finite() or number.adjusted() > DIGITS:
        return None
    return int(number.scaleb(decimals).to_integral_value(ROUND_HALF_UP)) if number else 0


def arcs(oid: str) -> tuple[int, ...]:
    """The numbers of an object's name; ValueError for what is none."""
    made = tuple(map(int, oid.split("."))) if _OID.match(oid) else ()
    if not made or max(made) > 0xFFFFFFFF or (made[0] < 2 and made[1] > 39):
        raise ValueError(f"{oid!r} is no object name such as 1.3.6.1.2.1.1.3.0")
    return made


__all__ = ["DIGITS", "Said", "arcs", "decimal", "value_of"]
