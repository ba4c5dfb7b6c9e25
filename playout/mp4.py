"""How long the sound of an MP4 really is: media header and edit list (ISO/IEC 14496-12, 8.4.2 and 8.6.6). Pure but for reading the file it is given; decodes nothing."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import attrs

_LARGEST: Final = 64 << 20  # bytes of a moov box that is still read
_CONTAINERS: Final = (b"trak", b"mdia", b"edts")


@attrs.frozen
class Edit:
    """Where the sound begins and ends in its own time scale."""

    timescale: int
    start: int  # of the media, encoder delay left out
    length: int


def sound_of(file: BinaryIO) -> Edit | None:
    """The edit of the first sound track; None where the file does not say (or is no MP4)."""
    moov = _moov(file)
    if moov is None:
        return None
    boxes = dict(_boxes(moov))
    movie_scale = _scale(boxes.get(b"mvhd", b""))
    for kind, body in _boxes(moov):
        if kind == b"trak":
            parts = dict(_deep(body))
            if parts.get(b"hdlr", b"")[8:12] == b"soun":
                return _edit(parts, movie_scale[0] if movie_scale else 0)
    return None


def _moov(file: BinaryIO) -> bytes | None:
    while len(head := file.read(16)) >= 8:
        size, kind = struct.unpack_from(">I4s", head)
        used = 8
        if size == 1 and len(head) == 16:
            size, used = struct.unpack_from(">Q", head, 8)[0], 16
        if kind == b"moov":
            return head[used:] + file.read(size - 16) if 16 <= size <= _LARGEST else None
        if size < used:
            return None
        file.seek(size - len(head), 1)
    return None


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8:
            return
        yield kind, data[at + 8 : at + size]
        at += size


def _deep(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    for kind, body in _boxes(data):
        yield kind, body
        if kind in _CONTAINERS:
            yield from _deep(body)


def _scale(header: bytes) -> tuple[int, int] | None:
    """(time scale, duration) of an mvhd or mdhd box."""
    form = ">QQIQ" if header[:1] == b"\x01" else ">IIII"
    if len(header) < 4 + struct.calcsize(form):
        return None
    _, _, scale, duration = struct.unpack_from(form, header, 4)
    return (scale, duration) if scale else None


def _edit(parts: dict[bytes, bytes], movie_scale: int) -> Edit | None:
    header = _scale(parts.get(b"mdhd", b""))
    if header is None:
        return None
    scale, whole = header
    real = [edit for edit in _edits(parts.get(b"elst", b"")) if edit[1] >= 0]
    if len(real) != 1 or not movie_scale:
        return Edit(scale, 0, whole)
    length, start = real[0]
    rest = whole - start
    said = length * scale // movie_scale
    # the movie's clock is often milliseconds: within two of its ticks the media header knows better
    exact = length == 0 or abs(rest - said) <= 2 * scale // movie_scale
    return Edit(scale, start, rest if exact else said)


def _edits(table: bytes) -> Iterator[tuple[int, int]]:
    """(duration in the movie's scale, media time) of each entry."""
    form = ">QqI" if table[:1] == b"\x01" else ">IiI"
    for at in range(8, len(table) - struct.calcsize(form) + 1, struct.calcsize(form)):
        duration, start, _ = struct.unpack_from(form, table, at)
        yield duration, start
