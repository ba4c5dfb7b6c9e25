"""Pictures as grids: means, graphics over them, likeness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from safety.grids import (
    COLS,
    ROWS,
    TOLERANCE,
    Due,
    distinctive,
    due_of,
    grid_of,
    is_black,
    layer_of,
    likeness,
    moved,
    off,
    sharp,
    shrunk_of,
)  # fmt: skip
from schedules.artwork import crawl, crawl_at, logo
from schedules.planes import Hole, blank, image_of, paste
from schedules.raster import RASTERS

SD = RASTERS["576p25"]
GRID = hnp.arrays(np.uint8, (ROWS, COLS), elements=st.integers(16, 235))


def enlarged(grid: np.ndarray, wide: int = 36, high: int = 32) -> np.ndarray:
    """A picture whose cells are even."""
    return np.kron(grid, np.ones((high, wide), np.uint8))


def scene(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(30, 220, (ROWS, COLS)).astype(np.uint8)


@given(GRID, st.sampled_from([(36, 32), (64, 40), (96, 60)]))
def test_the_grid_of_even_cells_is_the_cells(cells, size) -> None:
    assert (grid_of(enlarged(cells, *size)) == cells).all()


def test_a_picture_of_another_shape_has_a_grid_too_and_a_tiny_one_has_none() -> None:
    assert grid_of(np.full((288, 352), 77, np.uint8)).tolist() == [[77] * COLS] * ROWS
    with pytest.raises(ValueError, match="no grid"):
        grid_of(np.zeros((30, 40), np.uint8))


@given(
    st.integers(-60, 900),
    st.integers(-60, 700),
    st.integers(1, 200),
    st.integers(1, 200),
    st.integers(0, 255),
)
def test_due_is_the_grid_of_what_is_pasted(x, y, w, h, alpha) -> None:
    """On an even ground nothing is lost by working in cells."""
    rgba = np.zeros((2 * h, 2 * w, 4), np.uint8)
    rgba[..., 0], rgba[..., 3] = 200, alpha
    image = image_of(rgba, "bt601", 2 * (x // 2), 2 * (y // 2))
    frame = blank(SD.width, SD.height, luma=120)
    paste(frame, image)
    cells = np.full((ROWS, COLS), 120, np.uint8)
    inside = image.x < SD.width and image.y < SD.height and image.x + 2 * w > 0 and image.y + 2 * h > 0
    due = due_of(cells, [layer_of(image, SD)] if inside else [])
    whole = frame[0].reshape(ROWS, 32, COLS, 36).mean(axis=(1, 3))
    assert np.abs(due.grid - whole).max() < 1.0
    assert (due.free | (np.abs(due.grid - 120) >= 0)).all()


def test_a_crawl_and_a_logo_over_a_scene_read_the_same_as_when_pasted() -> None:
    cells = scene(1)
    frame = (enlarged(cells), *blank(SD.width, SD.height)[1:])
    made = crawl(SD, "淠河上游水位上涨,请立即转移", 1)
    images = [logo(SD, "寿县"), *crawl_at(made, 90)]
    for image in images:
        paste(frame, image)
    due = due_of(cells, [layer_of(image, SD) for image in images])
    assert likeness(grid_of(frame[0]), due) == "same"
    bare = due_of(cells, [])
    assert likeness(grid_of(frame[0]), bare) == "over"
    other = due_of(cells, [layer_of(image, SD) for image in [images[0], *crawl_at(made, 10)]])
    assert likeness(grid_of(frame[0]), other) == "over"
    assert not due.free[16].any()
    assert due.free[5].all()


@given(GRID, hnp.arrays(np.int16, (ROWS, COLS), elements=st.integers(-8, 8)))
def test_small_errors_of_a_codec_are_no_difference(cells, error) -> None:
    got = (cells + error).clip(0, 255).astype(np.uint8)
    assert likeness(got, due_of(cells, [])) == "same"


def test_every_kind_of_difference_has_its_name() -> None:
    cells = scene(2)
    due = due_of(cells, [])
    black = np.full_like(cells, 16)
    assert likeness(black, due) == "black"
    assert likeness((cells * 0.7 + 20).astype(np.uint8), due) == "level"
    assert likeness(scene(3), due) == "other"
    corner = cells.copy()
    corner[:4, :5] = 255
    assert likeness(corner, due) == "over"
    upside = cells[::-1]
    assert likeness(upside, due) == "other"


def test_black_where_black_is_due_is_right() -> None:
    black = np.full((ROWS, COLS), 17, np.uint8)
    assert is_black(black)
    assert likeness(black, due_of(None, [])) == "same"


def test_a_flat_picture_is_not_taken_for_another_brightness() -> None:
    assert (
        likeness(np.full((ROWS, COLS), 90, np.uint8), due_of(np.full((ROWS, COLS), 140, np.uint8), []))
        == "other"
    )
    inverted = (255 - scene(4)).astype(np.uint8)
    assert likeness(inverted, due_of(scene(4), [])) == "other"


def test_movement_is_looked_for_only_where_it_may() -> None:
    a, b = scene(5), scene(5)
    b[0, 0] = a[0, 0] ^ 0x40
    everywhere = np.ones((ROWS, COLS), bool)
    elsewhere = everywhere.copy()
    elsewhere[0, 0] = False
    assert moved(a, b, everywhere) == 64
    assert moved(a, b, elsewhere) == 0
    assert moved(a, b, ~everywhere) == 0


def test_a_flat_picture_is_not_distinctive() -> None:
    assert distinctive(scene(6))
    assert not distinctive(np.full((ROWS, COLS), 80, np.uint8))
    assert TOLERANCE < 16


def test_a_cell_is_off_beyond_its_tolerance_and_not_at_it() -> None:
    grid, tolerance = np.full((ROWS, COLS), 100.0, np.float32), np.full((ROWS, COLS), 8.0, np.float32)
    due = Due(grid=grid, tolerance=tolerance, free=np.ones((ROWS, COLS), bool))
    got = np.full((ROWS, COLS), 100, np.uint8)
    got[0, :4] = (108, 109, 92, 91)
    assert off(got, due).sum() == 2 and off(got, due)[0, 1] and off(got, due)[0, 3]


def test_two_cells_may_differ_and_three_may_not() -> None:
    cells = scene(3)
    for wrong, said in ((2, "same"), (3, "over")):
        got = cells.copy()
        got.flat[:wrong] = 255 - got.flat[:wrong] // 2
        assert likeness(got, due_of(cells, [])) == said


def test_what_is_known_exactly_is_programme_or_what_covers_all_of_it() -> None:
    assert sharp(due_of(scene(3), [])).all()
    due = Due(
        grid=scene(3).astype(np.float32),
        tolerance=np.full((ROWS, COLS), TOLERANCE + 1),
        free=np.ones((ROWS, COLS), bool),
    )
    assert not sharp(due).any()


@pytest.mark.parametrize(("bright", "said"), [(40, "over"), (41, "black")])
def test_a_dark_picture_is_not_missed_where_what_is_due_is_dark_too(bright, said) -> None:
    due = np.full((ROWS, COLS), 20, np.uint8)
    due.flat[:5] = bright
    assert likeness(np.full((ROWS, COLS), 20, np.uint8), due_of(due, [])) == said


@pytest.mark.parametrize("name", RASTERS)
def test_a_picture_at_half_its_size_has_cells_of_four_of_the_whole_ones(name: str) -> None:
    raster = RASTERS[name]
    x, y = raster.hole
    hole = Hole(x=x, y=y, woven=raster.interlaced)
    rows, cols = np.mgrid[0 : raster.height, 0 : raster.width]
    frame = blank(raster.width, raster.height)
    frame[0][:] = 30 + 150 * rows // raster.height + 40 * cols // raster.width
    below = grid_of(frame[0])
    hole.shrink(frame)
    due = due_of(below, [shrunk_of(hole, raster)])
    row, column = y * ROWS // raster.height, x * COLS // raster.width
    small = np.s_[row : row + ROWS // 2, column : column + COLS // 2]
    assert np.abs(due.grid[small] - grid_of(frame[0])[small]).max() < 1.5
    around = np.ones((ROWS, COLS), bool)
    around[small] = False
    assert np.array_equal(due.grid[around], below[around])
    assert not due.free.any() and (due.tolerance == TOLERANCE).all()


def test_what_lies_over_a_picture_before_it_is_shrunk_is_known_less_exactly_in_the_small_one() -> None:
    mark = layer_of(logo(SD, "寿县"), SD)
    x, y = SD.hole
    whole, small = (
        due_of(np.full((ROWS, COLS), 90), [mark]),
        due_of(np.full((ROWS, COLS), 90), [mark, shrunk_of(Hole(x=x, y=y), SD)]),
    )
    four = whole.tolerance.reshape(ROWS // 2, 2, COLS // 2, 2).mean(axis=(1, 3))
    assert np.allclose(small.tolerance[6:15, 9:19], four)
