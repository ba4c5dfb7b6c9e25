"""What is made once of each approved medium and kept on disk: an array a medium, made by a child, mapped into memory. Knows not what it holds."""

from __future__ import annotations

import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from numpy.typing import NDArray

from station import children
from station.arguments import Parser
from station.files import hash_of
from station.words import Sha256

MOST: Final = 512  # media of one kind; those least recently due leave

SMALL: Final = (
    64 << 10
)  # bytes up to which an array is read: a map costs a file handle, and every alert's words are a medium

Array = NDArray[Any]
Build = Callable[[Path, Sha256, Path], str]


class Unfit(ValueError):
    """A medium of which nothing can be made; says why."""


class Kept:
    """Arrays by medium; large files are mapped, not read, so memory stays the kernel's."""

    ending = ".npy"

    def __init__(self, home: Path) -> None:
        """`home` is where they lie, <sha256><ending>."""
        self._home = home
        self._known: OrderedDict[Sha256, Array] = OrderedDict()
        self.taken = 0  # media taken in since the start

    def path(self, sha256: Sha256) -> Path:
        """Where the array of a medium lies."""
        return self._home / f"{sha256}{self.ending}"

    def fits(self, found: Array) -> bool:
        """Whether an array that was read has the right shape; files may be damaged."""
        raise NotImplementedError

    def take(self, sha256: Sha256) -> bool:
        """Take a medium in if its array is on disk; whether it is in."""
        if sha256 not in self._known:
            path = self.path(sha256)
            try:
                small = path.stat().st_size <= SMALL
                found = np.load(path, mmap_mode=None if small else "r", allow_pickle=False)
            except (OSError, ValueError, EOFError):
                return False
            if not self.fits(found):
                return False
            self._known[sha256] = found
            self.taken += 1
            while len(self._known) > MOST:
                self._known.popitem(last=False)
        self._known.move_to_end(sha256)
        return True

    def missing(self, wanted: Iterable[Sha256]) -> list[Sha256]:
        """Which media (soonest due first) are not in yet."""
        return [sha256 for sha256 in list(wanted)[:MOST] if not self.take(sha256)]


def build(source: Path, sha256: Sha256, target: Path, make: Callable[[Any], Array]) -> str:
    """Have `make` read an open house file and keep what it made; "" or why not. A wrong checksum gets nothing."""
    try:
        if hash_of(source) != sha256:
            return "its checksum is wrong"
        with av.open(str(source)) as container:
            made = make(container)
    except (OSError, Unfit, av.error.FFmpegError) as error:
        return str(error)
    fresh = target.with_suffix(f".{os.getpid()}.new")
    with fresh.open("wb") as file:
        np.save(file, made)
    fresh.replace(target)
    return ""


def answer(
    prog: str,
    argv: list[str],
    make: Build,
    lines: Iterable[str] = (),
    say: Callable[[str], object] | None = None,
) -> int:
    """The child: `source<TAB>sha256<TAB>target` a line on standard input, one answer a line."""
    Parser(prog=prog).parse_args(argv)
    for line in lines or sys.stdin:
        source, sha256, target = line.rstrip("\n").split("\t")
        (say or _said)(f"{sha256}\t{make(Path(source), Sha256(sha256), Path(target))}")
    return 0


def _said(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def as_child(main: Callable[[list[str]], int]) -> int:
    """Run `main` as the process it is, nicely, to die with its parent where it has one."""
    if os.environ.get(children.PARENT):
        children.die_with_parent()
    os.nice(19)
    return main(sys.argv[1:])
