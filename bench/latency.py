"""How long an interruption takes: order → rendered, → first changed sample on the L16 socket, → decoded from the TS.

usage: latency.py [--rounds 60] [--port 23100] [--slack 40] [--margin 15] [--json FILE]
       latency.py --trigger CMD --l16 PORT --ts PORT …      (a whole station that is already on the air)

Without --trigger a player of its own is started and ordered over its link. With it, CMD runs as a child: for each line it
is given on stdin it must make a loud interruption of about a tenth of a second durable and answer with the CLOCK_MONOTONIC
ns of that moment. The programme must be quiet (below -12 dBFS). A p99 is given from 200 rounds on.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ears import L16Ear, TsEar
from joins import SETTINGS, connect

if TYPE_CHECKING:
    from schedules.plan import Medium, Plan

LIMITS = {"rendered": 20.0, "l16": 30.0, "ts": 120.0}  # ms; the last two on top of the slack


def tone(folder: Path, amplitude: float) -> Medium:
    """Ten seconds of 1 kHz in house format, where the player looks for it."""
    from playout.facts import house_path
    from playout.housing import HouseWriter
    from schedules.plan import Medium
    from station.files import hash_of

    t = np.arange(48_000 * 10)
    new = folder / "new.flac"
    writer = HouseWriter(new)
    sine = (amplitude * 2**23 * np.sin(2 * np.pi * 1_000 * t / 48_000)).astype(np.int32)
    writer.write(np.stack((sine, sine), axis=1))
    writer.close()
    sha256 = hash_of(new)
    place = house_path(folder / "state" / "media", sha256)
    place.parent.mkdir(parents=True)
    new.rename(place)
    return Medium(sha256=sha256, samples=len(t))


def repeated(medium: Medium, times: int = 40) -> Plan:
    """A plan that plays a medium again and again from now on."""
    from schedules.plan import Plan, Take

    start, length = time.time_ns() // 1000 * 6 // 125, medium.samples
    takes = tuple(
        Take(item=f"q{k}", start=start + k * length, end=start + (k + 1) * length, kind="programme",
             title="", approval="bench", media=medium.sha256)
        for k in range(times)
    )  # fmt: skip
    return Plan(
        channel="fm1", revision=1, start=takes[0].start, end=takes[-1].end, takes=takes, media=(medium,)
    )


class OwnPlayer:
    """A player of our own with a quiet tone on the air, interrupted over its link."""

    words: Sequence[str] = (sys.executable, "-m", "station.cli")  # that start `gengfu`

    def __init__(self, folder: Path, port: int, slack: int, margin: int) -> None:
        from playout.link import SetPlan, StationHello, StationSide, encode

        self._lead = (slack + margin) * 1_000
        self._codec, self._encode, self._revision = StationSide(), encode, 1
        quiet, self.loud = tone(folder, 0.03), tone(folder, 0.5)
        settings = SETTINGS.format(port=port).replace("hls = false", f"hls = false\nslack_ms = {slack}")
        (folder / "station.toml").write_text(settings)
        (folder / "areas.csv").write_text("code,name,level\n341521000000,测,county\n")
        (folder / "rundowns").mkdir()
        words = ["player", "radio", "--settings", folder / "station.toml", "--state", folder / "state"]
        self._player = subprocess.Popen([*self.words, *map(str, words)])
        self._link = connect(folder / "state" / "run" / "player-radio.sock")
        self._link.sendall(encode(StationHello()) + encode(SetPlan(channel="fm1", plan=repeated(quiet))))
        self.interrupt(0)
        time.sleep(1.5)

    def interrupt(self, length: int = 4_800) -> tuple[int, int | None]:
        """(ns at which the order was given, ns at which it was said to be rendered)."""
        from playout.link import Rendered, SetOverlays
        from schedules.plan import Overlay

        self._revision += 1
        start = (time.time_ns() // 1000 + self._lead) * 6 // 125
        over = Overlay(id=f"o{self._revision}", mode="replace", start=start, end=start + max(1, length),
                       priority=1, approval="bench", sequence=(self.loud.sha256,))  # fmt: skip
        order = SetOverlays(
            channel="fm1", revision=self._revision, overlays=(over,) if length else (), media=(self.loud,)
        )
        given = time.monotonic_ns()
        self._link.sendall(self._encode(order))
        deadline = given + 1_000_000_000
        self._link.settimeout(1)
        while length and time.monotonic_ns() < deadline:
            with contextlib.suppress(TimeoutError):
                for message in self._codec.feed(self._link.recv(1 << 18)):
                    if isinstance(message, Rendered) and message.overlay == over.id:
                        return given, time.monotonic_ns()
        return given, None

    def end(self) -> None:
        """Stop the player."""
        self._link.close()
        self._player.terminate()
        self._player.wait()


class Station:
    """A whole station, triggered from outside."""

    def __init__(self, command: str) -> None:
        self._child = subprocess.Popen(
            shlex.split(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def interrupt(self) -> tuple[int, int | None]:
        """(ns at which the alert was durable, None)."""
        assert self._child.stdin and self._child.stdout
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        return int(self._child.stdout.readline()), None

    def end(self) -> None:
        """Stop the trigger."""
        self._child.terminate()
        self._child.wait()


def measure(
    source: OwnPlayer | Station, rounds: int, ears: dict[str, L16Ear | TsEar], pause: float
) -> dict[str, list[float]]:
    """Milliseconds from each order, by what was observed."""
    times: dict[str, list[float]] = {"rendered": [], **{name: [] for name in ears}}
    rng = np.random.default_rng(5)
    for _ in range(rounds):
        before = {name: len(ear.onsets) for name, ear in ears.items()}
        given, rendered = source.interrupt()
        if rendered is not None:
            times["rendered"].append((rendered - given) / 1e6)
        deadline = time.monotonic() + 1.5
        while time.monotonic() < deadline and any(len(e.onsets) == before[n] for n, e in ears.items()):
            time.sleep(0.005)
        for name, ear in ears.items():
            if len(ear.onsets) > before[name]:
                times[name].append((ear.onsets[before[name]] - given) / 1e6)
        time.sleep(pause + float(rng.uniform(0, 0.03)))
    return times


def figures(times: list[float], rounds: int, limit: float) -> dict[str, object]:
    """Median, spread, p99 where there are enough, and the ratio of the median to its limit."""
    ordered = sorted(times)
    if not ordered:
        return {"seen": 0, "of": rounds, "limit_ms": limit}
    made: dict[str, object] = {
        "seen": len(ordered),
        "of": rounds,
        "median_ms": round(statistics.median(ordered), 2),
        "min_ms": round(ordered[0], 2),
        "max_ms": round(ordered[-1], 2),
        "limit_ms": limit,
        "ratio": round(statistics.median(ordered) / limit, 3),
    }
    if len(ordered) >= 200:
        made["p99_ms"] = round(ordered[int(len(ordered) * 0.99)], 2)
    return made


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=60)
    words.add_argument("--port", type=int, default=23_100)
    words.add_argument("--slack", type=int, default=40, help="the sender's slack, ms")
    words.add_argument(
        "--margin", type=int, default=15, help="between order and start, on top of the slack, ms"
    )
    words.add_argument("--trigger", help="command that interrupts a station that is on the air")
    words.add_argument("--l16", type=int, help="UDP port of its L16")
    words.add_argument("--ts", type=int, help="UDP port of its TS")
    words.add_argument("--pause", type=float, default=0.2, help="s of quiet after each interruption")
    words.add_argument("--json", type=Path)
    return words.parse_args()


def main() -> int:
    """0 when every median is within its limit and no interruption went unseen."""
    asked = arguments()
    ears: dict[str, L16Ear | TsEar] = {
        "l16": L16Ear(asked.l16 or asked.port + 102),
        "ts": TsEar(asked.ts or asked.port + 104),
    }
    for ear in ears.values():
        ear.start()
    with tempfile.TemporaryDirectory() as name:
        make: Callable[[], OwnPlayer | Station] = (
            (lambda: Station(asked.trigger))
            if asked.trigger
            else (lambda: OwnPlayer(Path(name), asked.port, asked.slack, asked.margin))
        )
        source = make()
        try:
            times = measure(source, asked.rounds, ears, asked.pause)
        finally:
            source.end()
    found = {
        kind: figures(seen, asked.rounds, LIMITS[kind] + (0 if kind == "rendered" else asked.slack))
        for kind, seen in times.items()
        if seen or kind != "rendered"
    }
    found["conditions"] = {
        "slack_ms": asked.slack,
        "margin_ms": asked.margin,
        "cpus": os.cpu_count(),
        "load": os.getloadavg()[0],
    }
    text = json.dumps(found, indent=1)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n")
    rows = [row for kind, row in found.items() if kind != "conditions"]
    return 0 if all(row["seen"] == row["of"] and row["ratio"] <= 1 for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
