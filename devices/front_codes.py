"""What bodies of front-end frames have in common: resource codes, lists of them, addresses, texts in two languages' bytes. Knows no frame."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any

import attrs

from station.packed import Octets, counted, number_bytes
from station.words import Misheard


@attrs.frozen(kw_only=True)
class Targets:
    """Whom an order means. `kind` 1 resource codes, 2 physical addresses; all codes have the same length."""

    codes: tuple[str, ...]
    kind: int = 1


@attrs.frozen(kw_only=True)
class Address:
    """Where something is to be told: 1 telephone number, 2 `IPv4:port`, 3 `name:port`."""

    kind: int
    text: str


def code_bytes(code: str) -> bytes:
    """Digits in nibbles, with F in front of an odd and FF in front of an even number of them; ValueError."""
    if not code or not (code.isascii() and code.isdigit()):
        raise ValueError(f"{code!r} is not digits")
    return bytes.fromhex(("f" if len(code) % 2 else "ff") + code)


def code_from(data: bytes) -> str:
    """The reverse, without F too; Misheard when a nibble is no digit."""
    text = data.hex()
    digits = text[min(2, len(text) - len(text.lstrip("f"))) :]
    if not digits.isdigit():
        raise Misheard(f"{text} is no code in BCD", f"{text} 不是 BCD 编码", code="front")
    return digits


def targets_bytes(targets: Targets) -> bytes:
    """Kind, number, bytes of one, codes; ValueError where their lengths differ or are none."""
    codes = [code_bytes(code) for code in targets.codes]
    if len({len(code) for code in codes}) > 1:
        raise ValueError("the codes of an order have one length")
    size = len(codes[0]) if codes else 0
    return (
        number_bytes(targets.kind, 1) + number_bytes(len(codes), 1) + number_bytes(size, 1) + b"".join(codes)
    )


def targets_from(octets: Octets) -> Targets:
    """The reverse."""
    kind, count, size = octets.number(1), octets.number(1), octets.number(1)
    return Targets(kind=kind, codes=tuple(code_from(octets.take(size)) for _ in range(count)))


def address_bytes(address: Address) -> bytes:
    """Kind, length, address; ValueError for one that is none."""
    return number_bytes(address.kind, 1) + place_bytes(address)


def place_bytes(address: Address) -> bytes:
    """Length and address without its kind."""
    if not address.text.isascii():
        raise ValueError(f"{address.text!r} is no address")
    if address.kind != 2:
        return counted(address.text.encode("ascii"), 1)
    host, _, port = address.text.rpartition(":")
    return counted(ipaddress.IPv4Address(host).packed + number_bytes(int(port), 2), 1)


def address_from(octets: Octets) -> Address:
    """The reverse of `address_bytes`."""
    return place_from(octets.number(1), octets)


def place_from(kind: int, octets: Octets) -> Address:
    """The reverse of `place_bytes`."""
    data = octets.counted(1)
    if kind == 2 and len(data) == 6:
        return Address(kind=kind, text=f"{ipaddress.IPv4Address(data[:4])}:{int.from_bytes(data[4:], 'big')}")
    if kind == 2 or not data.isascii():
        raise Misheard(f"{data.hex()} is no address", f"{data.hex()} 不是地址", code="front")
    return Address(kind=kind, text=data.decode("ascii"))


def ascii_from(data: bytes) -> str:
    """A word of ASCII characters; Misheard where it is none."""
    if not data.isascii():
        raise Misheard(f"{data.hex()} is no ASCII word", f"{data.hex()} 不是 ASCII 文字", code="front")
    return data.decode("ascii")


def whole(reader: Callable[[Octets], Any], data: bytes) -> Any:
    """What a reader makes of all of these bytes."""
    octets = Octets(data)
    made = reader(octets)
    octets.done()
    return made
