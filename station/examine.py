"""Looks at this machine and at a state directory: the facts that the doctor judges. Reads, writes nothing but a probe of the disk; decides nothing."""

from __future__ import annotations

import json
import os
import resource
import shutil
import socket
import statistics
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import sqlalchemy as sa
from cryptography import x509

from schedules import lettering
from station import anchor, areas, call_token, children, networks, store
from station.journal_tool import verify
from station.pairs import players
from station.people_store import operators
from station.settings import Places, Ports, Settings
from station.symptoms import Port
from station.symptoms_kept import File, Key, Person
from station.words import Instant, Refused, Text

ROUNDS: Final = 5
CODECS: Final = ("flac", "mp2", "aac", "libx264")
HOLDS: Final = ("upgrade.held/1", "upgrade.released/1")
TOO_LONG: Final = 1 << 16  # bytes; a longer file is no token
_ANSWER_WITHIN: Final = 2.0  # s


def secret_files(places: Places) -> list[File]:
    """Every file in secrets/; the content of tokens only."""
    found = []
    for path in sorted(places.secrets.glob("*")) if places.secrets.is_dir() else []:
        stat = path.stat()
        token = path.suffix == ".token" and stat.st_size < TOO_LONG
        text = path.read_text(encoding="utf-8", errors="replace").strip() if token else ""
        found.append(File(name=path.name, mode=stat.st_mode & 0o7777, size=stat.st_size, content=text))
    return found


def kept_files(places: Places) -> list[File]:
    """The state directory and what in it is not for others."""
    names = ("", "people.db", "journal.db", "secrets", "run", "run/station.sock", "run/peer.token", "chains")
    found = []
    for name in names:
        path = places.state / name
        if path.exists():
            stat = path.stat()
            found.append(File(name=name or str(places.state), mode=stat.st_mode & 0o7777, size=stat.st_size))
    return found


def keys(places: Places, now: Instant) -> list[Key]:
    """Every key and certificate in secrets/ with its age and, for a certificate, its end."""
    found = []
    for path in sorted(places.secrets.glob("*")) if places.secrets.is_dir() else []:
        if path.suffix in (".pem", ".key", ".crt"):
            age = max(0, int(now / 1e6 - path.stat().st_mtime)) // 86_400
            found.append(Key(name=path.name, age_days=age, ends_in_days=_ends(path, now)))
    return found


def _ends(path: Path, now: Instant) -> int | None:
    try:
        ends: datetime = x509.load_pem_x509_certificate(path.read_bytes()).not_valid_after_utc
    except (ValueError, OSError):
        return None  # a bare key says nothing of its end
    return int((ends.timestamp() - now / 1e6) // 86_400)


def people(places: Places) -> list[Person] | None:
    """The accounts, with whether each has a PIN; empty where there is no file yet, None where it cannot be read."""
    path = places.state / "people.db"
    if not path.is_file():
        return []
    invented = _invented(places)
    engine = store.reader_engine(store.sqlite_url(path))
    t = operators.c
    try:
        with store.reading(engine) as connection:
            rows = connection.execute(sa.select(t.id, t.roles, t.active, t.pin)).mappings().all()
    except sa.exc.DatabaseError:
        return None
    finally:
        engine.dispose()
    return [
        Person(
            id=row["id"],
            roles=frozenset(json.loads(row["roles"])),
            active=bool(row["active"]),
            pin=bool(row["pin"]),
            demo=row["id"] in invented,
        )
        for row in rows
    ]


def _invented(places: Places) -> frozenset[str]:
    try:
        logins = json.loads((places.secrets / "demo-logins.json").read_text(encoding="utf-8"))
        return frozenset(one["operator"] for one in logins)
    except (OSError, ValueError, TypeError, KeyError):
        return frozenset()


def ports(settings: Settings, base: Ports) -> list[Port]:
    """Who has each TCP port of the station."""
    nets = settings.networks
    asked = (
        ("panel", base.panel, settings.panel.host),
        ("ingest", base.ingest, nets.upstream),
        ("terminals", base.terminals, nets.terminals),
        ("metrics", base.metrics, nets.office),
    )
    ours = _answers_as(settings, base)
    return [
        Port(what=what, port=port, address=at, owner=_owner(at, port, ours=ours))  # type: ignore[arg-type]
        for what, port, at in ((what, port, networks.address(host)) for what, port, host in asked)
    ]


def _owner(address: str, port: int, *, ours: bool) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            return "nowhere" if error.errno == 99 else "ours" if ours else "other"
    return "free"


def _answers_as(settings: Settings, base: Ports) -> bool:
    """Whether the ingest port answers as this very station."""
    url = f"http://{networks.address(settings.networks.upstream)}:{base.ingest}/healthz"
    try:
        with urlopen(url, timeout=_ANSWER_WITHIN) as answer:
            said = json.load(answer)
    except URLError as error:
        body = getattr(error, "fp", None)  # 503: it is there and not well
        said = json.load(body) if body is not None else {}
    except (OSError, ValueError):
        return False
    return isinstance(said, dict) and said.get("station") == settings.station.id


def call_gateway(settings: Settings, places: Places) -> dict[str, Any]:
    """Whether the gateway of calls takes connections (nothing is sent), and what is wrong with its token's file."""
    alarms = settings.alarms
    if not alarms.call_hook:
        return {"answers": None, "token": None}
    parts = urlsplit(alarms.call_hook)
    try:
        socket.create_connection((parts.hostname, parts.port or 80), timeout=_ANSWER_WITHIN).close()
        answers = True
    except OSError:
        answers = False
    try:
        call_token.reader(alarms, places.secrets)()
    except Refused as refused:
        return {"answers": answers, "token": refused.text}
    return {"answers": answers, "token": None}


def clock(places: Places) -> dict[str, Any]:
    """How this host's clock is, as the kernel and `gengfu clock` say."""
    note = anchor.read_note(places.anchor)
    return {
        "synchronised": anchor.is_synchronised(),
        "reanchor_wanted": note is not None and note.reanchor_wanted,
        "offset_us": None if note is None else note.offset_us,
    }


def disk(places: Places, elapsed_ns: Any) -> dict[str, int]:
    """Free and total bytes; µs until 4 KiB are on the disk, median of five. `elapsed_ns`: a monotonic clock."""
    usage = shutil.disk_usage(places.state)
    probe = places.state / f".doctor.{os.getpid()}"
    times = []
    handle = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        for _ in range(ROUNDS):
            began = elapsed_ns()
            os.write(handle, bytes(4096))
            os.fsync(handle)
            times.append(elapsed_ns() - began)
    finally:
        os.close(handle)
        probe.unlink()
    return {"free": usage.free, "total": usage.total, "sync_us": int(statistics.median(times)) // 1000}


def second_copy(settings: Settings, home: Path, places: Places) -> dict[str, bool]:
    """What there is of the second directory of house files."""
    copy = home / settings.station.media_copy
    there = bool(settings.station.media_copy) and copy.is_dir()
    return {
        "asked": bool(settings.station.media_copy),
        "there": there,
        "writable": there and os.access(copy, os.W_OK | os.X_OK),
        "same_disk": there and copy.stat().st_dev == places.state.stat().st_dev,
    }


def realtime(settings: Settings, places: Places) -> dict[str, bool]:
    """What the running players obtained; where none runs, what a player started here would."""
    pids = [found.pid for found in map(children.read_pid, _pid_files(settings, places)) if found is not None]
    if not pids:
        soft = resource.getrlimit(resource.RLIMIT_RTPRIO)[0]
        fifo = os.geteuid() == 0 or soft == resource.RLIM_INFINITY or soft >= 50
        unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
        return {"fifo": fifo, "mlock": unlimited, "running": False}
    families = [list(_family(pid)) for pid in pids]
    fifo = all(any(_is_fifo(one) for one in family) for family in families)
    mlock = all(any(_locked(one) for one in family) for family in families)
    return {"fifo": fifo, "mlock": mlock, "running": True}


def _pid_files(settings: Settings, places: Places) -> list[Path]:
    return [places.run / f"player-{player}.pid" for player in players(settings)]


def _family(pid: int) -> Iterator[int]:
    """A process and its children."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        yield from map(int, task.read_text(encoding="ascii").split())


def _is_fifo(pid: int) -> bool:
    try:
        return os.sched_getscheduler(pid) & ~os.SCHED_RESET_ON_FORK == os.SCHED_FIFO
    except OSError:
        return False


def _locked(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    return any(line.startswith("VmLck:") and int(line.split()[1]) > 0 for line in status.splitlines())


def journal(settings: Settings, places: Places, *, quiet: bool) -> dict[str, Any]:
    """The whole chain and every checkpoint checked; `there` is False where there is no journal yet."""
    if not settings.station.journal and not places.journal.is_file():
        return {"records": 0, "wrong": None, "there": False}
    engine = store.reader_engine(settings.station.journal or store.sqlite_url(places.journal))
    try:
        with store.reading(engine) as connection:
            found = verify(connection, quiet=quiet)
    except sa.exc.DatabaseError as error:
        why = str(error.orig)
        return {"records": 0, "there": True, "wrong": Text(f"it cannot be read ({why})", f"无法读取({why})")}
    finally:
        engine.dispose()
    wrong = None if found.wrong is None else Text(found.wrong.en, found.wrong.zh)
    return {"records": found.records, "wrong": wrong, "there": True}


def held_from(settings: Settings, places: Places) -> str | None:
    """The version from which an upgrade is held for a look (station.hold); None where nothing is."""
    if not settings.station.journal and not places.journal.is_file():
        return None
    engine = store.reader_engine(settings.station.journal or store.sqlite_url(places.journal))
    t = store.journal.c
    asked = sa.select(t.kind, t.body).where(t.kind.in_(HOLDS)).order_by(t.position.desc()).limit(1)
    try:
        with store.reading(engine) as connection:
            last = connection.execute(asked).first()
    except sa.exc.DatabaseError:
        return None  # the line about the journal says so
    finally:
        engine.dispose()
    return str(json.loads(last.body)["before"]) if last is not None and last.kind == HOLDS[0] else None


def codecs_missing() -> list[str]:
    """Encoders the program needs and PyAV does not bring."""
    import av

    return [name for name in CODECS if name not in av.codecs_available]


def glyphs_missing(settings: Settings, home: Path) -> str | None:
    """Characters of the areas' and the station's names without a glyph; None where there is no font."""
    try:
        with (home / settings.station.areas).open(encoding="utf-8", newline="") as file:
            tree = areas.load(file)
        names = "".join(row[13:] for row in tree.rows)
        return lettering.missing(names + settings.station.name_zh + settings.station.name_en)
    except OSError:
        return None
