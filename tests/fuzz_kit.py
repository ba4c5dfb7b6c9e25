"""A fuzz campaign over one question: bounded CPU each, bounded memory in all. A thousand inputs, FUZZ=1000000 by `make fuzz`."""

from __future__ import annotations

import os
import random
import resource
import time
from collections.abc import Callable, Sequence

COUNT = int(os.environ.get("FUZZ", "1000"))
SLOWEST_S = 0.1
GROWTH_MB = 64


def campaign(name: str, ask: Callable[[random.Random], object]) -> None:
    """Ask COUNT times; each answer within SLOWEST_S of the processor, all of them within GROWTH_MB."""
    chance = random.Random(name)
    for _ in range(50):
        ask(chance)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for number in range(COUNT):
        begun = time.thread_time()
        ask(chance)
        took = time.thread_time() - begun
        assert took < SLOWEST_S, f"{name}: input {number} took {took:.3f} s"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < GROWTH_MB, f"{name}: {grown:.0f} MB more"


def damaged(chance: random.Random, seed: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Bytes with a few changed, cut out, doubled, or put in; of `others`, where there are any, or left as they are."""
    data = seed
    for _ in range(chance.choice((0, 1, 1, 2, 5) if others else (1, 1, 2, 3, 8))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((0, 1, 1, 2, 4, 30)))
        mixed = (chance.choice(others),) if others else ()
        put = chance.choice(
            (b"", chance.randbytes(chance.randrange(1, 5)), data[at:end] * 2, b"\xff" * 4, bytes(4), *mixed)
        )
        data = data[:at] + put + data[end:]
    return data
