"""What a device says by name (SNMP, NUT, lines of text) as the value of a point. Pure; knows no protocol and no line."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from devices.points import Point, scaled

DIGITS: Final = 30  # of a number before its point; more are none, and would take for ever

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


__all__ = ["DIGITS", "Said", "decimal", "value_of"]
