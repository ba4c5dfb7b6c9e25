"""What the whole demo costs (television, radio, devices, terminals, witnesses): start after set-up, CPU of all its processes, memory in all (PSS), and how fast its pages load.

usage: bench/footprint.py [--windows 5] [--seconds 15] [--json FILE] [--short] [--no-pages]

Everything is read from /proc and asked over HTTP; the set-up (keys, media) is timed apart and not counted. CPU is the time of
every process of the station and its simulators, as a share of all cores given to it. Pages are loaded by bench/pages.py in Chromium.
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import outside
from outside import County


def window(county: County, seconds: float) -> tuple[float, dict[str, float]]:
    """(share of all cores, in percent; the same by kind of process) over a while."""
    before, begun = outside.cpu_seconds(county.processes()), time.monotonic()
    time.sleep(seconds)
    names = county.processes()
    after, took = outside.cpu_seconds(names), time.monotonic() - begun
    by: dict[str, float] = defaultdict(float)
    for pid, used in after.items():
        by[names[pid]] += 100 * (used - before.get(pid, 0.0)) / took / outside.CPUS
    return sum(by.values()), {name: round(share, 2) for name, share in by.items()}


def weigh(county: County) -> tuple[float, dict[str, float]]:
    """(MiB of PSS in all, the same by kind of process)."""
    by: dict[str, float] = defaultdict(float)
    for pid, name in county.processes().items():
        by[name] += outside.memory_kib(pid).get("Pss", 0) / 1024
    return sum(by.values()), {name: round(size, 1) for name, size in by.items()}


def pages(county: County, rounds: int) -> dict[str, Any]:
    """Load event of every page: the worst p95, and what bench/pages.py said."""
    words = [
        sys.executable, str(outside.ROOT / "bench" / "pages.py"), "--address", f"http://127.0.0.1:{county.base}",
        "--rounds", str(rounds), "--logins", str(county.logins),
    ]  # fmt: skip
    done = subprocess.run(
        words, capture_output=True, text=True, timeout=900, check=False, env=outside.environment()
    )
    found = re.search(r"worst p95 ([0-9.]+) ms", done.stdout)
    if found is None:
        raise SystemExit(f"bench/pages.py failed: {done.stdout[-500:]} {done.stderr[-1500:]}")
    return {"worst_p95_ms": float(found[1]), "pages": done.stdout.strip().splitlines()[:-1]}


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--windows", type=int, default=5)
    words.add_argument("--seconds", type=float, default=15, help="length of a window")
    words.add_argument("--starts", type=int, default=5)
    words.add_argument("--pages", type=int, default=20, help="loads of each page; 0: none")
    words.add_argument("--state", type=Path, help="state directory to use, prepared or not")
    words.add_argument("--json", type=Path)
    words.add_argument("--short", action="store_true", help="two starts, windows of 3 s, no pages")
    asked = words.parse_args()
    if asked.short:
        asked.seconds, asked.starts, asked.pages = 3.0, 2, 0
    return asked


def main() -> int:
    """0 when no must fails."""
    asked = arguments()
    with tempfile.TemporaryDirectory(prefix="gengfu-bench-") as folder:
        county = County((asked.state or Path(folder) / "state").resolve())
        set_up, starts = county.set_up(), []
        try:
            for _ in range(asked.starts):
                county.stop()
                starts.append(county.start())
            county.on_programme()
            time.sleep(1 if asked.short else 20)
            windows = [window(county, asked.seconds) for _ in range(asked.windows)]
            memory, by = weigh(county)
            loads = pages(county, asked.pages) if asked.pages else {}
        finally:
            county.stop()
    cpu = [share for share, _ in windows]
    result = {
        "bench": "footprint",
        "terminals": county.terminals,
        "set_up_s": round(set_up, 1),
        "start_s": outside.spread(starts, 2),
        "cpu_percent_of_all": outside.spread(cpu, 2),
        "cpu_by_process": windows[-1][1],
        "pss_mib": round(memory, 1),
        "pss_by_process": by,
        **loads,
        "verdicts": judge(cpu, memory, starts, loads),
    }
    return outside.finish(result, asked.json)


def judge(
    cpu: list[float], memory: float, starts: list[float], loads: dict[str, Any]
) -> list[dict[str, Any]]:
    """What was measured beside its limits; pages only where they were loaded."""
    verdicts = [
        outside.verdict("CPU of all cores, median of windows", statistics.median(cpu), 60.0, "%"),
        outside.verdict("memory in all (PSS)", memory, 1536.0, "MiB"),
        outside.verdict(
            "start after set-up, median", statistics.median(starts), 15.0, "s", noise=0.5, timed=True
        ),
    ]
    if loads:
        verdicts.append(
            outside.verdict("any page, p95 of the load event", loads["worst_p95_ms"], 300.0, "ms", timed=True)
        )
    return verdicts


if __name__ == "__main__":
    sys.exit(main())
