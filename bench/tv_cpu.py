"""CPU of our television chain (576p25: decode, logo, clock or none, crawl, H.264, MP2, TS over UDP) against ffmpeg doing the same from the same file, interleaved in the same run; limit 1.2. `python bench/tv_cpu.py [--seconds 12] [--rounds 5]`.

The source is made by ffmpeg (a fractal that moves, so that the coder has work) and taken into house format by ours; both
sides read that same house file, paste the same logo and a crawl strip of the same size moving at the same pace, and
encode with the same x264 settings. Counted is user + system time of all processes of each side, after a warm-up.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import numpy as np
from PIL import Image as Pil
from radio_kit import stock
from tv_kit import RunningTv, now_frame, plan_of, take

from playout.ingest import ingest
from playout.link import Preload, Ready, SetOverlays, SetPlan, StationHello, Status
from schedules.artwork import crawl, logo
from schedules.captions import Caption
from schedules.plan import Medium, Overlay
from schedules.raster import FRAME, RASTERS

LIMIT = 1.2
TICK = os.sysconf("SC_CLK_TCK")
WORDS = "受强降雨影响,请低洼地带群众立即转移到安全地带,不要涉水。" * 6


def parts_of(pid: int) -> tuple[float, float]:
    """CPU seconds of the whole player, and of what the peer does as well: all but the mixer, the L16 sender and the middle."""
    children = sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    more = sum(cpu_of(one) for one in (*children[5:6], *children[7:8]))
    whole = cpu_of(pid)
    alone = whole - sum(map(cpu_of, children))
    return whole, whole - more - alone


def cpu_of(pid: int) -> float:
    """Seconds of a process and of all it has started (living)."""
    total = 0.0
    waiting = [pid]
    while waiting:
        one = waiting.pop()
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / TICK
            waiting += map(int, Path(f"/proc/{one}/task/{one}/children").read_text().split())
        except OSError:
            continue
    return total


def source(path: Path, seconds: int) -> None:
    """A film with detail and movement, made by ffmpeg."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"mandelbrot=size=1024x576:rate=25,trim=duration={seconds}",
         "-f", "lavfi", "-i", f"sine=f=440:r=48000:d={seconds}", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20",
         "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)],
        check=True,
    )  # fmt: skip


def pictures(where: Path) -> tuple[Path, Path, int]:
    """Our logo and crawl as PNG files for ffmpeg: same sizes, same places."""
    raster = RASTERS["576p25"]
    sign, band = logo(raster, "寿县电视台"), crawl(raster, WORDS, 1)
    made = []
    for name, image in (("logo", sign), ("strip", band.strip)):
        rgba = np.zeros((image.height, image.width, 4), np.uint8)
        rgba[..., :3] = image.luma[..., None]
        rgba[..., 3] = image.a
        path = where / f"{name}.png"
        Pil.fromarray(rgba).save(path)
        made.append(path)
    return made[0], made[1], band.step * 25


def ffmpeg(film: Path, sign: Path, strip: Path, pace: int, port: int, seconds: int) -> list[str]:
    """The peer's command line."""
    x264 = "keyint=25:min-keyint=25:scenecut=0:bframes=0:vbv-maxrate=2500:vbv-bufsize=2500:vbv-init=0.3:repeat-headers=1"
    return [
        "ffmpeg", "-v", "error", "-nostats", "-re", "-threads", "1", "-i", str(film), "-i", str(sign), "-i", str(strip),
        "-filter_complex_threads", "1", "-filter_complex",
        f"[0:v][1:v]overlay=36:28:format=yuv420[a];[a][2:v]overlay=x='W-mod(t*{pace}\\,w)':y=492:format=yuv420[v]",
        "-map", "[v]", "-map", "0:a", "-t", str(seconds), "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
        "-threads", "1", "-b:v", "2500k", "-x264-params", x264, "-c:a", "mp2", "-b:a", "192k", "-f", "mpegts",
        "-muxrate", "3200k", "-pcr_period", "20", f"udp://127.0.0.1:{port}?pkt_size=1316",
    ]  # fmt: skip


def ours(home: Path, port: int, film: Medium, warm: int, seconds: int) -> tuple[float, float]:
    """CPU seconds of our player over `seconds`, its crawl on: the whole, and without mixing, L16 and supervision."""
    player = RunningTv(home, port)
    speech = stock(player.media, np.zeros((48_000, 2), np.int32))
    k = now_frame()
    try:
        player.start()
        link = player.link()
        link.send(StationHello())
        count = film.frames
        takes = [
            take(f"t{n}", k + n * count, count, film) for n in range(1 + 25 * (warm + seconds + 6) // count)
        ]
        link.send(SetPlan(channel="tv1", plan=plan_of(takes, [film])))
        link.send(Preload(media=(speech,)))
        link.until(lambda m: isinstance(m, Ready), 10)
        link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1, 10)
        start = (now_frame() + 10) * FRAME
        over = Overlay(
            id="x/tv1", mode="duck", start=start, end=start + 600 * 48_000, priority=1, approval="alert:x",
            sequence=(speech.sha256,), caption=Caption(form="crawl", title="预警", text=WORDS, level=1),
        )  # fmt: skip
        link.send(SetOverlays(channel="tv1", revision=1, overlays=(over,), media=(speech,)))
        time.sleep(warm)
        before = parts_of(player.process.pid)
        time.sleep(seconds)
        after = parts_of(player.process.pid)
        return after[0] - before[0], after[1] - before[1]
    finally:
        player.stop()


def theirs(command: list[str], warm: int, seconds: int) -> float:
    """CPU seconds of ffmpeg over `seconds`."""
    child = subprocess.Popen(command)
    try:
        time.sleep(warm)
        before = cpu_of(child.pid)
        time.sleep(seconds)
        if child.poll() is not None:
            raise SystemExit("ffmpeg ended early")
        return cpu_of(child.pid) - before
    finally:
        child.kill()
        child.wait()


def main(argv: list[str] | None = None) -> int:
    """Measure; 1 when the median ratio is beyond the limit."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=int, default=12)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--port", type=int, default=24_700)
    asked = words.parse_args(argv)
    warm = 3
    with tempfile.TemporaryDirectory() as where:
        room = Path(where)
        source(room / "film.mp4", asked.seconds + warm + 8)
        sign, strip, pace = pictures(room)
        rows = []
        for turn in range(asked.rounds):
            home = room / f"s{turn}"
            home.mkdir()
            facts = ingest(room / "film.mp4", home / "state" / "media", raster="576p25")
            film = Medium(sha256=facts.sha256, samples=facts.samples, frames=facts.frames)
            house = next((home / "state" / "media").rglob("*.mkv"))
            mine = ours(home, asked.port, film, warm, asked.seconds)
            peer = theirs(
                ffmpeg(house, sign, strip, pace, asked.port + 90, asked.seconds + warm + 5),
                warm,
                asked.seconds,
            )
            rows.append((mine[0] / asked.seconds, mine[1] / asked.seconds, peer / asked.seconds))
            said = [round(100 * part, 1) for part in rows[-1]]
            print(
                f"round {turn + 1}: ours {said[0]} % of a core, of it the peer's work {said[1]} %; ffmpeg {said[2]} %"
            )
    whole, same = sorted(a / c for a, _, c in rows), sorted(b / c for _, b, c in rows)
    verdict = {
        "whole_player_percent_median": round(100 * statistics.median(a for a, _, _ in rows), 1),
        "same_work_percent_median": round(100 * statistics.median(b for _, b, _ in rows), 1),
        "ffmpeg_percent_median": round(100 * statistics.median(c for _, _, c in rows), 1),
        "ratio_whole_median": round(statistics.median(whole), 3),
        "ratio_whole_min_max": [round(whole[0], 3), round(whole[-1], 3)],
        "ratio_median": round(statistics.median(same), 3),
        "ratio_min_max": [round(same[0], 3), round(same[-1], 3)],
        "limit": LIMIT,
    }
    print(json.dumps(verdict))
    return 0 if verdict["ratio_median"] <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
