"""Whether a path is a file that can be taken in at all, before a child is started for it. Knows files; opens none."""

from __future__ import annotations

import os
from pathlib import Path

from station.words import Refused


def regular(path: Path) -> None:
    """Raises Refused for what is no ordinary file: a pipe would never end, a device has no content of its own."""
    try:
        there, ordinary = path.exists(), path.is_file()
    except OSError as error:  # a name too long, or links that lead in a circle
        raise Refused(f"{path}: {error.strerror}", f"{path}:{error.strerror}", code="missing") from None
    if not there:
        raise Refused(f"there is no file {path}", f"没有文件 {path}", code="missing")
    if not ordinary:
        raise Refused(f"{path} is no ordinary file", f"{path} 不是普通文件", code="missing")
    if not os.access(path, os.R_OK):
        raise Refused(f"{path} may not be read", f"没有读取 {path} 的权限", code="rights")


__all__ = ["regular"]
