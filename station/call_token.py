"""Reads the bearer token by which a gateway of calls knows this station. Knows one file; keeps nothing, so that a new token needs no restart."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from station.settings import AlarmsSection
from station.words import Refused

SHORTEST: Final = 16  # characters
LONGEST: Final = 500


def nobody() -> str:
    """No token: the gateway asks for none."""
    return ""


def reader(alarms: AlarmsSection, secrets: Path) -> Callable[[], str]:
    """How to read the token of these settings; the function raises Refused, which says what is wrong with the file."""
    if not alarms.call_token_file:
        return nobody
    path = secrets / alarms.call_token_file
    return lambda: read(path)


def read(path: Path) -> str:
    """The token in a file that its owner alone may read. Raises Refused."""
    name = f"secrets/{path.name}"
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o7777
            token = file.read(LONGEST + 3).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not ASCII"
        raise Refused(f"{name} cannot be read: {why}", f"无法读取 {name}:{why}", code="token") from None
    if mode & 0o077:
        raise Refused(
            f"others can read {name} (mode {mode:04o}): chmod 600 it, and change it at the gateway",
            f"他人可读取 {name}(权限 {mode:04o}):请 chmod 600,并在网关处更换",
            code="token",
        )
    if not SHORTEST <= len(token) <= LONGEST or any(not "!" <= one <= "~" for one in token):
        raise Refused(
            f"{name} must hold one word of {SHORTEST} to {LONGEST} characters",
            f"{name} 应为一个 {SHORTEST} 至 {LONGEST} 个字符的令牌",
            code="token",
        )
    return token
