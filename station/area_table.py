"""Reads a table of areas as large as a nation's at once, into arrays. Pure; a table that is not plain goes the long way, which names its lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import IO, overload

import attrs
import numpy as np
from numpy.typing import NDArray

from station.area_codes import prefix
from station.area_index import AreaIndex, Rows, Units
from station.areas import LEVELS, AreaTree, load
from station.words import AreaCode, Misheard

PLAIN_FROM = 50_000  # rows; a county's table is as quick the other way, and keeps its strings

_HEAD = b"code,name,level\n"
_PLAIN = re.compile(
    rb'(?:[0-9]{12},[^,"\r\n]{1,200},(?:province|city|county|township|village)\n)++', re.ASCII
)
# The fourth letter from the end tells the levels apart.
_LEVEL = {word.encode()[-4]: (at, len(word)) for at, word in enumerate(LEVELS)}
_BREAK = 10
_BLOCK = 2**22


@attrs.frozen(eq=False)
class PackedRows(Sequence[str]):
    """The rows of an AreaTree, held as arrays: 20 bytes a row and two a character. A row is made when it is asked for."""

    codes: NDArray[np.bytes_]  # S12, sorted
    levels: NDArray[np.uint8]
    units: Units  # a line break before and behind each name
    breaks: Rows

    def __len__(self) -> int:
        return len(self.codes)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self[one] for one in range(*at.indices(len(self)))]
        name = self.units[self.breaks[at] + 1 : self.breaks[at + 1]].tobytes().decode("utf-16-le")
        return f"{self.codes[at].decode()}{self.levels[at]}{name}"


@attrs.define(eq=False)
class PackedTree(AreaTree):
    """An AreaTree over packed rows."""

    rows: PackedRows

    def _at(self, code: str) -> int | None:
        at = int(np.searchsorted(self.rows.codes, _key(code)))
        return at if at < len(self.rows) and self.rows.codes[at] == _key(code) else None

    def _code(self, at: int) -> AreaCode:
        return AreaCode(self.rows.codes[at].decode())

    def _span(self, code: AreaCode) -> range:
        return self._coded(prefix(code))

    def _coded(self, digits: str) -> range:
        begin, end = np.searchsorted(self.rows.codes, np.array([_key(digits), _key(digits + ":")]))
        return range(int(begin), int(end))

    def _villages(self, begin: int, end: int) -> list[AreaCode]:
        inside = self.rows.codes[begin:end][self.rows.levels[begin:end] == LEVELS.index("village")]
        return list(map(AreaCode, inside.astype("U12").tolist()))

    @cached_property
    def index(self) -> AreaIndex:
        """The names, ready to be searched."""
        return AreaIndex(self.rows.units, self.rows.levels)


def _key(digits: str) -> np.bytes_:
    return np.bytes_(digits[:13].encode("ascii", "replace"))


def read(file: IO[bytes]) -> AreaTree:
    """The tree of a CSV `code,name,level` in UTF-8, from a file that can be sought. Raises Misheard naming what is wrong."""
    parts = [_part(block) for block in _blocks(file)]
    plain = [part for part in parts if part is not None]
    if plain and len(plain) == len(parts) and sum(len(part[0]) for part in plain) >= PLAIN_FROM:
        codes, levels = (np.concatenate([part[at] for part in plain]) for at in (0, 1))
        units = np.concatenate([part[2] for part in plain])
        del parts, plain
        return _sorted(codes, levels, np.concatenate((np.array([_BREAK], np.uint16), units)))
    del parts, plain
    file.seek(0)
    try:
        return load(file.read().decode("utf-8-sig").splitlines(keepends=True))
    except UnicodeDecodeError:
        raise _no_text() from None


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    """Whole lines, some megabytes at a time, without the head; nothing where the head is another."""
    head = file.read(len(_HEAD) + 4).removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    if not head.startswith(_HEAD):
        return
    rest = head[len(_HEAD) :]
    while block := file.read(_BLOCK):
        lines, line, rest = (rest + block).rpartition(b"\n")
        if lines:
            yield (lines + line).replace(b"\r\n", b"\n")
    if rest:
        yield rest + b"\n"


def _part(block: bytes) -> tuple[NDArray[np.bytes_], NDArray[np.uint8], Units] | None:
    """Codes, levels and names (each with a break behind it) of some lines; None where they are not plain."""
    if not _PLAIN.fullmatch(block):
        return None
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero(text == _BREAK)
    begins = np.concatenate((np.zeros(1, np.int64), ends[:-1] + 1))
    told, length = np.zeros(256, np.uint8), np.zeros(256, np.uint8)
    for letter, (at, many) in _LEVEL.items():
        told[letter], length[letter] = at, many
    letters = text[ends - 4]
    codes = np.empty((len(ends), 12), np.uint8)
    for digit in range(12):
        codes[:, digit] = text[begins + digit]
    names = _names(text, begins + 13, ends - length[letters] - 1)
    return codes.reshape(-1).view("S12"), told[letters], names


def _names(text: NDArray[np.uint8], begins: NDArray[np.int64], ends: NDArray[np.int64]) -> Units:
    """The names alone, a break behind each, in UTF-16. The comma behind each becomes the break."""
    edge = np.zeros(len(text) + 1, np.int8)
    edge[begins] += 1
    edge[ends + 1] -= 1
    kept = np.cumsum(edge[:-1], dtype=np.int8).view(np.bool_)
    bare = text[kept]
    bare[bare == 44] = _BREAK  # no name has a comma
    try:
        said = bytes(bare).decode("utf-8")
    except UnicodeDecodeError:
        raise _no_text() from None
    return np.frombuffer(said.encode("utf-16-le"), np.uint16)


def _no_text() -> Misheard:
    return Misheard("it is no UTF-8 text", "不是 UTF-8 文本", code="areas")


def _sorted(codes: NDArray[np.bytes_], levels: NDArray[np.uint8], units: Units) -> AreaTree:
    breaks = np.flatnonzero(units == _BREAK).astype(np.int32)
    numbers = codes.astype(np.int64)
    order = np.lexsort((levels, numbers))
    again = np.flatnonzero(numbers[order][1:] == numbers[order][:-1]) + 1
    for at in again.tolist():
        _same_name(codes, units, breaks, order[at - 1], order[at])
    order = np.delete(order, again)
    begins, lengths = breaks[:-1][order], np.diff(breaks)[order]
    target = np.concatenate((np.zeros(1, np.int64), np.cumsum(lengths[:-1])))
    source = np.arange(int(lengths.sum()), dtype=np.int32)
    source += np.repeat((begins + 1 - target).astype(np.int32), lengths)
    made = np.concatenate((units[:1], units[source]))
    new_breaks = np.flatnonzero(made == _BREAK).astype(np.int32)
    return PackedTree(PackedRows(codes[order], levels[order], made, new_breaks))


def _same_name(codes: NDArray[np.bytes_], units: Units, breaks: Rows, one: np.int64, other: np.int64) -> None:
    """A city without counties stands in tables once a level, under one code and one name; two names are a mistake."""
    first, second = (
        units[breaks[at] + 1 : breaks[at + 1]].tobytes().decode("utf-16-le") for at in (one, other)
    )
    if first != second:
        code = codes[one].decode()
        raise Misheard(
            f"area {code} has two names, {first} and {second}",
            f"区划 {code} 有两个名称:{first}、{second}",
            code="areas",
        )
