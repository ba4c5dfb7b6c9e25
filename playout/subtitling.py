"""Draws the captions of a subtitle file into a film's pictures as it is taken in. Knows Pillow and the raster; decides nothing of the times."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from PIL import Image as Pil
from PIL import ImageDraw

from playout.facts import subtitles_of
from playout.subtitles import LARGEST, Shown, Words, read
from playout.tv_house import Packed, planes_of
from schedules.artwork import WHITE, even, fitted, unit
from schedules.lettering import font, legible, missing, wrap
from schedules.planes import Image, image_of, paste
from schedules.raster import Raster
from station.words import Text

_SIZE: Final = 32  # of letters, in lines of 576
_SPACING: Final = 1.35
_FOOT: Final = 0.07  # of the height is left below


def subtitling(film: Path, raster: Raster) -> Subtitling | None:
    """What draws the captions of a film, where there are any. Raises Refused, OSError."""
    path = subtitles_of(film)
    if path is None:
        return None
    with path.open("rb") as file:
        return Subtitling(read(file.read(LARGEST + 1), path.name), path.name, raster)


class Subtitling:
    """The captions of one film."""

    def __init__(self, words: Iterable[Words], name: str, raster: Raster) -> None:
        self._words = tuple(words)
        self._shown, self._name, self._raster = Shown(self._words), name, raster
        self._drawn: tuple[str, Image | None] = "", None

    def drawn(self, packed: Packed, number: int) -> Packed:
        """Picture `number` with its caption, which is asked for in rising order; where it has none, the very picture."""
        text = self._shown.at(number * 1_000 // self._raster.fps)
        if text != self._drawn[0]:
            self._drawn = text, lettered(text, self._raster) if text else None
        if self._drawn[1] is None:
            return packed
        made = packed.copy()  # a picture that stands for more than one frame is given again
        paste(planes_of(made, self._raster), self._drawn[1])
        return made

    def remarks(self) -> Iterator[Text]:
        """What is to be said of them once the last picture was drawn."""
        count, late = len(self._words), self._shown.left
        yield Text(
            f"{count - late} captions of {self._name} are part of the picture",
            f"{self._name} 的 {count - late} 条字幕已叠入画面",
        )
        if late:
            yield Text(
                f"{late} captions of {self._name} come after the last picture",
                f"{self._name} 有 {late} 条字幕晚于最后一帧画面",
            )
        unknown = missing("".join(one.text for one in self._words))
        if unknown:
            yield Text(
                f"{self._name}: the font has not {unknown[:20]}; 〓 stands for it",
                f"{self._name}:字库缺字 {unknown[:20]},以〓代替",
            )


def lettered(text: str, raster: Raster) -> Image:
    """White letters with a black edge, centred at the foot of the picture."""
    size, wide = unit(raster, _SIZE), raster.square_width
    letters = font(size)
    most = round(wide * 0.86)
    lines = wrap(legible(text), most, lambda part: round(letters.getlength(part)))
    step = round(size * _SPACING)
    canvas = Pil.new("RGBA", (wide, even(step * len(lines) + size // 2)), (0, 0, 0, 0))
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        place = (wide / 2, step * (number + 0.6))
        edge = max(2, size // 12)
        pen.text(place, line, font=letters, fill=WHITE, anchor="mm", stroke_width=edge, stroke_fill=(0, 0, 0))
    top = even(raster.height * (1 - _FOOT)) - canvas.height
    return image_of(fitted(canvas, raster), raster.colour, 0, max(0, top))


__all__ = ["Subtitling", "lettered", "subtitling"]
