"""Which of two players sends an output: whoever holds its lock, and nobody else. Knows one file; the kernel takes the lock back when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

LETS: Final = 3_000_000_000  # ns the player that is not meant to send it leaves to the one that is


class Baton:
    """Of one output, in one of the processes that may send it. Once held it is held until the process ends."""

    def __init__(self, path: Path, now: Callable[[], int], *, first: bool) -> None:
        """`first`: this one is meant to send it, and takes it as soon as it is free; `now`: monotonic ns."""
        self._path, self._now = path, now
        self._from = now() + (0 if first else LETS)
        self._file: int | None = None
        self._held = False

    def held(self) -> bool:
        """Whether it is ours now; OSError where its file cannot be made."""
        if self._held or self._now() < self._from:
            return self._held
        if self._file is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._held = True
        return True

    def leave(self) -> None:
        """Let another have it."""
        if self._file is not None:
            os.close(self._file)
        self._file, self._held = None, False
