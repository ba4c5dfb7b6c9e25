"""Grids of every picture of approved media, kept on disk, to compare with and to recognise by. Knows house files, not the plan and not the stream.

One file a medium: uint8 (frames, 18, 20), 360 bytes a picture, 32 MB an hour at 25 a second, mapped into memory rather than read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from safety import kept
from safety.grids import COLS, FEW, ROWS, TOLERANCE, Cells, Stored, distinctive, grid_of
from safety.kept import Kept, Unfit
from schedules.picture import Shot
from station.words import Sha256

Grids = NDArray[np.uint8]  # (frames, 18, 20)

_SEARCHED: Final = 2_000_000  # pictures looked through at most: 22 hours
_PROBES: Final = 24  # cells looked at first


class Gallery(Kept):
    """Grids by medium; files are mapped, so memory stays the kernel's."""

    ending = ".grids.npy"

    def fits(self, found: NDArray[Any]) -> bool:
        """Whether these are grids."""
        return found.shape[1:] == (ROWS, COLS) and found.dtype == np.uint8

    def grid(self, shot: Shot) -> Stored | None:
        """The grid of a shot; None where the medium is not in, or shorter."""
        known = self._known.get(shot.sha256)
        if known is None or not 0 <= shot.frame < len(known):
            return None
        made: Stored = known[shot.frame]
        return made

    def near(self, got: Stored, shot: Shot, free: Cells, farthest: int) -> int | None:
        """By how many frames a picture of the same medium is late (negative: early): the best of those that fit, of equals the nearest; None: none fits, or too few cells are free to say so."""
        known = self._known.get(shot.sha256)
        if known is None or _too_few(free):
            return None
        first = max(0, shot.frame - farthest)
        part = known[first : shot.frame + farthest + 1]
        fits = np.flatnonzero(_fitting(part, got, free))
        if not len(fits):
            return None
        apart = np.abs(part[fits][:, free].astype(np.int16) - got[free].astype(np.int16)).mean(axis=1)
        lates = shot.frame - first - fits
        return min(
            zip(apart.round(1).tolist(), lates.tolist(), strict=True), key=lambda one: (one[0], abs(one[1]))
        )[1]

    def find(self, got: Stored, free: Cells) -> Shot | None:
        """Which approved picture this is, where it is like no other; the free cells alone count."""
        if _too_few(free) or not distinctive(got[free]):
            return None
        left = _SEARCHED
        for sha256, known in self._known.items():
            part = known[:left]
            left -= len(part)
            for frame in _candidates(part, got, free):
                if _fitting(known[frame : frame + 1], got, free)[0]:
                    return Shot(sha256=sha256, frame=int(frame))
        return None


def _too_few(free: Cells) -> bool:
    return int(free.sum()) < free.size // 3


def _fitting(known: Grids, got: Stored, free: Cells) -> NDArray[np.bool_]:
    """Which pictures are the one received, in the free cells."""
    apart = np.abs(known[:, free].astype(np.int16) - got[free].astype(np.int16)) > TOLERANCE
    made: NDArray[np.bool_] = apart.sum(axis=1) <= FEW
    return made


def _candidates(known: Grids, got: Stored, free: Cells) -> NDArray[np.intp]:
    """Pictures whose cells are near in a few places spread over the free part; a few of these may miss."""
    places = np.flatnonzero(free.ravel())
    probes = places[np.linspace(0, len(places) - 1, min(_PROBES, len(places))).astype(int)]
    cells = known.reshape(len(known), -1)[:, probes].astype(np.int16)
    near = np.abs(cells - got.ravel()[probes].astype(np.int16)) <= TOLERANCE
    return np.flatnonzero(near.sum(axis=1) >= len(probes) - 2)


def build(source: Path, sha256: Sha256, target: Path) -> str:
    """Make the grids of one medium; "" or why not. A medium whose checksum is wrong gets none."""
    return kept.build(source, sha256, target, _grids)


def _grids(container: av.container.InputContainer) -> Grids:
    """The grids of all pictures, each at its own time."""
    if not container.streams.video:
        raise Unfit("it has no picture")
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    made: list[Stored] = []
    rate = float(stream.average_rate or 0)
    for frame in container.decode(stream):
        number = round((frame.pts or 0) * float(frame.time_base or 0) * rate)
        if number != len(made):
            raise Unfit(f"picture {len(made)} is missing")
        made.append(grid_of(luma_of(frame)))
    return np.stack(made) if made else np.zeros((0, ROWS, COLS), np.uint8)


def luma_of(frame: av.VideoFrame) -> Stored:
    """The luma plane of a decoded picture of 4:2:0, 4:2:2 or 4:4:4, 8 bits. Raises Unfit for others."""
    if not frame.format.name.startswith(("yuv4", "yuvj4", "nv12", "gray")) or "10" in frame.format.name:
        raise Unfit(f"pictures of {frame.format.name} are not looked at")
    plane = frame.planes[0]
    rows: Stored = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def main(argv: list[str], lines: Iterable[str] = (), say: Callable[[str], object] | None = None) -> int:
    """The child that makes grids: `source<TAB>sha256<TAB>target` a line on standard input, one answer a line."""
    return kept.answer("gallery", argv, build, lines, say)


if __name__ == "__main__":
    sys.exit(kept.as_child(main))
