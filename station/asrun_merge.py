"""What two players of a chain each wrote of the same air made one as-run log, by index. Pure; knows no table.

Both twins' lines are in the journal, each once and as they were told: that is the evidence. What was aired is what a receiver of
both heard: an item, from the first sample that either of them gave to the last, on the better rung where they differ. The
order in which lines arrived plays no part.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any, Final

import attrs

from schedules.plan import RUNGS
from station.pairs import chain_of, is_second, letter

Row = Mapping[str, Any]  # of the table of intervals: station.projections.asrun
ENDLESS: Final = 1 << 62  # an interval that is not over
BROKEN: Final = ("player restarted", "player stopped", "mixer restarted")  # it ended, what it played did not


@attrs.define
class _Piece:
    """A stretch of one item on one rung."""

    row: Row
    start: int
    end: int
    cause: str
    end_cause: str


def merged(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """One row an interval, by start, each with `players`: the letters of those that gave it."""
    groups: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in rows:
        key = (chain_of(row["chain"]), row["channel"], row["source"], row["ref"])
        groups.setdefault(key, []).append(row)
    made = [one for group in groups.values() for one in _one_log(group)]
    return sorted(made, key=lambda row: (row["start"], row["channel"], row["source"], row["ref"]))


def _one_log(group: list[Row]) -> list[dict[str, Any]]:
    if len({row["chain"] for row in group}) == 1 or group[0]["source"] == "none":
        return [{**row, "players": [letter(row["chain"])]} for row in group]
    ends = {id(row): _end(row, group) for row in group}
    lasting = [row for row in group if ends[id(row)] > row["start"]]
    return [
        {
            **piece.row,
            "start": piece.start,
            "end": None if piece.end == ENDLESS else piece.end,
            "cause": piece.cause,
            "end_cause": piece.end_cause,
            "players": sorted(
                {
                    letter(row["chain"])
                    for row in lasting
                    if row["start"] < piece.end and ends[id(row)] > piece.start
                }
            ),
        }
        for piece in _joined(_pieces(lasting, ends))
    ]


def _end(row: Row, group: list[Row]) -> int:
    """Where a row ends. One that a dead player left open ends where its twin says that the item did."""
    if row["end"] is not None:
        return int(row["end"])
    theirs = [other for other in group if other["chain"] != row["chain"]]
    last = max(theirs, key=lambda other: int(other["start"]))
    over = last["end"] is not None and last["end_cause"] not in BROKEN
    return max(int(last["end"]), int(row["start"])) if over else ENDLESS


def _pieces(rows: list[Row], ends: Mapping[int, int]) -> list[_Piece]:
    """For each stretch between two edges what was heard of it, the best first."""
    edges = sorted({edge for row in rows for edge in (int(row["start"]), ends[id(row)])})
    found = []
    for a, b in pairwise(edges):
        here = [row for row in rows if row["start"] <= a and ends[id(row)] >= b]
        if here:
            best = min(here, key=lambda row: (RUNGS.index(row["rung"]), is_second(row["chain"])))
            found.append(_Piece(best, a, b, best["cause"], best["end_cause"]))
    return found


def _joined(pieces: list[_Piece]) -> list[_Piece]:
    """Stretches that follow each other on one rung are one; where the rung changes, why is what ended the one before."""
    made: list[_Piece] = []
    for piece in pieces:
        before = made[-1] if made and made[-1].end == piece.start else None
        if before is not None and before.row["rung"] == piece.row["rung"]:
            before.end, before.end_cause = piece.end, piece.end_cause
            continue
        if before is not None and piece.row["start"] < piece.start:
            piece.cause = before.end_cause
        if before is not None and before.row["end"] != before.end:
            before.end_cause = piece.cause
        made.append(piece)
    return made
