"""Files that are replaced whole or not at all, flushed where asked, and told by their hash. Knows nothing of what is in them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from station.words import Sha256


def write_whole(path: Path, content: str | bytes, *, sync: bool = False, mode: int | None = None) -> None:
    """Replace a file: whoever reads, and a process killed meanwhile, leaves the old one or the new one. Raises OSError.

    `sync`: also after a power cut, and what was written is on the disk when this returns. `mode`: the permissions it
    gets, whatever the umask; none given: those of any new file. Text is UTF-8.
    """
    data = content.encode() if isinstance(content, str) else content
    new = path.with_name(f".{path.name}.{os.getpid()}.new")  # two processes may write the same file
    try:
        handle = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666 if mode is None else mode)
        with os.fdopen(handle, "wb") as file:
            if mode is not None:
                os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            if sync:
                os.fsync(handle)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
    if sync:
        flush(path.parent)


def flush(path: Path) -> None:
    """Have the system write a file, or the names in a folder, through to the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def hash_of(path: Path) -> Sha256:
    """SHA-256 of a file's content. Raises OSError."""
    with path.open("rb") as file:
        return Sha256(hashlib.file_digest(file, "sha256").hexdigest())
