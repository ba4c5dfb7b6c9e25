"""The journal's writer on a fake clock: the production writer without its thread, and a disk that can be full. Knows no event."""

from __future__ import annotations

import sqlite3

import attrs
import sqlalchemy as sa

from station.journal_writer import Committed, Job, Writer
from station.records import Record


@attrs.define
class Disk:
    """The disk of one simulated station, the same for all lives of its controller."""

    full: bool = False


def writer_on(disk: Disk) -> type[Writer]:
    """A writer that writes as soon as it is asked, unless the disk is full."""

    class Inline(Writer):
        def start(self) -> None:
            self._signed, self._signed_at = self.head, self.now()

        def put(self, job: Job) -> bool:
            if self._closing:
                return False
            self._commit([job])
            self._checkpoint(closing=False)
            return True

        def close(self) -> None:
            self._closing = True
            self._drop_connection()

        def _write(self, connection: sa.Connection, job: Job, records: list[Record], done: Committed) -> None:
            if disk.full:
                raise sa.exc.OperationalError(
                    "INSERT", {}, sqlite3.OperationalError("database or disk is full")
                )
            super()._write(connection, job, records, done)

    return Inline
