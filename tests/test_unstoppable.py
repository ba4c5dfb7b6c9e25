"""What may befall the machine under players that are on the air, each heard at the socket: a disk that fills up, a clock that steps an hour, a twin on another version, one of two that dies while it sends what only one may send."""

import json
import resource
import socket
import subprocess
import sys
import threading
import time
from itertools import pairwise

import numpy as np
import pytest
from radio_kit import Ear, Running, kill, now_sample, plan_of, ramp, stock, take
from test_player import heard_from, on_air

from playout.link import AsRun, AsRunSince, Preload, Ready, SetOverlays, SetPlan, Status, What
from schedules.plan import Medium, Overlay
from schedules.plan_file import read_plan
from station.anchor import read_note

pytestmark = pytest.mark.slow
PORT, PAIR = 21_860, 21_650
HOUR = 3_600

# What the wall clock says is moved by what stands in a file, and the kernel calls it synchronised, as it is in service.
# Nothing of the product is exchanged but what it asks.
SKEWED = """
import sys, time
from pathlib import Path
real, skew = time.time_ns, Path(sys.argv.pop(1))
time.time_ns = lambda: real() + int(skew.read_text()) * 10**9
time.time = lambda: time.time_ns() / 1e9
import station.anchor
station.anchor.Keeper.__init__.__kwdefaults__["synchronised"] = lambda: True
from station.cli import main
sys.exit(main(sys.argv[1:]))
"""

# A player of a version to come: it says so, and keeps and says more than we know.
NEWER = """
import json, sys
import playout.link as link
import playout.store as store
link.PlayerHello.__init__.__kwdefaults__
link.VERSION = 2
plain = store.to_plain
store.to_plain = lambda value: {**plain(value), "of a version to come": {"mood": 3}}
from station.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def player(tmp_path):
    running = Running(tmp_path / "home", PORT, hls=True)
    yield running
    running.stop()


def room(player, most):
    """Let no process of the player write to a file beyond `most` bytes, as on a full disk; what it was before."""
    pids = [player.process.pid, *player.children()]
    before = resource.prlimit(pids[0], resource.RLIMIT_FSIZE)
    for pid in pids:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, before[1]))
    return before[0]


def test_a_disk_that_fills_up_is_not_heard_and_what_was_aired_meanwhile_is_told(player):
    pieces = [ramp(5, 48_000 * 15)]
    ear = Ear(player.port + 102)
    link, takes = on_air(player, pieces)
    alert = stock(player.media, np.full((48_000, 2), 3_000 << 8))
    link.send(Preload(media=(alert,)))
    link.until(lambda m: isinstance(m, Ready))
    again = plan_of(takes, [Medium(sha256=takes[0].media, samples=len(pieces[0]))], revision=2)
    before = room(player, 0)
    ear.clear()
    link.send(SetPlan(channel="fm1", plan=again))
    kill(player.children()[0])
    begin = now_sample() // 480 * 480 + 24_000
    over = Overlay(id="a", mode="replace", start=begin, end=begin + 24_000, priority=9, approval="alert:a",
                   sequence=(alert.sha256,))  # fmt: skip
    link.send(SetOverlays(channel="fm1", revision=1, overlays=(over,), media=(alert,)))
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == 2 and m.overlay == "a")
    ear.listen(1.5)
    link.send(AsRunSince())
    told = link.until(lambda m: isinstance(m, AsRun)).entries
    assert [(e.what, e.index) for e in told if e.ref == "a"] == [("start", begin), ("end", begin + 24_000)]
    held = player.state / "chains" / "radio" / "fm1.plan.json"
    assert json.loads(held.read_text())["revision"] == 1, "the disk took nothing"
    room(player, before)
    link.until(lambda _: json.loads(held.read_text())["revision"] == 2)
    lines = "".join(path.read_text() for path in held.parent.glob("asrun-*.jsonl"))
    assert lines.count('"ref": "a"') == 2
    assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1}
    words = [p for p in ear.packets if begin <= (p[1] - begin) % (1 << 32) + begin < begin + 24_000]
    assert len(words) == 100 and all((pcm == 3_000).all() for _, _, _, pcm, _ in words)
    ear.packets = [p for p in ear.packets if p not in words]
    assert heard_from(ear, takes, pieces) == (0, 100, 0), "nothing but the alert in between"
    link.close()
    ear.close()


def test_a_wall_clock_that_steps_an_hour_moves_nothing_that_is_heard(tmp_path):
    """Of `gengfu clock` and of a player with its children, whatever they ask for the time of day."""
    skew, player = tmp_path / "skew", Running(tmp_path / "home", PORT + 30)
    skew.write_text("0")
    player.words = [sys.executable, "-c", SKEWED, str(skew)]
    anchor = player.state / "run" / "anchor.json"
    anchor.parent.mkdir(parents=True)
    clock = subprocess.Popen([*player.words, "clock", "--state", str(player.state)], stderr=subprocess.DEVNULL)
    pieces, ear = [ramp(5, 48_000 * 15)], Ear(player.port + 102)
    try:
        until(lambda: read_note(anchor) is not None)
        link, takes = on_air(player, pieces)
        ear.clear()
        for step in (HOUR, -HOUR):
            skew.write_text(str(step))
            until(lambda step=step: abs(read_note(anchor).offset_us - step * 1_000_000) < 1_000_000)
            assert read_note(anchor).reanchor_wanted, "a person decides"
            link.send(What())
            said = link.until(lambda m: isinstance(m, Status))
            assert abs(said.head - now_sample()) < 48_000 * 60 and said.rung == "file"
            ear.listen(0.7)
    finally:
        clock.kill()
        clock.wait()
        player.stop()
    assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1}
    assert heard_from(ear, takes, pieces) == (0, 0, 0)
    assert max(b[4] - a[4] for a, b in pairwise(ear.packets)) < 1
    link.close()
    ear.close()


def until(there, within=10.0):
    """Wait until it is so."""
    end = time.monotonic() + within
    while not there():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)
