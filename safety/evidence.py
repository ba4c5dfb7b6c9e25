"""Keeps what was heard around an incident: ten seconds before, what follows, ten seconds after, as FLAC with its SHA-256 beside it. Knows runs and the ring, not what is due."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

import attrs
import av
import numpy as np

from safety.compare import Pcm
from safety.figures import TROUBLE
from safety.messages import SLOT, SlotRun
from safety.ring import Ring
from station.files import hash_of, write_whole
from station.words import SAMPLE_RATE, SampleIndex, instant_of

AROUND: Final = 10 * SAMPLE_RATE
LONGEST: Final = 20 * SAMPLE_RATE  # of an incident within its clip
MOST_CLIPS: Final = 200
MOST_BYTES: Final = 500 << 20
_MOST_WAITING: Final = 20


@attrs.frozen(kw_only=True)
class Clip:
    """A stretch to keep: samples `start` to `end`, for an incident that began in slot `since`."""

    since: int
    state: str
    cause: str
    start: int
    end: int

    @property
    def name(self) -> str:
        """Sorts by time."""
        return f"{instant_of(SampleIndex(self.since * SLOT)) // 1000:015d}-{self.state.lower()}"


def clips_of(runs: Iterable[SlotRun], until: int) -> tuple[list[Clip], int]:
    """A clip for each stretch of trouble that begins after slot `until`, and the slot up to which trouble was seen."""
    made: list[Clip] = []
    for run in runs:
        if run.state not in TROUBLE or run.last <= until:
            continue
        first = run.first * SLOT
        if run.first > until:
            end = min(run.last * SLOT, first + LONGEST) + AROUND
            made.append(
                Clip(since=run.first, state=run.state, cause=run.cause, start=first - AROUND, end=end)
            )
        until = run.last
    return made, until


class Evidence:
    """Clips that wait for their last sample, and those on disk; the oldest give way."""

    def __init__(
        self, home: Path, ring: Ring, *, most: int = MOST_CLIPS, most_bytes: int = MOST_BYTES
    ) -> None:
        self._home, self._ring, self._most, self._most_bytes = home, ring, most, most_bytes
        self._waiting: deque[Clip] = deque(maxlen=_MOST_WAITING)
        self._until = -1
        self.lost = 0  # clips that could not be written

    def settled(self, runs: Iterable[SlotRun]) -> None:
        """Runs that are certain now."""
        made, self._until = clips_of(runs, self._until)
        self._waiting.extend(made)

    def ready(self, now: int) -> Callable[[], None] | None:
        """What writes the next clip whose last sample is in the ring at sample `now`; to be called in a thread."""
        if not self._waiting or self._waiting[0].end > now:
            return None
        clip = self._waiting.popleft()
        pcm, _ = self._ring.read(clip.start, clip.end - clip.start)
        return lambda: self._write(clip, pcm)

    def _write(self, clip: Clip, pcm: Pcm) -> None:
        path = self._home / f"{clip.name}.flac"
        try:
            write_flac(path, pcm)
            said = {"file": path.name, "sha256": hash_of(path), "start": clip.start, "samples": len(pcm)}
            said |= {"state": clip.state, "since": clip.since * SLOT, "cause": clip.cause}
            write_whole(path.with_suffix(".json"), json.dumps(said, ensure_ascii=False), sync=True)
            self._give_way()
        except (OSError, av.error.FFmpegError):
            self.lost += 1

    def _give_way(self) -> None:
        clips = sorted(self._home.glob("*.flac"))
        room = sum(clip.stat().st_size for clip in clips)
        while len(clips) > self._most or (room > self._most_bytes and len(clips) > 1):
            oldest = clips.pop(0)
            room -= oldest.stat().st_size
            oldest.unlink()
            oldest.with_suffix(".json").unlink(missing_ok=True)


def write_flac(path: Path, pcm: Pcm) -> None:
    """16 bits, 48 kHz, stereo. Raises OSError, FFmpegError."""
    with av.open(str(path), "w", format="flac") as container:
        stream = container.add_stream("flac", rate=SAMPLE_RATE)
        stream.layout = "stereo"
        stream.format = "s16"
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm).reshape(1, -1), format="s16", layout="stereo"
        )
        frame.sample_rate = SAMPLE_RATE
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
