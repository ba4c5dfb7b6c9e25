"""The alphabet of GSM (3GPP TS 23.038, 6.2.1): text to septets and back, packed seven bits a letter. Pure; knows no message."""

from __future__ import annotations

from typing import Final

ESCAPE: Final = 0x1B  # the next septet is of the second table
_FIRST: Final = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
_SECOND: Final = {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}  # fmt: skip
_WRITTEN: Final = {
    **{letter: bytes([code]) for code, letter in enumerate(_FIRST) if code != ESCAPE},
    **{letter: bytes([ESCAPE, code]) for code, letter in _SECOND.items()},
}


def septets(text: str) -> bytes | None:
    """The septets of a text, one a byte; None where the alphabet has not all of its letters."""
    made = [_WRITTEN.get(letter) for letter in text]
    return None if None in made else b"".join(one for one in made if one is not None)


def text_of(codes: bytes) -> str:
    """Septets as text. An unknown second letter reads as the first table has it, as the standard asks."""
    out, escaped = [], False
    for code in codes:
        if code == ESCAPE and not escaped:
            escaped = True
            continue
        out.append(_SECOND.get(code, _FIRST[code]) if escaped else _FIRST[code])
        escaped = False
    return "".join(out).replace("\x1b", " ")


def pack(codes: bytes, fill: int = 0) -> bytes:
    """Septets packed behind `fill` empty bits, the first one lowest."""
    whole, bits = 0, fill
    for code in codes:
        whole |= code << bits
        bits += 7
    return whole.to_bytes((bits + 7) // 8, "little")


def unpack(data: bytes, count: int) -> bytes:
    """The first `count` septets; fewer where there are not so many bits."""
    whole = int.from_bytes(data, "little")
    return bytes(whole >> 7 * k & 0x7F for k in range(min(count, 8 * len(data) // 7)))


__all__ = ["ESCAPE", "pack", "septets", "text_of", "unpack"]
