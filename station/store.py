"""The tables of the journal and how its databases are opened: SQLite in WAL, or PostgreSQL, by the same statements. Knows no event and no thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

metadata = sa.MetaData()

about = sa.Table(
    "about",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

journal = sa.Table(
    "journal",
    metadata,
    # INTEGER on SQLite is the row's own number; PostgreSQL needs 64 bits
    sa.Column(
        "position",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=False,
    ),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
sa.Index("journal_by_kind", journal.c.kind, journal.c.position)

requests = sa.Table(
    "requests",
    metadata,
    sa.Column("request", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("reply", sa.Text, nullable=False),
)

snapshots = sa.Table(
    "snapshots",
    metadata,
    sa.Column("fold", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("hash", sa.Text, nullable=False),  # of the journal record at `position`
    sa.Column("state", sa.Text, nullable=False),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),  # Ed25519 public key, hex
    sa.Column("signature", sa.Text, nullable=False),  # hex
)

APPEND_ONLY = "the journal is append-only"

# The INSERT trigger fires before REPLACE removes the old row, so it holds even on a connection that has
# recursive_triggers off; with it on, the DELETE trigger refuses as well.
_SQLITE = (
    f"""CREATE TRIGGER IF NOT EXISTS journal_no_update BEFORE UPDATE ON journal
    BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    f"""CREATE TRIGGER IF NOT EXISTS journal_no_delete BEFORE DELETE ON journal
    BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}'); END""",
    f"""CREATE TRIGGER IF NOT EXISTS journal_in_order BEFORE INSERT ON journal
    WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM journal)
    BEGIN SELECT RAISE(ABORT, '{APPEND_ONLY}, without gaps'); END""",  # noqa: S608 - a constant
)

_POSTGRESQL = (
    f"""CREATE OR REPLACE FUNCTION journal_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION '{APPEND_ONLY}'; END $$""",
    f"""CREATE OR REPLACE FUNCTION journal_order() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.position <> (SELECT coalesce(max(position), 0) + 1 FROM journal) THEN
        RAISE EXCEPTION '{APPEND_ONLY}, without gaps';
      END IF;
      RETURN NEW;
    END $$""",  # noqa: S608 - a constant
    """CREATE OR REPLACE TRIGGER journal_no_change BEFORE UPDATE OR DELETE ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_refuse()""",
    """CREATE OR REPLACE TRIGGER journal_no_truncate BEFORE TRUNCATE ON journal
    FOR EACH STATEMENT EXECUTE FUNCTION journal_refuse()""",
    """CREATE OR REPLACE TRIGGER journal_in_order BEFORE INSERT ON journal
    FOR EACH ROW EXECUTE FUNCTION journal_order()""",
    "REVOKE UPDATE, DELETE, TRUNCATE ON journal FROM PUBLIC",
    "REVOKE UPDATE, DELETE, TRUNCATE ON journal FROM CURRENT_USER",
)

_PRAGMAS = (
    "PRAGMA busy_timeout=5000",
    "PRAGMA recursive_triggers=on",
    "PRAGMA foreign_keys=on",
)


def sqlite_url(path: Path) -> str:
    """The SQLAlchemy URL of a SQLite file."""
    return sa.URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def sqlite_path(url: str) -> Path | None:
    """The file behind a SQLite URL; None for any other database."""
    made = make_url(url)
    if made.get_backend_name() != "sqlite" or not made.database:
        return None
    return Path(made.database)


def writer_engine(url: str) -> sa.Engine:
    """An engine that writes durably: WAL and synchronous=FULL on SQLite, each transaction begun as a writer."""
    engine = sa.create_engine(url, poolclass=NullPool)
    if engine.dialect.name == "sqlite":
        _listen(
            engine,
            (
                *_PRAGMAS,
                "PRAGMA journal_mode=WAL",
                "PRAGMA synchronous=FULL",
                "PRAGMA journal_size_limit=67108864",
            ),
            "BEGIN IMMEDIATE",
        )
    return engine


def reader_engine(url: str) -> sa.Engine:
    """An engine that only reads; it keeps a connection, never an open transaction (an idle reader makes a WAL grow)."""
    engine = sa.create_engine(url, pool_size=2)
    if engine.dialect.name == "sqlite":
        _listen(engine, (*_PRAGMAS, "PRAGMA query_only=on"), "BEGIN")
    return engine


def _listen(engine: sa.Engine, pragmas: tuple[str, ...], begin: str) -> None:
    @sa.event.listens_for(engine, "connect")
    def connected(dbapi: Any, _record: Any) -> None:
        dbapi.isolation_level = None  # else the driver begins and commits as it thinks fit
        for pragma in pragmas:
            dbapi.execute(pragma).fetchall()

    @sa.event.listens_for(engine, "begin")
    def begun(connection: sa.Connection) -> None:
        connection.exec_driver_sql(begin)


def create(connection: sa.Connection) -> None:
    """Make tables and triggers that are not there yet."""
    metadata.create_all(connection)
    statements = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    for statement in statements:
        connection.exec_driver_sql(statement)


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A short read: the transaction ends with the block."""
    with engine.connect() as connection:
        yield connection
