"""The witness as a process: real sockets on loopback, a station of the test's own, media in files."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from witness_kit import FRAME, RATE, Media, datagram, music, plan_of, speech, write_flac

from schedules.render import render
from station.wire import to_plain

PORT = 24_000
AREA = "340422000000"
SETTINGS = f"""
[station]
id = "t"
name_zh = "测试"
name_en = "Test"
area = "{AREA}"
areas = "areas.csv"

[[channels]]
id = "fm1"
chain = "radio"
name_zh = "一套"
name_en = "One"
area = "{AREA}"
rundowns = "rundowns"
"""


class ControlSocket:
    """A station that tells what is due and takes reports; its framing is written here anew."""

    def __init__(self, path: Path, due: dict[str, Any]) -> None:
        self.due, self.reports = due, []
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(4)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line, line.makefile("rwb") as file:
            while True:
                digits = b""
                while (c := file.read(1)) not in (b":", b""):
                    digits += c
                if not digits:
                    return
                asked = json.loads(file.read(int(digits)))
                file.read(1)
                answer = self._answer(asked)
                body = json.dumps(answer).encode()
                file.write(b"%d:%b," % (len(body), body))
                file.flush()

    def _answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["session"] == "secret"
        if asked["do"] == "subscribe":
            return {"id": asked["id"], "feed": "due", "item": self.due}
        if asked["do"] == "health":
            return {"id": asked["id"], "ok": True, "result": {"at": time.time_ns() // 1000}}
        self.reports.append(asked)
        return {"id": asked["id"], "ok": True, "result": {"position": len(self.reports)}}

    def runs(self) -> list[dict[str, Any]]:
        seen: dict[int, dict[str, Any]] = {}
        for report in list(self.reports):
            for run in report["body"]["runs"]:
                for slot in range(run["first"], run["last"]):
                    seen[slot] = run
        return [seen[slot] | {"slot": slot} for slot in sorted(seen)]

    def close(self) -> None:
        self._server.close()


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "peer.token").write_text("secret")
    (tmp_path / "station.toml").write_text(SETTINGS, encoding="utf-8")
    (tmp_path / "areas.csv").write_text(f"code,name,level\n{AREA},寿县,county\n", encoding="utf-8")
    (tmp_path / "rundowns").mkdir()
    yield tmp_path


def started(state: Path, port: int) -> subprocess.Popen[bytes]:
    gengfu = Path(sys.executable).parent / "gengfu"
    return subprocess.Popen(
        [
            gengfu,
            "witness",
            "fm1",
            "--settings",
            state / "station.toml",
            "--state",
            state,
            "--port",
            str(port),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def house(state: Path, **sounds: Any) -> Media:
    """Media in memory and on disk, by their real checksums."""
    made = Media()
    for sound in sounds.values():
        fresh = state / "new.flac"
        write_flac(fresh, sound)
        sha = hashlib.sha256(fresh.read_bytes()).hexdigest()
        place = state / "media" / sha[:2] / f"{sha}.flac"
        place.parent.mkdir(parents=True, exist_ok=True)
        fresh.rename(place)
        made.sounds[sha] = sound
    return made


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def pss_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


@pytest.mark.slow
def test_a_process_hears_judges_and_reports_a_planted_splice(state: Path) -> None:
    media = house(state, talk=speech(40, 1), foreign=music(2, 9))
    talk, foreign = list(media.sounds)
    start = (time.time_ns() // 1000 * 6 // 125 // 4_800) * 4_800 - 4_800
    plan = plan_of(media, talk, start=start)
    station = ControlSocket(
        state / "run" / "station.sock", {"plan": to_plain(plan), "overlays": [], "position": 1}
    )
    sound = render(plan, (), (), media, plan.start, plan.end - plan.start)
    splice = 8 * RATE
    sound[splice : splice + RATE // 2] = media.sounds[foreign][RATE : RATE + RATE // 2] >> 8
    process = started(state, PORT)
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        used = 0.0
        for k in range(16 * RATE // FRAME):
            index = start + k * FRAME
            wait = index / RATE - time.time()
            if wait > 0:
                time.sleep(wait)
            out.sendto(datagram(index, sound[k * FRAME : (k + 1) * FRAME]), ("127.0.0.1", PORT + 100))
            if k == 4 * RATE // FRAME:
                used = cpu_seconds(process.pid)
        share = (cpu_seconds(process.pid) - used) / 12
        memory = pss_mb(process.pid)
        time.sleep(0.5)
    finally:
        process.send_signal(signal.SIGTERM)
        output = process.communicate(timeout=10)[0].decode()
        station.close()
        out.close()
    runs = [run for run in station.runs() if run["slot"] * 4_800 >= start + 3 * RATE]
    other = [
        (run["state"], run["slot"] - splice // 4_800 - start // 4_800)
        for run in runs
        if run["state"] != "NORMAL"
    ]
    assert other == [("FOREIGN", k) for k in range(5)], output
    assert len(runs) > 80
    assert share < 0.06, f"{share:.3f} of a core"
    assert memory < 120, f"{memory:.0f} MB"
    assert station.reports[0]["body"]["point"] == "player-output"
    assert station.reports[0]["body"]["real_return"] is False


def test_a_channel_that_is_not_in_the_settings_is_refused_in_words(state: Path) -> None:
    gengfu = Path(sys.executable).parent / "gengfu"
    done = subprocess.run(
        [gengfu, "witness", "fm9", "--settings", state / "station.toml"],
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode == 1
    assert "there is no channel fm9" in done.stderr
    assert "没有频道 fm9" in done.stderr
