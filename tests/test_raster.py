"""Frames on the sample index."""

from hypothesis import given
from hypothesis import strategies as st

from schedules.raster import FRAME, RASTERS, first_frame, frame_at, grid_of, sample_of
from station.words import SAMPLE_RATE, frame_start

RASTER = st.sampled_from(list(RASTERS.values()))


@given(RASTER, st.integers(0, 1 << 47))
def test_a_frame_is_on_the_screen_from_its_first_sample_to_the_next_ones(raster, n: int) -> None:
    k = raster.frame_at(n)
    assert raster.sample_of(k) <= n < raster.sample_of(k + 1) == raster.sample_of(k) + raster.frame
    assert raster.sample_of(k) == frame_start(k, raster.fps, 1)
    if raster.fps == 25:
        assert (k, raster.sample_of(k), raster.frame) == (frame_at(n), sample_of(k), FRAME)


@given(RASTER, st.integers(0, 1 << 47))
def test_the_first_frame_after_a_sample_never_begins_before_it(raster, n: int) -> None:
    k = raster.first_frame(n)
    assert raster.sample_of(k - 1) < n <= raster.sample_of(k)
    assert raster.fps != 25 or k == first_frame(n)


def test_a_second_holds_whole_frames_in_samples_and_in_ticks() -> None:
    for raster in RASTERS.values():
        assert raster.fps * raster.frame == SAMPLE_RATE and raster.fps * raster.ticks == 90_000


def test_every_raster_has_even_sides_and_a_known_shape() -> None:
    shapes = {
        "576p25": 1024, "576p25-4:3": 768, "576i50": 1024, "576i50-4:3": 768, "720p25": 1280, "720p50": 1280,
        "1080p25": 1920,
    }  # fmt: skip
    assert {name: raster.square_width for name, raster in RASTERS.items()} == shapes
    assert all(r.width % 2 == 0 == r.height % 2 for r in RASTERS.values())


def test_the_frames_of_fifty_a_second_are_half_as_long() -> None:
    slow, fast = RASTERS["720p25"], RASTERS["720p50"]
    assert (fast.frame, fast.ticks) == (960, 1_800) and (slow.frame, slow.ticks) == (1_920, 3_600)
    assert {raster.name for raster in RASTERS.values() if raster.fps == 50} == {"720p50"}


def test_takes_lie_on_frames_and_on_radio_on_samples() -> None:
    assert [grid_of(name) for name in ("", "576i50", "720p25", "720p50")] == [1, 1_920, 1_920, 960]


def test_pictures_of_another_size_or_rate_do_not_fit() -> None:
    fitting = {name for name, raster in RASTERS.items() if RASTERS["576p25"].fits(raster)}
    assert fitting == {"576p25", "576p25-4:3", "576i50", "576i50-4:3"}
    assert not RASTERS["720p50"].fits(RASTERS["720p25"]) and RASTERS["720p50"].fits(RASTERS["720p50"])
