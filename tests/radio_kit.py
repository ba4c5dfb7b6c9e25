"""A player in its own process with house media of known samples, and a station's end of its link, for the tests of what crosses processes and sockets."""

from __future__ import annotations

import hashlib
import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from playout.link import StationSide, encode
from schedules.plan import Medium, Plan, Take
from station.words import SampleIndex

SETTINGS = """
[station]
id = "t"
name_zh = "测试"
name_en = "Test"
area = "341521000000"
areas = "areas.csv"
port = {port}
media_copy = "copy"
[[channels]]
id = "fm1"
chain = "radio"
name_zh = "调频"
name_en = "FM"
area = "341521000000"
rundowns = "rundowns"
hls = {hls}
[alerts]
streams = 2
"""


def write_house(path: Path, pcm24: np.ndarray) -> None:
    """A house file with exactly these 24-bit values (count, 2)."""
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=48_000, layout="stereo", format="s32")
        for at in range(0, len(pcm24), 48_000):
            raw = np.ascontiguousarray(pcm24[at : at + 48_000].astype(np.int32) << 8).reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(raw, format="s32", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = 48_000, at, Fraction(1, 48_000)
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)


def stock(media: Path, pcm24: np.ndarray, title: str = "") -> Medium:
    """Put samples on the shelf as a house file."""
    media.mkdir(parents=True, exist_ok=True)
    new = media / "new.flac"
    write_house(new, pcm24)
    sha256 = hashlib.sha256(new.read_bytes()).hexdigest()
    place = media / sha256[:2] / f"{sha256}.flac"
    place.parent.mkdir(exist_ok=True)
    new.rename(place)
    return Medium(sha256=sha256, samples=len(pcm24), title=title)


def ramp(first: int, count: int) -> np.ndarray:
    """24-bit values that are exact after rounding to 16 bits: a sample's own number, left, and its complement, right."""
    number = (np.arange(first, first + count, dtype=np.int64) % 60_000) - 30_000
    return np.stack((number, -number), axis=1).astype(np.int32) << 8


def take(item: str, start: int, medium: Medium, **more: object) -> Take:
    """A programme take of a whole medium."""
    end = more.pop("end", start + medium.samples)
    return Take(
        item=item, start=start, end=end, kind="programme", title=item, approval=f"test:{item}",
        media=medium.sha256, **more,
    )  # fmt: skip


def plan_of(takes: list[Take], media: list[Medium], revision: int = 1, **more: object) -> Plan:
    """A plan of these takes for fm1."""
    return Plan(
        channel="fm1", revision=revision, start=takes[0].start, end=takes[-1].end,
        takes=tuple(takes), media=tuple({m.sha256: m for m in media}.values()), **more,
    )  # fmt: skip


class Running:
    """A `gengfu player` process."""

    words: Sequence[str] = (sys.executable, "-m", "station.cli")  # that start `gengfu`

    def __init__(self, home: Path, port: int, chain: str = "radio", hls: bool = False) -> None:
        home.mkdir(exist_ok=True)
        (home / "station.toml").write_text(SETTINGS.format(port=port, hls=str(hls).lower()))
        (home / "areas.csv").write_text("code,name,level\n341521000000,测试县,county\n")
        (home / "rundowns").mkdir(exist_ok=True)
        self.home, self.port, self.chain, self.state = home, port, chain, home / "state"
        self.media, self.copy = self.state / "media", home / "copy"
        self.process: subprocess.Popen | None = None

    def start(self) -> None:
        """Begin (again)."""
        words = ["player", self.chain, "--settings", self.home / "station.toml", "--state", self.state]
        self.process = subprocess.Popen(
            [*self.words, *map(str, words)],
            stderr=(self.home / "log.txt").open("ab"),
        )

    def children(self) -> list[int]:
        """Pids of its children."""
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return [int(pid) for pid in path.read_text().split()]

    def stop(self) -> None:
        """SIGTERM, then its children must be gone."""
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def link(self, within: float = 8) -> Link:
        """Connect as the station would."""
        return Link(self.state / "run" / f"player-{self.chain}.sock", within)


class Link:
    """A station's end of the link, blocking."""

    def __init__(self, path: Path, within: float = 8) -> None:
        deadline = time.monotonic() + within
        while True:
            self.socket = socket.socket(socket.AF_UNIX)
            try:
                self.socket.connect(str(path))
                break
            except OSError:
                self.socket.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.codec = StationSide()
        self.heard: list = []

    def send(self, message: object) -> None:
        """One message to the player."""
        self.socket.sendall(encode(message))

    def until(self, wanted, within: float = 5.0):
        """The first message from now on for which `wanted` holds."""
        deadline = time.monotonic() + within
        while True:
            while self.heard:
                message = self.heard.pop(0)
                if wanted(message):
                    return message
            left = deadline - time.monotonic()
            if left <= 0:
                raise AssertionError("the player did not say it in time")
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 18)
            except TimeoutError:
                continue
            assert data, "the player hung up"
            self.heard += self.codec.feed(data)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


SO_RCVBUFFORCE = 33  # Linux: beyond what a process may ask for, where it has the right


def roomy(ear: socket.socket) -> None:
    """Whoever listens may be held up for seconds and loses nothing."""
    try:
        ear.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)
    except PermissionError:
        ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)


class Ear:
    """A UDP socket that keeps RTP packets by their timestamp; understands them by itself (RFC 3550, figure 1)."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        roomy(self.socket)
        self.socket.bind(("127.0.0.1", port))
        self.packets: list[tuple[int, int, bool, np.ndarray, float]] = []

    def clear(self) -> None:
        """Forget what came until now."""
        self.socket.setblocking(False)
        try:
            while True:
                self.socket.recv(2048)
        except BlockingIOError:
            self.packets.clear()

    def listen(self, seconds: float, stop=lambda: False) -> None:
        """Take in what comes within so many seconds."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and not stop():
            self.socket.settimeout(min(left, 0.05))
            try:
                data = self.socket.recv(2048)
            except TimeoutError:
                continue
            first, second, sequence, stamp, _ = struct.unpack_from("!BBHII", data)
            assert first >> 6 == 2 and second & 0x7F == 96
            at = 12
            if first & 0x10:
                at += 4 + 4 * struct.unpack_from("!H", data, 14)[0]
            pcm = np.frombuffer(data[at:], dtype=">i2").reshape(-1, 2).astype(np.int16)
            self.packets.append((sequence, stamp, bool(first & 0x10), pcm, time.monotonic()))

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def now_sample() -> SampleIndex:
    """The sample that sounds now, by the wall clock (players without an anchor file use it as well)."""
    return SampleIndex(time.time_ns() // 1000 * 6 // 125)


def pid_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    """SIGKILL."""
    os.kill(pid, 9)
