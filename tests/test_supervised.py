"""Time runs out while the station is dead, and `gengfu run` brings back what was killed: the design's table under the real supervisor."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from alert_kit import Endless, all_sound, period, repeats_itself, settle, sound, verified, written_once
from rig import HttpRefused

pytestmark = pytest.mark.slow


def test_an_alert_that_expires_while_the_station_is_dead_is_over_on_air_and_then_on_paper(tmp_path):
    made = Endless(tmp_path / "station", spliceable=False)
    made.start()
    try:
        made.ready()
        ident = sound(made, "到时自止测试", minutes=0.5)
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
        """The process that was started as `what`, without its own children; None while there is none."""
        parents = {}
        for pid, words in self.pids().items():
            with contextlib.suppress(OSError):
                if what in words:
                    said = Path(f"/proc/{pid}/status").read_text()
                    parents[pid] = int(re.search(r"PPid:\s+(\d+)", said)[1])
        return next((pid for pid, parent in parents.items() if parent not in parents), None)

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
            made.wait(
                lambda what=what, old=old: run.pid(what) not in (old, None), f"{what} is started again", 5
            )
            made.wait(lambda: made.health()["ok"], "the station answers", 10)
            print(f"{what}: back after {time.monotonic() - begun:.2f} s")
        made.wait(lambda: all_sound(made, ident), "still sounding", 20)
        assert made.radio.missing(mark) == 0

        players = {run.pid("cli player radio"), run.pid("cli player alerts")}
        os.kill(run.process.pid, signal.SIGKILL)
        run.process.wait(5)
        made.wait(lambda: "cli station" not in " ".join(run.pids().values()), "its children died with it", 10)
        assert {run.pid("cli player radio"), run.pid("cli player alerts")} == players
        print("supervisor killed; its players play on")
        run.start()
        print("a second start carries on")
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
