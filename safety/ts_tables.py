"""Tables of a transport stream as a monitor sees them: which programme there is (ISO/IEC 13818-1, 2.4.4), and how often each table comes (ETSI TR 101 290, 5.2). Pure; knows whole sections and when they came."""

from __future__ import annotations

from typing import Final

import attrs

from station.packed import crc32_mpeg2

PAT: Final = 0x00
PMT: Final = 0x02
SDT: Final = 0x42
EIT: Final = 0x4E
TDT: Final = 0x70
PIDS: Final = (0x00, 0x01, 0x10, 0x11, 0x12, 0x13, 0x14)  # of tables, whatever the PMT says
_SHORT: Final = (TDT, 0x72)  # tables without a checksum (ETSI EN 300 468, 5.2)


@attrs.frozen(kw_only=True)
class Programme:
    """What a PMT says."""

    number: int
    pmt: int
    pcr: int
    streams: tuple[tuple[int, int], ...]  # PID, stream_type


@attrs.define
class Seen:
    """One table, or one section of it."""

    count: int = 0
    apart: int = 0  # ticks: the longest without it, from the beginning of the stream on
    last: int | None = None

    def come(self, now: int, began: int) -> None:
        """Here it is again; the stream began at `began`."""
        self.apart = max(self.apart, now - (began if self.last is None else self.last))
        self.last, self.count = now, self.count + 1

    def until(self, end: int, began: int) -> None:
        """The time base, or the stream, ends without its coming again."""
        self.apart = max(self.apart, end - (began if self.last is None else self.last))
        self.last = None


class Tables:
    """Every section that came."""

    def __init__(self) -> None:
        self.seen: dict[tuple[int, int, int], Seen] = {}  # PID, table_id, section of an EIT
        self.damaged = 0
        self.programme: Programme | None = None
        self.named: set[int] = set()  # PIDs of which a PMT speaks
        self._pmts: set[int] = set()

    @property
    def pids(self) -> tuple[int, ...]:
        """On which tables come."""
        return (*PIDS, *self._pmts)

    def come(self, pid: int, data: bytes, now: int, began: int) -> None:
        """A section, whole."""
        table = data[0]
        if table not in _SHORT and (len(data) < 12 or crc32_mpeg2(data)):
            self.damaged += 1
            return
        part = data[6] if table == EIT else 0
        key = pid, table, part
        if key in self.seen or len(self.seen) < 256:
            self.seen.setdefault(key, Seen()).come(now, began)
        if (pid, table) == (0, PAT):
            self._pat(data[8:-4])
        elif table == PMT and pid in self._pmts and len(data) >= 16:
            self._pmt(_programme(pid, data))

    def _pmt(self, said: Programme) -> None:
        self.programme = self.programme or said
        self.named |= {said.pcr, *(one for one, _ in said.streams)}

    def _pat(self, body: bytes) -> None:
        for at in range(0, len(body) - 3, 4):
            if body[at : at + 2] != b"\0\0":
                self._pmts.add((body[at + 2] & 0x1F) << 8 | body[at + 3])


def _programme(pid: int, data: bytes) -> Programme:
    body = data[8:-4]
    streams, at = [], 4 + ((body[2] & 15) << 8 | body[3])
    while at + 5 <= len(body):
        streams.append(((body[at + 1] & 0x1F) << 8 | body[at + 2], body[at]))
        at += 5 + ((body[at + 3] & 15) << 8 | body[at + 4])
    number = int.from_bytes(data[3:5], "big")
    return Programme(number=number, pmt=pid, pcr=(body[0] & 0x1F) << 8 | body[1], streams=tuple(streams))
