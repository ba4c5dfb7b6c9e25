"""Fuzz of EAS SAME: mutated headers, hostile sound. A thousand inputs here, FUZZ=1000000 by `make fuzz`; nothing but named errors, bounded CPU and memory."""

from __future__ import annotations

import io
import os
import random
import resource
import struct
import time

import numpy as np
from fuzz_kit import campaign, damaged

from emergency import event_map, same, same_audio, same_files
from emergency.same_monitor import BurstHeard, EndHeard, Message, Monitor
from station.words import Misheard, Refused

COUNT = int(os.environ.get("FUZZ", "1000"))
MOST_CPU_S = 0.1
MOST_MEMORY_KB = 64 * 1024
TEXT = "ZCZC-WXR-TOR-024031-124005+0030-3191423-KGNF/NWS-"
ALPHABET = "ZC-+0123456789ABC/? \n\r\x00é暴"


def mutated(text: str, pick: random.Random) -> str:
    letters = list(text) if pick.random() < 0.9 else []
    for _ in range(pick.randrange(8)):
        at = pick.randrange(len(letters) + 1)
        deed = pick.randrange(5)
        if deed == 0:
            letters.insert(at, pick.choice(ALPHABET))
        elif deed == 1:
            letters[at : at + 1] = [chr(pick.randrange(1 << 16))]
        elif deed == 2:
            del letters[at : at + pick.randrange(9)]
        elif deed == 3:
            letters[at:at] = letters[at : at + pick.randrange(40)] * pick.choice((1, 2, 60))
        else:
            letters[at:at] = "-000000" * pick.randrange(40)
    return "".join(letters)


def memory_kb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def test_fuzz_headers() -> None:
    pick, longest, read = random.Random(1), 0.0, 0
    before = memory_kb()
    for _ in range(COUNT):
        text = mutated(TEXT, pick)
        begun = time.process_time()
        try:
            header = same.read(text).header
            read += 1
            assert len(header.locations) <= same.LOCATIONS_AT_MOST
            assert same.read(same.write(header)).header == header
        except (Misheard, Refused) as error:
            assert error.text.en and error.text.zh
        longest = max(longest, time.process_time() - begun)
    assert read > COUNT // 10 and longest < MOST_CPU_S and memory_kb() - before < MOST_MEMORY_KB


def test_fuzz_names_of_events() -> None:
    pick = random.Random(2)
    for _ in range(COUNT):
        try:
            event_map.from_cap(
                mutated("暴雨 Heavy Rain Warning", pick), [("SAME", mutated("TOR", pick))], ["Other"]
            )
        except Refused as error:
            assert error.text.zh


RATES = (8_000, 11_025, 16_000, 48_000)


def programme(pick: random.Random, rate: int) -> np.ndarray:
    """Three bursts of a header, right or mutated, or of the end of message, a little apart."""
    text = pick.choice(
        (TEXT, TEXT.replace("024031", "-".join(f"{n:06d}" for n in range(31))), mutated(TEXT, pick), "NNNN")
    )
    one = same_audio.burst(text.encode("ascii", "replace")[:300].decode(), rate)
    return np.concatenate([one, np.zeros(pick.randrange(rate * 3 // 2), np.int16)] * 3)


def hostile(pick: random.Random, rng: np.random.Generator, good: np.ndarray) -> np.ndarray:
    """What comes in place of a block, or as what it comes; mostly as it is, so that there is something to hear."""
    count, kind = len(good), pick.randrange(60)
    if kind == 0:
        return rng.normal(size=pick.randrange(count + 1)).astype(np.float32) * 10 ** rng.uniform(-6, 6)
    if kind == 1:
        return rng.choice(np.array([np.nan, np.inf, -np.inf, 1e30, 0, -1]), count)
    if kind == 2:
        return np.full(pick.randrange(count + 1), pick.choice((-32_768, 0, 32_767)), np.int16)
    if kind == 3:
        return good[: pick.randrange(count + 1)]
    if kind == 4:
        return np.concatenate([good, good])
    if kind < 20:
        return np.clip(
            good + rng.normal(size=count) * pick.choice((1_000, 8_000, 30_000)), -32_768, 32_767
        ).astype(np.int16)
    return good / 32_768 if kind < 30 else good


def test_fuzz_sound() -> None:
    """An input is a block of at most 25 ms, seldom of a quarter of a second, of a stream that goes on."""
    pick, rng = random.Random(3), np.random.default_rng(3)
    before, longest, heard, at = 0, 0.0, 0, 0
    good = np.zeros(0, np.int16)
    for number in range(COUNT):
        if number % 2_000 == 0:
            rate = pick.choice(RATES)
            monitor = Monitor(rate)
            at = len(good)
        if at >= len(good):
            good, at = programme(pick, rate), 0
        most = rate // 4 if pick.randrange(50) == 0 else rate // 40
        block = good[at : at + pick.randrange(most) + 1]
        at += len(block)
        block = hostile(pick, rng, block)
        begun = time.process_time()
        said = monitor.feed(block)
        longest = max(longest, time.process_time() - begun)
        if number % 2_000 == 1_999:
            said += monitor.finish()
        assert all(isinstance(event, BurstHeard | EndHeard | Message) for event in said)
        heard += len(said)
        assert len(monitor._ears._sound) < 7 * rate and len(monitor._group) <= 3
        before = before or memory_kb()
    assert heard >= COUNT // 1_000, heard
    assert longest < MOST_CPU_S and memory_kb() - before < MOST_MEMORY_KB, (longest, memory_kb() - before)


def test_fuzz_files() -> None:
    form = struct.pack("<HHIIHH", 1, 1, 8_000, 16_000, 2, 16)
    wide = struct.pack("<HHIIHH", 0xFFFE, 2, 48_000, 0, 8, 32) + struct.pack("<HIH", 22, 3, 3) + bytes(14)
    seeds = [
        b"RIFF\x00\x01\x00\x00WAVE"
        + b"".join(name + struct.pack("<I", len(body)) + body for name, body in chunks)
        for chunks in (
            ((b"fmt ", form), (b"data", bytes(range(100)))),
            ((b"LIST", b"abcd"), (b"fmt ", wide), (b"data", b"\x7f" * 64)),
        )
    ]
    heard = 0

    def ask(chance: random.Random) -> None:
        nonlocal heard
        try:
            _, blocks = same_files.blocks(
                io.BytesIO(damaged(chance, chance.choice(seeds))), chance.choice((None, 8_000))
            )
            for block in blocks:
                assert np.abs(block).max() <= 1
                heard += len(block)
        except (Misheard, Refused) as error:
            assert error.text.zh

    campaign("files of sound", ask)
    assert heard
