"""The journal: append-only, gapless, chained by hash; what is in it is durable and what is not never happened. Knows no part's events; docs/journal-format.md is its format."""

from __future__ import annotations

import fcntl
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import attrs
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from twisted.internet.defer import Deferred, fail

from station import clock, lease, store
from station.checkpoints import Checkpoint
from station.journal_writer import (
    Committed,
    Head,
    Job,
    JournalUnwritable,
    Line,
    Projection,
    Writer,
    read_head,
)
from station.metrics import counter
from station.records import FORMAT, GENESIS, Record, first_wrong, upcast
from station.wire import canonical, to_plain
from station.words import Event, Instant, Position, Refused

QUEUE = 10_000  # batches that may wait for the writer
PAGE = 1_000  # records read at once by `records`

# made once: they are asked for each command and each commit
_REPLY = sa.select(store.requests.c.reply).where(store.requests.c.request == sa.bindparam("request"))
_PAGE = (
    sa.select(store.journal)
    .where(store.journal.c.position > sa.bindparam("since"))
    .order_by(store.journal.c.position)
    .limit(sa.bindparam("most", type_=sa.Integer))
)

REFUSED = counter("gengfu_journal_overflow_total", "Batches refused because the writer's queue was full")


class Lock(Protocol):
    """Something held until it is closed."""

    def close(self) -> None: ...


CallInReactor = Callable[..., Any]


@attrs.frozen(kw_only=True)
class Batch:
    """One transaction: a command's whole cascade with its stored reply. Each event with the id of who caused it."""

    request_id: str | None = None
    events: tuple[tuple[Event, str], ...] = ()
    at: Instant | None = None  # when it happened; None: now
    reply: dict[str, Any] | None = None  # `position` is added: that of the batch' last record


class JournalBusy(Refused):
    """The writer's queue is full: nothing of the batch was kept."""

    def __init__(self) -> None:
        super().__init__(
            "the journal has more to write than it can; try again in a moment",
            "日志写入繁忙,请稍后再试",
            code="unavailable",
        )


def _nobody_told(_checkpoint: Checkpoint) -> None:
    """Where no callback was given, a checkpoint stays in its table alone."""


def _nobody_ends() -> None:
    """Where no callback was given, what is written after a take-over is refused all the same."""


class Journal:
    """One station's journal, open for writing by this process alone."""

    def __init__(
        self,
        *,
        writer: Writer,
        reader: sa.Engine,
        lock: Lock,
        now: Callable[[], Instant],
        call_in_reactor: CallInReactor,
    ) -> None:
        """Use `Journal.open`."""
        self._writer, self._reader, self._lock = writer, reader, lock
        self._now, self._call_in_reactor = now, call_in_reactor
        self._closed = False

    @classmethod
    def open(
        cls,
        url: str,
        station: str,
        *,
        now: Callable[[], Instant],
        call_in_reactor: CallInReactor,
        projections: Sequence[Projection] = (),
        checkpoint_key: Ed25519PrivateKey | None = None,
        on_checkpoint: Callable[[Checkpoint], None] | None = None,
        on_fenced: Callable[[], None] = _nobody_ends,
        queue_limit: int = QUEUE,
        writer_class: type[Writer] = Writer,
    ) -> Journal:
        """Open the journal at a SQLAlchemy URL, making it when it is not there.

        Raises JournalUnwritable when the place cannot be written, Refused when another process has it open,
        when it belongs to another station, or when its last record does not hold.
        `call_in_reactor(f, *args)` must be callable by any thread (reactor.callFromThread). `on_fenced` is called when
        another controller has taken over a journal in PostgreSQL: this process is to end.
        """
        lock, engine, head = _ready(url, station, projections)
        held = lock if isinstance(lock, lease.Lease) else None
        tell = on_checkpoint or _nobody_told
        writer = writer_class(
            engine=engine, station=station, head=head, now=now, monotonic=lambda: clock.monotonic_ns() / 1e9,
            projections=projections, key=checkpoint_key, on_checkpoint=lambda made: call_in_reactor(tell, made),
            limit=queue_limit, fence=None if held is None else held.check,
        )  # fmt: skip
        if held is not None:
            held.watch(lambda: call_in_reactor(on_fenced))
        reader = store.reader_engine(url)
        writer.start()
        return cls(writer=writer, reader=reader, lock=lock, now=now, call_in_reactor=call_in_reactor)

    def commit(self, batch: Batch) -> Deferred[Committed]:
        """Make a batch durable, wholly or not at all.

        Fails with JournalUnwritable (disk full, gone, read-only) or JournalBusy; raises ValueError at once for
        an event with a float in it, which is a bug.
        """
        at = self._now() if batch.at is None else batch.at
        lines = tuple(
            Line(event=happened, body=canonical(to_plain(happened)), by=by, at=at)
            for happened, by in batch.events
        )
        canonical(batch.reply)
        return self._queue(lines=lines, request=batch.request_id, reply=batch.reply)

    def append(self, events: Sequence[Event], by: str) -> Deferred[Position]:
        """Make events of one cause durable; gives the position of the last."""
        done = self.commit(Batch(events=tuple((happened, by) for happened in events)))
        return done.addCallback(lambda committed: committed.last)

    def save_snapshot(self, fold: str, version: int, position: Position, state: str) -> Deferred[Committed]:
        """Keep the state of a fold after `position`; the newest two of each version are kept."""
        return self._queue(snapshot=(fold, version, position, state))

    def _queue(self, **what: Any) -> Deferred[Committed]:
        waiting: Deferred[Committed] = Deferred()

        def done(outcome: Committed | BaseException) -> None:
            self._call_in_reactor(_fire, waiting, outcome)

        if self._writer.put(Job(done=done, **what)):
            return waiting
        REFUSED.inc()
        return fail(JournalBusy())

    def load_snapshot(self, fold: str, version: int) -> tuple[Position, str] | None:
        """The newest snapshot (position, state) whose record is in the journal as it was; else None: replay."""
        t, j = store.snapshots.c, store.journal.c
        asked = (
            sa.select(t.position, t.state)
            .join(store.journal, (j.position == t.position) & (j.hash == t.hash))
            .where(t.fold == fold, t.version == version)
            .order_by(t.position.desc())
            .limit(1)
        )
        with store.reading(self._reader) as connection:
            row = connection.execute(asked).first()
        return None if row is None else (Position(row.position), row.state)

    @property
    def head(self) -> tuple[Position, str]:
        """Position and hash of the last durable record; (0, 64 zeros) when there is none."""
        head = self._writer.head
        return head.position, head.hash

    def read(self, since: int, limit: int) -> list[Record]:
        """Up to `limit` records after position `since`, in order."""
        with store.reading(self._reader) as connection:
            return read(connection, since, limit)

    def records(self, since: int = 0) -> Iterator[Record]:
        """Every record after `since`, a page at a time; no transaction stays open between pages."""
        while page := self.read(since, PAGE):
            yield from page
            since = page[-1].position

    def reply_of(self, request_id: str) -> dict[str, Any] | None:
        """The stored reply of a command that was committed under this request id, `position` included."""
        with store.reading(self._reader) as connection:
            found = connection.execute(_REPLY, {"request": request_id}).scalar()
        return None if found is None else dict(json.loads(found))

    def close(self) -> None:
        """Write what waits, then let go of the database. Blocks until that is done; twice is once."""
        if self._closed:
            return
        self._closed = True
        self._writer.close()
        self._reader.dispose()
        self._writer.engine.dispose()
        self._lock.close()


def _fire(waiting: Deferred[Committed], outcome: Committed | BaseException) -> None:
    if isinstance(outcome, BaseException):
        waiting.errback(outcome)
    else:
        waiting.callback(outcome)


def read(connection: sa.Connection, since: int, limit: int) -> list[Record]:
    """Up to `limit` records after position `since`, in order."""
    rows = connection.execute(_PAGE, {"since": since, "most": limit})
    return [Record(**row) for row in rows.mappings()]


def hold(url: str) -> Lock:
    """Hold a journal against a second writer until `close`, or until this process ends. Raises Refused when it is held."""
    path = store.sqlite_path(url)
    if path is None:
        return lease.take(url)
    file = path.with_name(path.name + ".lock").open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise _held(str(path)) from None
    return file


def _held(what: str) -> Refused:
    return Refused(
        f"{what} is open in another process; is the station running already?",
        f"{what} 正被另一进程使用,台站是否已在运行?",
        code="unavailable",
    )


def _ready(url: str, station: str, projections: Sequence[Projection]) -> tuple[Lock, sa.Engine, Head]:
    """The journal held, what writes it, and its head. Raises Refused."""
    try:
        lock = hold(url)
        engine = store.writer_engine(url)
        held = lock if isinstance(lock, lease.Lease) else None
        return lock, engine, _prepare(engine, station, projections, held)
    except (OSError, sa.exc.OperationalError) as error:
        raise JournalUnwritable(str(getattr(error, "orig", None) or error)) from None


def _prepare(
    engine: sa.Engine, station: str, projections: Sequence[Projection], held: lease.Lease | None
) -> Head:
    with engine.begin() as connection:
        store.create(connection)
        for projection in projections:
            for table in projection.tables:
                table.create(connection, checkfirst=True)
        _name(connection, station)
        if held is not None:
            held.begin(connection)
        head = read_head(connection)
        _last_holds(connection, station, head)
    return head


def _name(connection: sa.Connection, station: str) -> None:
    found = {row.name: row.value for row in connection.execute(sa.select(store.about))}
    if not found:
        rows = [{"name": "format", "value": FORMAT}, {"name": "station", "value": station}]
        connection.execute(sa.insert(store.about), rows)
        return
    if found.get("format") != FORMAT:
        raise Refused(
            f"the journal has the format {found.get('format')}, this program writes {FORMAT}",
            f"日志格式为 {found.get('format')},本程序写入的是 {FORMAT}",
        )
    if found.get("station") != station:
        raise Refused(
            f"the journal belongs to the station {found.get('station')!r}, not {station!r}",
            f"日志属于台站“{found.get('station')}”,不是“{station}”",
        )


def _last_holds(connection: sa.Connection, station: str, head: Head) -> None:
    """The last two records only: the whole chain is `gengfu journal verify`'s to check."""
    last = read(connection, max(0, head.position - 2), 2)
    if not last:
        return
    before = last[0]
    previous = GENESIS if before.position == 1 else before.previous
    wrong = first_wrong(station, last, position=before.position - 1, previous=previous)
    if wrong is not None:
        raise Refused(f"the journal is damaged: {wrong.en}", f"日志已损坏:{wrong.zh}")


__all__ = [
    "Batch",
    "Committed",
    "Journal",
    "JournalBusy",
    "JournalUnwritable",
    "Projection",
    "Record",
    "read",
    "upcast",
]
