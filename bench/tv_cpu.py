"""CPU of our television chain against ffmpeg doing the same from the same file at the same time.

usage: bench/tv_cpu.py [--seconds 12] [--rounds 5] [--short] [--spliced] [--json FILE]

What the chain does, 576p25: decode the house file; logo, clock and a crawl over it; an alert's sound over the ducked
programme; H.264 and MP2 as a transport stream to two UDP destinations; L16 as RTP to two more. The film is made by ffmpeg
(a fractal that moves, so that the coder has work) and taken into house format by ours; all read that same house file, paste
pictures of the same size at the same places, and encode with the same x264 settings on one thread.

Three things run at once, so that they meet the same machine: our player, ffmpeg with the whole chain, and ffmpeg without
L16 and the alert's sound. The first two are compared as they are; the third with our player without the processes that do
just that: mixer, L16 sender, and the middle, which looks after the others. Ours sends L16 every 10 ms, ffmpeg as it
comes out of the file, every 40. Counted is user and system time of all processes of each, after a warm-up.

With --spliced, 720p25: a channel without graphics, whose film was coded at ingest and is taken over, and ffmpeg that
decodes and encodes it; neither has an alert, and the second ffmpeg is the same without L16.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import attrs
import numpy as np
import outside
from PIL import Image as Pil
from radio_kit import stock
from tv_kit import RunningTv, now_frame, plan_of, take

from playout.ingest import ingest
from playout.link import Preload, Ready, SetOverlays, SetPlan, StationHello, Status
from schedules.artwork import crawl, logo
from schedules.captions import Caption
from schedules.plan import Medium, Overlay
from schedules.raster import FRAME, RASTERS
from station.words import ChannelId

LIMIT, LIMIT_SPLICED = 1.2, 0.3
WARM = 4.0  # s
TICK = os.sysconf("SC_CLK_TCK")
WORDS = "受强降雨影响,请低洼地带群众立即转移到安全地带,不要涉水。" * 6
FONT = "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf"
X264 = "keyint=25:min-keyint=25:scenecut=0:bframes=0:vbv-maxrate=2500:vbv-bufsize=2500:vbv-init=0.3:repeat-headers=1"
CHILDREN = (
    *(f"sound {n}" for n in range(5)), "mixer", "loader", "l16", *(f"film {n}" for n in range(4)), "picture", "ts",
)  # fmt: skip
NOT_THEIRS = ("middle", "mixer", "loader", "l16")  # what the smaller ffmpeg has no part for


def parts_of(pid: int) -> dict[str, float]:
    """CPU seconds of each process of the player, in the order they were hired."""
    children = sorted(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    parts = dict(zip(CHILDREN, map(cpu_of, children), strict=True))
    return {"middle": cpu_of(pid) - sum(parts.values()), **parts}


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


def source(path: Path, seconds: int, size: str) -> None:
    """A film with detail and movement, made by ffmpeg."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", f"mandelbrot=size={size}:rate=25,trim=duration={seconds}",
         "-f", "lavfi", "-i", f"sine=f=440:r=48000:d={seconds}", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20",
         "-pix_fmt", "yuv420p", "-c:a", "aac", str(path)],
        check=True,
    )  # fmt: skip


def alert(path: Path) -> None:
    """The sound of an alert, a second long."""
    subprocess.run(
        ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=800:r=48000:d=1", "-ac", "2", str(path)],
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


@attrs.frozen
class Material:
    """What both sides show."""

    house: Path
    sign: Path
    strip: Path
    alert: Path
    pace: int  # pixels a second of the crawl


def material(room: Path, media: Path, seconds: int, *, spliced: bool) -> tuple[Material, Medium]:
    """Everything made anew."""
    source(room / "film.mp4", seconds, "1280x720" if spliced else "1024x576")
    alert(room / "alert.wav")
    facts = ingest(room / "film.mp4", media, raster="720p25" if spliced else "576p25", coded=spliced)
    film = Medium(sha256=facts.sha256, samples=facts.samples, frames=facts.frames)
    sign, strip, pace = pictures(room)
    return Material(next(media.rglob("*.mkv")), sign, strip, room / "alert.wav", pace), film


def ffmpeg(of: Material, port: int, *, whole: bool) -> list[str]:
    """The peer's command line; without `whole` neither the alert's sound nor L16."""
    time_of_day = (
        f"drawtext=fontfile={FONT}:text='%{{localtime\\:%X}}':x=560:y=28:fontsize=30:fontcolor=white:box=1"
    )
    crawl_by = f"overlay=x='W-mod(t*{of.pace}\\,w)':y=492:format=yuv420"
    graph = f"[0:v][1:v]overlay=36:28:format=yuv420[a];[a][2:v]{crawl_by},{time_of_day}[v]"
    mixed = "[0:a]volume=0.25[d];[d][3:a]amix=inputs=2:normalize=0:duration=first,asplit=2[m][l]"
    ts = "|".join(
        f"[f=mpegts:muxrate=3200k:pcr_period=20]udp://127.0.0.1:{port + n}?pkt_size=1316" for n in (0, 1)
    )
    l16 = "|".join(f"[f=rtp]rtp://127.0.0.1:{port + n}?pkt_size=972" for n in (10, 12))
    return [
        "ffmpeg", "-v", "error", "-nostats", "-re", "-threads", "1", "-stream_loop", "-1", "-i", str(of.house),
        "-i", str(of.sign), "-i", str(of.strip), *(["-stream_loop", "-1", "-i", str(of.alert)] if whole else []),
        "-filter_complex_threads", "1", "-filter_complex", f"{graph};{mixed}" if whole else graph,
        "-map", "[v]", "-map", "[m]" if whole else "0:a", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
        "-threads", "1", "-b:v", "2500k", "-x264-params", X264, "-c:a", "mp2", "-b:a", "192k", "-f", "tee", ts,
        *(["-map", "[l]", "-c:a", "pcm_s16be", "-f", "tee", l16] if whole else []),
    ]  # fmt: skip


def bare(of: Material, port: int, *, whole: bool) -> list[str]:
    """The peer's command line without graphics and alert; without `whole` no L16."""
    ts = "|".join(
        f"[f=mpegts:muxrate=5000k:pcr_period=20]udp://127.0.0.1:{port + n}?pkt_size=1316" for n in (0, 1)
    )
    l16 = "|".join(f"[f=rtp]rtp://127.0.0.1:{port + n}?pkt_size=972" for n in (10, 12))
    return [
        "ffmpeg", "-v", "error", "-nostats", "-re", "-threads", "1", "-stream_loop", "-1", "-i", str(of.house),
        "-map", "0:v", "-map", "0:a", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency",
        "-threads", "1", "-b:v", "4000k", "-x264-params", X264.replace("2500", "4000"), "-c:a", "mp2", "-b:a", "192k",
        "-f", "tee", ts, *(["-map", "0:a", "-c:a", "pcm_s16be", "-f", "tee", l16] if whole else []),
    ]  # fmt: skip


def on_air(player: RunningTv, film: Medium, seconds: float, *, spliced: bool) -> None:
    """The film again and again; unless it is spliced, from now on an alert over it: crawl, and sound over the ducked programme."""
    speech = stock(player.media, np.full((48_000, 2), 1 << 20, np.int32))
    k, count = now_frame(), film.frames
    player.start()
    link = player.link()
    link.send(StationHello())
    takes = [take(f"t{n}", k + n * count, count, film) for n in range(2 + int(25 * seconds) // count)]
    link.send(SetPlan(channel=ChannelId("tv1"), plan=plan_of(takes, [film])))
    link.send(Preload(media=(speech,)))
    link.until(lambda m: isinstance(m, Ready), 10)
    link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1, 10)
    if spliced:
        return
    start = (now_frame() + 10) * FRAME
    over = Overlay(
        id="x/tv1", mode="duck", start=start, end=start + 3_600 * 48_000, priority=1, approval="alert:x",
        sequence=(speech.sha256,), caption=Caption(form="crawl", title="预警", text=WORDS, level=1),
    )  # fmt: skip
    link.send(SetOverlays(channel=ChannelId("tv1"), revision=1, overlays=(over,), media=(speech,)))


def rounds(
    player: int, peers: list[subprocess.Popen[bytes]], seconds: float, count: int
) -> list[list[float]]:
    """Of each round: percent of a core of ours, of ours without NOT_THEIRS, of each peer."""
    made = []
    for number in range(count):
        before = parts_of(player), [cpu_of(peer.pid) for peer in peers]
        begun = time.monotonic()
        time.sleep(seconds)
        took = time.monotonic() - begun
        parts = {name: used - before[0][name] for name, used in parts_of(player).items()}
        theirs = [cpu_of(peer.pid) - used for peer, used in zip(peers, before[1], strict=True)]
        if any(peer.poll() is not None for peer in peers):
            raise SystemExit("ffmpeg ended early")
        fewer = sum(used for name, used in parts.items() if name not in NOT_THEIRS)
        row = [round(100 * used / took, 2) for used in (sum(parts.values()), fewer, *theirs)]
        made.append(row)
        shown = {name: round(100 * used / took, 1) for name, used in parts.items() if used > 0.001 * took}
        print(
            f"round {number + 1}: ours {row[0]} %, ffmpeg {row[2]} %; less sound {row[1]} %, {row[3]} %; {shown}"
        )
    return made


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--seconds", type=float, default=12)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--port", type=int, default=24_700)
    words.add_argument("--json", type=Path)
    words.add_argument("--spliced", action="store_true", help="720p25 without graphics, taken over as coded")
    words.add_argument("--short", action="store_true", help="three rounds of five seconds")
    asked = words.parse_args()
    if asked.short:
        asked.seconds, asked.rounds = 5.0, 3
    return asked


def measured(asked: argparse.Namespace) -> list[list[float]]:
    """Everything started, counted, and stopped."""
    peers: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="gengfu-bench-") as where:
        spliced = asked.spliced
        raster = "720p25" if spliced else "576p25"
        player = RunningTv(Path(where) / "s", asked.port, splice=spliced, raster=raster)
        of, film = material(Path(where), player.media, 20, spliced=spliced)
        theirs = bare if spliced else ffmpeg
        try:
            on_air(player, film, WARM + asked.rounds * asked.seconds + 30, spliced=spliced)
            for number, whole in enumerate((True, False)):
                command = theirs(of, asked.port + 50 + 20 * number, whole=whole)
                peers.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))
            time.sleep(WARM)
            return rounds(player.process.pid, peers, asked.seconds, asked.rounds)
        finally:
            for peer in peers:
                peer.kill()
                peer.wait()
            player.stop()


def main() -> int:
    """1 when a median ratio is beyond the limit by more than noise explains."""
    asked = arguments()
    rows = measured(asked)
    whole, same = [row[0] / row[2] for row in rows], [row[1] / row[3] for row in rows]
    noise = 0.15 if asked.short else 0.1
    limit = LIMIT_SPLICED if asked.spliced else LIMIT
    what = "spliced television chain" if asked.spliced else "television chain"
    result = {
        "bench": "tv_cpu_spliced" if asked.spliced else "tv_cpu",
        "ours_percent_of_a_core": outside.spread([row[0] for row in rows], 2),
        "ffmpeg_percent_of_a_core": outside.spread([row[2] for row in rows], 2),
        "ours_less_sound_percent": outside.spread([row[1] for row in rows], 2),
        "ffmpeg_less_sound_percent": outside.spread([row[3] for row in rows], 2),
        "ratio": outside.spread(whole),
        "ratio_less_sound": outside.spread(same),
        "verdicts": [
            outside.verdict(f"CPU of the {what}, of ffmpeg's", statistics.median(whole), limit, "", noise=noise),
            outside.verdict("the same without alert sound and L16", statistics.median(same), limit, "", noise=noise),
        ],
    }  # fmt: skip
    return outside.finish(result, asked.json)


if __name__ == "__main__":
    sys.exit(main())
