"""When each packet of a transport stream arrives by its own clock (ISO/IEC 13818-1, 2.4.2.2): linear between PCR, sans I/O. Knows packets, no table, no buffer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from safety.tspackets import PACKET

CLOCK: Final = 27_000_000  # ticks a second
WRAP: Final = 300 << 33  # ticks after which a PCR begins again
JUMP: Final = CLOCK  # ticks; a PCR that is further on than this does not belong to the one before
HELD: Final = 40_000  # packets that wait for a PCR
PACKET_BITS: Final = PACKET * 8
_BASE_AT: Final = 10  # the byte of a packet with the last bit of program_clock_reference_base (2.4.3.5)


class Timed(NamedTuple):
    """A packet, its number in the stream, and when its first byte begins and its last one ends to arrive, in ticks of 27 MHz."""

    number: int
    start: int
    end: int
    data: bytes


def pid_of(packet: bytes) -> int:
    """Of a packet."""
    return (packet[1] & 0x1F) << 8 | packet[2]


def pcr_of(packet: bytes) -> int | None:
    """Ticks of 27 MHz; None where a packet has no PCR."""
    if not packet[3] & 0x20 or packet[4] < 7 or not packet[5] & 0x10:
        return None
    base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
    return base * 300 + ((packet[10] & 1) << 8 | packet[11])


def is_break(packet: bytes) -> bool:
    """Whether it says that clock and counter go on elsewhere (discontinuity_indicator)."""
    return bool(packet[3] & 0x20 and packet[4] and packet[5] & 0x80)


class Timer:
    """Feed it every packet in order; it gives them back with their times once these are known."""

    def __init__(self, pid: int) -> None:
        """`pid`: the one that carries the programme's PCR."""
        self._pid = pid
        self._held: list[tuple[int, bytes]] = []
        self._mark: tuple[int, int] | None = None  # byte and time of the last PCR
        self._step: tuple[int, int] | None = None  # bytes and ticks between the last two
        self.breaks = 0  # PCR that follow from no PCR before them
        self.flagged = 0  # of these, said beforehand

    @property
    def rate(self) -> int:
        """Bits a second between the last two PCR; 0 while there are none."""
        return 0 if self._step is None else self._step[0] * 8 * CLOCK // self._step[1]

    def feed(self, number: int, packet: bytes) -> Iterator[Timed]:
        """Those whose time is known with this one. A break ends with `breaks` one higher, before what comes after it is given."""
        self._held.append((number, packet))
        pcr = pcr_of(packet) if pid_of(packet) == self._pid else None
        if pcr is not None:
            yield from self._marked(number * PACKET + _BASE_AT, pcr, flagged=is_break(packet))
        elif len(self._held) >= HELD:
            yield from self.rest()

    def rest(self) -> Iterator[Timed]:
        """All that is held, by the last rate; nothing where none was ever known."""
        held, self._held = self._held, []
        if self._step is not None and self._mark is not None:
            yield from self._timed(held, self._mark, self._step)

    def _marked(self, at: int, pcr: int, *, flagged: bool) -> Iterator[Timed]:
        before = self._mark
        if before is None:
            self._mark = at, pcr
            return
        gone = (pcr - before[1]) % WRAP
        if flagged or not 0 < gone <= JUMP:
            yield from self._broken(at, pcr, flagged=flagged)
            return
        held, self._held = self._held, []
        self._mark, self._step = (at, before[1] + gone), (at - before[0], gone)
        yield from self._timed(held, before, self._step)

    def _broken(self, at: int, pcr: int, *, flagged: bool) -> Iterator[Timed]:
        """What came before by the old clock; the packet itself begins the new one."""
        last = self._held.pop()
        yield from self.rest()
        self.breaks += 1
        self.flagged += flagged
        self._held, self._mark, self._step = [last], (at, pcr), None

    @staticmethod
    def _timed(
        held: list[tuple[int, bytes]], mark: tuple[int, int], step: tuple[int, int]
    ) -> Iterator[Timed]:
        (at, time), (far, ticks) = mark, step
        for number, packet in held:
            begins = number * PACKET - at
            start, end = time + begins * ticks // far, time + (begins + PACKET) * ticks // far
            yield Timed(number, start, end, packet)


__all__ = ["CLOCK", "HELD", "JUMP", "PACKET_BITS", "WRAP", "Timed", "Timer", "is_break", "pcr_of", "pid_of"]
