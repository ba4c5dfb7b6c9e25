"""Where a house file lies, and where its second copy; which of the two is read first. Knows directories and what stalled; opens nothing, knows no clock."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from playout.facts import house_path
from schedules.plan import Medium
from station.words import Sha256

DISTRUST: Final = 60_000_000_000  # ns in which a directory that stalled is read last


class Roots:
    """The media directory and, where there is one, the second copy of it."""

    def __init__(self, media: Path, copy: Path | None = None) -> None:
        self._media, self._copy = media, copy
        self._stalled = [0, 0]  # until when, ns

    def path(self, sha256: Sha256, medium: Medium | None) -> Path:
        """Where the file lies."""
        if medium is not None and medium.path:
            return self._media / medium.path
        return house_path(self._media, sha256)

    def paths(self, sha256: Sha256, medium: Medium | None) -> tuple[str, ...]:
        """The file and its second copy."""
        first = self.path(sha256, medium)
        if self._copy is None:
            return (str(first),)
        return str(first), str(self._copy / first.relative_to(self._media))

    def stalled(self, copy: int, now: int) -> None:
        """A decoder hung while it read this one: 0 the file, 1 its copy."""
        self._stalled[copy] = now + DISTRUST

    def using(self, now: int) -> int:
        """Which is read first: the files, but for a while after they stalled."""
        mistrusted = self._copy is not None and self._stalled[0] > now and self._stalled[1] <= now
        return int(mistrusted)


__all__ = ["DISTRUST", "Roots"]
