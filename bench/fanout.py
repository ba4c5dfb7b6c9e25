"""A signed start order to N simulated terminals until the last acknowledgement, beside a bare echo of as many frames of the same length in the same run, interleaved.

usage: bench/fanout.py [--count 3300] [--rounds 200] [--port 27500] [--short]
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from station.clock import install

reactor = install("asyncio")

from twisted.internet.defer import Deferred, ensureDeferred  # noqa: E402
from twisted.internet.protocol import Protocol, ServerFactory  # noqa: E402

from devices.profile import load_profile  # noqa: E402
from devices.terminal_server import Fleet, Group  # noqa: E402
from devices.terminals import load_registry  # noqa: E402
from emergency import sm2  # noqa: E402

ECHO = """
import selectors, socket, sys
port, count = int(sys.argv[1]), int(sys.argv[2])
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
waits = selectors.DefaultSelector()
for _ in range(count):
    one = socket.create_connection(("127.0.0.1", port)); one.setblocking(False)
    waits.register(one, selectors.EVENT_READ)
while True:
    for key, _ in waits.select():
        data = key.fileobj.recv(65536)
        if not data: sys.exit()
        key.fileobj.send(data)
"""


def registry_text(count: int, villages: int = 293) -> str:
    """A made-up registry: terminals over villages of one county."""
    rows = ["code,name,area,longitude,latitude"]
    for k in range(count):
        village, place = k % villages, k // villages
        area = f"340422{100 + village // 12:03d}{200 + village % 12:03d}"
        rows.append(f"6{area}031401{4:02d}{place + 1:02d},T{k},{area},116.{k % 100:02d},32.{k % 90:02d}")
    return "\n".join(rows) + "\n"


def wait(seconds: float) -> Deferred:
    done: Deferred = Deferred()
    reactor.callLater(seconds, done.callback, None)
    return done


class Echoed(Protocol):
    def __init__(self, yard: EchoYard) -> None:
        self.yard, self.got = yard, 0

    def connectionMade(self) -> None:  # noqa: N802
        self.transport.setTcpNoDelay(True)
        self.yard.links.append(self)

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        self.got += len(data)
        if self.got >= self.yard.length:
            self.got = 0
            self.yard.left -= 1
            if not self.yard.left:
                self.yard.took.callback(time.perf_counter())


class EchoYard(ServerFactory):
    noisy = False

    def __init__(self) -> None:
        self.links: list[Echoed] = []
        self.length = self.left = 0
        self.took: Deferred = Deferred()

    def buildProtocol(self, addr: object) -> Echoed:  # noqa: N802
        return Echoed(self)

    def round(self, frame: bytes) -> Deferred:
        self.length, self.left, self.took = len(frame), len(self.links), Deferred()
        for link in self.links:
            link.transport.write(frame)
        return self.took


def children(asked: argparse.Namespace, home: Path) -> tuple[subprocess.Popen, subprocess.Popen]:
    """The simulated county and the bare echo."""
    words = ["-m", "station.cli", "sim", "terminals", "--port", str(asked.port), "--parent", str(os.getpid())]
    words += ["--registry", str(home / "registry.csv"), "--key", str(home / "key.pem")]
    words += ["--report", str(home / "report.json")]
    root = Path(__file__).resolve().parent.parent
    sim = subprocess.Popen([sys.executable, *words], cwd=root, stdout=subprocess.DEVNULL)
    return sim, subprocess.Popen([sys.executable, "-c", ECHO, str(asked.port + 1), str(asked.count)])


class Yard:
    """The fleet under test and the bare echo beside it, each with its clients in a process of their own."""

    def __init__(self, asked: argparse.Namespace, home: Path) -> None:
        key = sm2.generate()
        sm2.save_public(home / "key.pem", key.public)
        (home / "registry.csv").write_text(registry_text(asked.count))
        self.asked, self.lengths, self._signer = asked, [], sm2.signer(key)
        sessions = iter(range(1, 1 << 31))
        self.fleet = Fleet(
            reactor,
            load_registry(home / "registry.csv"),
            load_profile("gengfu-sim"),
            self._sign,
            "000000000001",
            lambda: time.time_ns() // 1000,
            lambda told: None,
            source="43404220000000103010101",
            next_session=lambda: next(sessions),
        )
        self.fleet.start()
        self.echo = EchoYard()
        ports = ((asked.port, self.fleet.door()), (asked.port + 1, self.echo))
        self._servers = [
            reactor.listenTCP(port, door, backlog=4096, interface="127.0.0.1") for port, door in ports
        ]
        self._sim, self._echo = children(asked, home)

    def _sign(self, data: bytes) -> bytes:
        self.lengths.append(len(data) + 68)
        return self._signer.sign(data)

    async def everybody(self) -> None:
        """Wait until all terminals and all echoes are connected."""
        count = self.asked.count
        while int(self.fleet.reported.known.sum()) < count or len(self.echo.links) < count:
            await wait(0.1)
        await wait(1.0)

    async def close(self) -> None:
        """End children and servers."""
        self.fleet.stop()
        self._sim.send_signal(signal.SIGTERM)
        self._echo.terminate()
        self._sim.wait(10)
        self._echo.wait(10)
        for server in self._servers:
            await server.stopListening()


async def measure(asked: argparse.Namespace, home: Path) -> dict:
    yard = Yard(asked, home)
    ours, bare = [], []
    try:
        await yard.everybody()
        for k in range(asked.rounds):
            ours.append(await one_round(yard.fleet, asked, k))
            begun = time.perf_counter()
            bare.append(await yard.echo.round(bytes(yard.lengths[0])) - begun)
        return {
            "count": asked.count,
            "rounds": asked.rounds,
            "frame_bytes": yard.lengths[0],
            "signed_start_to_last_acknowledgement_s": spread(ours),
            "bare_echo_of_the_same_length_s": spread(bare),
            "ratio_of_medians": round(statistics.median(ours) / statistics.median(bare), 2),
            "refused": dict(yard.fleet.refused),
            "load": [round(load, 1) for load in os.getloadavg()],
            "rounds_ms": [
                [round(1_000 * one), round(1_000 * other)] for one, other in zip(ours, bare, strict=True)
            ],
        }
    finally:
        await yard.close()


async def one_round(fleet: Fleet, asked: argparse.Namespace, k: int) -> float:
    now = time.time_ns() // 1000
    group = Group(
        alerts=(f"a{k}",),
        ebm_id=f"43404220000000103010101{20261122:08d}{k + 1:04d}",
        kind="actual",
        level=1,
        event="11B03",
        start=now,
        end=now + 60_000_000,
        url=f"rtp://239.192.107.{1 + k % 4}:{asked.port + 200}",
        areas=frozenset({"340422000000"}),
    )
    begun = time.perf_counter()
    fleet.want([group])
    while fleet.counts(f"a{k}").acknowledged < asked.count:
        await wait(0.001)
        if time.perf_counter() - begun > 20:
            raise SystemExit(f"round {k}: {fleet.counts(f'a{k}')}")
    took = time.perf_counter() - begun
    fleet.want([])
    while fleet.counts(f"a{k}").playing or fleet.unanswered:
        await wait(0.005)
    return took


def spread(values: list[float]) -> dict:
    ranked = sorted(values)
    found = {"median": statistics.median(ranked), "min": ranked[0], "max": ranked[-1]}
    if len(ranked) >= 200:
        found["p99"] = ranked[int(0.99 * len(ranked))]
    return {name: round(value, 4) for name, value in found.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=3300)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--port", type=int, default=27500)
    parser.add_argument("--short", action="store_true", help="5 rounds")
    asked = parser.parse_args()
    if asked.short:
        asked.rounds = 5
    result: list[dict] = []
    with tempfile.TemporaryDirectory() as home:
        done = ensureDeferred(measure(asked, Path(home)))
        done.addCallback(result.append)
        done.addErrback(lambda failure: failure.printTraceback())
        done.addBoth(lambda _: reactor.stop())
        reactor.run()
    print(json.dumps(result[0], indent=1) if result else "failed")
    return 0 if result else 1


if __name__ == "__main__":
    sys.exit(main())
