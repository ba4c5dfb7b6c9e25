"""The supervisor with real children: it restarts, adopts, and stops; and what a process does to itself."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from station import children, supervisor
from station.children import Alive, read_pid, start_of, write_pid
from station.supervisor import DELAYS, Child, Supervisor, delay

HOST = """
import os
import sys
from pathlib import Path
from station.clock import install
reactor = install("epoll")
from station.supervisor import Child, Supervisor
run = Path(sys.argv[1])
sleep = (sys.executable, "-c", "import time; time.sleep(600)")
made = Supervisor(reactor, [
    Child(name="first", argv=sleep, log=run / "first.log"),
    Child(name="player", argv=sleep, log=run / "player.log", keep=True),
    Child(name="stubborn", argv=(sys.executable, "-c",
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', os.getpid(), flush=True); time.sleep(600)"),
        log=run / "stubborn.log", env={"A": "1"}),
], run)
made.start()
def tell():
    line = " ".join(f"{r.name}={r.pid}/{r.restarts}/{int(r.adopted)}" for r in made.running())
    (run / "told.new").write_text(line)
    (run / "told.new").rename(run / "told")
    reactor.callLater(0.05, tell)
tell()
def stop(everything):
    made.stop(all=everything).addBoth(lambda _: reactor.stop())
import signal, station.supervisor
station.supervisor.GRACE = 0.3
reactor.callWhenRunning(lambda: signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(stop, True)))
reactor.callWhenRunning(lambda: signal.signal(signal.SIGUSR2, lambda *_: reactor.callFromThread(made.renew, ("stub", "play"))))
reactor.callWhenRunning(lambda: signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(stop, False)))
reactor.run(installSignalHandlers=os.environ["HANDLERS"] == "1")
"""


def until(call: Callable[[], object], seconds: float = 10.0) -> None:
    """Wait for what real processes do."""
    end = time.monotonic() + seconds
    while not call():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


class Host:
    """A supervisor in a process of its own, and what it tells."""

    def __init__(self, run: Path, handlers: str) -> None:
        self.run = run
        (run / "told").unlink(missing_ok=True)
        env = {**os.environ, "HANDLERS": handlers}
        self.process = subprocess.Popen([sys.executable, "-c", HOST, str(run)], env=env)
        until(
            lambda: (
                set(self.told()) == {"first", "player", "stubborn"}
                and all(t[0] for t in self.told().values())
            )
        )

    def told(self) -> dict[str, tuple[int, int, int]]:
        """Name → pid (0 when it does not run), restarts, adopted."""
        try:
            words = (self.run / "told").read_text().split()
        except OSError:
            return {}
        rows = {}
        for word in words:
            name, _, said = word.partition("=")
            pid, restarts, adopted = said.replace("None", "0").split("/")
            rows[name] = (int(pid), int(restarts), int(adopted))
        return rows

    def pid(self, name: str) -> int:
        return self.told()[name][0]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    left = read_pid(tmp_path / "player.pid")
    if left is not None:
        os.kill(left.pid, signal.SIGKILL)


@pytest.mark.slow
@pytest.mark.parametrize("handlers", ["1", "0"])
def test_children_are_restarted_adopted_and_stopped(run: Path, handlers: str) -> None:
    host = Host(run, handlers)
    try:
        first = host.pid("first")
        os.kill(first, signal.SIGKILL)
        until(lambda: host.pid("first") not in (0, first))
        assert host.told()["first"][1] == 1
        player = host.pid("player")
        os.kill(player, signal.SIGKILL)
        until(lambda: host.pid("player") not in (0, player))
        player, first = host.pid("player"), host.pid("first")
        assert os.getsid(player) != os.getsid(host.process.pid)

        host.process.kill()
        host.process.wait()
        until(lambda: start_of(first) is None)
        assert start_of(player) is not None

        host = Host(run, handlers)
        assert host.told()["player"] == (player, 0, 1)
        stubborn = host.pid("stubborn")
        until(lambda: f"up {stubborn}\n" in (run / "stubborn.log").read_text())
        os.kill(host.process.pid, signal.SIGUSR2)
        until(lambda: host.pid("stubborn") not in (0, stubborn))
        assert host.pid("player") == player, "one that stands alone is not renewed"
        stubborn = host.pid("stubborn")
        until(lambda: f"up {stubborn}\n" in (run / "stubborn.log").read_text())
        os.kill(host.process.pid, signal.SIGTERM)
        assert host.process.wait(10) == 0
        assert start_of(stubborn) is None
        assert start_of(player) is not None

        host = Host(run, handlers)
        assert host.pid("player") == player
        os.kill(player, signal.SIGKILL)
        until(lambda: host.pid("player") not in (0, player))
        player = host.pid("player")
        os.kill(host.process.pid, signal.SIGUSR1)
        assert host.process.wait(10) == 0
        until(lambda: start_of(player) is None)
    finally:
        host.process.kill()
        host.process.wait()


def test_the_first_restart_is_at_once_and_none_waits_longer_than_two_seconds() -> None:
    assert delay(0) == 0.0
    assert [delay(k) for k in range(5)] == list(DELAYS)
    assert max(delay(k) for k in range(100)) == 2.0


def test_without_room_for_a_log_a_child_is_started_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    handle = supervisor._log(tmp_path / "file" / "player.log")
    try:
        assert os.fstat(handle).st_rdev == Path(os.devnull).stat().st_rdev
    finally:
        os.close(handle)


def test_a_log_that_has_grown_too_long_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "player.log"
    path.parent.mkdir()
    os.truncate(os.open(path, os.O_CREAT | os.O_WRONLY), supervisor.LOG_BYTES + 1)
    os.close(supervisor._log(path))
    assert path.stat().st_size == 0
    assert path.with_name("player.log.1").stat().st_size == supervisor.LOG_BYTES + 1


class Reactor(Clock):
    """A reactor on which no process can be started until `room`."""

    room = False

    def addReader(self, reader: Any) -> None:
        reader.close()

    def spawnProcess(self, *_: Any, **__: Any) -> Any:
        if not self.room:
            raise OSError(11, "Resource temporarily unavailable")
        self.started = self.seconds()
        return type("Transport", (), {"pid": 1})()


def test_where_no_process_can_be_started_it_is_tried_again(tmp_path: Path) -> None:
    reactor = Reactor()
    child = Child(name="x", argv=("x",), log=tmp_path / "x.log")
    made = Supervisor(reactor, [child], tmp_path / "run")
    made.start()
    reactor.pump([0.1] * 30)
    assert made.running()[0].restarts >= 4
    reactor.room = True
    reactor.pump([0.1] * 21)
    assert made.running()[0].pid == 1
    assert not reactor.getDelayedCalls()


def test_a_child_that_waits_for_its_restart_is_stopped_by_not_starting(tmp_path: Path) -> None:
    reactor = Reactor()
    made = Supervisor(reactor, [Child(name="x", argv=("x",), log=tmp_path / "x.log")], tmp_path)
    made.start()
    gone: list[None] = []
    made.stop().addCallback(gone.append)
    assert gone == [None]
    assert not reactor.getDelayedCalls()


def test_a_pid_file_names_a_process_and_never_a_later_one_of_the_same_number(tmp_path: Path) -> None:
    path = tmp_path / "x.pid"
    assert read_pid(path) is None
    children.write_pid(path)
    found = read_pid(path)
    assert found == Alive(os.getpid(), start_of(os.getpid()) or 0)
    path.write_text(f"{os.getpid()} 1\n")
    assert read_pid(path) is None
    path.write_text("rubbish")
    assert read_pid(path) is None


def test_a_process_that_waits_to_be_reaped_is_gone() -> None:
    child = subprocess.Popen([sys.executable, "-c", ""])
    until(lambda: Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
    assert start_of(child.pid) is None
    child.wait()


def test_a_process_dies_with_its_parent(tmp_path: Path) -> None:
    inner = f"""
import os, time
from station.children import die_with_parent
die_with_parent()
open({str(tmp_path / "pid")!r}, "w").write(str(os.getpid()))
time.sleep(600)
"""
    outer = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {inner!r}]).wait()"
    parent = subprocess.Popen([sys.executable, "-c", outer])
    until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text())
    pid = int((tmp_path / "pid").read_text())
    parent.kill()
    parent.wait()
    until(lambda: start_of(pid) is None)


def test_a_process_whose_parent_is_gone_already_ends_at_once() -> None:
    ask = "from station.children import die_with_parent; die_with_parent(); print('lives')"
    env = {**os.environ, children.PARENT: "1"}
    done = subprocess.run([sys.executable, "-c", ask], env=env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "")


def test_what_real_time_was_obtained_is_said_and_is_true() -> None:
    ask = """
import os, resource
from station.children import realtime
got = realtime(10)
assert got.fifo == (os.sched_getscheduler(0) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO)
locked = int(next(l for l in open("/proc/self/status") if l.startswith("VmLck")).split()[1])
assert got.mlock == (locked > 0)
"""
    assert subprocess.run([sys.executable, "-c", ask], check=False).returncode == 0


def test_memory_is_locked_behind_everything_that_is_on_the_air(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[object] = []

    class Libc:
        @staticmethod
        def mlockall(flags: int) -> int:
            said.append(("lock", flags))
            return 0

    monkeypatch.setattr(children, "_libc", Libc)
    monkeypatch.setattr(
        os, "sched_setscheduler", lambda _pid, _policy, param: said.append(param.sched_priority)
    )
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _what: unlimited)
    assert children.realtime(40) == children.Realtime(True, True)
    assert said == [1, ("lock", 3), 40]
    said.clear()
    assert children.realtime(39, lock=False) == children.Realtime(True, False)
    assert said == [1, 39]


def test_what_starts_a_child_needs_none_of_our_packages(tmp_path: Path) -> None:
    """It runs as a bare file, without the place where packages lie, so that a child is there in milliseconds."""
    file, pid = tmp_path / "kept.pid", "import sys; sys.exit(7)"
    argv = [sys.executable, "-E", "-s", "-S", str(Path(children.__file__))]
    guarded = subprocess.run(
        [*argv, "guard", str(os.getpid()), sys.executable, "-c", pid], check=False, cwd=tmp_path
    )
    apart = subprocess.run([*argv, "detach", str(file), sys.executable, "-c", pid], check=False, cwd=tmp_path)
    assert (guarded.returncode, apart.returncode) == (7, 0)
    assert file.read_text(encoding="ascii").split()[0].isdigit()


def test_a_name_that_a_full_disk_takes_no_new_file_for_is_written_in_the_place_of_the_one_before(tmp_path):
    path = tmp_path / "player.pid"
    path.write_text("123456789 1234567890123\n")
    (tmp_path / f"player.pid.{os.getpid()}").mkdir()  # nothing new can be written there
    write_pid(path)
    assert read_pid(path) == Alive(os.getpid(), start_of(os.getpid()))
