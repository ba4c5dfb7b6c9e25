"""Aircheck: what was on the air, in pieces of ten minutes with their hashes, and which of them are kept. Knows files and their index; knows no ring and no encoder."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import attrs

from station.files import flush, hash_of
from station.wire import canonical, from_plain, to_plain
from station.words import SAMPLE_RATE, SampleIndex, Sha256

SPAN: Final = 600 * SAMPLE_RATE  # samples of a piece, which begins and ends at multiples of it where it can
INDEX: Final = "index.jsonl"
ENDING: Final = ".opus"
UNDER_WAY: Final = ".part"
_FIRST: Final = "0" * 64


@attrs.frozen(kw_only=True)
class Piece:
    """One finished file: `samples` at 48 kHz from absolute sample `start`. `before`: the hash of the index line before, so that none can be taken out unseen."""

    start: SampleIndex
    samples: int
    file: str
    sha256: Sha256
    gaps: tuple[tuple[SampleIndex, SampleIndex], ...] = ()  # silence in place of what the recorder missed
    before: str = _FIRST

    @property
    def end(self) -> SampleIndex:
        """The sample after the last."""
        return SampleIndex(self.start + self.samples)


def read(directory: Path) -> list[Piece]:
    """The pieces in the index, the oldest first; a last line that was half written is passed over."""
    try:
        lines = (directory / INDEX).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    return [from_plain(json.loads(line), Piece) for line in lines if line.endswith("}")]


def keep(directory: Path, start: SampleIndex, samples: int, gaps: Iterable[tuple[int, int]]) -> Piece:
    """Take the file that was under way from `start` into the index; it and its line are on the disk when this returns."""
    under_way, name = directory / f"{start}{UNDER_WAY}", f"{start}{ENDING}"
    held = read(directory)
    piece = Piece(
        start=start,
        samples=samples,
        file=name,
        sha256=hash_of(under_way),
        gaps=tuple((SampleIndex(a), SampleIndex(b)) for a, b in gaps),
        before=link(held[-1]) if held else _FIRST,
    )
    flush(under_way)
    under_way.replace(directory / name)
    with (directory / INDEX).open("a", encoding="utf-8") as file:
        file.write(canonical(to_plain(piece)) + "\n")
    flush(directory / INDEX)
    return piece


def link(piece: Piece) -> str:
    """What the next line says of this one."""
    return hashlib.sha256(canonical(to_plain(piece)).encode()).hexdigest()


def broken(pieces: list[Piece]) -> list[Piece]:
    """Pieces whose line before is not the one they were written after."""
    return [after for one, after in itertools.pairwise(pieces) if after.before != link(one)]


def prune(directory: Path, oldest: SampleIndex) -> None:
    """Remove the files of pieces that ended before `oldest`; their lines stay, so that the chain holds."""
    there = {path.name for path in directory.glob(f"*{ENDING}")}  # a few; the index goes back for ever
    for piece in read(directory):
        if piece.end >= oldest:
            return
        if piece.file in there:
            (directory / piece.file).unlink()


def found(pieces: Iterable[Piece], first: SampleIndex, last: SampleIndex) -> list[Piece]:
    """The pieces in which something between two samples is."""
    return [piece for piece in pieces if piece.start < last and piece.end > first]


def missing(
    pieces: Iterable[Piece], first: SampleIndex, last: SampleIndex
) -> list[tuple[SampleIndex, SampleIndex]]:
    """What of a span is in none of them: between pieces, and what the recorder missed."""
    holes: list[tuple[SampleIndex, SampleIndex]] = []
    at = first
    for piece in found(pieces, first, last):
        holes += [(at, piece.start), *((max(a, first), min(b, last)) for a, b in piece.gaps)]
        at = max(at, piece.end)
    holes.append((at, last))
    return [(a, b) for a, b in holes if b > a]
