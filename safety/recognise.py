"""What is heard when it is not what is due: asks the library, seldom enough to stay cheap, and has a child make the features of new media. Knows the ring and the library, not the plan."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, Protocol

import attrs
import numpy as np
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from safety.compare import CLOSE, PAD, Pcm, likely_lags
from safety.judge import Hit, around
from safety.library import Library
from safety.messages import SLOT
from safety.ring import Ring
from schedules.render import Inputs, NotReady
from station import children
from station.words import SAMPLE_RATE, Sha256

_WINDOW: Final = SAMPLE_RATE
_TRUSTED: Final = 10  # slots for which what was recognised is taken to go on
_RESTS: Final = 5  # slots after a search in vain
_BATCH: Final = 20  # media a child is given
_AGAIN: Final = 60.0  # seconds before a medium that gave no features is tried again


class Recogniser:
    """A lookup by slot (safety.judge.Lookup)."""

    def __init__(self, ring: Ring, library: Library, inputs: Inputs) -> None:
        self._ring, self._library, self._inputs = ring, library, inputs
        self._hit: tuple[int, Hit] | None = None
        self._vain = -1_000_000
        self._taken = 0  # by the library when it was last asked

    def __call__(self, slot: int) -> Hit | None:
        """What is heard from the slot's first sample on, by the second after it, else by the second up to its end."""
        if self._taken != self._library.taken:  # what was found, or not, may be another medium
            self._taken, self._hit, self._vain = self._library.taken, None, -1_000_000
        if self._hit is not None and 0 <= slot - self._hit[0] < _TRUSTED:
            return _moved(self._hit[1], (slot - self._hit[0]) * SLOT)
        if 0 <= slot - self._vain < _RESTS:
            return None
        found = self._heard(slot * SLOT)
        if found is None:
            back = _WINDOW - SLOT
            earlier = self._heard(slot * SLOT - back)
            found = None if earlier is None else _moved(earlier, back)
        self._hit = None if found is None else (slot, found)
        self._vain = slot if found is None else self._vain
        return found

    def _heard(self, first: int) -> Hit | None:
        pcm, have = self._ring.read(first, _WINDOW)
        found = self._library.find(pcm) if have.mean() > 0.9 else None
        return None if found is None else self._placed(found, pcm)

    def _placed(self, hit: Hit, pcm: Pcm) -> Hit:
        """To the sample, where the medium can be read: features place it within some milliseconds."""
        try:
            due = around(self._inputs, hit, len(pcm))
        except NotReady:
            return hit
        alike = [
            (int((np.abs(pcm.astype(np.int32) - due[PAD - k : PAD - k + len(pcm)]) <= CLOSE).sum()), k)
            for k in likely_lags(pcm, due)
        ]
        best, late = max(alike)
        return _moved(hit, -late) if best > len(pcm) // 2 else hit


def _moved(hit: Hit, samples: int) -> Hit:
    return attrs.evolve(hit, offset=hit.offset + samples)


class Indexed(Protocol):
    """What is needed of safety.library.Library, or of safety.gallery.Gallery."""

    def path(self, sha256: Sha256) -> Path: ...
    def take(self, sha256: Sha256) -> bool: ...
    def missing(self, wanted: Iterable[Sha256]) -> list[Sha256]: ...


class Indexer(ProcessProtocol):
    """Has one child at a time make features of the media that are missing; the child ends when it has done its batch."""

    transport: Any

    def __init__(
        self,
        reactor: Any,
        library: Indexed,
        path_of: Callable[[Sha256], Path],
        module: str = "safety.library",
    ) -> None:
        """`module` is what the child runs: features of sound, or grids of pictures (safety.gallery)."""
        self._reactor, self._library, self._path_of = reactor, library, path_of
        self._module = module
        self._busy = False
        self._asked: list[Sha256] = []  # of the child, and not answered yet
        self._line = b""
        self._not_before: dict[Sha256, float] = {}
        self.failed: dict[Sha256, str] = {}

    def want(self, wanted: Iterable[Sha256]) -> None:
        """Media that should be in the index, the soonest due first."""
        now = self._reactor.seconds()
        missing = [s for s in self._library.missing(wanted) if self._not_before.get(s, now) <= now]
        if self._busy or not missing:
            return
        self._busy = True
        self._not_before = {s: t for s, t in self._not_before.items() if t > now}
        self._asked = batch = missing[:_BATCH]
        self._not_before.update(dict.fromkeys(batch, now + _AGAIN))
        child = self._reactor.spawnProcess(
            self,
            sys.executable,
            [sys.executable, "-m", self._module],
            env={**os.environ, children.PARENT: str(os.getpid())},
        )
        for sha256 in batch:
            line = f"{self._path_of(sha256)}\t{sha256}\t{self._library.path(sha256)}\n"
            child.write(line.encode())
        child.closeStdin()

    def looked_at(self, sha256: Sha256) -> bool:
        """Whether a medium is in the index, or could not be taken in when that was tried."""
        return self._library.take(sha256) or sha256 in self.failed

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """An answer of the child."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            sha256, _, why = line.decode().partition("\t")
            self._asked = [one for one in self._asked if one != sha256]
            self.failed.pop(Sha256(sha256), None)
            if why or not self._library.take(Sha256(sha256)):
                self.failed[Sha256(sha256)] = why or "its features cannot be read"

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        """The child is done, or died of the medium it was at: that one is tried again later, those behind it at once."""
        if self._asked:
            self.failed[self._asked[0]] = "its features cannot be made"
        for sha256 in self._asked[1:]:
            self._not_before.pop(sha256, None)
        self._busy, self._asked, self._line = False, [], b""

    def stop(self) -> None:
        """End the child that may still run."""
        if self._busy and self.transport is not None:
            self.transport.signalProcess("KILL")
