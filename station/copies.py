"""Keeps the second copy of house files (`media_copy`): asks a child, one round at a time, remembers what it found. Knows which media plans name; touches no medium itself."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import cattrs
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from schedules.plan import Medium, Plan
from station.children import PARENT
from station.clock import Clock
from station.copy_child import File, Job, Kept, Stamp, heard
from station.files import write_whole
from station.metrics import counter
from station.wire import from_plain, to_plain
from station.words import ChannelId, Instant, Sha256, Text, sample_at

SOON: Final = 20.0  # s after the start
EVERY: Final = 60.0  # s between two looks at what has no copy yet
ANEW_EVERY: Final = 10  # looks; then all are looked at again
PATIENCE_S: Final = 300.0  # s without a word: the disk hangs, and so does the child
FILE: Final = "copies.json"
_LONGEST: Final = 1 << 14
_COMMAND: Final = (sys.executable, "-m", "station.copy_child")
ROUNDS = counter(
    "gengfu_media_copies_total", "House files looked at for their second copy, by outcome", ("state",)
)


def urgent(plans: Mapping[ChannelId, Plan], library: Iterable[Medium], now: Instant) -> list[Medium]:
    """Every medium once, the soonest on the air first: what is planned, what may stand in for it or waits for a key, the rest of the library. A relay is no file."""
    here = sample_at(now)
    known = {medium.sha256: medium for medium in library}
    known |= {medium.sha256: medium for plan in plans.values() for medium in plan.media}
    ahead = sorted(
        (take.start, name)
        for plan in plans.values()
        for take in plan.takes
        if take.end > here
        for name in (take.media, take.replacement.media if take.replacement else None)
        if name is not None
    )
    named = (medium.sha256 for plan in plans.values() for medium in plan.media)
    order = dict.fromkeys([*(name for _, name in ahead), *named, *known])
    return [known[name] for name in order if name in known and not known[name].live]


class _Child(ProcessProtocol):
    """One run of `station.copy_child`."""

    def __init__(
        self, job: Job, told: Callable[[Kept], None], alive: Callable[[], None], over: Callable[[bytes], None]
    ) -> None:
        self._job, self._told, self._alive, self._over = job, told, alive, over
        self._rest, self._err = b"", b""

    def connectionMade(self) -> None:  # noqa: N802
        """Give it its job."""
        transport: Any = self.transport
        transport.write(json.dumps(to_plain(self._job)).encode())
        transport.closeStdin()

    def outReceived(self, data: bytes) -> None:  # noqa: N802
        """One line a file; whatever it says, it is at work."""
        self._alive()
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._rest = self._rest[-_LONGEST:]
        for line in lines:
            if (said := heard(line)) is not None:
                self._told(said)

    def errReceived(self, data: bytes) -> None:  # noqa: N802
        """Keep the end of its complaints."""
        self._err = (self._err + data)[-2048:]

    def processEnded(self, reason: Failure) -> None:  # noqa: N802
        """It is gone."""
        self._over(self._err)


class Copies:
    """`start`, then it looks by itself; `lacks(sha256)` at any time. Does nothing where the settings name no second copy."""

    log = Logger()

    def __init__(
        self,
        reactor: Any,
        media: Path,
        copy: Path | None,
        state: Path,
        wanted: Callable[[], list[Medium]],
        *,
        command: tuple[str, ...] = _COMMAND,
    ) -> None:
        self._reactor, self._media, self._copy, self._file = reactor, media, copy, state / FILE
        self._wanted, self._command = wanted, command
        self._clock: Clock = reactor
        self._found: dict[Sha256, Kept] = {}
        self._stamps = _read(self._file)
        self._looks = 0
        self._timer: Any = None
        self._deadline: Any = None
        self._child: Any = None

    @property
    def asked(self) -> bool:
        """Whether there is to be a second copy at all."""
        return self._copy is not None

    def lacks(self, sha256: str) -> Text | None:
        """Why a medium has no second copy; None where it has one, or nobody looked yet."""
        found = self._found.get(Sha256(sha256))
        if found is None or found.state not in ("lost", "failed"):
            return None
        return Text(found.en, found.zh)

    def start(self) -> None:
        """Look soon, when plans are known, and then once a minute."""
        if self._copy is not None:
            self._timer = self._clock.callLater(SOON, self._turn, self._copy)

    def _turn(self, copy: Path) -> None:
        self._timer = self._clock.callLater(EVERY, self._turn, copy)
        if self._child is None:
            self._look(copy)

    def stop(self) -> None:
        """Look no more; a copy under way is given up."""
        for timer in (self._timer, self._deadline):
            if timer is not None and timer.active():
                timer.cancel()
        self._end()

    def _look(self, copy: Path) -> None:
        anew = self._looks % ANEW_EVERY == 0
        self._looks += 1
        wanted = [one for one in self._wanted() if anew or not self._held(one.sha256)]
        if not wanted:
            return
        files = tuple(
            File(sha256=one.sha256, path=self._path(one), stamp=self._stamps.get(one.sha256))
            for one in wanted
        )
        job = Job(media=str(self._media), copy=str(copy), files=files)
        self._waits()
        env = {**os.environ, PARENT: str(os.getpid())}
        child = _Child(job, self._told, self._waits, self._over)
        self._child = self._reactor.spawnProcess(child, self._command[0], self._command, env=env)

    def _held(self, sha256: Sha256) -> bool:
        found = self._found.get(sha256)
        return found is not None and found.state not in ("lost", "failed")

    def _path(self, medium: Medium) -> str:
        return medium.path or f"{medium.sha256[:2]}/{medium.sha256}.flac"

    def _told(self, said: Kept) -> None:
        ROUNDS.labels(said.state).inc()
        before = self._found.get(said.sha256)
        self._found[said.sha256] = said
        if said.stamp is not None:
            self._stamps[said.sha256] = said.stamp
        if said.state in ("copied", "mended") or (said.state != "kept" and before != said):
            self.log.info(
                "second copy of {what}: {state} {why}", what=said.sha256[:12], state=said.state, why=said.en
            )

    def _over(self, err: bytes) -> None:
        self._child = None
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        if err:
            self.log.error("the copying child: {said}", said=err.decode(errors="replace").strip()[-300:])
        try:
            write_whole(self._file, json.dumps(self._stamps))
        except OSError as error:
            self.log.error("{file} cannot be written: {why}", file=str(self._file), why=str(error))

    def _waits(self) -> None:
        """From now on so long for its next word."""
        if self._deadline is not None and self._deadline.active():
            self._deadline.reset(PATIENCE_S)
        else:
            self._deadline = self._clock.callLater(PATIENCE_S, self._hangs)

    def _hangs(self) -> None:
        self.log.error("the directory of second copies does not answer")
        said = Text("the directory does not answer", "目录无应答")
        for one in self._wanted():
            self._found[one.sha256] = Kept(sha256=one.sha256, state="failed", en=said.en, zh=said.zh)
        self._end()

    def _end(self) -> None:
        if self._child is not None:
            try:
                self._child.signalProcess("KILL")
            except ProcessExitedAlready:
                self._child = None


def _read(path: Path) -> dict[Sha256, Stamp]:
    """What was read back before; nothing of a damaged file, for then all is read again."""
    try:
        return from_plain(json.loads(path.read_text(encoding="utf-8")), dict[Sha256, Stamp])
    except (OSError, ValueError, TypeError, cattrs.BaseValidationError):
        return {}


__all__ = ["ANEW_EVERY", "EVERY", "FILE", "PATIENCE_S", "SOON", "Copies", "urgent"]
