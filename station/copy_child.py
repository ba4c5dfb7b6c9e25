"""The child that keeps the second copy of house files: copies what lacks one, reads it back, gives back what is lost or damaged on our side. Knows files; knows no plan.

One JSON object on standard input (a Job), one line of JSON (a Kept) on standard output for each file, in the order asked;
an empty line now and then while a long one is read.
A disk that does not answer holds up this process alone; whoever started it ends it.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal

import attrs
import cattrs

from station.children import die_with_parent
from station.files import flush
from station.oserrors import os_zh
from station.wire import from_plain, to_plain
from station.words import Sha256, Text

PIECE: Final = 8 << 20
FLOOR: Final = 2 << 30  # bytes that stay free: where the other disk is not mounted, ours must not fill up
NICE: Final = 15  # mixing, sending and the desk come first

State = Literal["kept", "copied", "mended", "lost", "failed"]
Beat = Callable[[], None]
Stamp = tuple[int, int]  # size, time of the last change in ns


@attrs.frozen(kw_only=True)
class File:
    """A house file by its checksum; `path` below both directories; `stamp` of its second copy as it was last read back."""

    sha256: Sha256
    path: str
    stamp: Stamp | None = None


@attrs.frozen(kw_only=True)
class Job:
    """What to look at, the most urgent first."""

    media: str
    copy: str
    files: tuple[File, ...]


@attrs.frozen(kw_only=True)
class Kept:
    """What became of one file. kept: its copy is there; copied: now it is; mended: it was given back from its copy; lost: there is neither."""

    sha256: Sha256
    state: State
    stamp: Stamp | None = None
    en: str = ""
    zh: str = ""


def main() -> int:
    """Do one job, a line a file."""
    die_with_parent()
    os.nice(NICE)
    job = from_plain(json.loads(sys.stdin.buffer.read()), Job)
    work(job, _tell, _beat)
    return 0


def work(job: Job, tell: Callable[[Kept], None], beat: Beat) -> None:
    """Look at each file; what cannot be read or written is told, and the next is looked at. `beat` is called while a long one is read."""
    media, copy = Path(job.media), Path(job.copy)
    why = _unfit(media, copy)
    for file in job.files:
        if why is not None:
            tell(_failed(file, why.en, why.zh))
            continue
        try:
            tell(keep(media / file.path, copy / file.path, file, beat))
        except OSError as error:
            tell(_failed(file, error.strerror or type(error).__name__, os_zh(error)))


def _unfit(media: Path, copy: Path) -> Text | None:
    """Why nothing can be kept there at all."""
    if not copy.is_dir():  # never made by us: what is not mounted would fill the disk it is mounted on
        return Text("the directory is not there", "目录不存在")
    if media.exists() and copy.samefile(media):
        return Text("it is the media directory itself", "与素材目录是同一目录")
    return None


def keep(first: Path, second: Path, file: File, beat: Beat) -> Kept:
    """One file and its second copy. Raises OSError; whatever happens, a file under its name is whole."""
    good = _good(second, file, beat)
    if good and not first.exists():
        done = _copy(second, first, file.sha256, beat)
        return (
            _mended(file, second) if done else _failed(file, "its copy changed meanwhile", "备份在此期间改变")
        )
    if good:
        return Kept(sha256=file.sha256, state="kept", stamp=_stamp(second))
    if not first.exists():
        return Kept(sha256=file.sha256, state="lost", en="there is neither", zh="两份都不在")
    if not _copy(first, second, file.sha256, beat):
        return _failed(file, "the file itself is damaged", "文件本身已损坏")
    return Kept(sha256=file.sha256, state="copied", stamp=_stamp(second))


def _mended(file: File, second: Path) -> Kept:
    return Kept(sha256=file.sha256, state="mended", stamp=_stamp(second))


def _good(path: Path, file: File, beat: Beat) -> bool:
    """Whether a copy is there and is what it ought to be; not read again while it looks as it did."""
    if not path.exists():
        return False
    return _stamp(path) == file.stamp or _hash(path, beat) == file.sha256


def _copy(source: Path, target: Path, sha256: Sha256, beat: Beat) -> bool:
    """Copy a file, flushed, and read it back from the disk; False, and nothing changed, where the content is another one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(target.parent).free < source.stat().st_size + FLOOR:
        raise OSError(errno.ENOSPC, "no room: 2 GiB stay free", str(target))
    new = target.with_name(f".copy-{os.getpid()}-{target.name}")
    try:
        if _pour(source, new, beat) != sha256 or _hash(new, beat) != sha256:
            return False
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
    flush(target.parent)
    return True


def _pour(source: Path, new: Path, beat: Beat) -> str:
    digest = hashlib.sha256()
    with source.open("rb") as reader, new.open("wb") as writer:
        while piece := reader.read(PIECE):
            beat()
            digest.update(piece)
            writer.write(piece)
        writer.flush()
        os.fsync(writer.fileno())
    return digest.hexdigest()


def _hash(path: Path, beat: Beat) -> str:
    """The checksum of what is on the disk, not of what is still in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        while piece := file.read(PIECE):
            beat()
            digest.update(piece)
    return digest.hexdigest()


def _stamp(path: Path) -> Stamp:
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def _failed(file: File, en: str, zh: str) -> Kept:
    return Kept(sha256=file.sha256, state="failed", en=en, zh=zh)


def _tell(done: Kept) -> None:
    sys.stdout.write(json.dumps(to_plain(done), ensure_ascii=False) + "\n")
    sys.stdout.flush()


def _beat() -> None:
    """Still at it: an empty line."""
    sys.stdout.write("\n")
    sys.stdout.flush()


def heard(line: bytes) -> Kept | None:
    """What a line of the child says; None where it says nothing of the kind."""
    try:
        return from_plain(json.loads(line), Kept)
    except (ValueError, TypeError, cattrs.BaseValidationError):
        return None


if __name__ == "__main__":
    sys.exit(main())
