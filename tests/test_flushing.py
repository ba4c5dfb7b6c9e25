"""A disk that stalls holds up no player: what is written through waits in a thread of its own."""

import signal
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from radio_kit import Ear, Running, now_sample, plan_of, ramp, stock, take
from test_aslog import edge

from playout import flushing
from playout.aslog import AsRunLog
from playout.flushing import Flusher
from playout.link import Preload, Ready, Rendered, SetOverlays, SetPlan, StationHello, Status
from playout.standby import quiet_plan
from playout.store import Shelf
from schedules.plan import Overlay

STALLS = (
    "import os, sys, time\n"
    "fsync = os.fsync\n"
    "def slow(handle):\n"
    "    with open(sys.argv[1], 'a') as log: log.write(f'{os.getpid()}\\n')\n"
    "    time.sleep(5)\n"
    "    fsync(handle)\n"
    "os.fsync = slow\n"
    "from station.cli import main\n"
    "sys.exit(main(sys.argv[2:]))\n"
)


def settled(flusher):
    """What it left, once it is done."""
    deadline = time.monotonic() + 10
    while (left := flusher.settled()) is None and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return left


def test_files_are_flushed_elsewhere_and_what_the_disk_did_not_take_is_told(tmp_path, monkeypatch):
    taken, gate = [], threading.Event()

    def flush(path: Path) -> None:
        gate.wait(10)
        if path.name == "bad":
            raise OSError(5, "Input/output error")
        if path.name == "gone":
            raise FileNotFoundError
        taken.append((path.name, threading.current_thread().name))

    monkeypatch.setattr(flushing, "flush", flush)
    flusher = Flusher()
    assert flusher.settled() == []
    flusher.ask(tmp_path / name for name in ("a", "bad", "gone", "b"))
    assert flusher.settled() is None and taken == [], "nobody waits for it"
    gate.set()
    assert settled(flusher) == [tmp_path / "bad"] and taken == [("a", "flusher"), ("b", "flusher")]
    flusher.ask([tmp_path / "c"])
    assert settled(flusher) == [] and flusher.settled() == []


def test_what_was_written_is_owed_once(tmp_path):
    shelf, log = Shelf(tmp_path), AsRunLog(tmp_path, "aaaaaaaa", lines=2)
    assert (shelf.owed(), log.owed()) == ([], [])
    shelf.keep_plan(quiet_plan("fm1", 9))
    first = log.run
    for n in range(3):
        log.add("fm1", edge(n, "x"))
    assert shelf.owed() == [tmp_path / "fm1.plan.json"] and log.run != first
    assert log.owed() == [tmp_path / f"asrun-{run}.jsonl" for run in (first, log.run)]
    assert (shelf.owed(), log.owed()) == ([], [])
    log.close()


class Stalling(Running):
    """A player on whose disk nothing is written through in less than five seconds."""

    def start(self):
        words = ["player", self.chain, "--settings", self.home / "station.toml", "--state", self.state]
        self.process = subprocess.Popen(
            [sys.executable, "-c", STALLS, self.home / "stalls.txt", *map(str, words)],
            stderr=(self.home / "log.txt").open("ab"),
        )


@pytest.mark.slow
def test_a_disk_that_stalls_for_five_seconds_holds_up_neither_sound_nor_commands(tmp_path):
    player = Stalling(tmp_path / "home", 20760)
    film, words = stock(player.media, ramp(3, 480_000)), stock(player.media, np.full((9_001, 2), -4_000 << 8))
    ear = Ear(player.port + 102)
    try:
        player.start()
        link = player.link()
        link.send(StationHello())
        link.until(lambda m: isinstance(m, Status), 8)
        start = now_sample() // 480 * 480 - 4_800
        link.send(SetPlan(channel="fm1", plan=plan_of([take("a", start, film)], [film])))
        link.send(Preload(media=(words,)))
        link.until(lambda m: isinstance(m, Ready))
        link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1 and m.rung == "file")
        stalls, deadline = player.home / "stalls.txt", time.monotonic() + 5
        while not stalls.exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        assert stalls.read_text().split() == [str(player.process.pid)], (
            "the middle writes through, and the disk stalls"
        )
        ear.clear()
        for revision in (1, 2, 3):
            begin = now_sample() + 12_000
            over = Overlay(
                id=f"a{revision}", mode="replace", start=begin, end=begin + 9_001, priority=1, approval="alert:a",
                sequence=(words.sha256,),
            )  # fmt: skip
            link.send(SetOverlays(channel="fm1", revision=revision, overlays=(over,), media=(words,)))
            said = link.until(lambda m, name=over.id: isinstance(m, Rendered) and m.overlay == name, 2)
            assert said.head <= begin < said.head + 480, revision
            ear.listen(0.5)
        assert len(stalls.read_text().split()) == 1, "all that was during one stall"
        assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1}
        sounded = np.concatenate([pcm for *_, pcm, _ in ear.packets])
        assert int((sounded == -4_000).all(axis=1).sum()) == 3 * 9_001
        link.close()
    finally:
        player.process.send_signal(signal.SIGKILL)
        player.process.wait(10)
        ear.close()
