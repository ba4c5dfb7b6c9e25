"""Where life-safety commands are written down when the journal cannot be: a file of JSON lines, and a reserve to delete when the disk is full. Knows no command."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path
from typing import Any

from station.wire import canonical

RESERVE_BYTES = 64 << 20
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Spill:
    """Append-only lines, each on disk before `append` returns; they go into the journal once it can be written again."""

    def __init__(self, path: Path, *, reserve_bytes: int = RESERVE_BYTES) -> None:
        self._path = path
        self._reserve = path.with_name(path.name + ".reserve")
        self._bytes = reserve_bytes

    @property
    def reserve(self) -> Path:
        """The file that is given up when the disk is full."""
        return self._reserve

    def prepare(self) -> bool:
        """Set the reserve aside; says whether it is there (a nearly full disk may refuse it)."""
        if self._reserve.exists() and self._reserve.stat().st_size == self._bytes:
            return True
        try:
            with self._reserve.open("wb") as file:
                os.posix_fallocate(file.fileno(), 0, self._bytes)
        except OSError as error:
            if error.errno not in _FULL:
                raise
            self._reserve.unlink(missing_ok=True)
            return False
        return True

    def append(self, entry: dict[str, Any]) -> None:
        """Write one entry durably; on a full disk the reserve goes first. Raises OSError when even that fails."""
        line = (canonical(entry) + "\n").encode()
        try:
            self._write(line)
        except OSError as error:
            if error.errno not in _FULL or not self._reserve.exists():
                raise
            self.release()
            self._write(line)

    def release(self) -> None:
        """Give the reserve up, so that the disk has room again."""
        self._reserve.unlink(missing_ok=True)

    def _write(self, line: bytes) -> None:
        handle = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            before = os.fstat(handle).st_size
            if os.write(handle, line) != len(line):
                os.ftruncate(handle, before)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
            os.fsync(handle)
        finally:
            os.close(handle)

    def read(self) -> list[dict[str, Any]]:
        """What waits to be journaled, oldest first; a torn last line was never acknowledged and is left out."""
        if not self._path.exists():
            return []
        whole, _, _torn = self._path.read_bytes().rpartition(b"\n")
        return [json.loads(line) for line in whole.splitlines()]

    def clear(self) -> None:
        """Forget what is now in the journal, and set the reserve aside again."""
        self._path.unlink(missing_ok=True)
        self.prepare()
