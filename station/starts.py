"""How often panel or witness did not stay up with the settings they read: each notes its own starts beside its log, the station looks at the notes. Knows files, not what the settings say."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import attrs
from twisted.logger import Logger

from station.files import hash_of, write_whole
from station.settings import Places
from station.settings_trial import HOLDS, STARTS
from station.wire import canonical, from_plain, to_plain
from station.words import Refused, Sha256, Text

ENDING: Final = ".starts"
FORGOTTEN: Final = 60.0  # s after which a start that did not hold says nothing of the next
log = Logger()


@attrs.frozen(kw_only=True)
class Starts:
    """What a process knows of its starts with one version of the settings."""

    name: str  # panel, witness-fm1
    settings: Sha256
    count: int  # starts none of which has held
    why: Text = attrs.field(factory=lambda: Text("", ""))  # of the last one, where it said anything


@attrs.define
class _Note:
    """The file of one process. A disk that refuses is no reason not to start."""

    path: Path
    now: Starts

    def keep(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(self.path, canonical(to_plain(self.now)))
        except OSError as error:
            log.error("{path} cannot be written: {why}", path=str(self.path), why=error.strerror)

    def forget(self) -> None:
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            log.error("{path} cannot be removed: {why}", path=str(self.path), why=error.strerror)


@contextmanager
def counted(name: str, argv: list[str]) -> Iterator[Callable[[Any], None]]:
    """One start, counted before anything is read; a refusal is noted and goes on. What is yielded takes the reactor and has the start hold once it ran for HOLDS seconds.

    Whoever ends by wish has held. Without --settings and --state nothing is counted: then nobody supervises.
    """
    note = _begun(name, argv)
    if note is None:
        yield _nothing
        return
    note.keep()
    try:
        yield lambda reactor: reactor.callLater(HOLDS, note.forget)
    except Refused as refused:
        note.now = attrs.evolve(note.now, why=refused.text)
        note.keep()
        raise
    note.forget()


def _nothing(_: Any) -> None:
    """Nothing is counted."""


def _begun(name: str, argv: list[str]) -> _Note | None:
    parser = argparse.ArgumentParser(add_help=False, exit_on_error=False)
    parser.add_argument("--settings", type=Path)
    parser.add_argument("--state", type=Path)
    try:
        asked, _ = parser.parse_known_args(argv)
        if asked.settings is None or asked.state is None:
            return None
        running = hash_of(asked.settings)
    except (argparse.ArgumentError, OSError):
        return None
    path = Places(asked.state).logs / f"{name}{ENDING}"
    before = _read(path)
    same = before is not None and before.settings == running and not _old(path)
    count = before.count if before is not None and same else 0
    why = before.why if before is not None and count else Text("", "")
    return _Note(path, Starts(name=name, settings=running, count=count + 1, why=why))


def _old(path: Path) -> bool:
    """Whether a note is not that of the start just before: what fails again and again does so within seconds."""
    mark = path.with_suffix(".now")
    try:
        mark.touch()  # the time of the disk that holds the note
        age = mark.stat().st_mtime - path.stat().st_mtime
        mark.unlink()
    except OSError:
        return False
    return age > FORGOTTEN


def _read(path: Path) -> Starts | None:
    """What a note says; None where there is none, or it makes no sense."""
    try:
        return from_plain(json.loads(path.read_text(encoding="utf-8")), Starts)
    except (OSError, ValueError, TypeError, ExceptionGroup):
        return None


def not_up(logs: Path) -> tuple[Starts, ...]:
    """The processes that started STARTS times and more without holding, by name."""
    try:
        paths = sorted(logs.glob(f"*{ENDING}"))
    except OSError:
        return ()
    found = (_read(path) for path in paths)
    return tuple(one for one in found if one is not None and one.count >= STARTS)
