"""A player's children are replaced when they end, and the log says why they ended. Real forks."""

import os
import signal
import time

import pytest

from playout.crew import Child, Crew, own_bytes, said
from playout.rings import shared_words


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError("not in time")


@pytest.fixture
def crew():
    made = Crew(lambda _end: None)
    yield made
    made.end()


def lost(crew):
    return until(lambda: crew.tend(time.monotonic_ns()))


def leave(_end):
    raise EOFError  # as when its parent is gone: ends with 0


def stay(end):
    end.recv(1)


def test_one_that_leaves_is_replaced_and_its_exit_code_is_known(crew):
    child = crew.add(Child("one", leave, lambda _: None))
    assert lost(crew) == [child]
    assert child.cause.startswith("exit code 0 after ")
    until(lambda: crew.tend(time.monotonic_ns()) or child.restarts)


def test_one_that_was_killed_from_outside_is_called_so(crew):
    child = crew.add(Child("one", stay, lambda _: None))
    crew.tend(time.monotonic_ns())
    child.kill()
    assert lost(crew) == [child]
    assert child.cause.startswith("SIGKILL after ")


def leak(_end):
    held = []
    while True:
        held.append(bytearray(b"x") * (4 << 20))
        time.sleep(0.002)


def test_one_that_takes_ever_more_memory_is_ended_and_replaced_and_those_that_do_not_are_left():
    made = Crew(lambda _end: None, most=own_bytes(os.getpid()) + (64 << 20))
    calm, greedy = (made.add(Child(name, work, lambda _: None)) for name, work in (("c", stay), ("g", leak)))
    made.tend(1)
    first = calm.pid, greedy.pid
    turn = iter(range(5_000_000_001, 10**13, 5_000_000_000))
    try:
        assert until(lambda: made.tend(next(turn))) == [greedy]
        assert greedy.cause.startswith("more than ") and "MiB of memory after" in greedy.cause
        assert (calm.pid, greedy.restarts) == (first[0], 1) and greedy.pid != first[1]
    finally:
        made.end()
    assert own_bytes(first[1]) == 0


def test_one_that_shows_no_life_is_ended_and_blamed_for_it(crew):
    child = crew.add(Child("one", stay, lambda _: None, pulse=shared_words(1), patience=50_000_000))
    assert lost(crew) == [child]
    assert child.cause.startswith("no sign of life after ")


def test_an_end_has_a_name():
    assert said(3 << 8) == "exit code 3"
    assert said(signal.SIGSEGV) == "SIGSEGV"
