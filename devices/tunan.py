"""Vendor frames of one maker's terminals, read only: '&' with 12 bytes in front, '%' with 18. Knows no socket; writes nothing.

    '&' code 9, version 1, reserved 1 | body        '%' code 9, maker 2, hardware 2, software 2, version 1, reserved 1 | body
    body: function 1 | length 2 | parameters: id 2, length 1, value | CRC-16 (Modbus) 2, low byte first

All numbers are little-endian. All of it is what one public program reads; nothing was confirmed.
"""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from typing import Any, Final

import attrs

from devices.modbus import serial_parts
from station.packed import Octets
from station.words import Misheard

SHORT: Final = b"&"
LONG: Final = b"%"
LONGEST: Final = 4096
MOST: Final = (
    300  # bytes of a frame in a stream; ours: rubbish that looks like long frames must not cost much
)
FUNCTIONS: Final = {
    0x03: "read", 0x10: "write", 0x90: "write error", 0x65: "report", 0x66: "alarm", 0x56: "heart-beat", 0x5A: "search",
}  # fmt: skip
MAKERS: Final = {
    1: "杭州图南", 2: "成都德芯", 3: "湖南康通", 4: "江苏路通", 5: "四川鑫鹏远", 6: "广州蓝电", 7: "四川长虹",
}  # fmt: skip
LOCAL_INSERTION: Final = 0x83  # 本地插播: what the station counts as FOREIGN unless it ordered it
PLAYING: Final = {
    0x00: "idle", 0x81: "upper daily", 0x82: "upper emergency", 0x83: "local insertion", 0x84: "local programme",
}  # fmt: skip
_U8, _U16, _U32, _FLOAT = "B", "<H", "<I", "<f"


@attrs.frozen(kw_only=True)
class Value:
    """A parameter: its name where it is known, its value where its bytes have the length they must have."""

    id: int
    name: str
    data: bytes
    value: int | str | None = None


@attrs.frozen(kw_only=True)
class VendorFrame:
    """One frame. `code` are the 9 bytes of the resource code as digits; what only '%' has is None in '&'."""

    code: str
    version: int
    maker: str | None = None
    hardware: str | None = None
    software: str | None = None
    function: str
    values: tuple[Value, ...] = ()
    body: bytes = b""  # of a function that carries no parameters we can read

    @property
    def playing(self) -> int | None:
        """The state of play (0x0325), where it was reported."""
        return next((one.data[0] for one in self.values if one.id == 0x0325 and len(one.data) == 1), None)


def _number(shape: str) -> Callable[[bytes], int]:
    return lambda data: int(struct.unpack(shape, data)[0])


def _measured(data: bytes) -> str:
    return f"{struct.unpack(_FLOAT, data)[0]:.7g}"


def _address(data: bytes) -> str:
    return str(ipaddress.IPv4Address(data))


_BYTE: Final = _number(_U8)
# id: (name, bytes, reader); 0 bytes: any number
PARAMETERS: Final[dict[int, tuple[str, int, Callable[[bytes], Any] | None]]] = {
    0x0301: ("FM frequencies", 0, None), 0x0302: ("FM signal", 0, None), 0x0303: ("play type", 1, _BYTE),
    0x0304: ("versions", 4, None), 0x0305: ("TV mode", 1, _BYTE), 0x0306: ("TV frequency", 0, None),
    0x0307: ("QAM", 1, _BYTE), 0x0308: ("volume", 1, _BYTE), 0x0309: ("timeout s", 1, _BYTE),
    0x0310: ("signal quality", 1, _BYTE), 0x0311: ("signal strength", 1, _BYTE), 0x0312: ("centre address", 4, _address),
    0x0313: ("centre port", 2, _number(_U16)), 0x0314: ("audio server address", 4, _address),
    0x0315: ("audio server port", 2, _number(_U16)), 0x0316: ("calling", 1, _BYTE), 0x0317: ("file name", 0, None),
    0x0318: ("recording length", 4, _number(_U32)), 0x0319: ("packets of a file", 4, _number(_U32)),
    0x0320: ("file type", 1, _BYTE), 0x0321: ("first packet", 4, _number(_U32)), 0x0322: ("packets in a row", 4, _number(_U32)),
    0x0323: ("logical address", 0, bytes.hex), 0x0324: ("physical address", 0, bytes.hex), 0x0325: ("playing", 1, _BYTE),
    0x0326: ("terminal type", 1, _BYTE), 0x0327: ("longitude", 4, _measured), 0x0328: ("latitude", 4, _measured),
    0x0329: ("return mode", 1, _BYTE), 0x0330: ("network mode", 1, _BYTE), 0x0331: ("220 V", 4, _measured),
    0x0332: ("24 V", 4, _measured), 0x0333: ("12 V", 4, _measured), 0x0334: ("amplifier A", 4, _measured),
    0x0335: ("own address", 4, _address), 0x0336: ("mask", 4, _address), 0x0337: ("gateway", 4, _address),
    0x0338: ("audio return", 0, None), 0x0339: ("audio return protocol", 1, _BYTE), 0x0340: ("recording of", 1, _BYTE),
    0x0341: ("handshake", 1, _BYTE), 0x0342: ("upgrade", 0, None), 0x0344: ("text to speech", 0, None),
}  # fmt: skip


def read(data: bytes) -> VendorFrame:
    """One whole frame; Misheard says what is wrong with it."""
    if len(data) > LONGEST or data[:1] not in (SHORT, LONG):
        raise _bad("it begins otherwise, or is too long", "帧头不符或过长")
    octets = Octets(data[1:])
    head = _short(octets) if data[:1] == SHORT else _long(octets)
    parts = serial_parts(octets.rest())  # the checksum is that of Modbus' serial frames
    if parts is None:
        raise _bad("its checksum is wrong", "校验错误")
    function, inner = parts[0], Octets(parts[1])
    length = inner.take(2)
    if inner.left not in (int.from_bytes(length, "little"), int.from_bytes(length, "big")):  # both were seen
        raise _bad("its length does not fit", "长度不符")
    name = FUNCTIONS.get(function, f"{function:02X}")
    if function not in (0x65, 0x66):
        return VendorFrame(**head, function=name, body=inner.rest())
    return VendorFrame(**head, function=name, values=tuple(_values(inner)))


class Reader:
    """Cuts a stream into frames, skipping rubbish up to the next sound one. `rubbish` counts its bytes. Holds at most one frame."""

    def __init__(self) -> None:
        self._held = b""
        self.rubbish = 0

    @property
    def holding(self) -> bool:
        """Whether the beginning of a frame is kept."""
        return bool(self._held)

    def cut(self) -> list[VendorFrame]:
        """Nothing follows what is kept: its beginning was a false one. Whole frames that stand behind it."""
        frames: list[VendorFrame] = []
        while self._held:
            self.rubbish += 1
            held, self._held = self._held[1:], b""
            frames += self.feed(held)
        return frames

    def feed(self, data: bytes) -> list[VendorFrame]:
        """Every frame that is complete now."""
        held, at = self._held + data, 0
        frames: list[VendorFrame] = []
        while at < len(held):
            sizes = _sizes(held[at : at + 21])
            found = next((one for one in (_tried(held[at : at + size], size) for size in sizes) if one), None)
            if found is not None:
                frames.append(found[0])
                at += found[1]
            elif any(at + size > len(held) for size in sizes):
                break
            else:
                self.rubbish, at = self.rubbish + 1, at + 1
        self._held = held[at:]
        return frames


def _sizes(begin: bytes) -> tuple[int, ...]:
    """How long a frame may be that begins so: by both orders of its length; that of the beginning where it is not to be seen yet."""
    front = {SHORT: 12, LONG: 18}.get(begin[:1])
    if front is None:
        return ()
    length = begin[front + 1 : front + 3]
    if len(length) < 2:
        return (front + 3,)
    both = {front + 5 + int.from_bytes(length, "little"), front + 5 + int.from_bytes(length, "big")}
    return tuple(sorted(size for size in both if size <= MOST))


def _tried(data: bytes, size: int) -> tuple[VendorFrame, int] | None:
    if len(data) < size:
        return None
    try:
        return read(data), size
    except Misheard:
        return None


def _short(octets: Octets) -> dict[str, Any]:
    code, version = octets.take(9).hex(), octets.number(1)
    octets.take(1)
    return {"code": code, "version": version}


def _long(octets: Octets) -> dict[str, Any]:
    code, maker = octets.take(9).hex(), int.from_bytes(octets.take(2), "little")
    hardware, software = (".".join(f"{one:x}" for one in octets.take(2)) for _ in range(2))
    version = octets.number(1)
    octets.take(1)
    named = MAKERS.get(maker, str(maker))
    return {"code": code, "version": version, "maker": named, "hardware": hardware, "software": software}


def _values(octets: Octets) -> list[Value]:
    found = []
    while octets.left:
        number = int.from_bytes(octets.take(2), "little")
        found.append(_value(number, octets.counted(1)))
    return found


def _value(number: int, data: bytes) -> Value:
    name, length, reader = PARAMETERS.get(number, (f"{number:04X}", 0, None))
    held = reader is not None and len(data) in (length or len(data),)
    return Value(id=number, name=name, data=data, value=reader(data) if reader and held else None)


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"a vendor frame is refused: {en}", f"厂家帧不予接受:{zh}", code="tunan")
