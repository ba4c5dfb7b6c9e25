"""Joins of random files (sixteen kinds, 8 to 96 kHz, mono to 5.1) through ingest and a real player, counted at the UDP socket by count_joins.py.

usage: joins.py [--files 200 | --short] [--rendered] [--port 23000] [--seed 1] [--json FILE]
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
from schedules.plan_file import write_plan
from station.words import SampleIndex

HERE = Path(__file__).parent
# name of the kind: ending, rates, channels, words of ffmpeg, samples of a packet and how many of the first are none of the source's
KINDS: dict[str, tuple[str, tuple[int, ...], tuple[int, ...], tuple[str, ...], int, int]] = {
    "wav": ("wav", (48_000, 44_100, 32_000, 96_000, 8_000), (1, 2), ("-c:a", "pcm_s16le"), 0, 0),
    "flac": ("flac", (48_000, 44_100, 22_050), (1, 2), ("-c:a", "flac"), 0, 0),
    "mp3": ("mp3", (48_000, 44_100, 32_000), (1, 2), ("-c:a", "libmp3lame", "-b:a", "256k"), 0, 0),
    "m4a": ("m4a", (48_000, 44_100), (1, 2), ("-c:a", "aac", "-b:a", "256k"), 0, 0),
    "opus": ("opus", (48_000,), (1, 2), ("-c:a", "libopus", "-b:a", "192k"), 0, 0),
    "mp2": ("mp2", (48_000, 44_100, 32_000), (2,), ("-c:a", "mp2", "-b:a", "320k"), 1_152, 0),
    "mp2 in ts": ("ts", (48_000, 44_100), (2,), ("-c:a", "mp2", "-b:a", "320k"), 1_152, 0),
    "aac in ts": ("ts", (48_000, 44_100), (1, 2), ("-c:a", "aac", "-b:a", "256k"), 1_024, 1_024),
    "aac": ("aac", (48_000, 32_000), (1, 2), ("-c:a", "aac", "-b:a", "256k"), 1_024, 1_024),
    "5.1 wav": ("wav", (48_000, 44_100), (6,), ("-c:a", "pcm_s16le"), 0, 0),
    "mp3 without header": ("mp3", (48_000, 44_100), (1, 2), ("-c:a", "libmp3lame", "-b:a", "256k", "-write_xing", "0"), 1_152, 1_105),
    "fragmented mp4": ("mp4", (48_000,), (1, 2), ("-c:a", "aac", "-b:a", "256k", "-movflags", "frag_keyframe+empty_moov"), 1_024, 1_024),
    "alac": ("m4a", (48_000, 44_100), (1, 2), ("-c:a", "alac"), 0, 0),
    "aiff": ("aiff", (48_000, 11_025, 24_000), (1, 2), ("-c:a", "pcm_s16be"), 0, 0),
    "5.1 flac": ("flac", (48_000,), (6,), ("-c:a", "flac"), 0, 0),
    "vorbis": ("ogg", (48_000, 44_100), (1, 2), ("-c:a", "libvorbis", "-q:a", "9"), 0, 0),
}  # fmt: skip
LOSSLESS = ("wav", "flac", "alac", "aiff")
BS_775 = np.array([(1, 0), (0, 1), (0.5**0.5, 0.5**0.5), (0, 0), (0.5**0.5, 0), (0, 0.5**0.5)])
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
    """(samples at its own rate, function giving left and right of the same signal at any times): sums of random sines."""
    top, level = min(6_000, 0.4 * rate), 0.04 if channels <= 2 else 0.012
    parts = [(rng.uniform(200, top), rng.uniform(0, 6.28, 6)) for _ in range(24)]

    def each(t: np.ndarray) -> np.ndarray:
        return np.stack(
            [sum(np.sin(2 * np.pi * f * t + p[c]) for f, p in parts) * level for c in range(channels)], axis=1
        )

    def at(t: np.ndarray) -> np.ndarray:
        heard = each(t)
        heard[t >= count / rate] = 0
        return heard @ BS_775 if channels == 6 else heard[:, [0, -1]]

    return np.rint(each(np.arange(count) / rate) * 32_767).astype(np.int16), at


def made_length(path: Path, kind: str, count: int, channels: int) -> int:
    """How many samples a file holds, at its own rate: as it was made, or as a foreign program reads it."""
    _, _, _, _, packet, before = KINDS[kind]
    probe = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-of", "default=nw=1:nk=1"]
    if packet:
        words = [*probe, "-count_packets", "-show_entries", "stream=nb_read_packets", path]
        said = subprocess.run(words, capture_output=True, check=True, text=True).stdout.split()
        return int(said[0]) * packet - before
    if kind == "vorbis":
        words = [*probe, "-show_entries", "stream=duration_ts", path]
        return int(subprocess.run(words, capture_output=True, check=True, text=True).stdout)
    if kind in ("mp3", "opus"):  # what its header says was encoded
        words = ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-"]
        return len(subprocess.run(words, capture_output=True, check=True).stdout) // 2 // channels
    return count


def make(rng: np.random.Generator, folder: Path, k: int, seconds: float) -> tuple[Path, int, np.ndarray]:
    """One random file: (path, exact, what must be heard)."""
    kind = list(KINDS)[k % len(KINDS)]
    ending, rates, channel_counts, coder, _, _ = KINDS[kind]
    rate, channels = int(rng.choice(rates)), int(rng.choice(channel_counts))
    if k < 2:  # however few there are, some are compared sample by sample
        rate = 48_000
    count = int(rng.integers(int(rate * seconds * 0.7), int(rate * seconds * 1.3)))
    own, at = wave(rng, rate, count, channels)
    raw, path = folder / f"{k}.raw", folder / f"{k}.{ending}"
    raw.write_bytes(own.astype("<i2").tobytes())
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", str(rate), "-ac", str(channels), "-i", raw, *coder, path],
        check=True,
    )  # fmt: skip
    if kind in LOSSLESS and rate == 48_000:
        return path, 1, np.broadcast_to(own, (count, 2)).copy()
    whole = made_length(path, kind, count, channels)
    return path, 0, at(np.arange(math.ceil(whole * 48_000 / rate)) / 48_000)


def plan_of(
    media: list[Medium], due: list[tuple[int, np.ndarray]], start: int
) -> tuple[Plan, dict[str, object]]:
    """(the files one after the other from `start` on, what must then be heard)."""
    takes, truth = [], {}
    for k, (medium, (exact, pcm)) in enumerate(zip(media, due, strict=True)):
        takes.append(
            Take(item=f"f{k}", start=SampleIndex(start), end=SampleIndex(start + medium.samples), kind="programme",
                 title=medium.title, approval="bench", media=medium.sha256)
        )  # fmt: skip
        truth |= {f"start{k}": start % (1 << 32), f"exact{k}": exact, f"pcm{k}": pcm}
        start += medium.samples
    truth["seconds"] = (start - takes[0].start) / 48_000 + 6
    unique = tuple({medium.sha256: medium for medium in media}.values())
    plan = Plan(
        channel="fm1", revision=1, start=takes[0].start, end=takes[-1].end, takes=tuple(takes), media=unique
    )
    return plan, truth


def rendered(folder: Path, media: list[Medium], due: list[tuple[int, np.ndarray]]) -> dict[str, object]:
    """The same without a player: what `gengfu render` writes, counted as if it had been sent."""
    plan, truth = plan_of(media, due, 48_000 * 1_000)
    write_plan(folder / "plan.json", plan)
    np.savez(folder / "truth.npz", **truth)
    micros = -(-(plan.end - plan.start) * 125 // 6)
    span = f"{micros // 1_000_000}.{micros % 1_000_000:06d}"
    words = ["render", folder / "plan.json", "--for", span, "--out", folder / "heard.wav"]
    words += ["--media", folder / "state" / "media"]
    subprocess.run(
        [sys.executable, "-m", "station.cli", *map(str, words)], check=True, stdout=subprocess.DEVNULL
    )
    report = folder / "report.json"
    subprocess.run(
        [sys.executable, HERE / "count_joins.py", folder / "heard.wav", folder / "truth.npz", report],
        check=False,
    )
    return json.loads(report.read_text())


def play(
    folder: Path, port: int, media: list[Medium], due: list[tuple[int, np.ndarray]]
) -> dict[str, object]:
    """Put the files on the air one after the other and have them counted."""
    player = begin(folder, port)
    link = connect(folder / "state" / "run" / "player-radio.sock")
    link.recv(1 << 16)  # it is there: its start is not what is measured
    plan, truth = plan_of(media, due, time.time_ns() // 1000 * 6 // 125 + 48_000 * 4)
    np.savez(folder / "truth.npz", **truth)
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
    words.add_argument("--files", type=int, default=200)
    words.add_argument("--seconds", type=float, default=0.35, help="mean length of a file")
    words.add_argument("--port", type=int, default=23_000)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--json", type=Path)
    words.add_argument("--short", action="store_true", help="twelve files")
    words.add_argument("--rendered", action="store_true", help="gengfu render instead of a player, at once")
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
        due = [(exact, pcm) for _, exact, pcm in made]
        found = rendered(folder, media, due) if asked.rendered else play(folder, asked.port, media, due)
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
