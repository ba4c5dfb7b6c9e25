"""Tables beside the journal: written in its transaction, and the same again when they are rebuilt from it."""

import json

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from test_journal import Loop
from whole_desk import Whole, play, steps

from emergency.messages import AlertSubmitted
from playout.messages import AiredEntries, AsRunEntry
from safety.messages import SlotRun, SlotsMeasured
from station import projections, store
from station.alert_book import fold
from station.journal import Batch, Journal
from station.journal_tool import replay
from station.wire import event_from_plain


@pytest.fixture
def journal(tmp_path):
    made = Kept(tmp_path / "journal.db")
    yield made
    made.journal.close()


class Kept:
    """A real SQLite journal with the station's projections."""

    def __init__(self, path):
        self.loop = Loop()
        self.journal = Journal.open(
            store.sqlite_url(path), "rig", now=self.loop.time, call_in_reactor=self.loop.call,
            projections=projections.PROJECTIONS,
        )  # fmt: skip
        self.engine = store.writer_engine(store.sqlite_url(path))

    def write(self, *events):
        self.loop.result(self.journal.commit(Batch(events=tuple((happened, "li") for happened in events))))

    def rows(self, table):
        with self.engine.connect() as connection:
            return [row._asdict() for row in connection.execute(sa.select(table)).all()]

    def rebuilt(self):
        with self.engine.begin() as connection:
            return replay(connection, projections.PROJECTIONS)


@settings(max_examples=5, suppress_health_check=list(HealthCheck))
@given(script=steps)
def test_whatever_happens_the_tables_rebuilt_are_the_tables_kept(script, tmp_path_factory):
    whole = Whole()
    play(whole, script)
    whole.desk.stop()
    kept = Kept(tmp_path_factory.mktemp("p") / "journal.db")
    try:
        for kind, body in whole.book.lines:
            kept.write(event_from_plain(kind, json.loads(body)))
        before = [kept.rows(table) for one in projections.PROJECTIONS for table in one.tables]
        done = kept.rebuilt()
        assert done.different == () and done.records == len(whole.book.lines)
        assert [kept.rows(table) for one in projections.PROJECTIONS for table in one.tables] == before
        book = {}
        for record in kept.journal.records():
            happened = record.event()
            if getattr(happened, "alert", ""):
                row = fold(book.get(happened.alert), happened, record.at)
                book |= {happened.alert: row} if row is not None else {}
        assert {row["id"]: projections.row_of(row["body"]) for row in kept.rows(projections.alerts)} == book
        assert all(row["open"] == (book[row["id"]].ended_at is None) for row in kept.rows(projections.alerts))
    finally:
        kept.journal.close()
        kept.engine.dispose()


def entry(seq, what="start", **changes):
    said = {
        "run": "r", "seq": seq, "channel": "fm1", "what": what, "ref": "t1", "source": "take", "title": "T", "media": None,
        "approval": "standing:filler", "index": 100 * seq, "rung": "file", "cause": "planned", **changes,
    }  # fmt: skip
    return AsRunEntry(**said)


def test_an_interval_is_closed_by_its_own_end_and_by_no_other(journal):
    journal.write(AiredEntries(chain="radio", entries=(entry(1), entry(2, ref="o1", source="overlay"))))
    journal.write(AiredEntries(chain="radio", entries=(entry(3, "end", ref="o1", cause="expired"),)))
    journal.write(AiredEntries(chain="radio", entries=(entry(4, ref="o1"), entry(5, "end", channel="fm2"))))
    rows = journal.rows(projections.asrun)
    assert [(row["seq"], row["ref"], row["start"], row["end"], row["end_cause"]) for row in rows] == [
        (1, "t1", 100, None, ""),
        (2, "o1", 200, 300, "expired"),
        (4, "o1", 400, None, ""),
    ]
    journal.write(AiredEntries(chain="radio", entries=(entry(6, "end", ref="o1"), entry(7, "gap"))))
    rows = journal.rows(projections.asrun)
    assert [row["end"] for row in rows] == [700, 300, 600], "the newest that is open is closed, by a gap too"
    assert {row["chain"] for row in rows} == {"radio"}


def test_an_interval_is_closed_though_its_log_went_on_under_another_name(journal):
    journal.write(AiredEntries(chain="radio", entries=(entry(1), entry(2, ref="t2"))))
    other = entry(1, "end", run="s", index=900)
    journal.write(AiredEntries(chain="alerts", entries=(other,)))
    assert [row["end"] for row in journal.rows(projections.asrun)] == [None, None], (
        "another chain closes nothing"
    )
    journal.write(AiredEntries(chain="radio", entries=(other,)))
    assert [row["end"] for row in journal.rows(projections.asrun)] == [900, None]


def test_lines_that_were_lost_are_a_row_of_their_own(journal):
    lost = entry(1, "gap", source="none", ref="", cause="12 lines lost")
    journal.write(AiredEntries(chain="radio", entries=(lost,)))
    (row,) = journal.rows(projections.asrun)
    assert (row["start"], row["end"], row["cause"]) == (100, 100, "12 lines lost")


def slots(first, last, state="NORMAL", **changes):
    run = SlotRun(first=first, last=last, state=state)
    return SlotsMeasured(**{"channel": "fm1", "point": "p", "real_return": False, "runs": (run,), **changes})


def test_a_run_of_slots_that_goes_on_is_lengthened_and_a_change_begins_a_new_one(journal):
    journal.write(slots(0, 10), slots(10, 20), slots(20, 21, "OUTAGE"), slots(21, 30))
    journal.write(slots(30, 40, point="q"), slots(30, 40, channel="fm2"), slots(31, 40))
    rows = journal.rows(projections.slots)
    assert sorted((r["channel"], r["point"], r["first"], r["last"], r["state"]) for r in rows) == [
        ("fm1", "p", 0, 20, "NORMAL"),
        ("fm1", "p", 20, 21, "OUTAGE"),
        ("fm1", "p", 21, 30, "NORMAL"),
        ("fm1", "p", 31, 40, "NORMAL"),
        ("fm1", "q", 30, 40, "NORMAL"),
        ("fm2", "p", 30, 40, "NORMAL"),
    ]


def test_what_is_written_about_an_alert_nobody_knows_makes_no_row(journal):
    from emergency.messages import SignatureOverdue

    journal.write(SignatureOverdue(alert="ghost"))
    assert journal.rows(projections.alerts) == []
    assert AlertSubmitted.kind == "alert.submitted/1"
