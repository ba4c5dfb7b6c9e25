"""`gengfu backup DEST`: copies a station, running or not, to another disk and reads back what it wrote. Knows files and SQLite; what belongs to a backup is station.backup_words'."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import attrs
import sqlalchemy as sa
from tqdm import tqdm

from station import backup_note, library, sealing, settings_file, store
from station.arguments import Parser
from station.backup_words import MANIFEST, MOST, POOL, REMADE, SEALED, Kept, Manifest, is_blob, is_settings
from station.clock import AnchorTime
from station.files import flush
from station.journal_tool import verify
from station.journal_writer import read_head
from station.logs import iso
from station.oserrors import os_zh
from station.secret import ask_secret, typed_by
from station.settings import Places, Settings
from station.wire import canonical, from_plain, to_plain
from station.words import Instant, Refused, Sha256, Text

STATE_FILES = ("library.json", "checkpoints.log", "spill.jsonl")
DATABASES = ("journal.db", "people.db")
SECRET_FOLDERS = ("secrets", "upstream")
_CHUNK = 1 << 20


@attrs.frozen(kw_only=True)
class Task:
    """One backup to be made."""

    path: Path  # of the settings file
    settings: Settings
    places: Places
    target: Path
    now: Instant
    passphrase: str | None = None
    keep: int = 14
    quiet: bool = True
    tell: Callable[[Text], object] = lambda _: None  # what it is at: it may take minutes


def make(task: Task) -> tuple[Path, Manifest]:
    """Write a generation and read it back; returns where it is. Raises Refused; what was begun is then taken away."""
    try:
        task.target.mkdir(parents=True, exist_ok=True)
        generation = task.target / iso(task.now).replace(":", "").replace("-", "")
        part = task.target / f".{generation.name}.part"
        part.mkdir(mode=0o700)
        try:
            manifest = _written(task, part)
            _read_back(task, part, manifest)
            part.rename(generation)
        finally:
            shutil.rmtree(part, ignore_errors=True)  # what was begun and did not become a generation
        flush(task.target)
        prune(task.target, task.keep)
    except OSError as error:
        raise Refused(
            f"the backup could not be written to {task.target}: {error.strerror or error}",
            f"无法写入备份 {task.target}:{os_zh(error)}",
            code="backup",
        ) from None
    backup_note.write(task.places, task.now, str(generation))
    return generation, manifest


def _written(task: Task, part: Path) -> Manifest:
    files, blobs = [], []
    position, head = 0, ""
    task.tell(Text("copying the journal, accounts and settings", "正在复制日志、账号与设置"))
    for name in DATABASES:
        source = task.places.state / name
        if source.is_file():
            files.append(_database(source, part, f"state/{name}"))
    if (part / "state/journal.db").exists():
        position, head = _head_of(part / "state/journal.db")
    for source, name in _small(task):
        files.append(_copied(source, part / name, name))
    found = list(_media(task.places))
    task.tell(Text(f"copying {len(found)} media files", f"正在复制素材 {len(found)} 个"))
    for source, name in tqdm(found, unit="file", disable=task.quiet, leave=False):
        if is_blob(name):
            blobs.append(_pooled(source, task.target / POOL, name))
        else:
            files.append(_copied(source, part / f"state/media/{name}", f"state/media/{name}"))
    if task.passphrase is not None:
        files.append(_sealed(task, part))
    manifest = Manifest(
        station=task.settings.station.id,
        version=version("gengfu"),
        at=task.now,
        position=position,
        head=head,
        journal=_elsewhere(task.settings),
        sealed=task.passphrase is not None,
        settings=task.path.name,
        files=tuple(files),
        blobs=tuple(blobs),
    )
    (part / MANIFEST).write_text(canonical(to_plain(manifest)) + "\n", encoding="utf-8")
    flush(part / MANIFEST)
    return manifest


def _elsewhere(settings: Settings) -> str:
    url = settings.station.journal
    return "sqlite" if not url else sa.engine.make_url(url).render_as_string(hide_password=True)


def _database(source: Path, part: Path, name: str) -> Kept:
    """A copy of a database as it is at one moment, while others write to it; a single file that nobody sits in."""
    target = part / name
    target.parent.mkdir(parents=True, exist_ok=True)
    reader, writer = sqlite3.connect(source, timeout=30), sqlite3.connect(target)
    try:
        reader.backup(writer)  # in one step: a snapshot, and nobody waits for it
        writer.execute("PRAGMA journal_mode=DELETE")
        if writer.execute("SELECT 1 FROM sqlite_master WHERE name = 'sessions'").fetchone():
            writer.execute("DELETE FROM sessions")  # a restored station begins with nobody seated
            writer.commit()
    except sqlite3.DatabaseError as error:
        raise Refused(
            f"{source} cannot be copied: {error}", f"无法复制 {source}:{error}", code="backup"
        ) from None
    finally:
        reader.close()
        writer.close()
    target.chmod(0o600)
    return _kept(target, name)


def _head_of(path: Path) -> tuple[int, str]:
    engine = store.reader_engine(store.sqlite_url(path))
    with store.reading(engine) as connection:
        head = read_head(connection)
    engine.dispose()
    return head.position, head.hash


def _small(task: Task) -> Iterator[tuple[Path, str]]:
    for name in STATE_FILES:
        if (task.places.state / name).is_file():
            yield task.places.state / name, f"state/{name}"
    home = task.path.parent.resolve()
    named = {
        (home / one).resolve()
        for section in task.settings.channels
        for one in (*section.filler, section.loop)
        if one
    }
    housed = {entry.name for entry in library.read(task.places)}  # their house files are in the pool
    count = 0
    for path in _walk(home, task.places.state):
        parts = path.relative_to(home).parts
        if "/".join(parts) in housed and path.resolve() not in named:
            continue
        if is_settings(parts, path.stat().st_size, named=path.resolve() in named):
            count += 1
            if count > MOST:
                raise Refused(
                    f"{home} holds more than {MOST} files: keep the settings in a folder of their own",
                    f"{home} 中文件超过 {MOST} 个:请将设置放在单独的目录",
                    code="backup",
                )
            yield path, "settings/" + "/".join(parts)


def _walk(home: Path, state: Path) -> Iterator[Path]:
    """Files below the settings' folder, without the state directory."""
    for folder, folders, names in os.walk(home):
        here = Path(folder)
        folders[:] = sorted(one for one in folders if (here / one).resolve() != state)
        yield from (here / name for name in sorted(names) if (here / name).is_file())


def _media(places: Places) -> Iterator[tuple[Path, str]]:
    for path in sorted(places.media.rglob("*")) if places.media.is_dir() else []:
        if path.is_file() and not path.name.endswith((".new", *REMADE)):
            yield path, path.relative_to(places.media).as_posix()


def _sealed(task: Task, part: Path) -> Kept:
    folders = [task.places.state / name for name in SECRET_FOLDERS if (task.places.state / name).is_dir()]
    target = part / SEALED
    target.write_bytes(sealing.seal(folders, task.places.state, task.passphrase or ""))
    target.chmod(0o600)
    return _kept(target, SEALED)


def _copied(source: Path, target: Path, name: str) -> Kept:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return _kept(target, name)


def _pooled(source: Path, pool: Path, name: str) -> Kept:
    """A blob in the pool; one that is there already is not written again. Raises Refused where it is not what its name says."""
    wanted, target = Sha256(Path(name).stem), pool / name
    size = source.stat().st_size
    if not target.exists() or target.stat().st_size != size:
        target.parent.mkdir(parents=True, exist_ok=True)
        new = target.with_name(f".{target.name}.part")
        shutil.copyfile(source, new)
        flush(new)
        if hash_of(new) != wanted:
            new.unlink()
            raise Refused(
                f"the medium {name} is damaged: bring it in again, then make the backup",
                f"素材 {name} 已损坏:请重新入库后再备份",
                code="backup",
            )
        new.replace(target)
    return Kept(path=name, size=size, sha256=wanted)


def _kept(path: Path, name: str) -> Kept:
    flush(path)
    return Kept(path=name, size=path.stat().st_size, sha256=hash_of(path))


def hash_of(path: Path) -> Sha256:
    """SHA-256 of what is on the disk, not of what the system remembers of it where that can be told apart."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return Sha256(digest.hexdigest())


def _read_back(task: Task, part: Path, manifest: Manifest) -> None:
    """Everything once more from the disk, and the copied journal's chain."""
    many = len(manifest.files) + len(manifest.blobs)
    task.tell(Text(f"reading back what was written, {many} files", f"正在回读校验 {many} 个文件"))
    with tqdm(total=many, unit="file", disable=task.quiet, leave=False) as bar:
        wrong = next(wrong_files(part, task.target / POOL, manifest, lambda path: _counted(path, bar)), "")
    if wrong:
        raise Refused(
            f"{wrong} is not what was written: the disk of the backup is failing",
            f"{wrong} 与写入内容不符:备份盘可能有故障",
            code="backup",
        )
    journal = part / "state/journal.db"
    if journal.exists():
        engine = store.reader_engine(store.sqlite_url(journal))
        with store.reading(engine) as connection:
            found = verify(connection)
        engine.dispose()
        if found.wrong is not None:
            raise Refused(
                f"the journal does not hold and was not backed up over a good one: {found.wrong.en}",
                f"日志校验未通过,未覆盖既有备份:{found.wrong.zh}",
                code="backup",
            )


def _counted(path: Path, bar: tqdm[Any]) -> Sha256:
    found = hash_of(path)
    bar.update()
    return found


def wrong_files(
    generation: Path, pool: Path, manifest: Manifest, look: Callable[[Path], Sha256] = hash_of
) -> Iterator[str]:
    """Paths of a backup that are missing or not what the manifest says; sizes first, as they cost nothing."""
    every = [(generation / one.path, one) for one in manifest.files]
    every += [(pool / one.path, one) for one in manifest.blobs]
    for path, one in every:
        if not path.is_file() or path.stat().st_size != one.size:
            yield one.path
            return
    for path, one in every:
        if look(path) != one.sha256:
            yield one.path


def generations(target: Path) -> list[Path]:
    """Complete generations, oldest first."""
    return sorted(path.parent for path in target.glob(f"[0-9]*/{MANIFEST}"))


def read_manifest(generation: Path) -> Manifest:
    """Its manifest. Raises Refused where it cannot be read."""
    try:
        return from_plain(json.loads((generation / MANIFEST).read_text(encoding="utf-8")), Manifest)
    except (OSError, ValueError, TypeError, ExceptionGroup) as error:
        raise Refused(
            f"{generation} is no backup of ours ({type(error).__name__})",
            f"{generation} 不是有效的备份",
            code="backup",
        ) from None


def prune(target: Path, keep: int) -> None:
    """Let go of all but the newest `keep` generations, and of blobs that none of them names."""
    every = generations(target)
    for old in every[: max(0, len(every) - keep)]:
        shutil.rmtree(old)
    named = {one.path for left in generations(target) for one in read_manifest(left).blobs}
    pool = target / POOL
    for path in [path for path in pool.rglob("*") if path.is_file()] if pool.is_dir() else []:
        if path.relative_to(pool).as_posix() not in named:
            path.unlink()


def ask_passphrase(file: Path | None, *, twice: bool, ask: Callable[[str], str] = ask_secret) -> str:
    """The passphrase from a file's first line, or from whoever sits there. Raises Refused."""
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").splitlines()[0].strip()
        except (OSError, IndexError):
            raise Refused(f"{file} holds no passphrase", f"{file} 中没有口令", code="passphrase") from None
    said = typed_by(ask, "passphrase of the secrets · 密钥备份口令: ")
    if twice and typed_by(ask, "once more · 再次输入: ") != said:
        raise Refused("the two are not the same", "两次输入不一致", code="passphrase")
    return said


def main(argv: list[str]) -> int:
    """0: made and read back; 1: refused; 2: wrong use."""
    parser = Parser(
        prog="gengfu backup",
        description="copy a station, running or not, and read back what was written · 备份台站(可在运行中),并回读校验",
    )
    parser.add_argument("target", type=Path, help="folder on another disk · 另一块磁盘上的目录")
    parser.add_argument("--settings", type=Path, required=True, help="station.toml · 设置文件")
    parser.add_argument("--state", default=None, help="state directory · 状态目录")
    parser.add_argument(
        "--with-secrets", action="store_true", help="keys too, behind a passphrase · 含密钥(口令加密)"
    )
    parser.add_argument(
        "--passphrase-file", type=Path, help="its first line is the passphrase · 口令文件(首行)"
    )
    parser.add_argument("--keep", type=int, default=14, help="how many to keep · 保留份数")
    asked = parser.parse_args(argv)
    settings = settings_file.load(asked.settings)
    places = settings_file.places(asked.settings, settings, asked.state)
    _may_go_there(asked.target.resolve(), places, asked.keep)
    secret = ask_passphrase(asked.passphrase_file, twice=True) if asked.with_secrets else None
    task = Task(
        path=asked.settings, settings=settings, places=places, target=asked.target, passphrase=secret,
        now=AnchorTime(places.anchor).now(), keep=asked.keep, quiet=not sys.stderr.isatty(), tell=_tell,
    )  # fmt: skip
    where, manifest = make(task)
    size = sum(one.size for one in (*manifest.files, *manifest.blobs)) / 1e6
    sys.stdout.write(
        f"{where}: {manifest.position} journal records, {len(manifest.blobs)} media, {size:.0f} MB, read back and whole\n"
        f"{where}:日志 {manifest.position} 条,素材 {len(manifest.blobs)} 个,{size:.0f} MB,回读校验无误\n"
    )
    return 0


def _tell(what: Text) -> None:
    sys.stderr.write(f"{what.en} … · {what.zh}…\n")
    sys.stderr.flush()


def _may_go_there(target: Path, places: Places, keep: int) -> None:
    if not places.state.is_dir():
        raise Refused(
            f"there is no state directory {places.state}", f"没有状态目录 {places.state}", code="state"
        )
    if target == places.state or places.state in target.parents:
        raise Refused(
            "a backup inside the state directory is lost with it: choose another disk",
            "备份不能放在状态目录内:请选择另一块磁盘",
            code="backup",
        )
    if keep < 1:
        raise Refused("--keep is at least 1", "--keep 至少为 1", code="backup")
