"""Reads an MPEG transport stream (a file, or UDP for some seconds) and prints what TR 101 290 asks about: PCR interval and drift, continuity, distance of PTS from PCR. Imports nothing of the program.

python bench/pcr.py FILE.ts        python bench/pcr.py 127.0.0.1:8624 20
"""

from __future__ import annotations

import itertools
import json
import socket
import sys
import time
from pathlib import Path

WRAP = (1 << 33) * 300


def packets_of_file(path: str):
    data = Path(path).read_bytes()
    for at in range(0, len(data) - 187, 188):
        yield data[at : at + 188], None


def packets_of_udp(where: str, seconds: float):
    host, _, port = where.rpartition(":")
    ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 << 20)
    ear.bind((host, int(port)))
    ear.settimeout(0.5)
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        try:
            data = ear.recv(2048)
        except TimeoutError:
            continue
        now = time.monotonic()
        for at in range(0, len(data) - 187, 188):
            yield data[at : at + 188], now


def stamp(five: bytes) -> int:
    return (five[0] >> 1 & 7) << 30 | five[1] << 22 | (five[2] >> 1) << 15 | five[3] << 7 | five[4] >> 1


class Reader:
    def __init__(self) -> None:
        self.count = self.bad_sync = self.cc_errors = self.nulls = self.discontinuities = 0
        self.last_cc: dict[int, int] = {}
        self.pcrs: list[tuple[int, int, float | None]] = []
        self.pts: dict[int, list[int]] = {}
        self.ahead: dict[int, list[int]] = {}

    def feed(self, packet: bytes, at: float | None) -> None:
        self.count += 1
        if packet[0] != 0x47:
            self.bad_sync += 1
            return
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid == 0x1FFF:
            self.nulls += 1
            return
        field, cc, body = packet[3] >> 4 & 3, packet[3] & 15, 4
        if field & 2:
            length = packet[4]
            body = 5 + length
            if length and packet[5] & 0x80:
                self.discontinuities += 1
                self.last_cc.pop(pid, None)
            if length and packet[5] & 0x10:
                base = int.from_bytes(packet[6:11], "big") >> 7
                self.pcrs.append(((base * 300 + ((packet[10] & 1) << 8 | packet[11])) % WRAP, self.count, at))
        if field & 1:
            before = self.last_cc.get(pid)
            if before is not None and cc != (before + 1) & 15:
                self.cc_errors += 1
            self.last_cc[pid] = cc
            if packet[1] & 0x40:
                self._pes(pid, packet[body:])

    def _pes(self, pid: int, pes: bytes) -> None:
        if pes[:3] == b"\0\0\1" and len(pes) > 14 and pes[7] & 0x80:
            pts = stamp(pes[9:14])
            self.pts.setdefault(pid, []).append(pts)
            if self.pcrs:
                self.ahead.setdefault(pid, []).append(pts * 300 - self.pcrs[-1][0])

    def verdict(self) -> dict:
        gaps = [(b[0] - a[0]) % WRAP / 27_000 for a, b in itertools.pairwise(self.pcrs)]
        rates = [
            (b[1] - a[1]) * 188 * 8 / ((b[0] - a[0]) % WRAP / 27e6)
            for a, b in itertools.pairwise(self.pcrs)
            if b[0] != a[0]
        ]
        steps = {}
        for pid, stamps in self.pts.items():
            found = sorted({(b - a) % (1 << 33) for a, b in itertools.pairwise(stamps)})
            steps[pid] = found[:6]
        return {
            "packets": self.count, "null_packets": self.nulls, "sync_errors": self.bad_sync,
            "cc_errors": self.cc_errors, "discontinuities": self.discontinuities,
            "pcr_count": len(self.pcrs), "pcr_interval_ms_max": round(max(gaps, default=0), 2),
            "pcr_interval_ms_mean": round(sum(gaps) / max(1, len(gaps)), 2),
            "mux_rate_kbit_min_max": [round(min(rates, default=0) / 1000), round(max(rates, default=0) / 1000)],
            "pts_steps": steps,
            "pts_ahead_of_pcr_ms": {
                pid: [round(min(v) / 27_000, 1), round(max(v) / 27_000, 1)] for pid, v in self.ahead.items()
            },
        }  # fmt: skip


def main(argv: list[str]) -> int:
    if not argv:
        print(__doc__)
        return 2
    source = packets_of_udp(argv[0], float(argv[1])) if len(argv) > 1 else packets_of_file(argv[0])
    reader = Reader()
    for packet, at in source:
        reader.feed(packet, at)
    verdict = reader.verdict()
    print(json.dumps(verdict, indent=1))
    good = verdict["pcr_count"] > 1 and verdict["pcr_interval_ms_max"] <= 40
    return 0 if good and not verdict["cc_errors"] and not verdict["sync_errors"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
