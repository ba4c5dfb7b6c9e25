"""`gengfu journal`, the published format, and a verifier that imports nothing of ours."""

from __future__ import annotations

import ast
import importlib.util
import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from emergency.messages import AlertRejected
from station import journal_tool, store
from station.checkpoints import CheckpointLog, due, sign
from station.cli import main as gengfu
from station.journal import Batch, Journal
from station.journal_tool import main
from station.records import GENESIS, Record, digest_of, first_wrong, netstring
from station.wire import canonical
from station.words import Event, Instant, Position, Refused

ROOT = Path(__file__).parent.parent
VERIFIER = ROOT / "docs" / "verify_journal.py"
VECTOR = json.loads((ROOT / "tests" / "data" / "journal-vector.json").read_text(encoding="utf-8"))
AT = 1_795_000_000_000_000


def independent() -> Any:
    """The published verifier as a module."""
    spec = importlib.util.spec_from_file_location("verify_journal", VERIFIER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state directory with a journal of 40 records, cleanly closed, and its checkpoint log."""
    log = CheckpointLog(tmp_path / "checkpoints.log")
    journal = Journal.open(
        store.sqlite_url(tmp_path / "journal.db"),
        "shouxian",
        now=lambda: Instant(AT),
        call_in_reactor=lambda f, *args: f(*args),
        checkpoint_key=Ed25519PrivateKey.generate(),
        on_checkpoint=log,
    )
    for k in range(20):
        said = AlertRejected(alert=f"甲-{k}", by="li", reason="地名有误")
        journal.commit(Batch(events=((said, "li"), (said, "wang"))))
    journal.close()
    return tmp_path


def spoil(state: Path, *statements: str) -> None:
    """What somebody with the file and some patience can do."""
    with sqlite3.connect(state / "journal.db") as db:
        for name in ("journal_no_update", "journal_no_delete", "journal_in_order"):
            db.execute(f"drop trigger {name}")
        for statement in statements:
            db.execute(statement)


def verified(state: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, Any]:
    code = main(["verify", "--state", str(state), "--format", "json", *more])
    told = dict(json.loads(capsys.readouterr().out))
    assert code == (0 if told["ok"] else 1)
    return told


def test_the_vector_is_what_ours_and_the_independent_verifier_compute() -> None:
    records = [Record(**row) for row in VECTOR["records"]]
    assert first_wrong(VECTOR["station"], records) is None
    for record in records:
        assert canonical(json.loads(record.body)) == record.body
        assert record.hash == digest_of("shouxian", record)
    fields = [VECTOR["records"][1][name] for name in ("position", "at", "kind", "body", "by")]
    mine = independent().netstrings("gengfu-journal/1", "shouxian", *fields, records[0].hash)
    import hashlib

    assert hashlib.sha256(mine).hexdigest() == records[1].hash


@given(st.lists(st.text(), min_size=1), st.lists(st.text(), min_size=1))
def test_netstrings_of_different_fields_are_never_the_same_bytes(one: list[str], other: list[str]) -> None:
    same = b"".join(map(netstring, one)) == b"".join(map(netstring, other))
    assert same == (one == other)
    assert independent().netstrings(*one) == b"".join(map(netstring, one))


def test_the_independent_verifier_is_short_and_imports_nothing_of_ours() -> None:
    tree = ast.parse(VERIFIER.read_text(encoding="utf-8"))
    names = {
        alias.name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    names |= {
        (node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert names <= {"hashlib", "json", "sqlite3", "sys", "pathlib", "cryptography"}
    assert len(VERIFIER.read_text(encoding="utf-8").splitlines()) <= 50


def test_a_whole_journal_verifies(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = verified(state, capsys, "--checkpoints", str(state / "checkpoints.log"))
    assert told == {"ok": True, "station": "shouxian", "records": 40, "checkpoints": 2, "wrong": None}
    assert main(["verify", "--state", str(state)]) == 0
    assert "散列链完整" in capsys.readouterr().out
    done = subprocess.run(
        [sys.executable, "-I", VERIFIER, state / "journal.db", state / "checkpoints.log"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "40 records, the chain holds\n")


@pytest.mark.parametrize(
    ("statement", "where"),
    [
        ("update journal set body = replace(body, '有误', '无误') where position = 17", 17),
        ("update journal set at = at + 1 where position = 1", 1),
        ("update journal set \"by\" = 'zhao' where position = 40", 40),
        ("update journal set kind = 'alert.signed/1' where position = 3", 3),
        ("delete from journal where position = 9", 9),
        ("delete from journal where position = 1", 1),
        ("delete from journal where position between 20 and 39", 20),
        ("update journal set position = -position where position in (5, 6)", 1),
        ("update journal set previous = (select hash from journal where position = 2) where position = 8", 8),
        ("update about set value = 'huoqiu' where name = 'station'", 1),
    ],
)
def test_both_verifiers_name_the_first_wrong_position(
    state: Path, capsys: pytest.CaptureFixture[str], statement: str, where: int
) -> None:
    spoil(state, statement)
    assert verified(state, capsys)["wrong"]["position"] == where
    assert independent().verify(state / "journal.db")[0] == where
    assert independent().verify(state / "journal.db")[1] is not None
    assert main(["verify", "--state", str(state)]) == 1
    assert f"position {where}: " in capsys.readouterr().out


def test_a_journal_cut_off_is_found_by_a_checkpoint_alone(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(state, "delete from journal where position > 30", "delete from checkpoints")
    assert verified(state, capsys)["ok"]
    told = verified(state, capsys, "--checkpoints", str(state / "checkpoints.log"))
    assert told["wrong"]["position"] == 31
    assert "cut off" in told["wrong"]["en"]
    signed = [json.loads(line) for line in (state / "checkpoints.log").read_text().splitlines()]
    assert independent().verify(state / "journal.db", signed)[0] == 31


def test_a_history_written_anew_contradicts_what_was_signed(
    state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [
        Record(**row)
        for row in sa.create_engine(store.sqlite_url(state / "journal.db")).connect().execute(sa.select(store.journal)).mappings()
    ]  # fmt: skip
    statements, previous = [], GENESIS
    for row in rows:
        forged = Record(**{**{f: getattr(row, f) for f in ("position", "at", "kind", "body")}, "by": "zhao", "previous": previous, "hash": ""})  # fmt: skip
        previous_before, previous = previous, digest_of("shouxian", forged)
        statements.append(
            f"update journal set \"by\" = 'zhao', previous = '{previous_before}', hash = '{previous}' where position = {row.position}"
        )
    spoil(state, *statements)
    told = verified(state, capsys)
    assert told["wrong"]["position"] == 40
    assert "rewritten" in told["wrong"]["en"]
    assert independent().verify(state / "journal.db") == (40, None)
    signed = [json.loads(line) for line in (state / "checkpoints.log").read_text().splitlines()]
    assert independent().verify(state / "journal.db", signed)[0] == 40


def test_a_forged_checkpoint_is_told(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spoil(state, "update checkpoints set at = at + 1")
    assert "not signed" in verified(state, capsys)["wrong"]["en"]


def test_tail_shows_the_last_records(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["tail", "--state", str(state), "-n", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["39", "40"]
    assert lines[1].startswith("40 2026-11-18T11:06:40.000Z alert.rejected/1 wang {")
    assert main(["tail", "--state", str(state), "-n", "1", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["position"] == 40
    assert main(["tail", "--state", str(state), "-n", "0"]) == 0
    assert capsys.readouterr().out == ""


reasons = sa.Table(
    "test_reasons",
    sa.MetaData(),
    sa.Column("position", sa.Integer, primary_key=True),
    sa.Column("reason", sa.Text),
)


class Reasons:
    """A projection: the reason of every rejection."""

    tables: Sequence[sa.Table] = (reasons,)

    def apply(self, connection: sa.Connection, record: Record, happened: Event) -> None:
        assert isinstance(happened, AlertRejected)
        connection.execute(sa.insert(reasons), {"position": record.position, "reason": happened.reason})

    def reset(self, connection: sa.Connection) -> None:
        connection.execute(sa.delete(reasons))


def test_replay_mends_projections_and_says_which_differed(state: Path) -> None:
    engine = store.writer_engine(store.sqlite_url(state / "journal.db"))
    with engine.begin() as connection:
        first = journal_tool.replay(connection, [Reasons()], quiet=False)
    assert first == journal_tool.Replayed(records=40, tables=("test_reasons",), different=("test_reasons",))
    with engine.begin() as connection:
        assert journal_tool.replay(connection, [Reasons()]).different == ()
        connection.execute(sa.update(reasons).where(reasons.c.position == 7).values(reason="另一理由"))
        assert journal_tool.replay(connection, [Reasons()]).different == ("test_reasons",)
        assert connection.execute(sa.select(reasons.c.reason)).scalars().all() == ["地名有误"] * 40


def test_replay_of_the_stations_own_projections_says_whether_they_were_equal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Journal.open(
        store.sqlite_url(tmp_path / "journal.db"), "shouxian", now=lambda: Instant(AT), call_in_reactor=print
    ).close()
    assert main(["replay", "--state", str(tmp_path), "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["ok"]
    assert told["tables"]
    assert main(["replay", "--state", str(tmp_path)]) == 0
    assert "投影表一致" in capsys.readouterr().out


def test_replay_while_the_station_runs_is_refused(state: Path) -> None:
    running = Journal.open(
        store.sqlite_url(state / "journal.db"), "shouxian", now=lambda: Instant(AT), call_in_reactor=print
    )
    try:
        with pytest.raises(Refused, match="open in another process"):
            main(["replay", "--state", str(state)])
    finally:
        running.close()


def test_no_journal_or_something_else_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert gengfu(["journal", "verify", "--state", str(tmp_path)]) == 1
    assert "there is no journal at" in capsys.readouterr().err
    (tmp_path / "journal.db").write_bytes(b"not a database at all, but long enough to look" * 30)
    assert gengfu(["journal", "verify", "--state", str(tmp_path)]) == 1
    assert "日志无法读取" in capsys.readouterr().err
    (tmp_path / "journal.db").unlink()
    sqlite3.connect(tmp_path / "journal.db").execute("create table x (y)")
    assert gengfu(["journal", "tail", "--state", str(tmp_path)]) == 1
    assert "这不是日志数据库" in capsys.readouterr().err


def test_used_wrongly_it_exits_with_2() -> None:
    for words in ([], ["verify"], ["tail", "--state", "x", "-n", "many"]):
        with pytest.raises(SystemExit) as left:
            main(words)
        assert left.value.code == 2


@given(st.integers(0, 2_000), st.integers(0, 10**15), st.integers(-(10**9), 10**9))
def test_a_checkpoint_is_due_after_a_thousand_records_or_a_minute(
    count: int, since: int, passed: int
) -> None:
    said = due(count, Instant(since), Instant(since + passed))
    assert said == (count >= 1_000 or (count > 0 and not 0 <= passed < 60_000_000))


def test_a_checkpoint_is_bound_to_its_station(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = sign(Ed25519PrivateKey.generate(), "huoqiu", Position(3), "0" * 64, Instant(AT))
    CheckpointLog(state / "other.log")(other)
    told = verified(state, capsys, "--checkpoints", str(state / "other.log"))
    assert told["wrong"]["position"] == 3
