"""Opens any sound file and gives its samples at 48 kHz, stereo, 24 bit, exactly as many as there are. Knows libav and numpy; knows no house, no plan."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import numpy as np

from playout import downmix
from playout.conversion import Raw, floats, quantised, stereo, through, values
from playout.mp4 import Track, sound_of
from playout.opening import encrypted, is_lone, misnamed, no_sound_file, opened
from playout.riff import samples_of
from playout.rings import Pcm32
from playout.spans import LAYER_2, PRIMING, Span, declared
from playout.tape import Tape
from station.words import SAMPLE_RATE, Refused, Text

LONGEST: Final = 6 * 3_600  # s
_HOLD: Final = 1 << 14  # samples kept back at the end, so that what the resampler adds can be cut off
# Containers that do not say how long they are: libav's figure is guessed from the bit rate, or the last time stamp.
_GUESSED: Final = ("aac", "loas", "ac3", "eac3", "dts", "dtshd", "mpegts", "mpeg", "asf", "amr", "flv")


class Source:
    """One opened file. Iterate `pieces()` once; afterwards `count`, `missing`, `gaps` and `warnings` are complete."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._container = opened(path, ignore_editlist="1")
        with path.open("rb") as file:
            is_mov = self._container.format.name.startswith("mov")
            self._track: Track | None = sound_of(file) if is_mov else None
        if not self._container.streams.audio:
            raise Refused(f"{path.name} has no sound in it", f"{path.name} 中没有音频", code="silent")
        self._stream = self._container.streams.audio[0]
        self.warnings: list[Text] = []
        self.count = 0  # samples at the source's own rate
        self.missing = 0  # of those the file says it has
        self.gaps: list[tuple[int, int]] = []  # (place, samples) of its own in which the file has nothing
        self.gain = 1.0  # of a downmix that would be cut off otherwise
        self.rate = self._stream.rate or 0
        self.channels = self._stream.channels
        self.codec = self._stream.codec_context.name
        self._exact = True  # whether the file counts its samples
        self.expected = self._declared() if self.rate else None  # samples the file itself says it has
        # samples there may be, for a bar of progress; 0 where nobody knows
        self.about: int = self.expected or int((self._container.duration or 0) * self.rate // 1_000_000)
        self._check()
        self._tape = Tape(self._container, self._stream, absolute=self._track is not None)
        self._spans: tuple[Span, ...] | None = None

    def _check(self) -> None:
        if self._track is not None and self._track.encrypted:
            raise encrypted(self._path)
        if self.rate <= 0 or not 0 < self.channels <= downmix.MOST_CHANNELS:
            raise no_sound_file(self._path)
        if self._track is not None and self._track.speeds:
            raise Refused(
                f"{self._path.name} plays parts at another speed than their own; have it rendered first",
                f"{self._path.name} 含有变速片段,请先渲染成普通文件",
                code="format",
            )
        if (self.expected or 0) > LONGEST * self.rate:
            raise _too_long(self._path.name)
        wrong_name = misnamed(self._path, self._container)
        self.warnings += [wrong_name] if wrong_name is not None else []

    def _declared(self) -> int | None:
        if self._track is not None:
            return declared(self._edited(self._track))
        stream, kind = self._stream, self._container.format.name
        if kind == "wav":
            with self._path.open("rb") as file:
                return samples_of(file)
        if kind.startswith("matroska"):
            self._exact = False  # a clock of milliseconds, of all streams together
            alone = len(self._container.streams) == 1 and self._container.duration
            return int(alone * self.rate // 1_000_000) if alone else None
        if kind in _GUESSED or (kind == "mp3" and not _is_counted(self._path)):
            return None
        if stream.duration is None or stream.time_base is None:
            return None
        skipped = stream.codec_context.delay if self.codec == "opus" else 0
        return max(0, int(stream.duration * stream.time_base * self.rate) - skipped)

    @property
    def title(self) -> str:
        """From the file's tags, else its name."""
        return self._container.metadata.get("title") or self._path.stem

    @property
    def format(self) -> str:
        """What it is, in short."""
        return f"{self.codec} {self.rate} Hz {self.channels} ch"

    @property
    def begins(self) -> Fraction:
        """When the first sample is heard, in s of the file's own clock."""
        if self._track is not None:
            return Fraction(0)
        self._tape.wind()
        return self._tape.origin + Fraction(self._kept()[0].start or 0, self.rate)

    def pieces(self) -> Iterator[Pcm32]:
        """(count, 2) of 24-bit values at 48 kHz: as they are, where the file is 48 kHz PCM; else resampled."""
        if self.rate == SAMPLE_RATE and self.channels <= 2:
            for raw, kind in self._sound():
                yield stereo(values(raw, kind))
        else:
            yield from self._resampled()
        self._verdict()

    def loudest(self) -> float:
        """The greatest value of the downmix, 1.0 being full scale. Reads the file to its end: another one must be opened to take it in."""
        most = 0.0
        for mixed in self._mixed():
            most = max(most, float(np.abs(mixed).max(initial=0.0)))
        return most

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _kept(self) -> tuple[Span, ...]:
        """The spans of what the decoder gives that are the file's sound; known once the tape was wound."""
        if self._spans is None:
            self._spans = self._found()
        return self._spans

    def _found(self) -> tuple[Span, ...]:
        if self._track is not None:
            return self._edited(self._track)
        if self.codec == "vorbis" and self.expected:
            return (Span(0, self.expected),)
        if is_lone(self._container):
            return (Span(PRIMING["mp2"], LAYER_2),)
        return (Span(0 if self._tape.primed else PRIMING.get(self._tape.coder, 0), None),)

    def _edited(self, track: Track) -> tuple[Span, ...]:
        rate, scale = self.rate, track.timescale
        primed = 0 if track.told else PRIMING.get(self.codec, 0)
        return tuple(
            Span(
                None if edit.start is None else edit.start * rate // scale + primed,
                None if edit.length is None else max(0, edit.length * rate // scale - primed),
            )
            for edit in track.edits
        )

    def _sound(self) -> Iterator[tuple[Raw, str]]:
        """(samples, channels) as the codec gave them, and of which format they are."""
        self._tape.wind()
        for span in self._kept():
            for raw in self._tape.read(span):
                self.count += len(raw)
                if self.count > LONGEST * self.rate:
                    raise _too_long(self._path.name)
                if len(raw):
                    yield raw, self._tape.kind
        self._heard()

    def _heard(self) -> None:
        self.gaps = self._tape.gaps
        damaged = self._tape.damaged
        if damaged:
            self.warnings.append(
                Text(f"{damaged} damaged packets were left out", f"跳过 {damaged} 个损坏的数据包")
            )

    def _mixed(self) -> Iterator[Raw]:
        """(count, 1 or 2) of floating point at the source's own rate."""
        for raw, kind in self._sound():
            made = floats(raw, kind)
            if self.channels > 2:
                made = downmix.stereo(made, self._tape.names) * self.gain
            yield made

    def _resampled(self) -> Iterator[Pcm32]:
        held = np.empty((0, 2), dtype=np.int32)
        given = 0
        for raw in through(self._mixed(), self.rate):
            held = np.concatenate((held, stereo(quantised(raw))))
            if len(held) > 2 * _HOLD:
                yield held[:-_HOLD]
                given += len(held) - _HOLD
                held = held[-_HOLD:]
        due = -(-self.count * SAMPLE_RATE // self.rate) - given
        missing = due - len(held)
        yield held[:due] if missing <= 0 else np.pad(held, ((0, missing), (0, 0)))

    def _verdict(self) -> None:
        name = self._path.name
        if self.count == 0:
            raise Refused(f"{name} has no samples", f"{name} 没有任何样本", code="empty")
        expected = self.expected
        missing = max(0, expected - self.count) if expected is not None else 0
        self.missing = missing if self._exact else 0
        if expected is not None and missing > max(4_608, expected // 500):
            raise Refused(
                f"{name} is cut off: {self.count // self.rate} s of {expected // self.rate} s are there",
                f"{name} 不完整:应有 {expected // self.rate} 秒,实有 {self.count // self.rate} 秒",
                code="truncated",
            )


def _is_counted(path: Path) -> bool:
    """Whether an MP3 begins with a frame that says how many there are (Xing, Info or VBRI)."""
    with path.open("rb") as file:
        head = file.read(10)
        if head[:3] == b"ID3":
            size = 0
            for byte in head[6:10]:
                size = size << 7 | byte & 0x7F
            file.seek(10 + size)
            head = b""
        head += file.read(4_096)
    return any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))


def _too_long(name: str) -> Refused:
    return Refused(f"{name} is longer than six hours", f"{name} 超过 6 小时", code="long")


__all__ = ["LONGEST", "Source"]
