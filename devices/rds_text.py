"""The characters of RDS (IEC 62106, the basic table): text to bytes and back. Pure; knows no frame.

There are no Chinese characters in it: a station's name goes out in pinyin.
"""

from __future__ import annotations

from typing import Final

from station.words import Refused

_LOW: Final = {0x24: "¤", 0x5E: "―", 0x60: "║", 0x7E: "¯"}
_HIGH: Final = (
    "áàéèíìóòúùÑÇŞß¡Ĳ"
    "âäêëîïôöûüñçşğıĳ"
    "ªα©‰Ğěňőπ€£$←↑→↓"
    "º¹²³±İńűµ¿÷°¼½¾§"
    "ÁÀÉÈÍÌÓÒÚÙŘČŠŽĐĿ"
    "ÂÄÊËÎÏÔÖÛÜřčšžđŀ"
    "ÃÅÆŒŷÝÕØÞŊŔĆŚŹŦð"
    "ãåæœŵýõøþŋŕćśźŧ"
)
_READ: Final = {
    **{code: chr(code) for code in range(0x20, 0x7F)},
    **_LOW,
    **{0x80 + place: letter for place, letter in enumerate(_HIGH)},
}
_WRITTEN: Final = {letter: code for code, letter in _READ.items()}


def written(text: str) -> bytes:
    """Text as RDS has it; Refused names the first character that RDS has not."""
    for letter in text:
        if letter not in _WRITTEN:
            raise Refused(
                f"RDS has no character {letter!r}; write it in pinyin or Latin letters",
                f"RDS 字符集中没有“{letter}”,请改用拼音或拉丁字母",
                code="rds",
            )
    return bytes(_WRITTEN[letter] for letter in text)


def read(data: bytes) -> str:
    """Bytes of RDS as text; what stands for no character is shown as �."""
    return "".join(_READ.get(code, "\ufffd") for code in data)


__all__ = ["read", "written"]
