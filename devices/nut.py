"""The client's side of the NUT network protocol (RFC 9271, upsd), sans I/O: one list of variables asked, believed only whole. Knows no socket and no meaning of a variable."""

from __future__ import annotations

import re
from typing import Final

import attrs

from devices.heard import Declined
from station.words import Misheard

PORT: Final = 3493
LONGEST: Final = 1024  # bytes of a line
MOST: Final = 1000  # variables of one power supply
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")
_VALUE = re.compile(r'VAR (\S+) (\S+) "((?:[^"\\]|\\.)*)"\Z')


@attrs.frozen
class Variables:
    """Everything that a power supply tells, by name, as text."""

    ups: str
    values: dict[str, str]


def request(ups: str) -> bytes:
    """LIST VAR of one power supply; ValueError for a name that is none."""
    if not _NAME.match(ups):
        raise ValueError(f"{ups!r} is no name of a power supply")
    return f"LIST VAR {ups}\n".encode("ascii")


class Ear:
    """Reads the answer to one `request`. Feed it until it gives one; Misheard when what comes is none."""

    def __init__(self, ups: str) -> None:
        self._ups = ups
        self._buffer = b""
        self._values: dict[str, str] | None = None  # from BEGIN on

    def feed(self, data: bytes) -> Variables | Declined | None:
        """What these bytes bring; None: more is needed. Declined with the server's word: `UNKNOWN-UPS`, `ACCESS-DENIED`, `DATA-STALE`, `DRIVER-NOT-CONNECTED` …"""
        self._buffer += data
        while b"\n" in self._buffer:
            line, _, self._buffer = self._buffer.partition(b"\n")
            said = self._line(self._text(line))
            if said is not None:
                if self._buffer:
                    raise _misheard("more than was asked for", "应答之外另有数据")
                return said
        if len(self._buffer) > LONGEST:
            raise _misheard("a line without an end", "行没有结束")
        return None

    def _text(self, line: bytes) -> str:
        try:
            return line.rstrip(b"\r").decode("utf-8")
        except UnicodeDecodeError:
            raise _misheard("a line that is no text", "行不是文字") from None

    def _line(self, line: str) -> Variables | Declined | None:
        if self._values is None:
            if line.startswith("ERR ") and line[4:].strip():
                return Declined(0, line[4:].split()[0])
            if line != f"BEGIN LIST VAR {self._ups}":
                raise _misheard(f"no list of {self._ups}", f"不是 {self._ups} 的列表")
            self._values = {}
            return None
        if line == f"END LIST VAR {self._ups}":
            return Variables(self._ups, self._values)
        found = _VALUE.match(line)
        if found is None or found[1] != self._ups or found[2] in self._values or len(self._values) >= MOST:
            raise _misheard("a list with a line that does not belong there", "列表中有不应出现的行")
        self._values[found[2]] = re.sub(r"\\(.)", r"\1", found[3])
        return None


def _misheard(en: str, zh: str) -> Misheard:
    return Misheard(f"the UPS server sent {en}", f"UPS 服务器发来的内容有误:{zh}", code="nut")


__all__ = ["PORT", "Ear", "Variables", "request"]
