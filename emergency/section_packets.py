"""Sections in packets of a transport stream (ISO/IEC 13818-1, 2.4.3, 2.4.4): cut into packets, and gathered from whatever a stream holds. Knows no table's content, no socket."""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import Final

import attrs

from emergency.sections import LONGEST, TABLES, length_of

PACKET: Final = 188
SYNC: Final = 0x47
NULL_PID: Final = 0x1FFF
MOST_PIDS: Final = 64  # streams with a section under way
_ROOM: Final = PACKET - 4
_HELD: Final = 64 * PACKET


@attrs.frozen(kw_only=True)
class Found:
    """A section's bytes, nothing of them checked but their length, and where they came from."""

    pid: int
    data: bytes


@attrs.define
class Counts:
    """What was counted since the beginning."""

    packets: int = 0
    lost_sync: int = 0
    continuity: int = 0  # counters that did not follow: what was under way there is thrown away
    damaged: int = 0  # flagged, scrambled, or not understood
    dropped: int = 0  # sections that were not gathered whole


def packets(sections: Iterable[bytes], pid: int, counter: int = 0) -> tuple[bytes, int]:
    """The packets of sections, each beginning a packet of its own, and the next continuity counter.

    ValueError for a pid that is none (13 bits; 1FFF is that of empty packets).
    """
    if not 0 <= pid < NULL_PID:
        raise ValueError(f"{pid} is no PID of a stream")
    made = bytearray()
    for section in sections:
        data = b"\x00" + section
        for at in range(0, len(data), _ROOM):
            start = 0x40 if at == 0 else 0
            made += bytes([SYNC, start | pid >> 8, pid & 0xFF, 0x10 | counter & 15])
            made += data[at : at + _ROOM].ljust(_ROOM, b"\xff")
            counter = counter + 1 & 15
    return bytes(made), counter


@attrs.define
class _Stream:
    """What is known of one PID. `under_way` is None between sections and after a loss."""

    counter: int
    payload: bytes = b""
    under_way: bytearray | None = None


class Reader:
    """Feed it pieces of a stream, cut anywhere; it gives whole sections of the tables asked for."""

    def __init__(self, pid: int | None = None, tables: Container[int] = TABLES) -> None:
        self.counts = Counts()
        self._pid = pid
        self._tables = tables
        self._rest = b""
        self._streams: dict[int, _Stream] = {}

    def feed(self, data: bytes) -> list[Found]:
        """The sections that are complete now."""
        data = self._rest + data if self._rest else data
        found: list[Found] = []
        at = 0
        while at + PACKET <= len(data):
            if data[at] != SYNC:
                at = self._resync(data, at)
                continue
            self._packet(data[at : at + PACKET], found)
            at += PACKET
        self._rest = data[at:][-_HELD:]
        return found

    def _resync(self, data: bytes, at: int) -> int:
        self.counts.lost_sync += 1
        found = data.find(SYNC, at + 1)
        while found >= 0 and found + PACKET < len(data) and data[found + PACKET] != SYNC:
            found = data.find(SYNC, found + 1)
        return len(data) if found < 0 else found

    def _packet(self, packet: bytes, found: list[Found]) -> None:
        self.counts.packets += 1
        pid = (packet[1] & 0x1F) << 8 | packet[2]
        if pid == NULL_PID or self._pid not in (None, pid):
            return
        if packet[1] & 0x80 or packet[3] & 0xC0:
            self.counts.damaged += 1
            self._lose(self._streams.get(pid))
            return
        at = 5 + packet[4] if packet[3] & 0x20 else 4
        if not packet[3] & 0x10 or at >= PACKET:
            self.counts.damaged += bool(packet[3] & 0x10)
            return
        stream = self._stream(pid, packet[3] & 15, packet[at:])
        if stream is not None:
            self._payload(pid, stream, packet[at:], found, start=bool(packet[1] & 0x40))

    def _stream(self, pid: int, counter: int, payload: bytes) -> _Stream | None:
        """The stream whose turn it is; None for a packet sent twice, or of one stream too many."""
        stream = self._streams.get(pid)
        if stream is None:
            if len(self._streams) >= MOST_PIDS:
                self._streams.pop(next(iter(self._streams)))
            stream = self._streams[pid] = _Stream(counter)
        elif counter == stream.counter and payload == stream.payload:
            return None
        elif counter != stream.counter + 1 & 15:
            self.counts.continuity += 1
            self._lose(stream)
        stream.counter, stream.payload = counter, payload
        return stream

    def _lose(self, stream: _Stream | None) -> None:
        if stream is not None and stream.under_way is not None:
            stream.under_way = None
            self.counts.dropped += 1

    def _payload(self, pid: int, stream: _Stream, payload: bytes, found: list[Found], *, start: bool) -> None:
        if not start:
            self._go_on(pid, stream, payload, found)
            return
        begin = 1 + payload[0]
        if begin > len(payload):
            self.counts.damaged += 1
            self._lose(stream)
            return
        self._go_on(pid, stream, payload[1:begin], found)
        self._lose(stream)  # another one begins here, so this one had no end
        stream.under_way = bytearray()
        self._go_on(pid, stream, payload[begin:], found)

    def _go_on(self, pid: int, stream: _Stream, data: bytes, found: list[Found]) -> None:
        """Add to what is under way and give what is whole of it; stuffing, or the end of a packet, ends the gathering."""
        held = stream.under_way
        if held is None:
            return
        held += data
        while held and held[0] != 0xFF:
            length = length_of(held) if len(held) >= 3 else LONGEST
            if length > LONGEST:
                self._lose(stream)
                return
            if len(held) < length:
                return
            if held[0] in self._tables:
                found.append(Found(pid=pid, data=bytes(held[:length])))
            del held[:length]
        stream.under_way = None
