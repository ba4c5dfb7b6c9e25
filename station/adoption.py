"""How adopted settings reach the processes that read them at their start: the station leaves a mark and ends, whoever supervises sees the mark and renews the others. Knows no settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from station.files import write_whole
from station.words import Sha256

LOOK = 1.0  # s
RENEWED = ("panel", "witness-")  # beginnings of the names of processes that are renewed; players never are


def mark(run: Path) -> Path:
    """Where the mark lies in the directory of sockets and pid files."""
    return run / "settings.adopted"


def leave_mark(run: Path, sha256: Sha256) -> None:
    """Other settings hold from the next start of each process on."""
    write_whole(mark(run), sha256)


def leave(reactor: Any, run: Path) -> Callable[[float, Sha256], None]:
    """A function that leaves the mark and ends this process after a pause (s); its supervisor starts it again."""

    def end(pause: float, sha256: Sha256) -> None:
        leave_mark(run, sha256)
        reactor.callLater(pause, reactor.stop)

    return end


class Renewals:
    """Calls `renew` once for each new mark, not for one that was there before."""

    def __init__(self, reactor: Any, run: Path, renew: Callable[[], None]) -> None:
        self._reactor, self._mark, self._renew = reactor, mark(run), renew
        self._seen = self._read()

    def start(self) -> None:
        """Look, and look again every second."""
        found = self._read()
        if found != self._seen:
            self._seen = found
            self._renew()
        self._reactor.callLater(LOOK, self.start)

    def _read(self) -> str:
        try:
            return self._mark.read_text(encoding="ascii")
        except FileNotFoundError:
            return ""
