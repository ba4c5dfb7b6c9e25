"""A transport stream against the decoder model T-STD (ISO/IEC 13818-1, 2.4.2) and what a monitor asks (ETSI TR 101 290): bytes in, a report out, sans I/O. Knows one programme, the first; knows no file."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, Protocol

from safety.ts_buffers import SYSTEM, SYSTEM_RATE, TRANSPORT, Leak, system_leak
from safety.ts_pcr import Line
from safety.ts_report import Report, Source, made
from safety.ts_streams import stream_of
from safety.ts_tables import Tables
from safety.ts_timed import PACKET_BITS, WRAP, Timed, Timer, is_break, pcr_of, pid_of
from safety.tspackets import PACKET, SYNC
from station.words import Misheard

BEFORE: Final = 40_000  # packets in which there must be a PAT, a PMT and a PCR
_NULL: Final = 0x1FFF
_STATED: Final = (0x00, 0x01)  # tables that a decoder's system buffer takes besides the PMT


class Gathered(Protocol):
    """A whole section."""

    @property
    def pid(self) -> int:
        """On which it came."""
        ...

    @property
    def data(self) -> bytes:
        """All of it."""
        ...


Gather = Callable[[bytes], Iterable[Gathered]]  # packets of tables in, sections out


class Check:
    """Feed it the stream, cut anywhere; `report` at its end."""

    def __init__(self, gathering: Callable[[], Gather]) -> None:
        """`gathering`: makes what makes whole sections of packets."""
        self._gathering, self._gather = gathering, gathering()
        self._rest = b""
        self._lost: int | None = None  # bytes since sync was lost
        self._before: list[bytes] = []  # until there is a programme
        self._timer: Timer | None = None
        self._source = Source(tables=Tables(), line=Line())

    def feed(self, data: bytes) -> None:
        """Bytes of the stream; Misheard where no programme is found in it."""
        data = self._rest + data if self._rest else data
        at = 0
        while at + PACKET <= len(data) - (self._lost is not None):
            if self._lost is None and data[at] == SYNC:
                self._packet(data[at : at + PACKET])
                at += PACKET
                continue
            at = self._resync(data, at)
        self._rest = data[at:]

    def report(self) -> Report:
        """The whole; Misheard where there was no programme, or no clock."""
        if self._timer is None:
            raise _none("no programme (PAT, PMT) is in it", "其中没有节目(PAT、PMT)")
        for timed in self._timer.rest():
            self._timed(timed)
        self._source.line.begin()
        self._source.fold()
        if not self._source.past:
            raise _none("its programme has no clock (PCR)", "节目没有时钟(PCR)")
        self._source.cut = len(self._rest) % PACKET
        return made(self._source)

    def _resync(self, data: bytes, at: int) -> int:
        """Where packets may go on: a sync byte with another one behind its packet. Where that is not to be seen yet, `_lost`
        stays the number of bytes passed over."""
        self._source.lost_sync += self._lost is None
        found = data.find(SYNC, at)
        while found >= 0 and found + PACKET < len(data) and data[found + PACKET] != SYNC:
            found = data.find(SYNC, found + 1)
        found = len(data) if found < 0 else found
        self._lost = (self._lost or 0) + found - at
        if found + PACKET < len(data):
            self._source.packets += self._lost // PACKET  # what is lost took its time too
            self._lost = None
        return found

    def _packet(self, packet: bytes) -> None:
        number = self._source.packets
        self._source.packets += 1
        if self._timer is None:
            self._look_for(packet)
            return
        self._clocked(number, packet)

    def _look_for(self, packet: bytes) -> None:
        self._before.append(packet)
        tables = self._source.tables
        if pid_of(packet) in tables.pids:
            for one in self._gather(packet):
                tables.come(one.pid, one.data, 0, 0)
        if tables.programme is not None:
            self._begin(tables)
        elif len(self._before) >= BEFORE:
            raise _none("no programme (PAT, PMT) is in it", "其中没有节目(PAT、PMT)")

    def _begin(self, tables: Tables) -> None:
        assert tables.programme is not None
        self._timer = Timer(tables.programme.pcr)
        tables.seen.clear()
        tables.damaged, self._gather = 0, self._gathering()
        for pid, kind in tables.programme.streams:
            self._source.streams[pid] = kind, stream_of(kind)
        before, self._before = self._before, []
        for number, packet in enumerate(before):
            self._clocked(number, packet)

    def _clocked(self, number: int, packet: bytes) -> None:
        assert self._timer is not None
        source, breaks = self._source, self._timer.breaks
        for timed in self._timer.feed(number, packet):
            self._timed(timed)
        if self._timer.breaks != breaks:
            source.breaks, source.flagged = self._timer.breaks, self._timer.flagged
            self._anew()

    def _anew(self) -> None:
        """Another time base: what is in the buffers says nothing of what comes."""
        source = self._source
        source.line.begin()
        source.fold()
        for pid, (kind, _) in source.streams.items():
            source.streams[pid] = kind, stream_of(kind)

    def _timed(self, timed: Timed) -> None:
        source, packet = self._source, timed.data
        if source.began is None:
            source.began = timed.start
            source.system = Leak(TRANSPORT, SYSTEM_RATE), Leak(SYSTEM, system_leak(self._rate()))
        source.now = timed.end
        pid = pid_of(packet)
        if pid == _NULL:
            source.empty += 1
            return
        if packet[1] & 0x80:
            source.flawed += 1
            return
        self._clock(pid, timed)
        followed = self._follows(pid, packet)
        self._stream(pid, timed, followed=followed)

    def _rate(self) -> int:
        assert self._timer is not None
        return self._timer.rate

    def _clock(self, pid: int, timed: Timed) -> None:
        tables, pcr = self._source.tables, pcr_of(timed.data)
        assert tables.programme is not None
        if pcr is None or pid != tables.programme.pcr:
            return
        near = timed.start + (timed.end - timed.start) * 10 // PACKET
        ticks = near + (pcr - near + WRAP // 2) % WRAP - WRAP // 2
        self._source.line.come(timed.number * PACKET, ticks)

    def _follows(self, pid: int, packet: bytes) -> bool | None:
        """Whether the counter follows; None for a packet that is sent a second time (2.4.3.3)."""
        counters, source = self._source.counters, self._source
        carries, counter = packet[3] & 0x10, packet[3] & 15
        last = counters.get(pid)
        if not carries:
            return True
        counters[pid] = counter, packet
        if last is None or counter == last[0] + 1 & 15 or is_break(packet):
            return True
        if counter == last[0] and packet[12:] == last[1][12:]:
            return None
        source.continuity += 1
        return False

    def _stream(self, pid: int, timed: Timed, *, followed: bool | None) -> None:
        source = self._source
        packet = timed.data
        source.come(pid, timed.end)
        stated = source.streams.get(pid)
        if stated is None:
            self._table(pid, timed)
            return
        looks = stated[1]
        if looks is None or followed is None:
            return
        if not followed:
            looks.lose()
        at = 5 + packet[4] if packet[3] & 0x20 else 4
        payload = packet[at:] if packet[3] & 0x10 else b""
        looks.take(timed, payload, begins=bool(packet[1] & 0x40 and payload))

    def _table(self, pid: int, timed: Timed) -> None:
        source = self._source
        if pid not in source.tables.pids:
            source.unknown.add(pid)
            return
        assert source.tables.programme is not None and source.began is not None
        if pid in (*_STATED, source.tables.programme.pmt):
            first, out = source.system[0].take(timed.start, timed.end, PACKET_BITS)
            source.system[1].take(first, out, PACKET_BITS - 32)
        for one in self._gather(timed.data):
            source.tables.come(one.pid, one.data, timed.end, source.began)


def _none(en: str, zh: str) -> Misheard:
    return Misheard(f"this is no transport stream that can be checked: {en}", f"无法检查该传输流:{zh}")


__all__ = ["BEFORE", "Check", "Gather", "Gathered"]
