"""CPU of radio channels against as many Liquidsoaps that play the same lists at the same time.

usage: bench/radio_cpu.py [--channels 8] [--seconds 20] [--rounds 5] [--short] [--json FILE]

What each channel does: decode the house files of its list one after the other (FLAC, 48 kHz, 24 bit), mix, MP2 at 192 kbit/s
as a transport stream over UDP. Ours is one player with all channels in one chain; Liquidsoap is a process a channel, as
its users run it, once with that encoder and once with a dummy output. All of them run at once, so that they meet the same
machine. Counted is user and system time of all processes of each, after a warm-up; of ours the children that encode are
left out where the peer does not encode. Our L16 sender, for which the peer has no part, is shown and not compared. A second
run has one channel on each side. What each sends is received: who does not send its programme at its rate is not compared.
"""

from __future__ import annotations

import argparse
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

import attrs
import numpy as np
import outside
from radio_kit import SETTINGS, Running, now_sample, plan_of, stock, take
from tv_cpu import cpu_of

from playout.link import SetPlan, StationHello, Status
from schedules.plan import Medium, Take
from station.words import ChannelId

LIMITS = {"with MP2": 0.7, "without": 0.4, "a single one, with MP2": 2.0}
WARM = 6.0  # s
DECODERS = 5  # of one channel
ITEM = 20  # s
LEAST = 180.0  # kbit/s that arrive of a channel: MP2 alone is 192
CHANNEL = """
[[channels]]
id = "{name}"
chain = "radio"
name_zh = "调频"
name_en = "FM"
area = "341521000000"
rundowns = "rundowns"
hls = false
"""
SCRIPT = """
settings.init.allow_root.set(true)
settings.log.level.set(2)
settings.decoder.decoders.set(["flac", "ffmpeg"])
s = playlist(mode="normal", reload_mode="never", "{items}")
def begun(_) = ignore(file.write(data="on", "{items}.on")) end
s = source.on_track(s, begun)
{output}
"""
ENCODED = (
    'output.url(fallible=true, url="udp://127.0.0.1:{port}?pkt_size=1316", '
    '%ffmpeg(format="mpegts", %audio(codec="mp2", b="192k", samplerate=48000, channels=2)), s)'
)
DUMMY = "output.dummy(fallible=true, s)"


class Many(Running):
    """One player with several channels in its chain."""

    def __init__(self, home: Path, port: int, channels: int) -> None:
        super().__init__(home, port)
        self.names = ["fm1", *(f"fm{n}" for n in range(2, channels + 1))]
        extra = "".join(CHANNEL.format(name=name) for name in self.names[1:])
        first, alerts, rest = SETTINGS.format(port=port, hls="false").partition("[alerts]")
        (home / "station.toml").write_text(first + extra + alerts + rest)

    def parts(self) -> dict[str, float]:
        """CPU seconds so far: decoders with mixer and middle, the L16 sender, the encoders."""
        assert self.process is not None
        children = sorted(self.children())
        first = DECODERS * len(self.names)
        mixing = children[: first + 2]  # and the mixer, and the loader
        sender, encoders = children[first + 2], children[first + 3 :]
        if len(encoders) != len(self.names):
            raise SystemExit(f"the player has {len(children)} children, not what this bench knows")
        whole = cpu_of(self.process.pid)
        of = {"L16": cpu_of(sender), "MP2": sum(map(cpu_of, encoders))}
        middle = whole - sum(map(cpu_of, children))
        return {"mixing": middle + sum(map(cpu_of, mixing)), **of}


def music(media: Path, number: int) -> Medium:
    """Something with a spectrum that a FLAC decoder has work with: chords over noise."""
    pick = np.random.default_rng(number)
    t = np.arange(ITEM * 48_000) / 48_000
    sound = sum(
        np.sin(2 * np.pi * f * t + p)
        for f, p in zip(pick.uniform(80, 4_000, 6), pick.uniform(0, 6, 6), strict=True)
    )
    pcm = np.stack((sound, np.roll(sound, 99)), axis=1) / 12 + pick.normal(0, 0.01, (len(t), 2))
    return stock(media, (pcm * 2**23).astype(np.int32), f"item {number}")


def on_air(player: Many, media: list[Medium], seconds: float) -> None:
    """Every channel plays the list again and again, each from another item on."""
    begin = now_sample()
    player.start()
    link = player.link(60)  # sixteen others are at work
    link.send(StationHello())
    for number, name in enumerate(player.names):
        at, takes = begin, list[Take]()
        while at < begin + (seconds + 2 * ITEM) * 48_000:
            medium = media[(number + len(takes)) % len(media)]
            takes.append(take(f"{name}-{len(takes)}", at, medium))
            at += medium.samples
        link.send(SetPlan(channel=ChannelId(name), plan=attrs.evolve(plan_of(takes, media), channel=name)))
    on: set[str] = set()
    while len(on) < len(player.names):
        said = link.until(lambda m: isinstance(m, Status) and m.plan_revision == 1, 20)
        on.add(said.channel)


def peers(
    room: Path, paths: list[Path], channels: int, port: int, output: str
) -> list[subprocess.Popen[bytes]]:
    """As many Liquidsoaps."""
    made = []
    for number in range(channels):
        items = room / f"{output[:12].strip('(')}-{number}.m3u"
        turned = paths[number % len(paths) :] + paths[: number % len(paths)]
        items.write_text("\n".join(map(str, turned)) + "\n", encoding="utf-8")
        script = items.with_suffix(".liq")
        script.write_text(
            SCRIPT.format(items=items, output=output.format(port=port + number)), encoding="utf-8"
        )
        log = script.with_suffix(".log").open("wb")
        made.append(
            subprocess.Popen(
                ["liquidsoap", str(script)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=outside.with_parent,
            )
        )
    return made


class Arrivals(threading.Thread):
    """Counts the bytes that come to UDP ports."""

    def __init__(self, ports: list[int]) -> None:
        super().__init__(daemon=True)
        self.bytes = dict.fromkeys(ports, 0)
        self._poll = selectors.DefaultSelector()
        for port in ports:
            ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            ear.bind(("127.0.0.1", port))
            self._poll.register(ear, selectors.EVENT_READ, port)

    def run(self) -> None:
        """For ever."""
        while True:
            for key, _ in self._poll.select():
                self.bytes[key.data] += len(key.fileobj.recv(4_096))  # type: ignore[union-attr]


def ready(
    procs: list[subprocess.Popen[bytes]], room: Path, arrivals: Arrivals, within: float = 600.0
) -> None:
    """Until all play: Liquidsoap reads its library first, which takes seconds of a core each."""
    deadline = time.monotonic() + within
    while len(list(room.glob("*.on"))) < len(procs) or not all(arrivals.bytes.values()):
        time.sleep(0.5)
        if any(proc.poll() is not None for proc in procs):
            raise SystemExit("a Liquidsoap ended early")
        if time.monotonic() > deadline:
            raise SystemExit("Liquidsoap did not begin to play")


def measured(asked: argparse.Namespace, channels: int) -> list[dict[str, float]]:
    """Per cent of a core of each side, round by round."""
    procs: list[subprocess.Popen[bytes]] = []
    with tempfile.TemporaryDirectory(prefix="gengfu-bench-") as where:
        room = Path(where)
        player = Many(room / "s", asked.port, channels)
        media = [music(player.media, number) for number in range(6)]
        theirs = Arrivals([asked.port + 200 + n for n in range(channels)])
        ours = Arrivals([asked.port + 104 + 10 * n for n in range(channels)])
        for ears in (theirs, ours):
            ears.start()
        paths = [player.media / one.sha256[:2] / f"{one.sha256}.flac" for one in media]
        try:
            coded = peers(room, paths, channels, asked.port + 200, ENCODED)
            procs += coded
            bare = peers(room, paths, channels, asked.port + 200, DUMMY)
            procs += bare
            ready(procs, room, theirs)
            on_air(player, media, WARM + asked.rounds * asked.seconds + 60)
            time.sleep(WARM)
            return [_round(player, coded, bare, (ours, theirs), asked.seconds) for _ in range(asked.rounds)]
        finally:
            for proc in procs:
                proc.kill()
                proc.wait()
            player.stop()


def _round(
    player: Many,
    coded: list[subprocess.Popen[bytes]],
    bare: list[subprocess.Popen[bytes]],
    sent: tuple[Arrivals, Arrivals],
    seconds: float,
) -> dict[str, float]:
    def now() -> dict[str, float]:
        theirs = {
            "their MP2": sum(cpu_of(one.pid) for one in coded),
            "their dummy": sum(cpu_of(one.pid) for one in bare),
        }
        return player.parts() | theirs

    heard = [dict(one.bytes) for one in sent]
    before, begun = now(), time.monotonic()
    time.sleep(seconds)
    after, took = now(), time.monotonic() - begun
    if any(one.poll() is not None for one in (*coded, *bare)):
        raise SystemExit("a Liquidsoap ended early")
    row = {name: round(100 * (after[name] - before[name]) / took, 2) for name in after}
    for name, one, was in zip(("ours", "theirs"), sent, heard, strict=True):
        rates = [(one.bytes[port] - was[port]) * 8 / took / 1_000 for port in was]
        row[f"kbit/s of {name}, least"] = round(min(rates), 1)
        if min(rates) < LEAST:
            raise SystemExit(f"{name} did not send in real time: {rates} kbit/s")
    print(row, flush=True)
    return row


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--channels", type=int, default=8)
    words.add_argument("--seconds", type=float, default=20)
    words.add_argument("--rounds", type=int, default=5)
    words.add_argument("--port", type=int, default=24_700)
    words.add_argument("--json", type=Path)
    words.add_argument("--short", action="store_true", help="three rounds of five seconds")
    asked = words.parse_args()
    if asked.short:
        asked.seconds, asked.rounds = 5.0, 3
    return asked


def main() -> int:
    """1 when a median ratio is beyond the limit."""
    asked = arguments()
    if shutil.which("liquidsoap") is None:
        print("Liquidsoap is not installed: there is nothing to compare with (package liquidsoap)")
        return 2
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was begun is ended
    many = measured(asked, asked.channels)
    one = measured(asked, 1)
    ratios = {
        "with MP2": [(row["mixing"] + row["MP2"]) / row["their MP2"] for row in many],
        "without": [row["mixing"] / row["their dummy"] for row in many],
        "a single one, with MP2": [(row["mixing"] + row["MP2"]) / row["their MP2"] for row in one],
    }
    result = {
        "bench": "radio_cpu",
        "channels": asked.channels,
        "percent_of_a_core": {name: outside.spread([row[name] for row in many], 2) for name in many[0]},
        "single_percent_of_a_core": {name: outside.spread([row[name] for row in one], 2) for name in one[0]},
        "ratios": {name: outside.spread(values) for name, values in ratios.items()},
        "verdicts": [
            outside.verdict(
                f"CPU of radio channels, of Liquidsoap's: {name}",
                outside.spread(values)["median"],
                LIMITS[name],
                "",
                noise=0.1,
            )
            for name, values in ratios.items()
        ],
    }
    return outside.finish(result, asked.json)


if __name__ == "__main__":
    sys.exit(main())
