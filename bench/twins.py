"""`kill -9` of either of two players of a chain, again and again, an alert on the air in a third of them: what a receiver of `gengfu merge` missed or heard otherwise. `python bench/twins.py --kills 1000`

The sound is noise made by numpy; every sample that arrives at the socket is compared with it, by its index, in code that uses
nothing of the product. Before the first kill a lost packet, a changed sample and a doubled packet are planted in a copy of
what arrives: one that is not found fails the run.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from counting import Heard
from radio_kit import Running, now_sample, plan_of, stock, take
from test_twins import FIRST, OUT, PORT, SECOND, Station

from playout.link import AsRun, AsRunAck, AsRunSince, Status
from playout.messages import AiredEntries
from schedules.plan import Overlay
from station import projections
from station.asrun_merge import merged

RATE, PACKET, HEAD = 48_000, 240, 12
TAKE_S, ALERT_S = 60, 4
PATIENCE = 180  # s for a player to be back: how soon it is there is not what is measured here
SLOT = 648_000  # ticks of 27 MHz: what a radio channel's transport stream sends together, 24 ms
LIMIT = {
    "missing": 0, "different_samples": 0, "doubled": 0, "marked": 0, "log_lines_twice": 0,
    "ts_different": 0, "ts_missing": 0,
}  # fmt: skip


@attrs.define
class Truth:
    """What ought to be heard: noise over and over, other noise while an alert lasts. 16-bit values by index."""

    start: int
    programme: Any
    speech: Any
    alerts: list[tuple[int, int]] = attrs.field(factory=list)

    def at(self, index: int) -> Any:
        """One packet's samples from `index` on."""
        place = index + np.arange(PACKET)
        out = np.take(self.programme, (place - self.start) % len(self.programme), axis=0)
        for begin, end in self.alerts[-4:]:
            inside = (place >= begin) & (place < end)
            out[inside] = np.take(self.speech, (place[inside] - begin) % len(self.speech), axis=0)
        return out


@attrs.define
class Count:
    """Figures of one stream."""

    truth: Truth
    packets: int = 0
    missing: int = 0
    doubled: int = 0
    different_samples: int = 0
    marked: int = 0
    last: int | None = None

    def take(self, data: bytes) -> None:
        """One datagram (RFC 3550, 5.1)."""
        first, _, sequence, stamp, _ = struct.unpack_from("!BBHII", data)
        self.packets += 1
        if first & 0x10:
            self.marked += 1
            return
        if self.last is not None:
            step = (sequence - self.last) % 65_536
            self.doubled += step == 0 or step > 32_768
            self.missing += step - 1 if 0 < step <= 32_768 else 0
        self.last = sequence
        index = self.truth.start + (stamp - self.truth.start) % (1 << 32)
        got = np.frombuffer(data, dtype=">i2", offset=HEAD).reshape(-1, 2)
        self.different_samples += int((got != self.truth.at(index)).any(axis=1).sum())


def proven(truth: Truth, datagrams: list[bytes]) -> bool:
    """Whether planted faults are found in what arrived, and nothing where none was planted."""
    changed = bytearray(datagrams[20])
    changed[HEAD + 7] ^= 1
    planted = [
        *datagrams[:10],
        *datagrams[11:20],
        bytes(changed),
        *datagrams[21:30],
        datagrams[29],
        *datagrams[30:],
    ]
    counts = []
    for some in (datagrams, planted):
        count = Count(truth)
        for data in some:
            count.take(data)
        counts.append((count.missing, count.different_samples, count.doubled))
    return counts == [(0, 0, 0), (1, 1, 1)]


class Receiver(threading.Thread):
    """Counts what `gengfu merge` sends."""

    def __init__(self, truth: Truth) -> None:
        super().__init__(daemon=True)
        self.count, self.first = Count(truth), []
        self.over = threading.Event()

    def run(self) -> None:
        """Until it is over. The port is opened now: what came while the first player began is not of the pair."""
        ear = Heard(OUT)
        while not self.over.is_set():
            try:
                data, _ = ear.next()
            except TimeoutError:
                continue
            if len(self.first) < 100:
                self.first.append(data)
            self.count.take(data)


@attrs.define
class Streams:
    """Both players' transport streams: what each sent for which 24 ms, by its own clock (ISO/IEC 13818-1, 2.4.3.5)."""

    slots: dict[int, bytes] = attrs.field(factory=dict)
    compared: int = 0
    different: int = 0

    def take(self, data: bytes) -> None:
        """One datagram, of either."""
        clock = next(
            data[at + 6 : at + 12]
            for at in range(0, len(data), 188)
            if data[at + 3] & 0x20 and data[at + 4] and data[at + 5] & 0x10
        )
        ticks = (int.from_bytes(clock, "big") >> 15) * 300 + (clock[4] & 1) * 256 + clock[5]
        before = self.slots.setdefault(ticks // SLOT, data)
        self.compared += before is not data
        self.different += before != data

    def figures(self) -> dict[str, int]:
        """Those of the run; a clock that went round in it would count as missing."""
        lasts = max(self.slots) - min(self.slots) + 1
        return {
            "ts_compared": self.compared, "ts_different": self.different, "ts_missing": lasts - len(self.slots),
        }  # fmt: skip

    def proven(self) -> bool:
        """Whether a bit that is planted, and a slot that is taken away, are found."""
        some = dict(list(self.slots.items())[10:30])
        held = Streams(some)
        changed = bytearray(list(some.values())[3])
        changed[-1] ^= 1
        held.take(bytes(changed))
        del some[sorted(some)[7]]
        return (held.different, held.figures()["ts_missing"]) == (1, 1)


class StreamEar(threading.Thread):
    """Listens to both."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.streams, self.over = Streams(), threading.Event()
        self._ears = [Heard(PORT + base + 104) for base in (0, 200)]

    def run(self) -> None:
        """Until it is over."""
        listener = threading.Thread(target=self._listen, args=(self._ears[1],), daemon=True)
        listener.start()
        self._listen(self._ears[0])
        listener.join()

    def _listen(self, ear: Heard) -> None:
        while not self.over.is_set():
            try:
                data, _ = ear.next()
            except TimeoutError:
                continue
            with _LOCK:
                self.streams.take(data)


_LOCK = threading.Lock()


class Pair:
    """Two players of one station, and the station."""

    def __init__(self, home: Path, seed: int) -> None:
        noise = np.random.default_rng(seed)
        sounds = [noise.integers(-30_000, 30_000, (RATE * s, 2)).astype(np.int32) for s in (TAKE_S, ALERT_S)]
        self.players = [Running(home, PORT, chain) for chain in ("radio", "radio.b")]
        settings = home / "station.toml"
        ways = (
            f'l16 = ["127.0.0.1:{FIRST}"]\nl16_twin = ["127.0.0.1:{SECOND}"]\nredundancy = "pair"\nrundowns ='
        )
        settings.write_text(settings.read_text().replace("rundowns =", ways))
        film, words = (stock(self.players[0].media, sound << 8) for sound in sounds)
        start = now_sample() // 480 * 480 - RATE
        takes = [take(f"x{k}", start + k * RATE * TAKE_S, film) for k in range(1_500)]
        self.station = Station(plan_of(takes, [film]), (words,))
        self.words, self.truth = words, Truth(start, *(sound.astype(np.int16) for sound in sounds))
        self.number = self.kills = 0

    def begin(self, player: Running) -> None:
        """Start a player and wait until it is heard."""
        player.start()
        self.station.join(player, PATIENCE).until(lambda m: isinstance(m, Status) and m.sending, PATIENCE)

    def alert(self) -> None:
        """An alert that begins in half a second, on both."""
        self.number += 1
        begin = now_sample() + RATE // 2
        end = begin + RATE * ALERT_S
        self.truth.alerts.append((begin, end))
        overlay = Overlay(
            id=f"a{self.number}/fm1", mode="replace", start=begin, end=end, priority=1, approval="alert:a",
            sequence=(self.words.sha256,),
        )  # fmt: skip
        self.station.cover(overlay)

    def twice(self) -> int:
        """Lines of the one log made of both players' that are there more than once."""
        engine = sa.create_engine("sqlite://")
        projections.metadata.create_all(engine)
        with engine.begin() as connection:
            for player in self.players:
                link, run, seq = player.link(PATIENCE), None, 0
                link.send(AsRunSince())
                while True:
                    try:
                        entries = link.until(lambda m: isinstance(m, AsRun), 3).entries
                    except AssertionError:
                        break
                    told = AiredEntries(chain=player.chain, entries=entries)
                    projections.AsRunTable().apply(connection, None, told)
                    run, seq = entries[-1].run, entries[-1].seq
                    link.send(AsRunAck(run=run, seq=seq))
            rows = [dict(row) for row in connection.execute(sa.select(projections.asrun)).mappings()]
        alerts = [row["ref"] for row in merged(rows) if row["source"] == "overlay"]
        return len(alerts) - len(set(alerts)) + abs(len(set(alerts)) - self.number)


def campaign(pair: Pair, kills: int, seed: int, over: threading.Event) -> None:
    """Kill, wait until the killed one is heard again, kill, until it has been done `kills` times or is over."""
    draw = random.Random(seed)
    for number in range(kills):
        if over.is_set():
            return
        if number % 3 == 0:
            pair.alert()
        time.sleep(draw.uniform(0.6, 1.4))
        player = draw.choice(pair.players)
        player.process.kill()
        player.process.wait()
        pair.begin(player)
        pair.kills += 1
        if pair.kills % 50 == 0:
            print(pair.kills, "killed", file=sys.stderr, flush=True)


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog="SIGTERM ends it after the next kill with the figures so far"
    )
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def figures(pair: Pair, receiver: Receiver, both: StreamEar, *, back: bool) -> dict[str, Any]:
    """What was counted; `back`: whether every killed player came back."""
    told = {**attrs.asdict(receiver.count, filter=lambda a, _: a.name not in ("truth", "last"))}
    told |= both.streams.figures()
    told |= {"kills": pair.kills, "all_came_back": back, "alerts": pair.number}
    return told | {"log_lines_twice": pair.twice() if back else None}


def all_came_back(pair: Pair, asked: argparse.Namespace, enough: threading.Event) -> bool:
    """The campaign; False where one did not come back: what was counted until then is told all the same."""
    try:
        campaign(pair, asked.kills, asked.seed, enough)
    except (AssertionError, OSError):
        return False
    return True


def main() -> int:
    """0: nothing missed, nothing different, nothing twice."""
    asked = arguments()
    with tempfile.TemporaryDirectory() as home:
        pair = Pair(Path(home) / "home", asked.seed)
        words = ["merge", "--channel", "fm1", "--out", f"127.0.0.1:{OUT}"]
        words += [word for port in (FIRST, SECOND) for word in ("--in", f"127.0.0.1:{port}")]
        merge = subprocess.Popen([sys.executable, "-m", "station.cli", *words], stdout=subprocess.PIPE)
        receiver, both = Receiver(pair.truth), StreamEar()
        try:
            for player in pair.players:
                pair.begin(player)
            receiver.start()
            both.start()
            time.sleep(1.0)
            found = proven(pair.truth, receiver.first) and both.streams.proven()
            began = time.monotonic()
            enough = threading.Event()
            signal.signal(signal.SIGTERM, lambda *_: enough.set())
            back = all_came_back(pair, asked, enough)
            time.sleep(1.0)
            for one in (receiver, both):
                one.over.set()
                one.join()
            told = figures(pair, receiver, both, back=back)
            told |= {"seconds": round(time.monotonic() - began), "planted_faults_found": found}
        finally:
            merge.kill()
            merge.wait()
            for player in pair.players:
                if player.process is not None:
                    player.process.kill()
                    player.process.wait()
    held = found and back and all(told[name] <= most for name, most in LIMIT.items())
    print(json.dumps({**told, "holds": held}))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
