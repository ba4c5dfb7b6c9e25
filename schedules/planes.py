"""A picture to be laid over others: premultiplied planar YUVA 4:2:0, how it is made of RGB, and how it is pasted. Pure; knows no font and no file."""

from __future__ import annotations

from functools import cached_property
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from schedules.raster import Colour

Plane = NDArray[np.uint8]
Wide = NDArray[np.uint32]
Frame = tuple[Plane, Plane, Plane]  # Y (h, w), U and V (h/2, w/2); the three may be views of one buffer

# Rows: Y, U, V of R, G, B in 1/65536, video range (ITU-R BT.601-7 and BT.709-6, 8 bits): Y 16–235, U and V 16–240.
_TO_YUV: Final[dict[Colour, tuple[tuple[int, int, int], ...]]] = {
    "bt601": ((16829, 33039, 6416), (-9714, -19070, 28784), (28784, -24103, -4681)),
    "bt709": ((11966, 40254, 4064), (-6596, -22189, 28784), (28784, -26145, -2639)),
}
BLACK_Y: Final = 16
GREY_UV: Final = 128


@attrs.frozen(kw_only=True, eq=False)
class Image:
    """A picture and its place: x, y, width, height even. Colours are premultiplied: 0 where `a` is 0."""

    x: int
    y: int
    luma: Plane  # (h, w)
    u: Plane  # (h/2, w/2)
    v: Plane
    a: Plane  # alpha of the luma, 255: covers all
    a2: Plane  # alpha of U and V, (h/2, w/2)
    opaque: bool = False  # whether both alphas are 255 throughout: pasting is then copying

    @property
    def height(self) -> int:
        """Lines."""
        return int(self.luma.shape[0])

    @property
    def width(self) -> int:
        """Pixels of a line."""
        return int(self.luma.shape[1])

    @cached_property
    def blends(self) -> tuple[tuple[Wide, Wide], ...]:
        """What `_blend` needs of Y, U and V."""
        return _blending(self.luma, self.a), _blending(self.u, self.a2), _blending(self.v, self.a2)

    def at(self, x: int, y: int) -> Image:
        """The same picture at another (even) place."""
        return attrs.evolve(self, x=x, y=y)

    def columns(self, first: int, last: int) -> Image:
        """The (even) columns `first` to `last`, nothing copied."""
        full, half = np.s_[:, first:last], np.s_[:, first // 2 : last // 2]
        return Image(
            x=self.x, y=self.y, luma=self.luma[full], u=self.u[half], v=self.v[half],
            a=self.a[full], a2=self.a2[half], opaque=self.opaque,
        )  # fmt: skip


@attrs.frozen(kw_only=True)
class Hole:
    """Where a picture is shown at half its size: its upper left corner. `woven`: its lines are of two fields, in turn."""

    x: int
    y: int
    woven: bool = False

    def shrink(self, frame: Frame) -> None:
        """Lay the picture into the hole, in place; each value is the mean of four, of one field. What is around the hole stays."""
        for number, plane in enumerate(frame):
            x, y = (self.x, self.y) if number == 0 else (self.x // 2, self.y // 2)
            small = _halved(plane, woven=self.woven)
            plane[y : y + small.shape[0], x : x + small.shape[1]] = small


def _halved(plane: Plane, *, woven: bool) -> Plane:
    """Means of 2 × 2, rounded half up; of woven lines those of the same field: 0 and 2, 1 and 3, 4 and 6."""
    high, wide = plane.shape
    if woven:
        lines = plane.reshape(high // 4, 2, 2, wide).astype(np.uint16).sum(axis=1, dtype=np.uint16)
        tall = lines.reshape(high // 2, wide)
    else:
        tall = plane[::2].astype(np.uint16) + plane[1::2]
    made: Plane = (tall[:, ::2] + tall[:, 1::2] + 2 >> 2).astype(np.uint8)
    return made


def image_of(rgba: NDArray[np.uint8], colour: Colour, x: int = 0, y: int = 0) -> Image:
    """An image of straight (not premultiplied) RGBA (h, w, 4), h and w even; U, V and their alpha are means of 2 × 2."""
    alpha = rgba[..., 3].astype(np.int64)
    planes = []
    for number, row in enumerate(_TO_YUV[colour]):
        shift = BLACK_Y if number == 0 else GREY_UV
        weighted = sum(rgba[..., k].astype(np.int64) * row[k] for k in range(3))
        value = (np.asarray(weighted) + 32_768 >> 16) + shift
        planes.append(np.asarray(value * alpha))
    luma, u, v = planes
    return Image(
        x=x, y=y, luma=_over(luma, 255), u=_over(_four(u), 1_020), v=_over(_four(v), 1_020),
        a=rgba[..., 3].copy(), a2=_over(_four(alpha), 4), opaque=bool((alpha == 255).all()),
    )  # fmt: skip


def _four(plane: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums of 2 × 2."""
    made: NDArray[np.int64] = plane[::2, ::2] + plane[1::2, ::2] + plane[::2, 1::2] + plane[1::2, 1::2]
    return made


def _over(plane: NDArray[np.int64], divisor: int) -> Plane:
    """Divided, rounded half up."""
    return ((plane + divisor // 2) // divisor).astype(np.uint8)


def paste(frame: Frame, image: Image, x: int | None = None, y: int | None = None) -> None:
    """Lay `image` over `frame`, in place, at its own place or at (x, y), both even; what lies outside is cut off.

    Each value becomes image + round(frame × (255 − alpha) / 255), rounded to the nearest (no ties arise, 255 being odd).
    """
    left, top = image.x if x is None else x, image.y if y is None else y
    height, width = frame[0].shape
    a, b = max(0, -top), min(image.height, height - top)
    c, d = max(0, -left), min(image.width, width - left)
    if a >= b or c >= d:
        return
    full, over = np.s_[a:b, c:d], np.s_[top + a : top + b, left + c : left + d]
    half = np.s_[a // 2 : b // 2, c // 2 : d // 2]
    over2 = np.s_[(top + a) // 2 : (top + b) // 2, (left + c) // 2 : (left + d) // 2]
    places = (frame[0][over], full), (frame[1][over2], half), (frame[2][over2], half)
    if image.opaque:
        for (under, part), plane in zip(places, (image.luma, image.u, image.v), strict=True):
            under[:] = plane[part]
    else:
        for (under, part), (shows, own) in zip(places, image.blends, strict=True):
            _blend(under, shows[part], own[part])


def _blending(plane: Plane, alpha: Plane) -> tuple[Wide, Wide]:
    """What of the frame shows through, and what is added to it: in 1/65536, the half for rounding included."""
    shows: Wide = (255 - alpha.astype(np.uint32)) * np.uint32(257)
    own: Wide = (plane.astype(np.uint32) << np.uint32(16)) + np.uint32(128 * 257)
    return shows, own


def _blend(under: Plane, shows: Wide, own: Wide) -> None:
    """In place. (t + 128) × 257 >> 16 is t/255 rounded, for every t up to 255²; the sum never passes 255."""
    sums = np.multiply(under, shows, dtype=np.uint32)
    sums += own
    np.right_shift(sums, 16, out=under, casting="unsafe")


def blank(width: int, height: int, luma: int = BLACK_Y) -> Frame:
    """A frame of one grey; black unless said otherwise."""
    half = (height // 2, width // 2)
    return (
        np.full((height, width), luma, np.uint8),
        np.full(half, GREY_UV, np.uint8),
        np.full(half, GREY_UV, np.uint8),
    )
