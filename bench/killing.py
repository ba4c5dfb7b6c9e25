"""`kill -9` of a random process of a running station every minute, and what could be heard of it from outside. Used by bench/soak.py.

The supervisor is spared (systemd's part) and so are the simulators (the hardware's part). Limits after the design,
section 4: a player, an encoder or a sender is back within a second; whatever else is killed, nobody hears it.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

from counting import Heard
from outside import County, verdict

SPARED = ("run", "sim", "resource_tracker")
SHADOW = 5.0  # s after a kill in which what goes missing is put down to it
BACK = 1.0  # s
SILENT = 0.15  # s without a datagram
TS_PACKET = 188


class Kills:
    """Who was killed when."""

    def __init__(self, county: County, seed: int, only: str = "") -> None:
        """`only`: kill nothing but processes of this name."""
        self._county, self._draw, self._only = county, random.Random(seed), only
        self.done: list[dict[str, Any]] = []

    def one(self) -> None:
        """Kill one."""
        pids = self._county.processes()
        parents = {pid: _parent(pid) for pid in pids}
        able = {pid: name for pid, name in pids.items() if not any(name.startswith(one) for one in SPARED)}
        able = {pid: name for pid, name in able.items() if self._only in ("", name)}
        if not able:
            return
        kind = self._draw.choice(sorted({_kind(pid, able, parents) for pid in able}))
        pid = self._draw.choice(sorted(pid for pid in able if _kind(pid, able, parents) == kind))
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
            self.done.append({"at": time.time(), "who": kind, "pid": pid})
            print(f"killed {kind} ({pid})", flush=True)


def _kind(pid: int, names: dict[int, str], parents: dict[int, int]) -> str:
    """A process' name; the forked children of a player have their parent's."""
    child = names.get(parents.get(pid, 0)) == names[pid]
    return f"{names[pid]} (a child)" if child else names[pid]


def _parent(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[1])
    return 0


class TsEar(threading.Thread):
    """Counts an MPEG transport stream on a UDP port: continuity errors, and how long nothing came."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.packets = self.errors = 0
        self.gaps: list[tuple[float, float]] = []  # (when the datagram before it came, s)
        self._ear = Heard(port)
        self._last: dict[int, int] = {}
        self._over = False

    def run(self) -> None:
        """Until stopped."""
        at = 0.0
        while not self._over:
            try:
                data, now = self._ear.next()
            except TimeoutError:
                continue
            before = self.errors
            for place in range(0, len(data) - TS_PACKET + 1, TS_PACKET):
                self._packet(data[place : place + 4])
            if at and (now - at > SILENT or self.errors > before):
                self.gaps.append((at, now - at))
            at = now

    def _packet(self, head: bytes) -> None:
        self.packets += 1
        pid, payload, count = (head[1] & 0x1F) << 8 | head[2], head[3] & 0x10, head[3] & 0x0F
        if pid == 0x1FFF or not payload:
            return
        before = self._last.get(pid)
        self.errors += before is not None and count != (before + 1) & 0x0F
        self._last[pid] = count

    def wrong(self) -> int:
        """Continuity errors and silences."""
        return len(self.gaps)

    def figures(self) -> dict[str, Any]:
        """So far."""
        return {"packets": self.packets, "continuity_errors": self.errors, "gaps": len(self.gaps)}

    def stop(self) -> None:
        """Listen no more."""
        self._over = True
        self.join(2)
        self._ear.close()


def explains(kill: dict[str, Any], at: float, seconds: float) -> bool:
    """Whether a gap from `at` on may be put down to a kill."""
    return at - SHADOW <= kill["at"] <= at + seconds + 0.1


def verdicts(
    kills: Kills,
    gaps: dict[str, list[tuple[float, float]]],
    states: list[dict[str, Any]],
    doubles: int,
    alive: bool,
) -> list[dict[str, Any]]:
    """What a must says to the hour of kills. `states`: the figures of that hour, channel by channel."""
    every = [row for rows in gaps.values() for row in rows]
    alone = [row for row in every if not any(explains(kill, *row) for kill in kills.done)]
    longest = max((long for _, long in every), default=0.0)
    outage = sum(one["seconds_x10"]["OUTAGE"] for one in states) / 10
    players = sum("player" in kill["who"] for kill in kills.done)
    foreign = sum(one["seconds_x10"]["FOREIGN"] for one in states)
    return [
        verdict("gaps in an output that no kill explains", len(alone), 0, ""),
        verdict("longest gap in any output", longest, BACK, "s", timed=True),
        verdict("OUTAGE for each kill of a player or a part of it", outage / max(1, players), BACK, "s"),
        verdict("slots of FOREIGN while processes were killed (0.1 s)", foreign, 0, ""),
        verdict("as-run entries written twice", doubles, 0, ""),
        verdict("processes not back at the end", 0 if alive else 1, 0, ""),
    ]


def written_twice(journal: Path) -> int:
    """As-run entries that stand in the journal more than once."""
    query = "SELECT body FROM journal WHERE kind = 'asrun.entries/1'"
    with contextlib.closing(sqlite3.connect(journal)) as base:
        told = [json.loads(body) for (body,) in base.execute(query)]
    seen = Counter(
        (told_one["chain"], one["run"], one["seq"]) for told_one in told for one in told_one["entries"]
    )
    return sum(count - 1 for count in seen.values())


__all__ = ["Kills", "TsEar", "verdicts", "written_twice"]
