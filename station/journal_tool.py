"""`gengfu journal verify|tail|replay`: looks at a journal from outside the station. Knows no event; projections are whatever station.projections lists."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa
from tqdm import tqdm

from station import checkpoints, store
from station.arguments import Parser
from station.checkpoints import Checkpoint, CheckpointLog
from station.journal import PAGE, hold, read
from station.journal_writer import Projection, read_head
from station.logs import iso
from station.records import Record, Wrong, first_wrong
from station.settings import Places
from station.wire import canonical
from station.words import Position, Refused

# modules that register the kinds a journal may hold
SPEAKERS = (
    "station.desk",
    "station.hold",
    "station.people_messages",
    "emergency.messages",
    "playout.live_messages",
    "playout.messages",
    "devices.messages",
    "safety.messages",
)


@attrs.frozen(kw_only=True)
class Verified:
    """What verifying a journal found."""

    station: str
    records: int
    checkpoints: int
    wrong: Wrong | None


@attrs.frozen(kw_only=True)
class Replayed:
    """What rebuilding the projections found: the tables whose content was not what the journal says."""

    records: int
    tables: tuple[str, ...]
    different: tuple[str, ...]


def pages(connection: sa.Connection, *, quiet: bool = True) -> Iterator[Record]:
    """Every record in order, with a bar on the terminal."""
    since, total = -(1 << 62), read_head(connection).position  # whatever lies before 1 is wrong, not unseen
    with tqdm(total=total, unit="rec", disable=quiet, leave=False) as bar:
        while page := read(connection, since, PAGE):
            yield from page
            since = page[-1].position
            bar.update(len(page))


def verify(connection: sa.Connection, signed: Iterable[Checkpoint] = (), *, quiet: bool = True) -> Verified:
    """Check the whole chain, then every checkpoint: those of the table and those kept elsewhere."""
    station = _station(connection)
    head = read_head(connection)
    wrong = first_wrong(station, pages(connection, quiet=quiet))
    every = [*_kept(connection, station), *signed]
    if wrong is None:
        found = (_against(connection, station, head.position, one) for one in every)
        wrong = min((one for one in found if one), key=lambda one: one.position, default=None)
    return Verified(station=station, records=head.position, checkpoints=len(every), wrong=wrong)


def _station(connection: sa.Connection) -> str:
    if not sa.inspect(connection).has_table("about"):
        raise Refused("this is no journal", "这不是日志数据库")
    asked = sa.select(store.about.c.value).where(store.about.c.name == "station")
    return str(connection.execute(asked).scalar() or "")


def _kept(connection: sa.Connection, station: str) -> list[Checkpoint]:
    rows = connection.execute(sa.select(store.checkpoints)).mappings()
    return [Checkpoint(station=station, **row) for row in rows]


def _against(connection: sa.Connection, station: str, head: int, one: Checkpoint) -> Wrong | None:
    if one.station != station or not checkpoints.holds(one):
        return Wrong(
            one.position,
            f"the checkpoint at {one.position} is not signed as it should be",
            f"位置 {one.position} 的检查点签名无效",
        )
    if one.position > head:
        return Wrong(
            Position(head + 1),
            f"the journal was cut off: record {one.position} was signed, the last one here is {head}",
            f"日志被截断:第 {one.position} 条曾签名,现仅存至第 {head} 条",
        )
    asked = sa.select(store.journal.c.hash).where(store.journal.c.position == one.position)
    if connection.execute(asked).scalar() == one.hash:
        return None
    return Wrong(
        one.position,
        f"record {one.position} or one before it was rewritten: it is not what was signed",
        f"第 {one.position} 条或之前的记录被重写:与签名不符",
    )


def replay(connection: sa.Connection, projections: Sequence[Projection], *, quiet: bool = True) -> Replayed:
    """Rebuild every projection from the journal, in the caller's transaction."""
    tables = [table for projection in projections for table in projection.tables]
    for table in tables:
        table.create(connection, checkfirst=True)
    before = [_content(connection, table) for table in tables]
    for projection in projections:
        projection.reset(connection)
    for record in pages(connection, quiet=quiet):
        happened = record.event()
        for projection in projections:
            projection.apply(connection, record, happened)
    after = [_content(connection, table) for table in tables]
    return Replayed(
        records=read_head(connection).position,
        tables=tuple(table.name for table in tables),
        different=tuple(t.name for t, b, a in zip(tables, before, after, strict=True) if b != a),
    )


def _content(connection: sa.Connection, table: sa.Table) -> str:
    """A digest of all rows, in whatever order they were written."""
    rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
    return hashlib.sha256("\n".join(rows).encode()).hexdigest()


def main(argv: list[str]) -> int:
    """0: it holds; 1: it does not; 2: wrong use."""
    asked = _parser().parse_args(argv)
    url = asked.url or _url(Places(asked.state).journal)
    quiet = asked.format == "json" or not sys.stderr.isatty()
    try:
        return int(asked.run(asked, url, quiet))
    except sa.exc.DatabaseError as error:
        raise Refused(f"the journal cannot be read: {error.orig}", f"日志无法读取:{error.orig}") from None


def _parser() -> Parser:
    parser = Parser(prog="gengfu journal", description="the journal · 日志")
    what = parser.add_subparsers(required=True, metavar="verify|tail|replay")
    told = {
        "verify": (_verify, "check the whole chain; names the first wrong position · 校验散列链,指出首个错误位置"),
        "tail": (_tail, "show the last records · 查看最近的记录"),
        "replay": (_replay, "rebuild what is made from the journal; the station must not run · 由日志重建投影表(须停止台站)"),
    }  # fmt: skip
    made = {}
    for name, (run, text) in told.items():
        made[name] = sub = what.add_parser(name, help=text, description=text)
        where = sub.add_mutually_exclusive_group(required=True)
        where.add_argument("--state", type=Path, help="state directory · 状态目录")
        where.add_argument("--url", help="SQLAlchemy URL of a journal elsewhere · 其他位置的数据库地址")
        sub.add_argument(
            "--format", choices=("text", "json"), default="text", help="how to answer · 输出格式"
        )
        sub.set_defaults(run=run)
    made["verify"].add_argument(
        "--checkpoints",
        type=Path,
        help="signed heads kept elsewhere (checkpoints.log) · 另行留存的检查点文件",
    )
    made["tail"].add_argument("-n", type=int, default=20, help="how many · 条数")
    return parser


def _url(path: Path) -> str:
    if not path.is_file():
        raise Refused(f"there is no journal at {path}", f"{path} 处没有日志")
    return store.sqlite_url(path)


def _verify(asked: Any, url: str, quiet: bool) -> int:
    signed = CheckpointLog(asked.checkpoints).read() if asked.checkpoints else []
    with store.reading(store.reader_engine(url)) as connection:
        found = verify(connection, signed, quiet=quiet)
    wrong = found.wrong
    if asked.format == "json":
        told = {"ok": wrong is None, "station": found.station, "records": found.records}
        told["checkpoints"] = found.checkpoints
        _say(canonical({**told, "wrong": attrs.asdict(wrong) if wrong else None}))
    elif wrong is None:
        _say(
            f"{found.records} records, {found.checkpoints} checkpoints: the chain holds · 共 {found.records} 条记录,散列链完整"
        )
    else:
        _say(f"position {wrong.position}: {wrong.en} · {wrong.zh}")
    return 0 if wrong is None else 1


def _tail(asked: Any, url: str, quiet: bool) -> int:
    with store.reading(store.reader_engine(url)) as connection:
        _station(connection)
        count = max(0, asked.n)
        records = read(connection, max(0, read_head(connection).position - count), count)
    for record in records:
        if asked.format == "json":
            _say(canonical(attrs.asdict(record)))
        else:
            _say(f"{record.position} {iso(record.at)} {record.kind} {record.by} {record.body}")
    return 0


def _replay(asked: Any, url: str, quiet: bool) -> int:
    for module in SPEAKERS:
        importlib.import_module(module)
    projections = importlib.import_module("station.projections").PROJECTIONS
    lock = hold(url)
    try:
        with store.writer_engine(url).begin() as connection:
            _station(connection)
            found = replay(connection, projections, quiet=quiet)
    finally:
        lock.close()
    equal = not found.different
    if asked.format == "json":
        _say(canonical({"ok": equal, **attrs.asdict(found)}))
    elif equal:
        _say(
            f"{found.records} records replayed: {', '.join(found.tables)} were equal · 重放 {found.records} 条,投影表一致"
        )
    else:
        _say(
            f"{found.records} records replayed: {', '.join(found.different)} differed and were mended · 重放 {found.records} 条,以下表不一致,已重建"
        )
    return 0 if equal else 1


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
