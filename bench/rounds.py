"""Rounds of an alert over a whole running station: sent as a signed EBD, seen in the journal, heard at the sockets, acknowledged by every terminal, ended again.

Everything is observed from outside: the journal's file as SQLite shows it (a record that can be read is durable), RTP and TS
by processes of their own, acknowledgements where the terminals send them. Imports nothing of the product.
"""

from __future__ import annotations

import contextlib
import csv
import json
import queue
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import wave
from pathlib import Path
from typing import Any

import numpy as np
import outside
from outside import ROOT, County

LOUD = 1_500  # the programme stays below 300
TEXT = "请沿河居民立即转移到安置点,不要过河,扶老携幼,往高处走。"
HERE = Path(__file__).parent


def quiet_county(home: Path) -> Path:
    """The example with a programme of faint noise, so that an alert's first sample stands out; its settings file."""
    example = outside.EXAMPLE.parent
    for name in ("areas.csv", "terminals.csv", "templates.toml"):
        shutil.copy(example / name, home)
    noise = np.random.default_rng(3).integers(-250, 250, (48_000 * 120, 2)).astype(np.int16)
    (home / "media").mkdir()
    for name, seconds in (("quiet", 120), ("filler", 61), ("loop", 62)):
        with wave.open(str(home / "media" / f"{name}.wav"), "wb") as file:
            file.setnchannels(2)
            file.setsampwidth(2)
            file.setframerate(48_000)
            file.writeframes(noise[: 48_000 * seconds].tobytes())
    (home / "rundowns").mkdir()
    with (home / "rundowns" / "default.csv").open("w", encoding="utf-8", newline="") as out:
        rows = csv.writer(out)
        rows.writerow(["start", "mode", "title", "media", "duration", "class", "cut"])
        for hour in range(5, 29):
            rows.writerow([f"{hour:02d}:00:00", "hard", "hour", "quiet.wav", "", "news", "no"])
            rows.writerows([["", "follow", "quiet", "quiet.wav", "", "music", "yes"]] * 29)
    text = radio_alone(outside.EXAMPLE.read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if not line.startswith(("filler =", "loop ="))]
    at = lines.index('rundowns = "rundowns"')
    lines[at + 1 : at + 1] = ['filler = ["media/filler.wav"]', 'loop = "media/loop.wav"']
    settings = home / "station.toml"
    settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return settings


def radio_alone(text: str) -> str:
    """The example's settings without its television and its devices: what these figures are about, and nothing beside it."""
    kept: list[str] = []
    for section in re.split(r"(?m)^(?=\[)", text):
        if not section.startswith("[[devices]]") and "raster =" not in section:
            kept.append(section)
    return "".join(kept)


class Child:
    """A process that talks in lines; each goes into the queue with its name."""

    def __init__(self, name: str, words: list[str], into: queue.Queue[tuple[str, Any]]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=outside.environment(),
        )
        self._name, self._into, self.pid = name, into, self._process.pid
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            with contextlib.suppress(ValueError):
                self._into.put((self._name, json.loads(line)))

    def say(self, text: str) -> None:
        """A line to it."""
        assert self._process.stdin
        self._process.stdin.write(text + "\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """Close its stdin and see it off."""
        assert self._process.stdin
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)


class Journal(threading.Thread):
    """Reads the journal's file every millisecond: what can be read was committed."""

    def __init__(self, path: Path, into: queue.Queue[tuple[str, Any]]) -> None:
        super().__init__(daemon=True)
        self._path, self._into, self.over = path, into, False

    def run(self) -> None:
        """Until over."""
        base = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)
        last = base.execute("SELECT max(position) FROM journal").fetchone()[0]
        version = 0
        while not self.over:
            time.sleep(0.001)
            (found,) = base.execute("PRAGMA data_version").fetchone()
            if found == version:
                continue
            version = found
            asked = "SELECT position, kind, at, body FROM journal WHERE position > ? ORDER BY position"
            rows = base.execute(asked, (last,)).fetchall()
            now = time.monotonic_ns()
            for position, kind, at, body in rows:
                last = position
                if kind.startswith("alert."):
                    said = {"kind": kind, "at": at, "seen": now, **json.loads(body)}
                    self._into.put(("journal", said))
        base.close()


class Seat:
    """A person at the control socket, to ask the station what it knows."""

    def __init__(self, county: County, operator: str = "zhou") -> None:
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(str(county.state / "run" / "station.sock"))
        self._held, self._number = b"", 0
        login = json.loads((county.state / "secrets" / "demo-logins.json").read_text())
        row = next(one for one in login if one["operator"] == operator)
        seat = self._ask({"do": "login", "operator": operator, "password": row["password"]})
        self._session = seat["session"]

    def query(self, name: str, **args: Any) -> Any:
        """A query's answer."""
        return self._ask({"do": "query", "session": self._session, "name": name, "args": args})

    def _ask(self, question: dict[str, Any]) -> Any:
        self._number += 1
        data = json.dumps({"id": self._number, **question}).encode()
        self._line.sendall(b"%d:%s," % (len(data), data))
        while True:
            head, colon, rest = self._held.partition(b":")
            if colon and len(rest) > int(head):
                self._held = rest[int(head) + 1 :]
                said = json.loads(rest[: int(head)])
                if said.get("id") == self._number:
                    return said["result"]
                continue
            self._held += self._line.recv(1 << 16)


class Rounds:
    """A station on the air with everything that watches it. Use as a context."""

    def __init__(self, home: Path, *, echo: bool = False) -> None:
        self.home, self._echo = home, echo
        self.county = County(home / "state", quiet_county(home))
        self.said: queue.Queue[tuple[str, Any]] = queue.Queue()
        self._children: dict[str, Child] = {}
        self.frame = 215  # bytes of a start order; learnt from the terminals

    def __enter__(self) -> Rounds:
        self.county.set_up()
        with contextlib.ExitStack() as begun:
            begun.callback(self.__exit__)  # whatever goes wrong at the start, nothing is left running
            self._start()
            self._watch()
            time.sleep(3)
            begun.pop_all()
        return self

    def _start(self) -> None:
        """The station, its terminals and its clerk, until it is on programme."""
        county = self.county
        key = county.state / "secrets" / "sm2.pub.pem"
        county.start(demo=False, wait=False)
        self._child("town", "town.py", county.base + 2, county.settings.parent / "terminals.csv", key)
        county.wait(county.up, "the station is up", 90)
        clerk = ["-m", "station.demo", str(county.settings), str(county.state)]
        self._children["clerk"] = Child("clerk", clerk, self.said)
        county.on_programme()

    def _watch(self) -> None:
        """Everything that observes it, and the sender upstream."""
        county = self.county
        self.seat = Seat(county)
        self._journal = Journal(county.state / "journal.db", self.said)
        self._journal.start()
        self._child("l16", "ears.py", "l16", county.base + 102, LOUD)
        self._child("ts", "ears.py", "ts", county.base + 104, LOUD)
        self._child("upstream", "upstream.py", county.base + 1, county.state / "upstream")
        if self._echo:
            self._child("echo", "echo.py", county.terminals)

    def __exit__(self, *_: object) -> None:
        for child in self._children.values():
            child.end()
        self.county.stop()

    def _child(self, name: str, script: str, *words: object) -> None:
        self._children[name] = Child(name, [str(HERE / script), *map(str, words)], self.said)

    def round(self) -> dict[str, float | None]:
        """One alert from sent to ended; milliseconds, None where something was not seen within five seconds."""
        self._drain()
        before = self._rendered()
        self._children["upstream"].say(json.dumps({"areas": ["340422000000"], "text": TEXT, "minutes": 5}))
        seen = self._gather({"upstream", "aired", "l16", "ts", "all"}, 5.0)
        row = self._times(seen, before)
        if "upstream" in seen:
            self._end(seen["upstream"]["ebm"])
        return row

    def _gather(self, wanted: set[str], seconds: float) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        end = time.monotonic() + seconds
        while wanted - set(seen) and (left := end - time.monotonic()) > 0:
            try:
                name, said = self.said.get(timeout=left)
            except queue.Empty:
                break
            if name == "journal":
                name = said["kind"].split("/")[0].removeprefix("alert.")
            elif name == "town":
                name = next(iter(said))
            seen.setdefault(name, said)
            if name == "all":
                seen["counted"] = self._counted(seen.get("aired", {}).get("alert"))
        return seen

    def _counted(self, alert: str | None) -> int | None:
        """When the station itself counted all of them, asked only after the last terminal had spoken."""
        end = time.monotonic() + 2
        while alert and time.monotonic() < end:
            if self.seat.query("alert", id=alert)["counts"]["acknowledged"] == self.county.terminals:
                return time.monotonic_ns()
        return None

    def _times(self, seen: dict[str, Any], before: tuple[float, float]) -> dict[str, float | None]:
        posted = seen.get("upstream", {}).get("posted")
        aired = seen.get("aired")
        row: dict[str, float | None] = {"moved": float("moved" in seen)}
        if not posted or not aired:
            return row
        durable = aired["seen"]
        decided = self._monotonic(aired["at"])

        def after(name: str, since: int) -> float | None:
            value = seen.get(name)
            if isinstance(value, dict):
                value = value.get(name)
            return (value - since) / 1e6 if isinstance(value, int) else None

        total, count = (now - then for now, then in zip(self._rendered(), before, strict=True))
        rendered = 1000 * total / count if count else None
        row.update(
            ebd_to_decided=(decided - posted) / 1e6,
            decided_to_durable=(durable - decided) / 1e6,
            decided_to_rendered=rendered,
            durable_to_rendered=None if rendered is None else rendered - (durable - decided) / 1e6,
            durable_to_l16=after("l16", durable),
            durable_to_ts=after("ts", durable),
            ebd_to_first_ack=after("first", posted),
            ebd_to_last_ack=after("all", posted),
            ebd_to_all_counted=after("counted", posted),
            ebd_to_answer=(seen["upstream"]["answered"] - posted) / 1e6,
        )
        self.frame = seen.get("all", {}).get("frame", self.frame)
        return row

    def _end(self, ebm: str) -> None:
        """Cancel it, and wait until all is silent."""
        self._drain()
        self._children["upstream"].say(json.dumps({"cancel": ebm, "areas": ["340422000000"]}))
        self._gather({"upstream", "silent"}, 8.0)
        time.sleep(0.3)

    def echo(self) -> float:
        """Seconds of the bare echo of as many frames of the same length."""
        self._drain()
        self._children["echo"].say(str(self.frame))
        return float(self._gather({"echo"}, 20.0)["echo"])

    def _drain(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self.said.get_nowait()

    def _rendered(self) -> tuple[float, float]:
        page = self.county.metrics()
        name = 'gengfu_overlay_rendered_seconds_{}{{channel="fm1"}}'
        return page.get(name.format("sum"), 0.0), page.get(name.format("count"), 0.0)

    def _monotonic(self, at: int) -> int:
        """Anchor time (µs) as CLOCK_MONOTONIC ns."""
        a = json.loads((self.county.state / "run" / "anchor.json").read_text())
        return int(a["monotonic_ns"] + (at - a["utc_us"]) * 1000)

    def cpu(self) -> dict[str, float]:
        """CPU seconds so far: of the station's process and of the simulated terminals."""
        found = {pid: name for pid, name in self.county.processes().items() if name == "station"}
        station = sum(outside.cpu_seconds(found).values())
        town = self._children["town"].pid
        return {"station": station, "terminals": outside.cpu_seconds([town]).get(town, 0.0)}

    def commits(self) -> dict[str, float]:
        """The journal's commits so far: how many, their mean in ms."""
        page = self.county.metrics()
        count = page.get("gengfu_journal_commit_seconds_count", 0.0)
        total = page.get("gengfu_journal_commit_seconds_sum", 0.0)
        return {"count": count, "mean_ms": round(1000 * total / count, 3) if count else 0.0}


def column(rows: list[dict[str, float | None]], name: str) -> list[float]:
    """One figure of all rounds where it was seen."""
    return [value for row in rows if (value := row.get(name)) is not None]


__all__ = ["ROOT", "Rounds", "column"]
