"""Seats that belong to no account: the station's own processes, the wall, the console. Each is a token in a file that only this user may read; written anew at each start. Knows no page."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from station.words import SYSTEM, Operator

WALL = Operator(id="wall", roles=frozenset({"wall"}))
CONSOLE = Operator(id="console", roles=frozenset({"console"}))
SEATS: dict[str, Operator] = {"peer": SYSTEM, "wall": WALL, "console": CONSOLE}


def token_file(run: Path, seat: str) -> Path:
    """Where the token of a seat lies below the directory of sockets."""
    return run / f"{seat}.token"


def hand_out(run: Path, admit: Callable[[str, Operator], None]) -> None:
    """Make a new token for every such seat, let it in, and write it down, mode 0600."""
    for seat, operator in SEATS.items():
        token = secrets.token_urlsafe(32)
        path = token_file(run, seat)
        path.unlink(missing_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(token)
        admit(token, operator)


def token(run: Path, seat: str) -> str:
    """The token of a seat as it is now; empty where no station ever ran."""
    try:
        return token_file(run, seat).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
