"""Reads verified media of the station, in house format, for the witness: checks each file's SHA-256 before its first use, keeps little in memory. Knows no plan."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from schedules.render import NotReady
from station.words import SAMPLE_RATE, Sha256

Wide = NDArray[np.int32]

_OPEN: Final = 8  # files open at once
_IDLE: Final = 500  # times that others were asked for since (some tens of seconds); then a file is closed: it holds seconds of sound
_BEHIND: Final = 3 * SAMPLE_RATE  # samples kept behind the newest decoded
_AHEAD: Final = 2 * SAMPLE_RATE  # decoded forward rather than sought


def frames(container: Any, start: int) -> Iterator[tuple[int, Wide]]:
    """Decoded pieces (first sample, int32 (n, 2) of 24 bits) of an open house file, from at or before `start` on."""
    stream = container.streams.audio[0]
    base = stream.time_base
    container.seek(int(start / SAMPLE_RATE / base), stream=stream, backward=True)
    at: int | None = None
    for frame in container.decode(stream):
        if at is None:
            at = 0 if frame.pts is None else round(frame.pts * base * SAMPLE_RATE)
        made = _wide(frame)
        yield at, made
        at += len(made)


def _wide(frame: Any) -> Wide:
    raw = frame.to_ndarray()
    shaped = raw.reshape(-1, frame.layout.nb_channels) if raw.shape[0] == 1 else raw.T
    if shaped.shape[1] == 1:
        shaped = np.repeat(shaped, 2, axis=1)
    if shaped.dtype == np.int16:
        made: Wide = shaped[:, :2].astype(np.int32) << 8
    else:
        made = shaped[:, :2].astype(np.int32) >> 8
    return made


def _length(container: Any) -> int:
    """Samples of an open house file; Matroska counts milliseconds, of which its frames have 40."""
    ticks = container.streams.audio[0].duration
    return int(ticks) if ticks else (container.duration or 0) * 6 // 125


class _Reader:
    """One open file, read forward; a small window of what was decoded last."""

    def __init__(self, path: Path) -> None:
        self._container = av.open(str(path))
        self.length = _length(self._container)
        self._pieces: deque[tuple[int, Wide]] = deque()
        self._next = frames(self._container, 0)
        self._end = 0
        self.asked = 0  # the shelf's count when it was last asked for

    def pcm(self, start: int, count: int) -> Wide:
        begun = self._pieces[0][0] if self._pieces else 0
        if start < begun or start > self._end + _AHEAD:
            self._seek(start)
        while self._end < start + count:
            at, piece = next(self._next)
            self._pieces.append((at, piece))
            self._end = at + len(piece)
            while self._pieces[0][0] + len(self._pieces[0][1]) < min(start, self._end - _BEHIND):
                self._pieces.popleft()
        return self._cut(start, count)

    def _seek(self, start: int) -> None:
        self._pieces.clear()
        self._next = frames(self._container, start)
        self._end = 0

    def _cut(self, start: int, count: int) -> Wide:
        made = np.zeros((count, 2), dtype=np.int32)
        for at, piece in self._pieces:
            first, last = max(start, at), min(start + count, at + len(piece))
            if first < last:
                made[first - start : last - start] = piece[first - at : last - at]
        return made

    def close(self) -> None:
        self._container.close()


class Shelf:
    """`schedules.render.Inputs` over the media directory. A medium is not ready until `verified` was told of it."""

    def __init__(self, path_of: Any) -> None:
        """`path_of(sha256)` gives the house file's path."""
        self._path_of = path_of
        self._good: set[str] = set()
        self._asked = 0
        self._open: OrderedDict[str, _Reader] = OrderedDict()  # those asked for longest ago first

    def verified(self, sha256: Sha256) -> None:
        """The file's checksum was found right just now."""
        self._good.add(sha256)

    def is_verified(self, sha256: Sha256) -> bool:
        """Whether it may be used."""
        return sha256 in self._good

    def pcm(self, sha256: Sha256, start: int, count: int) -> Wide:
        """Samples of a medium: int32 (count, 2) of 24 bits. Raises NotReady."""
        try:
            return self._reader(sha256).pcm(start, count)
        except (OSError, StopIteration, av.error.FFmpegError) as error:
            self._drop(sha256)
            raise NotReady(sha256) from error

    def length(self, sha256: Sha256) -> int:
        """How many samples a medium has. Raises NotReady."""
        try:
            return self._reader(sha256).length
        except (OSError, av.error.FFmpegError) as error:
            self._drop(sha256)
            raise NotReady(sha256) from error

    def _reader(self, sha256: Sha256) -> _Reader:
        if sha256 not in self._good:
            raise NotReady(sha256)
        if sha256 not in self._open:
            self._open[sha256] = _Reader(self._path_of(sha256))
        self._open.move_to_end(sha256)
        self._asked += 1
        self._open[sha256].asked = self._asked
        while len(self._open) > _OPEN or self._asked - next(iter(self._open.values())).asked > _IDLE:
            self._open.popitem(last=False)[1].close()
        return self._open[sha256]

    def _drop(self, sha256: Sha256) -> None:
        self._good.discard(sha256)
        reader = self._open.pop(sha256, None)
        if reader is not None:
            reader.close()

    def close(self) -> None:
        """Close every file."""
        while self._open:
            self._open.popitem()[1].close()
