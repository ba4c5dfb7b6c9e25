"""The journal as the desk uses it: one commit a command, the stored replies, and the spill file when the disk fails. Decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.python.failure import Failure

from station.desk import Unwritable
from station.journal import Batch, Journal, JournalBusy, JournalUnwritable
from station.spill import Spill
from station.wire import event_from_plain, event_to_plain
from station.words import Event, Instant


class JournalLedger:
    """Implements station.desk.Ledger over a Journal and a Spill."""

    def __init__(self, journal: Journal, spill: Spill) -> None:
        self.journal = journal
        self._spill = spill

    def commit(
        self,
        request: str | None,
        events: Sequence[tuple[Event, str]],
        at: Instant,
        reply: dict[str, Any] | None,
    ) -> Deferred[int]:
        """See station.desk.Ledger.commit."""
        done = self.journal.commit(Batch(request_id=request, events=tuple(events), at=at, reply=reply))
        return done.addCallbacks(lambda committed: committed.last, _unwritable)

    def reply_of(self, request: str) -> dict[str, Any] | None:
        """The stored reply of a request seen before."""
        return self.journal.reply_of(request)

    def spill(self, events: Sequence[tuple[Event, str]], at: Instant) -> None:
        """Write events beside the journal; raises OSError when even that fails."""
        for happened, by in events:
            kind, body = event_to_plain(happened)
            self._spill.append({"kind": kind, "body": body, "by": by, "at": int(at)})

    def spilled(self) -> list[tuple[Event, str, Instant]]:
        """What waits beside the journal, oldest first, with when it happened."""
        return [
            (event_from_plain(row["kind"], row["body"]), row["by"], Instant(row["at"]))
            for row in self._spill.read()
        ]

    @inlineCallbacks
    def bring_in(self, then: Callable[[], None]) -> Generator[Deferred[Any], Any, None]:
        """Write what was spilled into the journal, each with its own time, then forget the spill file and call `then`.

        A crash in between leaves the spill file; its events are then written twice rather than lost.
        """
        for happened, by, at in self.spilled():
            yield self.journal.commit(Batch(events=((happened, by),), at=at))
        self._spill.clear()
        then()

    def replayed(self, since: int = 0) -> Iterator[Event]:
        """Every event after `since`, upcast, then what is spilled."""
        for record in self.journal.records(since):
            yield record.event()
        for happened, _, _ in self.spilled():
            yield happened


def _unwritable(failure: Failure) -> Any:
    if isinstance(failure.value, (JournalUnwritable, JournalBusy)):
        raise Unwritable(failure.value.text.en)
    return failure
