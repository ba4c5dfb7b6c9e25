"""Keeps the start short: states after every 10,000 records, keyed by the version of the folds, never trusted over the journal. Knows the parts' states only as values."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from twisted.logger import Logger

from station.desk import Desk, Part
from station.journal import Journal
from station.ledger import JournalLedger
from station.metrics import counter
from station.wire import complaints, from_plain, to_plain
from station.words import Position

FOLD = "desk"
VERSION = 5  # raise it whenever any part's State or evolve changes its meaning
EVERY = 10_000

LEFT = counter("gengfu_snapshots_refused_total", "Snapshots that could not be used at the start")
log = Logger()


def replay(desk: Desk, journal: Journal, ledger: JournalLedger) -> None:
    """Bring a desk to the journal's head: from the newest usable snapshot, or from the first record."""
    since = _restored(desk, journal)
    desk.replay(ledger.replayed(since), journal.head[0])


def _restored(desk: Desk, journal: Journal) -> int:
    found = journal.load_snapshot(FOLD, VERSION)
    if found is None:
        return 0
    position, text = found
    try:
        states = read(desk.parts, text)
    except (ValueError, TypeError, KeyError, ExceptionGroup) as error:
        LEFT.inc()
        log.info(
            "the snapshot at {position} is left aside: {why}", position=position, why=complaints(error)[:3]
        )
        return 0
    desk.restore(states, position)
    return position


def write(desk: Desk) -> str:
    """The durable states as JSON."""
    return json.dumps({name: to_plain(state) for name, state in desk.states.items()}, ensure_ascii=False)


def read(parts: Iterable[Part], text: str) -> dict[str, Any]:
    """States from JSON; raises what the converter raises when one does not fit its class."""
    plain = json.loads(text)
    return {part.name: from_plain(plain[part.name], type(part.empty)) for part in parts}


class Keeper:
    """Writes a snapshot whenever 10,000 records came since the last."""

    def __init__(self, desk: Desk, journal: Journal) -> None:
        self._desk, self._journal = desk, journal
        self._last = desk.position - desk.position % EVERY

    def look(self) -> None:
        """After something became durable."""
        if self._desk.position - self._last >= EVERY and not self._desk.degraded:
            self._last = self._desk.position
            self._journal.save_snapshot(FOLD, VERSION, Position(self._last), write(self._desk)).addErrback(
                lambda failure: log.warn("no snapshot: {why}", why=failure.getErrorMessage())
            )
