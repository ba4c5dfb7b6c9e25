"""Tables that are longer than a section: their bytes cut over several, and put together again, as one public program cuts them. Knows no table's content."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

import attrs

from emergency.sections import MOST, Section

MOST_TABLES: Final = 16  # that may be under way, of at most a megabyte each
Key = tuple[int | None, int, int, int]  # PID, table, extension, version


def cut(section: Section, room: int = MOST) -> tuple[Section, ...]:
    """The sections of a table whose bytes are `section.body`, at most `room` in each; ValueError beyond 256 of them."""
    pieces = [section.body[at : at + room] for at in range(0, len(section.body), room)] or [b""]
    if len(pieces) > 256:
        raise ValueError(f"{len(section.body)} bytes are more than 256 sections hold · 超过 256 个段的容量")
    last = len(pieces) - 1
    return tuple(
        attrs.evolve(section, number=number, last=last, body=piece) for number, piece in enumerate(pieces)
    )


class Joiner:
    """Fed sections in any order, gives the parts of a table once all are there; at most MOST_TABLES are kept."""

    def __init__(self) -> None:
        self._held: OrderedDict[Key, dict[int, Section]] = OrderedDict()

    @property
    def lacking(self) -> int:
        """How many tables are not whole."""
        return len(self._held)

    def feed(self, section: Section, pid: int | None = None) -> tuple[Section, ...] | None:
        """All sections of the table, in order, when this is the one that was missing."""
        key = (pid, section.table_id, section.extension, section.version)
        held = self._held.pop(key, {})
        if any(one.last != section.last for one in held.values()):
            held = {}
        held[section.number] = section
        if len(held) == section.last + 1:
            return tuple(held[number] for number in sorted(held))
        self._held[key] = held
        if len(self._held) > MOST_TABLES:
            self._held.popitem(last=False)
        return None


def joined(parts: tuple[Section, ...]) -> Section:
    """One section that holds the bytes of all, as long as they may be; what is to be read, not sent."""
    return attrs.evolve(parts[0], number=0, last=0, body=b"".join(part.body for part in parts))
