"""Seconds by state of a span cut into stretches, in one pass over the runs, for a chart. Pure; knows no journal and no glass."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from safety.messages import STATES, SlotRun
from safety.slots import clip, fold, tile


def series(runs: Iterable[SlotRun], edges: Sequence[int]) -> list[dict[str, int]]:
    """Tenths of seconds by state between each two neighbouring `edges` (slots, rising); what no run covers is UNKNOWN.

    The stretches add up to the whole (L12): every slot between the first edge and the last is in exactly one.
    """
    made: list[dict[str, int]] = [dict.fromkeys(STATES, 0) for _ in edges[1:]]
    if not made:
        return made
    known = clip(fold(sorted(runs, key=lambda run: run.first)), edges[0], edges[-1])
    at = 0
    for run in tile(known, edges[0], edges[-1]):
        first = run.first
        while first < run.last:
            while edges[at + 1] <= first:
                at += 1
            last = min(run.last, edges[at + 1])
            made[at][run.state] += last - first
            first = last
    return made
