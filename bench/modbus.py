"""How many answers are believed that are wrong: our bus against pymodbus' own client, on the same simulated transmitter under the same faults.

    python bench/modbus.py [--asks 400] [--rounds 5] [--json FILE] [--short]

By turns two values of known content are read. An answer is wrong when what the caller gets is not exactly that content.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import outside

FAULTS = "short long function unit tid echo twice pieces exception share=5"
TRUTH = {(0, 3): (0x4746, 0x5458, 1), (20, 2): (98_500 & 0xFFFF, 98_500 >> 16)}
TIMEOUT = 0.2


def simulator() -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", "sim", "transmitter", "--port", "0", "--faults", FAULTS],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    return process, int(process.stdout.readline().split()[-1])


def ours(port: int, asks: int) -> dict[str, float]:
    """One run of our bus, in this process."""
    from station.clock import install

    reactor = install("epoll")
    from devices.bus import Bus
    from station.links import TcpLink
    from station.words import Instant

    bus = Bus(reactor, TcpLink("127.0.0.1", port), lambda: Instant(time.time_ns() // 1000))
    found = {"right": 0, "wrong": 0, "unanswered": 0}
    latencies: list[float] = []

    def step(k: int) -> None:
        if k == asks:
            reactor.stop()
        elif bus.up:
            _asked(bus, k, found, latencies).addBoth(lambda _: reactor.callLater(0, step, k + 1))
        else:
            reactor.callLater(0.01, step, k)

    bus.start()
    reactor.callLater(0.2, step, 0)
    reactor.run()
    return {**found, "median_ms": 1000 * statistics.median(latencies)}


def _asked(bus, k: int, found: dict[str, int], latencies: list[float]):
    """Ask the bus for the k-th time and count what comes of it."""
    from devices.bus import Lane, Unanswered
    from devices.modbus import Read

    address, count = list(TRUTH)[k % 2]
    began = time.perf_counter()

    def good(got) -> None:
        latencies.append(time.perf_counter() - began)
        found["right" if got.words == TRUTH[address, count] else "wrong"] += 1

    def bad(failure) -> None:
        failure.trap(Unanswered)
        found["unanswered"] += 1

    ask = Read(unit=1, table="input", address=address, count=count)
    return bus.ask(ask, Lane.ORDER, timeout=TIMEOUT).addCallbacks(good, bad)


def peer(port: int, asks: int) -> dict[str, float]:
    """One run of pymodbus' asynchronous client, no retries, the same time limit."""
    import logging

    from pymodbus.client import AsyncModbusTcpClient
    from pymodbus.exceptions import ModbusException

    logging.disable(logging.CRITICAL)
    found = {"right": 0, "wrong": 0, "unanswered": 0}
    latencies: list[float] = []

    async def run() -> None:
        client = AsyncModbusTcpClient(
            "127.0.0.1", port=port, timeout=TIMEOUT, retries=0, reconnect_delay=0.1, reconnect_delay_max=1
        )
        await client.connect()
        for k in range(asks):
            while not client.connected:
                await asyncio.sleep(0.01)
                await client.connect()
            address, count = list(TRUTH)[k % 2]
            began = time.perf_counter()
            try:
                got = await client.read_input_registers(address, count=count, device_id=1)
            except (TimeoutError, ModbusException):
                found["unanswered"] += 1
                continue
            if got.isError():
                found["unanswered"] += 1
                continue
            latencies.append(time.perf_counter() - began)
            found["right" if tuple(got.registers) == TRUTH[address, count] else "wrong"] += 1
        client.close()

    asyncio.run(run())
    return {**found, "median_ms": 1000 * statistics.median(latencies)}


def child(which: str, asks: int) -> dict[str, float]:
    """One run in a process of its own against a fresh simulator with the same seed."""
    process, port = simulator()
    try:
        done = subprocess.run(
            [sys.executable, __file__, "--one", which, "--port", str(port), "--asks", str(asks)],
            capture_output=True,
            text=True,
            check=True,
        )
    finally:
        process.terminate()
        process.wait(5)
    return json.loads(done.stdout.splitlines()[-1])


def arguments() -> argparse.Namespace:
    """What was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--asks", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=["ours", "peer"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--short", action="store_true", help="2 rounds of 60")
    options = parser.parse_args()
    if options.short:
        options.asks, options.rounds = 60, 2
    return options


def main() -> int:
    """0 when nothing wrong was believed, under faults that the peer met in every round."""
    options = arguments()
    if options.one:
        found = (ours if options.one == "ours" else peer)(options.port, options.asks)
        sys.stdout.write(json.dumps(found) + "\n")
        return 0
    runs: dict[str, list[dict[str, float]]] = {"ours": [], "peer": []}
    for _ in range(options.rounds):
        for which in runs:
            runs[which].append(child(which, options.asks))
    for which, found in runs.items():
        parts = [
            f"{name} {statistics.median(one[name] for one in found):.4g} ({min(one[name] for one in found):.4g}–{max(one[name] for one in found):.4g})"
            for name in ("right", "wrong", "unanswered", "median_ms")
        ]
        sys.stdout.write(f"{which:<5} of {options.asks}: {', '.join(parts)}\n")
    wrong = sum(one["wrong"] for one in runs["ours"])
    unmet = sum(not one["wrong"] + one["unanswered"] for one in runs["peer"])
    verdicts = [
        outside.verdict("wrong values believed, of reads under planted faults", wrong, 0, ""),
        outside.verdict("rounds in which the peer met no fault", unmet, 0, ""),
    ]
    return outside.finish(
        {"bench": "modbus", "asks": options.asks, **runs, "verdicts": verdicts}, options.json
    )


if __name__ == "__main__":
    sys.exit(main())
