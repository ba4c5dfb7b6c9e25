"""Writes a channel to files that begin anew every so often. Knows rings, libav and the disk; knows no plan. What proves what was on the air is the aircheck (playout.recorder); these are for whoever asks for files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from playout.encoder import shaped
from playout.encoding import Blocks
from playout.rings import Pcm16
from playout.ts_ring import Follower
from playout.ways import Gone, Way
from schedules.calendar import local_date, local_text
from station.words import MINUTE, SAMPLE_RATE, Instant, SampleIndex, instant_of

LEAST_FREE: Final = 2 << 30  # bytes that files leave on the disk
UNDER_WAY: Final = ".part"
_DAY: Final = 24 * 60 * MINUTE
_LATER: Final = 0.1  # s between two looks: nobody waits for a file
_ONCE: Final = 1 << 18  # bytes of a transport stream written together
# codec → what libav calls the container, the coder, the samples; "ts" is the channel's own stream, as it is
FORMS: Final = {
    "flac": ("flac", "flac", "s16"),
    "wav": ("wav", "pcm_s16le", "s16"),
    "mp3": ("mp3", "libmp3lame", "fltp"),
    "mp2": ("mp2", "mp2", "s16"),
    "opus": ("ogg", "libopus", "s16"),
}
LOSSLESS: Final = ("flac", "wav")


def name_of(channel: str, at: Instant, codec: str) -> str:
    """What a file is called that begins at `at`: by UTC, so that names sort as time goes."""
    clock = local_text(at, "UTC", millis=True).replace(":", "")
    return f"{channel}-{local_date(at, 'UTC')}T{clock}Z.{codec}"


def cut(index: int, count: int, span: int) -> Iterator[int]:
    """How `count` units from `index` on fall into spans: the length of each part, in order."""
    end = index + count
    while index < end:
        length = min(end, index - index % span + span) - index
        yield length
        index += length


class Sound:
    """A file of encoded sound."""

    def __init__(self, path: Path, codec: str, kbps: int) -> None:
        form, coder, self._layout = FORMS[codec]
        self._container = av.open(str(path), "w", format=form)
        stream: Any = self._container.add_stream(
            coder, rate=SAMPLE_RATE, layout="stereo", format=self._layout
        )
        if codec not in LOSSLESS:
            stream.bit_rate = kbps * 1_000
        self._stream = stream
        self._next = 0

    def write(self, pcm: Pcm16) -> None:
        """These samples next."""
        frame = av.AudioFrame.from_ndarray(shaped(pcm, self._layout), format=self._layout, layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), self._next
        self._next += len(pcm)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)

    def close(self) -> None:
        """The file is whole."""
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()


class Shelf:
    """The directory: files under way, whole ones, and those that are too old."""

    def __init__(self, way: Way) -> None:
        section = way.section
        self._directory, self._way = way.state / section.to, way
        self._codec, self._days = section.coded, section.days
        self._directory.mkdir(parents=True, exist_ok=True)
        for left in self._directory.glob(f"{way.channel}-*{UNDER_WAY}"):
            left.rename(left.with_suffix(""))  # by a predecessor: what is in it can be heard

    def begin(self, at: Instant) -> Path:
        """The path of a file that begins at `at`; Gone where the disk is nearly full."""
        room = os.statvfs(self._directory)
        if room.f_bavail * room.f_frsize < LEAST_FREE:
            raise Gone("disk")
        return self._directory / (name_of(self._way.channel, at, self._codec) + UNDER_WAY)

    def whole(self, path: Path, now: Instant) -> None:
        """That file is finished: it gets its name, and too old ones go."""
        path.rename(path.with_suffix(""))
        if self._days:
            oldest = name_of(self._way.channel, Instant(now - self._days * _DAY), self._codec)
            for old in self._directory.glob(f"{self._way.channel}-*Z.{self._codec}"):
                if old.name < oldest:
                    old.unlink()


def write_files(way: Way) -> None:
    """Files for as long as the disk takes them (Gone, OSError)."""
    shelf = Shelf(way)
    try:
        if way.section.coded == "ts":
            _write_streams(way, shelf)
        else:
            _write_sound(way, shelf)
    except av.FFmpegError as error:
        raise Gone("disk") from error


def _write_sound(way: Way, shelf: Shelf) -> None:
    blocks, span = Blocks(way.air), way.section.minutes * 60 * SAMPLE_RATE
    under_way: tuple[Path, Sound] | None = None
    missed = 0
    while True:
        pcm = blocks.more()
        if pcm is None:
            way.rest(_LATER)
            continue
        way.gauge.lost((blocks.missed - missed) * 4, way.now())
        missed, index = blocks.missed, blocks.at - len(pcm)
        for length in cut(index, len(pcm), span):
            if under_way is not None and index % span == 0:
                _finish(shelf, under_way, way.now())
                under_way = None
            if under_way is None:
                path = shelf.begin(instant_of(SampleIndex(index)))
                under_way = path, Sound(path, way.section.coded, way.section.kbps)
            under_way[1].write(pcm[:length])
            pcm, index = pcm[length:], index + length
        way.gauge.sent(4 * length)
        way.gauge.up(way.now())


def _finish(shelf: Shelf, under_way: tuple[Path, Sound], now: Instant) -> None:
    path, sound = under_way
    sound.close()
    shelf.whole(path, now)


def _write_streams(way: Way, shelf: Shelf) -> None:
    stream, span = Follower(way.ts), way.section.minutes * MINUTE
    while True:
        begun = way.now()
        path = shelf.begin(begun)
        with path.open("wb", buffering=0) as file:
            while way.now() // span == begun // span:
                before = stream.lost
                data = stream.more(_ONCE)
                way.gauge.lost(stream.lost - before, way.now())
                file.write(data)
                if data:
                    way.gauge.sent(len(data))
                    way.gauge.up(way.now())
                else:
                    way.rest(_LATER)
        shelf.whole(path, way.now())
