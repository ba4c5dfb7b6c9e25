"""The approved media of a station: which source file became which house file. Written by `gengfu setup`, read by the controller; knows no decoder."""

from __future__ import annotations

import json
from pathlib import Path

import attrs

from playout.facts import subtitles_of
from playout.levels import handlings
from schedules.handling import Handling, Measured
from schedules.plan import Medium
from station.files import write_whole
from station.settings import ChannelSection, Places
from station.wire import from_plain, to_plain
from station.words import Misheard, Sha256

FILE = "library.json"


@attrs.frozen(kw_only=True)
class Entry:
    """One source file, by its path relative to the settings file, and its house file."""

    name: str
    sha256: Sha256
    samples: int
    title: str
    size: int  # of the source, bytes
    modified: int  # of the source, ns
    frames: int = 0  # pictures, as many a second as the raster has; 0: sound only
    raster: str = ""  # it was asked for in; empty: sound only
    measured: Measured | None = None  # None: taken in before this was kept


def read(places: Places) -> list[Entry]:
    """Every entry; an empty list before the first set-up. Raises Misheard when the file is damaged."""
    path = places.state / FILE
    if not path.exists():
        return []
    try:
        return [from_plain(row, Entry) for row in json.loads(path.read_text(encoding="utf-8"))]
    except (ValueError, TypeError, ExceptionGroup) as error:
        raise Misheard(
            f"{path} is damaged ({error}); run gengfu setup again", f"{path} 已损坏,请重新运行 gengfu setup"
        ) from None


def write(places: Places, entries: list[Entry]) -> None:
    """Replace the list, all at once."""
    text = json.dumps(to_plain(entries), ensure_ascii=False, indent=1) + "\n"
    write_whole(places.state / FILE, text)


def media_by_name(places: Places, entries: list[Entry], root: str = "media/") -> dict[str, Medium]:
    """Media by SHA-256 and by every name that rundowns and settings use; only those whose house file is there."""
    found: dict[str, Medium] = {}
    for entry in entries:
        path = places.medium(entry.sha256)
        if not path.exists():
            continue
        medium = Medium(
            sha256=entry.sha256,
            samples=entry.samples,
            path=path.relative_to(places.media).as_posix(),
            title=entry.title,
            frames=entry.frames,
        )
        found[entry.sha256] = medium
        found[entry.name] = medium
        if entry.name.startswith(root):
            found[entry.name.removeprefix(root)] = medium
    return found


def measured(entries: list[Entry]) -> dict[Sha256, Measured]:
    """What ingest found out, by medium."""
    return {entry.sha256: entry.measured for entry in entries if entry.measured is not None}


def handlings_on(section: ChannelSection, entries: list[Entry]) -> dict[Sha256, Handling]:
    """How a channel plays each medium."""
    return handlings(measured(entries), section.target_lufs)


def unchanged(entry: Entry, source: Path) -> bool:
    """Whether a source file is as it was when it was ingested, by size and time."""
    return (entry.size, entry.modified) == looks(source)


def looks(source: Path) -> tuple[int, int]:
    """Size and time of a source file, those of the subtitles beside it added."""
    found = [one.stat() for one in (source, subtitles_of(source)) if one is not None]
    return sum(stat.st_size for stat in found), sum(stat.st_mtime_ns for stat in found)
