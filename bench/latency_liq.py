"""Order → first changed sample at the socket, beside Liquidsoap: both with blocks of 40 ms and no slack in the sender, by turns.

usage: latency_liq.py [--rounds 200] [--short] [--port 26300] [--json FILE]

Liquidsoap switches by a command on its telnet port from a quiet tone to a loud one and sends RTP L16. Ours is the player's own
code, with blocks of 40 ms instead of 10 (`--as-player`, below): its sender follows the mixer by LEAD_MS, as the two are
processes, and that is part of its figure; it is ordered over its link to cover the quiet tone with a loud one from now on. A
third row is the player as it is shipped, with the least slack settings allow. Moments: before the order is written to its socket;
at the packet with the first loud sample (the quiet tone stays below 1,000, the loud one goes to 16,000: of 1 kHz, so it is
beyond the threshold in less than 0.1 ms). Where real-time rank is to be had, Liquidsoap has it as well (`chrt`).
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import outside
from ears import L16Ear
from latency import OwnPlayer

BLOCK, LEAD_MS, LEAST_SLACK_MS = 1_920, 3, 10
MUST = 0.4
SCRIPT = """
settings.init.allow_root.set(true)
settings.log.level.set(2)
settings.frame.duration.set(0.04)
settings.frame.audio.samplerate.set(48000)
settings.server.telnet.set(true)
settings.server.telnet.port.set({telnet})
loud = ref(false)
def on(_) = loud := true "on" end
def off(_) = loud := false "off" end
server.register(namespace="air", "on", on)
server.register(namespace="air", "off", off)
s = switch(track_sensitive=false, [({{!loud}}, sine(amplitude=0.5, 1000.)), ({{true}}, sine(amplitude=0.03, 1000.))])
output.url(fallible=true, url="rtp://127.0.0.1:{port}", %ffmpeg(format="rtp", %audio(codec="pcm_s16be", samplerate=48000, channels=2)), s)
"""


class Peer:
    """Liquidsoap."""

    def __init__(self, folder: Path, port: int, telnet: int) -> None:
        script = folder / "a.liq"
        script.write_text(SCRIPT.format(port=port, telnet=telnet))
        rank = ["chrt", "-f", "20"] if os.geteuid() == 0 and shutil.which("chrt") else []
        self.words = [*rank, "liquidsoap", "a.liq"]
        log = (folder / "log").open("wb")
        self._process = subprocess.Popen([*rank, "liquidsoap", str(script)], stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while True:
            try:
                self._telnet = socket.create_connection(("127.0.0.1", telnet), 5)
                return
            except ConnectionRefusedError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit(f"Liquidsoap did not start:\n{(folder / 'log').read_text()}") from None
                time.sleep(0.2)

    def order(self) -> int:
        """Loud from now on; ns of the moment before."""
        given = time.monotonic_ns()
        self._say("on")
        return given

    def back(self) -> None:
        """Quiet again."""
        self._say("off")

    def _say(self, word: str) -> None:
        self._telnet.sendall(f"air.{word}\n".encode())
        said = b""
        while b"END" not in said:
            said += self._telnet.recv(100)

    def end(self) -> None:
        """Stop it."""
        self._telnet.close()
        self._process.kill()
        self._process.wait()


class Ours(OwnPlayer):
    """A player of ours; `words` start it."""

    def __init__(self, folder: Path, port: int, slack: int, words: list[str]) -> None:
        self.words = words
        super().__init__(folder, port, slack, -slack)

    def order(self) -> int:
        """Loud from now on; ns of the moment before."""
        return self.interrupt(480_000)[0]

    def back(self) -> None:
        """Quiet again."""
        self.interrupt(0)


def measure(sides: dict[str, tuple[Peer | Ours, L16Ear]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds from each order to the first changed sample, the sides by turns."""
    times: dict[str, list[float]] = {name: [] for name in sides}
    draw = np.random.default_rng(3)
    for _ in range(rounds):
        for name, (side, ear) in sides.items():
            time.sleep(0.25 + float(draw.uniform(0, 0.08)))
            before = len(ear.onsets)
            given = side.order()
            deadline = time.monotonic() + 1.5
            while len(ear.onsets) == before and time.monotonic() < deadline:
                time.sleep(0.005)
            side.back()
            times[name] += [(at - given) / 1e6 for at in ear.onsets[before:][:1]]
    return times


def as_player(words: list[str]) -> int:
    """`gengfu player` with blocks of 40 ms: what is one block in the product is made four times as long before anything uses it."""
    import playout.rings

    playout.rings.BLOCK = BLOCK  # type: ignore[misc]
    import playout.mixing
    import playout.outlets
    import station.cli

    playout.mixing.BLOCK_US = 40_000  # type: ignore[misc]
    playout.outlets.Outlets.slack_us = property(lambda _: LEAD_MS * 1_000)  # type: ignore[assignment,method-assign]
    return station.cli.main(words)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--rounds", type=int, default=200)
    words.add_argument("--short", action="store_true", help="25 rounds")
    words.add_argument("--port", type=int, default=26_300, help="it and 200 after it")
    words.add_argument("--json", type=Path)
    asked = words.parse_args()
    asked.rounds = 25 if asked.short else asked.rounds
    return asked


def main() -> int:
    """1 when ours takes more than the must of Liquidsoap's median, 2 where there is no Liquidsoap."""
    asked = arguments()
    if shutil.which("liquidsoap") is None:
        print("Liquidsoap is not installed: there is nothing to compare with (package liquidsoap)")
        return 2
    with tempfile.TemporaryDirectory(prefix="gengfu-bench-") as name:
        rooms = {kind: Path(name) / kind for kind in ("peer", "same", "shipped")}
        for room in rooms.values():
            room.mkdir()
        sides: dict[str, tuple[Peer | Ours, L16Ear]] = {}
        try:
            ears = [L16Ear(asked.port + at) for at in (90, 102, 122)]
            for ear in ears:
                ear.start()
            plain, same = [sys.executable, "-m", "station.cli"], [sys.executable, __file__, "--as-player"]
            sides["Liquidsoap, 40 ms"] = Peer(rooms["peer"], asked.port + 90, asked.port + 95), ears[0]
            sides["ours, 40 ms"] = (
                Ours(rooms["same"], asked.port, LEAST_SLACK_MS, same),
                ears[1],
            )
            sides["ours as shipped, 10 ms, slack 10"] = (
                Ours(rooms["shipped"], asked.port + 20, LEAST_SLACK_MS, plain),
                ears[2],
            )
            times = measure(sides, asked.rounds)
        finally:
            for side, _ in sides.values():
                side.end()
    return report(times, asked)


def report(times: dict[str, list[float]], asked: argparse.Namespace) -> int:
    """Print the figures; 1 when one is over."""
    medians = {name: float(np.median(seen)) for name, seen in times.items() if seen}
    theirs = medians.pop("Liquidsoap, 40 ms")
    rows = [
        outside.verdict(f"order → changed sample, of Liquidsoap's: {name}", medians[name] / theirs, MUST, "", noise=0.1)
        for name in medians
    ]  # fmt: skip
    unseen = len(times) * asked.rounds - sum(map(len, times.values()))
    rows.append(outside.verdict("orders that were never heard", unseen, 0, ""))
    result = {
        "bench": "latency_liq",
        "ms": {name: outside.spread(seen, 1) for name, seen in times.items()},
        "lead_ms": LEAD_MS,
        "verdicts": rows,
    }
    return outside.finish(result, asked.json)


if __name__ == "__main__":
    sys.exit(as_player(sys.argv[2:]) if sys.argv[1:2] == ["--as-player"] else main())
