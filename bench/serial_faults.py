"""How many wrong values are believed on a faulty serial Modbus line: transactions in told time against units written here, which share no codec with the product.

    python bench/serial_faults.py [--rounds 1000000] [--seed 1] [--json FILE] [--short]

Every value tells its unit, address and transaction, so that an answer from before is wrong. Half of all transactions meet a
fault: late (up to the time that the line is kept free for), silent, cross (another unit's answer, or to another question),
truncated, wrong count, wrong function, wrong echo, wrong unit, garbage, noise before, one to three flipped bits, twice, in pieces, or
several of them (a second time follows at once: what is
repeated after a silence answers a later question as well as its own, and no master can tell). The others are good and must be believed, unless bytes of an earlier one still come (`disturbed`). A late answer that comes after `Timing.late` is no part of this: no
master can tell it from its own. Heavier damage than three bits passes a CRC-16 once in 65,536: that is the wire's figure.
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
import time
from collections import Counter
from pathlib import Path

import attrs

from devices.modbus import Answered, Ask, Read, WriteCoil, WriteRegister
from devices.modbus_rtu import Exchange, Silent, serial_timing

FAULTS = (
    "late", "silent", "cross unit", "cross question", "truncated", "count", "function", "echo", "unit",
    "garbage", "noise", "bits", "twice", "pieces",
)  # fmt: skip
FUNCTIONS = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
TIMEOUT = 50_000  # µs
LATE_KEPT = 400_000  # µs that the line is kept free for a late answer
TIMING = serial_timing(19_200, 11, late=400_000)
OWN_WORDS = {WriteCoil: 5, WriteRegister: 6}


def crc(data: bytes, table=[]) -> bytes:  # noqa: B006 - made once
    """CRC-16 as it stands on the wire, from a table made here."""
    if not table:
        for octet in range(256):
            for _ in range(8):
                octet = octet >> 1 ^ (0xA001 if octet & 1 else 0)
            table.append(octet)
    value = 0xFFFF
    for octet in data:
        value = value >> 8 ^ table[(value ^ octet) & 0xFF]
    return value.to_bytes(2, "little")


def held(unit: int, address: int, k: int) -> int:
    """What a register says in transaction k."""
    return (unit * 40_503 + address * 2_531 + k * 7_919) & 0xFFFF


class Line:
    """The units of one line and what is on its way from them."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.coming: list[tuple[int, int, bytes]] = []
        self.obeyed = -1  # the newest transaction whose write was done
        self._count = 0

    def say(self, at: int, data: bytes) -> None:
        self._count += 1
        heapq.heappush(self.coming, (at, self._count, data))

    def question(self) -> Ask:
        """Mostly of the same shapes, so that a stray answer fits."""
        dice, unit = self.dice, self.dice.randrange(1, 4)
        kind = dice.randrange(8)
        if kind == 0:
            return WriteCoil(unit=unit, address=dice.randrange(2), on=dice.random() < 0.5)
        if kind == 1:
            return WriteRegister(unit=unit, address=dice.randrange(2), value=dice.randrange(2))
        table = dice.choice(("holding", "holding", "input", "coil"))
        return Read(unit=unit, table=table, address=dice.randrange(4), count=dice.choice((2, 2, 8)))

    def answer(self, frame: bytes, k: int) -> bytes:
        """The right PDU."""
        code, address, word = frame[1], int.from_bytes(frame[2:4], "big"), int.from_bytes(frame[4:6], "big")
        if code in (5, 6):
            return frame[1:6]
        return self.values(code, frame[0], address, word, k)

    def values(self, code: int, unit: int, address: int, count: int, k: int) -> bytes:
        if code in (1, 2):
            whole = sum((held(unit, address + n, k) & 1) << n for n in range(count))
            data = whole.to_bytes(-(-count // 8), "little")
        else:
            data = b"".join(held(unit, address + n, k).to_bytes(2, "big") for n in range(count))
        return bytes([code, len(data)]) + data

    def asked(self, frame: bytes, k: int, now: int) -> set[str]:
        """Put on the wire what comes of a request; which faults struck."""
        dice = self.dice
        struck = set(dice.sample(FAULTS, dice.choice((1, 1, 1, 2, 3)))) if k % 2 else set()
        unit, code = frame[0], frame[1]
        at = now + TIMING.char * len(frame) + dice.randrange(2_000, 12_000)
        if code in (5, 6) and "silent" not in struck:
            self.obeyed = k
        right = self.answer(frame, k)
        pdu = self._twisted(right, frame, struck, k)
        if "cross unit" in struck:
            other = bytes([unit % 3 + 1]) + self.answer(bytes([unit % 3 + 1]) + frame[1:], k)
            self.say(at, other + crc(other))
            at += 4_000 + TIMING.char * len(other)
        late = "late" in struck
        if "silent" not in struck:
            over = now + TIMING.char * (len(frame) + 3 + len(right)) + TIMEOUT if late else 0
            self._out(at, unit % 3 + 1 if "unit" in struck else unit, pdu, struck, over)
        return struck

    def _twisted(self, pdu: bytes, frame: bytes, struck: set[str], k: int) -> bytes:
        code, dice = pdu[0], self.dice
        if "cross question" in struck:  # what another question would have got
            pdu = self.values(3, frame[0], 7, dice.choice((1, 3, 5, 9)), k)
        elif "count" in struck and code < 5:
            pdu = pdu[:-2] if dice.random() < 0.5 else pdu + b"\1\2"
            pdu = pdu[:1] + bytes([max(0, len(pdu) - 2)]) + pdu[2:] if dice.random() < 0.5 else pdu
        elif "echo" in struck and code >= 5:
            at = dice.randrange(1, 5)
            pdu = pdu[:at] + bytes([pdu[at] ^ 1 << dice.randrange(8)]) + pdu[at + 1 :]
        return (
            bytes([dice.choice([n for n in range(1, 7) if n != code])]) + pdu[1:]
            if "function" in struck
            else pdu
        )

    def _out(self, at: int, unit: int, pdu: bytes, struck: set[str], over: int) -> None:
        dice, body = self.dice, bytes([unit]) + pdu
        data = body + crc(body)
        if "twice" in struck:
            data += data
        if "bits" in struck:
            whole = int.from_bytes(data, "big")
            for bit in dice.sample(range(8 * len(data)), dice.randrange(1, 4)):
                whole ^= 1 << bit
            data = whole.to_bytes(len(data), "big")
        if "truncated" in struck:
            data = data[: dice.randrange(1, len(data))]
        if "garbage" in struck:
            data = dice.randbytes(dice.randrange(1, 40))
        if "noise" in struck:
            data = dice.randbytes(dice.randrange(1, 5)) + data
        pieces = [data[n : n + 1] for n in range(len(data))] if "pieces" in struck else [data]
        once = len(body) + 2  # the second time follows at once
        gaps = [dice.randrange(20_000) if len(pieces) > 1 and n < once else 0 for n in range(len(pieces))]
        if over:  # after its time was up, but whole before the line is free again
            at = over + dice.randrange(max(1, TIMING.late - sum(gaps) - TIMING.char * len(data)))
        for piece, gap in zip(pieces, gaps, strict=True):
            at += TIMING.char * len(piece) + gap
            self.say(at, piece)


def believed_wrong(ask: Ask, words: tuple[int, ...], k: int, line: Line) -> bool:
    """Whether what was believed is not what the unit held, or had not been done."""
    if not isinstance(ask, Read):
        return line.obeyed != k
    right = tuple(held(ask.unit, ask.address + n, k) for n in range(ask.count))
    return words != (tuple(w & 1 for w in right) if ask.table == "coil" else right)


def campaign(seed: int, rounds: int) -> Counter[str]:
    """Counts of good, good believed, faulty, faulty believed, wrong; and how each fault fared."""
    line, exchange, found, now = Line(seed), Exchange(attrs.evolve(TIMING, late=LATE_KEPT)), Counter(), 0
    for k in range(rounds):
        while (free := exchange.free_at()) > now:
            now, _ = step(line, exchange, now, free)
        ask, disturbed = line.question(), bool(line.coming)
        struck = line.asked(exchange.asked(ask, now, TIMEOUT), k, now)
        heard = None
        while not (isinstance(heard, Silent) or (heard is not None and exchange.free_at() is not None)):
            now, heard = step(line, exchange, now, None)
        believed = isinstance(heard, Answered)
        kind = "faulty" if struck else "disturbed" if disturbed else "good"
        found.update({kind: 1, f"{kind} believed": int(believed)})
        found["wrong"] += believed and believed_wrong(ask, heard.value, k, line)
        found.update(struck)
    found["simulated s"] = now // 1_000_000
    return found


def step(line: Line, exchange: Exchange, now: int, free: int | None):
    """To the next thing that happens: (time, what the exchange says)."""
    due = exchange.due()
    ends = [moment for moment in (due, free) if moment is not None]
    if line.coming and (not ends or line.coming[0][0] < min(ends)):
        at, _, data = heapq.heappop(line.coming)
        exchange.fed(data, max(at, now))
        return max(at, now), None
    now = max(now, min(ends))
    return now, exchange.passed(now)


def main() -> int:
    """0 when nothing wrong was believed and 99.9 % of the good ones were."""
    import outside

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--short", action="store_true", help="10,000 transactions")
    options = parser.parse_args()
    rounds = 10_000 if options.short else options.rounds
    began = time.process_time()
    found = campaign(options.seed, rounds)
    cpu = time.process_time() - began
    sys.stdout.write(
        f"{rounds} transactions, seed {options.seed}, {cpu:.1f} s of CPU: {dict(sorted(found.items()))}\n"
    )
    lost = 100 * (1 - found["good believed"] / found["good"])
    verdicts = [
        outside.verdict("wrong values believed on a faulty serial line", found["wrong"], 0, ""),
        outside.verdict("good answers not believed, between the faulty ones", lost, 0.1, "%"),
    ]
    return outside.finish(
        {"bench": "serial_faults", "rounds": rounds, "found": dict(found), "verdicts": verdicts}, options.json
    )


if __name__ == "__main__":
    sys.exit(main())
