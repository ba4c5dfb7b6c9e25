"""The as-run log of a player: lines numbered within a run, on disk until the station has them. Knows files; knows no mixer, no socket and no clock."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import IO

import cattrs

from playout.messages import AsRunEntry
from playout.mixer import Edge, Part
from station.wire import from_plain
from station.words import ChannelId, SampleIndex

_NAME = re.compile(r"asrun-([0-9]{8}-[0-9a-f]{8})\.jsonl\Z")


class AsRunLog:
    """One run of one chain's log, opened at start; earlier runs are read from their files.

    A run that ended without closing what was open is closed by `gap` lines in the next one, at the last head known.
    """

    def __init__(self, directory: Path, token: str, lines: int = 50_000) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        runs = self.runs()
        ordinal = int(runs[-1][:8]) + 1 if runs else 1
        self.run = f"{ordinal:08d}-{token[:8]}"
        self._seq = 0
        self._lines, self._token = lines, token[:8]
        self._open: dict[tuple[str, str, str], AsRunEntry] = {}
        self._left = self._still_open(runs[-1]) if runs else {}
        self._file: IO[str] = self._path(self.run).open("a", encoding="utf-8")
        self._dirty = False

    def runs(self) -> list[str]:
        """Runs on disk, oldest first."""
        found = (_NAME.match(path.name) for path in self._directory.iterdir())
        return sorted(match[1] for match in found if match)

    def bridge(self, channel: ChannelId, last: SampleIndex, cause: str) -> list[AsRunEntry]:
        """Close what an earlier run left open on a channel, at the last head it had."""
        made = []
        for key, entry in list(self._left.items()):
            if entry.channel == channel:
                del self._left[key]
                made.append(self._line(channel, "gap", _part_of(entry), max(last, entry.index), cause))
        return made

    def add(self, channel: ChannelId, edge: Edge) -> AsRunEntry:
        """Write one edge down."""
        entry = self._line(channel, "start" if edge.starts else "end", edge.part, edge.index, edge.cause)
        key = (channel, edge.part.source, edge.part.ref)
        if edge.starts:
            self._open[key] = entry
        else:
            self._open.pop(key, None)
        return entry

    def close_all(self, heads: dict[ChannelId, SampleIndex], cause: str) -> list[AsRunEntry]:
        """Close every open interval at the channel's head: the mixer was lost, or the player ends."""
        made = []
        for (channel, _, _), entry in list(self._open.items()):
            at = max(entry.index, heads.get(ChannelId(channel), entry.index))
            made.append(self._line(entry.channel, "gap", _part_of(entry), SampleIndex(at), cause))
        self._open.clear()
        return made

    def flush(self) -> None:
        """Write through to the disk what was added since the last time."""
        if self._dirty:
            self._dirty = False
            os.fsync(self._file.fileno())

    def since(self, run: str | None, seq: int, limit: int) -> list[AsRunEntry]:
        """Up to `limit` entries after `seq` of `run`, and of later runs, in order."""
        found: list[AsRunEntry] = []
        for name in self.runs():
            if run is None or name >= run:
                after = seq if name == run else 0
                found += [entry for entry in self._read(name) if entry.seq > after][: limit - len(found)]
            if len(found) >= limit:
                break
        return found

    def acknowledge(self, run: str, seq: int) -> None:
        """Runs wholly behind this place may go, but the last before the present one stays."""
        keep = {self.run, *self.runs()[-2:]}
        for name in self.runs():
            if name < run and name not in keep:
                self._path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Flush and close the file."""
        self.flush()
        self._file.close()

    def _line(self, channel: ChannelId, what: str, part: Part, index: SampleIndex, cause: str) -> AsRunEntry:
        if self._seq >= self._lines:
            self._turn_over()
        self._seq += 1
        plain = {
            "run": self.run,
            "seq": self._seq,
            "channel": channel,
            "what": what,
            "ref": part.ref,
            "source": part.source,
            "title": part.title,
            "media": part.media,
            "approval": part.approval,
            "index": index,
            "rung": part.rung,
            "cause": cause,
        }
        self._file.write(json.dumps(plain, ensure_ascii=False) + "\n")
        self._file.flush()
        self._dirty = True
        return from_plain(plain, AsRunEntry)

    def _turn_over(self) -> None:
        """Go on in another file, under the next run's name."""
        self.close()
        self.run, self._seq = f"{int(self.run[:8]) + 1:08d}-{self._token}", 0
        self._file = self._path(self.run).open("a", encoding="utf-8")

    def _path(self, run: str) -> Path:
        return self._directory / f"asrun-{run}.jsonl"

    def _read(self, run: str) -> list[AsRunEntry]:
        """Whole lines of a run; a last line cut off by a crash is not one."""
        found = []
        for line in self._path(run).read_text(encoding="utf-8", errors="replace").splitlines():
            try:
                found.append(from_plain(json.loads(line), AsRunEntry))
            except (ValueError, cattrs.BaseValidationError):
                break
        return found

    def _still_open(self, run: str) -> dict[tuple[str, str, str], AsRunEntry]:
        left: dict[tuple[str, str, str], AsRunEntry] = {}
        for entry in self._read(run):
            key = (entry.channel, entry.source, entry.ref)
            if entry.what == "start":
                left[key] = entry
            else:
                left.pop(key, None)
        return left


def _part_of(entry: AsRunEntry) -> Part:
    return Part(
        source=entry.source,
        ref=entry.ref,
        title=entry.title,
        media=entry.media,
        approval=entry.approval,
        rung=entry.rung,
    )
