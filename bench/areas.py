"""The nation's areas: read and indexed, searched, resolved. Limits: 1.5 s, 200 MB, 5 ms an answer, in time of one core.

All of it is one thread's work, so the processor's time is judged; the wall's stands beside it for a machine that does other things too.

usage: bench/areas.py [--short] [TABLE.csv.gz]      without a table, areas/cn-all.csv.gz of GENGFU_SAMPLES
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

WORDS = (
    "寿县",
    "村",
    "新村",
    "村委会",
    "北京",
    "shouxian",
    "sx",
    "s",
    "changan",
    "xincun",
    "340422",
    "340422000000",
    "没有这个",
)
CODES = ("340422000000", "340400000000", "340000000000", "340422100001")
LIMITS = {"load_s": 1.5, "load_wall_s": None, "memory_mb": 200, "find_ms": 5.0, "resolve_ms": 5.0}


def one(table: Path) -> dict[str, float]:
    """One process: seconds of loading, memory at its end, the slowest median of a search and of a resolution."""
    from station.area_tool import read_areas
    from station.words import AreaCode

    begun, wall = time.process_time(), time.perf_counter()
    tree = read_areas(table)
    assert len(tree.index) > 665_000
    load, waited = time.process_time() - begun, time.perf_counter() - wall
    finds = [median(lambda word=word: tree.find(word)) for word in WORDS]
    registry = {"t1": AreaCode("340422100001")}
    resolved = [median(lambda code=code: tree.resolve([AreaCode(code)], registry)) for code in CODES]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "load_s": load,
        "load_wall_s": waited,
        "memory_mb": memory,
        "find_ms": max(finds),
        "resolve_ms": max(resolved),
    }


def median(ask) -> float:
    """Milliseconds, of nine."""
    times = []
    for _ in range(9):
        begun = time.process_time_ns()
        ask()
        times.append((time.process_time_ns() - begun) / 1e6)
    return statistics.median(times)


def main() -> int:
    """A few processes; the medians stand beside their limits."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--short", action="store_true", help="two processes instead of five")
    words.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    words.add_argument("table", type=Path, nargs="?", help="of the areas, gzip")
    asked = words.parse_args()
    table = asked.table or Path(os.environ.get("GENGFU_SAMPLES", "")) / "areas" / "cn-all.csv.gz"
    if asked.one:
        print(json.dumps(one(table)))
        return 0
    if not table.exists():
        print(
            f"no table of the nation's areas at {table}: nothing was measured (GENGFU_SAMPLES names the folder)"
        )
        return 0
    command = [sys.executable, __file__, "--one", str(table)]
    runs = [
        json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        for _ in range(2 if asked.short else 5)
    ]
    told = {}
    for name, limit in LIMITS.items():
        values = [run[name] for run in runs]
        told[name] = {
            "median": round(statistics.median(values), 2),
            "max": round(max(values), 2),
            "limit": limit,
        }
    print(json.dumps({"areas": told}, indent=1))
    return 0 if all(held["median"] <= held["limit"] for held in told.values() if held["limit"]) else 1


if __name__ == "__main__":
    raise SystemExit(main())
