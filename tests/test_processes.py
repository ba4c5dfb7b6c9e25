"""Forked children: what their code reaches is their own from their start, so that they do not grow with each line they come to."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from types import FunctionType

import pytest

import playout.mixing
from playout.processes import fork, reached

_PRESENT, _SHARED_WITH_NOBODY = 1 << 63, 1 << 56  # Linux, Documentation/admin-guide/mm/pagemap.rst
_PAGE = os.sysconf("SC_PAGE_SIZE")


def _own(one: object) -> bool:
    """Whether the page that an object begins on is this process' alone."""
    with open("/proc/self/pagemap", "rb", 0) as pages:  # noqa: PTH123
        pages.seek(id(one) // _PAGE * 8)
        (entry,) = struct.unpack("Q", pages.read(8))
    assert entry & _PRESENT
    return bool(entry & _SHARED_WITH_NOBODY)


def _functions() -> list[FunctionType]:
    """Our own, of a module that nothing of this test calls."""
    found = [one for one in vars(playout.mixing).values() if isinstance(one, FunctionType)]
    assert len(found) > 3
    return found


def test_a_child_begins_with_what_its_code_reaches_on_pages_of_its_own() -> None:
    ours, theirs = os.pipe()
    functions = _functions()

    def work() -> None:
        os.write(theirs, bytes(_own(one) for one in functions))

    pid = fork(work, (theirs,))
    _, status = os.waitpid(pid, 0)
    assert status == 0
    said = os.read(ours, 4096)
    os.close(ours)
    os.close(theirs)
    assert said == b"\1" * len(functions)


def test_the_walk_takes_our_objects_and_stops_at_what_others_wrote() -> None:
    found = {id(one) for one in reached()}
    assert {id(one) for one in _functions()} <= found
    assert {id(one.__code__) for one in _functions()} <= found
    foreign = [vars(pytest), pytest.raises, sys.modules["json"], sys.modules["json"].dumps]
    assert not found & {id(one) for one in foreign}


def test_a_child_that_fails_says_where_and_ends_with_one() -> None:
    parent = """
import os
from playout.processes import fork
def work():
    raise ValueError("a stone in the gears")
print(os.waitstatus_to_exitcode(os.waitpid(fork(work), 0)[1]))
"""
    done = subprocess.run([sys.executable, "-c", parent], capture_output=True, text=True, check=True)
    assert done.stdout == "1\n"
    assert "in work" in done.stderr
    assert "a stone in the gears" in done.stderr
