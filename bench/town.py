"""The simulated terminals as a child of a bench: says in CLOCK_MONOTONIC ns when the last of them acknowledged, and when all are silent again.

usage: town.py PORT REGISTRY PUBLIC_KEY        ends with its stdin
"""

from __future__ import annotations

import asyncio
import csv
import json
import resource
import sys
import time
from pathlib import Path

from devices import sim_wire as wire
from devices.sim_sm2 import PublicKey
from devices.sim_terminal import Broadcast
from devices.sim_town import Options, Town


class Watched(Town):
    """A town that tells."""

    length = 0

    def judge(self, data: bytes) -> tuple[wire.Order | None, str]:
        """As ever; notes the length of start orders."""
        found = super().judge(data)
        if found[0] is not None and found[0].verb == wire.START:
            self.length = len(data)
        return found

    def acknowledged(self, broadcast: Broadcast, order: wire.Order, code: str) -> None:
        """As ever; tells of the first and the last."""
        before = len(broadcast.acknowledged)
        super().acknowledged(broadcast, order, code)
        count = len(broadcast.acknowledged)
        if count != before and count in (1, len(self.terminals)):
            name = "first" if count == 1 else "all"
            self.tell({name: time.monotonic_ns(), "ebm": broadcast.programme.ebm, "frame": self.length})

    def idle(self, broadcast: Broadcast) -> None:
        """As ever; tells when nobody plays."""
        super().idle(broadcast)
        if not broadcast.players:
            self.tell({"silent": time.monotonic_ns(), "ebm": broadcast.programme.ebm})

    def tell(self, row: dict[str, object]) -> None:
        """A line of JSON."""
        print(json.dumps(row), flush=True)


async def run(port: int, codes: list[str], key: PublicKey) -> None:
    """Until stdin ends."""
    loop = asyncio.get_running_loop()
    town = Watched(codes, key.verify, Options(host="127.0.0.1", port=port), loop)
    town.open()
    await loop.run_in_executor(None, sys.stdin.read)
    town.close()


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with Path(sys.argv[2]).open(encoding="utf-8-sig", newline="") as file:
        registry = [row["code"] for row in csv.DictReader(file)]
    asyncio.run(run(int(sys.argv[1]), registry, PublicKey.read(Path(sys.argv[3]))))
