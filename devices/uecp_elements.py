"""The elements inside UECP frames (RDS Forum SPB 490): PI, PS, radio text, programme type with its alarm, traffic flags, clock, modes, requests, acknowledgements. Pure; knows no frame.

Most elements carry no length: behind one whose code is not known here nothing can be told apart, so it takes the rest
of its frame (`Other`).
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any, Final

import attrs

from devices.rds_text import read as rds_read
from devices.rds_text import written
from station.words import Instant, Misheard, Refused

ALARM_TEST, ALARM = 30, 31  # programme types (IEC 62106): the test of an alarm, and the alarm
_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

ACKS: Final = {
    0: "done",
    1: "CRC error",
    2: "message not received",
    3: "message unknown",
    4: "no such data set",
    5: "no such programme service",
    6: "parameter out of range",
    7: "wrong length of an element",
    8: "wrong length of the message",
    9: "message not acceptable",
    10: "end of message missing",
    11: "buffer full",
    12: "wrong stuffing",
    13: "unexpected end of message",
}


@attrs.frozen(kw_only=True)
class Pi:
    """Programme identification, four hex digits as a number."""

    pi: int
    dsn: int = 0  # data set: 0 the current one, 254 all but it, 255 all
    psn: int = 0  # programme service: 0 the main one


@attrs.frozen(kw_only=True)
class Ps:
    """Programme service name: up to 8 characters."""

    name: str
    dsn: int = 0
    psn: int = 0


@attrs.frozen(kw_only=True)
class Ta:
    """Traffic programme, and traffic announcement now."""

    programme: bool
    announcement: bool
    dsn: int = 0
    psn: int = 0


@attrs.frozen(kw_only=True)
class Pty:
    """Programme type 0 to 31; 31 is the alarm."""

    pty: int
    dsn: int = 0
    psn: int = 0


@attrs.frozen(kw_only=True)
class Ptyn:
    """Name of the programme type: up to 8 characters."""

    name: str
    dsn: int = 0
    psn: int = 0


@attrs.frozen(kw_only=True)
class Rt:
    """Radio text of up to 64 characters; another `toggle` than before clears the receiver's display. `repeats` 0 is for ever, `buffer` 0 throws the texts before away, 2 adds."""

    text: str
    toggle: bool = False
    repeats: int = 0  # 0 to 15
    buffer: int = 0  # 0 or 2
    dsn: int = 0
    psn: int = 0


@attrs.frozen(kw_only=True)
class RealTime:
    """The coder's clock, UTC to 10 ms, and the local offset in half hours."""

    at: Instant
    offset: int = 0  # -31 to 31


@attrs.frozen(kw_only=True)
class RdsOn:
    """RDS on or off."""

    on: bool


@attrs.frozen(kw_only=True)
class Select:
    """The data set that is on air, 1 to 253."""

    dsn: int


@attrs.frozen(kw_only=True)
class Mode:
    """Communication: 0 the coder only listens, 1 it answers requests, 2 it answers everything."""

    mode: int


@attrs.frozen(kw_only=True)
class Request:
    """Ask for what the coder has under a code."""

    mec: int
    dsn: int = 0
    psn: int = 0


@attrs.frozen(kw_only=True)
class Ack:
    """The coder's answer: 0 done, else why not and of which frame."""

    code: int
    sequence: int = 0


@attrs.frozen(kw_only=True)
class Other:
    """An element not known here, with the rest of its frame."""

    mec: int
    data: bytes


Element = Pi | Ps | Ta | Pty | Ptyn | Rt | RealTime | RdsOn | Select | Mode | Request | Ack | Other
_CODES: Final[dict[type[Any], int]] = {
    Pi: 0x01, Ps: 0x02, Ta: 0x03, Pty: 0x07, Rt: 0x0A, RealTime: 0x0D, Request: 0x17, Ack: 0x18, Select: 0x1C,
    RdsOn: 0x1E, Mode: 0x2C, Ptyn: 0x3E,
}  # fmt: skip


def mec_of(element: Element) -> int:
    """The element's code."""
    return element.mec if isinstance(element, Other) else _CODES[type(element)]


# -- writing ----------------------------------------------------------------------------------------


def element_bytes(element: Element) -> bytes:
    """The bytes of an element; Refused for what it cannot say."""
    return bytes([_in(mec_of(element), 255, "code")]) + _WRITERS[type(element)](element)


def _in(value: int, most: int, name: str, least: int = 0) -> int:
    if not least <= value <= most:
        raise Refused(
            f"{name} {value} is not from {least} to {most}", f"{name} 的值 {value} 应在 {least}–{most} 之间", code="uecp"
        )  # fmt: skip
    return value


def _where(element: Any) -> bytes:
    return bytes([_in(element.dsn, 255, "data set"), _in(element.psn, 255, "programme service")])


def _named(element: Any) -> bytes:
    text = written(element.name)
    if len(text) > 8:
        raise Refused(f"{element.name!r} is longer than 8 characters", f"“{element.name}”超过 8 个字符", code="uecp")  # fmt: skip
    return _where(element) + text.ljust(8)


def _radio_text(element: Rt) -> bytes:
    text = written(element.text)
    if len(text) > 64:
        raise Refused(
            f"radio text has at most 64 characters, this {len(text)}",
            f"广播文本最多 64 个字符,此文本有 {len(text)} 个",
            code="uecp",
        )
    if element.buffer not in (0, 2):
        raise Refused("the buffer of radio text is 0 or 2", "广播文本缓存方式应为 0 或 2", code="uecp")
    flags = element.buffer << 5 | _in(element.repeats, 15, "repeats") << 1 | int(element.toggle)
    return _where(element) + bytes([1 + len(text), flags]) + text


def _real_time(element: RealTime) -> bytes:
    at = _EPOCH + datetime.timedelta(microseconds=element.at)
    if not 2000 <= at.year <= 2099:
        raise Refused(
            "the coder's clock has years from 2000 to 2099",
            "编码器时钟的年份应在 2000–2099 之间",
            code="uecp",
        )
    offset = abs(_in(element.offset, 31, "offset", -31)) | (0x20 if element.offset < 0 else 0)
    clock = [at.year % 100, at.month, at.day, at.hour, at.minute, at.second, at.microsecond // 10_000]
    return bytes([*clock, offset])


def _request(element: Request) -> bytes:
    asked = [_in(element.mec, 255, "code"), *_where(element)]
    return bytes([len(asked), *asked])


def _ack(element: Ack) -> bytes:
    code = _in(element.code, 255, "code")
    return bytes([code, _in(element.sequence, 255, "sequence")]) if code else bytes([0])


_WRITERS: Final[dict[type[Any], Callable[[Any], bytes]]] = {
    Pi: lambda one: _where(one) + _in(one.pi, 0xFFFF, "PI").to_bytes(2, "big"),
    Ps: _named,
    Ptyn: _named,
    Ta: lambda one: _where(one) + bytes([one.programme << 1 | one.announcement]),
    Pty: lambda one: _where(one) + bytes([_in(one.pty, 31, "programme type")]),
    Rt: _radio_text,
    RealTime: _real_time,
    RdsOn: lambda one: bytes([one.on]),
    Select: lambda one: bytes([_in(one.dsn, 253, "data set", 1)]),
    Mode: lambda one: bytes([_in(one.mode, 2, "mode")]),
    Request: _request,
    Ack: _ack,
    Other: lambda one: one.data,
}


# -- reading ----------------------------------------------------------------------------------------


def elements_of(data: bytes) -> tuple[Element, ...]:
    """The elements in a frame's data; Misheard where one is cut short or says what cannot be."""
    made: list[Element] = []
    while data:
        reader = _READERS.get(data[0])
        if reader is None:
            return (*made, Other(mec=data[0], data=data[1:]))
        element, size = reader(data)
        made.append(element)
        data = data[size:]
    return tuple(made)


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"the coder sent {en}", f"编码器发来的内容有误:{zh}", code="element")


def _need(data: bytes, size: int) -> bytes:
    if len(data) < size:
        raise _bad("an element that is cut short", "单元不完整")
    return data[:size]


def _read_pi(data: bytes) -> tuple[Element, int]:
    _, dsn, psn, high, low = _need(data, 5)
    return Pi(pi=high << 8 | low, dsn=dsn, psn=psn), 5


def _read_named(kind: type[Ps] | type[Ptyn]) -> Callable[[bytes], tuple[Element, int]]:
    def reader(data: bytes) -> tuple[Element, int]:
        held = _need(data, 11)
        return kind(name=rds_read(held[3:]).rstrip(" "), dsn=held[1], psn=held[2]), 11

    return reader


def _read_ta(data: bytes) -> tuple[Element, int]:
    _, dsn, psn, flags = _need(data, 4)
    if flags > 3:
        raise _bad("traffic flags that are none", "交通标志有误")
    return Ta(programme=bool(flags & 2), announcement=bool(flags & 1), dsn=dsn, psn=psn), 4


def _read_pty(data: bytes) -> tuple[Element, int]:
    _, dsn, psn, pty = _need(data, 4)
    if pty > 31:
        raise _bad("a programme type that is none", "节目类型有误")
    return Pty(pty=pty, dsn=dsn, psn=psn), 4


def _read_rt(data: bytes) -> tuple[Element, int]:
    size = 4 + _need(data, 4)[3]
    held = _need(data, size)
    if size == 4:  # no text at all: the buffer is emptied
        return Rt(text="", dsn=held[1], psn=held[2]), 4
    flags = held[4]
    if flags & 0xA0 or size > 69:  # the upper bit is no flag, buffers are 0 and 2
        raise _bad("radio text that cannot be", "广播文本有误")
    text = rds_read(held[5:].rstrip(b"\r"))  # some end a short text with a carriage return
    return Rt(text=text, toggle=bool(flags & 1), repeats=flags >> 1 & 15, buffer=flags >> 5 & 3, dsn=held[1], psn=held[2]), size  # fmt: skip


def _read_time(data: bytes) -> tuple[Element, int]:
    held = _need(data, 9)
    _, year, month, day, hour, minute, second, cent, offset = held
    if year > 99 or cent > 99 or offset > 0x3F:
        raise _bad("a time that is none", "时间有误")
    try:
        at = datetime.datetime(2000 + year, month, day, hour, minute, second, tzinfo=datetime.UTC)
    except ValueError:
        raise _bad("a time that is none", "时间有误") from None
    whole = (at - _EPOCH) // datetime.timedelta(seconds=1)
    half_hours = -(offset & 31) if offset & 0x20 else offset
    return RealTime(at=Instant(1_000_000 * whole + 10_000 * cent), offset=half_hours), 9


def _read_flag(data: bytes) -> tuple[Element, int]:
    _, on = _need(data, 2)
    if on > 1:
        raise _bad("a switch that is neither on nor off", "开关值有误")
    return RdsOn(on=bool(on)), 2


def _read_select(data: bytes) -> tuple[Element, int]:
    _, dsn = _need(data, 2)
    if not 1 <= dsn <= 253:
        raise _bad("a data set that cannot be on air", "数据集号有误")
    return Select(dsn=dsn), 2


def _read_mode(data: bytes) -> tuple[Element, int]:
    _, mode = _need(data, 2)
    if mode > 2:
        raise _bad("a mode that is none", "通信方式有误")
    return Mode(mode=mode), 2


def _read_request(data: bytes) -> tuple[Element, int]:
    size = _need(data, 2)[1]
    held = _need(data, 2 + size)
    if not 1 <= size <= 3:
        raise _bad("a request of a wrong length", "请求长度有误")
    mec, dsn, psn = (*held[2:], 0, 0)[:3]
    return Request(mec=mec, dsn=dsn, psn=psn), 2 + size


def _read_ack(data: bytes) -> tuple[Element, int]:
    if _need(data, 2)[1] == 0:
        return Ack(code=0), 2
    _, code, sequence = _need(data, 3)
    return Ack(code=code, sequence=sequence), 3


_READERS: Final[dict[int, Callable[[bytes], tuple[Element, int]]]] = {
    0x01: _read_pi, 0x02: _read_named(Ps), 0x03: _read_ta, 0x07: _read_pty, 0x0A: _read_rt, 0x0D: _read_time,
    0x17: _read_request, 0x18: _read_ack, 0x1C: _read_select, 0x1E: _read_flag, 0x2C: _read_mode,
    0x3E: _read_named(Ptyn),
}  # fmt: skip


__all__ = [
    "ACKS", "ALARM", "ALARM_TEST", "Ack", "Element", "Mode", "Other", "Pi", "Ps", "Pty", "Ptyn", "RdsOn", "RealTime",
    "Request", "Rt", "Select", "Ta", "element_bytes", "elements_of", "mec_of",
]  # fmt: skip
