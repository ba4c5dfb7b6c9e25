"""How the characters of place names are read, without tones: the table beside it, and names spelled by it. Pure but for reading that table; knows no area."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path

import attrs

TABLE = Path(__file__).parent / "pinyin.txt"


@attrs.frozen(kw_only=True)
class Readings:
    """`first` reading of each character, a `second` one for a few, and `phrases` that read otherwise."""

    first: dict[str, str]
    second: dict[str, str]
    phrases: dict[str, tuple[str, ...]]


@cache
def readings() -> Readings:
    """The table (docs/make_pinyin.py writes it)."""
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    phrases: dict[str, tuple[str, ...]] = {}
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        head, *rest = line.split(" ")
        if head.startswith("="):
            phrases[head[1:]] = tuple(rest)
        elif head.startswith("~"):
            second[head[1:]] = rest[0]
        else:
            first.update(dict.fromkeys(rest[0], head))
    return Readings(first=first, second=second, phrases=phrases)


def syllables(name: str) -> list[str]:
    """The reading of each character; ASCII is itself in lower case, what nobody reads is empty."""
    table = readings()
    said = [table.first.get(char, char.lower() if char.isascii() else "") for char in name]
    for at in range(len(name) - 1):
        for length in (2, 3):
            found = table.phrases.get(name[at : at + length])
            if found and at + length <= len(name):
                said[at : at + length] = found
    return said


@lru_cache(maxsize=20_000)
def spell(name: str) -> tuple[str, str]:
    """(pinyin without tones or blanks, initials) of a name, lower case: `双井庄` → ("shuangjingzhuang", "sjz")."""
    said = syllables(name)
    return "".join(said), "".join(one[:1] for one in said)
