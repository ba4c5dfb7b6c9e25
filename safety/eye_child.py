"""The process that looks at a channel's transport stream: UDP in, a grid of each decoded picture out. Knows TS, a decoder and a clock; knows nothing of what is due. Whatever a stream does to the decoder ends this process alone.

Records on standard output, big-endian: a letter and its fields.
`P` picture: PTS (int64, −1: none), sample of arrival (int64), 360 bytes of the grid.
`S` state, four times a second: sample (int64), TS packets, continuity errors, damaged packets, pictures not decoded,
datagrams dropped by the kernel (uint32 each), longest PCR interval in µs (uint32).
"""

from __future__ import annotations

import argparse
import os
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import av

from safety.gallery import luma_of
from safety.grids import CELLS, Stored, grid_of
from safety.tspackets import Coded, TsReader
from station import children, clock
from station.words import SAMPLE_RATE, sample_at

PICTURE: Final = struct.Struct(f"!cqq{CELLS}s")
STATE: Final = struct.Struct("!cqIIIIII")
WORD_EVERY: Final = SAMPLE_RATE // 4
_BUFFER: Final = 4 << 20
_AT_ONCE: Final = 64  # datagrams between two looks at the clock
_MOST: Final = 0xFFFFFFFF


class Decoder:
    """Coded pictures to grids: no loop filter, one thread; a mean of a thousand pixels does not miss it."""

    def __init__(self) -> None:
        self._codec: Any = None
        self._name = ""
        self._sound = False  # whether nothing was lost since the last picture that stands by itself
        self.failed = 0

    def grids(self, coded: Coded) -> Iterator[tuple[int | None, Stored]]:
        """(PTS, grid) of every picture that is ready; what cannot be decoded is counted. After a loss none until the next key picture."""
        if self._codec is None or coded.codec != self._name:
            self._open(coded.codec)
        packet = av.Packet(coded.data)
        packet.pts = packet.dts = coded.pts
        self._sound = self._sound and not coded.broken
        try:
            frames = [frame for frame in self._codec.decode(packet) if self._whole(frame)]
            made = [(frame.pts, grid_of(luma_of(frame))) for frame in frames]
        except (ValueError, av.error.FFmpegError):
            self.failed += 1
            return
        yield from made

    def _whole(self, frame: Any) -> bool:
        self._sound = self._sound or bool(frame.key_frame)
        return self._sound and not frame.is_corrupt

    def _open(self, name: str) -> None:
        self._name = name
        self._codec = av.CodecContext.create(name, "r")
        self._codec.thread_count = 1
        self._codec.options = {"skip_loop_filter": "all", "flags": "+low_delay"}


class Eye:
    """Looks until its reader is gone."""

    def __init__(self, udp: socket.socket, now: Callable[[], int], write: Callable[[bytes], object]) -> None:
        self._udp, self._now, self._write = udp, now, write
        self._reader, self._decoder = TsReader(), Decoder()
        self._port = int(udp.getsockname()[1])
        self._told = now()

    def look(self) -> None:
        """Take in what waits (a quarter of a second at most), tell what was seen."""
        try:
            data = self._udp.recv(65_535)
            for _ in range(_AT_ONCE):
                self._take(data)
                data = self._udp.recv(65_535, socket.MSG_DONTWAIT)
            self._take(data)
        except (BlockingIOError, TimeoutError):
            pass
        except ConnectionError:  # an ICMP answer to somebody else's datagram
            pass
        now = self._now()
        if not 0 <= now - self._told < WORD_EVERY:
            self._told = now
            self._state(now)

    def _take(self, data: bytes) -> None:
        for coded in self._reader.feed(data):
            for pts, grid in self._decoder.grids(coded):
                stamp = -1 if pts is None else pts
                self._write(PICTURE.pack(b"P", stamp, self._now(), grid.tobytes()))

    def _state(self, now: int) -> None:
        counts = self._reader.counts
        said = (counts.packets, counts.continuity, counts.damaged + counts.lost_sync, self._decoder.failed)
        numbers = (*said, dropped(self._port), counts.pcr_longest // 27)
        counts.pcr_longest = 0
        self._write(STATE.pack(b"S", now, *(min(n & _MOST, _MOST) for n in numbers)))


def dropped(port: int) -> int:
    """The kernel's count of datagrams dropped at a UDP port; 0 where it does not tell."""
    try:
        lines = Path("/proc/self/net/udp").read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return 0
    fields = (line.split() for line in lines)
    return sum(int(f[12]) for f in fields if len(f) > 12 and f[1].endswith(f":{port:04X}"))


def listen(host: str, port: int) -> socket.socket:
    """The UDP port. Raises OSError."""
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    udp.settimeout(0.25)
    udp.bind((host, port))
    return udp


def main(argv: list[str]) -> int:
    """Look at one port until standard output is closed."""
    parser = argparse.ArgumentParser(prog="eye")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--anchor", type=Path, required=True)
    given = parser.parse_args(argv)
    time = clock.AnchorTime(given.anchor)
    out = sys.stdout.buffer

    def write(record: bytes) -> None:
        out.write(record)
        out.flush()

    try:
        eye = Eye(listen(given.host, given.port), lambda: sample_at(time.now()), write)
        while True:
            eye.look()
    except BrokenPipeError:
        return 0
    except OSError as error:
        sys.stderr.write(f"UDP port {given.port}: {error.strerror}\n")
        return 1


if __name__ == "__main__":
    if os.environ.get(children.PARENT):
        children.die_with_parent()
    children.flat_memory()
    av.logging.set_level(None)
    sys.exit(main(sys.argv[1:]))
