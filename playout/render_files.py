"""House files read in the order in which a plan needs them, sound and pictures, for whoever renders without a player. Knows files; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final, Generic, TypeVar

import av
import numpy as np
from numpy.typing import NDArray

from playout.facts import house_path
from playout.reading import read_house
from playout.tv_house import Packed, pack, read_frames
from schedules.plan import Medium
from schedules.render import NotReady
from station.words import Refused, Sha256

_OPEN: Final = 4  # files held open at once
T = TypeVar("T")


class _Kept(Generic[T]):
    """The readers of the last few media; a jump opens a file again."""

    def __init__(self, paths: Mapping[Sha256, Path], opened: Callable[[Path, int], T]) -> None:
        self._paths, self._opened = paths, opened
        self._open: dict[Sha256, tuple[int, T]] = {}

    def at(self, sha256: Sha256, place: int) -> T:
        """A reader that stands at `place`; `moved` says where it stands afterwards."""
        stands, reader = self._open.pop(sha256, (-1, None))
        if reader is None or stands != place:
            if sha256 not in self._paths:
                raise NotReady(sha256)
            reader = self._opened(self._paths[sha256], place)
        return reader

    def moved(self, sha256: Sha256, place: int, reader: T) -> None:
        """The reader of a medium is kept where it stands."""
        self._open[sha256] = place, reader
        while len(self._open) > _OPEN:
            del self._open[next(iter(self._open))]


class Files:
    """`schedules.render.Inputs` over house files, read in order; a jump opens the file again. A relay is silence: what came of it is in no file."""

    def __init__(
        self, paths: Mapping[Sha256, Path], lengths: Mapping[Sha256, int], live: Collection[Sha256] = ()
    ) -> None:
        self._lengths, self._live = lengths, live
        self._kept = _Kept(paths, _Reader)

    def pcm(self, sha256: Sha256, start: int, count: int) -> NDArray[np.int32]:
        """See `Inputs`. Raises NotReady where the file is missing, damaged or too short."""
        if sha256 in self._live:
            return np.zeros((count, 2), dtype=np.int32)
        reader = self._kept.at(sha256, start)
        try:
            got = reader.take(count)
        except (OSError, av.FFmpegError, Refused):
            raise NotReady(sha256) from None
        self._kept.moved(sha256, start + count, reader)
        if len(got) != count:
            raise NotReady(sha256)
        return got

    def length(self, sha256: Sha256) -> int:
        """See `Inputs`."""
        if sha256 not in self._lengths:
            raise NotReady(sha256)
        return self._lengths[sha256]


class _Reader:
    def __init__(self, path: Path, start: int) -> None:
        self._pieces: Iterator[NDArray[np.int32]] = read_house(str(path), start)
        self._rest: NDArray[np.int32] = np.empty((0, 2), dtype=np.int32)

    def take(self, count: int) -> NDArray[np.int32]:
        parts, missing = [self._rest[:count]], count - len(self._rest[:count])
        self._rest = self._rest[count:]
        while missing > 0:
            piece = next(self._pieces, None)
            if piece is None:
                break
            parts.append(piece[:missing])
            self._rest = piece[missing:]
            missing -= len(parts[-1])
        return np.concatenate(parts)


class Films:
    """The pictures of house files, in order; a jump opens the file again."""

    def __init__(self, paths: Mapping[Sha256, Path]) -> None:
        self._kept = _Kept(paths, lambda path, start: read_frames(str(path), start))

    def picture(self, sha256: Sha256, number: int, into: Packed) -> None:
        """Copy frame `number` of a medium. Raises NotReady where it is missing or damaged."""
        frames = self._kept.at(sha256, number)
        try:
            found, frame = next(frames, (-1, None))
        except (OSError, av.FFmpegError, Refused):
            raise NotReady(sha256) from None
        if frame is None or found != number or sum(p.width * p.height for p in frame.planes) != len(into):
            raise NotReady(sha256)
        pack(frame, into)
        self._kept.moved(sha256, number + 1, frames)


def paths_of(media: tuple[Medium, ...], directory: Path) -> dict[Sha256, Path]:
    """Where media lie below `directory`: by their path, or by checksum as the house keeps them."""
    return {
        medium.sha256: directory / medium.path if medium.path else house_path(directory, medium.sha256)
        for medium in media
    }


__all__ = ["Files", "Films", "paths_of"]
