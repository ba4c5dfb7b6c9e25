"""The one thread that writes the journal: takes what waits, commits it as one group, says what became of each. Knows no reactor and no meaning of events."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import attrs
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from station import checkpoints, store
from station.checkpoints import Checkpoint
from station.metrics import counter, gauge, seconds
from station.records import GENESIS, Record, digest
from station.wire import canonical, to_plain
from station.words import Event, Instant, Position, Refused

GROUP = 512  # jobs in one transaction at most
IDLE_S = 1.0  # how often a waiting checkpoint is looked at

DEPTH = gauge("gengfu_journal_queue", "Batches that wait for the journal's writer")
HEAD = gauge("gengfu_journal_position", "Position of the last durable record")
FAULTS = counter("gengfu_journal_faults_total", "Transactions that failed", ("how",))
COMMIT = seconds("gengfu_journal_commit_seconds", "Time one group commit took")


class JournalUnwritable(Refused):
    """The journal cannot be written: nothing of the batch was kept."""

    def __init__(self, why: str) -> None:
        super().__init__(
            f"the journal cannot be written ({why}); only life-safety commands are taken now",
            f"日志无法写入({why});目前只接受涉及生命安全的指令",
            code="unavailable",
        )


class Projection(Protocol):
    """Tables kept in step with the journal, in the same transaction, and rebuildable from it."""

    @property
    def tables(self) -> Sequence[sa.Table]: ...
    def apply(self, connection: sa.Connection, record: Record, event: Event) -> None: ...
    def reset(self, connection: sa.Connection) -> None: ...


@attrs.frozen
class Committed:
    """Positions of a batch' first and last record; a batch without events has last = first − 1."""

    first: Position
    last: Position


@attrs.frozen(kw_only=True)
class Line:
    """An event ready to be written."""

    event: Event
    body: str
    by: str
    at: Instant


@attrs.frozen(kw_only=True)
class Job:
    """What one caller wants done in one transaction, and who is told."""

    lines: tuple[Line, ...] = ()
    request: str | None = None
    reply: dict[str, Any] | None = None
    snapshot: tuple[str, int, Position, str] | None = None
    done: Callable[[Committed | BaseException], None]


@attrs.frozen
class Head:
    """Position and hash of the last record."""

    position: Position
    hash: str


EMPTY = Head(Position(0), GENESIS)
START = Instant(0)


def read_head(connection: sa.Connection) -> Head:
    """The head of the journal in a database."""
    t = store.journal.c
    row = connection.execute(sa.select(t.position, t.hash).order_by(t.position.desc()).limit(1)).first()
    return EMPTY if row is None else Head(Position(row.position), row.hash)


@attrs.define(kw_only=True, eq=False)
class Writer:
    """The thread and its queue. `put` may be called by any thread; `Job.done` is called on the writer's."""

    engine: sa.Engine
    station: str
    head: Head
    now: Callable[[], Instant]
    monotonic: Callable[[], float]
    projections: Sequence[Projection]
    key: Ed25519PrivateKey | None
    on_checkpoint: Callable[[Checkpoint], None]
    limit: int
    fence: Callable[[sa.Connection], None] | None = (
        None  # first in each transaction; raises where another writes now
    )
    _jobs: deque[Job] = attrs.field(factory=deque)
    _wake: threading.Condition = attrs.field(factory=threading.Condition)
    _closing: bool = False
    _thread: threading.Thread | None = None
    _connection: sa.Connection | None = None
    _stale: bool = False  # a commit failed: what is durable must be read again
    _signed: Head = EMPTY
    _signed_at: Instant = START

    def start(self) -> None:
        """Start the thread."""
        self._signed, self._signed_at = self.head, self.now()
        HEAD.set(self.head.position)
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def put(self, job: Job) -> bool:
        """Queue a job; False when the queue is full or the writer is closing."""
        with self._wake:
            if self._closing or len(self._jobs) >= self.limit:
                return False
            self._jobs.append(job)
            DEPTH.set(len(self._jobs))
            self._wake.notify()
        return True

    def close(self) -> None:
        """Write what waits, sign the head, end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            group, last = self._take()
            if group:
                self._commit(group)
            self._checkpoint(closing=last)
            if last:
                break
        self._drop_connection()

    def _take(self) -> tuple[list[Job], bool]:
        with self._wake:
            if not self._jobs and not self._closing:
                self._wake.wait(IDLE_S if self._unsigned() else None)
            group = [self._jobs.popleft() for _ in range(min(GROUP, len(self._jobs)))]
            DEPTH.set(len(self._jobs))
            return group, self._closing and not self._jobs

    def _unsigned(self) -> bool:
        return self.key is not None and self.head.position > self._signed.position

    def _commit(self, group: list[Job]) -> None:
        began = self.monotonic()
        outcomes = self._try(group)
        COMMIT.observe(self.monotonic() - began)
        HEAD.set(self.head.position)
        for job, outcome in zip(group, outcomes, strict=True):
            job.done(outcome)

    def _try(self, group: list[Job]) -> Sequence[Committed | BaseException]:
        """One transaction for all; where one job is at fault, each alone, so that it fails alone."""
        try:
            return self._transact(group)
        except Exception as error:  # noqa: BLE001 - boundary: a bug in a projection fails its own batch, not the thread
            self._drop_connection()
            unwritable = _is_unwritable(error)
            FAULTS.labels("unwritable" if unwritable else "bug").inc()
            if unwritable:
                return [JournalUnwritable(_cause(error))] * len(group)
            if len(group) == 1:
                return [error]
        return [outcome for job in group for outcome in self._try([job])]

    def _transact(self, group: list[Job]) -> list[Committed]:
        connection = self._connected()
        head, outcomes, records = self.head, [], []
        for job in group:
            made, head = self._chain(job, head)
            records.append(made)
            outcomes.append(Committed(Position(head.position - len(made) + 1), head.position))
        try:
            with connection.begin():
                if self.fence is not None:
                    self.fence(connection)
                for job, made, outcome in zip(group, records, outcomes, strict=True):
                    self._write(connection, job, made, outcome)
        except (sa.exc.DBAPIError, OSError) as error:
            if not (_is_unwritable(error) and self._durable_after_all(head)):
                raise
        self.head = head
        return outcomes

    def _chain(self, job: Job, head: Head) -> tuple[list[Record], Head]:
        made = []
        for line in job.lines:
            position = Position(head.position + 1)
            kind = line.event.kind
            said = digest(self.station, position, line.at, kind, line.body, line.by, head.hash)
            made.append(
                Record(
                    position=position,
                    at=line.at,
                    kind=kind,
                    body=line.body,
                    by=line.by,
                    previous=head.hash,
                    hash=said,
                )
            )
            head = Head(position, said)
        return made, head

    def _write(self, connection: sa.Connection, job: Job, records: list[Record], done: Committed) -> None:
        if records:
            connection.execute(sa.insert(store.journal), [to_plain(record) for record in records])
        for record, line in zip(records, job.lines, strict=True):
            for projection in self.projections:
                projection.apply(connection, record, line.event)
        if job.request is not None:
            reply = {"position": done.last, **(job.reply or {})}
            connection.execute(
                sa.insert(store.requests),
                {"request": job.request, "position": done.last, "reply": canonical(reply)},
            )
        if job.snapshot is not None:
            _write_snapshot(connection, *job.snapshot)

    def _connected(self) -> sa.Connection:
        if self._connection is None:
            self._connection = self.engine.connect()
        if self._stale:
            self.head = read_head(self._connection)
            self._connection.rollback()
            self._stale = False
        return self._connection

    def _drop_connection(self) -> None:
        self._stale = True
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sa.exc.SQLAlchemyError:
                connection.invalidate()

    def _durable_after_all(self, head: Head) -> bool:
        """A COMMIT that reported an error may have been kept all the same: only the database knows."""
        self._drop_connection()
        with self.engine.connect() as connection:
            found = read_head(connection)
        return found == head and head != self.head

    def _checkpoint(self, *, closing: bool) -> None:
        if self.key is None or not self._unsigned():
            return
        now = self.now()
        waiting = self.head.position - self._signed.position
        if not closing and not checkpoints.due(waiting, self._signed_at, now):
            return
        made = checkpoints.sign(self.key, self.station, self.head.position, self.head.hash, now)
        row = {k: v for k, v in to_plain(made).items() if k != "station"}
        try:
            connection = self._connected()
            with connection.begin():
                connection.execute(sa.insert(store.checkpoints), row)
        except (sa.exc.SQLAlchemyError, OSError):
            self._drop_connection()  # it is handed on all the same: the outside copy is the one that counts
        self._signed, self._signed_at = self.head, now
        self.on_checkpoint(made)


def _write_snapshot(
    connection: sa.Connection, fold: str, version: int, position: Position, state: str
) -> None:
    t = store.snapshots.c
    said = connection.execute(
        sa.select(store.journal.c.hash).where(store.journal.c.position == position)
    ).scalar()
    key = {"fold": fold, "version": version}
    connection.execute(sa.delete(store.snapshots).where(t.fold == fold, t.position >= position))
    connection.execute(
        sa.insert(store.snapshots),
        {**key, "position": position, "hash": said or GENESIS, "state": state},
    )
    kept = sa.select(t.position).where(t.fold == fold, t.version == version).order_by(t.position.desc())
    oldest = connection.execute(kept.limit(2)).scalars().all()[-1]
    connection.execute(
        sa.delete(store.snapshots).where(t.fold == fold, t.version == version, t.position < oldest)
    )


def _is_unwritable(error: Exception) -> bool:
    """Whether the database is to blame, rather than what was asked of it."""
    asked_wrongly = (sa.exc.IntegrityError, sa.exc.DataError, sa.exc.ProgrammingError)
    return isinstance(error, (sa.exc.DBAPIError, OSError)) and not isinstance(error, asked_wrongly)


def _cause(error: Exception) -> str:
    origin = getattr(error, "orig", None) or error
    return str(origin).strip().splitlines()[0] if str(origin).strip() else type(origin).__name__
