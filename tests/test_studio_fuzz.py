"""Fuzz of the wires of studio, clock and modem. A thousand inputs here for each, FUZZ=1000000 by `make fuzz`; nothing escapes, bounded CPU and memory."""

import os
import random
import resource
import time

import pytest

from devices.sim_uecp import Coder
from devices.turns import ENDS, Answered, Declined, Garbled, Reply, Stray, Told
from devices.uecp import Ask, Send, UecpWire
from devices.uecp_elements import Pty, Request

COUNT = int(os.environ.get("FUZZ", "1000"))
SLOWEST_S = 0.1
GROWTH_MB = 64
KINDS = (Answered, Declined, Garbled, Stray, Told, Reply)

# a wire, a device that answers it, questions
WIRES = {
    "uecp": (lambda: UecpWire(1, 1), Coder, [Send((Pty(pty=1),)), Ask(Request(mec=7))]),
}


def seeds(name):
    """What the device really says to each question, and to whoever connects."""
    make, device, asks = WIRES[name]
    told, session = [], device().session()
    told += session.greeting()
    for ask in asks:
        wire = make()
        for said in session.heard(wire.asked(ask)):
            told.append(said)
            for heard in wire.feed(said):
                told += session.heard(heard.data) if isinstance(heard, Reply) else []
    return [one for one in told if one]


def damaged(chance, seed, others):
    """A message with a few bytes changed, cut out, doubled, or mixed with another."""
    data = seed
    for _ in range(chance.choice((0, 1, 1, 2, 5))):
        at = chance.randrange(len(data) + 1)
        end = min(len(data), at + chance.choice((0, 1, 1, 3, 20)))
        put = chance.choice(
            (b"", chance.randbytes(chance.randrange(4)), data[at:end] * 2, chance.choice(others))
        )
        data = data[:at] + put + data[end:]
    return data


@pytest.mark.parametrize("name", WIRES)
def test_fuzz_what_a_device_says(name):
    chance, (make, _, asks) = random.Random(name), WIRES[name]
    others = seeds(name)
    assert others
    answered, before = 0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    wire = make()
    for number in range(COUNT):
        if number % 20 == 0 or wire.waiting:
            wire = make()
        begun = time.thread_time()
        wire.asked(chance.choice(asks))
        waiting = wire.waiting
        data = b"".join(
            damaged(chance, chance.choice(others), others) for _ in range(chance.choice((1, 1, 3)))
        )
        cut = chance.randrange(len(data) + 1)
        said = wire.feed(data[:cut]) + wire.feed(data[cut:]) + (wire.cut() if wire.holding else [])
        assert all(isinstance(one, KINDS) for one in said)
        assert not wire.holding
        assert wire.waiting == (waiting and not any(isinstance(one, ENDS) for one in said))
        answered += any(isinstance(one, Answered) for one in said)
        took = time.thread_time() - begun
        assert took < SLOWEST_S, f"{name}: input {number} took {took:.3f} s"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < GROWTH_MB
    assert 0 < answered < COUNT  # some are still answers, most are not


@pytest.mark.parametrize("name", WIRES)
def test_fuzz_a_stream_of_anything_is_bounded(name):
    chance, wire = random.Random(name), WIRES[name][0]()
    for _ in range(COUNT // 10):
        for one in wire.feed(chance.randbytes(chance.randrange(2_000))):
            assert isinstance(one, KINDS)
    held = len(getattr(wire, "_held", b""))
    assert held < 10_000
