"""Has files written through to the disk in a thread of its own: a disk that stalls holds up nobody else. Knows paths; knows nothing of what is in them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

from station.files import flush


class Flusher:
    """One batch of files at a time. Its thread only opens, flushes and closes: whoever forks meanwhile takes none of its work along."""

    def __init__(self) -> None:
        self._asked: SimpleQueue[list[Path]] = SimpleQueue()
        self._done: SimpleQueue[list[Path]] = SimpleQueue()
        self._thread: Thread | None = None
        self._busy = False

    def ask(self, paths: Iterable[Path]) -> None:
        """Have these flushed; `settled` was asked before and had nothing under way."""
        if self._thread is None:
            self._thread = Thread(target=self._work, name="flusher", daemon=True)
            self._thread.start()
        self._busy = True
        self._asked.put(list(paths))

    def settled(self) -> list[Path] | None:
        """What the disk did not take of what was asked for last, nothing where it took all; None: it is still at it."""
        if not self._busy:
            return []
        try:
            left = self._done.get_nowait()
        except Empty:
            return None
        self._busy = False
        return left

    def _work(self) -> None:
        while True:
            self._done.put([path for path in self._asked.get() if not _flushed(path)])


def _flushed(path: Path) -> bool:
    try:
        flush(path)
    except FileNotFoundError:
        return True  # it was removed meanwhile
    except OSError:
        return False
    return True


__all__ = ["Flusher"]
