"""Joins of random files (wav, flac, mp3, m4a; several rates; mono and stereo) through ingest and a real player, counted at the UDP socket by count_joins.py.

usage: joins.py [--files 50 | --short] [--port 23000] [--seed 1] [--json FILE]
Sources are made by numpy and foreign ffmpeg; truth is known before the product sees them.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from playout.housing import house
from playout.link import SetPlan, StationHello, encode
from schedules.plan import Medium, Plan, Take
from station.words import SampleIndex

HERE = Path(__file__).parent
KINDS = ("wav", "flac", "mp3", "m4a")
RATES = {
    "wav": (48_000, 44_100, 32_000, 96_000),
    "flac": (48_000, 44_100, 22_050),
    "mp3": (48_000, 44_100, 32_000),
    "m4a": (48_000, 44_100),
}
CODERS = {
    "wav": ["-c:a", "pcm_s16le"],
    "flac": ["-c:a", "flac"],
    "mp3": ["-c:a", "libmp3lame", "-b:a", "256k"],
    "m4a": ["-c:a", "aac", "-b:a", "256k"],
}
SETTINGS = """
[station]
id = "bench"
name_zh = "测"
name_en = "Bench"
area = "341521000000"
areas = "areas.csv"
port = {port}
[[channels]]
id = "fm1"
chain = "radio"
name_zh = "测"
name_en = "Bench"
area = "341521000000"
rundowns = "rundowns"
hls = false
"""


def wave(rng: np.random.Generator, rate: int, count: int, channels: int):
    """(samples at its own rate, function giving the same signal at any times): a sum of random sines."""
    parts = [(rng.uniform(200, 6_000), rng.uniform(0, 6.28), rng.uniform(0, 6.28)) for _ in range(24)]

    def at(t: np.ndarray) -> np.ndarray:
        left = sum(np.sin(2 * np.pi * f * t + p) for f, p, _ in parts) * 0.04
        right = sum(np.sin(2 * np.pi * f * t + q) for f, _, q in parts) * 0.04
        return np.stack((left, left if channels == 1 else right), axis=1)

    return np.rint(at(np.arange(count) / rate) * 32_767).astype(np.int16)[:, :channels], at


def make(rng: np.random.Generator, folder: Path, k: int, seconds: float) -> tuple[Path, int, np.ndarray]:
    """One random file: (path, exact, what must be heard)."""
    kind = KINDS[k % 4]
    rate = int(rng.choice(RATES[kind]))
    channels = int(rng.integers(1, 3))
    count = int(rng.integers(int(rate * seconds * 0.7), int(rate * seconds * 1.3)))
    own, at = wave(rng, rate, count, channels)
    raw, path = folder / f"{k}.raw", folder / f"{k}.{kind}"
    raw.write_bytes(own.astype("<i2").tobytes())
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", str(rate), "-ac", str(channels), "-i", raw, *CODERS[kind], path],
        check=True,
    )  # fmt: skip
    if kind in ("wav", "flac") and rate == 48_000:
        return path, 1, np.broadcast_to(own, (count, 2)).copy()
    if kind == "mp3":  # how many samples it holds is what its LAME tag says, read by a foreign decoder
        words = ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-"]
        count = len(subprocess.run(words, capture_output=True, check=True).stdout) // 2 // channels
    return path, 0, at(np.arange(math.ceil(count * 48_000 / rate)) / 48_000)


def play(
    folder: Path, port: int, media: list[Medium], due: list[tuple[int, np.ndarray]]
) -> dict[str, object]:
    """Put the files on the air one after the other and have them counted."""
    player = begin(folder, port)
    link = connect(folder / "state" / "run" / "player-radio.sock")
    link.recv(1 << 16)  # it is there: its start is not what is measured
    start = time.time_ns() // 1000 * 6 // 125 + 48_000 * 4
    takes, truth = [], {}
    for k, (medium, (exact, pcm)) in enumerate(zip(media, due, strict=True)):
        takes.append(
            Take(item=f"f{k}", start=SampleIndex(start), end=SampleIndex(start + medium.samples), kind="programme",
                 title=medium.title, approval="bench", media=medium.sha256)
        )  # fmt: skip
        truth |= {f"start{k}": start % (1 << 32), f"exact{k}": exact, f"pcm{k}": pcm}
        start += medium.samples
    truth["seconds"] = (start - takes[0].start) / 48_000 + 6
    np.savez(folder / "truth.npz", **truth)
    unique = tuple({medium.sha256: medium for medium in media}.values())
    plan = Plan(
        channel="fm1", revision=1, start=takes[0].start, end=takes[-1].end, takes=tuple(takes), media=unique
    )
    report = folder / "report.json"
    counter = subprocess.Popen(
        [sys.executable, HERE / "count_joins.py", str(port + 102), folder / "truth.npz", report]
    )
    try:
        link.sendall(encode(StationHello()) + encode(SetPlan(channel="fm1", plan=plan)))
        counter.wait()
        link.close()
    finally:
        player.terminate()
        player.wait()
    return json.loads(report.read_text())


def begin(folder: Path, port: int) -> subprocess.Popen[bytes]:
    """A player of its own."""
    (folder / "station.toml").write_text(SETTINGS.format(port=port))
    (folder / "areas.csv").write_text("code,name,level\n341521000000,测,county\n")
    (folder / "rundowns").mkdir(exist_ok=True)
    words = ["player", "radio", "--settings", folder / "station.toml", "--state", folder / "state"]
    return subprocess.Popen([sys.executable, "-m", "station.cli", *map(str, words)])


def connect(path: Path):
    """The player's link, once it is there."""
    import socket

    deadline = time.monotonic() + 10
    while True:
        link = socket.socket(socket.AF_UNIX)
        try:
            link.connect(str(path))
        except OSError:
            link.close()
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return link


def main() -> int:
    """0 when nothing was lost or added and every planted fault was found."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--files", type=int, default=50)
    words.add_argument("--seconds", type=float, default=0.35, help="mean length of a file")
    words.add_argument("--port", type=int, default=23_000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--json", type=Path)
    words.add_argument("--short", action="store_true", help="twelve files")
    asked = words.parse_args()
    if asked.short:
        asked.files = 12
    rng = np.random.default_rng(asked.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        made = [make(rng, folder, k, asked.seconds) for k in range(asked.files)]
        rng.shuffle(made)
        media, wrong_length = [], 0
        for path, _, pcm in made:
            facts = house(path, folder / "state" / "media", path.name, lambda _done, _total: None)
            wrong_length += facts.samples != len(pcm)
            media.append(Medium(sha256=facts.sha256, samples=facts.samples, title=path.name))
        found = play(folder, asked.port, media, [(exact, pcm) for _, exact, pcm in made])
    found |= {
        "wrong_length": wrong_length,
        "exact_pieces": sum(e for _, e, _ in made),
        "cpus": os.cpu_count(),
    }
    text = json.dumps(found, indent=1, ensure_ascii=False)
    print(text)
    if asked.json:
        asked.json.write_text(text + "\n")
    good = not (found["missing"] or found["broken_sequence"] or found["wrong"] or wrong_length)
    return 0 if good and not found["planted_faults_not_found"] else 1


if __name__ == "__main__":
    sys.exit(main())
