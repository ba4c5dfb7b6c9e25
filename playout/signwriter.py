"""Draws captions in a process of its own, so that no frame waits for words: a long slate takes most of a second. Knows the raster and the drawing; knows no overlay and no frame."""

from __future__ import annotations

import contextlib
import os
import socket
from typing import Final

from playout.encoder import PRIORITY
from playout.graphics import Captioned, captioned
from playout.processes import fork, hear, pair, tell
from schedules.captions import Caption
from schedules.raster import Raster
from station.children import realtime

_TRIES: Final = 3  # times that a caption is given to a process which then ended


class Signwriter:
    """One process that draws one caption after the other; begun anew where it ended and something is to be drawn."""

    def __init__(self, raster: Raster) -> None:
        self.end: socket.socket | None = (
            None  # where its answers come, to be waited for; None while it does not run
        )
        self.at: Caption | None = None  # what it is drawing
        self._raster = raster
        self._pid = 0
        self._ended = 0  # times that it ended at this caption

    def begin(self) -> socket.socket:
        """Start the process; our end of it."""
        self.end, theirs = pair()
        self._pid = fork(lambda: serve_captions(self._raster, theirs), (theirs.fileno(),))
        theirs.close()
        return self.end

    def draw(self, caption: Caption) -> None:
        """Have it drawn; asked only while it is at nothing."""
        self.at = caption
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # `answer` will notice
            tell(self.end or self.begin(), caption)

    def answer(self) -> tuple[Caption, Captioned | None] | None:
        """What it has drawn, once `end` can be read; None where it ended instead. What ends it again and again is given up: no pictures."""
        assert self.end is not None
        try:
            made, _ = hear(self.end)
        except (EOFError, ConnectionResetError):
            made = None
            self._buried()
        caption, self.at = self.at, None
        if caption is not None and made is None and self._ended < _TRIES:
            self.draw(caption)
            return None
        self._ended = 0
        return None if caption is None else (caption, made)

    def _buried(self) -> None:
        assert self.end is not None
        self.end.close()
        os.waitpid(self._pid, 0)
        self.end = None
        self._ended += 1


def serve_captions(raster: Raster, end: socket.socket) -> None:
    """The process: a Caption is answered by its Captioned; EOFError when the other end is gone."""
    realtime(PRIORITY - 1, lock=False)
    captioned(raster, Caption(form="crawl", title="·", text=""))  # so that the font is there
    while True:
        caption, _ = hear(end)
        tell(end, captioned(raster, caption))


__all__ = ["Signwriter", "serve_captions"]
