"""The rungs of the fallback ladder in words, and how grave each is. Pure; knows no player."""

from __future__ import annotations

from typing import Final

from station.conditions import Severity
from station.words import Text

NAMES: Final = {
    "file": Text("programme file", "节目文件"),
    "copy": Text("second copy", "备份文件"),
    "mended": Text("damaged place mended", "损坏处静音修补"),
    "replacement": Text("approved replacement", "替播素材"),
    "filler": Text("filler", "垫播节目"),
    "loop": Text("loop", "应急循环"),
    "tone": Text("tone", "测试音"),
}
_GRAVE: Final[dict[str, Severity]] = {"copy": "minor", "mended": "minor", "tone": "critical"}


def said(rung: str) -> Text:
    """What people call a rung."""
    return NAMES.get(rung, Text(rung, rung))


def severity(rung: str) -> Severity:
    """How grave it is that a channel sounds from a rung: the same samples, a moment's silence, another programme, none at all."""
    return _GRAVE.get(rung, "major")


__all__ = ["NAMES", "said", "severity"]
