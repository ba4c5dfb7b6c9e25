"""What a backup is: its manifest, which files belong to it, what must hold before one is used. Pure; knows no disk."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

import attrs

from station.words import Instant, Refused, Sha256, is_sha256

FORMAT = "gengfu-backup/1"
MANIFEST = "manifest.json"
POOL = "media"  # beside the generations: blobs by their SHA-256, each kept once for all
SEALED = "secrets.sealed"
LARGEST = 8 << 20  # bytes; of the settings' folder, larger files are taken only where settings name them
MOST = 20_000  # files of one generation


@attrs.frozen(kw_only=True)
class Kept:
    """One file of a generation; `path` is relative, with slashes."""

    path: str
    size: int
    sha256: Sha256


@attrs.frozen(kw_only=True)
class Manifest:
    """What is in one generation, and of when."""

    station: str
    version: str  # of the program that wrote it
    at: Instant
    position: int  # of the journal; 0 where it is elsewhere
    head: str  # hash of its last record
    journal: str  # "sqlite", or where it is kept instead
    sealed: bool  # the secrets are with it, behind a passphrase
    settings: str  # name of the settings file below settings/
    files: tuple[Kept, ...]
    blobs: tuple[Kept, ...]  # in the pool; `path` relative to it
    format: str = FORMAT


def check(manifest: Manifest) -> None:
    """Raise Refused where a manifest is of another format or names a place outside the backup."""
    if manifest.format != FORMAT:
        raise Refused(
            f"this backup has the format {manifest.format!r}, this program reads {FORMAT}",
            f"该备份的格式为 {manifest.format!r},本程序只读取 {FORMAT}",
            code="backup",
        )
    for one in (*manifest.files, *manifest.blobs):
        if not inside(one.path):
            raise Refused(
                f"this backup names {one.path!r}, a place outside itself; it was made by nobody we know",
                f"该备份含有其目录之外的路径 {one.path!r},来源可疑",
                code="backup",
            )


def inside(path: str) -> bool:
    """Whether a relative path stays where it belongs."""
    made = PurePosixPath(path)
    return bool(path) and not made.is_absolute() and ".." not in made.parts and "\0" not in path


_NOTES = (".json", ".peaks")  # facts and waveform of a medium bear its name


REMADE: Final = (".h264", ".h264.json")  # films as a channel sends them: made again of their house files


def is_blob(name: str) -> bool:
    """Whether a file of media/ is content under its own hash (house files of sound and picture), not a note about one."""
    made = PurePosixPath(name)
    return is_sha256(made.stem) and made.suffix not in _NOTES


def is_settings(parts: tuple[str, ...], size: int, *, named: bool) -> bool:
    """Whether a file of the settings' folder belongs to a backup: what settings name, and every small one that is no
    program, not hidden and no passphrase of the backup itself (`.pass`): the key does not lie beside the lock."""
    if named:
        return True
    hidden = any(part.startswith((".", "__")) for part in parts)
    return not hidden and not parts[-1].endswith((".py", ".pyc", ".pass")) and size <= LARGEST
