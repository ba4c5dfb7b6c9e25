"""The writer's lease where the journal lies in PostgreSQL: one controller writes, whoever took over keeps the one before from writing. Knows one lock, one number; nothing of what is written."""

from __future__ import annotations

import os
import platform
import threading
from collections.abc import Callable
from typing import Any, Final

import attrs
import sqlalchemy as sa
from twisted.logger import Logger

from station import store
from station.words import Refused

LOCK_NUMBER: Final = 0x67656E676675  # of the advisory lock: "gengfu"
BEAT: Final = 1.0  # s between two signs of life of who holds it
IDLE: Final = 5.0  # s without one, and the server lets go of it: its machine may be gone without a word
ENDS_IDLE: Final = (14,)  # servers from this version on; an older one lets go when it sees the line break
TERM: Final = "term"
log = Logger()

# who holds it, and since when its session is there
_HOLDER: Final = sa.text(
    "SELECT a.application_name, to_char(a.backend_start AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') AS since"
    " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND (l.classid::bigint << 32 | l.objid::bigint) = :number"
)


class Fenced(Refused):
    """Another controller writes the journal now."""

    def __init__(self) -> None:
        super().__init__(
            "another controller has taken this journal over; this one ends",
            "另一台控制器已接管日志,本控制器退出",
            code="fenced",
        )


@attrs.define(eq=False)
class Lease:
    """Held until `close`, until this process ends, or until it gave no sign of life for IDLE seconds. Make one with `take`."""

    engine: sa.Engine
    _idle: float
    _connection: sa.Connection | None = None
    _term: int = 0
    _over: threading.Event = attrs.field(factory=threading.Event)
    _thread: threading.Thread | None = None

    def begin(self, connection: sa.Connection) -> None:
        """In the transaction that prepares the journal: from its commit on whoever held it before cannot write."""
        t = store.about.c
        found = connection.execute(sa.select(t.value).where(t.name == TERM).with_for_update()).scalar()
        self._term = int(found or 0) + 1
        row = {"name": TERM, "value": str(self._term)}
        if found is None:
            connection.execute(sa.insert(store.about), row)
        else:
            connection.execute(sa.update(store.about).where(t.name == TERM).values(value=row["value"]))

    @property
    def term(self) -> int:
        """Which holder this one is, counted from 1; 0 before `begin`."""
        return self._term

    def check(self, connection: sa.Connection) -> None:
        """First in every transaction that writes; the row stays as it is until that is over. Raises Fenced."""
        t = store.about.c
        found = connection.execute(
            sa.select(t.value).where(t.name == TERM).with_for_update(read=True)
        ).scalar()
        if found != str(self._term):
            raise Fenced

    def watch(self, fenced: Callable[[], None], beat: float = BEAT) -> None:
        """Give a sign of life every `beat` seconds, in a thread of its own; `fenced` is called there, once, when another has it.

        A server that is away is no reason to end: what saves lives still goes out, and nobody can take over.
        """

        def run() -> None:
            while not self._over.wait(beat):
                if not self._alive():
                    fenced()
                    return

        self._thread = threading.Thread(target=run, name="lease", daemon=True)
        self._thread.start()

    def _alive(self) -> bool:
        """Whether the lease is still ours; True also while nobody can say."""
        try:
            if self._connection is None:
                return self._again()
            self._connection.exec_driver_sql("SELECT 1")
        except (sa.exc.DBAPIError, OSError) as error:
            if self._connection is not None:
                log.error("the lease's line to the database broke: {why}", why=str(error).splitlines()[0])
            self._let_go()
        return True

    def _again(self) -> bool:
        """Take it again where nobody else had it meanwhile; what still holds it may be our own line, of which the server does not know yet that it broke."""
        connection = _session(self.engine, self._idle)
        t = store.about.c
        found = connection.execute(sa.select(t.value).where(t.name == TERM)).scalar()
        if found == str(self._term) and _locked(connection):
            self._connection = connection
            log.info("the lease is held again, term {term}", term=self._term)
        else:
            connection.close()
        return found == str(self._term)

    def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            connection.close()
        except sa.exc.SQLAlchemyError:
            connection.invalidate()

    def close(self) -> None:
        """Let go of it."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(2 * BEAT)
        self._let_go()


def take(url: str, idle: float = IDLE) -> Lease:
    """Take the lease of a journal. Raises Refused, which names who has it; sa.exc.OperationalError where the server is away."""
    engine = store.writer_engine(url)
    connection = _session(engine, idle)
    if _locked(connection):
        return Lease(engine, idle, connection)
    who = connection.execute(_HOLDER, {"number": LOCK_NUMBER}).first()
    connection.close()
    raise _held(engine.url.render_as_string(hide_password=True), who)


def _session(engine: sa.Engine, idle: float) -> sa.Connection:
    connection = engine.connect().execution_options(isolation_level="AUTOCOMMIT")
    name = f"gengfu {platform.node()} pid {os.getpid()}"[:63]
    connection.execute(sa.text("SELECT set_config('application_name', :name, false)"), {"name": name})
    if (connection.dialect.server_version_info or (0,)) >= ENDS_IDLE:
        limit = {"limit": str(round(1000 * idle))}
        connection.execute(sa.text("SELECT set_config('idle_session_timeout', :limit, false)"), limit)
    return connection


def _locked(connection: sa.Connection) -> bool:
    return bool(connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({LOCK_NUMBER})").scalar())


def _held(what: str, who: Any) -> Refused:
    by = "" if who is None else f" ({who.application_name}, since {who.since} UTC)"
    zh = "" if who is None else f"({who.application_name},自 {who.since} UTC)"
    return Refused(
        f"{what} is open in another process{by}; is the station running already? Where two controllers share a journal, the other takes over when this one ends",
        f"{what} 正被另一进程使用{zh},台站是否已在运行?两台控制器共用日志时,一台退出后另一台自动接管",
        code="unavailable",
    )
