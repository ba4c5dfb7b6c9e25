"""The speech engine of a simulated day: takes the job of the production voice, and answers after a while with sound that is only a name and a length. Makes no sound."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.error import ProcessDone, ProcessTerminated
from twisted.python.failure import Failure

from emergency.voice_job import Job, Spoken
from station.clock import Clock
from station.wire import canonical, from_plain, to_plain
from station.words import SAMPLE_RATE, Sha256


class Child:
    """One run of the engine: the transport that `emergency.voice` writes its job to."""

    def __init__(self, clock: Clock, protocol: Any, broken: Callable[[], bool]) -> None:
        self._clock, self._protocol, self._broken = clock, protocol, broken
        self._job = b""
        self._over = False

    def write(self, data: bytes) -> None:
        """The job, or part of it."""
        self._job += data

    def closeStdin(self) -> None:  # noqa: N802
        """That was all of it: begin."""
        job = from_plain(json.loads(self._job), Job)
        self._clock.callLater(0.4 + len(job.text) / 40, self._done, job)

    def signalProcess(self, signal: str) -> None:  # noqa: N802
        """It is killed."""
        self._end(ProcessTerminated(signal=9))  # type: ignore[no-untyped-call]

    def _done(self, job: Job) -> None:
        if self._broken():
            self._end(ProcessTerminated(exitCode=3))  # type: ignore[no-untyped-call]
            return
        plain = to_plain(job)
        del plain["out"]
        sha256 = Sha256(hashlib.sha256(canonical(plain).encode()).hexdigest())
        Path(job.out).write_bytes(b"")
        samples = SAMPLE_RATE * (3 + len(job.text) // 4)
        said = Spoken(sha256=sha256, samples=samples, loudness_centi_lufs=-2300, true_peak_centi_db=-300)
        self._protocol.outReceived(json.dumps(to_plain(said)).encode())
        self._end(ProcessDone(0))  # type: ignore[no-untyped-call]

    def _end(self, how: Any) -> None:
        if not self._over:
            self._over = True
            self._protocol.processEnded(Failure(how))  # type: ignore[no-untyped-call]
