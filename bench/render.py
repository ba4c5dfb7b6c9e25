"""How much faster than real time one radio channel is rendered to a file: `gengfu render` in a process of its own, its start included.

usage: render.py [--short] [--minutes 60]
A plan of items from house files (made from foreign ffmpeg's noise), with gains and fades; what is written is counted and
compared with the house files decoded by foreign ffmpeg.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
import wave
from pathlib import Path

import numpy as np

from playout.facts import house_path
from playout.housing import house

RATE = 48_000
START = 1_795_298_400 * RATE
MUST, AIM = 50, 300


def media(folder: Path, seconds: int) -> list[dict[str, object]]:
    """Four house files of noise."""
    found = []
    for k, colour in enumerate(("pink", "brown", "white", "violet")):
        path = folder / f"{k}.wav"
        words = [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            f"anoisesrc=d={seconds}:c={colour}:r={RATE}:a=0.3:seed={k}",
        ]
        subprocess.run([*words, "-ac", "2", path], check=True)
        facts = house(path, folder / "media", "", lambda _done, _total: None)
        found.append({"sha256": facts.sha256, "samples": facts.samples})
    return found


def plan(folder: Path, stock: list[dict[str, object]], seconds: int) -> tuple[Path, list[tuple[int, str]]]:
    """(the plan's file, start and medium of each take that has no gain and no fade)."""
    takes, plain, at, k = [], [], START, 0
    while at < START + seconds * RATE:
        medium = stock[k % len(stock)]
        take = {"item": f"i{k}", "start": at, "end": at + int(medium["samples"]), "kind": "programme", "title": "t",
                "approval": "bench", "media": medium["sha256"]}  # fmt: skip
        if k % 2:
            take |= {"gain": 1_700_000_000, "fade_in": 2_400, "fade_out": 48_000}
        else:
            plain.append((at - START, str(medium["sha256"])))
        takes.append(take)
        at, k = int(take["end"]), k + 1
    path = folder / "plan.json"
    whole = {"channel": "fm1", "revision": 1, "start": START, "end": at, "takes": takes, "media": stock}
    path.write_text(json.dumps(whole))
    return path, plain


def wrong(out: Path, plain: list[tuple[int, str]], folder: Path) -> int:
    """Samples of the plain takes that differ from what ffmpeg decodes of their house files."""
    with wave.open(str(out)) as file:
        got = np.frombuffer(file.readframes(file.getnframes()), "<i2").reshape(-1, 2)
    differ = 0
    for at, sha256 in plain[:4]:
        words = ["ffmpeg", "-v", "error", "-i", house_path(folder / "media", sha256), "-f", "s32le", "-"]  # type: ignore[arg-type]
        raw = subprocess.run(words, capture_output=True, check=True).stdout
        due = (np.frombuffer(raw, "<i4").reshape(-1, 2) >> 8) + 128 >> 8
        part = got[at : at + len(due)]
        differ += int((part != due[: len(part)]).any(axis=1).sum())
    return differ


def main() -> int:
    """0 when the limit is kept and every sample right."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--minutes", type=int, default=60)
    words.add_argument("--short", action="store_true", help="ten minutes of programme, three runs")
    asked = words.parse_args()
    seconds, runs = (600, 3) if asked.short else (asked.minutes * 60, 5)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path, plain = plan(folder, media(folder, 150), seconds)
        out, times = folder / "out.wav", []
        for _ in range(runs):
            begun = time.perf_counter()
            render = ["render", path, "--for", str(seconds), "--out", out, "--media", folder / "media"]
            subprocess.run(
                [sys.executable, "-m", "station.cli", *map(str, render)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            times.append(time.perf_counter() - begun)
        differ = wrong(out, plain, folder)
        length = (out.stat().st_size - 44) // 4
    speeds = sorted(seconds / one for one in times)
    speed = round(statistics.median(speeds))
    right = length == seconds * RATE and not differ
    verdicts = [
        {"must": f"one radio channel rendered, times real time (aim {AIM})", "measured": speed, "unit": "×", "limit": MUST,
         "verdict": "ok" if speed >= MUST else "too slow"},
        {"must": "samples missing or other than in the house files", "measured": abs(length - seconds * RATE) + differ, "unit": "",
         "limit": 0, "verdict": "ok" if right else "wrong"},
    ]  # fmt: skip
    print(
        json.dumps(
            {"seconds": seconds, "speeds": [math.floor(one) for one in speeds], "cpus": os.cpu_count()}
        )
    )
    print(json.dumps({"verdicts": verdicts}, ensure_ascii=False))
    return int(speed < MUST or not right)


if __name__ == "__main__":
    sys.exit(main())
