"""Files named on a command line: what cannot be read or written is one sentence in both languages, and nothing is waited for."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from emergency import given
from station import cli
from station.words import Refused

CHINESE = re.compile("[\u4e00-\u9fff]")


def refusal(deed, *words) -> str:
    with pytest.raises(Refused) as caught:
        deed(*words)
    assert CHINESE.search(caught.value.text.zh)
    return caught.value.text.en


def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert refusal(given.read, tmp_path / "pipe", 9) == "cannot be read: it is no file"
    assert refusal(given.read, Path("/dev/zero"), 9) == "cannot be read: it is no file"
    assert "directory" in refusal(given.read, tmp_path, 9)
    assert "No such file" in refusal(given.read, tmp_path / "none", 9)
    assert "this name" in refusal(given.read, Path("a\0b"), 9)
    assert "No such file" in refusal(given.opened, tmp_path / "none")
    assert "this name" in refusal(given.opened, Path("a\0b"))


def test_a_file_is_read_within_its_bound(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"12345")
    assert given.read(path, 3) == b"1234"  # a byte more tells the reader that there is more
    assert given.named(path, 5) == b"12345"
    assert refusal(given.named, path, 4) == f"{path} has more than 4 bytes"
    assert refusal(given.named, tmp_path / "b", 4).startswith(f"{tmp_path}/b cannot be read")
    with given.opened(path) as file:
        assert file.read() == b"12345"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"\xff{}", "no UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"a":' * 50_000, "nested too deeply"),
        (b"9" * 5_000, "too many digits"),
        (b"{", "line 1"),
    ],
)
def test_what_is_no_json_is_a_mistake_like_another(data, said, tmp_path):
    (tmp_path / "a").write_bytes(data)
    with pytest.raises(ValueError, match=said):
        given.plain(given.text(str(tmp_path / "a")))


def test_a_dash_is_the_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO('{"a": 1}'))
    assert given.plain(given.text("-")) == {"a": 1}


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    given.written(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"new"
    assert "cannot be written" in refusal(given.written, tmp_path, b"x")
    assert "cannot be written" in refusal(given.written, tmp_path / "none" / "a", b"x")
    assert "cannot be written" in refusal(given.written, Path("a\0b"), b"x")
    (tmp_path / "b").mkdir()
    (tmp_path / "c.part").mkdir()
    assert "cannot be written" in refusal(given.written, tmp_path / "c", b"x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "c.part"]


def test_a_device_is_written_to_and_never_replaced(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    end = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        given.written(tmp_path / "pipe", b"sound")
        assert os.read(end, 9) == b"sound" and not (tmp_path / "pipe").is_file()
    finally:
        os.close(end)


@pytest.mark.parametrize("command", ["cap", "ebd", "warning"])
def test_a_pipe_that_nobody_writes_into_holds_no_verdict_up(command, tmp_path, capsys):
    os.mkfifo(tmp_path / "pipe")
    assert cli.main([command, "check", str(tmp_path / "pipe"), str(tmp_path / "none"), "a\0b"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and all("cannot be read" in line and "无法读取" in line for line in lines)


def test_a_terminal_of_any_character_set_and_a_name_that_is_no_text_are_borne(tmp_path):
    """What cannot be said in a character set is written as JSON has it, so that each line can still be read."""
    name = os.fsencode(tmp_path) + b"/\xff.cap"
    Path(os.fsdecode(name)).write_text("<é😀>", encoding="utf-8")
    for coding in ("ascii", "gbk", "utf-8:strict"):
        done = subprocess.run(
            [sys.executable, "-m", "station.cli", "cap", "check", name],
            env={**os.environ, "PYTHONIOENCODING": coding},
            capture_output=True,
            check=False,
        )
        said = given.plain(done.stdout.decode(coding.split(":")[0]))
        assert done.returncode == 1 and said["file"].endswith("\udcff.cap") and done.stderr == b""
        assert CHINESE.search(said["reasons"][0]["zh"])
