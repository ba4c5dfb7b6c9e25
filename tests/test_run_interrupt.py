"""`gengfu run` started by a script in the background, where SIGINT is ignored: it obeys it all the same."""

import signal
import subprocess
import sys
import time
from pathlib import Path

from rig import free_base

from station import run

RUNNING = """
import sys
from pathlib import Path
from station import run
from station.clock import install
from station.settings import Ports
from station.supervisor import Supervisor
reactor = install("epoll")
reactor.callWhenRunning(lambda: print("runs", flush=True))
home = Path(sys.argv[1])
run.keep_running(reactor, Supervisor(reactor, [], home), run.Telling(reactor, "", Ports(1024), home))
"""


def in_background(words, **more):
    """Started as a script's `&` starts it: with SIGINT ignored."""
    return subprocess.Popen(
        [sys.executable, *words],
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN),
        stdout=subprocess.PIPE,
        text=True,
        **more,
    )


def test_ctrl_c_stops_what_a_script_started_in_the_background(tmp_path):
    with in_background(["-c", RUNNING, str(tmp_path)]) as process:
        try:
            assert process.stdout is not None
            while "runs" not in process.stdout.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
            assert "stopped" in process.stdout.read()
        finally:
            process.kill()


SLOWLY = RUNNING.replace(
    "home = ",
    """
from twisted.internet.task import deferLater
Supervisor.stop = lambda self, **_: (print("stops", flush=True), deferLater(reactor, 1, lambda: None))[1]
home = """,
)


def test_ctrl_c_again_while_everything_is_being_stopped_is_no_mistake(tmp_path):
    with in_background(["-c", SLOWLY, str(tmp_path)], stderr=subprocess.STDOUT) as process:
        try:
            for awaited, key in (
                ("runs", signal.SIGINT),
                ("stops", signal.SIGINT),
                ("already", signal.SIGTERM),
            ):
                while awaited not in (line := process.stdout.readline()):
                    assert line and process.poll() is None
                process.send_signal(key)
            assert process.wait(20) == 0
            said = process.stdout.read()
            assert "stopped" in said and "Traceback" not in said and "critical" not in said
        finally:
            process.kill()


def test_ctrl_c_ends_the_preparations_too(tmp_path):
    example = Path(run.__file__).parent.parent / "examples" / "shouxian" / "station.toml"
    words = ["-m", "station.cli", "run", str(example), "--state", str(tmp_path), "--port", str(free_base())]
    with in_background(words) as process:
        try:
            for _ in range(400):
                if (lock := tmp_path / "run" / "run.lock").exists() and lock.read_text():
                    break
                assert process.poll() is None
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()
