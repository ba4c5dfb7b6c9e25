"""Tables kept in step with the journal, in the same transaction: alerts, as-run, slots. Each can be rebuilt from the journal (`gengfu journal replay`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from playout.messages import AiredEntries, AsRunEntry
from safety.messages import SlotsMeasured
from station.alarm_projection import AlarmsTable
from station.alert_book import AlertRow, alert_of, fold
from station.records import Record
from station.wire import canonical, from_plain, to_plain
from station.words import Event

metadata = sa.MetaData()

alerts = sa.Table(
    "alerts",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("submitted_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("open", sa.Boolean, nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),  # station.alert_book.AlertRow
)

asrun = sa.Table(
    "asrun",
    metadata,
    sa.Column("run", sa.Text, primary_key=True),
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("media", sa.Text),
    sa.Column("approval", sa.Text, nullable=False),
    sa.Column("rung", sa.Text, nullable=False),
    sa.Column("start", sa.BigInteger, nullable=False),
    sa.Column("end", sa.BigInteger),
    sa.Column("cause", sa.Text, nullable=False),
    sa.Column("end_cause", sa.Text, nullable=False, default=""),
)
sa.Index("asrun_by_start", asrun.c.channel, asrun.c.start)

slots = sa.Table(
    "slots",
    metadata,
    sa.Column("channel", sa.Text, primary_key=True),
    sa.Column("point", sa.Text, primary_key=True),
    sa.Column("first", sa.BigInteger, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
    sa.Column("real_return", sa.Boolean, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("heard", sa.Text, nullable=False),
    sa.Column("due", sa.Text, nullable=False),
    sa.Column("cause", sa.Text, nullable=False),
)


class AlertsTable:
    """Every alert, open and ended."""

    tables: Sequence[sa.Table] = (alerts,)

    def apply(self, connection: sa.Connection, record: Record, happened: Event) -> None:
        """Fold one event into its row."""
        alert = alert_of(happened)
        if alert is None:
            return
        held = connection.execute(sa.select(alerts.c.body).where(alerts.c.id == alert)).scalar()
        row = fold(row_of(held) if held else None, happened, record.at)
        if row is None:
            return
        values = {"open": row.ended_at is None, "body": canonical(to_plain(row))}
        if held:
            connection.execute(sa.update(alerts).where(alerts.c.id == alert).values(**values))
        else:
            connection.execute(sa.insert(alerts).values(id=alert, submitted_at=row.submitted_at, **values))

    def reset(self, connection: sa.Connection) -> None:
        """Forget everything."""
        connection.execute(sa.delete(alerts))


def row_of(body: str) -> AlertRow:
    """The row held in a table's body."""
    return from_plain(json.loads(body), AlertRow)


class AsRunTable:
    """What was aired: one row an interval, closed by its `end` entry."""

    tables: Sequence[sa.Table] = (asrun,)

    def apply(self, connection: sa.Connection, record: Record, happened: Event) -> None:
        """Open and close intervals."""
        if not isinstance(happened, AiredEntries):
            return
        for entry in happened.entries:
            if entry.what == "start" or entry.source == "none":
                self._open(connection, happened.chain, entry)
            else:  # "end", or a "gap" that closes what nobody could close
                self._close(connection, happened.chain, entry)

    def _open(self, connection: sa.Connection, chain: str, entry: AsRunEntry) -> None:
        connection.execute(
            sa.insert(asrun).values(
                run=entry.run,
                seq=entry.seq,
                chain=chain,
                channel=entry.channel,
                source=entry.source,
                ref=entry.ref,
                title=entry.title,
                media=entry.media,
                approval=entry.approval,
                rung=entry.rung,
                start=entry.index,
                end=entry.index if entry.source == "none" else None,
                cause=entry.cause,
                end_cause="",
            )
        )

    def _close(self, connection: sa.Connection, chain: str, entry: AsRunEntry) -> None:
        """End the newest open interval of this take or overlay; its log may have gone on under another run's name."""
        c = asrun.c
        newest = connection.execute(
            sa.select(c.run, c.seq)
            .where(c.chain == chain, c.channel == entry.channel, c.ref == entry.ref, c.end.is_(None))
            .order_by(c.start.desc(), c.run.desc(), c.seq.desc())
            .limit(1)
        ).first()
        if newest is not None:
            connection.execute(
                sa.update(asrun)
                .where(c.run == newest.run, c.seq == newest.seq)
                .values(end=entry.index, end_cause=entry.cause)
            )

    def reset(self, connection: sa.Connection) -> None:
        """Forget everything."""
        connection.execute(sa.delete(asrun))


class SlotsTable:
    """Runs of slots as the witnesses measured them; a run that goes on is lengthened, not repeated."""

    tables: Sequence[sa.Table] = (slots,)

    def apply(self, connection: sa.Connection, record: Record, happened: Event) -> None:
        """Add runs."""
        if not isinstance(happened, SlotsMeasured):
            return
        for run in happened.runs:
            same: dict[str, Any] = {
                "state": run.state,
                "heard": run.heard,
                "due": run.due,
                "cause": run.cause,
            }
            grown = connection.execute(
                sa.update(slots)
                .where(
                    slots.c.channel == happened.channel,
                    slots.c.point == happened.point,
                    slots.c.last == run.first,
                    *(slots.c[name] == value for name, value in same.items()),
                )
                .values(last=run.last)
            )
            if not grown.rowcount:
                connection.execute(
                    sa.insert(slots).values(
                        channel=happened.channel,
                        point=happened.point,
                        first=run.first,
                        last=run.last,
                        real_return=happened.real_return,
                        **same,
                    )
                )

    def reset(self, connection: sa.Connection) -> None:
        """Forget everything."""
        connection.execute(sa.delete(slots))


sa.Index("slots_by_last", slots.c.channel, slots.c.point, slots.c.last)

PROJECTIONS = (AlertsTable(), AsRunTable(), SlotsTable(), AlarmsTable())
