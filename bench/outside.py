"""The example station seen from outside: starts it, asks it over HTTP, weighs its processes. Imports nothing of the product.

Used by the other benches; of no use alone.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
GENGFU = str(Path(sys.executable).parent / "gengfu")
EXAMPLE = ROOT / "examples" / "shouxian" / "station.toml"
TICK = os.sysconf("SC_CLK_TCK")
CPUS = len(os.sched_getaffinity(0))
BUSY = max(
    1.0, os.getloadavg()[0] / CPUS
)  # how many wanted each core when the bench began: times grow by as much


def environment() -> dict[str, str]:
    """As a user has it: byte code is kept between starts. The program is the one of the tree this file stands in."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPATH": str(ROOT)}


def free_base() -> int:
    """A port base whose TCP and UDP neighbours are free now, below the ports the system gives to clients."""
    picker = random.Random(os.getpid() ^ time.monotonic_ns())
    for _ in range(200):
        base = picker.randrange(12_000, 32_000, 300)
        try:
            for offset in range(4):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + offset))
            for offset in (100, 102, 104):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                    probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        return base
    raise RuntimeError("no free ports")


def with_parent() -> None:
    """Between fork and exec: be told to end when the bench ends, however it ends (SIGINT is ignored by what runs in a shell's background)."""
    ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)


class County:
    """`gengfu run --demo` of the example, with a state directory and ports of its own."""

    def __init__(self, state: Path, settings: Path = EXAMPLE) -> None:
        self.state, self.settings, self.base = state, settings, free_base()
        self.terminals = sum(1 for _ in (settings.parent / "terminals.csv").open()) - 1
        self.process: subprocess.Popen[bytes] | None = None
        self._sent = 0
        self._seats: dict[str, str] = {}

    def set_up(self) -> float:
        """Make keys and media; seconds it took."""
        begun = time.monotonic()
        words = [GENGFU, "setup", "--demo", "--state", str(self.state), str(self.settings)]
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL, env=environment())
        return time.monotonic() - begun

    def start(self, *, demo: bool = True, wait: bool = True) -> float:
        """Start all of it; seconds until it is well, all terminals are connected and the panel answers."""
        self.state.mkdir(parents=True, exist_ok=True)
        begun = time.monotonic()
        with (self.state / "run-output.txt").open("ab") as out:
            self.process = subprocess.Popen(
                [
                    GENGFU, "run", *(["--demo"] if demo else []), "--state", str(self.state),
                    "--port", str(self.base), str(self.settings),
                ],
                stdout=out, stderr=out, env=environment(), start_new_session=True, preexec_fn=with_parent,
            )  # fmt: skip
        if wait:
            self.wait(self.up, "the station is up", 90)
        return time.monotonic() - begun

    def stop(self) -> None:
        """SIGTERM; what is still there half a minute later is killed, the supervisor first."""
        if self.process is None:
            return
        known = self.processes()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(5)
        for pid in {**known, **self.processes()}:
            if self._mine(_argv(pid)):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
        self.process.poll()

    def up(self) -> bool:
        """Whether the station is well, all terminals are connected and the panel answers."""
        health = self.health()
        return bool(
            health["ok"] and health["terminals_online"] == self.terminals and self._get("/healthz", self.base)
        )

    def wait(self, condition: Callable[[], Any], what: str, seconds: float) -> Any:
        """The first true value of a condition; ends the bench when it takes too long."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process is not None and self.process.poll() is not None:
                raise SystemExit(f"the station ended: {(self.state / 'run-output.txt').read_text()[-2000:]}")
            with contextlib.suppress(OSError, KeyError, IndexError, ValueError):
                value = condition()
                if value:
                    return value
            time.sleep(0.05)
        raise SystemExit(f"not within {seconds} s: {what}")

    # -- asking

    def _get(self, path: str, port: int) -> bytes:
        return bytes(urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5).read())

    def health(self) -> dict[str, Any]:
        """GET /healthz of the station."""
        return dict(json.loads(self._get("/healthz", self.base + 1)))

    def metrics(self) -> dict[str, float]:
        """The station's Prometheus page: `name{labels}` to value."""
        rows = self._get("/metrics", self.base + 3).decode().splitlines()
        return {row.rsplit(" ", 1)[0]: float(row.rsplit(" ", 1)[1]) for row in rows if row and row[0] != "#"}

    def api(self, path: str, by: str = "zhou", body: dict[str, Any] | None = None) -> Any:
        """The panel's API as one of the demo's people."""
        if by not in self._seats:
            login = self.login(by)
            seat = self._call("/login", {"operator": by, "password": login["password"]}, None)
            self._seats[by] = seat["session"]
        return self._call(path, body, self._seats[by])

    def command(self, name: str, body: dict[str, Any], by: str) -> Any:
        """A command with its PIN."""
        asked = {"request": uuid7(), "body": body, "pin": self.login(by)["pin"]}
        return self.api(f"/commands/{name}", by, asked)

    @property
    def logins(self) -> Path:
        """The file of the demo's people with their passwords and PINs."""
        return self.state / "secrets" / "demo-logins.json"

    def login(self, operator: str) -> dict[str, str]:
        """Password and PIN of one of the demo's people."""
        rows = json.loads(self.logins.read_text())
        return next(row for row in rows if row["operator"] == operator)

    def _call(self, path: str, body: dict[str, Any] | None, session: str | None) -> Any:
        asked = urllib.request.Request(f"http://127.0.0.1:{self.base}/api/v1{path}")
        if session:
            asked.add_header("Authorization", f"Bearer {session}")
        if body is not None:
            asked.add_header("Content-Type", "application/json")
            asked.data = json.dumps(body).encode()
        return json.loads(urllib.request.urlopen(asked, timeout=15).read())

    def on_programme(self) -> None:
        """Until an approved rundown is heard from its files."""

        def heard() -> bool:
            channel = self.api("/overview")["channels"][0]
            return bool(
                channel["now"]
                and channel["now"]["approval"].startswith("rundown:")
                and channel["rung"] == "file"
            )

        self.wait(heard, "the rundown is on the air", 60)

    # -- alerts, as the upstream platform sends them

    def send(self, *words: str) -> dict[str, Any]:
        """`gengfu sim source`; what it was answered."""
        command = [
            GENGFU, "sim", "source", "--to", f"http://127.0.0.1:{self.base + 1}",
            "--keys", str(self.state / "upstream"), *words,
        ]  # fmt: skip
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, env=environment()
        )
        lines = done.stdout.strip().splitlines()
        return dict(json.loads(lines[-1])) if lines else {"accepted": False, "words": done.stderr[-300:]}

    def county_says(self) -> dict[str, Any]:
        """The simulated terminals' own report."""
        return dict(json.loads((self.state / "terminals.json").read_text()))

    # -- weighing

    def _mine(self, argv: list[bytes]) -> bool:
        """Whether a process is one of the station's own: it names the state directory."""
        mark = str(self.state).encode()
        named = any(word == mark or word.startswith(mark + b"/") for word in argv)
        return named and any(word.startswith(b"station.") for word in argv)

    def processes(self) -> dict[int, str]:
        """Every process of this station: those that name its state directory, and all below them."""
        found: dict[int, str] = {self.process.pid: "run"} if self.process else {}
        parents: dict[int, int] = {}
        names: dict[int, str] = {}
        for path in Path("/proc").iterdir():
            if not path.name.isdigit():
                continue
            with contextlib.suppress(OSError):
                pid = int(path.name)
                argv = _argv(pid)
                parents[pid] = int((path / "stat").read_text().rsplit(")", 1)[1].split()[1])
                names[pid] = _name(argv)
                if self._mine(argv):
                    found[pid] = names[pid]
        while True:
            more = {pid: names[pid] for pid, above in parents.items() if above in found and pid not in found}
            if not more:
                break
            found.update(more)
        return found


def _argv(pid: int) -> list[bytes]:
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid) / "cmdline").read_bytes().split(b"\0")
    return []


def _name(argv: list[bytes]) -> str:
    words = [word.decode("utf-8", "replace") for word in argv if word]
    for place, word in enumerate(words[1:], 1):
        if word.endswith("gengfu") or word == "station.cli":
            return " ".join(one for one in words[place + 1 : place + 3] if not one.startswith("-"))
        if word == "-m":
            continue
        if not word.startswith("-"):
            return word.rsplit("/", 1)[-1][:40]
    return words[0].rsplit("/", 1)[-1] if words else "?"


def uuid7() -> str:
    """A request's id."""
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = (value & ~(0xF << 76) | 0x7 << 76) & ~(0x3 << 62) | 0x2 << 62
    text = f"{value:032x}"
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def cpu_seconds(pids: Iterable[int]) -> dict[int, float]:
    """User and system time of each process so far, its reaped children's included."""
    made = {}
    for pid in pids:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            made[pid] = sum(map(int, fields[11:15])) / TICK
    return made


def memory_kib(pid: int) -> dict[str, int]:
    """Pss, Pss_Anon, Pss_Shmem, Pss_File of a process, KiB."""
    with contextlib.suppress(OSError):
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
        table = {row.split(":")[0]: int(row.split()[1]) for row in rows}
        return {name: table.get(name, 0) for name in ("Pss", "Pss_Anon", "Pss_Shmem", "Pss_File")}
    return {}


def handles(pid: int) -> int:
    """Open file handles."""
    with contextlib.suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
    return 0


def spread(values: list[float], digits: int = 3) -> dict[str, float]:
    """Median, least, most; p95 from 20 values, p99 from 200."""
    ranked = sorted(values)
    if not ranked:
        return {}
    made = {"n": len(ranked), "median": statistics.median(ranked), "min": ranked[0], "max": ranked[-1]}
    if len(ranked) >= 20:
        made["p95"] = ranked[min(len(ranked) - 1, int(0.95 * len(ranked)))]
    if len(ranked) >= 200:
        made["p99"] = ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))]
    return {name: round(value, digits) for name, value in made.items()}


def verdict(
    name: str, measured: float, limit: float, unit: str, *, noise: float = 0.0, timed: bool = False
) -> dict[str, Any]:
    """A `must` as a row: FAIL only beyond the limit and what noise can explain (`noise`, a share of the limit).

    `timed` is a duration, which a machine that others use as well stretches: it fails beyond that much more only (by the
    load when the bench began or now, whichever is more). What is
    over the limit, but not by so much, is called `over`, and stands in the table all the same.
    """
    margin = (1 + noise) * (max(BUSY, os.getloadavg()[0] / CPUS) if timed else 1.0)
    state = "ok" if measured <= limit else "over" if measured <= limit * margin else "FAIL"
    return {
        "must": name,
        "measured": round(measured, 3),
        "limit": limit,
        "unit": unit,
        "ratio": round(measured / limit, 3) if limit else None,
        "verdict": state,
    }


def finish(result: dict[str, Any], json_path: Path | None) -> int:
    """Print the result as one line of JSON and its verdicts as a table; 1 when a must fails."""
    result["load"] = [round(load, 2) for load in os.getloadavg()]
    result["cpus"] = CPUS
    result["wanted_each_core_at_the_start"] = round(BUSY, 2)
    line = json.dumps(result, ensure_ascii=False)
    print(line, flush=True)
    if json_path is not None:
        json_path.write_text(line + "\n", encoding="utf-8")
    for row in result.get("verdicts", []):
        print(
            f"  {row['must']:<58} {row['measured']:>10} {row['unit']:<4} limit {row['limit']:>8}  {row['verdict']}"
        )
    return int(any(row["verdict"] == "FAIL" for row in result.get("verdicts", [])))
