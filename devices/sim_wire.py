"""How the simulated terminals read and write 0xFEFD frames: a second, independent reading of the format. Imports none of the product's codec."""

from __future__ import annotations

import binascii
from typing import NamedTuple

MARK = 0xFEFD
HEAD = 12
TRAIL = 80  # length 2, UTC 4, serial 6, r‖s 64, CRC 4
GROUP_ENDS = (3, 5, 7, 10, 13, 17, 19, 21, 23)
REQUEST, ANSWER = 1, 2
START, STOP, VOLUME, QUERY, BEAT, STATUS, TASK = 1, 2, 3, 4, 0x10, 0x11, 0x12
NO_TARGET = "0" * 23


def _table() -> tuple[int, ...]:
    rows = []
    for top in range(256):
        value = top << 24
        for _ in range(8):
            value = (value << 1) ^ (0x04C11DB7 if value & 0x80000000 else 0)
        rows.append(value & 0xFFFFFFFF)
    return tuple(rows)


_CRC = _table()


def crc(data: bytes) -> int:
    """CRC-32/MPEG-2, a byte at a time."""
    value = 0xFFFFFFFF
    for octet in data:
        value = (value << 8 & 0xFFFFFFFF) ^ _CRC[value >> 24 ^ octet]
    return value


class Wrong(Exception):
    """A frame that a terminal throws away; says why in one word."""


class Order(NamedTuple):
    """What a frame from the station says. `prefixes` are pairs of level digit and wildcard prefix of each target."""

    session: int
    kind: int
    source: str
    prefixes: frozenset[tuple[str, str]]
    verb: int
    body: bytes
    signed_at: int | None
    preimage: bytes
    signature: bytes


class Programme(NamedTuple):
    """What a start order asks to be played."""

    ebm: str
    kind: int
    level: int
    start: int
    end: int
    volume: int
    url: str


def digits(packed: bytes) -> str:
    """The odd number of BCD digits behind an F."""
    text = binascii.hexlify(packed).decode()
    if not text.startswith("f") or not text[1:].isdecimal():
        raise Wrong("digits")
    return text[1:]


def frame_length(held: bytearray) -> int:
    """The length of the frame that `held` begins with, 0 when that is not to be seen yet; Wrong when it is no frame."""
    if len(held) >= 2 and int.from_bytes(held[:2], "big") != MARK:
        raise Wrong("mark")
    if len(held) < HEAD:
        return 0
    length = int.from_bytes(held[10:12], "big")
    if length < HEAD + 12 + 2 + 3 + 4:
        raise Wrong("length")
    return length


def read_order(data: bytes, *, covered: int = 0) -> Order:
    """One frame of the station; Wrong when it is damaged. `covered`: so many bytes of its block are signed with it (0 or 12)."""
    if int.from_bytes(data[-4:], "big") != crc(data[:-4]):
        raise Wrong("crc")
    signed = data[9] == 1
    many = int.from_bytes(data[24:26], "big")
    place = 26 + 12 * many
    size = int.from_bytes(data[place + 1 : place + 3], "big")
    close = place + 3 + size
    if close + (TRAIL if signed else 4) != len(data) or (signed and data[close : close + 2] != b"\x00\x4a"):
        raise Wrong("size")
    targets = [digits(data[26 + 12 * k : 38 + 12 * k]) for k in range(many)]
    return Order(
        session=int.from_bytes(data[4:8], "big"),
        kind=data[8],
        source=digits(data[12:24]),
        prefixes=frozenset(prefix for prefix in map(wild, targets) if prefix[1]),
        verb=data[place],
        body=data[place + 3 : close],
        signed_at=int.from_bytes(data[close + 2 : close + 6], "big") if signed else None,
        preimage=data[: close + covered] if signed else b"",
        signature=data[close + 12 : close + 76] if signed else b"",
    )


def wild(target: str) -> tuple[str, str]:
    """Level digit and the part of a target that is no wildcard; an empty part addresses nobody."""
    last = max((at for at in range(1, 23) if target[at] != "0"), default=0)
    stop = next(end for end in GROUP_ENDS if end > last) if last else 1
    return target[0], target[1:stop]


def prefixes_of(code: str) -> frozenset[tuple[str, str]]:
    """Every pair that `wild` may give for a target which means this code."""
    return frozenset((level, code[1:end]) for end in GROUP_ENDS for level in ("0", code[0]))


def read_programme(body: bytes) -> Programme:
    """The body of a start order; Wrong when it is cut short or names no stream."""
    if len(body) < 35:
        raise Wrong("size")
    url, place = "", 35
    for _ in range(body[34]):
        size = int.from_bytes(body[place + 1 : place + 3], "big")
        if place + 3 + size > len(body):
            raise Wrong("size")
        if body[place] == 61:
            url = body[place + 3 : place + 3 + size].decode("ascii", "replace")
        place += 3 + size
    return Programme(
        ebm=digits(body[:18]),
        kind=body[18],
        level=body[19],
        volume=body[25],
        start=int.from_bytes(body[26:30], "big"),
        end=int.from_bytes(body[30:34], "big"),
        url=url,
    )


def packed(code: str) -> bytes:
    """Digits as BCD behind an F."""
    return binascii.unhexlify("f" + code)


def report(session: int, kind: int, sender: bytes, receiver: bytes, verb: int, body: bytes) -> bytes:
    """A frame of the return path: 11-byte header, no signature. `sender` and `receiver` are packed codes."""
    length = 11 + 12 + 2 + 12 + 3 + len(body) + 4
    head = b"\xfe\xfd\x01\x00" + session.to_bytes(4, "big") + bytes([kind]) + length.to_bytes(2, "big")
    data = head + sender + b"\x00\x01" + receiver + bytes([verb]) + len(body).to_bytes(2, "big") + body
    return data + crc(data).to_bytes(4, "big")
