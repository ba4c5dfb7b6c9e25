"""What may befall the machine under players that are on the air, each heard at the socket: a disk that fills up, a clock that steps an hour, a twin on another version, one of two that dies while it sends what only one may send."""

import contextlib
import json
import resource
import socket
import subprocess
import sys
import threading
import time
from itertools import count, pairwise

import numpy as np
import pytest
from radio_kit import Ear, Running, kill, now_sample, plan_of, ramp, stock, take
from test_player import heard_from, on_air
from test_twins import Station

from playout.link import AsRun, AsRunSince, Preload, Ready, SetOverlays, SetPlan, Status, What
from schedules.plan import Medium, Overlay
from station.anchor import read_note

pytestmark = pytest.mark.slow
PORT, PAIR = 21_860, 21_650
HOUR = 3_600
GAP = 5.0  # s a server of a stream may be without it when the player that sent it dies

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

# A player of a version to come: it says so, and keeps and says what we do not know.
NEWER = """
import sys
import playout.link, playout.store
known = playout.link.to_plain
def more(value):
    said = {**known(value), "mood": {"of a version to come": 3}}
    return said | {"version": 2} if "version" in said else said
playout.link.to_plain = playout.store.to_plain = more
from station.cli import main
sys.exit(main(sys.argv[1:]))
"""
ICECAST = """
[[channels.outputs]]
id = "ice"
kind = "icecast"
to = "http://127.0.0.1:{port}/fm1"
secret_file = "pw"
[alerts]"""


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

    def written() -> int:
        lines = "".join(path.read_text() for path in held.parent.glob("asrun-*.jsonl"))
        return lines.count('"ref": "a"')

    link.until(lambda _: written() == 2)  # the plan and the log are written each in its turn
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
    clock = subprocess.Popen(
        [*player.words, "clock", "--state", str(player.state)], stderr=subprocess.DEVNULL
    )
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


class Icecast(threading.Thread):
    """A server that takes what is sent, and notes by whom and when: (connection, monotonic s) of each piece of sound."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.came = self.socket.getsockname()[1], []
        self.numbers = count()

    def run(self):
        while True:
            taken, _ = self.socket.accept()
            threading.Thread(target=self.take, args=(taken,), daemon=True).start()

    def take(self, taken):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += taken.recv(1)
        if not head.startswith(b"PUT"):
            taken.sendall(b"HTTP/1.0 200 OK\r\n\r\n<ok/>")
            taken.close()
            return
        number = next(self.numbers)
        taken.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            while taken.recv(1 << 16):
                self.came.append((number, time.monotonic()))


def test_of_two_on_different_versions_either_may_die_and_what_only_one_may_send_goes_on(tmp_path):
    server, home = Icecast(), tmp_path / "home"
    server.start()
    ours, newer = pair = [Running(home, PAIR, chain) for chain in ("radio", "radio.b")]
    newer.words = [sys.executable, "-c", NEWER]
    ways = f'l16 = ["127.0.0.1:{PAIR + 103}"]\nl16_twin = ["127.0.0.1:{PAIR + 303}"]\nredundancy = "pair"'
    text = (home / "station.toml").read_text().replace("rundowns =", ways + "\nrundowns =")
    (home / "station.toml").write_text(text.replace("[alerts]", ICECAST.format(port=server.port)))
    secret = ours.state / "secrets" / "pw"
    secret.parent.mkdir(parents=True)
    secret.write_text("geheim\n")
    secret.chmod(0o600)
    piece = np.random.default_rng(8).integers(-30_000, 30_000, (48_000 * 60, 2)).astype(np.int32) << 8
    film = stock(ours.media, piece)
    start = now_sample() // 480 * 480 - 4_800
    station, ears = Station(plan_of([take("x", start, film)], [film]), (film,)), []
    try:
        for player in pair:
            player.start()
            station.join(player).until(lambda m: isinstance(m, Status) and m.sending, 10)
        assert "of a version to come" in (newer.state / "chains" / "radio.b" / "fm1.plan.json").read_text()
        until(lambda: server.came)
        ears = [Ear(PAIR + 103), Ear(PAIR + 303)]
        ours.process.kill()
        ours.process.wait()
        died = time.monotonic()
        until(lambda: any(number for number, _ in server.came))
        gap = next(at for number, at in server.came if number) - died
        ears[0].clear()
        ours.start()  # nobody tells it anything: it believes what the newer one keeps
        ears[0].listen(20, lambda: bool(ears[0].packets))
        ears[0].listen(0.5)
        ears[1].listen(0.3)
        newer.process.kill()
        newer.process.wait()
        until(lambda: server.came[-1][0] == 2)
    finally:
        for player in pair:
            player.stop()
    for ear in ears:
        assert {(b[0] - a[0]) % 65_536 for a, b in pairwise(ear.packets)} == {1} and len(ear.packets) > 60
        for _, stamp, marked, pcm, _ in ear.packets:
            at = (stamp - start) % (1 << 32)
            assert not marked and np.array_equal(pcm, piece[at : at + 240] >> 8)
        ear.close()
    assert gap < GAP, f"{gap:.2f} s without the stream"


def until(there, within=10.0):
    """Wait until it is so."""
    end = time.monotonic() + within
    while not there():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.02)
