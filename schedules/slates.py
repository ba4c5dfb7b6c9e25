"""Slates, over the whole screen or around a programme at half its size: an alert's words set on pages, and the card shown when nothing else can be. The same words give the same picture; knows no plan and no clock."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pil
from PIL import ImageDraw

from schedules.artwork import DRILL, LEVELS, WHITE, Rgb, dark, fitted, ink_on, level_label, unit
from schedules.captions import Caption
from schedules.lettering import CUT, font, legible, missing, wrapping
from schedules.planes import Image, image_of
from schedules.raster import Raster

PAGE: Final = 8  # s a page stands
MOST_PAGES: Final = 12
_SIZES: Final = (46, 40, 34, 30)  # of the text, in lines of 576; the smallest then goes on pages
_SPACING: Final = 1.42
_FOOT: Final = 104  # lines of 576 that are left to the crawl


@attrs.frozen(kw_only=True, eq=False)
class Slate:
    """The pages of one caption, each covering the whole picture, or all but the hole in it, in pieces; and what the font could not show."""

    pages: tuple[tuple[Image, ...], ...]
    stands: int  # frames a page stands
    missing: str
    cut: bool  # whether even the last page could not hold all

    def page(self, frame: int) -> tuple[Image, ...]:
        """The pieces of the page that stands `frame` frames after the overlay's first."""
        return self.pages[frame // self.stands % len(self.pages)]


def slate(raster: Raster, caption: Caption) -> Slate:
    """An alert's title on the level's colour, event and level, text, areas, issuer, time: on the whole screen, or in the column beside the hole."""
    size, pages, cut = _paged(raster, caption)
    words = "".join((caption.title, caption.text, caption.event, caption.issuer, caption.at, *caption.areas))
    return Slate(
        pages=tuple(
            _page(raster, caption, lines, size, f"{number} / {len(pages)}" if len(pages) > 1 else "")
            for number, lines in enumerate(pages, 1)
        ),
        stands=PAGE * raster.fps,
        missing=missing(words),
        cut=cut,
    )


def _wide(raster: Raster) -> int:
    return round(raster.square_width * 0.88)


def _margin(raster: Raster) -> int:
    return (raster.square_width - _wide(raster)) // 2


def _column(raster: Raster, caption: Caption) -> int:
    """How wide the text is: all between the margins, or as far as the hole."""
    if caption.form != "shrink":
        return _wide(raster)
    return raster.hole[0] * raster.square_width // raster.width - _margin(raster) - unit(raster, 18)


def _lines(raster: Raster, caption: Caption, text: str, lines: int) -> Iterator[str]:
    """The lines of a text, one by one, in letters so many lines of 576 high."""
    size = unit(raster, lines)
    wide = _column(raster, caption)
    return wrapping(legible(text), wide, lambda part: round(font(size).getlength(part)))


def _paged(raster: Raster, caption: Caption) -> tuple[int, list[list[str]], bool]:
    """The greatest size at which the text fits, else the smallest on pages: size, lines a page, and whether it was cut."""
    room = unit(raster, 576 - _FOOT) - _top(raster, caption) - _meta_height(raster, caption)
    for lines in _SIZES:
        size = unit(raster, lines)
        most = max(1, int(room // (size * _SPACING)))
        some = list(islice(_lines(raster, caption, caption.text, lines), most + 1))
        if len(some) <= most:
            return size, [some], False
    shown = list(islice(_lines(raster, caption, caption.text, lines), most * MOST_PAGES + 1))
    cut = len(shown) > most * MOST_PAGES
    pages = [shown[at : at + most] for at in range(0, most * MOST_PAGES, most) if at < len(shown)]
    if cut:
        pages[-1][-1] = pages[-1][-1][:-1] + CUT
    return size, pages, cut


def _top(raster: Raster, caption: Caption) -> int:
    top = 176 if caption.drill else 140
    return unit(raster, max(top, 184) if caption.form == "shrink" else top)  # with a hole, as high as that


def _meta(raster: Raster, caption: Caption) -> list[str]:
    """The small lines under the text: areas (two lines at most), then issuer and time."""
    made: list[str] = []
    if caption.areas:
        lines = list(islice(_lines(raster, caption, "影响区域 Areas: " + "、".join(caption.areas), 24), 3))
        if len(lines) > 2:
            more = f"{CUT} 共 {len(caption.areas)} 个 ({len(caption.areas)} in all)"
            lines = [lines[0], _shortened(raster, caption, lines[1], more)]
        made += lines
    said = "  ".join(part for part in (caption.issuer, caption.at) if part)
    return [*made, *islice(_lines(raster, caption, said, 24), 2 if caption.form == "shrink" else 1)]


def _shortened(raster: Raster, caption: Caption, line: str, ending: str) -> str:
    letters = font(unit(raster, 24))
    while line and letters.getlength(line + ending) > _column(raster, caption):
        line = line[:-1]
    return line.rstrip("、") + ending


def _meta_height(raster: Raster, caption: Caption) -> int:
    return unit(raster, 36) * len(_meta(raster, caption))


def _page(raster: Raster, caption: Caption, lines: list[str], size: int, number: str) -> tuple[Image, ...]:
    level = caption.level
    wide, margin = raster.square_width, _margin(raster)
    canvas = Pil.new("RGB", (wide, raster.height), dark(level))
    pen = ImageDraw.Draw(canvas)
    y = unit(raster, 24)
    if caption.drill:
        y = _drill(raster, pen, wide, y)
    _title(raster, pen, caption, y)
    y = _top(raster, caption)
    for line in lines:
        pen.text((margin, y), line, font=font(size), fill=WHITE, anchor="la")
        y += int(size * _SPACING)
    _small(raster, pen, caption, margin, number)
    return _pieces(raster, fitted(canvas, raster), holed=caption.form == "shrink")


def _pieces(raster: Raster, rgba: NDArray[np.uint8], *, holed: bool) -> tuple[Image, ...]:
    """A page as it is pasted: whole, or as what is above, left of, right of and below the hole."""
    if not holed:
        return (image_of(rgba, raster.colour),)
    (left, top), (wide, high) = raster.hole, (raster.width // 2, raster.height // 2)
    right, foot = left + wide, top + high
    boxes = (
        (0, 0, raster.width, top),
        (0, top, left, foot),
        (right, top, raster.width, foot),
        (0, foot, raster.width, raster.height),
    )
    return tuple(image_of(rgba[b:d, a:c], raster.colour, a, b) for a, b, c, d in boxes)


def _drill(raster: Raster, pen: ImageDraw.ImageDraw, wide: int, y: int) -> int:
    high = unit(raster, 40)
    pen.rectangle((0, y, wide, y + high), fill=DRILL)
    said = "演练 DRILL · 不是真实预警 NOT A REAL ALERT"
    pen.text((wide / 2, y + high / 2), said, font=font(unit(raster, 26)), fill=WHITE, anchor="mm")
    return y + high


def _title(raster: Raster, pen: ImageDraw.ImageDraw, caption: Caption, y: int) -> None:
    """The band in the level's colour: the title as large as it fits, event and level below it."""
    wide, high, ink = raster.square_width, unit(raster, 106), ink_on(caption.level)
    pen.rectangle((0, y, wide, y + high), fill=LEVELS[caption.level])
    title = legible(" ".join(caption.title.split()))
    size = _fitting(raster, title, (56, 48, 40, 32, 26))
    while title and font(size).getlength(title) > _wide(raster):
        title = title[:-2] + CUT if len(title) > 2 else ""
    pen.text((wide / 2, y + high * 0.4), title, font=font(size), fill=ink, anchor="mm")
    below = " · ".join(part for part in (caption.event, level_label(caption.level)) if part)
    small = font(_fitting(raster, legible(below), (24, 20, 16)))
    pen.text((wide / 2, y + high * 0.84), legible(below), font=small, fill=ink, anchor="mm")


def _fitting(raster: Raster, text: str, sizes: tuple[int, ...]) -> int:
    return next(
        (unit(raster, s) for s in sizes if font(unit(raster, s)).getlength(text) <= _wide(raster)),
        unit(raster, sizes[-1]),
    )


def _small(raster: Raster, pen: ImageDraw.ImageDraw, caption: Caption, margin: int, number: str) -> None:
    """Areas, issuer and time above the crawl's place, the page's number at the right."""
    lines, step = _meta(raster, caption), unit(raster, 36)
    y = unit(raster, 576 - _FOOT) - step * len(lines)
    grey: Rgb = (200, 206, 214)
    for line in lines:
        pen.text((margin, y), line, font=font(unit(raster, 24)), fill=grey, anchor="la")
        y += step
    if number and caption.form == "shrink":  # in the title's band: beside the small lines there is no room
        _right(raster, pen, number, unit(raster, 141 if caption.drill else 101), ink_on(caption.level))
    elif number:
        _right(raster, pen, number, unit(raster, 576 - _FOOT) - step, grey)


def _right(raster: Raster, pen: ImageDraw.ImageDraw, number: str, y: int, ink: Rgb) -> None:
    at = (raster.square_width - _margin(raster), y)
    pen.text(at, number, font=font(unit(raster, 24)), fill=ink, anchor="ra")


def standby(raster: Raster, name: str) -> Image:
    """The card shown with the tone when neither file nor filler can be had."""
    wide = raster.square_width
    canvas = Pil.new("RGB", (wide, raster.height), dark(0))
    pen = ImageDraw.Draw(canvas)
    shown = legible(" ".join(name.split()))
    size = _fitting(raster, shown, (56, 44, 34, 26))
    pen.text((wide / 2, raster.height * 0.42), shown, font=font(size), fill=WHITE, anchor="mm")
    for number, line in enumerate(("节目稍后恢复,请不要关机", "Programme will resume shortly")):
        place = (wide / 2, raster.height * (0.56 + 0.08 * number))
        pen.text(place, line, font=font(unit(raster, 28)), fill=WHITE, anchor="mm")
    return image_of(fitted(canvas, raster), raster.colour)
