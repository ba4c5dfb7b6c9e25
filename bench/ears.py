"""Hears when something loud begins on a channel: at its RTP L16 socket, or decoded from its transport stream. Imports nothing of the product.

usage: ears.py l16|ts PORT LOUD     (prints the CLOCK_MONOTONIC ns of each onset; ends with its stdin)
"""

from __future__ import annotations

import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

import av
import numpy as np

LOUD = 8_192  # 16-bit value only the interruption reaches


class L16Ear(threading.Thread):
    """Notes when loud samples begin on a UDP port."""

    def __init__(self, port: int, loud: int = LOUD, tell: Callable[[int], None] | None = None) -> None:
        super().__init__(daemon=True)
        self.onsets: list[int] = []
        self._loud, self._tell = loud, tell or self.onsets.append
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", port))

    def run(self) -> None:
        """Listen for ever."""
        loud_at = 0
        while True:
            data = self._ear.recv(4096)
            now = time.monotonic_ns()
            at = 12 + (4 + 4 * struct.unpack_from("!H", data, 14)[0] if data[0] & 0x10 else 0)
            if np.abs(np.frombuffer(data[at:], dtype=">i2").astype(np.int32)).max() >= self._loud:
                if now - loud_at > 120_000_000:
                    self._tell(now)
                loud_at = now


class TsEar(threading.Thread):
    """Takes MP2 out of a transport stream as it comes, decodes it, notes when loud frames are there."""

    def __init__(self, port: int, loud: int = LOUD, tell: Callable[[int], None] | None = None) -> None:
        super().__init__(daemon=True)
        self.onsets: list[int] = []
        self._loud, self._tell = loud, tell or self.onsets.append
        self._ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ear.bind(("127.0.0.1", port))
        self._decoder = av.CodecContext.create("mp2", "r")
        self._sound = bytearray()
        self._pid: int | None = None
        self._loud_at = 0

    def run(self) -> None:
        """Listen for ever."""
        while True:
            data = self._ear.recv(65_536)
            for at in range(0, len(data), 188):
                self._packet(data[at : at + 188])
            self._decode(time.monotonic_ns())

    def _packet(self, packet: bytes) -> None:
        pid = struct.unpack_from("!H", packet, 1)[0] & 0x1FFF
        start = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
        body = packet[start:] if packet[3] & 0x10 else b""
        if packet[1] & 0x40 and body[:3] == b"\0\0\1" and 0xC0 <= body[3] <= 0xDF:
            self._pid = pid
            body = body[9 + body[8] :]
        if pid == self._pid:
            self._sound += body

    def _decode(self, now: int) -> None:
        while (at := self._sound.find(b"\xff\xfd")) >= 0 and len(self._sound) >= at + 4:
            rates = (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 0)
            size = 144_000 * rates[self._sound[at + 2] >> 4] // 48_000
            if not size:
                del self._sound[: at + 1]
                continue
            if len(self._sound) < at + size:
                return
            frame = bytes(self._sound[at : at + size])
            del self._sound[: at + size]
            for heard in self._decoder.decode(av.Packet(frame)):
                if np.abs(heard.to_ndarray().astype(np.float64)).max() >= self._loud * _unit(
                    heard.format.name
                ):
                    if now - self._loud_at > 120_000_000:
                        self._tell(now)
                    self._loud_at = now


def _unit(kind: str) -> float:
    return 1 / 32_768 if kind.startswith("flt") else 1.0


def main() -> int:
    """Tell of onsets until nobody listens."""
    kind, port, loud = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])

    def tell(now: int) -> None:
        print(now, flush=True)

    ear = (L16Ear if kind == "l16" else TsEar)(port, loud, tell)
    ear.start()
    sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
