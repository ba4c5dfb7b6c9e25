"""Pictures laid over frames: exact arithmetic, edges, colours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from schedules import planes
from schedules.planes import Image, blank, image_of, paste

RGBA = hnp.arrays(np.uint8, (4, 6, 4))
FRAME = hnp.arrays(np.uint8, (8, 8))


def rgba(r: int, g: int, b: int, a: int = 255, w: int = 4, h: int = 4) -> np.ndarray:
    made = np.zeros((h, w, 4), np.uint8)
    made[:] = (r, g, b, a)
    return made


@pytest.mark.parametrize(
    ("colour", "rgb", "yuv"),
    [  # 100 % bars by ITU-R BT.601-7 and BT.709-6, 8 bits
        ("bt601", (255, 255, 255), (235, 128, 128)),
        ("bt601", (255, 0, 0), (81, 90, 240)),
        ("bt601", (0, 255, 0), (145, 54, 34)),
        ("bt601", (0, 0, 255), (41, 240, 110)),
        ("bt709", (255, 0, 0), (63, 102, 240)),
        ("bt709", (0, 255, 0), (173, 42, 26)),
        ("bt709", (0, 0, 255), (32, 240, 118)),
        ("bt709", (0, 0, 0), (16, 128, 128)),
    ],
)
def test_colours_are_those_of_the_recommendation(colour, rgb, yuv) -> None:
    made = image_of(rgba(*rgb), colour)
    assert (made.luma[0, 0], made.u[0, 0], made.v[0, 0]) == yuv
    assert made.opaque


@pytest.mark.parametrize(("colour", "red", "blue"), [("bt601", 0.299, 0.114), ("bt709", 0.2126, 0.0722)])
def test_the_coefficients_are_those_of_the_recommendation(colour, red, blue) -> None:
    """From Kr and Kb of BT.601-7 and BT.709-6, each rounded to the nearest."""
    weights = (red, 1 - red - blue, blue)
    luma = [65_536 * 219 / 255 * weight for weight in weights]
    rows = [luma]
    for own, share in ((2, blue), (0, red)):
        half = 65_536 * 224 / 255 / 2 / (1 - share)
        rows.append([half * ((k == own) - weight) for k, weight in enumerate(weights)])
    found = planes._TO_YUV[colour]
    assert np.abs(np.array(found) - np.array(rows)).max() < 0.51


@given(RGBA, FRAME, st.sampled_from(["bt601", "bt709"]))
def test_pasting_is_the_exact_blend_rounded_once(pixels, under, colour) -> None:
    image = image_of(pixels, colour)
    frame = blank(8, 8)
    frame[0][:] = under
    paste(frame, image, 2, 4)
    a = image.a.astype(int)
    want = image.luma + (under[4:8, 2:8].astype(int) * (255 - a) * 2 + 255) // 510
    assert (frame[0][4:8, 2:8] == want).all()
    rest = frame[0].copy()
    rest[4:8, 2:8] = under[4:8, 2:8]
    assert (rest == under).all()


def test_no_value_of_image_and_frame_overflows() -> None:
    alpha = np.arange(256, dtype=np.uint8)
    pixels = np.zeros((2, 256, 4), np.uint8)
    pixels[..., :3], pixels[..., 3] = 255, alpha
    image = image_of(pixels, "bt601")
    frame = blank(256, 2, luma=255)
    for plane in frame[1:]:
        plane[:] = 255
    paste(frame, image)
    assert (np.diff(frame[0][0].astype(int)) <= 0).all()  # a wrap would jump up
    assert frame[0][0, 0] == 255
    assert frame[0][0, 255] == 235
    assert frame[1].min() >= 127


@given(st.integers(-10, 20).map(lambda k: 2 * k), st.integers(-10, 20).map(lambda k: 2 * k))
def test_what_lies_outside_the_frame_is_cut_off(x: int, y: int) -> None:
    frame, large = blank(16, 12), blank(16 + 120, 12 + 120)
    image = image_of(rgba(200, 40, 90, 255, 6, 8), "bt709")
    paste(frame, image, x, y)
    paste(large, image, x + 60, y + 60)
    for small, whole, scale in zip(frame, large, (1, 2, 2), strict=True):
        h, w = small.shape
        assert (small == whole[60 // scale : 60 // scale + h, 60 // scale : 60 // scale + w]).all()


def test_an_opaque_picture_is_copied_and_a_clear_one_changes_nothing() -> None:
    frame = blank(8, 8, luma=77)
    paste(frame, image_of(rgba(9, 9, 9, 0), "bt601"))
    assert (frame[0] == 77).all()
    image = image_of(rgba(255, 255, 255), "bt601")
    paste(frame, image)
    assert (frame[0][:4, :4] == 235).all()
    assert (frame[0][4:] == 77).all()


def test_columns_and_another_place_share_the_pixels() -> None:
    pixels = rgba(0, 0, 0, 255, 8, 4)
    pixels[:, 4:6] = 255
    image: Image = image_of(pixels, "bt601", 2, 2).columns(4, 8).at(6, 8)
    assert (image.x, image.y, image.width, image.height) == (6, 8, 4, 4)
    assert (image.luma[0] == [235, 235, 16, 16]).all()
    assert image.u.shape == (2, 2)
