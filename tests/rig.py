"""A whole small station in real processes on loopback, for tests: one radio channel, some villages, simulators; nothing is faked but the hardware.

The listener counts RTP with code of its own and imports nothing of the player.
"""

from __future__ import annotations

import csv
import itertools
import json
import os
import random
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import uuid
import wave
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import shelf
from hatchery import Hatched

from station import prepared, run, setup
from station.settings import Ports

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = ROOT / "examples" / "shouxian"
TOWN = "340422100000"  # 寿春镇

SETTINGS = """
[station]
id = "rig"
name_zh = "试验台"
name_en = "Rig"
area = "340422000000"
areas = "areas.csv"
port = {port}
state = "state"
ebr_code = "43404220000000103010101"
[[channels]]
id = "fm1"
chain = "radio"
name_zh = "试验频率"
name_en = "Rig FM"
area = "340422000000"
rundowns = "rundowns"
filler = ["media/filler.wav"]
loop = "media/loop.wav"
duck_below_level = 9
[alerts]
streams = 4
repeats = 2
life_list = ["11A", "11B03"]
[[sources]]
id = "province"
kind = "ebd"
authority = "province"
token_file = "province.token"
preauthorised = true
certificates = ["province.pem"]
[[sources]]
id = "weather"
kind = "cap"
authority = "county"
token_file = "weather.token"
certificates = ["weather.pem"]
[terminals]
registry = "terminals.csv"
heartbeat_s = 5
retry_s = 2
"""


def free_base() -> int:
    """A port base whose TCP and UDP neighbours are free now."""
    picker = random.Random(os.getpid() ^ time.monotonic_ns())
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0")[2:]) % 3  # each has a third for itself
    first = 12_000 + 3_600 * worker  # all below those that other tests have for themselves
    for _ in range(200):
        base = picker.randrange(first, first + 3_600, 300)
        try:
            for offset in (0, 1, 2, 3):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", base + offset))
            for offset in (100, 102, 104):
                with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
                    probe.bind(("127.0.0.1", base + offset))
        except OSError:
            continue
        return base
    raise RuntimeError("no free ports")


def melody(seconds: int, rate: int, seed: int) -> np.ndarray:
    """Something that changes all the time and is never silent: shape (samples, 2), s16."""
    picker = np.random.default_rng(seed)
    t = np.arange(seconds * rate) / rate
    wave_ = np.zeros_like(t)
    for start in range(seconds * 2):
        span = slice(start * rate // 2, (start + 1) * rate // 2)
        pitch = 220 * 2 ** (picker.integers(0, 24) / 12)
        wave_[span] = np.sin(2 * np.pi * pitch * t[span]) + 0.4 * np.sin(2 * np.pi * 2.01 * pitch * t[span])
    noise = picker.normal(0, 0.02, len(t))
    left = 0.3 * wave_ + noise
    return (np.stack([left, 0.8 * left + 0.5 * noise], axis=1) * 12_000).astype(np.int16)


def write_wav(path: Path, pcm: np.ndarray, rate: int = 48_000) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm.tobytes())


class Listener:
    """Receives RTP L16 on a UDP port in a thread; keeps the samples of the last minutes by absolute timestamp."""

    def __init__(self, port: int, forward_to: int | None = None) -> None:
        self._socket = self._bound(port)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._socket.settimeout(0.2)
        self.packets: list[tuple[int, int, float, bytes]] = []  # sequence, timestamp, arrival, payload
        self._forward_to = forward_to
        self._splice: tuple[int, int, np.ndarray] | None = None
        self._stop = False
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _bound(self, port: int) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", port))
        return made

    def _run(self) -> None:
        while not self._stop:
            try:
                data = self._socket.recv(2048)
            except TimeoutError:
                continue
            first, _kind, sequence, timestamp = struct.unpack_from("!BBHI", data)
            head = 12 + 4 * (first & 15)
            if first & 0x10:
                head += 4 + 4 * struct.unpack_from("!H", data, head + 2)[0]
            self.packets.append((sequence, timestamp, time.monotonic(), data[head:]))
            if self._forward_to is not None:
                self._socket.sendto(self._spliced(data, head, timestamp), ("127.0.0.1", self._forward_to))

    def splice(self, seconds: float, after: float = 0.3) -> None:
        """Replace what is forwarded by foreign noise for a while: what an intruder on the link would do."""
        begin = (self.packets[-1][1] + int(after * 48_000)) & 0xFFFFFFFF
        length = int(seconds * 48_000)
        self._splice = (
            begin,
            length,
            melody(3, 48_000, 99)[:length] // 2
            + np.random.default_rng(5).integers(-3000, 3000, (length, 2), dtype=np.int16),
        )

    def _spliced(self, data: bytes, head: int, timestamp: int) -> bytes:
        if self._splice is None:
            return data
        begin, length, foreign = self._splice
        at = (timestamp - begin) & 0xFFFFFFFF
        count = (len(data) - head) // 4
        if at + count > length or at >= 1 << 31:
            return data
        return data[:head] + foreign[at : at + count].astype(">i2").tobytes()

    def mark(self) -> int:
        return len(self.packets)

    def pcm(self, since: int = 0) -> tuple[int, np.ndarray]:
        """(first timestamp, samples (n, 2)) received since a mark, gaps as zeros."""
        rows = self.packets[since:]
        if not rows:
            return 0, np.zeros((0, 2), np.int16)
        base = rows[0][1]
        total = max(
            ((r[1] - base) & 0xFFFFFFFF) + len(r[3]) // 4
            for r in rows
            if (r[1] - base) & 0xFFFFFFFF < 1 << 31
        )
        out = np.zeros((total, 2), np.int16)
        for _, timestamp, _, payload in rows:
            at = (timestamp - base) & 0xFFFFFFFF
            if at < 1 << 31:
                block = np.frombuffer(payload, ">i2").reshape(-1, 2)
                out[at : at + len(block)] = block
        return base, out

    def missing(self, since: int = 0) -> int:
        """Packets whose sequence number was skipped."""
        numbers = [row[0] for row in self.packets[since:]]
        return sum(((b - a) & 0xFFFF) - 1 for a, b in itertools.pairwise(numbers) if (b - a) & 0xFFFF)

    def close(self) -> None:
        self._stop = True
        self._thread.join(2)
        self._socket.close()


FROM_NOTHING = ("player", "witness")  # a hatched witness would miss what is not sent yet


class Rig:
    """The station's processes. `kill(name)` sends SIGKILL to one; `wait(f)` polls a condition with a deadline."""

    def __init__(self, home: Path, *, villages: int = 6, spliceable: bool = True) -> None:
        self.home = home
        self.base = free_base()
        self.ports = Ports(self.base)
        self.witness_base = self.base + 140  # the witness listens behind the splice
        self._make(villages)
        with shelf.locked() as shared:
            held = shared is not None and shelf.give(shared, home)
            if not held:
                self._sound()
            self.settings, self.places = setup.prepare(home / "station.toml", demo=True)
            if shared is not None and not held:
                shelf.keep(shared, home)
        self.logins = {row["operator"]: row for row in prepared.read_logins(self.places)}
        self.report = home / "terminals.json"
        self.processes: dict[str, subprocess.Popen[bytes] | Hatched] = {}
        self.argv = self._children(spliceable)
        self.tap = Listener(self.base + 130, Ports(self.witness_base).witness(0) if spliceable else None)
        self.radio = Listener(self.ports.l16(0))
        self.seats: dict[str, str] = {}

    def _make(self, villages: int) -> None:
        self.home.mkdir(parents=True, exist_ok=True)
        shutil.copy(EXAMPLE / "areas.csv", self.home)
        if (EXAMPLE / "templates.toml").exists():
            shutil.copy(EXAMPLE / "templates.toml", self.home)
        settings = SETTINGS.format(port=self.base).replace(
            'loop = "media/loop.wav"', f'loop = "media/loop.wav"\nl16 = ["127.0.0.1:{self.base + 130}"]'
        )
        (self.home / "station.toml").write_text(settings, encoding="utf-8")
        with (EXAMPLE / "terminals.csv").open(encoding="utf-8") as file:
            rows = list(csv.reader(file))
        areas: list[str] = []
        for row in rows[1:]:
            if row[2] not in areas:
                areas.append(row[2])
        kept = set(areas[:villages])
        with (self.home / "terminals.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([rows[0], *(row for row in rows[1:] if row[2] in kept)])
        (self.home / "rundowns").mkdir(exist_ok=True)
        with (self.home / "rundowns" / "default.csv").open("w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["start", "mode", "title", "media", "duration", "class", "cut"])
            full, minute = self._hours_of_tests()
            for hour in range(5, 29):
                out.writerow([f"{hour:02d}:{minute:02d}:00", "hard", "hour", "a.wav", "", "news", "no"])
                more = "bcabcabcabcabcabcabcabcabcabcabcabcabcabcab" if hour in full else "b"
                out.writerows([["", "follow", name, f"{name}.wav", "", "music", "yes"] for name in more])
            out.writerow(["", "key", "notice", "c.wav", "", "notice", "yes"])

    def _hours_of_tests(self) -> tuple[set[int], int]:
        """The hours of the broadcast day that are full of programme; in all others filler does: a plan of fewer items is
        sooner made. And the minute at which all of them begin: none may while tests run, before it nothing can be taken."""
        now = datetime.now(ZoneInfo("Asia/Shanghai"))
        return {5 + (now.hour - 5 + more) % 24 for more in range(-1, 3)}, 30 if now.minute >= 45 else 0

    def _sound(self) -> None:
        for name, seconds, seed in (
            ("a", 120, 1),
            ("b", 90, 2),
            ("c", 75, 3),
            ("filler", 61, 4),
            ("loop", 62, 5),
        ):
            write_wav(self.home / "media" / f"{name}.wav", melody(seconds, 48_000, seed))

    def _children(self, spliceable: bool) -> dict[str, tuple[str, ...]]:
        path = self.home / "station.toml"
        made = {c.name: c.argv for c in run.children(path, self.settings, self.places, self.ports, demo=True)}
        made["sim-terminals"] += ("--report", str(self.report))
        if spliceable:
            words = list(made["witness-fm1"])
            words[words.index("--port") + 1] = str(self.witness_base)
            made["witness-fm1"] = tuple(words)
        return made

    def start(self, *names: str) -> None:
        """All of them; or those that are named, from nothing, as one takes them that is to be back soon."""
        for name in names or self.argv:
            log, (_, _, module, *words) = self.places.logs / f"{name}.log", self.argv[name]
            env = {**os.environ, "GENGFU_PARENT": str(os.getpid())}
            if not names and not name.startswith(FROM_NOTHING):
                self.processes[name] = Hatched(words, log, module=module, environment=env)
                continue
            with log.open("ab") as said:
                self.processes[name] = subprocess.Popen(
                    self.argv[name], stdout=said, stderr=said, env=env, start_new_session=True
                )

    def kill(self, name: str, number: int = signal.SIGKILL) -> None:
        self.processes[name].send_signal(number)
        self.processes[name].wait(10)

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(8)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        self.tap.close()
        self.radio.close()
        shelf.keep_later(self.home)

    # -- asking ---------------------------------------------------------------------------------

    def wait(self, condition, what: str, seconds: float = 30.0):
        """The condition's first true value; fails the test with `what` when the time is up."""
        end = time.monotonic() + seconds
        while True:
            try:
                value = condition()
            except (OSError, KeyError, IndexError):
                value = None
            except HttpRefused as refused:
                if refused.status != 503:  # the panel has not found the station again yet
                    raise
                value = None
            if value:
                return value
            if time.monotonic() > end:
                raise AssertionError(f"not within {seconds} s: {what}\n{self.troubles()}")
            time.sleep(0.05)

    def troubles(self) -> str:
        lines = []
        for log in sorted(self.places.logs.glob("*.log")):
            loud = [line for line in log.read_text(errors="replace").splitlines() if '"info"' not in line]
            lines += [f"{log.name}: {line[:600]}" for line in loud[-6:]]
        return "\n".join(lines)

    def health(self) -> dict:
        return json.loads(
            urllib.request.urlopen(f"http://127.0.0.1:{self.ports.ingest}/healthz", timeout=2).read()
        )

    def http(self, path: str, *, by: str, body: dict | None = None):
        """GET or POST on the panel's API as a demo person; returns JSON, raises HttpRefused."""
        if by not in self.seats:
            login = self.logins[by]
            seat = self._call("/login", {"operator": by, "password": login["password"]}, None)
            self.seats[by] = seat["session"]
        return self._call(path, body, self.seats[by])

    def _call(self, path: str, body: dict | None, session: str | None):
        asked = urllib.request.Request(f"http://127.0.0.1:{self.ports.panel}/api/v1{path}")
        if session:
            asked.add_header("Authorization", f"Bearer {session}")
        if body is not None:
            asked.add_header("Content-Type", "application/json")
            asked.data = json.dumps(body).encode()
        try:
            return json.loads(urllib.request.urlopen(asked, timeout=15).read())
        except urllib.error.HTTPError as error:
            raise HttpRefused(error.code, json.loads(error.read())) from None

    def command(self, name: str, body: dict, *, by: str):
        request = str(uuid7())
        return self.http(
            f"/commands/{name}", by=by, body={"request": request, "body": body, "pin": self.logins[by]["pin"]}
        )

    def source(self, *words: str) -> dict:
        """Send as the upstream platform; the answer as JSON."""
        command = [
            sys.executable, "-m", "station.cli", "sim", "source", "--to", f"http://127.0.0.1:{self.ports.ingest}",
            "--keys", str(self.places.state / prepared.UPSTREAM), *words,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        return {"exit": done.returncode, **json.loads(done.stdout.strip().splitlines()[-1])}

    def journal(self, kind: str) -> list[dict]:
        import sqlite3

        with sqlite3.connect(f"file:{self.places.journal}?mode=ro", uri=True) as connection:
            rows = connection.execute(
                "SELECT body FROM journal WHERE kind = ? ORDER BY position", (kind,)
            ).fetchall()
        return [json.loads(row[0]) for row in rows]

    def ready(self) -> None:
        """Until everything answers, terminals are connected and the day's rundown is on the air."""
        terminals = sum(1 for _ in (self.home / "terminals.csv").open()) - 1
        self.wait(lambda: self.health()["ok"], "healthz is ok", 30)
        self.wait(lambda: self.health()["terminals_online"] == terminals, "all terminals online", 30)
        self.wait(
            lambda: any(one["state"] == "approved" for one in self.http("/rundowns", by="zhou")),
            "a rundown is approved",
            40,
        )
        self.wait(lambda: self._on_programme(), "the rundown is on the air", 30)
        self.wait(
            lambda: len([t for t in self.http("/templates", by="zhou") if t["state"] == "reviewed"]) >= 6,
            "templates are reviewed",
            40,
        )

    def _on_programme(self) -> bool:
        channel = self.http("/overview", by="zhou")["channels"][0]
        return (
            channel["now"] is not None
            and channel["now"]["approval"].startswith("rundown:")
            and channel["rung"] == "file"
        )


class HttpRefused(Exception):
    def __init__(self, status: int, body: dict) -> None:
        super().__init__(f"{status}: {body}")
        self.status, self.body = status, body


def uuid7() -> uuid.UUID:
    value = (time.time_ns() // 1_000_000) << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76
    return uuid.UUID(int=value & ~(0x3 << 62) | 0x2 << 62)
