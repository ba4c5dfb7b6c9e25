"""The file people.db: accounts, their hashes, open sessions. Knows SQL; knows no right and no password."""

from __future__ import annotations

import contextlib
import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path

import attrs
import sqlalchemy as sa

from station import store
from station.people_orders import Contact
from station.records import event_of
from station.wire import canonical, event_to_plain, from_plain, to_plain
from station.words import AreaCode, Event, Instant, Operator, Refused, Text

metadata = sa.MetaData()

operators = sa.Table(
    "operators",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("name_zh", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("roles", sa.Text, nullable=False),  # JSON list
    sa.Column("areas", sa.Text, nullable=False),  # JSON list
    sa.Column("active", sa.Boolean, nullable=False),
    sa.Column("password", sa.Text, nullable=False),  # argon2id
    sa.Column("pin", sa.Text, nullable=False),  # argon2id
    sa.Column("department", sa.Text, nullable=False, server_default=""),
    sa.Column("events", sa.Text, nullable=False, server_default="[]"),  # JSON list
    sa.Column("temporary", sa.Text, nullable=False, server_default="[]"),  # JSON list
    sa.Column("temporary_until", sa.BigInteger, nullable=False, server_default="0"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("token", sa.Text, primary_key=True),  # SHA-256 of it: the file opens no seat
    sa.Column("operator", sa.Text, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    sa.Column("pin_until", sa.BigInteger),
    sa.Column("since", sa.BigInteger, nullable=False, server_default="0"),
)

telephones = sa.Table(
    "contacts",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("body", sa.Text, nullable=False),  # JSON
)

untold = sa.Table(
    "untold",  # what a tool did while the journal was not its to write; the station journals it
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
)


_NEVER = Instant(0)


@attrs.frozen(kw_only=True)
class Account:
    """One person of the station. Areas: where this person may act; empty: everywhere."""

    id: str
    name_zh: str
    name_en: str
    roles: tuple[str, ...]
    areas: tuple[AreaCode, ...] = ()
    active: bool = True
    department: str = ""
    events: tuple[str, ...] = ()  # beginnings of event codes it may send; empty: all
    temporary: tuple[str, ...] = ()  # secrets given for once: password, pin
    temporary_until: Instant = _NEVER

    @property
    def name(self) -> Text:
        """The person's name."""
        return Text(self.name_en, self.name_zh)

    @property
    def operator(self) -> Operator:
        """As commands know this person."""
        return Operator(id=self.id, roles=frozenset(self.roles), areas=self.areas, events=self.events)


@attrs.frozen(kw_only=True)
class Session:
    """A seat taken. `token` is the secret the client holds; it is empty on what was read back from the file."""

    token: str
    digest: str
    operator: str
    until: Instant
    pin_until: Instant | None = None
    since: Instant = _NEVER


def digest_of(token: str) -> str:
    """What the file keeps of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


class PeopleStore:
    """Each call is one short transaction; calls may come from different threads."""

    def __init__(self, path: Path) -> None:
        """Open or make the file, readable by its owner alone. Raises OSError, sqlalchemy.exc.OperationalError."""
        path.touch(mode=0o600, exist_ok=True)
        self._engine = store.writer_engine(store.sqlite_url(path))
        metadata.create_all(self._engine)
        with self._engine.begin() as connection:
            for table in (operators, sessions):
                _grow(connection, table)
        self._watch = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def version(self) -> int:
        """Another number whenever anybody wrote to the file, this object included."""
        return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def accounts(self) -> dict[str, Account]:
        """Everybody, by id."""
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(operators)).mappings().all()
        return {
            row["id"]: Account(
                id=row["id"],
                name_zh=row["name_zh"],
                name_en=row["name_en"],
                roles=tuple(json.loads(row["roles"])),
                areas=tuple(json.loads(row["areas"])),
                active=row["active"],
                department=row["department"],
                events=tuple(json.loads(row["events"])),
                temporary=tuple(json.loads(row["temporary"])),
                temporary_until=row["temporary_until"],
            )
            for row in rows
        }

    def hashes(self) -> dict[str, dict[str, str]]:
        """Password and PIN hashes by operator."""
        asked = sa.select(operators.c.id, operators.c.password, operators.c.pin)
        with self._engine.begin() as connection:
            return {r.id: {"password": r.password, "pin": r.pin} for r in connection.execute(asked)}

    def sessions(self) -> list[Session]:
        """Every session, oldest end first."""
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(sessions).order_by(sessions.c.until)).all()
        return [
            Session(
                token="",
                digest=r.token,
                operator=r.operator,
                until=r.until,
                pin_until=r.pin_until,
                since=r.since,
            )
            for r in rows
        ]

    def contacts(self) -> list[Contact]:
        """The telephone list, in its order."""
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(telephones.c.body).order_by(telephones.c.number)).scalars()
            return [from_plain(json.loads(body), Contact) for body in rows]

    def set_contacts(self, contacts: Iterable[Contact]) -> None:
        """Replace the telephone list. Raises Refused on a disk that takes nothing."""
        rows = [{"number": k, "body": canonical(to_plain(one))} for k, one in enumerate(contacts)]
        with self._writing() as connection:
            connection.execute(sa.delete(telephones))
            if rows:
                connection.execute(sa.insert(telephones), rows)

    def add(self, account: Account, password: str, pin: str) -> None:
        """Insert an account with its hashes; sqlalchemy.exc.IntegrityError when it is there already."""
        with self._writing() as connection:
            connection.execute(
                sa.insert(operators), {"id": account.id, "password": password, "pin": pin, **_row(account)}
            )

    def change(self, account: Account) -> None:
        """Write an account as it is now; hashes stay."""
        with self._writing() as connection:
            connection.execute(
                sa.update(operators).where(operators.c.id == account.id).values(**_row(account))
            )

    def set_hash(self, operator: str, which: str, said: str) -> None:
        """Replace a hash; `which` is password or pin."""
        with self._writing() as connection:
            connection.execute(sa.update(operators).where(operators.c.id == operator).values({which: said}))

    def seat(self, session: Session) -> None:
        """Write a session, new or prolonged. Raises Refused on a disk that takes nothing."""
        row = {
            "operator": session.operator,
            "until": session.until,
            "pin_until": session.pin_until,
            "since": session.since,
        }
        with self._writing() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.token == session.digest))
            connection.execute(sa.insert(sessions), {"token": session.digest, **row})

    def unseat(self, digests: Iterable[str]) -> None:
        """Forget sessions. Raises Refused on a disk that takes nothing."""
        with self._writing() as connection:
            connection.execute(sa.delete(sessions).where(sessions.c.token.in_(list(digests))))

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sa.exc.OperationalError as error:
            raise Refused(
                f"the accounts cannot be written now ({error.orig}); make room on the disk and try again",
                f"账户暂时无法写入({error.orig});请腾出磁盘空间后重试",
                code="unavailable",
            ) from error

    def remember(self, happened: Event, by: str) -> None:
        """Keep an event for the station to journal."""
        kind, body = event_to_plain(happened)
        with self._writing() as connection:
            connection.execute(sa.insert(untold), {"kind": kind, "body": canonical(body), "by": by})

    def take_untold(self) -> list[tuple[Event, str]]:
        """What was kept for the journal, once."""
        with self._engine.begin() as connection:
            rows = connection.execute(sa.select(untold).order_by(untold.c.number)).all()
            if rows:
                connection.execute(sa.delete(untold))
        return [(event_of(row.kind, row.body), row.by) for row in rows]

    def close(self) -> None:
        """Let go of the file."""
        self._watch.close()
        self._engine.dispose()


def _row(account: Account) -> dict[str, object]:
    return {
        "name_zh": account.name_zh,
        "name_en": account.name_en,
        "roles": json.dumps(sorted(account.roles)),
        "areas": json.dumps(list(account.areas)),
        "active": account.active,
        "department": account.department,
        "events": json.dumps(list(account.events)),
        "temporary": json.dumps(list(account.temporary)),
        "temporary_until": account.temporary_until,
    }


def _grow(connection: sa.Connection, table: sa.Table) -> None:
    """Add the columns that a file of an older version lacks."""
    held = {row.name for row in connection.execute(sa.text(f"PRAGMA table_info({table.name})"))}
    for column in table.columns:
        if column.name not in held:
            made = sa.schema.CreateColumn(column).compile(connection).string
            connection.execute(sa.text(f"ALTER TABLE {table.name} ADD COLUMN {made}"))
