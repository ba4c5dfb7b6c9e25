"""Black and still pictures are found where they are."""

import numpy as np

from playout.picture_check import PictureCheck
from schedules.raster import FRAME, RASTERS

BLACK, STILL = 50, 125  # frames: two seconds, five


def checked(*parts):
    """(frames, value, moving) one after the other."""
    check, rng = PictureCheck(RASTERS["576p25"]), np.random.default_rng(1)
    for frames, value, moving in parts:
        for k in range(frames):
            luma = np.full((64, 64), value, dtype=np.uint8)
            if moving:
                luma += rng.integers(0, 9 + k % 3, luma.shape).astype(np.uint8)
            check.add(luma)
    return [(found.kind, found.at // FRAME, found.samples // FRAME) for found in check.finish()]


def test_a_film_that_moves_has_no_fault():
    assert checked((STILL * 2, 100, True)) == []


def test_black_and_stills_are_found_with_their_places():
    got = checked((30, 100, True), (BLACK, 16, False), (10, 100, True), (STILL + 1, 90, False))
    assert got == [("black", 30, BLACK), ("freeze", 30 + BLACK + 10 + 1, STILL)]


def test_what_is_shorter_is_nothing_and_black_is_no_still():
    assert checked((BLACK - 1, 16, False), (40, 100, True), (STILL, 90, False)) == []
    assert checked((STILL * 2, 16, False)) == [("black", 0, STILL * 2)]


def test_a_light_caption_on_black_is_no_black():
    check = PictureCheck(RASTERS["576p25"])
    luma = np.full((64, 64), 16, dtype=np.uint8)
    luma[40:56] = 200
    for _ in range(BLACK * 2):
        check.add(luma)
    assert check.finish() == ()


def test_at_fifty_pictures_a_second_black_and_still_last_as_long():
    raster = RASTERS["720p50"]
    check, rng = PictureCheck(raster), np.random.default_rng(1)
    lively = lambda: rng.integers(60, 200, (720, 1280), dtype=np.uint8)  # noqa: E731
    black = np.full((720, 1280), 16, np.uint8)
    for shown in [*(lively() for _ in range(3)), *[black] * 99, lively(), *[black] * 100, lively()]:
        check.add(shown)
    assert [(one.kind, one.at, one.samples) for one in check.finish()] == [("black", 103 * 960, 96_000)]
