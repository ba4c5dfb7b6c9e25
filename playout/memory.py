"""Which media a chain holds whole in memory, and in which order they are loaded. Knows descriptors and the loader's end; knows no mixer and no clock."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from playout.crew import Child
from playout.processes import tell
from playout.roots import Roots
from schedules.plan import Medium
from station.words import SAMPLE_RATE, Sha256

PRELOADED: Final = 600 * SAMPLE_RATE  # samples kept on request beyond loops and overlays: 230 MB
_PATIENCE: Final = 20_000_000_000  # ns a load may take
_AGAIN: Final = 5_000_000_000  # ns before what failed is tried again


class Memory:
    """Loaded media by content hash: what is wanted is loaded one after the other, what is not wanted any more is let go."""

    def __init__(self, roots: Roots) -> None:
        self.loader: Child | None = None
        self.roots = roots
        self._wanted: dict[Sha256, Medium] = {}
        self._asked: dict[Sha256, Medium] = {}
        self._held: dict[Sha256, int] = {}
        self._failed: dict[Sha256, int] = {}
        self._busy: tuple[Sha256, int] | None = None

    def want(self, media: Mapping[Sha256, Medium]) -> None:
        """What must be in memory: loops and the audio of overlays."""
        self._wanted = dict(media)

    def preload(self, media: Iterable[Medium]) -> None:
        """What is to be in memory as long as there is room, the last named first, in place of what was asked for before."""
        self._asked = {medium.sha256: medium for medium in media}
        total = 0
        for sha256 in reversed(list(self._asked)):
            total += self._asked[sha256].samples
            if total > PRELOADED:
                del self._asked[sha256]

    def has(self, sha256: Sha256) -> bool:
        """Whether it is in memory."""
        return sha256 in self._held

    def settled(self, sha256: Sha256) -> bool:
        """Whether it is in memory, or could not be loaded."""
        return sha256 in self._held or sha256 in self._failed

    def loaded(self) -> Collection[Sha256]:
        """What is in memory."""
        return self._held.keys()

    def held(self) -> list[tuple[Sha256, int]]:
        """What is in memory, with descriptors."""
        return list(self._held.items())

    def dropped(self) -> list[Sha256]:
        """Let go of what nobody wants any more; what that was."""
        gone = [s for s in self._held if s not in self._wanted and s not in self._asked]
        for sha256 in gone:
            os.close(self._held.pop(sha256))
        return gone

    def work(self, now: int) -> None:
        """Have the next medium loaded; a loader that takes too long is replaced."""
        loader = self.loader
        if loader is None or loader.end is None:
            return
        if self._busy is not None:
            if now - self._busy[1] > _PATIENCE:
                loader.kill()
            return
        for medium in (*self._wanted.values(), *reversed(self._asked.values())):
            failed = self._failed.get(medium.sha256)
            if medium.sha256 not in self._held and (failed is None or now - failed > _AGAIN):
                self._busy = (medium.sha256, now)
                paths = self.roots.paths(medium.sha256, medium)
                tell(loader.end, ("load", medium.sha256, paths, medium.samples))
                return

    def loader_lost(self, now: int) -> None:
        """The loader ended: what it was at has failed for now."""
        if self._busy is not None:
            self._failed[self._busy[0]] = now
        self._busy = None

    def loaded_now(self, sha256: Sha256, held: int | None, why: str, now: int) -> bool:
        """The loader's answer; whether the medium is in memory now."""
        self._busy = None
        if held is None or why:
            self._failed[sha256] = now
            return False
        self._failed.pop(sha256, None)
        self._held[sha256] = held
        return True
