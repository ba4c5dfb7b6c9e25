"""Journal records: their hash, and how old kinds become new ones. Knows no database, no thread and no clock; docs/journal-format.md is its text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any

import attrs

from station.wire import event_from_plain
from station.words import Event, Instant, Position

FORMAT = "gengfu-journal/1"
GENESIS = "0" * 64  # previous hash of the first record

Body = dict[str, Any]
Upcast = Callable[[Body], tuple[str, Body]]
UPCASTS: dict[str, Upcast] = {}


@attrs.frozen(kw_only=True)
class Record:
    """One line of the journal. `body` is RFC 8785 canonical JSON, `at` µs of anchor time, hashes lower-case hex."""

    position: Position
    at: Instant
    kind: str
    body: str
    by: str
    previous: str
    hash: str

    def event(self) -> Event:
        """The event, in its newest form; raises Misheard for a kind nobody registered."""
        return event_of(self.kind, self.body)


@attrs.frozen
class Wrong:
    """The first place at which a chain of records does not hold, and why."""

    position: Position
    en: str
    zh: str


def netstring(text: str) -> bytes:
    """`<length>:<bytes>,` of a text in UTF-8; an empty text is `0:,`."""
    raw = text.encode()
    return b"%d:%b," % (len(raw), raw)


def digest(station: str, position: int, at: int, kind: str, body: str, by: str, previous: str) -> str:
    """SHA-256 (hex) over the netstrings of format, station, position, at, kind, body, by, previous hash."""
    fields = (FORMAT, station, str(position), str(at), kind, body, by, previous)
    return hashlib.sha256(b"".join(map(netstring, fields))).hexdigest()


def digest_of(station: str, record: Record) -> str:
    """What the hash of `record` must be."""
    r = record
    return digest(station, r.position, r.at, r.kind, r.body, r.by, r.previous)


def first_wrong(
    station: str, records: Iterable[Record], *, position: int = 0, previous: str = GENESIS
) -> Wrong | None:
    """The first break of a chain that continues after (`position`, `previous`), or None when it holds."""
    for record in records:
        position += 1
        if record.position != position:
            return Wrong(
                Position(position),
                f"record {position} is missing",
                f"缺少第 {position} 条记录",
            )
        if record.previous != previous:
            return Wrong(
                Position(position),
                f"record {position} does not continue the one before it",
                f"第 {position} 条记录与前一条不相接",
            )
        if record.hash != digest_of(station, record):
            return Wrong(
                Position(position),
                f"record {position} was changed: its hash does not fit its content",
                f"第 {position} 条记录被改动:散列值与内容不符",
            )
        previous = record.hash
    return None


def upcast(kind: str) -> Callable[[Upcast], Upcast]:
    """Register how a body of an old `kind` becomes (newer kind, its body). Upcasts are kept for ever."""

    def register(made: Upcast) -> Upcast:
        if kind in UPCASTS:
            raise ValueError(f"{kind} is upcast twice")
        UPCASTS[kind] = made
        return made

    return register


def newest(kind: str, body: Body) -> tuple[str, Body]:
    """`body` brought to the newest version of its kind, through as many upcasts as there are."""
    seen: set[str] = set()
    while kind in UPCASTS:
        if kind in seen:
            raise ValueError(f"the upcasts of {kind} go round in a circle")
        seen.add(kind)
        kind, body = UPCASTS[kind](body)
    return kind, body


def event_of(kind: str, body: str) -> Event:
    """The event of a stored kind and body; raises Misheard for a kind nobody registered."""
    return event_from_plain(*newest(kind, json.loads(body)))
