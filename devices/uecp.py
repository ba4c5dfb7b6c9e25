"""UECP, by which RDS coders are told what to send (RDS Forum SPB 490), sans I/O: frames with stuffing and CRC, the elements a station needs, one question at a time. Knows no port and no time of its own.

    FE | address 2 (site 10 bits, encoder 6) | sequence 1 | length 1 | elements | CRC 2 | FF

Between FE and FF the bytes FD, FE, FF are stuffed. The CRC is that of CCITT, begun with ones and inverted. Where a coder
only listens, nothing confirms what was sent.
"""

from __future__ import annotations

import binascii
from collections.abc import Sequence
from typing import Final

import attrs

from devices.turns import FramedEar, Heard, Stray, Told
from devices.uecp_elements import (
    ACKS,
    Ack,
    Element,
    Request,
    element_bytes,
    elements_of,
    mec_of,
)
from station.words import Misheard, Refused

START, STOP, ESCAPE = 0xFE, 0xFF, 0xFD
MOST_DATA: Final = 255  # bytes of elements in a frame
LONGEST: Final = 2 * (4 + MOST_DATA + 2)  # bytes between FE and FF, all of them stuffed
_STUFFED: Final = {
    ESCAPE: bytes([ESCAPE, 0]),
    START: bytes([ESCAPE, 1]),
    STOP: bytes([ESCAPE, 2]),
}


@attrs.frozen(kw_only=True)
class Frame:
    """One frame. Site 0 is all sites, encoder 0 all coders of a site; sequence 0 is none."""

    site: int = 0  # 0 to 1023
    encoder: int = 0  # 0 to 63
    sequence: int = 0  # 0 to 255
    elements: tuple[Element, ...] = ()


def crc(data: bytes) -> int:
    """The CRC over address, sequence, length and elements: x^16 + x^12 + x^5 + 1, begun with ones, inverted."""
    return binascii.crc_hqx(data, 0xFFFF) ^ 0xFFFF


def stuffed(data: bytes) -> bytes:
    """FD becomes FD 00, FE becomes FD 01, FF becomes FD 02."""
    return b"".join(_STUFFED.get(code, bytes([code])) for code in data)


def unstuffed(data: bytes) -> bytes:
    """The reverse; Misheard for a pair that stands for nothing."""
    out, rest = bytearray(), iter(data)
    for code in rest:
        if code == ESCAPE:
            code = ESCAPE + next(rest, 3)
        if code > STOP:
            raise _misheard("a frame that is stuffed wrongly", "帧的填充字节有误", "stuffing")
        out.append(code)
    return bytes(out)


def write(frame: Frame) -> bytes:
    """The bytes of a frame; Refused for what no frame can carry."""
    data = b"".join(map(element_bytes, frame.elements))
    if not (0 <= frame.site <= 1023 and 0 <= frame.encoder <= 63 and 0 <= frame.sequence <= 255):
        raise Refused(
            "a site is from 0 to 1023, a coder from 0 to 63, a sequence number from 0 to 255",
            "站点号应为 0–1023,编码器号 0–63,序号 0–255",
            code="uecp",
        )
    if len(data) > MOST_DATA:
        raise Refused(
            f"these elements take {len(data)} bytes; a frame carries {MOST_DATA}",
            f"这些单元共 {len(data)} 字节,一帧最多 {MOST_DATA} 字节",
            code="uecp",
        )
    address = frame.site << 6 | frame.encoder
    body = address.to_bytes(2, "big") + bytes([frame.sequence, len(data)]) + data
    return bytes([START]) + stuffed(body + crc(body).to_bytes(2, "big")) + bytes([STOP])


def read(body: bytes) -> Frame:
    """What stood between FE and FF; Misheard for damage."""
    data = unstuffed(body)
    if len(data) < 6 or len(data) != 6 + data[3]:
        raise _misheard("a frame of a wrong length", "帧长度有误", "length")
    if crc(data[:-2]) != int.from_bytes(data[-2:], "big"):
        raise _misheard("a frame whose CRC does not hold", "帧校验不符", "crc")
    address = int.from_bytes(data[:2], "big")
    return Frame(site=address >> 6, encoder=address & 63, sequence=data[2], elements=elements_of(data[4:-2]))


def _misheard(en: str, zh: str, code: str) -> Misheard:
    return Misheard(f"the coder sent {en}", f"编码器发来的内容有误:{zh}", code=code)


class Frames:
    """Finds frames in a stream: what stands between FE and FF. What stands outside is noise."""

    def __init__(self) -> None:
        self._held: bytes | None = None

    @property
    def holding(self) -> bool:
        """Whether a frame has begun."""
        return self._held is not None

    def drop(self) -> None:
        """The frame that has begun does not go on."""
        self._held = None

    def feed(self, data: bytes) -> list[Frame | Misheard]:
        """Frames, and what is wrong with those that are none."""
        found: list[Frame | Misheard] = []
        while data:
            data = self._next(data, found)
        return found

    def _next(self, data: bytes, found: list[Frame | Misheard]) -> bytes:
        if self._held is None:
            _, start, rest = data.partition(bytes([START]))
            self._held = b"" if start else None
            return rest
        body, stop, rest = data.partition(bytes([STOP]))
        _, again, begun = body.rpartition(bytes([START]))
        self._held = begun if again else self._held + body  # FE never stands in a frame: it begins another
        if again:
            found.append(_misheard("a frame without an end", "帧没有结束", "end"))
        if len(self._held) > LONGEST:
            self._held = None
            found.append(_misheard("a frame that does not end", "帧过长", "length"))
        elif stop:
            found.append(self._read())
        return rest

    def _read(self) -> Frame | Misheard:
        body, self._held = self._held or b"", None
        try:
            return read(body)
        except Misheard as misheard:
            return misheard


@attrs.frozen
class Send:
    """Elements to be obeyed."""

    elements: Sequence[Element]


@attrs.frozen
class Ask:
    """A request: the coder answers with elements of this code."""

    request: Request


class UecpWire(FramedEar[Frames]):
    """One coder. `confirms`: it answers (communication mode 1 or 2); else what is sent is sent, and nothing more is known."""

    def __init__(self, site: int = 0, encoder: int = 0, *, confirms: bool = True) -> None:
        super().__init__(Frames())
        self._site, self._encoder, self._confirms = site, encoder, confirms
        self._sequence = 0

    def asked(self, ask: Send | Ask) -> bytes:
        """The frame of a question, with the next sequence number (1 to 255)."""
        self._sequence = self._sequence % 255 + 1
        elements = (ask.request,) if isinstance(ask, Ask) else tuple(ask.elements)
        made = write(
            Frame(site=self._site, encoder=self._encoder, sequence=self._sequence, elements=elements)
        )
        self._open = ask if self._confirms or isinstance(ask, Ask) else None
        return made

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        return [heard for found in self._frames.feed(data) for heard in self._heard(found)]

    def _heard(self, found: Frame | Misheard) -> list[Heard]:
        if isinstance(found, Misheard):
            return [self._garbled(found.code)]
        ours = found.site in (0, self._site) or self._site == 0
        if not ours or (self._encoder and found.encoder not in (0, self._encoder)):
            return [Stray("another coder")]
        return [self._element(one) for one in found.elements] or [Stray("an empty frame")]

    def _element(self, element: Element) -> Heard:
        if isinstance(element, Ack):
            return self._acked(element)
        if isinstance(self._open, Ask) and mec_of(element) == self._open.request.mec:
            return self._answered(element)
        return Told(element)

    def _acked(self, ack: Ack) -> Heard:
        if ack.code == 0:
            return Stray("a request acknowledged") if isinstance(self._open, Ask) else self._done()
        if ack.sequence not in (0, self._sequence):
            return Stray("an acknowledgement of another frame")
        return self._declined(str(ack.code), ACKS.get(ack.code, "unknown"))


__all__ = ["Ask", "Frame", "Frames", "Send", "UecpWire", "crc", "read", "stuffed", "unstuffed", "write"]
