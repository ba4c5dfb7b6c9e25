"""kill -9 of every process in the middle of an alert: what is heard, what is written, what comes back (design, section 4). Truth is what the socket heard."""

import itertools
import os
import signal
import socket
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from alert_kit import (
    Endless,
    all_sound,
    channel,
    gap,
    left,
    repeats_itself,
    settle,
    sound,
    verified,
    written_once,
)
from rig import Listener

pytestmark = pytest.mark.slow

ROLES = (
    *(f"decoder-{k}" for k in range(5)),
    "mixer",
    "loader",
    "l16",
    "ts",
    "hls",
)  # in the order of their start


class Stream(Listener):
    """The same for an alert stream: a multicast group on loopback."""

    def __init__(self, group, port):
        self._group = group
        super().__init__(port)

    def _bound(self, port):
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((self._group, port))
        joined = struct.pack("4s4s", socket.inet_aton(self._group), socket.inet_aton("127.0.0.1"))
        made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, joined)
        return made


def children_of(pid):
    """pids of the children, oldest first."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        found += [int(one) for one in (task / "children").read_text().split()]
    return sorted(
        found, key=lambda one: int(Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()[19])
    )


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    made = Endless(tmp_path_factory.mktemp("killed") / "station")
    made.start()
    try:
        made.ready()
        made.roles = dict(zip(ROLES, children_of(made.processes["player-radio"].pid), strict=True))
        made.sounding, made.rounds = "", 0
        yield made
    finally:
        made.stop()


@pytest.fixture(autouse=True)
def in_the_middle_of_an_alert(request):
    """An alert that goes on for another minute."""
    if "rig" not in request.fixturenames:
        return
    rig = request.getfixturevalue("rig")
    if not rig.sounding or left(rig, rig.sounding) < 60:
        rig.rounds += 1
        rig.wait(lambda: channel(rig)["overlay"] == "", "the alert before is over", 90)
        rig.sounding = sound(rig, f"被杀进程测试{rig.rounds}", minutes=20)


def figures(rig, since):
    return rig.http(f"/safety?from={int(since * 1e6)}&to={int(time.time() * 1e6)}", by="zhou")[0]


def test_the_station_killed_is_back_in_two_seconds_and_nothing_of_the_alert_is_missed(rig):
    mark, begun = rig.radio.mark(), time.monotonic()
    submitted = len(rig.journal("alert.submitted/1"))
    rig.kill("station")
    time.sleep(0.5)
    started = time.monotonic()
    rig.start("station")
    rig.wait(lambda: rig.health()["ok"], "healthz answers", 10)
    back = time.monotonic() - started
    print(f"station back after {back:.2f} s")
    rig.wait(lambda: all_sound(rig, rig.sounding), "terminals are there again and still sound", 15)
    rig.wait(lambda: channel(rig)["overlay"] == rig.sounding, "the player was adopted as it is")
    settle(rig, rig.sounding, begun)
    same, compared = repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])
    assert rig.radio.missing(mark) == 0 and (same, compared > 20_000) == (1.0, True)
    assert len(rig.journal("alert.submitted/1")) == submitted
    written_once(rig)
    verified(rig)
    assert back < 4.0, "two seconds on a machine of its own; this one is shared"


def test_a_player_killed_is_back_with_its_alert_and_its_gap_is_counted(rig):
    before, mark, since = time.time(), rig.radio.mark(), time.monotonic()
    settle(rig, rig.sounding, since)
    rig.kill("player-radio")
    rig.start("player-radio")
    fresh = rig.radio.mark()
    rig.wait(lambda: rig.radio.mark() > fresh + 20, "packets again", 10)
    away = gap(rig.radio, mark)
    print(f"player back after {away:.2f} s")
    rig.roles = dict(zip(ROLES, children_of(rig.processes["player-radio"].pid), strict=True))
    settle(rig, rig.sounding, time.monotonic())
    same, compared = repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])
    assert same == 1.0 and compared > 20_000, "by absolute index the alert goes on where it would have been"
    short = 1.3  # s: an outage is one of a second, and in a slot and a half at either end something was heard
    rig.wait(
        lambda: figures(rig, before)["seconds_x10"]["OUTAGE"] > 0 or away < short, "the gap is OUTAGE", 30
    )
    found = figures(rig, before)
    assert found["seconds_x10"]["OUTAGE"] <= 10 * (away + 1) and found["unauthorised"] == []
    rig.wait(
        lambda: len({entry["run"] for entry in written_once(rig) if entry["channel"] == "fm1"}) == 2,
        "a new run",
    )
    runs = [entry for entry in written_once(rig) if entry["channel"] == "fm1"]
    assert min(entry["seq"] for entry in runs if entry["run"] == runs[-1]["run"]) == 1
    assert away < 3.0, "one second on a machine of its own; this one is shared"


@pytest.mark.parametrize("role", [*(f"decoder-{k}" for k in range(5)), "loader"])
def test_a_decoder_killed_is_not_heard(rig, role):
    mark, begun = rig.radio.mark(), time.monotonic()
    os.kill(rig.roles[role], signal.SIGKILL)
    rig.wait(lambda: len(children_of(rig.processes["player-radio"].pid)) == len(ROLES), "it was replaced", 3)
    if role in ("decoder-0", "loader"):
        settle(rig, rig.sounding, begun)
        same, compared = repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])
        assert same == 1.0 and compared > 20_000
    assert rig.radio.missing(mark) == 0


def test_a_sender_killed_costs_its_own_output_less_than_a_second(rig):
    mark, pid = rig.radio.mark(), rig.roles["l16"]
    os.kill(pid, signal.SIGKILL)
    rig.wait(lambda: rig.radio.mark() > mark + 400, "packets go on", 5)
    print(f"sender back after {gap(rig.radio, mark):.2f} s")
    assert gap(rig.radio, mark) < 1.0
    assert pid not in children_of(rig.processes["player-radio"].pid)


@pytest.mark.parametrize("role", ["ts", "hls"])
def test_an_encoder_killed_is_not_heard_on_other_outputs(rig, role):
    mark = rig.radio.mark()
    path = rig.places.hls / "fm1" / "index.m3u8"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ts:
        ts.bind(("127.0.0.1", rig.ports.ts(0)))
        ts.settimeout(3)
        ts.recv(2048)
        os.kill(rig.roles[role], signal.SIGKILL)
        times = [time.monotonic()]
        while times[-1] - times[0] < 2.5:
            assert ts.recv(2048)[0] == 0x47
            times.append(time.monotonic())
    away = max(b - a for a, b in itertools.pairwise(times))
    print(f"{role}: longest pause of the TS {away:.2f} s")
    assert away < (1.5 if role == "ts" else 0.5)
    assert rig.radio.missing(mark) == 0
    changed = path.stat().st_mtime_ns
    rig.wait(lambda: path.stat().st_mtime_ns > changed, "HLS goes on", 10)


def test_the_mixer_killed_is_back_in_a_second(rig):
    mark, begun = rig.radio.mark(), time.monotonic()
    os.kill(rig.roles["mixer"], signal.SIGKILL)
    rig.wait(lambda: len(children_of(rig.processes["player-radio"].pid)) == len(ROLES), "it was replaced", 3)
    settle(rig, rig.sounding, begun)
    same, compared = repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])
    print(f"mixer: {rig.radio.missing(mark)} packets missed, longest pause {gap(rig.radio, mark):.2f} s")
    assert gap(rig.radio, mark) < 1.0
    assert compared > 20_000 and same > 0.9


def test_the_player_of_the_streams_killed_leaves_the_channel_alone(rig):
    mark = rig.radio.mark()
    stream = Stream(*rig.ports.stream(1))
    try:
        rig.wait(lambda: stream.mark() > 100, "the stream is heard", 5)
        rig.kill("player-alerts")
        rig.start("player-alerts")
        fresh = stream.mark()
        rig.wait(lambda: stream.mark() > fresh + 300, "the stream is heard again", 10)
        print(f"streams back after {gap(stream, 0):.2f} s")
        assert gap(stream, 0) < 3.0
        assert np.abs(stream.pcm(fresh)[1]).max() > 1_000, "and it is the alert, not silence"
    finally:
        stream.close()
    rig.wait(lambda: all_sound(rig, rig.sounding), "the terminals were told nothing new", 10)
    assert rig.radio.missing(mark) == 0
    written_once(rig)


def test_the_witness_killed_leaves_a_gap_that_is_unknown_and_nothing_worse(rig):
    time.sleep(3)
    mark, before = rig.radio.mark(), time.time()
    rig.kill("witness-fm1")
    time.sleep(3)
    rig.start("witness-fm1")

    def gap_known():
        return figures(rig, before + 0.5)["seconds_x10"]["NORMAL"] > 0

    rig.wait(gap_known, "it measures again", 30)
    found = figures(rig, before)["seconds_x10"]
    assert found["UNKNOWN"] >= 25 and found["OUTAGE"] == found["FOREIGN"] == 0
    assert rig.radio.missing(mark) == 0


def test_the_panel_killed_is_only_pages_gone_for_a_second(rig):
    mark = rig.radio.mark()
    rig.kill("panel")
    with pytest.raises(OSError):
        rig.http("/overview", by="zhou")
    rig.start("panel")
    rig.wait(lambda: channel(rig)["overlay"] == rig.sounding, "the page is back, and the seat with it", 10)
    assert rig.radio.missing(mark) == 0 and rig.health()["ok"]


def test_the_clock_killed_leaves_all_others_on_the_last_anchor(rig):
    mark, begun = rig.radio.mark(), time.monotonic()
    rig.kill("clock")
    settle(rig, rig.sounding, begun)
    assert repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])[0] == 1.0
    rig.start("clock")
    time.sleep(1.5)
    assert rig.radio.missing(mark) == 0 and rig.health()["ok"]
    assert abs(rig.health()["at"] / 1e6 - time.time()) < 1.0


def test_terminals_killed_come_back_and_are_told_again(rig):
    rig.kill("sim-terminals")
    rig.wait(lambda: rig.health()["terminals_online"] == 0, "they are gone", 10)
    rig.wait(
        lambda: rig.http(f"/alerts/{rig.sounding}", by="zhou")["counts"]["playing"] == 0, "and not counted", 5
    )
    rig.start("sim-terminals")
    rig.wait(lambda: all_sound(rig, rig.sounding), "they sound again", 20)


def test_a_player_started_while_the_station_is_dead_goes_on_with_the_alert_from_its_own_disk(rig):
    rig.kill("player-radio")
    rig.kill("station")
    rig.start("player-radio")
    mark = rig.radio.mark()
    rig.wait(lambda: rig.radio.mark() > mark + 200, "packets without a station", 10)
    mark = rig.radio.mark()  # a second later: its sound is in memory again
    settle(rig, rig.sounding, time.monotonic())
    assert repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])[0] == 1.0
    rig.start("station")
    rig.wait(lambda: rig.health()["ok"], "the station is back", 20)
    written_once(rig)
    verified(rig)
