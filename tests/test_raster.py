"""Frames on the sample index."""

from hypothesis import given
from hypothesis import strategies as st

from schedules.raster import FRAME, RASTERS, first_frame, frame_at, sample_of
from station.words import frame_start


@given(st.integers(0, 1 << 47))
def test_a_frame_is_on_the_screen_from_its_first_sample_to_the_next_ones(n: int) -> None:
    k = frame_at(n)
    assert sample_of(k) <= n < sample_of(k + 1) == sample_of(k) + FRAME
    assert sample_of(k) == frame_start(k, 25, 1)


@given(st.integers(0, 1 << 47))
def test_the_first_frame_after_a_sample_never_begins_before_it(n: int) -> None:
    k = first_frame(n)
    assert sample_of(k - 1) < n <= sample_of(k)


def test_every_raster_has_even_sides_and_a_known_shape() -> None:
    shapes = {
        "576p25": 1024, "576p25-4:3": 768, "576i50": 1024, "576i50-4:3": 768, "720p25": 1280, "1080p25": 1920,
    }  # fmt: skip
    assert {name: raster.square_width for name, raster in RASTERS.items()} == shapes
    assert all(r.width % 2 == 0 == r.height % 2 for r in RASTERS.values())
