"""Where the secrets are that settings name by their files, and what they hold. Knows a directory; knows no use of them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

_SRT: Final = (10, 79)  # characters of a passphrase that SRT takes


def held(secrets: Path, name: str) -> Path:
    """Where a file of secrets/ is: with systemd's credentials, where a process may not look at all secrets."""
    given = os.environ.get("CREDENTIALS_DIRECTORY")
    return (Path(given) if given else secrets) / name


def read_secret(secrets: Path, name: str) -> str:
    """What such a file holds. Raises OSError or UnicodeDecodeError where it cannot be read, PermissionError where others may."""
    path = held(secrets, name)
    if stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise PermissionError(f"others may read {path}")
    return path.read_text(encoding="utf-8").strip()


def srt_takes(secret: str) -> bool:
    """Whether SRT takes that for a passphrase."""
    return _SRT[0] <= len(secret) <= _SRT[1] and secret.isprintable()


__all__ = ["held", "read_secret", "srt_takes"]
