"""Grids of every picture of approved media, kept on disk, to compare with and to recognise by. Knows house files, not the plan and not the stream.

One file a medium: uint8 (frames, 18, 20), 360 bytes a picture, 32 MB an hour, mapped into memory rather than read.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray

from safety.grids import COLS, FEW, ROWS, TOLERANCE, Cells, Stored, distinctive, grid_of
from safety.shelf import sha256_of
from schedules.picture import Shot
from schedules.raster import FPS
from station import children
from station.words import Sha256

Grids = NDArray[np.uint8]  # (frames, 18, 20)

MOST: Final = 512  # media; those least recently due leave
_SEARCHED: Final = 2_000_000  # pictures looked through at most: 22 hours
_PROBES: Final = 24  # cells looked at first


class Gallery:
    """Grids by medium; files are mapped, so memory stays the kernel's."""

    def __init__(self, home: Path) -> None:
        """`home` is where they lie, <sha256>.grids.npy."""
        self._home = home
        self._known: OrderedDict[Sha256, Grids] = OrderedDict()

    def path(self, sha256: Sha256) -> Path:
        """Where the grids of a medium lie."""
        return self._home / f"{sha256}.grids.npy"

    def take(self, sha256: Sha256) -> bool:
        """Take a medium in if its grids are on disk; whether it is in."""
        if sha256 not in self._known:
            try:
                found = np.load(self.path(sha256), mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError, EOFError):
                return False
            if found.shape[1:] != (ROWS, COLS) or found.dtype != np.uint8:
                return False
            self._known[sha256] = found
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(sha256)
        return True

    def missing(self, wanted: Iterable[Sha256]) -> list[Sha256]:
        """Which media are not in yet."""
        return [sha256 for sha256 in list(wanted)[:MOST] if not self.take(sha256)]

    def grid(self, shot: Shot) -> Stored | None:
        """The grid of a shot; None where the medium is not in, or shorter."""
        known = self._known.get(shot.sha256)
        if known is None or not 0 <= shot.frame < len(known):
            return None
        made: Stored = known[shot.frame]
        return made

    def near(self, got: Stored, shot: Shot, free: Cells, farthest: int) -> int | None:
        """By how many frames a picture of the same medium is late (negative: early): the best of those that fit, of equals the nearest; None: none fits."""
        known = self._known.get(shot.sha256)
        if known is None:
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
        if free.sum() < free.size // 3 or not distinctive(got[free]):
            return None
        left = _SEARCHED
        for sha256, known in self._known.items():
            part = known[:left]
            left -= len(part)
            for frame in _candidates(part, got, free):
                if _fitting(known[frame : frame + 1], got, free)[0]:
                    return Shot(sha256=sha256, frame=int(frame))
        return None


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
    try:
        if sha256_of(source) != sha256:
            return "its checksum is wrong"
        with av.open(str(source)) as container:
            if not container.streams.video:
                return "it has no picture"
            made = _grids(container)
    except (OSError, ValueError, av.error.FFmpegError) as error:
        return str(error)
    fresh = target.with_suffix(f".{os.getpid()}.new")
    with fresh.open("wb") as file:
        np.save(file, made)
    fresh.replace(target)
    return ""


def _grids(container: av.container.InputContainer) -> Grids:
    """The grids of all pictures, each at its own time."""
    stream = container.streams.video[0]
    stream.codec_context.thread_count = 1
    made: list[Stored] = []
    for frame in container.decode(stream):
        number = round((frame.pts or 0) * float(frame.time_base or 0) * FPS)
        if number != len(made):
            raise ValueError(f"picture {len(made)} is missing")
        made.append(grid_of(luma_of(frame)))
    return np.stack(made) if made else np.zeros((0, ROWS, COLS), np.uint8)


def luma_of(frame: av.VideoFrame) -> Stored:
    """The luma plane of a decoded picture of 4:2:0, 4:2:2 or 4:4:4, 8 bits. Raises ValueError for others."""
    if not frame.format.name.startswith(("yuv4", "yuvj4", "nv12", "gray")) or "10" in frame.format.name:
        raise ValueError(f"pictures of {frame.format.name} are not looked at")
    plane = frame.planes[0]
    rows: Stored = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width]


def main(argv: list[str], lines: Iterable[str] = (), say: Callable[[str], object] | None = None) -> int:
    """The child that makes grids: `source<TAB>sha256<TAB>target` a line on standard input, one answer a line."""
    argparse.ArgumentParser(prog="gallery").parse_args(argv)
    for line in lines or sys.stdin:
        source, sha256, target = line.rstrip("\n").split("\t")
        (say or _said)(f"{sha256}\t{build(Path(source), Sha256(sha256), Path(target))}")
    return 0


def _said(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if os.environ.get(children.PARENT):
        children.die_with_parent()
    os.nice(19)
    sys.exit(main(sys.argv[1:]))
