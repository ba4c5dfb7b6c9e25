"""MPEG private sections as emergency broadcasting sends them (ISO/IEC 13818-1, 2.4.4; GD/J 086, 087): bytes in, a section out, and back. Knows no table's content, no packet, no key."""

from __future__ import annotations

from typing import Final

import attrs

from station.packed import crc32_mpeg2
from station.words import Misheard

DAILY: Final = 0xFA
CONFIGURE: Final = 0xFB
CERTIFICATES: Final = 0xFC
INDEX: Final = 0xFD
CONTENT: Final = 0xFE
TABLES: Final = range(DAILY, CONTENT + 1)
LONGEST: Final = 4096  # bytes of a private section, its three first bytes included
HEAD: Final = 8
MOST: Final = LONGEST - HEAD - 4  # bytes of a body


@attrs.frozen(kw_only=True)
class Section:
    """One section. `body` is all between its header of 8 bytes and its CRC of 4."""

    table_id: int  # 0–255
    extension: int = 0  # table_id_extension, 16 bits
    version: int = 0  # 0–31
    current: bool = True
    number: int = 0  # section_number, 0–255
    last: int = 0  # last_section_number
    body: bytes


@attrs.frozen(kw_only=True)
class Place:
    """Which section of which version of which sub-table."""

    extension: int = 0
    version: int = 0
    number: int = 0
    last: int = 0


def encode(section: Section) -> bytes:
    """The bytes of a section, reserved bits as ones; ValueError for what the format cannot hold."""
    _fits(section)
    length = HEAD - 3 + len(section.body) + 4
    data = b"".join(
        (
            bytes([section.table_id]),
            (0xF000 | length).to_bytes(2, "big"),
            section.extension.to_bytes(2, "big"),
            bytes([0xC0 | section.version << 1 | section.current, section.number, section.last]),
            section.body,
        )
    )
    return data + crc32_mpeg2(data).to_bytes(4, "big")


def _fits(section: Section) -> None:
    held = (
        (section.table_id, 0xFF),
        (section.extension, 0xFFFF),
        (section.version, 31),
        (section.last, 0xFF),
        (section.number, section.last),
        (len(section.body), MOST),
    )
    for value, most in held:
        if not 0 <= value <= most:
            raise ValueError(f"{value} where 0 to {most} can be said")


def decode(data: bytes) -> Section:
    """One whole section; Misheard says what is wrong. Reserved bits may be anything."""
    if (
        len(data) < HEAD + 4
        or len(data) != length_of(data)
        or data[-4:] != crc32_mpeg2(data[:-4]).to_bytes(4, "big")
    ):
        raise _bad("its length or its checksum is wrong", "长度或校验错误", "crc")
    if not data[1] & 0x80:
        raise _bad("it has the short syntax", "采用短语法", "syntax")
    if data[6] > data[7]:
        raise _bad("its number is above the last number", "段号大于最后段号", "number")
    return Section(
        table_id=data[0],
        extension=int.from_bytes(data[3:5], "big"),
        version=data[5] >> 1 & 31,
        current=bool(data[5] & 1),
        number=data[6],
        last=data[7],
        body=data[HEAD:-4],
    )


def length_of(data: bytes | bytearray) -> int:
    """How many bytes the section that begins with these three or more has in all."""
    return 3 + (int.from_bytes(data[1:3], "big") & 0x0FFF)


def split(data: bytes) -> list[bytes]:
    """Sections that stand one behind the other, stuffing bytes FF between them left out; Misheard where one is cut off."""
    found, at = [], 0
    while at < len(data):
        if data[at] == 0xFF:
            at += 1
            continue
        end = at + length_of(data[at : at + 3])
        if end > len(data):
            raise _bad("it is cut off", "不完整", "short")
        found.append(data[at:end])
        at = end
    return found


def _bad(en: str, zh: str, code: str) -> Misheard:
    return Misheard(f"a section is refused: {en}", f"段不予接受:{zh}", code=code)
