"""Finds areas among hundreds of thousands by name, pinyin or initials within milliseconds, on arrays made once. Pure; knows no code and no tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import attrs
import numpy as np
from numpy.typing import NDArray

from station.pinyin import readings

Units = NDArray[np.uint16]
Keys = NDArray[np.uint64]
Rows = NDArray[np.int32]

LONGEST = 64  # characters of a search; the rest is cut off
LETTERS = 10  # of six bits, in a word of 60
_CHUNK = 262_144
_BREAK = 10  # the line break between two names
_OWN = 0xF000  # private characters that stand for a reading within a phrase; a name's own are not read
_DEEPEST = 12  # characters of a name that its keys are made of


@attrs.frozen(eq=False)
class _Alphabet:
    """For each UTF-16 unit: letters of its syllable, their number; the same for second readings."""

    bits: NDArray[np.uint64]
    length: NDArray[np.uint8]
    second_bits: NDArray[np.uint64]
    second_length: NDArray[np.uint8]
    doubtful: NDArray[np.bool_]  # has a second reading
    ambiguous: NDArray[np.bool_]  # begins a phrase
    phrases: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]  # units, and those that replace them


def _letter(char: str) -> int:
    """1 to 26 for letters, 27 to 36 for digits, 0 for all else."""
    if "a" <= char <= "z":
        return ord(char) - 96
    return ord(char) - 21 if "0" <= char <= "9" else 0


def _pack(word: str) -> int:
    packed = 0
    for char in word:
        packed = packed << 6 | _letter(char)
    return packed


@cache
def _alphabet() -> _Alphabet:
    bits, length = np.zeros(65_536, np.uint64), np.zeros(65_536, np.uint8)
    table = readings()
    for code in range(33, 127):
        if _letter(chr(code).lower()):
            bits[code], length[code] = _letter(chr(code).lower()), 1
    for char, said in table.first.items():
        if ord(char) < _OWN:
            bits[ord(char)], length[ord(char)] = _pack(said), len(said)
    second_bits, second_length = bits.copy(), length.copy()
    for char, said in table.second.items():
        second_bits[ord(char)], second_length[ord(char)] = _pack(said), len(said)
    phrases, ambiguous, own = [], np.zeros(65_536, np.bool_), _OWN
    for phrase, sounds in table.phrases.items():
        made = []
        for said in sounds:
            for some, many in ((bits, length), (second_bits, second_length)):
                some[own], many[own] = _pack(said), len(said)
            made.append(own)
            own += 1
        phrases.append((tuple(map(ord, phrase)), tuple(made)))
        ambiguous[ord(phrase[0])] = True
    doubtful = second_bits != bits
    return _Alphabet(bits, length, second_bits, second_length, doubtful, ambiguous, tuple(phrases))


@attrs.frozen(eq=False)
class _Sorted:
    """Rows in the order of a key of two words; several keys may belong to one row."""

    first: Keys
    second: Keys
    rows: Rows

    def like(self, wanted: str) -> tuple[Rows, Rows]:
        """The rows whose key is `wanted`, and those whose key only begins so."""
        high, low = (_pack(wanted[at : at + LETTERS]) for at in (0, LETTERS))
        used, more = min(len(wanted), LETTERS), min(max(len(wanted) - LETTERS, 0), LETTERS)
        begin, end = _span(self.first, high, used)
        rows, rest = self.rows[begin:end], self.second[begin:end]
        if more:
            floor, top = _bounds(low, more)
            keep = (rest >= floor) & (rest < top)
            rows, rest = rows[keep], rest[keep]
            whole = rest == floor
        else:
            whole = (self.first[begin:end] == np.uint64(high << 6 * (LETTERS - used))) & (rest == 0)
        return rows[whole], rows[~whole]


def _bounds(key: int, letters: int) -> tuple[np.uint64, np.uint64]:
    shift = 6 * (LETTERS - letters)
    return np.uint64(key << shift), np.uint64(key + 1 << shift)


def _span(keys: Keys, key: int, letters: int) -> tuple[int, int]:
    floor, top = _bounds(key, letters)
    return int(np.searchsorted(keys, floor)), int(np.searchsorted(keys, top))


class AreaIndex:
    """The names of areas, by row. Memory: about 45 bytes a name; nothing of it changes afterwards."""

    def __init__(self, units: Units, levels: NDArray[np.uint8]) -> None:
        """`units` in UTF-16: a line break, then the name of each row, each with a line break behind it.

        `levels`: one of each row, 0 the highest; of two that fit alike the higher is found first, then the earlier row.
        """
        capital = (units >= 65) & (units <= 90)
        self._units: Units = np.where(capital, units + np.uint16(32), units)
        breaks = np.flatnonzero(self._units == _BREAK).astype(np.int32)
        self._begin: Rows = breaks[:-1] + np.int32(1)
        self._end: Rows = breaks[1:]
        self._common = _counts(self._units)
        first, second = self._units[self._begin], self._units[np.minimum(self._begin + 1, self._end)]
        self._head = first.astype(np.uint32) << np.uint32(16) | second
        self._order = levels.astype(np.int32) << np.int32(26) | np.arange(len(levels), dtype=np.int32)
        self._initials, self._pinyin = self._spelled()

    def __len__(self) -> int:
        return len(self._begin)

    # ---- made once ----

    def _spelled(self) -> tuple[_Sorted, _Sorted]:
        table = _alphabet()
        read = self._with_phrases(table)
        places = np.flatnonzero(table.doubtful[read])
        others = np.unique(np.searchsorted(self._begin, places, "right") - 1).astype(np.int32)
        rows = np.concatenate((np.arange(len(self), dtype=np.int32), others))
        once = _keys(read, self._begin, self._end, table.bits, table.length)
        again = _keys(read, self._begin[others], self._end[others], table.second_bits, table.second_length)
        made = []
        for at in (0, 1):
            high, low = (np.concatenate((once[at][word], again[at][word])) for word in (0, 1))
            order = np.argsort(high)
            made.append(_Sorted(high[order], low[order], rows[order]))
        return made[0], made[1]

    def _with_phrases(self, table: _Alphabet) -> Units:
        read = self._units.copy()
        at = np.flatnonzero(table.ambiguous[read])
        heads = read[at]
        for units, own in table.phrases:
            found = at[heads == units[0]]
            for away, unit in enumerate(units[1:], 1):
                found = found[self._units[found + away] == unit]  # a break ends every name, so none runs over
            for away, unit in enumerate(own):
                read[found + away] = unit
        return read

    # ---- asked ----

    def find(self, wanted: str, limit: int) -> Iterator[tuple[int, Rows]]:
        """(rank, rows) of `wanted` (lower case, without blanks), best rank first; rows in order, `limit` and more.

        Ranks: 0 whole name, 1 whole pinyin or initials, 2 begins a name, 3 within a name, 4 begins initials, 5 begins pinyin.
        """
        units = np.frombuffer(wanted[:LONGEST].encode("utf-16-le", "surrogatepass"), np.uint16)
        if not len(units) or _BREAK in units:
            return
        whole, begins = self._named(units)
        spoken = wanted.isascii() and wanted.isalnum()
        ones, some = self._initials.like(wanted) if spoken and len(wanted) <= _DEEPEST else (_NONE, _NONE)
        others, more = self._pinyin.like(wanted) if spoken else (_NONE, _NONE)
        yield 0, self._sorted(whole)
        yield 1, self._sorted(np.concatenate((ones, others)))
        yield 2, self._sorted(begins)
        yield 3, self._sorted(self._within(units, limit))
        yield 4, self._sorted(some)
        yield 5, self._sorted(more)

    def _sorted(self, rows: Rows, most: int = 512) -> Rows:
        """The higher levels first, then by row; no more than anybody asks for."""
        keys = self._order[rows]
        if len(keys) > most:
            keys = np.partition(keys, most)[:most]
        return np.unique(keys) & np.int32(2**26 - 1)

    def _named(self, units: Units) -> tuple[Rows, Rows]:
        """The rows whose name is this, and those that only begin so."""
        if len(units) == 1:
            rows = np.flatnonzero(self._head >> np.uint32(16) == units[0])
        else:
            head = np.uint32(int(units[0]) << 16 | int(units[1]))
            rows = np.flatnonzero(self._head == head)
        for away in range(2, len(units)):
            rows = rows[self._end[rows] - self._begin[rows] > away]
            rows = rows[self._units[self._begin[rows] + away] == units[away]]
        whole = self._end[rows] - self._begin[rows] == len(units)
        return rows[whole].astype(np.int32), rows[~whole].astype(np.int32)

    def _within(self, units: Units, limit: int) -> Rows:
        """The first rows that have it anywhere; looks for the rarest character, chunk by chunk, until there are enough."""
        rarest = int(np.argmin(self._common[units]))
        last = len(self._units) - len(units)  # where it may begin at the latest
        found: list[NDArray[np.int64]] = []
        enough = 0
        for begin in range(0, last + 1 if self._common[units[rarest]] else 0, _CHUNK):
            end = min(begin + _CHUNK, last + 1)
            mask = self._units[begin + rarest : end + rarest] == units[rarest]
            for away, unit in enumerate(units):
                if not mask.any():
                    break
                mask &= self._units[begin + away : end + away] == unit
            found.append(np.flatnonzero(mask) + begin)
            enough += len(found[-1])
            if enough > 8 * limit + 64:  # a name may have it twice; the same are named and begun
                break
        places = np.concatenate(found) if found else np.zeros(0, np.int64)
        return np.unique(np.searchsorted(self._begin, places, "right") - 1).astype(np.int32)


_NONE: Rows = np.zeros(0, np.int32)


def _counts(units: Units) -> NDArray[np.int64]:
    """How often each unit stands there; in parts, for counting takes eight bytes a unit."""
    total = np.zeros(65_536, np.int64)
    for begin in range(0, len(units), _CHUNK):
        total += np.bincount(units[begin : begin + _CHUNK], minlength=65_536)
    return total


def _keys(
    read: Units, begin: Rows, end: Rows, bits: NDArray[np.uint64], length: NDArray[np.uint8]
) -> tuple[tuple[Keys, Keys], tuple[Keys, Keys]]:
    """(initials, pinyin) of names, each of two words of ten letters; what does not fit is left out.

    Behind the end of a name stands a break, which has no letter: no name needs to be looked at by itself.
    """
    initials = [np.zeros(len(begin), np.uint64) for _ in range(2)]
    pinyin = [np.zeros(len(begin), np.uint64) for _ in range(2)]
    used, heads = (np.zeros(len(begin), np.int16) for _ in range(2))
    first = bits >> (6 * np.maximum(length, 1) - 6).astype(np.uint64)
    one = np.minimum(length, 1)
    for away in range(_DEEPEST):
        unit = read[np.minimum(begin + np.int32(away), end)]
        heads = _append(initials, heads, first[unit], one[unit], away)
        used = _append(pinyin, used, bits[unit], length[unit], 6 * away)
    return (initials[0], initials[1]), (pinyin[0], pinyin[1])


def _append(
    words: list[Keys], used: NDArray[np.int16], bits: Keys, letters: NDArray[np.uint8], most: int
) -> NDArray[np.int16]:
    """Put letters behind those that are there, `most` at most; returns how many then are."""
    end = used + letters
    if most + 6 <= LETTERS:  # no syllable is longer than six letters: none is over the edge yet
        words[0] |= bits << (6 * (LETTERS - end)).astype(np.uint64)
        return end
    words[0] |= _shifted(bits, LETTERS - end)
    late = np.flatnonzero(end > LETTERS)
    words[1][late] |= _shifted(bits[late], 2 * LETTERS - end[late])
    return end


def _shifted(bits: Keys, letters: NDArray[np.int16]) -> Keys:
    """Moved up by so many letters, down where that is below zero; only what lies within ten letters stays."""
    up = (6 * np.clip(letters, 0, LETTERS)).astype(np.uint64)
    down = (6 * np.clip(-letters, 0, LETTERS)).astype(np.uint64)
    return ((bits << up) >> down) & np.uint64((1 << 6 * LETTERS) - 1)


def units_of(names: Iterable[str]) -> Units:
    """The units of names as an index wants them."""
    text = "".join(("\n", *(f"{name}\n" for name in names)))
    return np.frombuffer(text.encode("utf-16-le", "surrogatepass"), np.uint16)


def first_rows(ranked: Iterable[tuple[int, Sequence[int]]], limit: int) -> list[int]:
    """The best `limit` rows, each once."""
    chosen: dict[int, None] = {}
    for _, rows in ranked:
        for row in rows[: limit + len(chosen)]:
            chosen.setdefault(row)
        if len(chosen) >= limit:
            break
    return list(chosen)[:limit]
