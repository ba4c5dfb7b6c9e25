"""What a receiver is told of a service beside its streams: name (SDT), programme now and next (EIT), time of day (TDT), after ETSI EN 300 468, in the place of a transport stream's empty packets. Pure; knows no plan, no socket, no muxer.

A stream of constant rate has empty packets enough; one that is replaced moves nothing, so PCR and rate stay as the
muxer made them. Its own SDT, which knows of no EIT, is replaced packet by packet. The numbers are those of libav's muxer.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from playout.guide import Event, cut
from station.packed import crc32_mpeg2
from station.words import SAMPLE_RATE

PACKET: Final = 188
SDT_PID, EIT_PID, TDT_PID = 0x11, 0x12, 0x14
NULL: Final = b"\x47\x1f\xff"
_SDT: Final = b"\x47\x40\x11"
STREAM, NETWORK, SERVICE = 1, 0xFF01, 1  # transport_stream_id, original_network_id, service_id
TELEVISION, RADIO = 0x01, 0x02  # service_type (table 87)
EIT_EVERY: Final = SAMPLE_RATE  # samples: 1 s; at most 2 (ETSI TR 101 290, 3.6.c)
TDT_EVERY: Final = 10 * SAMPLE_RATE  # at most 30 s (3.8)
_LEAK: Final = 1_000_000  # bits a second out of the receiver's buffer of 512 bytes (T-STD, 2.4.2.3)
_SYSTEM: Final = tuple(bytes([0x47, 0x40 | pid >> 8, pid & 0xFF]) for pid in (0x00, 0x1000, SDT_PID))
_MOST: Final = 8  # packets that wait where no empty one comes
_UTF8: Final = b"\x15"  # character table (annex A.2)
_RUNNING, _NOT_RUNNING = 4, 1
_MJD: Final = 40_587  # 1970-01-01
_ROOM: Final = PACKET - 5  # bytes of a section that is one packet


def text(said: str) -> bytes:
    """Words as these tables carry them: ASCII as it is, all else as UTF-8 behind its mark; control characters left out."""
    shown = cut("".join(char for char in said if char.isprintable()))
    return shown.encode() if shown.isascii() else _UTF8 + shown.encode()


def section(table: int, extension: int, version: int, number: int, last: int, body: bytes) -> bytes:
    """A section in the long form (5.1.1), its checksum included."""
    head = extension.to_bytes(2, "big") + bytes([0xC1 | version % 32 << 1, number, last])
    data = bytes([table]) + (0xF000 | len(head) + len(body) + 4).to_bytes(2, "big") + head + body
    return data + crc32_mpeg2(data).to_bytes(4, "big")


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


class Tables:
    """Puts the tables of one service into the stream that passes."""

    def __init__(
        self, kind: int, provider: str, name: str, guide: Callable[[], tuple[Event, ...] | None], rate: int
    ) -> None:
        """`rate`: bits a second of the stream."""
        self._apart = -(-rate * 4 // _LEAK)  # packets between two, in which the buffer empties
        self._quiet = 0  # packets since one of such a table, as far as anybody looked
        self._sdt, self._guide = sdt(kind, provider, name), guide
        self._told: tuple[Event, ...] | None = None
        self._version = -1
        self._counters = {EIT_PID: 0, TDT_PID: 0}
        self._waiting: deque[bytes] = deque()
        self._eit_at: int | None = None
        self._tdt_at: int | None = None

    def at(self, n: int) -> None:
        """Sample `n` is being sent: what is due by then waits for an empty packet."""
        if _over(self._eit_at, n, EIT_EVERY):
            self._eit_at = n
            self._listed()
        if _over(self._tdt_at, n, TDT_EVERY):
            self._tdt_at = n
            self._have(TDT_PID, tdt(n // SAMPLE_RATE))

    def fill(self, data: bytes) -> bytes:
        """Whole packets as the muxer made them, with ours among them."""
        made = self._own_sdt(data)
        if not self._waiting:
            self._quiet = 0  # nobody looked
            return made
        whole = bytearray(made)
        heads = [made[at : at + 3] for at in range(0, len(made), PACKET)]
        for number, head in enumerate(heads):
            ahead = heads[number + 1 : number + 1 + self._apart]
            free = head == NULL and self._quiet >= self._apart and not any(map(_is_system, ahead))
            self._quiet += 1
            if _is_system(head):
                self._quiet = 0
            elif free and self._waiting:
                whole[number * PACKET : (number + 1) * PACKET] = self._waiting.popleft()
                self._quiet = 0
        return bytes(whole)

    def _listed(self) -> None:
        if self._waiting:  # no empty packet came since: no more of them
            return
        found = self._guide()
        if found is None:
            return
        if found != self._told:
            self._told, self._version = found, self._version + 1
        for number in range(2):
            self._have(EIT_PID, eit(self._version, number, found[number] if number < len(found) else None))

    def _have(self, pid: int, data: bytes) -> None:
        if len(self._waiting) < _MOST:
            self._waiting.append(packet(pid, self._counters[pid], data))
            self._counters[pid] += 1

    def _own_sdt(self, data: bytes) -> bytes:
        at = _aligned(data, _SDT, 0)
        while at >= 0:
            data = data[:at] + packet(SDT_PID, data[at + 3], self._sdt) + data[at + PACKET :]
            at = _aligned(data, _SDT, at + PACKET)
        return data


def packet(pid: int, counter: int, data: bytes) -> bytes:
    """One section that fits, in a packet of its own."""
    if len(data) > _ROOM:
        raise ValueError(f"a section of {len(data)} bytes is more than a packet holds")
    head = bytes([0x47, 0x40 | pid >> 8, pid & 0xFF, 0x10 | counter & 15, 0])
    return (head + data).ljust(PACKET, b"\xff")


def _is_system(head: bytes) -> bool:
    """Whether a packet is one of the muxer's own tables: PAT, PMT, SDT."""
    return head in _SYSTEM


def _over(last: int | None, n: int, every: int) -> bool:
    """Whether it is due again; also where the time went back."""
    return last is None or not last <= n < last + every


def _aligned(data: bytes, head: bytes, start: int) -> int:
    """Where the next packet that begins so stands; -1: nowhere."""
    at = data.find(head, start)
    while at % PACKET and at >= 0:
        at = data.find(head, at + 1)
    return at


__all__ = ["RADIO", "TELEVISION", "Tables", "eit", "moment", "packet", "sdt", "tdt", "text"]
