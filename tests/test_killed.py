"""kill -9 of every process in the middle of an alert: what is heard, what is written, what comes back (design, section 4). Truth is what the socket heard."""

import contextlib
import itertools
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from rig import HttpRefused, Listener, Rig

pytestmark = pytest.mark.slow

COUNTY = "340422000000"
ROLES = (
    *(f"decoder-{k}" for k in range(5)),
    "mixer",
    "loader",
    "l16",
    "ts",
    "hls",
)  # in the order of their start


class Endless(Rig):
    """Its alerts are repeated as often as settings allow, so that one alert outlasts many kills."""

    def _make(self, villages):
        super()._make(villages)
        path = self.home / "station.toml"
        path.write_text(path.read_text("utf-8").replace("repeats = 2", "repeats = 20"), "utf-8")


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


def left(rig, ident):
    """Seconds until the last repeat was heard."""
    aired = next(one for one in rig.journal("alert.aired/1") if one["alert"] == ident)
    return aired["since"] / 1e6 + 20 * period(rig, ident) / 48_000 - time.time()


def sound(rig, text, *, minutes, areas=COUNTY):
    """A red alert of the province, on the air and acknowledged by all; its id."""
    said = rig.source(
        "--kind", "ebd", "--areas", areas, "--event", "11A51", "--level", "1", "--text", text, "--minutes", str(minutes)
    )  # fmt: skip
    assert said["exit"] == 0 and said["code"] == "1", said

    def listed():
        return next(
            (one["id"] for one in rig.http("/alerts?open=true", by="zhou") if text in one["text"]), None
        )

    ident = rig.wait(listed, "the alert is listed")
    rig.wait(lambda: all_sound(rig, ident), "all terminals sound", 20)
    rig.wait(lambda: channel(rig)["overlay"] == ident, "it lies over the channel")
    return ident


def channel(rig):
    return rig.http("/overview", by="zhou")["channels"][0]


def all_sound(rig, ident):
    counts = rig.http(f"/alerts/{ident}", by="zhou")["counts"]
    numbers = {counts[name] for name in ("addressed", "acknowledged", "playing", "heard")}
    return numbers != {0} and len(numbers) == 1


def period(rig, ident):
    """Samples from one repeat of the alert to the next."""
    spoken = next(one for one in rig.journal("alert.spoken/1") if one["alert"] == ident)
    return spoken["samples"] + 48 * rig.settings.alerts.gap_ms


def repeats_itself(rig, ident, pcm):
    """Which of the received samples are those of one repeat before; those not received (zeros here) are left out."""
    step = period(rig, ident)
    before, after = pcm[:-step], pcm[step:]
    both = (before != 0).any(axis=1) & (after != 0).any(axis=1)
    return float((before == after).all(axis=1)[both].mean()), int(both.sum())


def settle(rig, ident, since):
    """Until one whole repeat was heard after `since`."""
    need = period(rig, ident) / 48_000 + 2.5
    time.sleep(max(0.0, need - (time.monotonic() - since)))


def written_once(rig):
    entries = [entry for event in rig.journal("asrun.entries/1") for entry in event["entries"]]
    keys = [(entry["run"], entry["seq"]) for entry in entries]
    assert len(keys) == len(set(keys))
    return entries


def gap(listener, mark):
    """The longest silence on the wire since a mark, s."""
    times = [row[2] for row in listener.packets[mark:]]
    return max(b - a for a, b in itertools.pairwise(times))


def figures(rig, since):
    return rig.http(f"/safety?from={int(since * 1e6)}&to={int(time.time() * 1e6)}", by="zhou")[0]


def verified(rig):
    words = ("journal", "verify", "--state", str(rig.places.state))
    done = subprocess.run(
        [sys.executable, "-m", "station.cli", *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


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
    settle(rig, rig.sounding, time.monotonic())
    same, compared = repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])
    assert same == 1.0 and compared > 20_000, "by absolute index the alert goes on where it would have been"
    rig.wait(lambda: figures(rig, before)["seconds_x10"]["OUTAGE"] > 0 or away < 1.0, "the gap is OUTAGE", 30)
    found = figures(rig, before)
    assert found["seconds_x10"]["OUTAGE"] <= 10 * (away + 1) and found["unauthorised"] == []
    rig.wait(
        lambda: len({entry["run"] for entry in written_once(rig) if entry["channel"] == "fm1"}) == 2,
        "a new run",
    )
    runs = [entry for entry in written_once(rig) if entry["channel"] == "fm1"]
    assert min(entry["seq"] for entry in runs if entry["run"] == runs[-1]["run"]) == 1
    rig.roles = dict(zip(ROLES, children_of(rig.processes["player-radio"].pid), strict=True))
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
    settle(rig, rig.sounding, time.monotonic())
    assert repeats_itself(rig, rig.sounding, rig.radio.pcm(mark)[1])[0] == 1.0
    rig.start("station")
    rig.wait(lambda: rig.health()["ok"], "the station is back", 20)
    written_once(rig)
    verified(rig)


def test_an_alert_that_expires_while_the_station_is_dead_is_over_on_air_and_then_on_paper(tmp_path):
    made = Endless(tmp_path / "station", spliceable=False)
    made.start()
    try:
        made.ready()
        ident = sound(made, "到时自止测试", minutes=1)
        aired = next(one for one in made.journal("alert.aired/1") if one["alert"] == ident)
        made.kill("station")
        mark = made.radio.mark()
        until = aired["until"]
        time.sleep(max(0.0, until / 1e6 - time.time()) + 3)
        base, pcm = made.radio.pcm(mark)
        assert made.radio.missing(mark) == 0
        step = period(made, ident)
        edge = (until * 6 // 125 - base) & 0xFFFFFFFF  # the sample at which it must have ended
        inside, outside = slice(edge - 40_000, edge), slice(edge, edge + 40_000)
        assert (pcm[inside] == pcm[inside.start - step : inside.stop - step]).all()
        assert not (pcm[outside] == pcm[outside.start - step : outside.stop - step]).all()
        assert np.abs(pcm[outside]).max() > 500, "the programme is heard"
        made.start("station")
        made.wait(lambda: made.health()["ok"], "the station is back", 20)
        made.wait(lambda: made.journal("alert.ended/1"), "what fell due meanwhile is written down", 10)
        ended = made.journal("alert.ended/1")
        assert [one["how"] for one in ended if one["alert"] == ident] == ["expired"]
        made.wait(
            lambda: any(
                entry["what"] == "end" and entry["source"] == "overlay" and entry["index"] == until * 6 // 125
                for entry in written_once(made)
            ),
            "the as-run tells its end to the sample",
            10,
        )
        verified(made)
    finally:
        made.stop()


# -- under the real supervisor ------------------------------------------------------------------


class Run:
    """`gengfu run --demo` in a process group of its own."""

    def __init__(self, rig):
        self.rig = rig
        self.process = None

    def start(self):
        out = (self.rig.home / "run.out").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "station.cli", "run", "--demo", str(self.rig.home / "station.toml")],
            stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip
        out.close()
        self.rig.wait(lambda: self.rig.health()["ok"], "the station answers", 40)

    def pids(self):
        """Every process of this state directory."""
        found = {}
        for place in Path("/proc").iterdir():
            if place.name.isdigit():
                with contextlib.suppress(OSError):
                    words = (place / "cmdline").read_bytes().split(b"\0")
                    if any(str(self.rig.home).encode() in word for word in words):
                        found[int(place.name)] = b" ".join(words).decode()
        return found

    def pid(self, what):
        parents = {
            pid: int(re.search(r"PPid:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1])
            for pid, words in self.pids().items()
            if what in words
        }
        (top,) = [pid for pid, parent in parents.items() if parent not in parents]
        return top

    def end(self):
        for pid in [*self.pids(), self.process.pid] if self.process else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if self.process:
            self.process.wait(10)


def test_the_supervisor_brings_back_what_was_killed_and_a_second_one_adopts_the_players(tmp_path):
    made = Endless(tmp_path / "station", spliceable=False)
    run = Run(made)
    try:
        run.start()
        made.ready()
        ident = sound(made, "监督进程测试", minutes=10)
        mark = made.radio.mark()
        for what in ("cli station --settings", "cli witness fm1"):
            old = run.pid(what)
            os.kill(old, signal.SIGKILL)
            begun = time.monotonic()
            made.wait(lambda what=what, old=old: run.pid(what) != old, f"{what} is started again", 5)
            made.wait(lambda: made.health()["ok"], "the station answers", 10)
            print(f"{what}: back after {time.monotonic() - begun:.2f} s")
        made.wait(lambda: all_sound(made, ident), "still sounding", 20)
        assert made.radio.missing(mark) == 0

        players = {run.pid("cli player radio"), run.pid("cli player alerts")}
        os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait(5)
        made.wait(lambda: "cli station" not in " ".join(run.pids().values()), "its children died with it", 10)
        assert {run.pid("cli player radio"), run.pid("cli player alerts")} == players
        run.start()
        assert {run.pid("cli player radio"), run.pid("cli player alerts")} == players, (
            "adopted, not started again"
        )
        made.wait(lambda: all_sound(made, ident), "a second start carries on", 30)
        assert made.radio.missing(mark) == 0
        begun = mark
        settle(made, ident, time.monotonic())
        same, compared = repeats_itself(made, ident, made.radio.pcm(begun)[1])
        assert same == 1.0 and compared > 20_000
        written_once(made)

        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(20) == 0
        made.wait(lambda: not run.pids(), "Ctrl-C ends every process", 10)
        verified(made)
        run.start()
        made.wait(lambda: all_sound(made, ident), "the alert goes on after a whole stop", 40)
        with pytest.raises(HttpRefused):
            made.command("alert.cancel", {"alert": ident, "reason": "不可"}, by="zhao")
    finally:
        run.end()
        made.stop()
