"""Time code of tape decks and video servers: four bytes BCD, frames first (SMPTE 12M as the deck protocols carry it). Pure; knows no protocol."""

from __future__ import annotations

import re

import attrs

from station.words import Misheard, Refused

_FORM = re.compile(r"([0-2]\d):([0-5]\d):([0-5]\d)([:;])([0-5]\d)\Z")


@attrs.frozen(kw_only=True)
class TimeCode:
    """Hours to frames; `drop` counts drop-frame."""

    hour: int
    minute: int
    second: int
    frame: int
    drop: bool = False

    def __str__(self) -> str:
        mark = ";" if self.drop else ":"
        return f"{self.hour:02}:{self.minute:02}:{self.second:02}{mark}{self.frame:02}"


def parse(text: str) -> TimeCode:
    """`10:00:00:00`, or `10:00:00;00` for drop-frame; Refused for anything else."""
    found = _FORM.match(text)
    if found is None or int(found[1]) > 23:
        raise Refused(
            f"{text!r} is no time code such as 10:00:00:00",
            f"“{text}”不是时码,应如 10:00:00:00",
            code="timecode",
        )
    hour, minute, second, frame = (int(found[n]) for n in (1, 2, 3, 5))
    return TimeCode(hour=hour, minute=minute, second=second, frame=frame, drop=found[4] == ";")


def write(code: TimeCode) -> bytes:
    """Frames (bit 6: drop-frame), seconds, minutes, hours."""
    values = [code.frame, code.second, code.minute, code.hour]
    made = [value // 10 << 4 | value % 10 for value in values]
    return bytes([made[0] | (0x40 if code.drop else 0), *made[1:]])


def read(data: bytes) -> TimeCode:
    """The reverse; the flags of colour frame and field are passed over. Misheard for what no clock shows."""
    octets = (
        (data[0] & 0x3F, data[1] & 0x7F, data[2] & 0x7F, data[3] & 0x3F) if len(data) == 4 else (0xFF,) * 4
    )
    values = [10 * (octet >> 4) + (octet & 15) for octet in octets]
    frame, second, minute, hour = values
    if any(octet & 15 > 9 for octet in octets) or max(second, minute) > 59 or hour > 23:
        raise Misheard("a time code that is none", "时码有误", code="timecode")
    return TimeCode(hour=hour, minute=minute, second=second, frame=frame, drop=bool(data[0] & 0x40))


__all__ = ["TimeCode", "parse", "read", "write"]
