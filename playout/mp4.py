"""What of an MP4's sound is presented, and when: media header, edit list and iTunes' gapless note (ISO/IEC 14496-12, 8.4.2 and 8.6.6). Pure but for reading the file it is given; decodes nothing."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

import attrs

_LARGEST: Final = 64 << 20  # bytes of a moov box that is still read
_MOST_EDITS: Final = 1_000
_CONTAINERS: Final = (b"trak", b"mdia", b"edts", b"minf", b"stbl")
_PROTECTED: Final = (b"enca", b"drms")
_USUAL_RATE: Final = 1 << 16
# iTunes' note: five or more words of eight hexadecimal digits; the second is the encoder's delay, the fourth how many samples
_GAPLESS: Final = re.compile(
    rb"iTunSMPB.{1,40}? [0-9A-F]{8} ([0-9A-F]{8}) [0-9A-F]{8} ([0-9A-F]{16})", re.DOTALL
)


@attrs.frozen
class Edit:
    """A part of the media that is presented, in the track's time scale."""

    start: int | None  # of the media; None: nothing is presented, for as long as `length`
    length: int | None  # None: to the end of the media, which the file does not give


@attrs.frozen
class Track:
    """The sound of an MP4: its edits one after the other."""

    timescale: int
    edits: tuple[Edit, ...]
    told: bool  # whether the file itself says where its sound begins
    encrypted: bool = False  # a protected sample description (8.12)
    speeds: bool = False  # an edit is presented at another speed than its own


def sound_of(file: BinaryIO) -> Track | None:
    """The first sound track; None where the file does not say (or is no MP4)."""
    moov = _moov(file)
    if moov is None:
        return None
    boxes = dict(_boxes(moov))
    movie_scale = _scale(boxes.get(b"mvhd", b""))
    for kind, body in _boxes(moov):
        if kind == b"trak":
            parts = _parts(body)
            if parts.get(b"hdlr", b"")[8:12] == b"soun":
                return _track(parts, movie_scale[0] if movie_scale else 0, moov)
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


def _parts(track: bytes) -> dict[bytes, bytes]:
    """The boxes of a track; of two of a kind the first, which is the outer one."""
    found: dict[bytes, bytes] = {}
    for kind, body in _deep(track):
        found.setdefault(kind, body)
    return found


def _scale(header: bytes) -> tuple[int, int] | None:
    """(time scale, duration) of an mvhd or mdhd box."""
    form = ">QQIQ" if header[:1] == b"\x01" else ">IIII"
    if len(header) < 4 + struct.calcsize(form):
        return None
    _, _, scale, duration = struct.unpack_from(form, header, 4)
    return (scale, duration) if scale else None


def _track(parts: dict[bytes, bytes], movie_scale: int, moov: bytes) -> Track | None:
    header = _scale(parts.get(b"mdhd", b""))
    if header is None:
        return None
    scale, whole = header
    listed = list(_edits(parts.get(b"elst", b"")))[:_MOST_EDITS] if movie_scale else []
    gapless = _GAPLESS.search(moov)
    if listed:
        edits = tuple(_edit(one, scale, whole, movie_scale) for one in listed)
    elif gapless:
        edits = (Edit(int(gapless[1], 16), int(gapless[2], 16)),)
    else:
        edits = (Edit(0, whole or None),)
    return Track(
        scale,
        edits,
        told=bool(listed or gapless),
        encrypted=_protected(parts.get(b"stsd", b"")),
        speeds=any(rate != _USUAL_RATE for _, start, rate in listed if start >= 0),
    )


def _edit(listed: tuple[int, int, int], scale: int, whole: int, movie_scale: int) -> Edit:
    length, start, _ = listed
    said = length * scale // movie_scale
    if start < 0:
        return Edit(None, said)
    if not whole:  # a fragmented file: its movie fragments hold the media
        return Edit(start, said or None)
    rest = max(0, whole - start)
    # the movie's clock is often milliseconds: within two of its ticks the media header knows better
    exact = length == 0 or abs(rest - said) <= 2 * scale // movie_scale
    return Edit(start, rest if exact else min(said, rest))


def _edits(table: bytes) -> Iterator[tuple[int, int, int]]:
    """(duration in the movie's scale, media time, rate in 16.16) of each entry."""
    form = ">QqI" if table[:1] == b"\x01" else ">IiI"
    for at in range(8, len(table) - struct.calcsize(form) + 1, struct.calcsize(form)):
        yield struct.unpack_from(form, table, at)


def _protected(descriptions: bytes) -> bool:
    """Whether the first sample description is one of protected media."""
    return any(kind in _PROTECTED or b"sinf" in body for kind, body in _boxes(descriptions[8:]))


__all__ = ["Edit", "Track", "sound_of"]
