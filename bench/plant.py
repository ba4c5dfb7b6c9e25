"""Breaks each law once, by a planted patch in a scratch copy, and requires its test to notice: a law whose test cannot fail proves nothing.

python bench/plant.py [--law L5]
"""

from __future__ import annotations

import argparse
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
from scratch import ROOT, Scratch


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--law", default="")
    options = parser.parse_args()
    rows = tomllib.loads((ROOT / "tests" / "planted.toml").read_text(encoding="utf-8"))["plant"]
    rows = [row for row in rows if not options.law or row["law"] == options.law]
    free: SimpleQueue[Scratch] = SimpleQueue()
    with Scratch.several(2) as scratches, ThreadPoolExecutor(2) as pool:
        for one in scratches:
            free.put(one)
        missed = sum(pool.map(lambda row: _judge(row, free), rows))
    laws = {row["law"] for row in rows}
    wanted = {f"L{n}" for n in range(1, 13)} if not options.law else {options.law}
    for law in sorted(wanted - laws):
        sys.stdout.write(f"{law}: no planted patch\n")
        missed += 1
    return 1 if missed else 0


def _judge(row: dict[str, Any], free: SimpleQueue[Scratch]) -> int:
    """1 when the law's test does not notice its planted fault."""
    text = (ROOT / row["file"]).read_text(encoding="utf-8")
    if text.count(row["find"]) != 1:
        sys.stdout.write(f"{row['law']}: {row['file']} no longer holds exactly one {row['find']!r}\n")
        return 1
    scratch = free.get()
    try:
        noticed = scratch.notices(row["file"], text.replace(row["find"], row["replace"]), row["tests"])
    finally:
        free.put(scratch)
    sys.stdout.write(f"{row['law']}: {'noticed' if noticed else 'NOT NOTICED'} · {row['what']}\n")
    return 0 if noticed else 1


if __name__ == "__main__":
    sys.exit(main())
