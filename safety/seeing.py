"""The witness' eye as the witness sees it: keeps the child that looks running, and puts what it says on the reel. Knows a process and the records, not what is due."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import attrs
import numpy as np
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from safety.eye_child import PICTURE, STATE
from safety.grids import COLS, ROWS
from safety.reel import Reel
from station import children

_AGAIN: Final = 0.5  # seconds until an eye that ended is opened again

log = Logger()


@attrs.define
class Said:
    """The eye's newest counts since it was opened."""

    packets: int = 0
    continuity: int = 0
    damaged: int = 0
    undecoded: int = 0
    dropped: int = 0
    pcr_us: int = 0  # longest interval of two PCR in the last quarter of a second


class Eyes(ProcessProtocol):
    """One port; `reel` fills itself."""

    transport: Any

    def __init__(
        self, reactor: Any, reel: Reel, host: str, port: int, anchor: Path, now: Callable[[], int]
    ) -> None:
        self.reel, self.said = reel, Said()
        self._reactor, self._now = reactor, now
        self._arguments = ["--host", host or "0.0.0.0", "--port", str(port), "--anchor", str(anchor)]  # noqa: S104
        self._rest = b""
        self._again: Any = None
        self._stopped = False
        self.ended = 0  # how often the child ended by itself

    def start(self) -> None:
        """Open the eye."""
        self._again, self._rest, self.said = None, b"", Said()
        self._reactor.spawnProcess(
            self,
            sys.executable,
            [sys.executable, "-m", "safety.eye_child", *self._arguments],
            env={**os.environ, children.PARENT: str(os.getpid())},
        )

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """Records, however they are cut."""
        data = self._rest + data
        at = 0
        while at < len(data):
            form = PICTURE if data[at : at + 1] == b"P" else STATE
            if at + form.size > len(data):
                break
            if form is PICTURE:
                self._picture(data, at)
            else:
                self._state(data, at)
            at += form.size
        self._rest = data[at:]

    def _picture(self, data: bytes, at: int) -> None:
        _, pts, arrived, cells = PICTURE.unpack_from(data, at)
        grid = np.frombuffer(cells, dtype=np.uint8).reshape(ROWS, COLS)
        self.reel.add(None if pts < 0 else pts, arrived, grid)

    def _state(self, data: bytes, at: int) -> None:
        _, sample, *counts = STATE.unpack_from(data, at)
        before, self.said = self.said.dropped, Said(*counts)
        self.reel.said(sample, self.said.packets, dropped=self.said.dropped > before)

    def errReceived(self, data: bytes) -> None:  # noqa: N802
        """What the child complains of."""
        log.error("the eye: {said}", said=data.decode(errors="replace").strip()[:300])

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        """The child ended: what passes meanwhile was not seen."""
        if self._stopped:
            return
        self.ended += 1
        self.reel.blinded(self._now())
        self._again = self._reactor.callLater(_AGAIN, self.start)

    def stop(self) -> None:
        """Close the eye."""
        self._stopped = True
        if self._again is not None:
            self._again.cancel()
            self._again = None
        elif self.transport is not None and self.transport.pid is not None:
            self.transport.signalProcess("KILL")
