"""Buffers of the transport stream system target decoder, T-STD (ISO/IEC 13818-1, 2.4.2; AVC 2.14.3): what fills them, what leaks away, what is taken out at its decoding time. Pure; knows bits and ticks, no packet.

Exact to one packet: what a packet brings is reckoned as there when its last byte is.
"""

from __future__ import annotations

from collections import deque
from typing import Final

import attrs

from safety.ts_timed import CLOCK

TRANSPORT: Final = 512 * 8  # bits of TB
SYSTEM: Final = 1_536 * 8  # bits of B sys
SYSTEM_RATE: Final = 1_000_000  # bits a second out of TB sys


def system_leak(rate: int) -> int:
    """Bits a second out of B sys of a stream of so many (2.4.2.3)."""
    return max(80_000, rate * 8 // 500)


@attrs.frozen(kw_only=True)
class Sizes:
    """Of one elementary stream's decoder, in bits and bits a second."""

    out_of_tb: int  # Rx
    main: int  # MB of video, B of audio
    leak: int = 0  # Rbx, from MB to EB; 0: there is no EB
    elementary: int = 0  # EB
    longest: int = CLOCK  # ticks anything may stay


@attrs.define
class Kept:
    """What one buffer came to."""

    size: int
    peak: int = 0  # bits
    busy: int = 0  # ticks: the longest it was never empty

    def hold(self, level: int) -> None:
        """It holds so much now."""
        self.peak = max(self.peak, level)


class Leak:
    """A buffer that runs out at a constant rate whenever something is in it."""

    def __init__(self, size: int, rate: int) -> None:
        self.kept = Kept(size)
        self._rate = rate
        self._free: int | None = None  # when the last bit is out
        self._since = 0

    def take(self, start: int, end: int, bits: int) -> tuple[int, int]:
        """`bits` come from `start` to `end`; when the first of them goes out, and when the last one is out."""
        if self._free is None or start >= self._free:
            self._free = self._since = start
        begins = self._free
        self._free = out = max(end, begins + -(-bits * CLOCK // self._rate))
        self.kept.hold((out - end) * self._rate // CLOCK)
        self.kept.busy = max(self.kept.busy, out - self._since)
        return begins, out


@attrs.define
class Decoding:
    """How access units met their decoding times."""

    units: int = 0
    late: int = 0  # not whole in time: the buffer underflowed
    least: int | None = None  # ticks the least early one was whole before its time
    stayed: int = 0  # ticks the longest stay

    def took(self, first: int, whole: int, due: int) -> None:
        """A unit whose first byte came at `first`, whose last one was there at `whole`, and which is decoded at `due`."""
        self.units += 1
        self.late += whole > due
        self.least = due - whole if self.least is None else min(self.least, due - whole)
        self.stayed = max(self.stayed, due - first)


class Audio:
    """TB, then B, out of which each access unit goes at once at its decoding time."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.transport, self.main = Leak(TRANSPORT, sizes.out_of_tb), Kept(sizes.main)
        self.decoding = Decoding()
        self._in = self._out = 0
        self._due: deque[tuple[int, int]] = deque()  # time, bits up to the unit's end

    def take(self, start: int, end: int, packet: int, payload: int) -> int:
        """A packet of so many bits, of which the payload goes into B; when it is there."""
        there = self.transport.take(start, end, packet)[1]
        self._in += payload
        while self._due and self._due[0][0] <= there:
            self._out = self._due.popleft()[1]
        self.main.hold(self._in - self._out)
        return there

    def unit(self, first: int, whole: int, due: int, upto: int) -> None:
        """An access unit is complete: the last of the `upto` bits of payload so far is its own."""
        self.decoding.took(first, whole, due)
        self._due.append((due, upto))


class Video:
    """TB, MB, and by the leak method EB, out of which each access unit goes at once at its decoding time (2.4.2.6)."""

    def __init__(self, sizes: Sizes) -> None:
        self.sizes = sizes
        self.transport = Leak(TRANSPORT, sizes.out_of_tb)
        self.main, self.elementary = Kept(sizes.main), Kept(sizes.elementary)
        self.decoding = Decoding()
        self._in = self._out = 0  # bits into EB, and out of it
        self._moved: int | None = None  # when the last bit came into EB
        self._since = 0
        self._waiting: deque[tuple[int, int]] = deque()  # in MB: when it is out, bits
        self._held = 0  # bits of these
        self._due: deque[tuple[int, int]] = deque()  # of units in EB: time, bits up to their end

    def take(self, start: int, end: int, packet: int, payload: int, coded: int) -> int:
        """A packet of so many bits; the payload goes into MB, of it what is coded into EB; when that is there."""
        begins, there = self.transport.take(start, end, packet)
        if self._moved is None or begins >= self._moved:
            self._moved = self._since = begins
        self._in += coded
        self._moved = out = self._room(max(there, self._moved + -(-payload * CLOCK // self.sizes.leak)))
        self._wait(there, out, payload)
        return out

    def _wait(self, there: int, out: int, payload: int) -> None:
        while self._waiting and self._waiting[0][0] <= there:
            self._held -= self._waiting.popleft()[1]
        if out > there:
            self._waiting.append((out, payload))
            self._held += payload
        self.main.hold(self._held)
        self.main.busy = max(self.main.busy, out - self._since)

    def _room(self, out: int) -> int:
        """When there is room in EB for all that came: not before enough units were decoded."""
        while self._due and (self._due[0][0] <= out or self._in - self._out > self.sizes.elementary):
            due, upto = self._due.popleft()
            out, self._out = max(out, due), upto
        self.elementary.hold(self._in - self._out)
        return out

    def unit(self, first: int, whole: int, due: int, upto: int) -> None:
        """An access unit is complete: the last of the `upto` coded bits so far is its own."""
        self.decoding.took(first, whole, due)
        self._due.append((due, upto))


__all__ = [
    "SYSTEM",
    "SYSTEM_RATE",
    "TRANSPORT",
    "Audio",
    "Decoding",
    "Kept",
    "Leak",
    "Sizes",
    "Video",
    "system_leak",
]
