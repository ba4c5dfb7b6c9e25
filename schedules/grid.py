"""Samples and items brought onto a grid: on television everything begins and ends with a frame. Pure."""

from __future__ import annotations

import attrs

from schedules.rundown import Item
from station.words import SampleIndex


def on_grid(n: int, grid: int) -> SampleIndex:
    """The last multiple of `grid` at or before sample `n`."""
    return SampleIndex(n - n % grid)


def next_on_grid(n: int, grid: int) -> SampleIndex:
    """The first multiple of `grid` at or after sample `n`."""
    return SampleIndex(-(-n // grid) * grid)


def gridded(item: Item, grid: int) -> Item:
    """An item whose cues, segue, window and duration are multiples of `grid` samples."""
    return attrs.evolve(
        item,
        cue_in=on_grid(item.cue_in, grid),
        segue=on_grid(item.segue, grid),
        early=on_grid(item.early, grid),
        late=None if item.late is None else on_grid(item.late, grid),
        cue_out=None if item.cue_out is None else on_grid(item.cue_out, grid),
        duration=None if item.duration is None else on_grid(item.duration, grid),
    )
