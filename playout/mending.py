"""One medium out of its copies: what one of them has not comes from the next; what none has is left blank for exactly as long, and told. Pure; reads no file, knows no sound."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from typing import Final, Generic, Literal, TypeVar

import attrs

from station.words import Refused

HOLES: Final = 32  # in one reading; what has more of them is no programme any more


P = TypeVar("P", bound=Sized)
Read = Callable[[int], Iterator[tuple[int, P]]]  # from a position on: positions and pieces, rising


@attrs.frozen
class Mark:
    """Where a stretch of a medium comes from: `first` (included) to `last` (excluded), positions of the medium."""

    kind: Literal["file", "copy", "mended"]
    first: int
    last: int


class Mender(Generic[P]):
    """`pieces` gives a medium without a gap; raises what a copy raised, or Refused, where none of them goes on."""

    def __init__(
        self,
        copies: Sequence[Read[P]],
        end: int,
        blank: Callable[[int], Iterator[P]],
        told: Callable[[Mark], object],
        *,
        longest: int,
        faults: tuple[type[Exception], ...],
        cut: Callable[[P, int], P],
    ) -> None:
        """`copies`: the file itself, and its second copy where there is one; each may raise `faults`. `blank(count)` stands in for what no copy has,
        at most `longest` units at a time. `cut(piece, count)`: its first units."""
        self._copies, self._end, self._blank, self._told = copies, end, blank, told
        self._longest, self._faults, self._cut = longest, faults, cut
        self._holes = 0
        self._why: Exception | None = None

    def pieces(self, start: int, using: int = 0) -> Iterator[P]:
        """From position `start` to the end; `using`: the copy to begin with."""
        at, said, idle = start, 0, 0
        while at < self._end and idle < len(self._copies):
            before = at
            for first, piece in self._read(using, at):
                if first - at > self._longest:
                    break
                if said != using:
                    self._told(Mark("copy" if using else "file", at, self._end))
                    said = using
                if first > at:
                    yield from self._over(using, at, first)
                yield piece
                at = first + len(piece)
            idle = idle + 1 if at == before else 0
            using = (using + 1) % len(self._copies)
        if at < self._end:
            yield from self._last(at, read=at > start)

    def _last(self, at: int, *, read: bool) -> Iterator[P]:
        """The end, which no copy has: blank where it is short, and not all that was asked for."""
        if not read or self._end - at > self._longest:
            raise self._why or Refused(
                f"it ends at {at}, not at {self._end}", f"在 {at} 处中断,应到 {self._end}", code="truncated"
            )
        yield from self._blanked(at, self._end)

    def _over(self, using: int, first: int, last: int) -> Iterator[P]:
        """What the copy in use has not: from the other one, or blank."""
        found = [] if len(self._copies) < 2 else list(self._within(1 - using, first, last))
        if not using:
            for begin, end in _runs(found):
                self._told(Mark("copy", begin, end))
        at = first
        for place, piece in found:
            yield from self._blanked(at, place)
            yield piece
            at = place + len(piece)
        yield from self._blanked(at, last)

    def _blanked(self, first: int, last: int) -> Iterator[P]:
        if first == last:
            return
        self._holes += 1
        if self._holes > HOLES:
            raise Refused(
                f"it is damaged in more than {HOLES} places", f"损坏处超过 {HOLES} 处", code="damaged"
            )
        self._told(Mark("mended", first, last))
        yield from self._blank(last - first)

    def _within(self, copy: int, first: int, last: int) -> Iterator[tuple[int, P]]:
        """What a copy has of a stretch."""
        for place, piece in self._read(copy, first):
            if place >= last:
                return
            yield place, self._cut(piece, last - place)
            if place + len(piece) >= last:
                return

    def _read(self, copy: int, at: int) -> Iterator[tuple[int, P]]:
        try:
            yield from self._copies[copy](at)
        except self._faults as error:
            self._why = error


def _runs(found: Sequence[tuple[int, Sized]]) -> Iterator[tuple[int, int]]:
    """Pieces that follow each other, as one stretch each."""
    begin = end = -1
    for place, piece in found:
        if place != end:
            if end >= 0:
                yield begin, end
            begin = place
        end = place + len(piece)
    if end >= 0:
        yield begin, end


__all__ = ["HOLES", "Mark", "Mender", "Read"]
