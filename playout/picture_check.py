"""Black and still pictures of a film: spans of frames. Pure numpy; knows no file."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from playout.quality import MOST_OF_A_KIND, Finding, Kind
from schedules.raster import Raster

BLACK: Final = 2  # s
STILL: Final = 5
DARK: Final = 32  # luma of 8 bits, video range: black is 16
_MOST_OF_IT: Final = 0.98  # of the picture that is dark where it is called black
_TREMBLE: Final = 0.25  # mean difference of luma below which two pictures are the same
_GRID: Final = 8  # every eighth pixel of every eighth line is looked at


class PictureCheck:
    """Takes the luma of one picture after the other."""

    def __init__(self, raster: Raster) -> None:
        self._count, self._raster = 0, raster
        self._before: NDArray[np.int16] | None = None
        self._black, self._still = _Spans(BLACK * raster.fps), _Spans(STILL * raster.fps)

    def add(self, luma: NDArray[np.uint8]) -> None:
        """Look at a picture: (lines, pixels), 8 bits."""
        seen = luma[_GRID // 2 :: _GRID, _GRID // 2 :: _GRID].astype(np.int16)
        dark = bool((seen < DARK).mean() >= _MOST_OF_IT)
        same = self._before is not None and bool(np.abs(seen - self._before).mean() <= _TREMBLE)
        self._black.tell(self._count, dark)
        self._still.tell(self._count, same and not dark)
        self._before = seen
        self._count += 1

    def finish(self) -> tuple[Finding, ...]:
        """What was found; places in samples, as those of the sound."""
        black = [self._finding("black", span) for span in self._black.finish(self._count)[:MOST_OF_A_KIND]]
        still = [self._finding("freeze", span) for span in self._still.finish(self._count)[:MOST_OF_A_KIND]]
        return (*black, *still)

    def _finding(self, kind: Kind, span: tuple[int, int]) -> Finding:
        begins, ends = map(self._raster.sample_of, span)
        return Finding(kind=kind, at=begins, samples=ends - begins)


class _Spans:
    def __init__(self, least: int) -> None:
        self._least, self._since = least, -1
        self._spans: list[tuple[int, int]] = []

    def tell(self, at: int, so: bool) -> None:
        if so and self._since < 0:
            self._since = at
        elif not so and self._since >= 0:
            self._end(at)

    def finish(self, at: int) -> list[tuple[int, int]]:
        if self._since >= 0:
            self._end(at)
        return self._spans

    def _end(self, at: int) -> None:
        if at - self._since >= self._least:
            self._spans.append((self._since, at))
        self._since = -1


__all__ = ["BLACK", "DARK", "STILL", "PictureCheck"]
