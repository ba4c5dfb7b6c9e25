"""The witness' shelf keeps few files open, and none that nobody asks for."""

from pathlib import Path

import numpy as np
from witness_kit import write_flac

from safety.shelf import Shelf
from station.words import Sha256


def filled(tmp_path: Path, names: str) -> Shelf:
    """A shelf of one file a letter, a second each, whose samples are all the letter's number."""
    shelf = Shelf(lambda sha256: tmp_path / f"{sha256}.flac")
    for name in names:
        write_flac(tmp_path / f"{name}.flac", np.full((48_000, 2), ord(name), np.int32))
        shelf.verified(Sha256(name))
    return shelf


def opened(tmp_path: Path) -> set[str]:
    """Which of the files this process has open."""
    links = [path.readlink() for path in Path("/proc/self/fd").iterdir() if path.exists()]
    return {link.stem for link in links if link.parent == tmp_path}


def test_a_file_that_nobody_asks_for_any_more_is_closed_and_opens_again(tmp_path: Path) -> None:
    shelf = filled(tmp_path, "ab")
    shelf.pcm(Sha256("a"), 0, 100)
    for _ in range(500):
        shelf.pcm(Sha256("b"), 0, 100)
    assert opened(tmp_path) == {"a", "b"}
    shelf.pcm(Sha256("b"), 0, 100)
    assert opened(tmp_path) == {"b"}
    assert (shelf.pcm(Sha256("a"), 47_000, 1_000) == ord("a")).all()
    shelf.close()
    assert opened(tmp_path) == set()


def test_of_many_files_those_asked_for_last_stay_open(tmp_path: Path) -> None:
    shelf = filled(tmp_path, "abcdefghij")
    for name in "abcdefghij":
        assert (shelf.pcm(Sha256(name), 0, 10) == ord(name)).all()
    assert opened(tmp_path) == set("cdefghij")
    shelf.close()
