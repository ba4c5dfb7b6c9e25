"""Counts what a channel really sends: listens to RTP L16 on a UDP port and compares it with sources made elsewhere. Imports nothing of the product.

usage: count_joins.py PORT|FILE.wav TRUTH.npz REPORT.json
TRUTH holds for each piece: start<k> (RTP timestamp), exact<k> (0 or 1), pcm<k> (count, 2): int16 where exact, else float.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
import wave
from pathlib import Path

import numpy as np

FRAME = 240
SEAM = 2_048  # samples: the first block of AAC and the one it overlaps with, where the coder finds its feet
Packets = list[tuple[int, int, np.ndarray]]


def listen(port: int, until: int, seconds: float) -> Packets:
    """(sequence, timestamp, samples) of every packet until timestamp `until`."""
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    ear.bind(("127.0.0.1", port))
    ear.settimeout(0.5)
    got: Packets = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            data = ear.recv(4096)
        except TimeoutError:
            continue
        first, _, sequence, stamp, _ = struct.unpack_from("!BBHII", data)
        at = 12
        if first & 0x10:
            at += 4 + 4 * struct.unpack_from("!H", data, 14)[0]
        got.append((sequence, stamp, np.frombuffer(data[at:], dtype=">i2").reshape(-1, 2).astype(np.int16)))
        if (stamp - until) % (1 << 32) < 1 << 31:
            break
    return got


def written(path: str, base: int) -> Packets:
    """The samples of a WAV file, as if they had been sent from timestamp `base` on."""
    with wave.open(path) as file:
        pcm = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").reshape(-1, 2)
    return [
        (k % 65_536, (base + at) % (1 << 32), pcm[at : at + FRAME])
        for k, at in enumerate(range(0, len(pcm), FRAME))
    ]


def timeline(packets: Packets, base: int, length: int) -> tuple[np.ndarray, int, int]:
    """(samples from `base`, samples never received, sequence numbers that do not follow)."""
    out = np.zeros((length, 2), dtype=np.int16)
    here = np.zeros(length, dtype=bool)
    broken = 0
    last = None
    for sequence, stamp, pcm in packets:
        at = (stamp - base + (1 << 31)) % (1 << 32) - (1 << 31)
        if not -FRAME < at < length:
            continue
        if last is not None and (sequence - last) % 65_536 != 1:
            broken += 1
        last = sequence
        a, b = max(0, at), min(length, at + len(pcm))
        out[a:b] = pcm[a - at : b - at]
        here[a:b] = True
    return out, int((~here).sum()), broken


def offset(heard: np.ndarray, due: np.ndarray) -> tuple[float, float]:
    """(by how many samples `heard` comes late, likeness from 0 to 1), between the pieces' middles."""
    n = len(due)
    fade = np.hanning(n)
    a, b = np.fft.rfft(heard * fade, 2 * n), np.fft.rfft(due * fade, 2 * n)
    both = np.fft.irfft(a * np.conj(b))
    peak = int(np.argmax(both))
    y0, y1, y2 = both[peak - 1], both[peak], both[(peak + 1) % len(both)]
    inner = (y0 - y2) / (2 * (y0 - 2 * y1 + y2)) if y0 - 2 * y1 + y2 else 0.0
    scale = float(np.linalg.norm(heard * fade) * np.linalg.norm(due * fade)) or 1.0
    return (peak if peak < n else peak - 2 * n) + inner, float(y1) / scale


def away_from_edges(residue: np.ndarray, due: np.ndarray) -> np.ndarray:
    """Without the seams, where any lossy coder differs: both ends, and where the source ended before its last frame did."""
    ended = int(np.flatnonzero(due[:, 0])[-1]) + 1 if due[:, 0].any() else len(due)
    at = np.arange(len(residue))
    inner = (at >= SEAM) & (np.abs(at - ended) > SEAM) & (at < len(residue) - SEAM)
    return residue[inner] if inner.sum() > SEAM else residue


def judge(packets: Packets, truth: dict[str, np.ndarray]) -> dict[str, object]:
    """What is wrong with these packets, piece by piece."""
    count = sum(1 for name in truth if name.startswith("start"))
    base = int(truth["start0"])
    starts = [(int(truth[f"start{k}"]) - base) % (1 << 32) for k in range(count)]
    length = starts[-1] + len(truth[f"pcm{count - 1}"])
    heard, missing, broken = timeline(packets, base, length)
    wrong: list[str] = []
    worst = 0.0
    for k, start in enumerate(starts):
        due = truth[f"pcm{k}"]
        part = heard[start : start + len(due)]
        if int(truth[f"exact{k}"]):
            bad = int((part != due).any(axis=1).sum())
            if bad:
                wrong.append(f"piece {k}: {bad} of {len(due)} samples are not those of its source")
            continue
        late, alike = offset(part[:, 0].astype(float), due[:, 0])
        worst = max(worst, abs(late))
        residue = part[:, 0] / 32_768 - due[:, 0]
        inner = away_from_edges(residue, due)
        if abs(late) > 0.5 or alike < 0.99 or np.abs(inner).max() > 0.25:
            wrong.append(f"piece {k}: {late:+.2f} samples late, likeness {alike:.4f}")
    return {
        "pieces": count,
        "samples": length,
        "missing": missing,
        "broken_sequence": broken,
        "wrong": wrong,
        "worst_offset_of_lossy": round(worst, 3),
    }


def plant(packets: Packets, fault: str, base: int) -> Packets:
    """The same packets with one fault in the middle of what is judged, which begins at timestamp `base`."""
    first = sum((stamp - base) % (1 << 32) >= 1 << 31 for _, stamp, _ in packets)
    middle = (first + len(packets)) // 2
    made = [(s, t, pcm.copy()) for s, t, pcm in packets]
    if fault == "300 ms mute":
        for _, _, pcm in made[middle : middle + 60]:
            pcm[:] = 0
    elif fault == "lost packet":
        del made[middle]
    elif fault == "doubled sample":
        rest = np.concatenate([pcm for _, _, pcm in made[middle:]])
        rest = np.concatenate((rest[:1], rest))[: len(rest)]
        for k, (s, t, pcm) in enumerate(made[middle:]):
            made[middle + k] = (s, t, rest[k * len(pcm) : (k + 1) * len(pcm)])
    else:
        tone = (8_000 * np.sin(np.arange(FRAME) * 2 * np.pi / 48)).astype(np.int16)
        for _, _, pcm in made[middle : middle + 100]:
            pcm[:] = tone[: len(pcm), np.newaxis]
    return made


FAULTS = ("300 ms mute", "lost packet", "doubled sample", "0.5 s foreign splice")


def is_clean(found: dict[str, object]) -> bool:
    """Whether nothing at all is wrong."""
    return not (found["missing"] or found["broken_sequence"] or found["wrong"])


def main() -> int:
    """0 when the stream is right and every planted fault is found."""
    where, truth_path, report = sys.argv[1], sys.argv[2], sys.argv[3]
    truth = dict(np.load(truth_path))
    last = max(int(name[5:]) for name in truth if name.startswith("start"))
    until = (int(truth[f"start{last}"]) + len(truth[f"pcm{last}"])) % (1 << 32)
    if where.endswith(".wav"):
        packets = written(where, int(truth["start0"]))
    else:
        packets = listen(int(where), until, float(truth["seconds"]))
    found = judge(packets, truth)
    unfound = [
        fault for fault in FAULTS if is_clean(judge(plant(packets, fault, int(truth["start0"])), truth))
    ]
    found["planted_faults_not_found"] = unfound
    with Path(report).open("w") as file:
        json.dump(found, file, indent=1)
    return 0 if is_clean(found) and not unfound else 1


if __name__ == "__main__":
    sys.exit(main())
