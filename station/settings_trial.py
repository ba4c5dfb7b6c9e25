"""Adopted settings are on trial until a start with them has held; where three did not, the ones before are put back. Knows the files beside the settings; not what they say, and no clock."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Final, TypeVar

import attrs
from twisted.logger import Logger

from station.files import hash_of, write_whole
from station.settings_keeper import aside
from station.wire import canonical, complaints, from_plain, to_plain
from station.words import Refused, Sha256, Text

STARTS: Final = 3  # that did not hold, and the settings before are put back
HOLDS: Final = 10.0  # s that a controller must have run with them
log = Logger()
Kept = TypeVar("Kept")


@attrs.frozen(kw_only=True)
class Trial:
    """Settings that were just written, and what ran before them."""

    sha256: Sha256
    before: Sha256
    starts: int = 0  # with them, none of which has held yet
    why: Text = attrs.field(factory=lambda: Text("", ""))  # of the last one, where it said anything


@attrs.frozen(kw_only=True)
class RolledBack:
    """Settings that kept the station from starting; `token` tells one roll-back from another."""

    token: str
    sha256: Sha256
    before: Sha256
    starts: int
    why: Text


def _trial(path: Path) -> Path:
    return path.with_name(f"{path.name}.trial")


def _note(path: Path) -> Path:
    return path.with_name(f"{path.name}.rolledback")


def failed_text(path: Path) -> Path:
    """Where the text that did not start is kept for whoever mends it."""
    return path.with_name(f"{path.name}.failed")


def open_trial(path: Path, sha256: Sha256) -> None:
    """Before other settings are written into `path`: the ones there now are those to come back to. Raises OSError."""
    _keep(path, Trial(sha256=sha256, before=hash_of(path)))


def begin(path: Path) -> RolledBack | None:
    """At every start, before the settings are read: count it, or put the old ones back and say so.

    A disk that refuses starts with what there is: no trial is a reason to be off.
    """
    try:
        return _begin(path)
    except OSError as error:
        log.error("the trial of {path} cannot be kept: {why}", path=str(path), why=error.strerror)
        return None


def _begin(path: Path) -> RolledBack | None:
    trial = _read(_trial(path), Trial)
    if trial is None:
        return None
    if hash_of(path) != trial.sha256:  # somebody wrote other ones by hand, or they never were written
        _trial(path).unlink()
        return None
    if trial.starts < STARTS:
        _keep(path, attrs.evolve(trial, starts=trial.starts + 1))
        return None
    return _put_back(path, trial)


def _put_back(path: Path, trial: Trial) -> RolledBack | None:
    old = aside(path, 1)
    if not old.exists() or hash_of(old) != trial.before:
        log.error("the settings before {path} are not there to come back to", path=str(path))
        _trial(path).unlink()
        return None
    mode = path.stat().st_mode & 0o777
    found = RolledBack(
        token=secrets.token_hex(8),
        sha256=trial.sha256,
        before=trial.before,
        starts=trial.starts,
        why=trial.why,
    )
    write_whole(failed_text(path), path.read_bytes(), sync=True, mode=mode)
    write_whole(_note(path), canonical(to_plain(found)), sync=True, mode=0o600)
    write_whole(path, old.read_bytes(), sync=True, mode=mode)
    _trial(path).unlink()
    log.critical("the settings {sha256} did not start; those before are back", sha256=trial.sha256)
    return found


def failed(path: Path, refused: Refused) -> None:
    """A start ended with a sentence: whoever looks afterwards is told."""
    try:
        trial = _read(_trial(path), Trial)
        if trial is not None:
            _keep(path, attrs.evolve(trial, why=refused.text))
    except OSError as error:
        log.error("the trial of {path} cannot be kept: {why}", path=str(path), why=error.strerror)


def held(path: Path) -> None:
    """A controller has run with them for long enough."""
    _trial(path).unlink(missing_ok=True)


def untold(path: Path) -> RolledBack | None:
    """A roll-back that is not in the journal yet."""
    return _read(_note(path), RolledBack)


def told(path: Path) -> None:
    """It is in the journal."""
    _note(path).unlink(missing_ok=True)


def _keep(path: Path, trial: Trial) -> None:
    write_whole(_trial(path), canonical(to_plain(trial)), sync=True, mode=0o600)


def _read(path: Path, kind: type[Kept]) -> Kept | None:
    """What a file holds; None where there is none, or it makes no sense."""
    try:
        return from_plain(json.loads(path.read_text(encoding="utf-8")), kind)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, ExceptionGroup) as error:
        log.error("{path} makes no sense: {why}", path=str(path), why=complaints(error)[:3])
        path.unlink()
        return None
