"""Tables that say what a stream's programme is and what time it is: EIT present/following, TDT, the flag of an SDT (ETSI EN 300 468, 5.2). Pure: events and an instant in, packets out.

The stream's own numbers are those its muxer writes: one service, 1, of transport stream 1 in the private network FF01.
Names are UTF-8 (annex A.2, selected by 15); receivers that know GB 2312 alone show none of it: unverified.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import attrs

from station.packed import crc32_mpeg2
from station.words import Instant

PACKET: Final = 188
SDT_PID: Final = 0x11
EIT_PID: Final = 0x12
TDT_PID: Final = 0x14
EIT_EACH: Final = 1_000_000  # µs; 2 s at most (ETSI TR 101 290, 3.6)
TDT_EACH: Final = 10_000_000  # µs; 30 s at most (3.8)
LONGEST: Final = 100  # bytes of a title: each section is one packet
_EIT, _TDT, _SDT = 0x4E, 0x70, 0x42
_STREAM: Final = b"\x00\x01\xff\x01"  # transport stream, original network
_SECOND: Final = 1_000_000
_DAY: Final = 86_400
_EPOCH: Final = 40_587  # 1970-01-01 as a modified Julian date
_RUNS, _SOON = 4, 1  # running_status
_FLAGS: Final = 13  # of the first service, from the beginning of an SDT


@attrs.frozen(kw_only=True)
class Event:
    """One programme: from when, for how long (µs), and what it is called."""

    start: Instant
    lasts: int
    title: str


Guide = Callable[[], tuple[Event | None, Event | None]]


def _bcd(value: int) -> int:
    return value // 10 << 4 | value % 10


def _clock(seconds: int) -> bytes:
    hours = min(seconds // 3_600, 99)
    return bytes((_bcd(hours), _bcd(seconds // 60 % 60), _bcd(seconds % 60)))


def stamped(at: Instant) -> bytes:
    """A moment as five bytes: modified Julian date, time of day in UTC (annex C)."""
    day, seconds = divmod(at // _SECOND, _DAY)
    return (_EPOCH + day & 0xFFFF).to_bytes(2, "big") + _clock(seconds)


def named(title: str) -> bytes:
    """A text with the byte that says how it is coded, cut between letters."""
    plain = "".join(c for c in title if c.isprintable())
    coded = plain.encode() if plain.isascii() else b"\x15" + plain.encode()
    return coded if len(coded) <= LONGEST else coded[:LONGEST].decode(errors="ignore").encode()


def tdt(now: Instant) -> bytes:
    """A time and date section (5.2.5)."""
    return bytes((_TDT, 0x70, 5)) + stamped(now)


def eit(event: Event | None, number: int, version: int) -> bytes:
    """A section of what is on (number 0), or comes next (1) (5.2.4); without an event where none is known."""
    body = _STREAM + bytes((1, _EIT)) + (b"" if event is None else _event(event, _SOON if number else _RUNS))
    head = bytes((_EIT,)) + (0xF000 | len(body) + 9).to_bytes(2, "big") + b"\0\x01"
    section = head + bytes((0xC1 | (version & 31) << 1, number, 1)) + body
    return section + crc32_mpeg2(section).to_bytes(4, "big")


def _event(event: Event, status: int) -> bytes:
    name = named(event.title)
    said = b"chi" + bytes((len(name),)) + name + b"\0"
    descriptor = bytes((0x4D, len(said))) + said
    seconds = -(-event.lasts // _SECOND)
    number = (event.start // _SECOND & 0xFFFF).to_bytes(2, "big")
    length = (status << 13 | len(descriptor)).to_bytes(2, "big")
    return number + stamped(event.start) + _clock(seconds) + length + descriptor


def foretold(packet: bytes) -> bytes:
    """A packet of an SDT with the flag that present and following events are told; any other as it is."""
    at = 5 + packet[4]
    end = at + 3 + ((packet[at + 1] & 15) << 8 | packet[at + 2]) if at + 3 <= PACKET else PACKET + 1
    if (
        not packet[1] & 0x40
        or packet[3] & 0x20
        or end > PACKET
        or packet[at] != _SDT
        or end - at < _FLAGS + 5
    ):
        return packet
    section = packet[at : at + _FLAGS] + bytes((packet[at + _FLAGS] | 1,)) + packet[at + _FLAGS + 1 : end - 4]
    return packet[:at] + section + crc32_mpeg2(section).to_bytes(4, "big") + packet[end:]


class Tables:
    """Which packet goes into the next empty place."""

    def __init__(self, guide: Guide, now: Callable[[], Instant]) -> None:
        """`guide`: what is on, and what comes next."""
        self._guide, self._now = guide, now
        self._due = {EIT_PID: 0, TDT_PID: 0}
        self._counters = {EIT_PID: 0, TDT_PID: 0}
        self._told: tuple[Event | None, Event | None] | None = None
        self._version = -1
        self._waiting: list[tuple[int, bytes]] = []

    def __call__(self) -> bytes | None:
        """A packet where one is due."""
        now = self._now()
        if not self._waiting:
            self._look(now)
        return self._packet(*self._waiting.pop(0)) if self._waiting else None

    def _look(self, now: Instant) -> None:
        if not self._is_near(self._due[TDT_PID], now, TDT_EACH):
            self._due[TDT_PID] = now + TDT_EACH
            self._waiting.append((TDT_PID, tdt(now)))
        if not self._is_near(self._due[EIT_PID], now, EIT_EACH):
            self._due[EIT_PID] = now + EIT_EACH
            told = self._guide()
            self._version += told != self._told
            self._told = told
            self._waiting += [(EIT_PID, eit(one, number, self._version)) for number, one in enumerate(told)]

    @staticmethod
    def _is_near(due: int, now: Instant, each: int) -> bool:
        """Whether it is to be waited for: not where the time was set back by more."""
        return 0 < due - now <= each

    def _packet(self, pid: int, section: bytes) -> bytes:
        counter = self._counters[pid]
        self._counters[pid] = counter + 1 & 15
        head = bytes((0x47, 0x40 | pid >> 8, pid & 0xFF, 0x10 | counter, 0))
        return (head + section).ljust(PACKET, b"\xff")
