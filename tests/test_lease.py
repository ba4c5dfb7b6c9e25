"""One controller writes a journal in PostgreSQL: a second is refused in words, takes over when the first is gone or hangs, and the first writes no more."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from test_journal_hard import postgresql  # noqa: F401 - a fixture

from emergency.messages import AlertRejected
from station import store
from station.journal import Batch, Journal
from station.journal_tool import verify
from station.lease import Fenced, Lease, take
from station.words import Instant, Refused

pytestmark = pytest.mark.peer

HOLDER = """
import queue, sys, time
from station import lease
from station.journal import Batch, Journal
from station.words import Instant
from emergency.messages import AlertRejected
lease.IDLE = lease.take.__defaults__[0]
lease.take.__defaults__ = (1.0,)
lease.Lease.watch.__defaults__ = (0.2,)
calls = queue.Queue()
journal = Journal.open(sys.argv[1], "shouxian", now=lambda: Instant(1), call_in_reactor=lambda f, *a: calls.put((f, a)),
                       on_fenced=lambda: print("fenced", flush=True))
def write():
    said = []
    journal.commit(Batch(events=((AlertRejected(alert="a", by="li", reason="r"), "li"),))).addBoth(said.append)
    while not said:
        f, a = calls.get(); f(*a)
    print(type(getattr(said[0], "value", said[0])).__name__, flush=True)
for line in sys.stdin:
    write() if line.strip() == "write" else [f(*a) for f, a in [calls.get(timeout=9)]]
"""


class Holder:
    """A controller's journal in a process of its own."""

    def __init__(self, url: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", HOLDER, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def say(self, word: str) -> str:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for end in (self.process.stdin, self.process.stdout):
            assert end is not None
            end.close()


@pytest.fixture
def first(postgresql: str) -> Iterator[Holder]:  # noqa: F811
    made = Holder(postgresql)
    assert made.say("write") == "Committed"
    yield made
    made.end()


def opened(url: str, within: float) -> Journal:
    """The journal, as a supervisor gets at it that starts its controller again and again."""
    end = time.monotonic() + within
    while True:
        try:
            return Journal.open(url, "shouxian", now=lambda: Instant(2), call_in_reactor=lambda f, *a: f(*a))
        except Refused:
            assert time.monotonic() < end, "nobody let go of it"
            time.sleep(0.1)


def write(journal: Journal) -> Any:
    said: queue.Queue[Any] = queue.Queue()
    journal.commit(Batch(events=((AlertRejected(alert="b", by="li", reason="r"), "li"),))).addBoth(said.put)
    return said.get(timeout=10)


def checked(url: str) -> int:
    """How many records there are; the chain holds."""
    with store.reading(store.reader_engine(url)) as connection:
        found = verify(connection)
    assert found.wrong is None
    return found.records


def test_a_second_controller_is_refused_in_words_that_name_the_first(
    first: Holder,
    postgresql: str,  # noqa: F811
) -> None:
    with pytest.raises(Refused, match="open in another process") as refused:
        take(postgresql)
    said = refused.value.text
    assert f"pid {first.process.pid}" in said.en and f"pid {first.process.pid}" in said.zh
    assert "takes over" in said.en and "接管" in said.zh


def test_when_the_first_is_killed_the_second_goes_on_where_it_ended(first: Holder, postgresql: str) -> None:  # noqa: F811
    first.process.kill()
    second = opened(postgresql, 5)
    try:
        before = second.head[0]
        assert write(second).last == before + 1
    finally:
        second.close()
    assert checked(postgresql) == before + 1


def test_one_that_hangs_loses_it_and_writes_no_more_when_it_wakes(first: Holder, postgresql: str) -> None:  # noqa: F811
    os.kill(first.process.pid, signal.SIGSTOP)
    second = opened(postgresql, 6)
    try:
        assert write(second).last == second.head[0]
        os.kill(first.process.pid, signal.SIGCONT)
        assert first.say("write") == "Fenced"
        assert first.say("told") == "fenced", "and it is told to end"
        assert write(second).last == second.head[0]
    finally:
        second.close()
    assert checked(postgresql) == second.head[0]


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_line_that_breaks_is_made_again_while_nobody_took_over(postgresql: str) -> None:  # noqa: F811
    held = take(postgresql)
    ended = threading.Event()
    with held.engine.begin() as connection:
        store.create(connection)
        held.begin(connection)
    held.watch(ended.set, beat=0.1)
    try:
        broken = held._connection
        with held.engine.connect() as other:
            other.execute(
                sa.text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE :name"
                ),
                {"name": f"gengfu % pid {os.getpid()}"},
            )
        until(lambda: held._connection is not None and held._connection is not broken)
        with pytest.raises(Refused):
            take(postgresql)
        assert not ended.is_set()
        with held.engine.begin() as connection:
            held.check(connection)
    finally:
        held.close()
    take(postgresql).close()


def test_each_holder_has_a_term_of_its_own_and_the_one_before_is_fenced(postgresql: str) -> None:  # noqa: F811
    made: list[Lease] = []
    for _ in range(2):
        held = take(postgresql)
        with held.engine.begin() as connection:
            store.create(connection)
            held.begin(connection)
        held.close()
        made.append(held)
    assert made[1].term == made[0].term + 1
    with made[1].engine.begin() as connection:
        made[1].check(connection)
        with pytest.raises(Fenced):
            made[0].check(connection)


def test_a_server_that_is_away_ends_nobody(postgresql: str) -> None:  # noqa: F811
    """Nobody can take over either; what saves lives still goes out."""
    gone = Lease(sa.create_engine("postgresql+psycopg://station@/postgres?host=/nonexistent"), 1.0)
    assert gone._alive()
    held = take(postgresql)
    with held.engine.begin() as connection:
        store.create(connection)
        held.begin(connection)
    held.close()
    assert held._alive(), "nobody took it meanwhile: it is held again"
    with pytest.raises(Refused):
        take(postgresql)
    held.close()
    newer = take(postgresql)
    with newer.engine.begin() as connection:
        newer.begin(connection)
    assert not held._alive()
    newer.close()
