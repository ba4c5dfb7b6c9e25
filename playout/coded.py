"""A film as its channel sends it: coded once, group by group, so that on the air its pictures are taken over and not encoded again. Knows files and the channel's coder; knows no plan.

Beside the house file lie `<sha256>.h264`, its pictures as an H.264 byte stream (ITU-T H.264, annex B), and
`<sha256>.h264.json`, where each group begins, how long each picture is, and the hash of each group. A group is closed,
has its parameter sets before its first picture, and is what the channel's coder makes of the same pictures on the air.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import attrs
import cattrs
import numpy as np

from playout.delivery import fits
from playout.facts import coded_index_path, coded_path
from playout.screens import Coded
from playout.tv_encoder import PictureEncoder, rates_of
from playout.tv_house import Packed, packed_of, read_frames
from schedules.planes import blank
from schedules.raster import RASTERS, Raster
from station.files import flush, write_whole
from station.wire import lenient, to_plain
from station.words import Refused, Sha256

FORMAT: Final = "gengfu-coded/1"
_WAYS: Final = (
    (100, False),
    (100, True),
    (80, True),
    (55, True),
)  # per cent of the rate; whether a buffer of 0.3 s is held
_TOLD: Final = 5  # groups, of a second each, between two reports of progress
_LARGEST: Final = 2 << 20  # bytes of one picture


@attrs.frozen(kw_only=True)
class CodedGroup:
    """One group: where it begins in the byte stream, bytes of each picture, SHA-256 of all of them."""

    offset: int
    sizes: tuple[int, ...]
    sha256: Sha256
    fits: bool = True  # it may follow any other that does (playout.delivery); else it is encoded


@attrs.frozen(kw_only=True)
class CodedIndex:
    """What is known of a coded film."""

    film: Sha256  # the house file it was made of
    raster: str
    coder: Sha256  # see `coder_of`
    groups: tuple[CodedGroup, ...]
    format: str = FORMAT

    @property
    def frames(self) -> int:
        """How many pictures."""
        return sum(len(group.sizes) for group in self.groups)


@cache
def coder_of(raster: Raster) -> Sha256:
    """What the channel's coder is, told by what it makes of a black picture: parameter sets, its version and its options in its own words (H.264, annex D, user data)."""
    black = [plane.reshape(-1) for plane in blank(raster.width, raster.height)]
    unit = PictureEncoder(raster).encode(0, np.concatenate(black), fresh=True)
    return Sha256(hashlib.sha256(unit.data).hexdigest())


def code_film(
    house: Path,
    sha256: Sha256,
    raster: Raster,
    progress: Callable[[int], object] = lambda _done: None,
    room: Path | None = None,
) -> CodedIndex:
    """Code a house file; both files are in their place, whole and flushed, when this returns. Raises Refused, OSError, av.FFmpegError.

    `progress` is told how many pictures are done; `room`: where it is written first, on the same disk.
    """
    new = (room or house.parent) / f".ingest-{os.getpid()}.h264"
    groups: list[CodedGroup] = []
    try:
        with new.open("wb") as file:
            for number, units in enumerate(_coded(house, raster)):
                data = b"".join(units)
                groups.append(_group(file.tell(), units, data, raster))
                file.write(data)
                if (number + 1) % _TOLD == 0:
                    progress((number + 1) * raster.fps)
        index = CodedIndex(film=sha256, raster=raster.name, coder=coder_of(raster), groups=tuple(groups))
        coded_index_path(house).unlink(missing_ok=True)  # never an index beside another one's bytes
        flush(new)
        new.replace(coded_path(house))
        write_whole(coded_index_path(house), json.dumps(to_plain(index)) + "\n", sync=True)
    finally:
        new.unlink(missing_ok=True)
    return index


def _group(offset: int, units: Sequence[bytes], data: bytes, raster: Raster) -> CodedGroup:
    digest, sizes = Sha256(hashlib.sha256(data).hexdigest()), tuple(map(len, units))
    return CodedGroup(offset=offset, sizes=sizes, sha256=digest, fits=fits(sizes, rates_of(raster)))


def _coded(house: Path, raster: Raster) -> Iterator[list[bytes]]:
    """The access units of each group."""
    pictures: list[Packed] = []
    for number, (place, frame) in enumerate(read_frames(str(house))):
        if place != number:
            raise Refused(
                f"picture {number} of {house.name} is damaged",
                f"{house.name} 的第 {number} 帧已损坏",
                code="damaged",
            )
        pictures.append(packed_of(frame))
        if len(pictures) == raster.fps:
            yield _fitting(pictures, raster)
            pictures.clear()
    if pictures:
        yield _fitting(pictures, raster)


def _fitting(pictures: Sequence[Packed], raster: Raster) -> list[bytes]:
    """A group that may follow any other: as the channel codes it, else more evenly, else with fewer bits; the last of these where none may."""
    rates = rates_of(raster)
    made: list[bytes] = []
    for share, even in _WAYS:
        encoder = PictureEncoder(raster, rates.video * share // 100, rates.most if even else 0)
        made = [encoder.encode(k, picture, fresh=k == 0).data for k, picture in enumerate(pictures)]
        if fits([len(unit) for unit in made], rates):
            break
    return made


def read_index(house: Path, sha256: Sha256, raster: Raster) -> CodedIndex | None:
    """The index of a coded film; None where there is none, or it is another film's, raster's or coder's."""
    try:
        plain: Any = json.loads(coded_index_path(house).read_text(encoding="utf-8"))
        index = lenient.structure(plain, CodedIndex)
    except (OSError, ValueError, TypeError, KeyError, RecursionError, cattrs.BaseValidationError):
        return None
    known = (index.format, index.film, index.raster, index.coder)
    ours = (FORMAT, sha256, raster.name, coder_of(raster))
    return index if known == ours and _follows(index.groups, raster.fps) else None


def _follows(groups: Sequence[CodedGroup], size: int) -> bool:
    """Whether groups lie one after the other, each but the last one of `size` pictures."""
    at = 0
    for number, group in enumerate(groups):
        whole = len(group.sizes) == size or (number == len(groups) - 1 and 0 < len(group.sizes) < size)
        if group.offset != at or not whole or not all(0 < size <= _LARGEST for size in group.sizes):
            return False
        at += sum(group.sizes)
    return bool(groups)


def coded_beside(house: Path, raster: Raster) -> CodedFilm | None:
    """The coded film of a house file, which bears its hash as its name; None where there is none to be used."""
    index = read_index(house, Sha256(house.stem), raster)
    return None if index is None else CodedFilm(house, index)


class CodedFilm:
    """A coded film, read group by group; a group that is not as it was written is not there."""

    def __init__(self, house: Path, index: CodedIndex) -> None:
        self._path, self._index = coded_path(house), index
        self._group_size = RASTERS[index.raster].fps
        self._held: tuple[int, list[bytes] | None] = (-1, None)

    def has(self, number: int) -> bool:
        """Whether group `number` is there, whole and undamaged."""
        return self._group(number) is not None

    def unit(self, frame: int) -> bytes | None:
        """The access unit of a picture, counted from 0; None where it is not there."""
        number, place = divmod(frame, self._group_size)
        units = self._group(number)
        return units[place] if units is not None and place < len(units) else None

    def picture(self, frame: int) -> Coded | None:
        """The same with where it belongs."""
        unit = self.unit(frame)
        return None if unit is None else Coded(int(self._index.film[:15], 16), frame, unit)

    def _group(self, number: int) -> list[bytes] | None:
        if number != self._held[0]:
            self._held = number, self._read(number)
        return self._held[1]

    def _read(self, number: int) -> list[bytes] | None:
        if not 0 <= number < len(self._index.groups):
            return None
        group = self._index.groups[number]
        try:
            with self._path.open("rb") as file:
                file.seek(group.offset)
                data = file.read(sum(group.sizes))
        except OSError:
            return None
        if not group.fits or hashlib.sha256(data).hexdigest() != group.sha256:
            return None
        ends = list(accumulate(group.sizes))
        return [data[end - size : end] for size, end in zip(group.sizes, ends, strict=True)]


__all__ = [
    "CodedFilm",
    "CodedGroup",
    "CodedIndex",
    "code_film",
    "coded_beside",
    "coder_of",
    "fits",
    "read_index",
]
