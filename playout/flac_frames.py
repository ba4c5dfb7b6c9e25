"""Finds the frames of a FLAC stream in raw bytes, whatever lies between them (RFC 9639, section 9). Pure: decodes nothing, knows no file."""

from __future__ import annotations

from typing import Final

import attrs

LONGEST: Final = 16  # bytes of a frame header
_SYNC: Final = b"\xff"
_CRC8: Final = 0x07  # polynomial x^8 + x^2 + x + 1 (RFC 9639, 9.1.8)


def _crc_row(value: int) -> int:
    for _ in range(8):
        value = (value << 1 ^ _CRC8) & 0xFF if value & 0x80 else value << 1
    return value


_TABLE: Final = bytes(map(_crc_row, range(256)))


@attrs.frozen
class Layout:
    """What a file says of itself: its block size (of all frames but the last), samples in all, and where its frames begin."""

    block: int
    samples: int
    first: int


@attrs.frozen
class Header:
    """A frame's place: its first byte in the data, its first sample, and how many samples it has."""

    at: int
    sample: int
    count: int


def layout(head: bytes) -> Layout | None:
    """From the beginning of a file (RFC 9639, 8.2); None where it is no FLAC, or its metadata are not all in `head`."""
    if head[:4] != b"fLaC" or len(head) < 42 or head[4] & 0x7F:
        return None
    at, last = 4, False
    while not last:
        if at + 4 > len(head):
            return None
        last = bool(head[at] & 0x80)
        at += 4 + int.from_bytes(head[at + 1 : at + 4], "big")
    samples = int.from_bytes(head[18:26], "big") & (1 << 36) - 1
    return Layout(block=int.from_bytes(head[10:12], "big"), samples=samples, first=at)


def next_header(data: bytes, start: int, known: Layout) -> Header | None:
    """The first frame header that begins at or after place `start` of `data`; None where there is none, or it is not all there."""
    at = data.find(_SYNC, start)
    while 0 <= at <= len(data) - 6:
        found = _header(data, at, known)
        if found is not None:
            return found
        at = data.find(_SYNC, at + 1)
    return None


def _header(data: bytes, at: int, known: Layout) -> Header | None:
    if data[at + 1] & 0xFE != 0xF8 or data[at + 3] & 1:
        return None
    number, end = _number(data, at + 4)
    count, end = _count(data, data[at + 2] >> 4, end)
    end += (0, 1, 2, 2)[max(0, (data[at + 2] & 0x0F) - 11)] if data[at + 2] & 0x0F < 15 else len(data)
    if number < 0 or count <= 0 or end >= len(data) or crc8(data[at:end]) != data[end]:
        return None
    sample = number if data[at + 1] & 1 else number * known.block
    return Header(at, sample, count) if sample + count <= known.samples else None


def _number(data: bytes, at: int) -> tuple[int, int]:
    """The coded number at a place (RFC 9639, 9.1.5) and where it ends; −1 where it is none."""
    more = _ones(data[at])
    value = data[at] & 0x7F >> more
    tail = data[at + 1 : at + max(1, more)]
    if more in (1, 8) or len(tail) < more - 1 or any(byte & 0xC0 != 0x80 for byte in tail):
        return -1, at + 1
    for byte in tail:
        value = value << 6 | byte & 0x3F
    return value, at + max(1, more)


def _ones(byte: int) -> int:
    return 8 - (byte ^ 0xFF).bit_length()


def _count(data: bytes, code: int, at: int) -> tuple[int, int]:
    """Samples of a frame (RFC 9639, 9.1.1) and where what says so ends; 0 where the code is none."""
    if code in (6, 7):
        return int.from_bytes(data[at : at + code - 5], "big") + 1, at + code - 5
    if code in (0, 1):
        return 192 * code, at
    return (576 << code - 2 if code < 6 else 256 << code - 8), at


def crc8(data: bytes) -> int:
    """The check over a frame header (RFC 9639, 9.1.8)."""
    crc = 0
    for byte in data:
        crc = _TABLE[crc ^ byte]
    return crc


__all__ = ["LONGEST", "Header", "Layout", "crc8", "layout", "next_header"]
