"""Transport stream packets and what is in them (ISO/IEC 13818-1, 2.4): PES packets of pictures and sound, clocks, the two tables that name them. Pure; knows bytes, neither order nor time."""

from __future__ import annotations

from functools import cache
from typing import Final

from station.packed import crc32_mpeg2

PACKET: Final = 188
CLOCK: Final = 27_000_000  # ticks a second
NULL: Final = b"\x47\x1f\xff\x10" + b"\xff" * (PACKET - 4)
PMT_PID: Final = 0x1000
FIRST_PID, SECOND_PID = 0x100, 0x101  # of pictures and their sound; sound that is alone has the first
STREAM, SERVICE = 1, 1  # transport_stream_id, program_number
H264, MPEG2, MPEG_SOUND, AAC = 0x1B, 0x02, 0x03, 0x0F  # stream_type (table 2-34)
PICTURES, SOUND = 0xE0, 0xC0  # stream_id (table 2-22)
RANDOM_ACCESS: Final = b"\x40"  # an adaptation field's flags (2.4.3.4)
UNCLOCKED: Final = b"\x10" + bytes(6)  # a field with a clock yet to be written
_PAYLOAD: Final = PACKET - 4
_WRAP: Final = 300 << 33
_ROOM: Final = PACKET - 5  # bytes of a section that is one packet
_DELIMITER: Final = b"\0\0\0\1\x09\xf0"  # of H.264 access units of any kind (ITU-T H.264, 7.3.2.4)


def packet(pid: int, counter: int, payload: bytes, field: bytes = b"", *, begins: bool = False) -> bytes:
    """One packet; `field`: what its adaptation field says before the stuffing. `payload` of at most 184 bytes less those of the field and one."""
    space = _PAYLOAD - len(payload)
    head = bytes([0x47, begins << 6 | pid >> 8, pid & 0xFF, (0x30 if space else 0x10) | counter & 15])
    if not space:
        return head + payload
    stuffed = b"" if space == 1 else (field or b"\0").ljust(space - 1, b"\xff")
    return head + bytes([space - 1]) + stuffed + payload


def cut(pid: int, counter: int, data: bytes, field: bytes = b"") -> bytes:
    """`data`, which begins a PES packet, in packets; the first has `field` and the number `counter`."""
    room = _PAYLOAD - (len(field) + 1 if field else 0)
    first = packet(pid, counter, data[:room], field, begins=True)
    whole = max(0, len(data) - room) // _PAYLOAD
    tail = room + whole * _PAYLOAD
    heads = _heads(pid, counter + 1 & 15)
    parts = [b""] * (2 * whole)
    parts[0::2] = (heads * (whole // 16 + 1))[:whole]
    parts[1::2] = [data[at : at + _PAYLOAD] for at in range(room, tail, _PAYLOAD)]
    last = packet(pid, counter + 1 + whole, data[tail:]) if tail < len(data) else b""
    return b"".join([first, *parts, last])


@cache
def _heads(pid: int, counter: int) -> list[bytes]:
    """Of sixteen packets that are full and begin nothing."""
    return [bytes([0x47, pid >> 8, pid & 0xFF, 0x10 | n & 15]) for n in range(counter, counter + 16)]


def pes(stream: int, pts: int, data: bytes) -> bytes:
    """A PES packet of one access unit; `pts` in ticks of 90 kHz, modulo 2^33. The length of one with pictures is not said (2.4.3.7)."""
    pts %= 1 << 33
    stamp = 0x21 << 32 | (pts >> 30) << 33 | 1 << 16 | (pts >> 15 & 0x7FFF) << 17 | (pts & 0x7FFF) << 1 | 1
    size = 0 if stream == PICTURES else len(data) + 8
    head = b"\0\0\1" + bytes([stream]) + size.to_bytes(2, "big") + b"\x80\x80\x05"
    return head + stamp.to_bytes(5, "big") + data


def delimited(unit: bytes) -> bytes:
    """An access unit of H.264 with its delimiter, which a transport stream asks for (2.14.1)."""
    return unit if unit[unit.find(b"\1") + 1] & 31 == 9 else _DELIMITER + unit


def padding(pid: int, counter: int) -> bytes:
    """A packet that moves the counter and nothing else: a zero behind an access unit (trailing_zero_8bits in H.264, annex B; stuffing before a start code in MPEG-2)."""
    return packet(pid, counter, b"\0")


def clock(ticks: int) -> bytes:
    """Six bytes of PCR (2.4.3.5)."""
    base, more = divmod(ticks % _WRAP, 300)
    return (base << 15 | 0x7E00 | more).to_bytes(6, "big")


def clocked(whole: bytes, ticks: int) -> bytes:
    """A packet that was made `UNCLOCKED`, with its clock."""
    return whole[:6] + clock(ticks) + whole[12:]


def clock_only(pid: int, counter: int, ticks: int) -> bytes:
    """A packet with a clock and no payload; it has the number of the one with payload before it (2.4.3.3)."""
    head = bytes([0x47, pid >> 8, pid & 0xFF, 0x20 | counter & 15, _PAYLOAD - 1, 0x10])
    return (head + clock(ticks)).ljust(PACKET, b"\xff")


def table(pid: int, counter: int, data: bytes) -> bytes:
    """One section that fits, in a packet of its own; ValueError where it does not fit."""
    if len(data) > _ROOM:
        raise ValueError(f"a section of {len(data)} bytes is more than a packet holds")
    head = bytes([0x47, 0x40 | pid >> 8, pid & 0xFF, 0x10 | counter & 15, 0])
    return (head + data).ljust(PACKET, b"\xff")


def section(
    number: int, extension: int, version: int, part: int, last: int, body: bytes, *, mpeg: bool = False
) -> bytes:
    """A section of table `number` in the long form (ETSI EN 300 468, 5.1.1), its checksum included; `mpeg`: one of ISO/IEC 13818-1 itself (2.4.4.11)."""
    head = extension.to_bytes(2, "big") + bytes([0xC1 | version % 32 << 1, part, last])
    length = (0xB000 if mpeg else 0xF000) | len(head) + len(body) + 4
    data = bytes([number]) + length.to_bytes(2, "big") + head + body
    return data + crc32_mpeg2(data).to_bytes(4, "big")


def pat() -> bytes:
    """The one programme and where its PMT is (2.4.4.3)."""
    return section(
        0, STREAM, 0, 0, 0, SERVICE.to_bytes(2, "big") + (0xE000 | PMT_PID).to_bytes(2, "big"), mpeg=True
    )


def pmt(streams: tuple[tuple[int, int], ...]) -> bytes:
    """The streams, (PID, stream_type) each; the clock is on the first (2.4.4.8)."""
    body = (0xE000 | streams[0][0]).to_bytes(2, "big") + b"\xf0\0"
    body += b"".join(bytes([kind]) + (0xE000 | pid).to_bytes(2, "big") + b"\xf0\0" for pid, kind in streams)
    return section(2, SERVICE, 0, 0, 0, body, mpeg=True)


__all__ = [
    "AAC",
    "CLOCK",
    "FIRST_PID",
    "H264",
    "MPEG2",
    "MPEG_SOUND",
    "NULL",
    "PACKET",
    "PICTURES",
    "PMT_PID",
    "RANDOM_ACCESS",
    "SECOND_PID",
    "SERVICE",
    "SOUND",
    "STREAM",
    "UNCLOCKED",
    "clock",
    "clock_only",
    "clocked",
    "cut",
    "delimited",
    "packet",
    "padding",
    "pat",
    "pes",
    "pmt",
    "section",
    "table",
]
