"""What a journal must survive: kill -9 in the middle of writing, a disk that is full, and the same on PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from station import store
from station.journal import hold
from station.journal_tool import verify
from station.words import Refused

WRITER = """
import itertools, queue, signal, sys
from station.journal import Batch, Journal
from station.words import Instant
from emergency.messages import AlertRejected
calls = queue.Queue()
journal = Journal.open(sys.argv[1], "shouxian", now=lambda: Instant(1), call_in_reactor=lambda f, *a: calls.put((f, a)))
def acknowledged(done):
    print(done.last, flush=True)
for k in itertools.count():
    event = AlertRejected(alert=str(k), by="li", reason="x" * (k % 997))
    waiting = journal.commit(Batch(request_id=f"{sys.argv[2]}-{k}", events=((event, "li"),), reply={}))
    waiting.addCallback(acknowledged)
    if k % 8 == 7:
        for _ in range(8):
            f, a = calls.get()
            f(*a)
"""


def checked(url: str) -> int:
    """The number of records of a journal that verifies."""
    with store.reading(store.reader_engine(url)) as connection:
        found = verify(connection)
        asked = sa.select(sa.func.count()).select_from(store.requests)
        assert connection.execute(asked).scalar() == found.records
    assert found.wrong is None
    return found.records


@pytest.mark.slow
def test_kill_9_loses_no_acknowledged_record_and_tears_no_chain(tmp_path: Path) -> None:
    url = store.sqlite_url(tmp_path / "journal.db")
    last = 0
    for n in range(int(os.environ.get("GENGFU_KILLS", "6"))):
        process = subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(n)], stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        last = int(process.stdout.readline())
        time.sleep(0.02 + 0.013 * (n % 7))
        process.kill()
        rest = process.stdout.read()
        whole, _, _ = rest.rpartition("\n")
        last = int(whole.splitlines()[-1]) if whole else last
        process.wait()
        process.stdout.close()
        assert checked(url) >= last
    assert last > 0


FULL = """
import queue, resource, signal, sys
from pathlib import Path
from typing import Any
from station.journal import Batch, Journal, JournalUnwritable
from station.words import Instant
from emergency.messages import AlertRejected
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
calls = queue.Queue()
journal = Journal.open(sys.argv[1], "shouxian", now=lambda: Instant(1), call_in_reactor=lambda f, *a: calls.put((f, a)))
def note(k):
    event = AlertRejected(alert=str(k), by="li", reason="x" * 5000)
    said = []
    journal.commit(Batch(request_id=str(k), events=((event, "li"),), reply={})).addBoth(said.append)
    f, a = calls.get(); f(*a)
    return said[0]
for k in range(10):
    note(k)
hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, hard))
refused = 0
for k in range(10, 100):
    said = note(k)
    if hasattr(said, "check"):
        assert said.check(JournalUnwritable), said
        refused += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
last = note(100)
print(refused, last.last, journal.head[0])
journal.close()
"""


def test_a_full_disk_refuses_and_a_mended_one_goes_on_without_a_gap(tmp_path: Path) -> None:
    url = store.sqlite_url(tmp_path / "journal.db")
    done = subprocess.run(
        [sys.executable, "-c", FULL, url], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    refused, last, head = map(int, done.stdout.split())
    assert refused > 0
    assert checked(url) == last == head == 101 - refused


@pytest.fixture(scope="module")
def postgresql() -> Iterator[str]:
    """A PostgreSQL of our own on a UNIX socket, as an unprivileged user when we are root."""
    programs = shutil.which("initdb"), shutil.which("postgres")
    assert all(programs), "PostgreSQL is not installed: initdb and postgres must be on the PATH"
    place = Path(tempfile.mkdtemp(prefix="gengfu-pg-"))  # pytest's own folders are closed to other users
    who: dict[str, Any] = {}
    if os.getuid() == 0:
        import pwd

        entry = pwd.getpwnam("postgres")
        who = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        os.chown(place, entry.pw_uid, entry.pw_gid)
    data = place / "data"
    subprocess.run(
        [str(programs[0]), "-D", data, "-A", "trust", "-U", "station", "-N"], check=True, capture_output=True, cwd=place, **who
    )  # fmt: skip
    server = subprocess.Popen(
        [str(programs[1]), "-D", data, "-k", place, "-c", "listen_addresses="], cwd=place, stderr=subprocess.DEVNULL, **who
    )  # fmt: skip
    url = f"postgresql+psycopg://station@/postgres?host={place}"
    end = time.monotonic() + 20
    try:
        while True:
            try:
                sa.create_engine(url).connect().close()
                break
            except sa.exc.OperationalError:
                assert time.monotonic() < end, "PostgreSQL did not start"
                time.sleep(0.1)
        yield url
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)
        shutil.rmtree(place)


@pytest.mark.peer
def test_the_same_statements_make_the_same_journal_on_postgresql(postgresql: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, postgresql, "pg"], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    numbers = [int(process.stdout.readline()) for _ in range(200)]
    process.kill()
    process.wait()
    process.stdout.close()
    assert numbers == list(range(1, 201))
    held = hold(postgresql)
    with pytest.raises(Refused, match="open in another process"):
        hold(postgresql)
    held.close()
    hold(postgresql).close()
    assert checked(postgresql) >= 200
    engine = sa.create_engine(postgresql)
    for statement in (
        "update journal set body = '{}' where position = 1",
        "delete from journal where position = 1",
        "truncate journal",
        'insert into journal select position + 9000, at, kind, body, "by", previous, hash from journal where position = 1',
        "insert into journal select * from journal where position = 1 on conflict (position) do update set body = '{}'",
    ):
        with (
            engine.connect() as connection,
            pytest.raises(sa.exc.DBAPIError, match=r"append-only|permission denied"),
        ):
            connection.exec_driver_sql(statement)
    for statement in ("update journal set body = '{}'", "delete from journal", "truncate journal"):
        with engine.connect() as connection:
            connection.exec_driver_sql("grant update, delete, truncate on journal to current_user")
            with pytest.raises(sa.exc.DBAPIError, match="append-only"):
                connection.exec_driver_sql(statement)
