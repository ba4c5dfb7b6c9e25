"""The example station in real time for as long as asked: outages, packets, log lines, memory, file handles, an alert every five minutes.

usage: bench/soak.py [--minutes 60] [--alert-every 300] [--kills-after MINUTES] [--kill-every 60] [--only NAME] [--seed 1] [--radio] [--state DIR] [--json FILE] [--short]

It fails on: a packet missing at the L16 socket, a slot of OUTAGE, EMPTY, WRONG or FOREIGN at any of three witnesses
(radio, television, what terminals are sent), an alert that was not heard on the terminals' stream, a log line of level warn or worse
outside logs-allowed.txt, a process restarted, memory grown by more than 1 % after the first ten minutes (from 30 minutes on),
file handles grown, an alert that not every terminal acknowledged.

From `--kills-after` on a random process is killed every minute (bench/killing.py); what is said above then holds for the
time before, and of the time after it fails on a gap in any output that no kill explains or that lasts more than a second,
a slot of FOREIGN, an as-run entry written twice, an alert not acknowledged by all, a process that is not replaced.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import outside
from counting import Counter
from killing import Kills, TsEar, verdicts, written_twice
from outside import County
from rounds import radio_alone

from station.logs import allowed, unexpected

WARM = 600.0  # s after which memory has to stay
PASSING = (
    "voice",
    "ingest",
    "checkpoint",
    "safety.gallery",
    "safety.library",
)  # children that end when their work is done
WITNESSES = 3  # radio, television, the first alert stream
SETTLE_SLOTS = 100  # slots of the start that do not count: the rundown is being signed


class Soak:
    """One run; `ears` are what is listened to, by name."""

    def __init__(self, county: County, asked: argparse.Namespace, ears: dict[str, Counter | TsEar]) -> None:
        self.county, self.asked, self.ears = county, asked, ears
        self.samples: list[dict[str, Any]] = []
        self.alerts: list[dict[str, Any]] = []
        self.pids: dict[int, str] = {}
        self.gone: list[str] = []
        self.kills = Kills(county, asked.seed, asked.only)
        self.calm: dict[str, Any] = {}  # what was so when the killing began
        self.alive = True

    def run(self) -> None:
        """Until the time is up."""
        begun = time.monotonic()
        end = begun + 60 * self.asked.minutes
        next_sample, next_alert = begun, begun + min(60.0, self.asked.alert_every)
        next_kill = begun + 60 * self.asked.kills_after if self.asked.kills_after else end + 1
        while (now := time.monotonic()) < end:
            if now >= next_sample:
                next_sample += self.asked.sample_every
                self._sample(now - begun)
            if now >= next_alert and not (self.asked.short and self.alerts):
                next_alert += self.asked.alert_every
                self._alert()
            if now >= next_kill:
                next_kill += self.asked.kill_every
                self._kill()
            time.sleep(0.2)
        if not self.calm:
            self._sample(time.monotonic() - begun)
            self.calm = self._now()

    def _now(self) -> dict[str, Any]:
        return {
            "us": time.time_ns() // 1000,
            "wrong": sum(ear.wrong() for ear in self.ears.values()),
            "stream": {name: ear.figures() for name, ear in self.ears.items()},
            "loud": loud_lines(self.county.state),
            "alerts": len(self.alerts),
            "samples": len(self.samples),
            "processes": sorted(self.pids.values()),
        }

    def _kill(self) -> None:
        if not self.calm:
            self.calm = self._now()
        self.kills.one()

    def back(self) -> bool:
        """Whether as many processes of every name run as when the killing began."""
        running = sorted(self._lasting().values())
        return running == self.calm["processes"]

    def _lasting(self) -> dict[int, str]:
        pids = self.county.processes()
        return {pid: name for pid, name in pids.items() if not any(one in name for one in PASSING)}

    def _sample(self, at: float) -> None:
        lasting = self._lasting()
        if not self.kills.done:
            self.gone += [name for pid, name in self.pids.items() if pid not in lasting]
        self.pids = lasting
        memory = {pid: outside.memory_kib(pid) for pid in lasting}
        row = {
            "s": round(at),
            "pss_kib": sum(one.get("Pss", 0) for one in memory.values()),
            "own_kib": sum(one.get("Pss_Anon", 0) + one.get("Pss_Shmem", 0) for one in memory.values()),
            "handles": sum(outside.handles(pid) for pid in lasting),
            "cpu_s": sum(outside.cpu_seconds(lasting).values()),
            "by": {f"{name} {pid}": memory[pid].get("Pss", 0) for pid, name in lasting.items()},
            "own_by": {
                f"{name} {pid}": memory[pid].get("Pss_Anon", 0) + memory[pid].get("Pss_Shmem", 0)
                for pid, name in lasting.items()
            },
            **{name: ear.wrong() for name, ear in self.ears.items()},
        }
        self.samples.append(row)
        print(json.dumps({k: v for k, v in row.items() if k not in ("by", "own_by")}), flush=True)

    def _alert(self) -> None:
        """A signed EBD to the whole county; how many acknowledged and heard it, by the terminals' own report."""
        number = len(self.alerts) + 1
        said = self.county.send(
            "--areas", "340422000000", "--event", "11A51", "--level", "1", "--minutes", "3",
            "--text", f"第{number}次测试:请沿河居民立即转移。",
        )  # fmt: skip
        row: dict[str, Any] = {"accepted": said.get("accepted"), "id": said.get("id"), "acknowledged": 0}
        begun = time.monotonic()
        while (
            time.monotonic() - begun < (60 if self.kills.done else 20)
            and row.get("heard", 0) < self.county.terminals
        ):
            time.sleep(0.25)
            for one in self.county.county_says()["broadcasts"]:
                if one["ebm_id"] == said.get("id"):
                    row.update({name: one[name] for name in ("acknowledged", "played", "heard")})
        if number % 2 == 0:  # every second one is ended by the upstream, the others by themselves
            ended = self.county.send("--cancel", str(said.get("id")), "--areas", "340422000000")
            row["cancelled"] = ended.get("accepted")
        self.alerts.append(row)
        print(json.dumps(row), flush=True)


def loud_lines(state: Path) -> list[str]:
    """Log lines nobody expected, each with its file."""
    patterns = allowed((outside.ROOT / "logs-allowed.txt").read_text(encoding="utf-8"))
    found = []
    for log in sorted((state / "logs").glob("*.log")):
        with log.open(encoding="utf-8", errors="replace") as lines:
            found += [f"{log.name}: {line[:1500]}" for line in unexpected(lines, patterns)]
    return found


def safety(county: County, start: int, end: int) -> list[dict[str, Any]]:
    """The figures, counted again from the journal by a script of its own."""
    words = [
        sys.executable, str(outside.ROOT / "bench" / "recount.py"), str(county.state / "journal.db"),
        str(start), str(end),
    ]  # fmt: skip
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def memory(samples: list[dict[str, Any]]) -> dict[str, Any]:
    """How memory went after the first ten minutes (or the first third of a short run)."""
    last = samples[-1]["s"]
    warm = [row for row in samples if row["s"] >= min(WARM, last / 3)]
    edge = max(1, min(5, len(warm) // 3))

    def course(values: list[float]) -> dict[str, float]:
        first, final = statistics.median(values[:edge]), statistics.median(values[-edge:])
        slope = _slope([row["s"] / 3600 for row in warm], values)
        return {
            "first_mib": round(first / 1024, 2),
            "last_mib": round(final / 1024, 2),
            "growth_percent": round(100 * (final - first) / first, 3) if first else 0.0,
            "slope_mib_per_hour": round(slope / 1024, 2),
        }

    names = [name for name in warm[0]["own_by"] if name in warm[-1]["own_by"]]
    by = {name: course([row["own_by"].get(name, 0) for row in warm]) for name in names}
    return {
        "pss": course([row["pss_kib"] for row in warm]),
        "own": course([row["own_kib"] for row in warm]),
        "handles": course([row["handles"] * 1024 for row in warm]),
        "by_process": by,
    }


def _slope(x: list[float], y: list[float]) -> float:
    if len(x) < 2:
        return 0.0
    return statistics.linear_regression(x, y).slope if len(set(x)) > 1 else 0.0


def bad_slots(figures: list[dict[str, Any]]) -> int:
    """Slots in which something else was on the air than should have been."""
    return sum(
        sum(one["seconds_x10"][state] for state in ("OUTAGE", "EMPTY", "WRONG", "FOREIGN")) for one in figures
    )


def unproven(soak: Soak, figures: list[dict[str, Any]]) -> int:
    """Alerts sent less those that were heard where terminals listen; one at a time, all go by the first stream."""
    heard = sum(one["authorised"] for one in figures if one["channel"].startswith("alerts-"))
    return max(0, soak.calm["alerts"] - int(heard))


def judge_calm(soak: Soak, figures: list[dict[str, Any]], course: dict[str, Any]) -> list[dict[str, Any]]:
    """What a must says to the time in which nobody was killed."""
    calm = soak.calm
    samples = soak.samples[: calm["samples"]]
    long_enough = samples[-1]["s"] >= 1_700
    unheard = [row for row in soak.alerts if row["acknowledged"] != soak.county.terminals]
    first = max(row["handles"] for row in samples[: len(samples) // 3 + 1])
    rows = [
        outside.verdict("packets missing, doubled or out of place at the sockets", calm["wrong"], 0, ""),
        outside.verdict("slots of OUTAGE, EMPTY, WRONG, FOREIGN (0.1 s)", bad_slots(figures), 0, ""),
        outside.verdict(
            "witnesses that measured nothing", WITNESSES - soak.asked.radio - len(figures), 0, ""
        ),
        outside.verdict(
            "alerts that no witness heard on the terminals' stream", unproven(soak, figures), 0, ""
        ),
        outside.verdict("log lines nobody expected", len(calm["loud"]), 0, ""),
        outside.verdict("processes that ended", len(soak.gone), 0, ""),
        outside.verdict("alerts not acknowledged by every terminal", len(unheard), 0, ""),
        outside.verdict(
            "file handles more than in the first third",
            samples[-1]["handles"] - first,
            4 if long_enough else 30,
            "",
        ),
    ]
    if long_enough:
        lost = max(1 - one["coverage_ppm"] / 1e6 for one in figures if one["planned_s_x10"])
        rows += [
            outside.verdict("share of time not measured", lost, 0.02, ""),
            outside.verdict("growth of PSS after ten minutes", course["pss"]["growth_percent"], 1.0, "%"),
            outside.verdict(
                "growth of own memory after ten minutes", course["own"]["growth_percent"], 1.0, "%"
            ),
        ]
    return rows


def judge(soak: Soak, begun: int, ended: int) -> dict[str, Any]:
    """Everything, and what a must says to it."""
    county, calm = soak.county, soak.calm
    figures = safety(county, begun, calm["us"])
    course = memory(soak.samples[: calm["samples"]])
    rows = judge_calm(soak, figures, course)
    result: dict[str, Any] = {
        "bench": "soak",
        "minutes": soak.asked.minutes,
        "safety": figures,
        "memory": course,
    }
    if soak.kills.done:
        figures = safety(county, calm["us"], ended)
        gaps = {
            name: [row for row in ear.gaps if row[0] * 1e6 >= calm["us"] - 1e6]
            for name, ear in soak.ears.items()
        }
        rows += verdicts(soak.kills, gaps, figures, written_twice(county.state / "journal.db"), soak.alive)
        result |= {"kills": soak.kills.done, "gaps": gaps, "safety_of_kills": figures}
    span = soak.samples[-1]["s"] - soak.samples[0]["s"] or 1
    cpu = (soak.samples[-1]["cpu_s"] - soak.samples[0]["cpu_s"]) / span / outside.CPUS
    return result | {
        "stream": calm["stream"],
        "stream_at_the_end": {name: ear.figures() for name, ear in soak.ears.items()},
        "alerts": soak.alerts,
        "pss_mib": [round(row["pss_kib"] / 1024, 1) for row in soak.samples],
        "own_mib": [round(row["own_kib"] / 1024, 1) for row in soak.samples],
        "handles": [row["handles"] for row in soak.samples],
        "cpu_percent_of_all": round(100 * cpu, 1),
        "gone": soak.gone,
        "loud_lines": calm["loud"][:40],
        "verdicts": rows,
    }


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=float, default=60)
    words.add_argument("--alert-every", type=float, default=300, help="seconds")
    words.add_argument("--kills-after", type=float, default=0, help="minutes; 0: nobody is killed")
    words.add_argument("--kill-every", type=float, default=60, help="seconds between two kills")
    words.add_argument("--only", default="", help="kill only processes of this name, such as station")
    words.add_argument("--seed", type=int, default=1, help="of who is killed")
    words.add_argument("--sample-every", type=float, default=60, help="seconds")
    words.add_argument("--state", type=Path, help="state directory to use, prepared or not")
    words.add_argument("--json", type=Path)
    words.add_argument("--short", action="store_true", help="half a minute with one alert")
    words.add_argument(
        "--radio",
        action="store_true",
        help="without television and devices: for a machine that others use as well",
    )
    asked = words.parse_args()
    if asked.short:
        asked.minutes, asked.alert_every, asked.sample_every = 0.5, 5, 5
    return asked


def listen(county: County) -> dict[str, Counter | TsEar]:
    """An ear at each output: L16 of every channel, the transport stream of the second (television)."""
    ears: dict[str, Counter | TsEar] = {
        "fm1 L16": Counter(county.base + 102),
        "fm1 TS": TsEar(county.base + 104),
    }
    if "raster =" in county.settings.read_text(encoding="utf-8"):
        ears |= {"tv1 L16": Counter(county.base + 112), "tv1 TS": TsEar(county.base + 114)}
    for ear in ears.values():
        ear.start()
    return ears


def alone(home: Path) -> Path:
    """The example with nothing but its radio channel and its terminals; its settings file."""
    shutil.copytree(outside.EXAMPLE.parent, home)
    settings = home / outside.EXAMPLE.name
    settings.write_text(radio_alone(settings.read_text(encoding="utf-8")), encoding="utf-8")
    return settings


def main() -> int:
    """0 when nothing failed."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="gengfu-soak-") as folder:
        settings = alone(Path(folder) / "example") if asked.radio else outside.EXAMPLE
        county = County((asked.state or Path(folder) / "state").resolve(), settings)
        county.set_up()
        try:
            started = county.start()
            county.on_programme()
            time.sleep(SETTLE_SLOTS / 10)
            soak = Soak(county, asked, listen(county))
            begun = time.time_ns() // 1000
            soak.run()
            time.sleep(5 if soak.kills.done else 0)  # the last one killed comes back
            ended = time.time_ns() // 1000
            soak.alive = soak.back()
            for ear in soak.ears.values():
                ear.stop()
            time.sleep(3)  # what the witness still has to tell
            result = judge(soak, begun, ended)
        finally:
            county.stop()
        result["start_s"] = round(started, 2)
        return outside.finish(result, asked.json)


if __name__ == "__main__":
    sys.exit(main())
