"""The table of every alarm there ever was, kept in step with the journal. Knows no part's rules but the fold of one alarm."""

from __future__ import annotations

import json
from collections.abc import Sequence

import sqlalchemy as sa

from safety.alarm_record import Alarm, alarm_of, fold
from station.records import Record
from station.wire import canonical, from_plain, to_plain
from station.words import Event

metadata = sa.MetaData()

alarms = sa.Table(
    "alarms",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("raised_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("cleared_at", sa.BigInteger),
    sa.Column("body", sa.Text, nullable=False),  # safety.alarm_record.Alarm
)


class AlarmsTable:
    """One row an occurrence."""

    tables: Sequence[sa.Table] = (alarms,)

    def apply(self, connection: sa.Connection, record: Record, happened: Event) -> None:
        """Fold one event into its row."""
        number = alarm_of(happened)
        if number is None:
            return
        held = connection.execute(sa.select(alarms.c.body).where(alarms.c.number == number)).scalar()
        after = fold(alarm_in(held) if held else None, happened)
        if after is None:
            return
        values = {
            "severity": after.condition.severity,
            "cleared_at": after.cleared_at,
            "body": canonical(to_plain(after)),
        }
        if held:
            connection.execute(sa.update(alarms).where(alarms.c.number == number).values(**values))
        else:
            connection.execute(
                sa.insert(alarms).values(
                    number=number, key=after.condition.key, raised_at=after.raised_at, **values
                )
            )

    def reset(self, connection: sa.Connection) -> None:
        """Forget everything."""
        connection.execute(sa.delete(alarms))


def alarm_in(body: str) -> Alarm:
    """The occurrence held in a row."""
    return from_plain(json.loads(body), Alarm)
