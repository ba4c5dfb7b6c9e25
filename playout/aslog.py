"""The as-run log of a player: lines numbered within a run, on disk until the station has them. Knows files; knows no mixer, no socket and no clock."""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import cattrs

from playout.messages import AsRunEntry
from playout.mixer import Edge, Part
from station.wire import from_plain, to_plain
from station.words import ChannelId, SampleIndex

_NAME = re.compile(r"asrun-([0-9]{8}-[0-9a-f]{8})\.jsonl\Z")
KEPT: Final = 64 << 20  # bytes of runs kept while nobody acknowledges them: months of a usual channel
RUNS: Final = (
    1_000  # files of them, so that a player that dies again and again does not fill the directory either
)


WAITING: Final = 20_000  # lines kept in memory while the disk takes none


class AsRunLog:
    """One run of one chain's log, opened at start; earlier runs are read from their files.

    A run that ended without closing what was open is closed by `gap` lines in the next one, at the last head known.
    Runs beyond `kept` bytes in all, or RUNS files, are dropped, the oldest first, though nobody acknowledged them: a
    `gap` line says so for each channel in them, and `lost` counts their lines. Lines that the disk does not take (it is
    full) wait in memory, WAITING at most, and are written once it takes them again; the station is told them all the same.
    """

    def __init__(self, directory: Path, token: str, lines: int = 10_000, kept: int = KEPT) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory = directory
        runs = self.runs()
        ordinal = int(runs[-1][:8]) + 1 if runs else 1
        self.run = f"{ordinal:08d}-{token[:8]}"
        self._seq = 0
        self._lines, self._token, self._kept = lines, token[:8], kept
        self.lost = 0
        self._open: dict[tuple[str, str, str], AsRunEntry] = {}
        self._left = self._still_open(runs[-1]) if runs else {}
        self._waiting: deque[dict[str, Any]] = deque()  # not, or not wholly, on the disk
        self._rest = b""  # of the first of them, what is not
        self._handle: int | None = None
        self._dirty = False
        self._full: list[Path] = []  # files of this run that are closed and not flushed
        self._open_file()
        self._bound()

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
        """Write through to the disk what was added since the last time, and what it did not take before."""
        self._write()
        if self._dirty and self._handle is not None:
            try:
                os.fsync(self._handle)
            except OSError:
                return  # at the next time
            self._dirty = False

    def retry(self) -> None:
        """Write what the disk did not take before."""
        self._write()

    def owed(self) -> list[Path]:
        """The files to which lines were added, not flushed; whoever asks has them flushed."""
        paths = [*self._full, *[self._path(self.run)] * self._dirty]
        self._full, self._dirty = [], False
        return paths

    def since(self, run: str | None, seq: int, limit: int) -> list[AsRunEntry]:
        """Up to `limit` entries after `seq` of `run`, and of later runs, in order."""
        found: list[AsRunEntry] = []
        for name in self.runs():
            if run is None or name >= run:
                after = seq if name == run else 0
                found += [entry for entry in self._read(name) if entry.seq > after][: limit - len(found)]
            if len(found) >= limit:
                return found
        return [*found, *self._in_memory(run, seq)][:limit]

    def _in_memory(self, run: str | None, seq: int) -> Iterator[AsRunEntry]:
        """Lines of this run that are not on the disk, after `seq` of `run`."""
        if run is None or self.run >= run:
            after = seq if run == self.run else 0
            waiting = [plain for plain in self._waiting if "open" not in plain and plain["seq"] > after]
            yield from (from_plain(plain, AsRunEntry) for plain in waiting)

    def acknowledge(self, run: str, seq: int) -> None:
        """Runs wholly behind this place may go, but the last before the present one stays."""
        keep = {self.run, *self.runs()[-2:]}
        for name in self.runs():
            if name < run and name not in keep:
                with contextlib.suppress(OSError):  # at the next time
                    self._path(name).unlink(missing_ok=True)

    def close(self) -> None:
        """Flush and close the file."""
        self.flush()
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def _line(self, channel: ChannelId, what: str, part: Part, index: SampleIndex, cause: str) -> AsRunEntry:
        if self._seq >= self._lines and not self._waiting:
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
        self._put(plain)
        return from_plain(plain, AsRunEntry)

    def _put(self, plain: dict[str, Any]) -> None:
        if len(self._waiting) >= WAITING:
            self.lost += 1
            return
        self._waiting.append(plain)
        self._write()

    def _write(self) -> None:
        """As much of what waits as the disk takes."""
        self._open_file()
        while self._waiting and self._handle is not None:
            data = self._rest or (json.dumps(self._waiting[0], ensure_ascii=False) + "\n").encode()
            try:
                self._rest = data[os.write(self._handle, data) :]
            except OSError:
                self._rest = data
                return
            if not self._rest:
                self._waiting.popleft()
                self._dirty = True

    def _open_file(self) -> None:
        if self._handle is None:
            try:
                self._handle = os.open(self._path(self.run), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            except OSError:
                return  # at the next line

    def _turn_over(self) -> None:
        """Go on in another file, under the next run's name; it begins with what is open, for whoever closes it."""
        self._full += [self._path(self.run)] * self._dirty
        if self._handle is not None:
            os.close(self._handle)
        self._handle, self._dirty = None, False
        self.run, self._seq = f"{int(self.run[:8]) + 1:08d}-{self._token}", 0
        self._put({"open": [to_plain(entry) for entry in self._open.values()]})
        self._bound()

    def _bound(self) -> None:
        runs = self.runs()
        sizes = {run: self._path(run).stat().st_size for run in runs}
        while len(runs) > 2 and (sum(sizes.values()) > self._kept or len(runs) > RUNS):
            oldest = runs.pop(0)
            del sizes[oldest]
            self._give_up(oldest)

    def _give_up(self, run: str) -> None:
        entries = self._read(run)
        try:
            self._path(run).unlink()
        except OSError:
            return  # a disk that takes nothing lets nothing go either: when the next run begins
        self.lost += len(entries)
        for last in {entry.channel: entry for entry in entries}.values():
            count = sum(entry.channel == last.channel for entry in entries)
            self._line(
                last.channel, "gap", _LOG, last.index, f"{count} lines of run {run} were dropped unread"
            )

    def _path(self, run: str) -> Path:
        return self._directory / f"asrun-{run}.jsonl"

    def _read(self, run: str) -> list[AsRunEntry]:
        """Entries of a run; a last line cut off by a crash is none."""
        found = []
        for plain in self._plain(run):
            if "open" in plain:
                continue
            try:
                found.append(from_plain(plain, AsRunEntry))
            except cattrs.BaseValidationError:
                break
        return found

    def _plain(self, run: str) -> Iterator[dict[str, Any]]:
        try:
            text = self._path(run).read_text(encoding="utf-8", errors="replace")
        except OSError:  # a failing disk; what it does not give is not told
            return
        for line in text.splitlines():
            try:
                plain = json.loads(line)
            except ValueError:
                return
            if not isinstance(plain, dict):
                return
            yield plain

    def _still_open(self, run: str) -> dict[tuple[str, str, str], AsRunEntry]:
        """What a run left open. Looks at plain JSON: a player that was killed has no time for more."""
        left: dict[tuple[Any, ...], dict[str, Any]] = {}
        for plain in self._plain(run):
            for entry in plain.get("open", [plain]):
                key = tuple(entry.get(name) for name in ("channel", "source", "ref"))
                if entry.get("what") == "start":
                    left[key] = entry
                else:
                    left.pop(key, None)
        found = (from_plain(entry, AsRunEntry) for entry in left.values())
        return {(entry.channel, entry.source, entry.ref): entry for entry in found}


_LOG: Final = Part(source="none", ref="", title="", media=None, approval="", rung="file")


def _part_of(entry: AsRunEntry) -> Part:
    return Part(
        source=entry.source,
        ref=entry.ref,
        title=entry.title,
        media=entry.media,
        approval=entry.approval,
        rung=entry.rung,
    )
