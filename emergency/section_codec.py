"""The bodies of the section tables: values out of bytes, and back (GD/J 086-2018 as two public programs read and write it). Knows no packet and no key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any, Final

import attrs

from emergency.section_profile import SectionProfile
from emergency.section_tables import (
    Certificates,
    Configure,
    Content,
    Daily,
    Descriptor,
    DetailsChannel,
    Index,
    IndexEntry,
    Order,
    ProgramStream,
    Table,
)
from emergency.sections import CERTIFICATES, CONFIGURE, CONTENT, DAILY, HEAD, INDEX, Place, Section, encode
from station.packed import Octets, counted, number_bytes, pack_digits
from station.worded import Auxiliary, Wording
from station.words import Instant, Misheard

TABLE_IDS: Final[dict[type, int]] = {
    Index: INDEX,
    Content: CONTENT,
    Certificates: CERTIFICATES,
    Configure: CONFIGURE,
    Daily: DAILY,
}
ONLY: Final = Place()  # the only section of version 0 of sub-table 0
UNKNOWN_TIME: Final = b"\xff" * 5
SIGNATURE_BYTES: Final = 74  # UTC 4, certificate serial 6, SM2 r‖s 64
_EPOCH: Final = date(1858, 11, 17)  # day 0 of the modified Julian date
_UNIX_DAY: Final = (date(1970, 1, 1) - _EPOCH).days
_DAY_S: Final = 86_400


def digits_from(octets: Octets, count: int) -> str:
    """An odd number of digits behind 4 reserved bits that may be anything; Misheard when a nibble is no digit."""
    text = octets.take((count + 1) // 2).hex()[1:]
    if not text.isdigit():
        raise _bad(f"{text} is not {count} digits", f"{text} 不是 {count} 位数字")
    return text


def moment(data: bytes, profile: SectionProfile) -> Instant | None:
    """µs UTC of 16 bits of modified Julian date and 6 BCD digits of local time (EN 300 468 annex C); None for all ones."""
    if data == UNKNOWN_TIME:
        return None
    said = data[2:].hex()
    clock = [int(said[at : at + 2]) if said[at : at + 2].isdigit() else 99 for at in (0, 2, 4)]
    if clock[0] > 23 or clock[1] > 59 or clock[2] > 59:
        raise _bad(f"{said} is no time of day", f"{said} 不是时刻")
    days = int.from_bytes(data[:2], "big") - _UNIX_DAY
    seconds = days * _DAY_S + clock[0] * 3600 + clock[1] * 60 + clock[2] - profile.zone_hours * 3600
    return Instant(seconds * 1_000_000)


def moment_bytes(at: Instant | None, profile: SectionProfile) -> bytes:
    """The reverse of `moment`; ValueError for parts of a second, or a day outside 1858 to 2038."""
    if at is None:
        return UNKNOWN_TIME
    seconds, part = divmod(at, 1_000_000)
    days, clock = divmod(seconds + profile.zone_hours * 3600, _DAY_S)
    if part or not 0 <= days + _UNIX_DAY <= 0xFFFF:
        raise ValueError(f"{at} is no whole second between 1858 and {(_EPOCH + timedelta(65_535)).year}")
    text = f"{clock // 3600:02d}{clock // 60 % 60:02d}{clock % 60:02d}"
    return (days + _UNIX_DAY).to_bytes(2, "big") + bytes.fromhex(text)


def read(section: Section, profile: SectionProfile) -> Table:
    """The table that a section holds; Misheard says what is wrong with it."""
    reader = _READERS.get(section.table_id)
    if reader is None:
        raise _bad(
            f"table {section.table_id:02X} is none of ours", f"表 {section.table_id:02X} 不属于应急广播"
        )
    octets = Octets(section.body)
    table = reader(octets, profile)
    signature = octets.counted(2)
    octets.done()
    return attrs.evolve(table, signature=signature)


def write(table: Table, profile: SectionProfile, place: Place = ONLY) -> Section:
    """The section of a table; ValueError for what it cannot hold."""
    body = _WRITERS[type(table)](table, profile) + counted(table.signature, 2)
    return Section(
        table_id=TABLE_IDS[type(table)],
        extension=place.extension,
        version=place.version,
        number=place.number,
        last=place.last,
        body=body,
    )


def signed(section: Section, length: int, profile: SectionProfile) -> bytes:
    """What the 64 bytes of a signature cover in a section whose signature block has `length` bytes.

    The table in front of the block's length, as one library signs it; by profile the section's header too.
    """
    end = len(section.body) - length
    if profile.signs == "table":
        return section.body[: end - 2]
    return encode(section)[: HEAD + (end + 10 if profile.signs == "before-value" else end - 2)]


def to_sign(table: Table, profile: SectionProfile, block_head: bytes, place: Place = ONLY) -> bytes:
    """The bytes whose SM2 signature goes behind `block_head` (UTC 4, certificate serial 6) into the table."""
    blank = attrs.evolve(table, signature=block_head.ljust(SIGNATURE_BYTES, b"\0"))
    return signed(write(blank, profile, place), SIGNATURE_BYTES, profile)


def content_extension(ebm_id: str) -> int:
    """The table_id_extension of a message's content: CRC-16 (8408 reflected, begun with ones) over its EBMID in BCD.

    So one library has it, that a receiver may tell the contents of several messages apart.
    """
    value = 0xFFFF
    for octet in pack_digits(ebm_id, 35):
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0x8408 if value & 1 else 0)
    return value


def _index(octets: Octets, profile: SectionProfile) -> Index:
    return Index(entries=tuple(_entry(Octets(octets.counted(2)), profile) for _ in range(octets.number(1))))


def _entry(octets: Octets, profile: SectionProfile) -> IndexEntry:
    made = IndexEntry(
        ebm_id=digits_from(octets, 35),
        network=octets.number(2),
        start=moment(octets.take(5), profile),
        end=moment(octets.take(5), profile),
        event=_ascii(octets.take(5)),
        kind=(both := octets.number(1)) >> 4,
        level=both & 15,
        resources=tuple(digits_from(octets, 23) for _ in range(octets.number(1))),
        channel=_channel(octets) if octets.number(1) & 1 else None,
    )
    octets.done()
    return made


def _channel(octets: Octets) -> DetailsChannel:
    network, stream, program, pcr = (octets.number(2) for _ in range(4))
    descriptors = _descriptors(octets)
    inner, streams = Octets(octets.counted(2)), []
    while inner.left:
        kind, pid = inner.number(1), inner.number(2) & 0x1FFF
        streams.append(ProgramStream(type=kind, pid=pid, descriptors=_descriptors(inner)))
    return DetailsChannel(
        network=network,
        transport_stream=stream,
        program=program,
        pcr_pid=pcr & 0x1FFF,
        descriptors=descriptors,
        streams=tuple(streams),
    )


def _descriptors(octets: Octets) -> tuple[Descriptor, ...]:
    inner, found = Octets(octets.take(octets.number(2) & 0x0FFF)), []
    while inner.left:
        found.append(Descriptor(tag=inner.number(1), data=inner.counted(1)))
    return tuple(found)


def _content(octets: Octets, profile: SectionProfile) -> Content:
    return Content(
        ebm_id=digits_from(octets, 35),
        wordings=tuple(_wording(Octets(octets.counted(4)), profile) for _ in range(octets.number(1) & 15)),
    )


def _wording(octets: Octets, profile: SectionProfile) -> Wording:
    made = Wording(
        language=_ascii(octets.take(3)),
        charset=octets.number(1) & 7,
        text=octets.counted(2),
        agency=octets.counted(1),
        auxiliaries=tuple(
            Auxiliary(type=octets.number(1), data=octets.counted(profile.auxiliary_length))
            for _ in range(octets.number(1) & 15)
        ),
    )
    octets.done()
    return made


def _certificates(octets: Octets, _: SectionProfile) -> Certificates:
    return Certificates(
        authorisations=tuple(octets.counted(2) for _ in range(octets.number(1))),
        certificates=tuple(octets.counted(1) for _ in range(octets.number(1))),
    )


def _orders(octets: Octets) -> tuple[Order, ...]:
    return tuple(Order(tag=octets.number(1), data=octets.counted(2)) for _ in range(octets.number(1)))


_READERS: Final[dict[int, Callable[[Octets, SectionProfile], Table]]] = {
    INDEX: _index,
    CONTENT: _content,
    CERTIFICATES: _certificates,
    CONFIGURE: lambda octets, _: Configure(orders=_orders(octets)),
    DAILY: lambda octets, _: Daily(orders=_orders(octets)),
}


def _ascii(data: bytes) -> str:
    if not data.isascii() or not data.decode("ascii").isprintable():
        raise _bad(f"{data.hex()} is no ASCII word", f"{data.hex()} 不是 ASCII 文字")
    return data.decode("ascii")


def _index_bytes(table: Index, profile: SectionProfile) -> bytes:
    entries = (counted(_entry_bytes(entry, profile), 2) for entry in table.entries)
    return _many(table.entries, 0xFF) + b"".join(entries)


def _entry_bytes(entry: IndexEntry, profile: SectionProfile) -> bytes:
    return b"".join(
        (
            pack_digits(entry.ebm_id, 35),
            number_bytes(entry.network, 2),
            moment_bytes(entry.start, profile),
            moment_bytes(entry.end, profile),
            _word(entry.event, 5),
            bytes([_bits(entry.kind, 4) << 4 | _bits(entry.level, 4)]),
            _many(entry.resources, 0xFF),
            *(pack_digits(code, 23) for code in entry.resources),
            b"\xfe" if entry.channel is None else b"\xff" + _channel_bytes(entry.channel),
        )
    )


def _channel_bytes(channel: DetailsChannel) -> bytes:
    streams = (
        number_bytes(stream.type, 1) + _pid(stream.pid) + _descriptor_bytes(stream.descriptors)
        for stream in channel.streams
    )
    numbers = (channel.network, channel.transport_stream, channel.program)
    return b"".join(
        (
            *(number_bytes(number, 2) for number in numbers),
            _pid(channel.pcr_pid),
            _descriptor_bytes(channel.descriptors),
            counted(b"".join(streams), 2),
        )
    )


def _descriptor_bytes(descriptors: tuple[Descriptor, ...]) -> bytes:
    data = b"".join(number_bytes(one.tag, 1) + counted(one.data, 1) for one in descriptors)
    return (0xF000 | _bits(len(data), 10)).to_bytes(
        2, "big"
    ) + data  # the two upper bits of the length stay 0


def _content_bytes(table: Content, profile: SectionProfile) -> bytes:
    wordings = (counted(_wording_bytes(one, profile), 4) for one in table.wordings)
    return pack_digits(table.ebm_id, 35) + _many(table.wordings, 15, 0xF0) + b"".join(wordings)


def _wording_bytes(wording: Wording, profile: SectionProfile) -> bytes:
    return b"".join(
        (
            _word(wording.language, 3),
            bytes([0xF8 | _bits(wording.charset, 3)]),
            counted(wording.text, 2),
            counted(wording.agency, 1),
            _many(wording.auxiliaries, 15, 0xF0),
            *(
                number_bytes(one.type, 1) + counted(one.data, profile.auxiliary_length)
                for one in wording.auxiliaries
            ),
        )
    )


def _certificates_bytes(table: Certificates, _: SectionProfile) -> bytes:
    lists = (counted(data, 2) for data in table.authorisations)
    ones = (counted(data, 1) for data in table.certificates)
    return b"".join((_many(table.authorisations, 0xFF), *lists, _many(table.certificates, 0xFF), *ones))


def _orders_bytes(table: Configure | Daily, _: SectionProfile) -> bytes:
    orders = (number_bytes(order.tag, 1) + counted(order.data, 2) for order in table.orders)
    return _many(table.orders, 0xFF) + b"".join(orders)


_WRITERS: Final[dict[type, Callable[[Any, SectionProfile], bytes]]] = {
    Index: _index_bytes,
    Content: _content_bytes,
    Certificates: _certificates_bytes,
    Configure: _orders_bytes,
    Daily: _orders_bytes,
}


def _many(things: tuple[object, ...], most: int, reserved: int = 0) -> bytes:
    if len(things) > most:
        raise ValueError(
            f"{len(things)} where at most {most} can be said · 有 {len(things)} 项,至多 {most} 项"
        )
    return bytes([reserved | len(things)])


def _bits(value: int, bits: int) -> int:
    if not 0 <= value < 1 << bits:
        raise ValueError(f"{value} does not go into {bits} bits · {value} 超出 {bits} 位")
    return value


def _pid(value: int) -> bytes:
    return (0xE000 | _bits(value, 13)).to_bytes(2, "big")


def _word(text: str, count: int) -> bytes:
    if len(text) != count or not text.isascii() or not text.isprintable():
        raise ValueError(f"{text!r} is not {count} ASCII characters · {text!r} 不是 {count} 个 ASCII 字符")
    return text.encode("ascii")


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(
        f"a table of emergency broadcasting is refused: {en}", f"应急广播表不予接受:{zh}", code="table"
    )
