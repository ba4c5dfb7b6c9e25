"""Splice information of a transport stream (ANSI/SCTE 35): from the bytes of one section, what it says of the programme and when. Pure; knows no stream and no clock.

Read are splice_insert (9.7.3) and time_signal (9.7.4) with segmentation descriptors (10.3.3); other commands say nothing here.
Numbers of clauses are those of the edition of 2022. What is encrypted is nobody's business but its receiver's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import attrs

from station.packed import crc32_mpeg2
from station.words import Misheard

TABLE_ID: Final = 0xFC
LONGEST: Final = 4_096  # bytes of a section
TICKS: Final = 90_000  # of a PTS a second
WRAP: Final = 1 << 33
_INSERT, _SIGNAL, _SEGMENTATION = 0x05, 0x06, 0x02
_CUEI: Final = b"CUEI"
ENDS: Final = {
    0x11: "programme end",
    0x12: "programme early termination",
    0x51: "network end",
}  # segmentation_type_id, table 23

What = Literal["end", "out"]
WHATS: Final[tuple[What, ...]] = ("end", "out")


@attrs.frozen(kw_only=True)
class Marker:
    """One thing that a section says. `pts`: when, in ticks of 90 kHz modulo 2^33; None: at once."""

    what: What  # end: of a programme; out: of the network, into what somebody else fills
    event: int
    pts: int | None


class _Bits:
    """Bits of a stretch of bytes, the highest first."""

    def __init__(self, data: bytes) -> None:
        self._value, self._left = int.from_bytes(data, "big"), 8 * len(data)

    def take(self, count: int) -> int:
        """The next `count` bits; raises Misheard where there are not so many."""
        if count > self._left:
            raise _wrong("it is cut off", "不完整")
        self._left -= count
        return self._value >> self._left & (1 << count) - 1

    def octets(self, count: int) -> bytes:
        """The next bytes."""
        return self.take(8 * count).to_bytes(count, "big")

    @property
    def left(self) -> int:
        """How many bytes are left."""
        return self._left // 8


def markers(section: bytes) -> tuple[Marker, ...]:
    """What a splice_info_section (9.6) says; raises Misheard where it is none, damaged or encrypted."""
    bits = _Bits(_whole(section))
    bits.take(24)  # table_id to section_length
    if bits.take(8):
        raise _wrong("it is of another protocol version", "协议版本不同")
    if bits.take(1):
        raise _wrong("it is encrypted", "已加密")
    bits.take(6)
    adjustment = bits.take(33)
    bits.take(8 + 12)
    length, kind = bits.take(12), bits.take(8)
    inside = bits if length == 0xFFF else _Bits(bits.octets(length))  # 0xFFF: of old senders, not told
    if kind == _INSERT:
        return tuple(_inserted(inside, adjustment))
    if kind != _SIGNAL:
        return ()
    pts = _moved(_time(inside), adjustment)
    return tuple(_segmented(_Bits(bits.octets(bits.take(16))), pts))


def _whole(section: bytes) -> bytes:
    """The section without what comes after it and without its checksum."""
    if len(section) < 15 or section[0] != TABLE_ID:
        raise _wrong("it is no splice information", "不是拼接信息")
    end = 3 + (int.from_bytes(section[1:3], "big") & 0xFFF)
    if not 15 <= end <= min(len(section), LONGEST):
        raise _wrong("it is cut off", "不完整")
    if crc32_mpeg2(section[:end]):
        raise _wrong("its checksum is wrong", "校验错误")
    return section[: end - 4]


def _inserted(bits: _Bits, adjustment: int) -> Iterator[Marker]:
    event = bits.take(32)
    if bits.take(8) >> 7:  # cancelled
        return
    out, whole, _, at_once = (bits.take(1) for _ in range(4))
    bits.take(4)
    pts = None
    if whole and not at_once:
        pts = _time(bits)
    if not whole:
        for _ in range(bits.take(8)):
            bits.take(8)
            pts = pts if at_once else _time(bits)
    if out:
        yield Marker(what="out", event=event, pts=_moved(pts, adjustment))


def _segmented(bits: _Bits, pts: int | None) -> Iterator[Marker]:
    while bits.left:
        tag, length = bits.take(8), bits.take(8)
        body = _Bits(bits.octets(length))
        if tag == _SEGMENTATION and length >= 9 and body.octets(4) == _CUEI:
            yield from _segment(body, pts)


def _segment(bits: _Bits, pts: int | None) -> Iterator[Marker]:
    event = bits.take(32)
    if bits.take(8) >> 7:  # cancelled
        return
    whole, lasting, _ = bits.take(1), bits.take(1), bits.take(6)
    if not whole:
        bits.octets(6 * bits.take(8))
    if lasting:
        bits.take(40)
    bits.take(8)
    bits.octets(bits.take(8))
    if bits.take(8) in ENDS:
        yield Marker(what="end", event=event, pts=pts)


def _time(bits: _Bits) -> int | None:
    """splice_time() (9.8.1)."""
    if not bits.take(1):
        bits.take(7)
        return None
    bits.take(6)
    return bits.take(33)


def _moved(pts: int | None, adjustment: int) -> int | None:
    return None if pts is None else (pts + adjustment) % WRAP


def after(pts: int, stamp: int) -> int:
    """How many ticks `pts` comes after the time stamp `stamp`, the nearer way round; negative: before."""
    return (pts - stamp + WRAP // 2) % WRAP - WRAP // 2


def _wrong(en: str, zh: str) -> Misheard:
    return Misheard(f"splice information: {en}", f"拼接信息:{zh}")


__all__ = ["ENDS", "LONGEST", "TABLE_ID", "TICKS", "WHATS", "WRAP", "Marker", "What", "after", "markers"]
