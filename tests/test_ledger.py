"""The journal as the desk uses it, on a real SQLite file whose disk is full for a while."""

import contextlib
import resource

import pytest
from test_journal import Loop, Noted
from twisted.internet import defer

from station import store
from station.desk import Unwritable
from station.journal import Journal
from station.ledger import JournalLedger
from station.spill import Spill
from station.words import Instant


@contextlib.contextmanager
def full_disk(most):
    """No file of this process may grow beyond `most` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


class Desk:
    def __init__(self, path):
        self.loop = Loop()
        self.journal = Journal.open(
            store.sqlite_url(path / "journal.db"), "rig", now=self.loop.time, call_in_reactor=self.loop.call
        )
        self.spill = Spill(path / "spill.jsonl", reserve_bytes=4096)
        self.ledger = JournalLedger(self.journal, self.spill)

    def commit(self, text, request=None, reply=None):
        return self.loop.result(self.ledger.commit(request, [(Noted(text=text), "li")], Instant(5), reply))

    def texts(self):
        return [record.event().text for record in self.journal.records()]


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.journal.close()


def test_a_commit_tells_its_position_and_keeps_its_reply(desk):
    assert desk.commit("one") == 1
    assert desk.commit("two", "r2", {"ok": True}) == 2
    assert desk.ledger.reply_of("r2") == {"ok": True, "position": 2}
    assert desk.ledger.reply_of("r9") is None


def test_what_a_full_disk_refuses_is_spilled_and_brought_in_once_there_is_room(desk):
    desk.commit("before")
    told = []
    with full_disk(2_000):
        with pytest.raises(Unwritable):
            desk.commit("x" * 9_000)
        desk.ledger.spill([(Noted(text="mute"), "zhao"), (Noted(text="cancel"), "wang")], Instant(77))
        waiting = desk.ledger.bring_in(lambda: told.append("back"))
        with pytest.raises(Exception, match="cannot be written"):
            desk.loop.result(waiting)
    assert told == [] and desk.texts() == ["before"]
    assert [(happened.text, by) for happened, by in spilled(desk)] == [("mute", "zhao"), ("cancel", "wang")]
    assert [happened.text for happened in desk.ledger.replayed()] == ["before", "mute", "cancel"]
    assert [happened.text for happened in desk.ledger.replayed(1)] == ["mute", "cancel"]
    desk.loop.result(desk.ledger.bring_in(lambda: told.append("back")))
    assert told == ["back"] and desk.texts() == ["before", "mute", "cancel"]
    assert [record.by for record in desk.journal.records()] == ["li", "zhao", "wang"]
    assert [record.at for record in desk.journal.records()][1:] == [77, 77], "each keeps its own time"
    assert spilled(desk) == []
    assert desk.commit("after") == 4


def spilled(desk):
    return [(row[0], row[1]) for row in desk.ledger.spilled()]


def test_with_nothing_spilled_there_is_nothing_to_bring_in(desk):
    told = []
    done = desk.ledger.bring_in(lambda: told.append("back"))
    assert isinstance(done, defer.Deferred) and told == ["back"] and desk.texts() == []


def test_a_spill_that_cannot_be_written_is_told(desk):
    with full_disk(1), pytest.raises(OSError):
        desk.ledger.spill([(Noted(text="mute"), "zhao")], Instant(1))
