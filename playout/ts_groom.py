"""Puts packets of a transport stream of constant rate into an order its receiver's buffers bear (T-STD: ISO/IEC 13818-1, 2.4.2.7): one packet in, one out. Pure; knows packets and their places, no socket, no time but the stream's own.

A muxer sends sound as early as the picture it belongs to, up to 300 ms; a decoder's buffer of sound holds half of that.
Here sound waits until it is due, then goes before the picture, and never faster than its transport buffer empties. Clocks
(PCR) are written anew for the place they come to, PAT and PMT go one by one. What needs no look of its own passes in runs:
Python's steps cost several times as much in a process that wakes once a frame as they do in a loop.
"""

from __future__ import annotations

import re
from collections import deque
from typing import Final

PACKET: Final = 188
CLOCK: Final = 27_000_000  # ticks a second
NULL: Final = b"\x47\x1f\xff\x10" + b"\xff" * (PACKET - 4)
# packets, one after the other, of pictures (the muxer's first stream) without an adaptation field, and empty ones
_PICTURES: Final = re.compile(rb"(?:\x47[\x01\x41]\x00[\x10-\x1f].{184})+", re.DOTALL)
_EMPTY: Final = re.compile(rb"(?:\x47\x1f\xff.{185})+", re.DOTALL)
LEAD: Final = CLOCK // 10  # ticks before it is heard that sound is sent: 2,400 bytes of 192 kbit/s, of 3,584
MOST: Final = 512  # packets of sound that wait at most
_TB: Final = 512 * 8  # bits of a transport buffer
_LEAK: Final = 2_000_000  # bits a second out of that of sound
_OFF: Final = CLOCK // 1_000  # ticks a clock may be off its place before the stream's own is believed
_WRAP: Final = 300 << 33
_NULL_PID: Final = 0x1FFF
_SYSTEM: Final = (0x0000, 0x1000)  # PIDs of PAT and of the muxer's PMT
_APART: Final = (
    PACKET * 8 * CLOCK // 1_000_000
)  # ticks in which the system buffer's front empties of one packet


class Groom:
    """Give it what the muxer writes, whole packets; it gives as many back."""

    def __init__(self, rate: int, sound: int | None) -> None:
        """`rate`: bits a second of the stream; `sound`: the PID whose packets wait, not that of pictures."""
        self._rate, self._sound = rate, sound
        self._n = 0  # the place
        self._base: int | None = None  # the time of place 0
        self._waiting: deque[tuple[int, bytes]] = deque()  # sound: when it is due, the packet
        self._due = 0
        self._others = b""  # the rest, whole packets
        self._clocks = 0  # how many of them bear one
        self._system: deque[bytes] = deque()
        self._free = 0  # the time from which the next of these may go
        self._full = self._at = 0  # bits in the sound's transport buffer, at which time

    def __call__(self, data: bytes) -> bytes:
        """The same number of packets."""
        made, at = [], 0
        while at < len(data):
            size = self._run(data, at)
            made.append(self._passed(data[at : at + size]) if size else self._next(data[at : at + PACKET]))
            at += size or PACKET
        return b"".join(made)

    def rest(self) -> bytes:
        """At the end of a stream: what still waits, each packet in its place; at once where no clock ever said when that is."""
        made = []
        if self._base is None:
            made = [packet for _, packet in self._waiting]
            self._waiting.clear()
        while self._waiting or self._system or self._others:
            made.append(self._chosen(self._time()))
            self._n += 1
        return b"".join(made)

    def _run(self, data: bytes, at: int) -> int:
        """Bytes from `at` on, whole packets, beside which nothing is to be done: 0 where the next one needs a look."""
        if self._system or self._clocks:
            return 0
        run = _PICTURES.match(data, at) or (None if self._others else _EMPTY.match(data, at))
        return 0 if run is None else min(run.end() - at, self._before_sound() * PACKET)

    def _passed(self, run: bytes) -> bytes:
        """A run in its places, behind what was there before."""
        self._n += len(run) // PACKET
        if not self._others:
            return run
        both = self._others + run
        self._others = both[len(run) :]
        return both[: len(run)]

    def _before_sound(self) -> int:
        """Places that come certainly before that of the next sound."""
        if not self._waiting:
            return MOST
        early = self._early(self._time())
        return max(0, early) * self._rate // (PACKET * 8 * CLOCK) if len(self._waiting) <= MOST else 0

    def _next(self, packet: bytes) -> bytes:
        pid, now = (packet[1] & 0x1F) << 8 | packet[2], self._time()
        if pid == self._sound:
            self._keep(packet)
        elif pid in _SYSTEM:
            self._system.append(packet)
        elif pid != _NULL_PID:
            if _has_clock(packet):
                self._learn(packet, now)
                self._clocks += 1
            self._others += packet
        made = self._chosen(now)
        self._n += 1
        return made

    def _chosen(self, now: int) -> bytes:
        if self._waiting and self._is_due(now):
            return self._waiting.popleft()[1]
        if self._system and now >= self._free:
            self._free = now + _APART
            return self._system.popleft()
        if self._others:
            packet, self._others = self._others[:PACKET], self._others[PACKET:]
            return self._stamped(packet, now)
        return NULL

    def _time(self) -> int:
        """Of the place: ticks since place 0."""
        return self._n * PACKET * 8 * CLOCK // self._rate

    def _learn(self, packet: bytes, now: int) -> None:
        """The stream's clock: believed at first, and when it leaves the straight line."""
        base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
        said = base * 300 + ((packet[10] & 1) << 8 | packet[11]) - now
        if self._base is None or (said - self._base + _OFF) % _WRAP > 2 * _OFF:
            self._base = said % _WRAP

    def _stamped(self, packet: bytes, now: int) -> bytes:
        if not _has_clock(packet):
            return packet
        self._clocks -= 1
        base, more = divmod(((self._base or 0) + now) % _WRAP, 300)
        return packet[:6] + (base << 15 | 0x7E00 | more).to_bytes(6, "big") + packet[12:]

    def _keep(self, packet: bytes) -> None:
        at = 5 + packet[4] if packet[3] & 0x20 else 4
        if packet[1] & 0x40 and at + 14 <= PACKET and packet[at + 7] & 0x80:
            self._due = _stamp(packet[at + 9 : at + 14]) * 300 - LEAD
        self._waiting.append((self._due, packet))

    def _early(self, now: int) -> int:
        """Ticks until the first of the sound is due, 0 and less: it is; all there are where no clock ever said."""
        if self._base is None:
            return _WRAP
        early = (self._waiting[0][0] - self._base - now) % _WRAP
        return early if early < _WRAP // 2 else early - _WRAP

    def _is_due(self, now: int) -> bool:
        """Whether the first of the sound goes now; and if so, it is in its buffer."""
        full = max(0, self._full - (now - self._at) * _LEAK // CLOCK)
        if (self._early(now) > 0 or full + PACKET * 8 > _TB) and len(self._waiting) <= MOST:
            return False
        self._full, self._at = full + PACKET * 8, now
        return True


def _has_clock(packet: bytes) -> bool:
    return bool(packet[3] & 0x20 and packet[4] and packet[5] & 0x10)


def _stamp(data: bytes) -> int:
    """33 bits of a PES header's time stamp."""
    value = int.from_bytes(data, "big")
    return (value >> 33 & 7) << 30 | (value >> 17 & 0x7FFF) << 15 | value >> 1 & 0x7FFF
