"""Memory of a radio player over a thousand items: what its processes hold after the first hundred, and at the end. `python bench/items.py`

usage: bench/items.py [--items 1000] [--length-ms 500] [--port 31400] [--short] [--json FILE]

A player alone, in real time: forty short pieces of noise, each item another one than the one before, so that a decoder
is asked for every item. Memory is what no other process shares with it (Private_Clean + Private_Dirty of
/proc/PID/smaps_rollup), of all processes of the player. Packets are counted at the socket; the as-run lines that the player
reports say that every item was on the air.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from counting import Counter
from outside import verdict
from radio_kit import Running, now_sample, plan_of, stock, take

from playout.link import AsRun, AsRunAck, AsRunSince, SetPlan, StationHello, Status

RATE, PIECES, WARM = 48_000, 40, 100


def own_kib(pids: list[int]) -> int:
    """What these processes share with nobody."""
    held = 0
    for pid in pids:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        held += sum(int(row.split()[1]) for row in rows if row.startswith("Private_"))
    return held


def tree(pid: int) -> list[int]:
    """A process and all that descend from it."""
    below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(one for child in below for one in tree(int(child)))]


class Items:
    """A player with so many items before it."""

    def __init__(self, home: Path, asked: argparse.Namespace) -> None:
        self.count, self.length = asked.items, asked.length_ms * RATE // 1_000
        self.player = Running(home, asked.port)
        draw = np.random.default_rng(1)
        noise = draw.integers(-6_000, 6_000, (PIECES, self.length, 2), dtype=np.int32) << 8
        pieces = [stock(self.player.media, one, f"piece {k}") for k, one in enumerate(noise)]
        self.player.start()
        self.link = self.player.link()
        self.link.send(StationHello())
        self.link.until(lambda said: isinstance(said, Status))
        begins = now_sample() // 480 * 480 + 2 * RATE
        takes = [take(f"item{k}", begins + k * self.length, pieces[k % PIECES]) for k in range(self.count)]
        self.begins = begins
        self.link.send(SetPlan(channel="fm1", plan=plan_of(takes, pieces)))
        self.started: list[str] = []  # as it was reported

    def until(self, item: int) -> None:
        """Take what the player says until the end of item `item`, counted from 0."""
        end = self.begins + (item + 1) * self.length
        while now_sample() < end:
            try:
                said = self.link.until(lambda one: isinstance(one, AsRun), within=0.25)
            except AssertionError:
                continue  # nothing was aired meanwhile
            last = said.entries[-1]
            self.started += [
                one.ref for one in said.entries if one.what == "start" and one.ref.startswith("item")
            ]
            self.link.send(AsRunAck(run=last.run, seq=last.seq))


def measure(asked: argparse.Namespace, home: Path) -> dict[str, Any]:
    """The figures of one run."""
    items, ear = Items(home, asked), Counter(asked.port + 100)
    try:
        items.link.send(AsRunSince())
        items.until(0)
        ear.start()
        samples: list[tuple[int, int]] = []
        for item in range(9, items.count, max(1, items.count // 100)):
            items.until(item)
            samples.append((item + 1, own_kib(tree(items.player.process.pid))))
        ear.stop()
        items.until(items.count)  # the last one's line comes after it
        twice = len(items.started) - len(set(items.started))
        figures = {"stream": ear.figures(), "wrong": ear.wrong(), "reported": len(set(items.started))}
        return {"items": items.count, "samples": samples, "twice": twice, **figures}
    finally:
        items.player.stop()


def main() -> int:
    """1 when the memory grew or an item was missed."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--items", type=int, default=1_000)
    words.add_argument("--length-ms", type=int, default=500, help="of each item")
    words.add_argument("--port", type=int, default=31_400)
    words.add_argument("--short", action="store_true", help="a hundred and fifty items")
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    asked.items = 150 if asked.short else asked.items
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gengfu-items-") as home:
        found = measure(asked, Path(home))
    warm = min(WARM, asked.items // 2)
    held = [kib for item, kib in found["samples"] if item >= warm]
    first, last = statistics.median(held[:5]), statistics.median(held[-5:])
    found |= {"seconds": round(time.monotonic() - begun), "first_kib": first, "last_kib": last}
    found["verdicts"] = [
        verdict(f"own memory after {asked.items} items, over that after {warm}", round(100 * (last / first - 1), 2), 1, "%"),
        verdict("packets missing, doubled or out of place", found["wrong"], 0, ""),
        verdict("items reported not at all or twice", asked.items - found["reported"] + found["twice"], 0, ""),
    ]  # fmt: skip
    text = json.dumps(found)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n", encoding="utf-8")
    return int(any(row["verdict"] == "FAIL" for row in found["verdicts"]))


if __name__ == "__main__":
    sys.exit(main())
