"""Writes a channel's sound to aircheck files (Ogg Opus), in a process of its own. Knows rings, files and libav; knows no plan."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import numpy as np
from av.container import OutputContainer

from playout import aircheck
from playout.aircheck import SPAN, UNDER_WAY
from playout.encoder import blocks, shaped
from playout.rings import AirRing, Pcm16
from station.words import SAMPLE_RATE, SampleIndex

BITRATE: Final = 96_000  # 1 GB a day
DAY: Final = 24 * 3_600 * SAMPLE_RATE
LONGEST_GAP: Final = 10 * SAMPLE_RATE  # beyond it a new file begins
LEAST_FREE: Final = 2 << 30  # bytes that recordings leave on the disk
_OPTIONS: Final = {
    "flush_packets": "1"
}  # a page a second is on its way to the disk: so much is lost with the process
_CHUNK: Final = 20  # blocks encoded together


class Tape:
    """The file under way."""

    def __init__(self, directory: Path, start: SampleIndex) -> None:
        self.start, self.next = start, start
        self.gaps: list[tuple[int, int]] = []
        path = str(directory / f"{start}{UNDER_WAY}")
        self._container: OutputContainer = av.open(path, "w", format="ogg", container_options=_OPTIONS)
        self._stream = self._container.add_stream("libopus", rate=SAMPLE_RATE, layout="stereo")
        self._stream.bit_rate = BITRATE
        self._held: list[Pcm16] = []

    def write(self, index: int, pcm: Pcm16) -> None:
        """The samples from `index` on; what was missed before is silence and is noted."""
        if index > self.next:
            self.gaps.append((self.next, index))
            self._held.append(np.zeros((index - self.next, 2), np.int16))
        self._held.append(pcm)
        self.next = SampleIndex(index + len(pcm))
        if len(self._held) >= _CHUNK:
            self._encode()

    def _encode(self) -> None:
        pcm = np.concatenate(self._held)
        frame = av.AudioFrame.from_ndarray(shaped(pcm, "s16"), format="s16", layout="stereo")
        frame.sample_rate, frame.time_base = SAMPLE_RATE, Fraction(1, SAMPLE_RATE)
        frame.pts = self.next - len(pcm) - self.start
        self._held.clear()
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """The file is whole."""
        if self._held:
            self._encode()
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()


class Recorder:
    """Blocks of a channel to files in `directory`, kept for `days`."""

    def __init__(self, directory: Path, days: int, say: Callable[[str], object]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._directory, self._days, self._say = directory, days, say
        self._tape: Tape | None = None
        self._not_before = 0  # sample, while the disk is full
        self._take_in()

    def _take_in(self) -> None:
        """Files that a predecessor could not finish: what is in them is kept."""
        for path in sorted(self._directory.glob(f"*{UNDER_WAY}")):
            try:
                samples = length(path)
            except (OSError, av.FFmpegError):
                samples = 0
            if samples and path.stem.isdecimal():
                aircheck.keep(self._directory, SampleIndex(int(path.stem)), samples, ())
            else:
                path.unlink()

    def write(self, index: int, pcm: Pcm16) -> None:
        """One block."""
        tape = self._tape
        if tape is not None and (index // SPAN != tape.start // SPAN or index - tape.next > LONGEST_GAP):
            self.close()
            tape = None
        if tape is None:
            tape = self._tape = self._begin(SampleIndex(index))
        if tape is None:
            return
        try:
            tape.write(index, pcm)
        except (OSError, av.FFmpegError) as error:
            self._give_up(index, str(error))

    def _begin(self, index: SampleIndex) -> Tape | None:
        if index < self._not_before:
            return None
        free = os.statvfs(self._directory)
        if free.f_bavail * free.f_frsize < LEAST_FREE:
            self._give_up(index, "less than 2 GiB are free")
            return None
        try:
            return Tape(self._directory, index)
        except (OSError, av.FFmpegError) as error:
            self._give_up(index, str(error))
            return None

    def _give_up(self, index: int, why: str) -> None:
        self._say(f"nothing is recorded for a minute: {why}")
        self._not_before, self._tape = index + 60 * SAMPLE_RATE, None

    def close(self) -> None:
        """Finish the file under way, and let go of what is too old."""
        tape, self._tape = self._tape, None
        if tape is None:
            return
        try:
            tape.close()
            aircheck.keep(self._directory, tape.start, tape.next - tape.start, tape.gaps)
            aircheck.prune(self._directory, SampleIndex(tape.next - self._days * DAY))
        except (OSError, av.FFmpegError) as error:
            self._give_up(tape.next, str(error))


def length(path: Path) -> int:
    """Samples in a file, however it ends."""
    with av.open(str(path), "r", format="ogg") as container:
        return sum(frame.samples for frame in container.decode(audio=0))


def serve_aircheck(ring: AirRing, directory: Path, days: int, rest: Callable[[int], None]) -> None:
    """A recorder process; ends only when it is killed: its successor keeps what is in the file under way."""
    recorder = Recorder(directory, days, lambda line: sys.stderr.write(f"aircheck: {line}\n"))
    for index, pcm in blocks(ring, rest):
        recorder.write(index, pcm)
