"""The spill file: what saves lives is written down even when the journal cannot be."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from station.spill import Spill


def test_what_is_spilled_is_read_back_in_order_until_it_is_cleared(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "spill.jsonl", reserve_bytes=4096)
    assert spill.read() == []
    spill.append({"command": "alert.mute", "by": "李"})
    spill.append({"command": "alert.cancel"})
    with (tmp_path / "spill.jsonl").open("ab") as file:
        file.write(b'{"torn":')
    assert Spill(tmp_path / "spill.jsonl").read() == [
        {"command": "alert.mute", "by": "李"},
        {"command": "alert.cancel"},
    ]
    spill.clear()
    spill.clear()
    assert spill.read() == []
    assert spill.reserve.stat().st_size == 4096


def test_the_reserve_is_set_aside_once_and_mended_when_it_is_short(tmp_path: Path) -> None:
    spill = Spill(tmp_path / "spill.jsonl", reserve_bytes=8192)
    assert spill.prepare()
    assert spill.prepare()
    spill.reserve.write_bytes(b"short")
    assert spill.prepare()
    assert spill.reserve.stat().st_size == 8192
    spill.release()
    assert not spill.reserve.exists()


class Full(Spill):
    """A disk with no room at all while the reserve is there (and none after, when `hopeless`)."""

    hopeless = False
    error = errno.ENOSPC

    def _write(self, line: bytes) -> None:
        if self.hopeless or self.reserve.exists():
            raise OSError(self.error, os.strerror(self.error))
        super()._write(line)


def test_on_a_full_disk_the_reserve_makes_room(tmp_path: Path) -> None:
    spill = Full(tmp_path / "spill.jsonl", reserve_bytes=4096)
    spill.prepare()
    spill.append({"command": "alert.mute"})
    assert spill.read() == [{"command": "alert.mute"}]
    assert not spill.reserve.exists()


@pytest.mark.parametrize(("hopeless", "error"), [(True, errno.ENOSPC), (False, errno.EIO)])
def test_what_cannot_be_written_even_so_is_told(tmp_path: Path, hopeless: bool, error: int) -> None:
    spill = Full(tmp_path / "spill.jsonl", reserve_bytes=4096)
    spill.hopeless, spill.error = hopeless, error
    spill.prepare()
    with pytest.raises(OSError, match=os.strerror(error)):
        spill.append({"command": "alert.mute"})
    assert spill.read() == []


SMALL = """
import resource, signal, sys
from pathlib import Path
from station.spill import Spill
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
spill = Spill(Path(sys.argv[1]), reserve_bytes=100)
spill.append({"n": 1})
resource.setrlimit(resource.RLIMIT_FSIZE, (12, resource.RLIM_INFINITY))
try:
    spill.append({"n": 2})
except OSError as error:
    print(error.errno)
try:
    spill.prepare()
except OSError as error:
    print(error.errno)
"""


def test_half_a_line_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "spill.jsonl"
    done = subprocess.run(
        [sys.executable, "-c", SMALL, str(path)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [str(errno.ENOSPC), str(errno.EFBIG)]
    assert path.read_bytes() == b'{"n":1}\n'
    assert Spill(path).read() == [{"n": 1}]


def test_a_disk_too_full_for_the_reserve_says_so(tmp_path: Path) -> None:
    room = resource.getrlimit(resource.RLIMIT_FSIZE)
    assert room[0] != 0
    spill = Spill(tmp_path / "spill.jsonl", reserve_bytes=1 << 60)
    with pytest.raises(OSError, match=r"File too large|No space"):
        if spill.prepare() is False:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
