"""What stands on the screen beside the programme, drawn once: logo, clock digits, crawl, slates. The same words give the same picture; knows no plan, no frame and no clock.

Everything is drawn in square pixels and brought to the raster's own shape at the end. Places keep 5 % of each side free
(EBU R 95 asks 3.5 % for graphics; 5 % also suits old sets).
"""

from __future__ import annotations

import io
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw

from schedules.lettering import font, legible
from schedules.planes import Image, image_of
from schedules.raster import Raster
from station.words import Refused

Rgb = tuple[int, int, int]

# The four colours of warning levels, and black or white on them, inside the video range.
LEVELS: Final[dict[int, Rgb]] = {
    0: (44, 62, 88),
    1: (186, 16, 32),
    2: (208, 92, 0),
    3: (236, 196, 0),
    4: (16, 88, 188),
}
_DARK: Final[dict[int, Rgb]] = {
    0: (14, 22, 34),
    1: (52, 6, 12),
    2: (56, 28, 4),
    3: (52, 44, 4),
    4: (6, 26, 58),
}
DRILL: Final[Rgb] = (108, 52, 140)
WHITE: Final[Rgb] = (235, 235, 235)
INK: Final[Rgb] = (24, 24, 24)
_BAND: Final[Rgb] = (16, 20, 28)

LEVEL_WORDS: Final[dict[int, tuple[str, str]]] = {
    1: ("红色", "RED"), 2: ("橙色", "ORANGE"), 3: ("黄色", "YELLOW"), 4: ("蓝色", "BLUE"),
}  # fmt: skip
DIGITS: Final = "0123456789:"
MOST_CRAWL: Final = 1_200  # characters; beyond it the text is cut with an ellipsis
_LOGO_MOST: Final = 4_096  # pixels of a side of a logo file


def even(value: float) -> int:
    """The even number next to it."""
    return 2 * round(value / 2)


def unit(raster: Raster, lines: float) -> int:
    """So many lines of a 576-line picture, in lines of this one."""
    return round(lines * raster.height / 576)


def ink_on(level: int) -> Rgb:
    """Black on yellow, white on all others."""
    return INK if level == 3 else WHITE


def fitted(picture: Pil.Image, raster: Raster, height: int | None = None) -> NDArray[np.uint8]:
    """A picture in square pixels as RGBA in the raster's pixels, width and height even."""
    wide = picture.width * raster.sar[1] / raster.sar[0]
    size = (max(2, even(wide)), max(2, even(height or picture.height)))
    rgba = picture.convert("RGBA")
    return np.array(rgba if rgba.size == size else rgba.resize(size, Pil.Resampling.HAMMING), dtype=np.uint8)


def line_of(text: str, size: int, ink: Rgb, paper: Rgb | None = None, pad: int = 0) -> Pil.Image:
    """One line of text, `size` pixels high letters, with `pad` left and right; on nothing, or on paper."""
    wide = round(font(size).getlength(text)) + 2 * pad
    made = Pil.new("RGBA", (max(2, wide), round(size * 1.5)), (*(paper or ink), 255 if paper else 0))
    ImageDraw.Draw(made).text((pad, made.height // 2), text, font=font(size), fill=(*ink, 255), anchor="lm")
    return made


# ------------------------------------------------------------------ logo and clock


def logo(raster: Raster, name: str, png: bytes | None = None) -> Image:
    """The station's sign, top left: a PNG, or the name in a rounded box, in one line or two. Raises Refused for a file that is none."""
    picture = _sign(raster, name) if png is None else _png(png)
    height = unit(raster, 60)
    scale = min(height / picture.height, raster.square_width / 5 / picture.width)
    small = picture.resize(
        (max(2, round(picture.width * scale)), max(2, round(picture.height * scale))),
        Pil.Resampling.LANCZOS,
    )
    left, top = even(raster.width * 0.05), even(raster.height * 0.05)
    return image_of(fitted(small, raster), raster.colour, left, top)


def _sign(raster: Raster, name: str) -> Pil.Image:
    size = unit(raster, 34)
    lines = [line_of(text, size, WHITE, pad=size // 2) for text in _sign_lines(legible(name))]
    width, tall = max(one.width for one in lines), lines[0].height * len(lines)
    box = Pil.new("RGBA", (width, tall), (0, 0, 0, 0))
    ImageDraw.Draw(box).rounded_rectangle((0, 0, width - 1, tall - 1), size // 3, (*LEVELS[4], 200))
    for number, one in enumerate(lines):
        box.alpha_composite(one, ((width - one.width) // 2, number * one.height))
    return box


def _sign_lines(name: str) -> tuple[str, ...]:
    """A name in one line up to 6 characters, else in two, broken at a blank where there is one; beyond 24 it is cut."""
    text = " ".join(name.split())[:24].strip() or "TV"
    if len(text) <= 6:
        return (text,)
    blanks = [k for k, c in enumerate(text) if c == " "]
    at = min(blanks, key=lambda k: abs(2 * k - len(text)), default=-(-len(text) // 2))
    return text[:at].strip(), text[at:].strip()


def _png(data: bytes) -> Pil.Image:
    try:
        picture = Pil.open(io.BytesIO(data), formats=["PNG"])
        if max(picture.size) > _LOGO_MOST:
            raise Refused(
                f"the logo is {picture.width} × {picture.height} pixels; a side may have {_LOGO_MOST}",
                f"台标为 {picture.width} × {picture.height} 像素,每边最多 {_LOGO_MOST} 像素",
            )
        return picture.convert("RGBA")
    except (OSError, SyntaxError, ValueError, Pil.DecompressionBombError) as error:
        raise Refused(f"the logo is no PNG picture: {error}", f"台标不是 PNG 图片:{error}") from None


def clock_digits(raster: Raster) -> dict[str, Image]:
    """The pictures of DIGITS, all of one width but the colon, to be set side by side, top right."""
    size = unit(raster, 30)
    wide = round(max(font(size).getlength(c) for c in DIGITS[:10]))
    made = {}
    for c in DIGITS:
        cell = Pil.new("RGBA", (wide if c != ":" else wide // 2, round(size * 1.35)), (*INK, 150))
        middle = (cell.width / 2, cell.height / 2)
        ImageDraw.Draw(cell).text(middle, c, font=font(size), fill=(*WHITE, 255), anchor="mm")
        made[c] = image_of(fitted(cell, raster), raster.colour, 0, even(raster.height * 0.05))
    return made


def side_by_side(pictures: list[Image], x: int, y: int) -> Image:
    """Pictures of one height as one."""
    return Image(
        x=x,
        y=y,
        luma=np.hstack([p.luma for p in pictures]),
        u=np.hstack([p.u for p in pictures]),
        v=np.hstack([p.v for p in pictures]),
        a=np.hstack([p.a for p in pictures]),
        a2=np.hstack([p.a2 for p in pictures]),
        opaque=all(p.opaque for p in pictures),
    )


def clock_face(raster: Raster, digits: dict[str, Image], text: str) -> Image:
    """A time such as 19:00:00, out of ready digits: nothing is drawn. Raises KeyError for other characters."""
    made = side_by_side([digits[c] for c in text], 0, digits["0"].y)
    return made.at(raster.width - even(raster.width * 0.05) - made.width, made.y)


# ------------------------------------------------------------------ crawl


@attrs.frozen(kw_only=True, eq=False)
class Crawl:
    """A band with a still label at its left, and one long strip of which a window is shown."""

    label: Image
    strip: Image  # a window of blank, the text, a window of blank
    window: int  # pixels
    step: int  # pixels a frame, even
    text: str  # as drawn

    @property
    def lap(self) -> int:
        """Frames until it begins anew."""
        return -(-(self.strip.width - self.window) // self.step)


def crawl_offset(frame: int, lap: int, step: int) -> int:
    """The column of the strip at the window's left edge, `frame` frames after the overlay's first; whole pixels, even."""
    return frame % lap * step


def crawl(raster: Raster, text: str, level: int = 0, label: str = "", *, drill: bool = False) -> Crawl:
    """A crawl at the foot of the picture, 100 pixels a second of a 720-pixel line, in the level's colour."""
    said = legible(" ".join(text.split()))
    said = said if len(said) <= MOST_CRAWL else said[: MOST_CRAWL - 1] + "…"
    size, high = unit(raster, 34), even(unit(raster, 54))
    step = even(100 * raster.width / 720 / raster.fps)
    colour = DRILL if drill else LEVELS[level]
    head = line_of(
        legible(label or level_label(level, drill=drill)),
        size,
        WHITE if drill else ink_on(level),
        colour,
        size // 2,
    )
    tag = fitted(head.resize((head.width, high)) if head.height != high else head, raster, high)
    window = raster.width - tag.shape[1]
    band = _strip(raster, said, size, high, window, colour)
    top = raster.height - even(raster.height * 0.05) - high
    return Crawl(
        label=image_of(tag, raster.colour, 0, top),
        strip=image_of(band, raster.colour, tag.shape[1], top),
        window=window,
        step=step,
        text=said,
    )


def _strip(raster: Raster, text: str, size: int, high: int, window: int, colour: Rgb) -> NDArray[np.uint8]:
    """The band with the text, a window of blank before and after, ruled in the level's colour."""
    line = fitted(line_of(text, size, WHITE, _BAND), raster)
    made = np.zeros((high, 2 * window + line.shape[1], 4), dtype=np.uint8)
    made[:] = (*_BAND, 255)
    rule = max(2, even(unit(raster, 4)))
    top = rule + (high - 2 * rule - min(line.shape[0], high - 2 * rule)) // 2
    cut = (line.shape[0] - min(line.shape[0], high - 2 * rule)) // 2
    body = line[cut : cut + high - 2 * rule]
    made[top : top + body.shape[0], window : window + line.shape[1]] = body
    made[:rule] = made[-rule:] = (*colour, 255)
    return made


def level_label(level: int, *, drill: bool = False) -> str:
    """What stands in the crawl's label and on slates where no words were given: 红色预警 RED, 演练 DRILL, 通知 NOTICE."""
    if drill:
        return "演练 DRILL"
    words = LEVEL_WORDS.get(level)
    return "通知 NOTICE" if words is None else f"{words[0]}预警 {words[1]}"


def crawl_at(made: Crawl, frame: int) -> list[Image]:
    """The two pictures of the crawl, `frame` frames after the overlay's first: label and window."""
    offset = crawl_offset(frame, made.lap, made.step)
    return [made.label, made.strip.columns(offset, offset + made.window)]


def dark(level: int) -> Rgb:
    """The ground of a slate."""
    return _DARK[level]
