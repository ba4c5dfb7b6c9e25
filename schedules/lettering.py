"""Text for a screen: the shipped font, what it cannot show, and how Chinese and Latin text breaks into lines. Pure but for reading the font; knows no plan."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import ImageFont

HOME: Final = Path(__file__).parent / "fonts"
FONT: Final = HOME / "gengfu-sans-sc.otf"
GETA: Final = "〓"  # stands for a character the font has not
CUT: Final = "…"

# What may not begin or end a line (after GB/T 15834-2011, 5.1, and the usual practice of Chinese typesetting).
NOT_FIRST: Final = frozenset("!%),.:;?]}¢°·’”…‰′″℃、。〉》」』】〕〗!%),.:;?]}~—–々")
NOT_LAST: Final = frozenset("([{£¥‘“〈《「『【〔〖([{$¥")

_WORD: Final = re.compile(r"[A-Za-z0-9À-ÿ@#&+\-*/=<>_.,:'%°℃‰]+")
_SPACES: Final = re.compile(r"[^\S\n]+")

Measure = Callable[[str], int]


@lru_cache(maxsize=32)
def font(size: int) -> ImageFont.FreeTypeFont:
    """The font at a size in pixels; the simple layout, so that the same text has the same shape everywhere."""
    return ImageFont.truetype(str(FONT), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def characters() -> frozenset[str]:
    """Every character the font can show."""
    return frozenset((HOME / "characters.txt").read_text(encoding="utf-8")) - {"\n"}


def missing(text: str) -> str:
    """The characters of `text` that cannot be shown, each once, in order."""
    return "".join(dict.fromkeys(c for c in plain(text) if c != "\n" and c not in characters()))


def legible(text: str) -> str:
    """`text` as it will be drawn: composed (NFC), without controls, 〓 for what the font has not."""
    return "".join(c if c == "\n" or c in characters() else GETA for c in plain(text))


def plain(text: str) -> str:
    """Composed, one kind of line end, single spaces, no controls and no invisible signs."""
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n").replace("\t", " "))
    kept = (c for c in text if c == "\n" or unicodedata.category(c) not in ("Cc", "Cf"))
    return _SPACES.sub(" ", "".join("\n" if c in "\u2028\u2029" else c for c in kept))


def wrap(text: str, width: int, measure: Measure) -> list[str]:
    """`text` in lines no wider than `width` (pixels, by `measure`); broken at line ends, spaces and between Han characters.

    No line begins with a closing sign or ends with an opening one, unless a run of signs alone is wider than the line.
    """
    return list(wrapping(text, width, measure))


def wrapping(text: str, width: int, measure: Measure) -> Iterator[str]:
    """The lines of `wrap`, one by one: who shows only some of them need not have all of a long text measured."""
    for paragraph in text.split("\n"):
        yield from filter(None, _wrapped(paragraph.strip(" "), width, measure))


def _wrapped(paragraph: str, width: int, measure: Measure) -> Iterator[str]:
    line = ""
    for piece in _pieces(paragraph):
        if measure((line + piece).rstrip(" ")) <= width:
            line += piece
            continue
        yield line.rstrip(" ")
        *full, line = _split(piece.lstrip(" "), width, measure)
        yield from full
    yield line.rstrip(" ")


def _pieces(paragraph: str) -> list[str]:
    """What may not be torn apart: words, and characters with the signs that cling to them."""
    made: list[str] = []
    for atom in _atoms(paragraph):
        if made and (atom[0] in NOT_FIRST or made[-1][-1] in NOT_LAST):
            made[-1] += atom
        else:
            made.append(atom)
    return made


def _atoms(paragraph: str) -> list[str]:
    made: list[str] = []
    at = 0
    while at < len(paragraph):
        found = _WORD.match(paragraph, at)
        made.append(found.group() if found else paragraph[at])
        at += len(made[-1])
    return made


def _split(piece: str, width: int, measure: Measure) -> list[str]:
    """A piece wider than the line, in as many as it takes; at least one character each."""
    made = [""]
    for c in piece:
        if made[-1] and measure(made[-1] + c) > width:
            made.append("")
        made[-1] += c
    return made
