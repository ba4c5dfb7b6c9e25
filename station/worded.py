"""A message in one language, as wires and tables of emergency broadcasting carry it alike. Knows no byte of them, no table, no device."""

from __future__ import annotations

from typing import Final

import attrs

CHARSETS: Final = {
    0: "gb2312",
    1: "gb18030",
    2: "utf-16-be",  # GB 13000
}  # 3 GB 21669 and 4 GB 16959 (Uyghur, Tibetan) stay bytes


@attrs.frozen(kw_only=True)
class Auxiliary:
    """A file or address that goes with a message: type as in EBD (61 a stream's address), data."""

    type: int
    data: bytes


@attrs.frozen(kw_only=True)
class Wording:
    """A message in one language; `text` and `agency` are bytes of the character set."""

    language: str  # 3 ASCII characters, GB/T 4880.2
    charset: int  # see CHARSETS
    text: bytes
    agency: bytes = b""
    auxiliaries: tuple[Auxiliary, ...] = ()


def words(data: bytes, charset: int) -> str | None:
    """The text that bytes of a character set say; None where they say none, or the set is not known here."""
    name = CHARSETS.get(charset)
    if name is None:
        return None
    try:
        return data.decode(name)
    except UnicodeDecodeError:
        return None


def wording(language: str, text: str, agency: str = "", *, charset: int = 1) -> Wording:
    """A message in one language; ValueError for a character set that is not known or does not have the characters."""
    name = CHARSETS.get(charset)
    if name is None:
        raise ValueError(f"character set {charset} is not known here")
    return Wording(language=language, charset=charset, text=text.encode(name), agency=agency.encode(name))


__all__ = ["CHARSETS", "Auxiliary", "Wording", "wording", "words"]
