"""What several wires pack alike: decimal digits in nibbles, CRC-32/MPEG-2. Knows no frame, no section, no device."""

from __future__ import annotations

import zlib
from typing import Final

from station.words import Misheard

_REVERSED: Final = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


def crc32_mpeg2(data: bytes) -> int:
    """CRC-32/MPEG-2 (04C11DB7, init all ones, not reflected, no final xor), by zlib over reversed bits."""
    mirrored = ~zlib.crc32(data.translate(_REVERSED)) & 0xFFFFFFFF
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_REVERSED), "big")


def pack_digits(digits: str, count: int) -> bytes:
    """An odd number of digits as BCD behind the nibble F; ValueError when they are not `count` digits."""
    if len(digits) != count or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{digits!r} is not {count} digits")
    return bytes.fromhex("f" + digits)


def unpack_digits(packed: bytes) -> str:
    """The reverse of `pack_digits`; Misheard when a nibble is no digit."""
    text = packed.hex()
    if text[:1] != "f" or not text[1:].isdigit():
        raise Misheard(f"{text} is no BCD code with an F in front", f"{text} 不是以 F 补位的 BCD 编码")
    return text[1:]


def pack_bcd(digits: str, count: int) -> bytes:
    """An even number of digits as BCD; ValueError when they are not `count` digits."""
    if len(digits) != count or not (digits.isascii() and digits.isdigit()):
        raise ValueError(f"{digits!r} is not {count} digits")
    return bytes.fromhex(digits)


def unpack_bcd(packed: bytes) -> str:
    """The reverse of `pack_bcd`; Misheard when a nibble is no digit."""
    text = packed.hex()
    if not text.isdigit():
        raise Misheard(f"{text} is no BCD code", f"{text} 不是 BCD 编码")
    return text


class Octets:
    """Takes bytes off in order, big-endian; whatever is asked beyond the end is Misheard as too short."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> int:
        """How many bytes have not been taken."""
        return len(self._data) - self._at

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        if count > self.left:
            raise Misheard(
                f"{count} bytes are due and {self.left} are there",
                f"应有 {count} 字节,实有 {self.left}",
                code="short",
            )
        self._at += count
        return self._data[self._at - count : self._at]

    def number(self, size: int) -> int:
        """The next `size` bytes as an unsigned number."""
        return int.from_bytes(self.take(size), "big")

    def counted(self, size: int) -> bytes:
        """A length of `size` bytes, then so many bytes."""
        return self.take(self.number(size))

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.left)

    def done(self) -> None:
        """Misheard where something is left over."""
        if self.left:
            raise Misheard(
                f"{self.left} bytes are left over at the end", f"末尾多出 {self.left} 字节", code="long"
            )


def counted(data: bytes, size: int) -> bytes:
    """Bytes behind their length of `size` bytes; ValueError when there are too many."""
    return number_bytes(len(data), size) + data


def number_bytes(value: int, size: int) -> bytes:
    """An unsigned number as `size` bytes; ValueError when it does not go in."""
    if not 0 <= value < 1 << 8 * size:
        raise ValueError(f"{value} does not go into {size} bytes")
    return value.to_bytes(size, "big")
