"""What a receiver is told of a service beside its pictures and sound: where they are (PAT, PMT), name (SDT), programme now and next (EIT), time of day (TDT), after ISO/IEC 13818-1 and ETSI EN 300 468. Pure; knows no plan, no socket, no muxer.

Each table has its slots (playout.ts_mux), and its counter and, where its content changes, its version are made of the
slot's number and that content: whoever begins when says the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from playout.guide import Event, at, cut
from playout.ts_mux import SLOT
from playout.ts_packets import NULL, PMT_PID, SERVICE, STREAM, pat, pmt, section, table
from station.packed import crc32_mpeg2
from station.words import SAMPLE_RATE

SDT_PID, EIT_PID, TDT_PID = 0x11, 0x12, 0x14
NETWORK: Final = 0xFF01  # original_network_id
TELEVISION, RADIO = 0x01, 0x02  # service_type (table 87)
_CYCLE: Final = (
    40  # slots, 0.96 s: EIT once, at most 2 s apart (ETSI TR 101 290, 3.6.c); PAT and PMT ten times
)
_SDT: Final = (3, 23)  # slots of a cycle
_EIT: Final = (7, 11)  # now, next
_TDT: Final = 15  # of one cycle in ten; at most 30 s apart (3.8)
_UTF8: Final = b"\x15"  # character table (annex A.2)
_RUNNING, _NOT_RUNNING = 4, 1
_MJD: Final = 40_587  # 1970-01-01


def text(said: str) -> bytes:
    """Words as these tables carry them: ASCII as it is, all else as UTF-8 behind its mark; control characters left out."""
    shown = cut("".join(char for char in said if char.isprintable()))
    return shown.encode() if shown.isascii() else _UTF8 + shown.encode()


def sdt(kind: int, provider: str, name: str) -> bytes:
    """Service description of the one service: its type and names, and that its EIT tells now and next (5.2.3)."""
    of, called = text(provider)[:40], text(name)
    said = bytes([kind, len(of)]) + of + bytes([len(called)]) + called
    service = b"\x48" + bytes([len(said)]) + said
    loop = SERVICE.to_bytes(2, "big") + b"\xfd" + (_RUNNING << 13 | len(service)).to_bytes(2, "big") + service
    return section(0x42, STREAM, 0, 0, 0, NETWORK.to_bytes(2, "big") + b"\xff" + loop)


def eit(version: int, number: int, event: Event | None) -> bytes:
    """Now (`number` 0) or next (1); a section without an event where nobody knows (5.2.4)."""
    head = STREAM.to_bytes(2, "big") + NETWORK.to_bytes(2, "big") + bytes([1, 0x4E])
    return section(
        0x4E, SERVICE, version, number, 1, head + (b"" if event is None else _event(event, number))
    )


def _event(event: Event, number: int) -> bytes:
    begins, ends = -(-event.start // SAMPLE_RATE), -(-event.end // SAMPLE_RATE)
    name = text(event.title)
    described = b"chi" + bytes([len(name)]) + name + b"\x00"
    described = b"\x4d" + bytes([len(described)]) + described
    running = _NOT_RUNNING if number else _RUNNING
    lasts = min(ends - begins, 359_999)
    return (
        (begins & 0xFFFF).to_bytes(2, "big") + moment(begins) + _clock(lasts)
        + (running << 13 | len(described)).to_bytes(2, "big") + described
    )  # fmt: skip


def tdt(seconds: int) -> bytes:
    """Date and time, UTC (5.2.5)."""
    return b"\x70\x70\x05" + moment(seconds)


def moment(seconds: int) -> bytes:
    """Seconds since 1970 as modified Julian date and digits (annex C)."""
    days, rest = divmod(seconds, 86_400)
    return (_MJD + days & 0xFFFF).to_bytes(2, "big") + _clock(rest)


def _clock(seconds: int) -> bytes:
    return bytes.fromhex(f"{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}")


def version(present: Event | None, following: Event | None) -> int:
    """Of the two sections: made of what they say. One change in 32 does not show in it."""
    return crc32_mpeg2(eit(0, 0, present)[:-4] + eit(0, 1, following)[:-4]) % 32


class Tables:
    """The tables of one service: at most one packet a slot."""

    def __init__(
        self,
        kind: int,
        name: tuple[str, str],
        streams: tuple[tuple[int, int], ...],
        guide: Callable[[], tuple[Event, ...] | None],
        delay: int,
    ) -> None:
        """`name`: of provider and service; `streams`: (PID, stream_type), the one with the clock first; `delay`: samples from a slot to what is on the air as it is sent."""
        self._pat, self._pmt, self._sdt = pat(), pmt(streams), sdt(kind, *name)
        self._guide, self._delay = guide, delay
        self._known: tuple[Event, ...] | None = None
        self._told: tuple[Event | None, Event | None] | None = None
        self._sections = b"", b""

    def packet(self, slot: int) -> bytes | None:
        """What stands in the one place for it; None: nothing ever does."""
        cycle, number = divmod(slot, _CYCLE)
        if number % 4 == 0:
            return table(0, slot // 4, self._pat)
        if number % 4 == 2:
            return table(PMT_PID, slot // 4, self._pmt)
        if number in _SDT:
            return table(SDT_PID, 2 * cycle + (number == _SDT[1]), self._sdt)
        if number in _EIT:
            return self._listed(cycle, int(number == _EIT[1]))
        if number == _TDT and cycle % 10 == 0:
            return table(TDT_PID, cycle // 10, tdt((slot * SLOT + self._delay) // SAMPLE_RATE))
        return None

    def _listed(self, cycle: int, part: int) -> bytes:
        """Both of a cycle tell what is on the air when the first of them is sent."""
        read = self._guide()
        self._known = self._known if read is None else read
        if self._known is None:
            return NULL
        told = at(self._known, (cycle * _CYCLE + _EIT[0]) * SLOT + self._delay)
        if told != self._told:
            number = version(*told)
            self._told, self._sections = told, (eit(number, 0, told[0]), eit(number, 1, told[1]))
        return table(EIT_PID, 2 * cycle + part, self._sections[part])


__all__ = ["RADIO", "TELEVISION", "Tables", "eit", "moment", "sdt", "tdt", "text", "version"]
