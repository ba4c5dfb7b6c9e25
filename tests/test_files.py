"""A file is replaced whole or not at all, and nothing is left beside it."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest

from station.files import write_whole


def names(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("sync", [False, True])
def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path, sync: bool) -> None:
    path = tmp_path / "note.json"
    write_whole(path, "第一", sync=sync)
    write_whole(path, b"\x00\xff", sync=sync)
    assert path.read_bytes() == b"\x00\xff" and names(tmp_path) == ["note.json"]


def test_what_cannot_be_put_in_place_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    path.mkdir()
    (path / "kept").touch()
    with pytest.raises(OSError):
        write_whole(path, "new")
    with pytest.raises(OSError):
        write_whole(tmp_path / "none" / "note.json", "new")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\ud800")
    assert names(tmp_path) == ["note.json"] and names(path) == ["kept"]


def test_permissions_are_those_asked_for_or_those_of_any_file(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_whole(tmp_path / "secret", "x", mode=0o600)
        write_whole(tmp_path / "open", "x", mode=0o664)
        write_whole(tmp_path / "plain", "x")
    finally:
        os.umask(before)
    assert [mode_of(tmp_path / name) for name in ("secret", "open", "plain")] == [0o600, 0o664, 0o640]


def test_what_an_earlier_process_left_half_written_is_no_hindrance(tmp_path: Path) -> None:
    left = tmp_path / f".note.json.{os.getpid()}.new"
    left.write_text("x" * 100)
    left.chmod(0o666)
    write_whole(tmp_path / "note.json", "short", mode=0o600)
    assert (tmp_path / "note.json").read_text() == "short" and mode_of(tmp_path / "note.json") == 0o600
    assert not left.exists()


def test_a_reader_sees_the_old_text_or_the_new_one(tmp_path: Path) -> None:
    path, done = tmp_path / "note.json", threading.Event()
    texts = {letter * 200_000 for letter in "ab"}
    write_whole(path, "a" * 200_000)
    seen: set[str] = set()

    def read() -> None:
        while not done.is_set():
            seen.add(path.read_text())

    reader = threading.Thread(target=read)
    reader.start()
    for number in range(100):
        write_whole(path, "ba"[number % 2] * 200_000)
    done.set()
    reader.join()
    assert seen and seen <= texts
