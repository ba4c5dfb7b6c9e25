"""Memory of a process that lives long: what comes and goes leaves it where it was."""

from __future__ import annotations

import subprocess
import sys

import pytest

_PROGRAM = """
import sys
from pathlib import Path
import station.daemon  # as many names as a real process has
from station.children import flat_memory

def own():
    return int(Path("/proc/self/smaps_rollup").read_text().partition("Pss_Anon:")[2].split()[0])

def pass_by(first):
    for number in range(first, first + 120_000):
        sys.intern(str(number))

{begin}
before = own()
pass_by(2 * 10**9)
print(own() - before)
"""


def _growth(begin: str) -> int:
    """KiB by which a process that began so grows while names come and go."""
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM.format(begin=begin)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def test_names_that_come_and_go_do_not_make_it_grow() -> None:
    assert _growth("flat_memory()") < 200


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later Pythons keep names in another way")
def test_without_it_they_do() -> None:
    assert _growth("") > 350
