"""CPU of one Modbus/TCP poll of 40 registers: our bus on the station's reactor against raw pymodbus asyncio, on the same simulator in a process of its own.

    python bench/modbus_cpu.py [--polls 4000] [--rounds 5] [--json FILE] [--short]

Each side asks one after the other over one connection and checks every answer; counted is its own process' CPU while it asks.
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

COUNT = 40
TRUTH = tuple(range(10, 10 + COUNT))  # holding register n holds n


def simulator() -> tuple[subprocess.Popen[str], int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "station.cli", "sim", "registers", "--port", "0"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    return process, int(process.stdout.readline().split()[-1])


def ours(port: int, polls: int) -> dict[str, float]:
    """CPU µs a poll of our bus, on the reactor that the station runs."""
    from station.clock import install

    reactor = install("asyncio")
    from devices.bus import Bus, Lane
    from devices.modbus import Read
    from station.links import TcpLink
    from station.words import Instant

    bus = Bus(reactor, TcpLink("127.0.0.1", port), lambda: Instant(time.time_ns() // 1000))
    ask = Read(unit=1, table="holding", address=10, count=COUNT)
    found = {"right": 0, "began": 0.0}

    def step(got=None) -> None:
        if got is not None:
            found["right"] += got.words == TRUTH
        if found["right"] == polls:
            found["us"] = 1e6 * (time.process_time() - found["began"]) / polls
            reactor.stop()
            return
        bus.ask(ask, Lane.POLL, timeout=2).addCallback(step)

    def begin() -> None:
        if not bus.up:
            reactor.callLater(0.01, begin)
            return
        found["began"] = time.process_time()
        step()

    bus.start()
    reactor.callWhenRunning(begin)
    reactor.run()
    return found


def peer(port: int, polls: int) -> dict[str, float]:
    """CPU µs a poll of pymodbus' asynchronous client."""
    import logging

    from pymodbus.client import AsyncModbusTcpClient

    logging.disable(logging.CRITICAL)
    found = {"right": 0}

    async def run() -> None:
        client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=2, retries=0)
        await client.connect()
        began = time.process_time()
        for _ in range(polls):
            got = await client.read_holding_registers(10, count=COUNT, device_id=1)
            found["right"] += tuple(got.registers) == TRUTH
        found["us"] = 1e6 * (time.process_time() - began) / polls
        client.close()

    asyncio.run(run())
    return found


def child(which: str, port: int, polls: int) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--one", which, "--port", str(port), "--polls", str(polls)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return json.loads(done.stdout.splitlines()[-1])


def main() -> int:
    """0 when our poll takes at most 0.7 of the peer's CPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--polls", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--one", choices=["ours", "peer"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--short", action="store_true", help="3 rounds of 1000")
    options = parser.parse_args()
    if options.one:
        found = (ours if options.one == "ours" else peer)(options.port, options.polls)
        sys.stdout.write(json.dumps(found) + "\n")
        return 0
    if options.short:
        options.polls, options.rounds = 1000, 3
    runs: dict[str, list[float]] = {"ours": [], "peer": []}
    process, port = simulator()
    wrong = 0
    try:
        for _ in range(options.rounds):
            for which, made in runs.items():
                found = child(which, port, options.polls)
                wrong += found["right"] != options.polls
                made.append(found["us"])
    finally:
        process.terminate()
        process.wait(5)
    for which, made in runs.items():
        spread = f"{min(made):.0f}–{max(made):.0f}"
        sys.stdout.write(f"{which:<5} {statistics.median(made):.0f} µs of CPU a poll ({spread})\n")
    ratio = statistics.median(a / b for a, b in zip(runs["ours"], runs["peer"], strict=True))
    verdicts = [
        outside.verdict("CPU of a poll of 40 registers, of raw pymodbus'", ratio, 0.7, ""),
        outside.verdict("rounds with an answer that was not right", wrong, 0, ""),
    ]
    return outside.finish(
        {"bench": "modbus_cpu", "polls": options.polls, **runs, "verdicts": verdicts}, options.json
    )


if __name__ == "__main__":
    sys.exit(main())
