"""Pictures as small grids of luma means: what a received one, a stored one and a due one with its graphics amount to, and how they compare. Pure; knows no plan, no file, no clock.

A grid has 18 rows of 20 cells, each the mean luma (0 to 255) of its part of the picture. Where graphics cover a part of
a cell, what is due there is known less exactly: the tolerance is wider. The limits were set on x264 at 2 to 4 Mbit/s;
as limits of what an eye would notice they are unverified.
"""

from __future__ import annotations

from typing import Any, Final, Literal

import attrs
import numpy as np
from numpy.typing import NDArray

from schedules.planes import Hole, Image, Plane
from schedules.raster import Raster

ROWS: Final = 18
COLS: Final = 20
CELLS: Final = ROWS * COLS

Stored = NDArray[np.uint8]  # (18, 20), rounded
Grid = NDArray[np.float32]  # (18, 20)
Cells = NDArray[np.bool_]

TOLERANCE: Final = 9.0  # levels of luma by which a cell's mean may differ
SOFT: Final = 60.0  # added where graphics cover half of a cell
FEW: Final = 2  # cells that may differ all the same
BLACK: Final = 24  # no cell of a black picture is brighter
SHOWN: Final = 40  # a picture with a cell brighter than this is not black
STILL: Final = 2.0  # levels by which no cell of a frozen picture moves
MOVED: Final = 6.0  # levels by which a cell of what is due must have moved meanwhile

Likeness = Literal["same", "black", "level", "over", "other"]


def grid_of(luma: Plane) -> Stored:
    """The grid of a picture of any size; every second line is looked at. Raises ValueError below 20 × 36 pixels."""
    high, wide = luma.shape[0] // (2 * ROWS), luma.shape[1] // COLS
    if not high or not wide:
        raise ValueError(f"a picture of {luma.shape[1]} × {luma.shape[0]} pixels has no grid")
    lines = luma[: 2 * ROWS * high : 2, : COLS * wide]
    columns = lines.reshape(ROWS, high, COLS * wide).sum(axis=1, dtype=np.uint32)
    cells = columns.reshape(ROWS, COLS, wide).sum(axis=2)
    area = high * wide
    made: Stored = ((cells + area // 2) // area).astype(np.uint8)
    return made


@attrs.frozen(kw_only=True, eq=False)
class Layer:
    """A picture laid over others as cells see it: the share it covers, and the light it adds."""

    place: tuple[slice, slice]
    cover: Grid
    light: Grid


def layer_of(image: Image, raster: Raster) -> Layer:
    """An image's share of the cells it touches; what lies outside the raster does not count."""
    high, wide = raster.height // ROWS, raster.width // COLS
    top, left = max(0, image.y), max(0, image.x)
    bottom = min(image.y + image.height, raster.height)
    right = min(image.x + image.width, raster.width)
    r0, r1 = top // high, max(top // high, -(-bottom // high))
    c0, c1 = left // wide, max(left // wide, -(-right // wide))
    source = np.s_[top - image.y : bottom - image.y, left - image.x : right - image.x]
    target = np.s_[top - r0 * high : bottom - r0 * high, left - c0 * wide : right - c0 * wide]
    grids = []
    for plane in (image.a, image.luma):
        whole = np.zeros(((r1 - r0) * high, (c1 - c0) * wide), dtype=np.uint8)
        whole[target] = plane[source]
        columns = whole.reshape(r1 - r0, high, -1).sum(axis=1, dtype=np.uint32)
        grids.append(columns.reshape(r1 - r0, c1 - c0, wide).sum(axis=2).astype(np.float32) / (high * wide))
    return Layer(place=(slice(r0, r1), slice(c0, c1)), cover=grids[0] / 255, light=grids[1])


@attrs.frozen(kw_only=True, eq=False)
class Due:
    """What a picture should look like, by how much each cell may differ, and where graphics lie."""

    grid: Grid
    tolerance: Grid
    free: Cells  # cells that show nothing but the programme


@attrs.frozen
class Shrunk:
    """What is below it goes on at half its size, from this row and column on: of four cells each."""

    row: int
    column: int

    def lay(self, grid: Grid) -> None:
        """Lay what is there into its place; what is around it stays."""
        four = grid.reshape(ROWS // 2, 2, COLS // 2, 2).mean(axis=(1, 3))
        grid[self.row : self.row + ROWS // 2, self.column : self.column + COLS // 2] = four


def shrunk_of(hole: Hole, raster: Raster) -> Shrunk:
    """A hole as cells see it; its corner is one of theirs."""
    return Shrunk(hole.y * ROWS // raster.height, hole.x * COLS // raster.width)


def due_of(below: NDArray[Any] | None, layers: list[Layer | Shrunk]) -> Due:
    """A shot's grid (None: none, black) with the graphics over it. Where it is shrunk, no cell shows a part of the programme as it was stored."""
    grid = np.full((ROWS, COLS), 16.0, np.float32) if below is None else below.astype(np.float32)
    unsure = np.zeros((ROWS, COLS), np.float32)
    free = np.full((ROWS, COLS), below is not None)
    for layer in layers:
        if isinstance(layer, Shrunk):
            layer.lay(grid)
            layer.lay(unsure)
            free[:] = False
            continue
        at, left = layer.place, 1 - layer.cover
        grid[at] = grid[at] * left + layer.light
        unsure[at] = np.maximum(unsure[at] * left, 4 * layer.cover * left)
        free[at] &= layer.cover < 0.02
    return Due(grid=grid, tolerance=TOLERANCE + SOFT * unsure, free=free)


def sharp(due: Due) -> Cells:
    """Cells of which it is known exactly what they should show: programme, or what covers all of it."""
    made: Cells = due.tolerance < TOLERANCE + 1
    return made


def off(got: NDArray[Any], due: Due) -> Cells:
    """The cells in which a picture is not what is due."""
    made: Cells = np.abs(got.astype(np.float32) - due.grid) > due.tolerance
    return made


def likeness(got: Stored, due: Due) -> Likeness:
    """What a picture is against what is due."""
    wrong = off(got, due)
    if int(wrong.sum()) <= FEW:
        return "same"
    if is_black(got) and float(due.grid.max()) > SHOWN:
        return "black"
    if _levelled(got, due):
        return "level"
    return "over" if float(wrong.mean()) <= 0.4 else "other"


def is_black(got: NDArray[Any]) -> bool:
    """Whether nothing can be seen."""
    return int(got.max()) <= BLACK


def _levelled(got: Stored, due: Due) -> bool:
    """Whether it is the due picture, brighter, darker or of another contrast (a straight line fits it)."""
    x, y = due.grid.ravel().astype(np.float64), got.ravel().astype(np.float64)
    dx = x - x.mean()
    power = float((dx**2).sum())
    if power < 25.0 * CELLS:
        return False
    gain = float((dx * y).sum()) / power
    if not 0.4 < gain < 2.5:
        return False
    fitted = y.mean() + gain * dx
    return int((np.abs(y - fitted) > due.tolerance.ravel()).sum()) <= FEW


def moved(a: NDArray[Any], b: NDArray[Any], where: Cells) -> float:
    """By how many levels the cells `where` differ at most."""
    if not where.any():
        return 0.0
    return float(np.abs(a.astype(np.float32) - b.astype(np.float32))[where].max())


def distinctive(got: NDArray[Any]) -> bool:
    """Whether a picture has enough in it to be known again."""
    return float(got.std()) > 6.0
