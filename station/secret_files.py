"""Reads the secrets that settings name by their files. Knows a directory; knows no use of them."""

from __future__ import annotations

import os
import stat
from pathlib import Path


def read_secret(secrets: Path, name: str) -> str:
    """What the file `name` in `secrets` holds, or in systemd's credentials where a process may not look at all secrets. Raises OSError or UnicodeDecodeError where it cannot be read, PermissionError where others may."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    path = (Path(given) if given else secrets) / name
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(f"others may read {path}")
    return path.read_text(encoding="utf-8").strip()


__all__ = ["read_secret"]
