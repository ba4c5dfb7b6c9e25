"""The journal, on real SQLite files and a real writer thread."""

from __future__ import annotations

import queue
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import attrs
import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from station import store
from station.checkpoints import Checkpoint, CheckpointLog, holds
from station.journal import Batch, Journal, JournalBusy, JournalUnwritable
from station.journal_writer import FAULTS
from station.records import GENESIS, UPCASTS, Record, event_of, first_wrong, upcast
from station.words import Event, Instant, Position, Refused, event


@event("test.noted/2")
class Noted(Event):
    """A note of the tests."""

    text: str
    number: int = 0


notes = sa.Table(
    "test_notes",
    sa.MetaData(),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("text", sa.Text),
)


class Notes:
    """A projection: every note's text; the text `bug` is one it cannot take."""

    tables: Sequence[sa.Table] = (notes,)

    def apply(self, connection: sa.Connection, record: Record, happened: Event) -> None:
        assert isinstance(happened, Noted)
        if happened.text == "bug":
            raise ZeroDivisionError("a bug in a projection")
        connection.execute(sa.insert(notes), {"position": record.position, "text": happened.text})

    def reset(self, connection: sa.Connection) -> None:
        connection.execute(sa.delete(notes))


class Loop:
    """Stands for the reactor: runs what the writer hands over, on the test's thread."""

    def __init__(self) -> None:
        self.calls: queue.Queue[tuple[Any, tuple[Any, ...]]] = queue.Queue()
        self.now = 1_700_000_000_000_000

    def time(self) -> Instant:
        self.now += 1
        return Instant(self.now)

    def call(self, f: Any, *args: Any) -> None:
        self.calls.put((f, args))

    def turn(self) -> None:
        f, args = self.calls.get(timeout=10)
        f(*args)

    def result(self, waiting: Deferred[Any]) -> Any:
        found: list[Any] = []
        waiting.addBoth(found.append)
        while not found:
            self.turn()
        if hasattr(found[0], "raiseException"):
            found[0].raiseException()
        return found[0]


@attrs.define
class Desk:
    """A journal that is open, its loop and its place."""

    path: Path
    loop: Loop
    journal: Journal

    def again(self, **more: Any) -> Journal:
        self.journal.close()
        self.journal = opened(self.path, self.loop, **more)
        return self.journal

    def note(self, *texts: str, **more: Any) -> Any:
        batch = Batch(events=tuple((Noted(text=t), "li") for t in texts), **more)
        return self.loop.result(self.journal.commit(batch))


def opened(path: Path, loop: Loop, **more: Any) -> Journal:
    more.setdefault("projections", (Notes(),))
    return Journal.open(
        store.sqlite_url(path),
        more.pop("station", "shouxian"),
        now=loop.time,
        call_in_reactor=loop.call,
        **more,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    loop = Loop()
    made = Desk(tmp_path / "journal.db", loop, opened(tmp_path / "journal.db", loop))
    yield made
    made.journal.close()


def test_positions_have_no_gaps_and_the_chain_holds(desk: Desk) -> None:
    assert desk.journal.head == (0, GENESIS)
    assert desk.note("a", "b") == attrs.evolve(desk.note(), first=1, last=2)
    assert desk.loop.result(desk.journal.append([Noted(text="c")], "wang")) == 3
    records = desk.journal.read(0, 10)
    assert [(r.position, r.by) for r in records] == [(1, "li"), (2, "li"), (3, "wang")]
    assert records[0].kind == "test.noted/2"
    assert records[0].body == '{"number":0,"text":"a"}'
    assert first_wrong("shouxian", records) is None
    assert desk.journal.head == (3, records[-1].hash)
    assert [r.position for r in desk.journal.read(1, 1)] == [2]


def test_a_journal_opened_again_carries_on(desk: Desk) -> None:
    desk.note("a")
    again = desk.again()
    assert again.head[0] == 1
    desk.note("b")
    assert first_wrong("shouxian", again.records()) is None
    assert [r.event() for r in again.records()] == [Noted(text="a"), Noted(text="b")]


def test_many_batches_that_wait_become_few_transactions_and_keep_their_order(desk: Desk) -> None:
    waiting = [desk.journal.append([Noted(text=str(k))], "li") for k in range(700)]
    assert [desk.loop.result(d) for d in waiting] == list(range(1, 701))
    assert [r.event() for r in desk.journal.records()] == [Noted(text=str(k)) for k in range(700)]


def test_the_reply_of_a_request_is_stored_with_its_events(desk: Desk) -> None:
    assert desk.journal.reply_of("r1") is None
    desk.note("a", "b", request_id="r1", reply={"result": {"alert": "甲"}})
    desk.note(request_id="r2", reply={"refused": True})
    again = desk.again()
    assert again.reply_of("r1") == {"position": 2, "result": {"alert": "甲"}}
    assert again.reply_of("r2") == {"position": 2, "refused": True}


def test_a_request_is_never_committed_twice(desk: Desk) -> None:
    desk.note("a", request_id="r1")
    with pytest.raises(sa.exc.IntegrityError):
        desk.note("b", request_id="r1")
    assert desk.journal.head[0] == 1
    assert desk.note("c").last == 2


def test_a_bug_in_a_projection_fails_its_own_batch_alone(desk: Desk) -> None:
    texts, before = ["a", "bug", "b"], FAULTS.labels("bug")._value.get()
    waiting = [desk.journal.append([Noted(text=t)], "li") for t in texts]
    assert desk.loop.result(waiting[0]) == 1
    with pytest.raises(ZeroDivisionError):
        desk.loop.result(waiting[1])
    assert desk.loop.result(waiting[2]) == 2
    assert FAULTS.labels("bug")._value.get() > before
    assert [r.event() for r in desk.journal.records()] == [Noted(text="a"), Noted(text="b")]


def test_a_projection_is_written_in_the_same_transaction(desk: Desk) -> None:
    desk.note("a", "b")
    with sqlite3.connect(desk.path) as db:
        assert db.execute("select position, text from test_notes").fetchall() == [(1, "a"), (2, "b")]


@pytest.mark.parametrize(
    "statement",
    [
        "update journal set body = '{}' where position = 1",
        "delete from journal where position = 1",
        "delete from journal",
        "insert or replace into journal select position, at, kind, '{}', \"by\", previous, hash from journal",
        'insert into journal select 7, at, kind, body, "by", previous, hash from journal',
        "update or replace journal set position = 2",
    ],
)
@pytest.mark.parametrize("recursive", ["on", "off"])
def test_rows_are_never_changed_removed_replaced_or_put_out_of_order(
    desk: Desk, statement: str, recursive: str
) -> None:
    desk.note("a")
    with sqlite3.connect(desk.path) as db:
        db.execute(f"pragma recursive_triggers={recursive}")
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            db.execute(statement)
    assert first_wrong("shouxian", desk.journal.records()) is None


def test_sqlite_writes_through_to_the_disk(desk: Desk) -> None:
    with desk.journal._writer.engine.connect() as connection:
        asked = ("journal_mode", "synchronous", "recursive_triggers")
        said = [connection.exec_driver_sql(f"pragma {name}").scalar() for name in asked]
    assert said == ["wal", 2, 1]


def test_a_reader_cannot_write(desk: Desk) -> None:
    with desk.journal._reader.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.execute(sa.insert(store.requests), {"request": "x", "position": 1, "reply": "{}"})


def test_a_float_does_not_go_into_the_journal(desk: Desk) -> None:
    with pytest.raises(ValueError, match="float"):
        desk.journal.commit(Batch(events=(), reply={"seconds": 1.5}))
    assert desk.note("a").last == 1


def test_more_than_may_wait_is_refused_and_nothing_of_it_kept(desk: Desk) -> None:
    journal = desk.again(queue_limit=0)
    with pytest.raises(JournalBusy) as said:
        desk.loop.result(journal.append([Noted(text="a")], "li"))
    assert said.value.code == "unavailable"
    assert journal.head[0] == 0


def test_a_commit_that_was_kept_although_it_reported_an_error_is_told_as_kept(desk: Desk) -> None:
    engine, failing = desk.journal._writer.engine, [True]

    @sa.event.listens_for(engine, "commit")
    def committed(connection: sa.Connection) -> None:
        if failing:
            failing.clear()
            assert connection.connection.dbapi_connection is not None
            connection.connection.dbapi_connection.execute("COMMIT")
            raise sa.exc.OperationalError("COMMIT", {}, OSError("the line to the disk broke"))

    assert desk.note("a").last == 1
    assert desk.note("b").last == 2
    assert first_wrong("shouxian", desk.journal.records()) is None


def test_what_happened_earlier_keeps_its_time(desk: Desk) -> None:
    desk.note("a", at=Instant(5))
    assert desk.journal.read(0, 1)[0].at == 5


def test_a_journal_of_another_format_is_not_written_to(desk: Desk) -> None:
    desk.journal.close()
    with sqlite3.connect(desk.path) as db:
        db.execute("update about set value = 'gengfu-journal/9' where name = 'format'")
    with pytest.raises(Refused, match="format gengfu-journal/9"):
        opened(desk.path, desk.loop)


def test_a_checkpoint_that_cannot_be_kept_is_handed_out_all_the_same(desk: Desk) -> None:
    told: list[Checkpoint] = []
    journal = desk.again(checkpoint_key=Ed25519PrivateKey.generate(), on_checkpoint=told.append)
    with sqlite3.connect(desk.path) as db:
        db.execute("drop table checkpoints")
    assert desk.note("a").last == 1
    journal.close()
    desk.loop.turn()
    assert [c.position for c in told] == [1]
    assert holds(told[0])


def test_a_log_of_checkpoints_that_is_not_there_is_empty(tmp_path: Path) -> None:
    assert CheckpointLog(tmp_path / "nowhere.log").read() == []


def test_a_full_disk_refuses_the_batch_and_the_chain_stays_whole(desk: Desk) -> None:
    class Full(Notes):
        """Grows the database to its limit, then asks for more room than there is."""

        def apply(self, connection: sa.Connection, record: Record, happened: Event) -> None:
            assert isinstance(happened, Noted)
            pages = connection.exec_driver_sql("pragma page_count").scalar()
            limit = pages if happened.text.startswith("big") else 1_000_000
            connection.exec_driver_sql(f"pragma max_page_count={limit}")
            super().apply(connection, record, happened)

    desk.again(projections=(Full(),))
    desk.note("a")
    head = desk.journal.head
    with pytest.raises(JournalUnwritable, match="disk is full") as said:
        desk.note("big" * 10_000)
    assert said.value.code == "unavailable"
    assert "生命安全" in said.value.text.zh
    assert desk.journal.head == head
    assert desk.note("b").last == 2
    assert first_wrong("shouxian", desk.journal.records()) is None


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(JournalUnwritable, match="cannot be written"):
        opened(tmp_path / "nowhere" / "journal.db", Loop())


def test_a_journal_has_one_writer(desk: Desk) -> None:
    with pytest.raises(Refused, match="open in another process"):
        opened(desk.path, Loop())


def test_a_journal_belongs_to_one_station(desk: Desk) -> None:
    desk.note("a")
    with pytest.raises(Refused, match="belongs to the station 'shouxian'"):
        desk.again(station="huoqiu")


def test_a_journal_whose_last_record_was_changed_is_not_opened(desk: Desk) -> None:
    desk.note("a")
    desk.note("b")
    desk.journal.close()
    with sqlite3.connect(desk.path) as db:
        db.execute("drop trigger journal_no_update")
        db.execute("update journal set \"by\" = 'nobody' where position = 2")
    with pytest.raises(Refused, match="damaged: record 2 was changed"):
        opened(desk.path, desk.loop)


def test_a_snapshot_is_believed_only_while_its_record_is_there(desk: Desk) -> None:
    desk.note("a", "b", "c")
    for position in (1, 2, 3):
        desk.loop.result(desk.journal.save_snapshot("state", 1, Position(position), f"at {position}"))
    assert desk.journal.load_snapshot("state", 1) == (3, "at 3")
    assert desk.journal.load_snapshot("state", 2) is None
    desk.loop.result(desk.journal.save_snapshot("state", 1, Position(9), "from nowhere"))
    assert desk.journal.load_snapshot("state", 1) == (3, "at 3")
    with sqlite3.connect(desk.path) as db:
        assert db.execute("select position from snapshots order by 1").fetchall() == [(3,), (9,)]


def test_checkpoints_are_signed_handed_out_and_kept(desk: Desk, tmp_path: Path) -> None:
    log = CheckpointLog(tmp_path / "checkpoints.log")
    key = Ed25519PrivateKey.generate()
    told: list[Checkpoint] = []
    journal = desk.again(checkpoint_key=key, on_checkpoint=told.append)
    desk.note(*("x" * 3 for _ in range(1_000)))
    desk.loop.turn()
    assert [c.position for c in told] == [1_000]
    desk.note("one more")
    desk.loop.now += 61_000_000
    desk.note("and one")
    while len(told) < 2:
        desk.loop.turn()
    journal.close()
    assert told[1].position in (1_001, 1_002)
    for made in told:
        log(made)
        assert holds(made)
        assert not holds(attrs.evolve(made, position=Position(made.position + 1)))
        assert not holds(attrs.evolve(made, key="00"))
        assert made.key == key.public_key().public_bytes_raw().hex()
    (tmp_path / "checkpoints.log").open("a").write('{"torn')
    assert log.read() == told
    with sqlite3.connect(desk.path) as db:
        kept = [p for (p,) in db.execute("select position from checkpoints order by 1")]
    assert kept[:1] == [1_000]
    assert kept[-1] == 1_002


def test_old_kinds_are_upcast_for_ever() -> None:
    UPCASTS.pop("test.noted/1", None)

    @upcast("test.noted/1")
    def renamed(body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        return "test.noted/2", {"text": body["note"], "number": 1}

    assert event_of("test.noted/1", '{"note":"old"}') == Noted(text="old", number=1)
    with pytest.raises(ValueError, match="upcast twice"):
        upcast("test.noted/1")(renamed)
    UPCASTS["test.noted/2"] = lambda body: ("test.noted/1", body)
    try:
        with pytest.raises(ValueError, match="circle"):
            event_of("test.noted/2", '{"note":"old"}')
    finally:
        del UPCASTS["test.noted/1"], UPCASTS["test.noted/2"]


def test_closing_twice_is_closing_once_and_what_comes_after_is_refused(desk: Desk) -> None:
    waiting = desk.journal.append([Noted(text="last")], "li")
    desk.journal.close()
    desk.journal.close()
    assert desk.loop.result(waiting) == 1
    with pytest.raises(JournalBusy):
        desk.loop.result(desk.journal.append([Noted(text="late")], "li"))


steps = st.lists(
    st.one_of(
        st.lists(st.sampled_from(["a", "乙", "bug", "", "x" * 5_000]), max_size=4),
        st.just("again"),
    ),
    max_size=8,
)


@settings(max_examples=25, deadline=None)
@given(steps)
def test_whatever_is_tried_the_journal_holds_exactly_what_was_acknowledged(tried: list[Any]) -> None:
    with TemporaryDirectory() as place:
        loop = Loop()
        desk = Desk(Path(place) / "journal.db", loop, opened(Path(place) / "journal.db", loop))
        kept: list[str] = []
        for step in tried:
            if step == "again":
                desk.again()
            elif "bug" in step:
                with pytest.raises(ZeroDivisionError):
                    desk.note(*step)
            else:
                assert desk.note(*step).last == len(kept) + len(step)
                kept += step
        records = list(desk.journal.records())
        assert [getattr(r.event(), "text", None) for r in records] == kept
        assert first_wrong("shouxian", records) is None
        assert desk.journal.head == (len(kept), records[-1].hash if records else GENESIS)
        desk.journal.close()
        with sqlite3.connect(desk.path) as db:
            assert [text for (text,) in db.execute("select text from test_notes order by position")] == kept
