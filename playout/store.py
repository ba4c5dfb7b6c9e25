"""Where a player keeps what it must know when it is alone: plan, overlays, falls, one JSON file each, replaced whole. Knows no station and no time."""

from __future__ import annotations

import errno
import json
import mmap
import os
import struct
from collections import deque
from pathlib import Path
from typing import TypeVar

import attrs
import cattrs

from playout.link import SetOverlays
from schedules.plan import Fallen, Plan
from station.files import flush, write_whole
from station.wire import lenient, to_plain
from station.words import ChannelId, SampleIndex

T = TypeVar("T")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)  # of a disk, a quota, a limit


@attrs.frozen(kw_only=True)
class Falls:
    """The rungs takes are on, so that a restart does not climb back into a bad file."""

    entries: tuple[Fallen, ...] = ()


class Shelf:
    """Files of one chain; what is damaged is as if it were not there.

    A disk that takes nothing (it is full) stops no player: what it did not take is kept, the newest of each file, and
    tried again at each `flush`. Who is killed meanwhile goes on from what was written before.
    """

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory
        self._untaken: dict[Path, str] = {}
        self._written: deque[Path] = deque(maxlen=64)  # not yet through to the disk

    def plan(self, channel: ChannelId) -> Plan | None:
        """The last plan given."""
        return self._read(self._path(channel, "plan"), Plan)

    def overlays(self, channel: ChannelId) -> SetOverlays | None:
        """The last set of overlays given."""
        return self._read(self._path(channel, "overlays"), SetOverlays)

    def falls(self, channel: ChannelId) -> tuple[Fallen, ...]:
        """The falls still in force when last written."""
        found = self._read(self._path(channel, "falls"), Falls)
        return found.entries if found else ()

    def keep_plan(self, plan: Plan) -> Path:
        """Write a plan; it is whole on disk (though not yet flushed) when this returns, where the disk takes it."""
        return self._keep(self._path(plan.channel, "plan"), plan)

    def keep_overlays(self, overlays: SetOverlays) -> Path:
        """Write a set of overlays."""
        return self._keep(self._path(overlays.channel, "overlays"), overlays)

    def keep_falls(self, channel: ChannelId, falls: tuple[Fallen, ...]) -> Path:
        """Write the falls in force."""
        return self._keep(self._path(channel, "falls"), Falls(entries=falls))

    def flush(self) -> None:
        """Write through to the disk what may still be lost in a power cut; try again what it did not take."""
        self.retry()
        while self._written:
            try:
                flush(self._written[0])
            except OSError:
                return  # at the next time
            self._written.popleft()

    def retry(self) -> None:
        """Try again what the disk did not take."""
        for path, text in list(self._untaken.items()):
            self._write(path, text)

    def owed(self) -> list[Path]:
        """The files that were written and not flushed; whoever asks has them flushed."""
        paths = list(self._written)
        self._written.clear()
        return paths

    def _path(self, channel: ChannelId, what: str) -> Path:
        return self.directory / f"{channel}.{what}.json"

    def _read(self, path: Path, cls: type[T]) -> T | None:
        try:
            return lenient.structure(json.loads(path.read_text(encoding="utf-8")), cls)
        except (OSError, ValueError, TypeError, KeyError, cattrs.BaseValidationError):
            return None

    def _keep(self, path: Path, value: object) -> Path:
        self._write(path, json.dumps(to_plain(value), ensure_ascii=False))
        return path

    def _write(self, path: Path, text: str) -> None:
        try:
            write_whole(path, text)
        except OSError:
            self._untaken[path] = text
            return
        self._untaken.pop(path, None)
        if path not in self._written:
            self._written.append(path)


class Heads:
    """The head of each channel in a small mapped file: it outlives the process, not a power cut."""

    def __init__(self, path: Path, channels: list[ChannelId]) -> None:
        self._place = {channel: 8 * number for number, channel in enumerate(channels)}
        size = max(8, 8 * len(channels))
        try:
            self._memory = _mapped(path, size)
        except OSError as error:
            if error.errno not in FULL:
                raise
            self._memory = mmap.mmap(
                -1, size
            )  # sound comes first: who begins beside it does not see what stands there

    def read(self, channel: ChannelId) -> SampleIndex:
        """The last head written; 0 when there was none."""
        return SampleIndex(struct.unpack_from("<q", self._memory, self._place[channel])[0])

    def write(self, channel: ChannelId, head: int) -> None:
        """Keep the head."""
        struct.pack_into("<q", self._memory, self._place[channel], head)


def _mapped(path: Path, size: int) -> mmap.mmap:
    """The file with room for all of it on the disk: a process that writes to a mapped page for which there is none is ended by the kernel."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        os.ftruncate(handle, size)
        os.posix_fallocate(handle, 0, size)
        return mmap.mmap(handle, size)
    finally:
        os.close(handle)
