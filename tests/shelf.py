"""What takes a whole station of the tests long to make, made once a run and copied from then on: its sound, in house format too, its people, what it has spoken and how a witness knows it.

All processes of a run share the folder that conftest.py names in the environment; without one, everything is made anew.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

FOLDER = "GENGFU_TEST_SHELF"
KEPT = ("media", "state/library.json", "state/media", "state/people.db", "state/secrets/demo-logins.json")
LATER = ("state/voice", "state/witness/fm1/features", "state/witness/alerts-1/features")


@contextlib.contextmanager
def locked() -> Iterator[Path | None]:
    """The shelf, for one process alone; None where the run has none."""
    if FOLDER not in os.environ:
        yield None
        return
    folder = Path(os.environ[FOLDER])
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder


def give(folder: Path, home: Path) -> bool:
    """Copy what the shelf holds to a station's folder; whether it held anything."""
    filled = (folder / "filled").exists()
    if filled:
        shutil.copytree(folder / "house", home, dirs_exist_ok=True)
    return filled


def keep(folder: Path, home: Path) -> None:
    """Take what a station that was just set up has made."""
    _take(folder, home, KEPT)
    (folder / "filled").touch()


def keep_later(home: Path) -> None:
    """Take what a station that has ended made while it ran, where it is more than what is held."""
    with locked() as folder:
        if folder is None:
            return
        for name in LATER:
            if _files(home / name) > _files(folder / "house" / name):
                _take(folder, home, (name, "state/media"))


def _files(folder: Path) -> int:
    return len(list(folder.glob("*")))


def _take(folder: Path, home: Path, names: tuple[str, ...]) -> None:
    for name in names:
        source, target = home / name, folder / "house" / name
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)  # secrets: `doctor` looks at it
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy2(source, target)
