"""EAS SAME headers heard beside multimon-ng on the same files; false headers in hours of noise and speech; speed.

usage: bench/same.py [--short] [--seeds N] [--false HOURS]

The sender here shares no code with the product: it adds up phase in floats. SNR is the power of a burst over that of the noise, white
over the whole band of 0 to 11,025 Hz unless the row says otherwise. A header counts as heard when exactly it is printed, and as wrong
when another one is. In the hours a header is planted every ten minutes, 10 dB over the noise: each must be heard, and nothing else.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import outside

RATE = 22_050
SNRS = (10, 6, 3, 0, -3, -6)
ASKED = (10, 6, 3, 0)  # of these the limit speaks
SENTENCES = (
    "This is the county radio. The weather today: cloudy, later rain in the east. Now the news.",
    "各位听众,现在是午间新闻。今天下午我县东部有中到大雨,请注意防范。下面请听天气预报和农业信息。",
    "One zero zero one one, two five seven, four o'clock, z c z c, dash dash dash, w x r, t o r.",
)


def header(pick: random.Random, places: int = 0) -> str:
    """A header of random content."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    event = pick.choice(("TOR", "SVR", "FFW", "RWT", "RMT", "CEM", "EAN", "CAE", "HWW", "TSW"))
    where = [f"{pick.randrange(10)}{pick.randrange(1, 57):02d}{pick.randrange(999):03d}" for _ in range(99)]
    unique = list(dict.fromkeys(where))[: places or pick.choice((1, 2, 5, 12))]
    valid = pick.choice(("0015", "0030", "0100", "0430", "0600"))
    issued = f"{pick.randrange(1, 367):03d}{pick.randrange(24):02d}{pick.randrange(60):02d}"
    sender = "".join(pick.choices(letters, k=4)) + pick.choice(("/FM ", "/TV ", "    ", "/NWS"))
    return f"ZCZC-{pick.choice(('WXR', 'CIV', 'EAS', 'PEP'))}-{event}-{'-'.join(unique)}+{valid}-{issued}-{sender}-"


def burst(text: str, speed: float = 1.0) -> np.ndarray:
    """One burst of amplitude 1: the phase is added up sample by sample."""
    data = bytes([0xAB]) * 16 + text.encode("ascii")
    bits = np.array([byte >> place & 1 for byte in data for place in range(8)])
    count = int(len(bits) / 520.8333 / speed * RATE)
    bit = np.minimum((np.arange(count) / RATE * 520.8333 * speed).astype(int), len(bits) - 1)
    return np.sin(np.cumsum(2 * np.pi * np.where(bits[bit], 2083.3, 1562.5) * speed / RATE))


def message(text: str, speed: float = 1.0) -> np.ndarray:
    one = np.concatenate([burst(text, speed), np.zeros(int(RATE / speed))])
    return np.concatenate([np.zeros(RATE // 2), one, one, one])


def white(snr: float, rng: np.random.Generator, count: int) -> np.ndarray:
    return rng.normal(size=count) * np.sqrt(0.5 / 10 ** (snr / 10))


def shaped(sound: np.ndarray, gain: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """A sound through a filter told by its gain at each frequency."""
    spectrum = np.fft.rfft(sound)
    return np.fft.irfft(spectrum * gain(np.fft.rfftfreq(len(sound), 1 / RATE)), len(sound))


def voice_band(sound: np.ndarray) -> np.ndarray:
    """Limited to 300 … 3,400 Hz, at the power it had."""
    kept = shaped(sound, lambda hertz: ((hertz > 300) & (hertz < 3_400)).astype(float))
    return kept * np.sqrt(np.mean(sound**2) / max(np.mean(kept**2), 1e-20))


def wow(sound: np.ndarray) -> np.ndarray:
    at = np.arange(len(sound))
    return np.interp(at + RATE * 0.01 / 6 * np.sin(6 * at / RATE), at, sound)


Case = Callable[[str, float, np.random.Generator, np.ndarray], np.ndarray]


def plain(text: str, snr: float, rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    sound = message(text)
    return sound + white(snr, rng, len(sound))


def at_speed(speed: float) -> Case:
    def made(text: str, snr: float, rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
        sound = message(text, speed)
        return sound + white(snr, rng, len(sound))

    return made


def telephone(text: str, snr: float, rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    sound = message(text)
    return voice_band(sound) + voice_band(white(snr, rng, len(sound)))


def dull(text: str, snr: float, rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    sound = message(text)
    return shaped(sound + white(snr, rng, len(sound)), lambda hertz: 1 / (1 + (hertz / 1_200) ** 4))


def clipped(text: str, snr: float, rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    sound = message(text)
    return np.clip(sound + white(snr, rng, len(sound)), -0.3, 0.3)


def taped(text: str, snr: float, rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    sound = wow(message(text))
    return sound + white(snr, rng, len(sound))


def under_speech(text: str, snr: float, rng: np.random.Generator, speech: np.ndarray) -> np.ndarray:
    sound = message(text)
    begin = int(rng.integers(len(speech)))
    talk = np.resize(np.roll(speech, -begin), len(sound))
    return sound + talk * np.sqrt(0.5 / 10 ** (snr / 10) / np.mean(talk**2))


CASES: dict[str, Case] = {
    "white noise": plain,
    "3 % slow": at_speed(0.97),
    "5 % slow": at_speed(0.95),
    "5 % fast": at_speed(1.05),
    "noise in 300 to 3,400 Hz": telephone,
    "muffled": dull,
    "clipped": clipped,
    "tape with 1 % wow": taped,
    "under speech": under_speech,
}


def save(sound: np.ndarray, path: Path) -> None:
    scaled = sound * (20_000 / max(np.abs(sound).max(), 1e-9))
    np.rint(scaled).astype("<i2").tofile(path)


def ours(paths: list[Path]) -> dict[Path, list[str]]:
    """Headers in each file, by the command."""
    words = [outside.GENGFU, "same", "decode", *map(str, paths), "--rate", str(RATE)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=outside.environment())
    found: dict[Path, list[str]] = {path: [] for path in paths}
    for line in done.stdout.splitlines():
        said = json.loads(line)
        if said["header"]:
            found[Path(said["file"])].append(said["header"])
    return found


def theirs(paths: list[Path]) -> dict[Path, list[str]]:
    found = {}
    for path in paths:
        words = ["multimon-ng", "-q", "-t", "raw", "-a", "EAS", str(path)]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        found[path] = re.findall(r"^EAS: (ZCZC.*)$", said, re.MULTILINE)
    return found


def compare(
    seeds: int, folder: Path, speech: np.ndarray
) -> tuple[list[dict[str, object]], dict[str, list[int]]]:
    """Verdicts, and the sums of each SNR: files, ours, multimon-ng's, ours wrong, theirs wrong."""
    print(f"{'':<26} {'SNR':>4} {'files':>6} {'ours':>6} {'multimon':>9}   wrong: ours, multimon")
    sums, fewer = {snr: [0] * 5 for snr in SNRS}, dict.fromkeys(SNRS, 0)
    for name, case in CASES.items():
        for snr in SNRS:
            sent: dict[Path, str] = {}
            for seed in range(seeds):
                path = folder / f"{seed}.raw"
                sent[path] = header(random.Random(f"{name} {snr} {seed}"))
                save(case(sent[path], snr, np.random.default_rng(seed), speech), path)
            both = [decode(list(sent)) for decode in (ours, theirs)]
            right = [sum(sent[path] in said for path, said in found.items()) for found in both]
            wrong = [
                sum(text != sent[path] for path, said in found.items() for text in said) for found in both
            ]
            print(
                f"{name:<26} {snr:>4} {seeds:>6} {right[0]:>6} {right[1]:>9}   {wrong[0]:>11} {wrong[1]:>9}"
            )
            sums[snr] = [a + b for a, b in zip(sums[snr], (seeds, *right, *wrong), strict=True)]
            fewer[snr] += max(right[1] - right[0], 0)
    for snr, (files, mine, peers, *wrong) in sums.items():
        print(f"{'all':<26} {snr:>4} {files:>6} {mine:>6} {peers:>9}   {wrong[0]:>11} {wrong[1]:>9}")
    verdicts = [
        outside.verdict(f"{snr} dB: headers fewer than multimon-ng, over all rows", fewer[snr], 0, "")
        for snr in ASKED
    ]
    return verdicts, {str(snr): row for snr, row in sums.items()}


def talk(folder: Path) -> np.ndarray:
    """Speech in two languages, peak 1."""
    parts = []
    for at, (text, voice) in enumerate(zip(SENTENCES, ("en", "cmn", "en"), strict=True)):
        flac, raw = folder / f"{at}.flac", folder / f"{at}.s16"
        words = [outside.GENGFU, "speak", text, "--out", str(flac), "--voice", voice, "--no-tone"]
        subprocess.run(words, check=True, capture_output=True, env=outside.environment())
        convert = [
            "ffmpeg",
            "-v",
            "error",
            "-y",
            "-i",
            str(flac),
            "-ac",
            "1",
            "-ar",
            str(RATE),
            "-f",
            "s16le",
        ]
        subprocess.run([*convert, str(raw)], check=True)
        parts.append(np.fromfile(raw, "<i2").astype(float))
    sound = np.concatenate(parts)
    return sound / np.abs(sound).max()


def minutes(hours: float, speech: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Kinds of what is no header, a minute each."""
    for minute in range(int(hours * 60)):
        rng = np.random.default_rng(minute)
        kind = ("white", "pink", "speech", "tones", "bits", "speech in noise")[minute % 6]
        count = 60 * RATE
        at = np.arange(count)
        faster = np.interp(
            np.arange(0, len(speech) - 1, rng.uniform(0.7, 1.5)), np.arange(len(speech)), speech
        )
        said = np.resize(np.roll(faster, int(rng.integers(len(faster)))), count)
        if kind == "white":
            yield kind, rng.normal(size=count) * 0.3
        elif kind == "pink":
            yield kind, shaped(rng.normal(size=count), lambda hertz: 8 / np.sqrt(hertz + 20))
        elif kind == "tones":
            height = rng.choice([1562.5, 2083.3, *rng.uniform(100, 3_000, 4)], 60 * 40)
            yield kind, np.sin(np.cumsum(2 * np.pi * np.repeat(height, RATE // 40 + 1)[:count] / RATE)) * 0.5
        elif kind == "bits":
            bits = rng.integers(0, 2, 40_000)[(at / RATE * 520.8333).astype(int)]
            yield kind, np.sin(np.cumsum(2 * np.pi * np.where(bits, 2083.3, 1562.5) / RATE)) * 0.5
        else:
            yield kind, said + rng.normal(size=count) * (0.1 if kind == "speech in noise" else 0)


def false_headers(hours: float, speech: np.ndarray) -> dict[str, object]:
    """A pipe into the command, as a receiver would feed it; a header planted every ten minutes."""
    planted, pick = [], random.Random(1)
    words = [outside.GENGFU, "same", "decode", "-", "--rate", str(RATE)]
    with tempfile.TemporaryFile() as told:  # a file: a pipe that nobody reads would stop both
        child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=told, env=outside.environment())
        assert child.stdin is not None
        for minute, (_, sound) in enumerate(minutes(hours, speech)):
            if minute % 10 == 5:
                planted.append(header(pick))
                sent = message(planted[-1])
                hiss = white(10, np.random.default_rng(minute), len(sent))
                sound[RATE : RATE + len(sent)] = (sent + hiss) * 0.5
            child.stdin.write(np.clip(sound * 20_000, -32_768, 32_767).astype("<i2").tobytes())
        child.stdin.close()
        child.wait()
        told.seek(0)
        lines = told.read().splitlines()
    said = [json.loads(line) for line in lines]
    headers = [one["header"] for one in said if one["header"]]
    false = [text for text in headers if text not in planted]
    ends = sum(one["eom"] for one in said)
    missed = len(set(planted) - set(headers))
    print(
        f"\n{hours} h: {len(planted)} planted, {missed} missed, {len(false)} false headers, {ends} false ends"
    )
    for text in false:
        print(f"  false: {text}")
    return {
        "hours": hours,
        "planted": len(planted),
        "missed": missed,
        "false": len(false),
        "false_ends": ends,
    }


def speed(folder: Path) -> dict[str, object]:
    """CPU of the children, five interleaved runs over ten minutes of noise with five messages."""
    rng, path = np.random.default_rng(3), folder / "speed.raw"
    sound = rng.normal(size=600 * RATE) * 0.1
    for at in range(5):
        sent = message(header(random.Random(at)))
        sound[at * 100 * RATE : at * 100 * RATE + len(sent)] += sent
    save(sound, path)
    taken: dict[str, list[float]] = {"ours": [], "multimon-ng": []}
    for _ in range(5):
        for name, decode in (("ours", ours), ("multimon-ng", theirs)):
            before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
            found = decode([path])[path]
            taken[name].append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
            assert len(set(found)) == 5, (name, found)
    told = {
        name: {"cpu_s": round(sorted(runs)[2], 2), "times_real_time": round(600 / sorted(runs)[2])}
        for name, runs in taken.items()
    }
    print(f"\nten minutes of sound: {told}")
    return told


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--short", action="store_true", help="one file a row, a quarter of an hour of noise")
    words.add_argument("--seeds", type=int, help="files a row")
    words.add_argument("--false", type=float, metavar="HOURS", help="this alone: hours of noise and speech")
    asked = words.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="gengfu-same-") as name:
        folder = Path(name)
        speech = talk(folder)
        told: dict[str, object] = {}
        verdicts: list[dict[str, object]] = []
        if asked.false is None:
            verdicts, told["sums"] = compare(asked.seeds or (1 if asked.short else 20), folder, speech)
            told["speed"] = speed(folder)
        hours = (0.25 if asked.short else 10) if asked.false is None else asked.false
        quiet = false_headers(hours, speech)
    verdicts.append(outside.verdict("false headers in noise and speech", quiet["false"], 0, "headers"))
    verdicts.append(outside.verdict("planted headers that were missed", quiet["missed"], 0, "headers"))
    told |= {"quiet": quiet, "seconds": round(time.monotonic() - begun, 1)}
    print(json.dumps({**told, "verdicts": verdicts}))
    return int(any(row["verdict"] == "FAIL" for row in verdicts))


if __name__ == "__main__":
    sys.exit(main())
