"""Breaks each law once, by the planted patches of tests/planted.toml, and lets a simulated day find it: a day that finds no fault proves nothing.

python bench/plant_day.py [--law L5] [--seed 3] [--hours 24]
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

from plant import ROOT
from scratch import Scratch

# What a day cannot see, and why: each is found by its property test alone.
BLIND = {
    "a day that nobody approved is laid out all the same": "planning hands on approved days alone; this is its second lock",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--law", default="")
    parser.add_argument("--seed", default="3")
    parser.add_argument("--hours", default="25")
    asked = parser.parse_args()
    rows = tomllib.loads((ROOT / "tests" / "planted.toml").read_text(encoding="utf-8"))["plant"]
    rows = [row for row in rows if not asked.law or row["law"] == asked.law]
    free: SimpleQueue[Scratch] = SimpleQueue()
    with Scratch.several(2) as scratches, ThreadPoolExecutor(2) as pool:
        for one in scratches:
            free.put(one)
        missed = sum(pool.map(lambda row: _judge(row, free, asked), rows))
    return 1 if missed else 0


def _judge(row: dict[str, Any], free: SimpleQueue[Scratch], asked: argparse.Namespace) -> int:
    """1 when the day does not find the fault, and nobody said that it cannot."""
    text = (ROOT / row["file"]).read_text(encoding="utf-8")
    if text.count(row["find"]) != 1:
        sys.stdout.write(f"{row['law']}: {row['file']} no longer holds exactly one {row['find']!r}\n")
        return 1
    scratch = free.get()
    try:
        with scratch.planted(row["file"], text.replace(row["find"], row["replace"])):
            found = day(scratch, asked.seed, asked.hours)
    finally:
        free.put(scratch)
    blind = BLIND.get(row["what"], "")
    sys.stdout.write(
        f"{row['law']}: {found or 'NOT FOUND'} · {row['what']}{f' ({blind})' if blind else ''}\n"
    )
    sys.stdout.flush()
    return 0 if found or blind else 1


def day(scratch: Scratch, seed: str, hours: str) -> str:
    """The law that a simulated day in a scratch copy says is broken; "" when all held."""
    done = subprocess.run(
        [sys.executable, "-m", "station.cli", "simulate", "--seed", seed, "--hours", hours],
        cwd=scratch.home, env={**os.environ, "PYTHONPATH": str(scratch.home), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    said = re.search(r"BROKEN · 定律被违反 (\S+): (.*)", done.stdout)
    if done.returncode == 0 or said is None:
        return "" if done.returncode == 0 else f"crash: {done.stderr.strip().splitlines()[-1:]}"
    return f"found as {said[1]}: {said[2][:100]}"


if __name__ == "__main__":
    sys.exit(main())
