"""Packets at a UDP port, counted: what is missing, doubled, late, silent. Imports nothing of the product.

Used by the other benches; of no use alone.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from typing import Any

_TIMESTAMP = getattr(socket, "SO_TIMESTAMPNS", 35)


class Heard:
    """A UDP port on loopback, each datagram with the kernel's time of its arrival: how late this process looks does not matter."""

    def __init__(self, port: int) -> None:
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self._ear.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
        self._ear.bind(("127.0.0.1", port))
        self._ear.settimeout(0.5)

    def next(self) -> tuple[bytes, float]:
        """A datagram and when it came (s since 1970). Raises TimeoutError."""
        data, beside, _, _ = self._ear.recvmsg(65_535, 64)
        for level, kind, value in beside:
            if level == socket.SOL_SOCKET and kind == _TIMESTAMP:
                seconds, ns = struct.unpack("qq", value[:16])
                return data, seconds + ns / 1e9
        return data, time.time()

    def close(self) -> None:
        """Listen no more."""
        self._ear.close()


class Counter(threading.Thread):
    """Counts RTP L16 on a UDP port: what is missing, doubled, late, silent. Keeps nothing but figures and where they arose."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._ear = Heard(port)
        self.packets = self.missing = self.doubled = self.jumps = self.starts = 0
        self.longest_gap_s = self.longest_silence_s = 0.0
        self.gaps: list[
            tuple[float, float]
        ] = []  # (when the last packet before it came, s) where not all came
        self._over = False

    def run(self) -> None:
        """Until stopped."""
        last: tuple[int, int, int] | None = None
        at, silent = 0.0, 0
        while not self._over:
            try:
                data, now = self._ear.next()
            except TimeoutError:
                continue
            first, _, sequence, stamp, source = struct.unpack_from("!BBHII", data)
            head = 12 + (4 + 4 * struct.unpack_from("!H", data, 14)[0] if first & 0x10 else 0)
            frames = (len(data) - head) // 4
            self.packets += 1
            if last is not None:
                self._compare(last, (sequence, stamp, source), at, now)
            else:
                self.starts += 1
            last, at = (sequence, (stamp + frames) & 0xFFFFFFFF, source), now
            silent = silent + frames if not any(data[head:]) else 0
            self.longest_silence_s = max(self.longest_silence_s, silent / 48_000)

    def _compare(self, last: tuple[int, int, int], new: tuple[int, int, int], at: float, now: float) -> None:
        step = (new[0] - last[0]) & 0xFFFF
        if new[2] != last[2]:
            self.starts += 1
        else:
            self.doubled += step == 0 or step > 1 << 15
            self.missing += step - 1 if 1 < step <= 1 << 15 else 0
            self.jumps += step == 1 and new[1] != last[1]
            self.longest_gap_s = max(self.longest_gap_s, now - at)
        if new != (last[0] + 1 & 0xFFFF, last[1], last[2]):
            self.gaps.append((at, now - at))

    def figures(self) -> dict[str, Any]:
        """So far."""
        return {
            "packets": self.packets,
            "missing": self.missing,
            "doubled": self.doubled,
            "timestamp_jumps": self.jumps,
            "starts": self.starts,
            "longest_gap_ms": round(1000 * self.longest_gap_s, 1),
            "longest_silence_ms": round(1000 * self.longest_silence_s, 1),
        }

    def wrong(self) -> int:
        """Packets missing, doubled or out of place, and streams begun anew."""
        return self.missing + self.doubled + self.jumps + self.starts - 1

    def stop(self) -> None:
        """Listen no more."""
        self._over = True
        self.join(2)
        self._ear.close()
