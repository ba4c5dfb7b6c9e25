"""The header of an EAS SAME message (47 CFR 11.31): its fields as values, strict writing, tolerant reading. Knows no sound, no clock, no words for codes."""

from __future__ import annotations

import re
from typing import Final

import attrs

from station.words import MINUTE, Instant, Misheard, Refused, Text

BEGIN: Final = "ZCZC"
END_OF_MESSAGE: Final = "NNNN"
ORIGINATORS: Final = ("PEP", "CIV", "WXR", "EAS")  # 11.31(d)
LOCATIONS_AT_MOST: Final = 31
SENDER_LENGTH: Final = 8
LONGEST: Final = 35 + 7 * LOCATIONS_AT_MOST  # characters of a header: 252
LONGEST_VALID: Final = 99 * 60 + 30  # minutes
READ_AT_MOST: Final = 4 * LONGEST  # characters that are looked at
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_MARKS: Final = 512  # locations that are looked at

_LOCATION: Final = re.compile(r"[0-9]{6}\Z")
_CODE: Final = re.compile(r"[A-Z]{3}\Z")
_SENDER: Final = re.compile(r"[A-Z0-9/ ]{1,8}\Z")
_LOOSE: Final = re.compile(
    r"(?P<begin>ZCZC)?-(?P<originator>[A-Z0-9?]{3})-(?P<event>[A-Z0-9?]{3})(?P<places>(?:-[0-9]{1,6})*)"
    r"\+(?P<valid>[0-9]{1,4})-(?P<issued>[0-9]{7})-(?P<sender>[^\r\n+]{8}(?=-)|[^\r\n+-]{0,24})(?P<end>-|\Z|[\r\n])"
)


@attrs.frozen(kw_only=True)
class Header:
    """One header. `day` counts from 1 January = 1; hours and minutes are UTC; the year is not said on the air."""

    originator: str
    event: str
    locations: tuple[str, ...]  # PSSCCC each
    valid_minutes: int
    day: int
    hour: int
    minute: int
    sender: str  # up to 8 characters, without blanks behind

    def __str__(self) -> str:
        """As it is sent, without a check of what it says."""
        hours, minutes = divmod(self.valid_minutes, _HOUR)
        places = "".join(f"-{place}" for place in self.locations)
        return (
            f"{BEGIN}-{self.originator}-{self.event}{places}+{hours:02d}{minutes:02d}"
            f"-{self.day:03d}{self.hour:02d}{self.minute:02d}-{self.sender:<{SENDER_LENGTH}}-"
        )


@attrs.frozen(kw_only=True)
class Reading:
    """What was read, and each departure from the standard as one sentence; none: the text is strict."""

    header: Header
    remarks: tuple[Text, ...] = ()

    @property
    def strict(self) -> bool:
        """Whether nothing departs from the standard."""
        return not self.remarks


def write(header: Header) -> str:
    """The header as it is sent. Raises Refused with every fault when it is not what 47 CFR 11.31 allows."""
    found = faults(header)
    if found:
        raise Refused(" ".join(one.en for one in found), "".join(one.zh for one in found), code="same-header")
    return str(header)


def faults(header: Header) -> tuple[Text, ...]:
    """Each way in which a header departs from 47 CFR 11.31, one sentence each."""
    found = [
        *_code_faults(header),
        *_place_faults(header.locations),
        *_time_faults(header),
    ]
    if not _SENDER.match(header.sender) or header.sender != header.sender.rstrip():
        found.append(
            Text(
                f"The sender {header.sender!r} must be 1 to 8 capitals, digits, blanks or strokes.",
                f"发送方 {header.sender!r} 应为 1 至 8 位大写字母、数字、空格或斜线。",
            )
        )
    return tuple(found)


def _code_faults(header: Header) -> list[Text]:
    found = []
    if header.originator not in ORIGINATORS:
        found.append(
            Text(
                f"The originator {header.originator!r} is none of {', '.join(ORIGINATORS)}.",
                f"发布方代码 {header.originator!r} 不属于 {'、'.join(ORIGINATORS)}。",
            )
        )
    if not _CODE.match(header.event):
        found.append(
            Text(
                f"The event {header.event!r} must be three capitals.",
                f"事件代码 {header.event!r} 应为三个大写字母。",
            )
        )
    return found


def _place_faults(places: tuple[str, ...]) -> list[Text]:
    found = []
    if not 1 <= len(places) <= LOCATIONS_AT_MOST:
        found.append(
            Text(
                f"There are {len(places)} locations; 1 to {LOCATIONS_AT_MOST} are allowed.",
                f"区域代码有 {len(places)} 个,应为 1 至 {LOCATIONS_AT_MOST} 个。",
            )
        )
    wrong = [place for place in places if not _LOCATION.match(place)]
    if wrong:
        named = ", ".join(map(repr, wrong[:3]))
        found.append(Text(f"Not six digits: {named}.", f"区域代码应为六位数字:{named}。"))
    if len(set(places)) != len(places):
        found.append(Text("A location is named twice.", "有区域代码重复。"))
    return found


def _time_faults(header: Header) -> list[Text]:
    found = []
    if valid_time(header.valid_minutes) != header.valid_minutes or header.valid_minutes < 15:
        found.append(
            Text(
                f"Valid for {header.valid_minutes} min: quarters up to one hour, then half hours up to 99 h 30 min.",
                f"有效期 {header.valid_minutes} 分钟不合规:一小时内以 15 分钟计,其后以 30 分钟计,至多 99 小时 30 分。",
            )
        )
    if not (1 <= header.day <= 366 and 0 <= header.hour <= 23 and 0 <= header.minute <= 59):
        found.append(
            Text(
                f"There is no day {header.day} with {header.hour:02d}:{header.minute:02d}.",
                f"不存在第 {header.day} 天 {header.hour:02d}:{header.minute:02d} 这一时刻。",
            )
        )
    return found


def valid_time(minutes: int) -> int:
    """`minutes` rounded up to what a header can say: quarters up to one hour, half hours up to 99 h 30 min (11.31(c))."""
    step = 15 if minutes <= _HOUR else 30
    return min(max(-(-minutes // step) * step, 15), LONGEST_VALID)


def read(text: str) -> Reading:
    """The first header in a text, read tolerantly, with what departs. Raises Misheard when there is none."""
    found = _LOOSE.search(text[:READ_AT_MOST])
    if found is None:
        raise Misheard(
            f"No SAME header in {text[:60]!r}: ZCZC-ORG-EEE-PSSCCC+TTTT-JJJHHMM-LLLLLLLL- is expected.",
            f"{text[:60]!r} 中没有 SAME 报头,应为 ZCZC-ORG-EEE-PSSCCC+TTTT-JJJHHMM-LLLLLLLL-。",
            code="same-header",
        )
    places = tuple(found["places"].split("-")[1:])[:_MARKS]
    valid, issued = found["valid"].rjust(4, "0"), found["issued"]
    header = Header(
        originator=found["originator"],
        event=found["event"],
        locations=tuple(dict.fromkeys(place.rjust(6, "0") for place in places))[:LOCATIONS_AT_MOST],
        valid_minutes=int(valid[:2]) * _HOUR + int(valid[2:]),
        day=int(issued[:3]),
        hour=int(issued[3:5]),
        minute=int(issued[5:]),
        sender=found["sender"].rstrip()[:SENDER_LENGTH],
    )
    return Reading(header=header, remarks=(*_remarks(found, places), *faults(header)))


def _remarks(found: re.Match[str], places: tuple[str, ...]) -> list[Text]:
    """How the writing departs, beside what the fields say."""
    said = []
    if found["begin"] is None or found.start() or found.end() != len(found.string):
        said.append(Text("Something stands before or behind the header.", "报头前后有多余或缺失的内容。"))
    if found["end"] != "-":
        said.append(Text("The last dash is missing.", "缺少末尾的短横线。"))
    if len(places) > LOCATIONS_AT_MOST:
        said.append(
            Text(
                f"{len(places)} locations; {LOCATIONS_AT_MOST} are allowed, no more are read.",
                f"区域代码有 {len(places)} 个,至多 {LOCATIONS_AT_MOST} 个,其余不读取。",
            )
        )
    if len(set(places)) != len(places):
        said.append(Text("A location is named twice; it is read once.", "有区域代码重复,只取一次。"))
    if any(len(place) < 6 for place in places) or len(found["valid"]) < 4:
        said.append(Text("Zeros are missing in front.", "前面缺少补位的零。"))
    if len(found["sender"]) != SENDER_LENGTH:
        said.append(
            Text(
                f"The sender has {len(found['sender'])} characters, not {SENDER_LENGTH}.",
                f"发送方为 {len(found['sender'])} 个字符,应为 {SENDER_LENGTH} 个。",
            )
        )
    return said


def issued_at(header: Header, near: Instant) -> Instant:
    """When it was issued, µs UTC: in the year that brings it nearest to `near` (a header names no year). Raises Misheard."""
    if _time_faults(attrs.evolve(header, valid_minutes=15)):
        raise Misheard(
            f"There is no day {header.day} with {header.hour:02d}:{header.minute:02d}.",
            f"不存在第 {header.day} 天 {header.hour:02d}:{header.minute:02d} 这一时刻。",
            code="same-time",
        )
    within = (header.day - 1) * _DAY + header.hour * _HOUR + header.minute
    year = 1970 + int(near // MINUTE / _DAY / 365.2425)
    times = [
        Instant((_new_year(one) * _DAY + within) * MINUTE)
        for one in (year - 1, year, year + 1)
        if header.day <= _new_year(one + 1) - _new_year(one)
    ]
    return min(times, key=lambda time: abs(time - near))


def _new_year(year: int) -> int:
    """Days from 1 January 1970 to 1 January of a year."""
    before = year - 1
    return before * 365 + before // 4 - before // 100 + before // 400 - 719_162


def expires_at(header: Header, near: Instant) -> Instant:
    """When it is over, µs UTC. Raises Misheard for a time that does not exist."""
    return Instant(issued_at(header, near) + header.valid_minutes * MINUTE)


def same_alert(one: Header, other: Header) -> bool:
    """Whether two headers are one alert passed on: all fields but the sender's agree, the order of locations included (11.33(a)(10))."""
    return attrs.evolve(one, sender="") == attrs.evolve(other, sender="")


def stamp(at: Instant) -> tuple[int, int, int]:
    """Day of the year, hour and minute of an instant, as a header says them (UTC, seconds dropped)."""
    minutes = at // MINUTE
    days, within = divmod(minutes, _DAY)
    year = 1970 + int(days / 365.2425)
    while _new_year(year + 1) <= days:
        year += 1
    while _new_year(year) > days:
        year -= 1
    return days - _new_year(year) + 1, within // _HOUR, within % _HOUR
