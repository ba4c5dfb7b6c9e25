"""Opens any sound file and gives its samples at 48 kHz, stereo, 24 bit, exactly as many as there are. Knows libav and numpy; knows no house, no plan."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from playout.mp4 import Edit, sound_of
from playout.rings import Pcm32
from station.words import SAMPLE_RATE, Refused, Text

LONGEST: Final = 6 * 3_600  # s
LOSSLESS_FORMATS: Final = ("u8", "u8p", "s16", "s16p", "s32", "s32p")
_FULL: Final = 1 << 23
_HOLD: Final = 1 << 14  # samples kept back at the end, so that what the resampler adds can be cut off
_EXTENSIONS: Final = {
    ".wav": ("wav", "w64", "rf64"),
    ".flac": ("flac", "ogg"),
    ".mp3": ("mp3",),
    ".mp2": ("mp3",),
    ".m4a": ("mov,mp4,m4a,3gp,3g2,mj2",),
    ".mp4": ("mov,mp4,m4a,3gp,3g2,mj2",),
    ".aac": ("aac",),
    ".ogg": ("ogg",),
    ".opus": ("ogg",),
}
Raw = npt.NDArray[Any]


class Source:
    """One opened file. Iterate `pieces()` once; afterwards `count` and `warnings` are complete."""

    def __init__(self, path: Path) -> None:
        if path.stat().st_size == 0:
            raise Refused(f"{path.name} is empty", f"{path.name} 是空文件", code="empty")
        self._path = path
        self._container = _opened(path)
        with path.open("rb") as file:
            self._edit = sound_of(file) if self._container.format.name.startswith("mov") else None
        if not self._container.streams.audio:
            raise Refused(f"{path.name} has no sound in it", f"{path.name} 中没有音频", code="silent")
        self._stream = self._container.streams.audio[0]
        self.warnings: list[Text] = []
        self.count = 0  # samples at the source's own rate
        self.rate = self._stream.rate or 0
        self.channels = self._stream.channels
        self.codec = self._stream.codec_context.name
        self._check()

    def _check(self) -> None:
        name = self._path.name
        if self.rate <= 0 or self.channels <= 0:
            raise Refused(
                f"{name} is no sound file, or cut off", f"{name} 不是音频文件,或不完整", code="format"
            )
        if self.expected is not None and self.expected > LONGEST * self.rate:
            raise _too_long(name)
        fitting = _EXTENSIONS.get(self._path.suffix.lower())
        if fitting is not None and self._container.format.name not in fitting:
            said = self._container.format.name.split(",")[0]
            self.warnings.append(
                Text(
                    f"the file is {said}, though its name ends in {self._path.suffix}",
                    f"文件实际为 {said} 格式,与扩展名 {self._path.suffix} 不符",
                )
            )

    @property
    def expected(self) -> int | None:
        """How many samples the file itself says it has, where it does."""
        stream = self._stream
        if self._edit is not None:
            return self._edit.length * self.rate // self._edit.timescale
        if stream.duration is None or stream.time_base is None:
            return None
        return int(stream.duration * stream.time_base * self.rate)

    @property
    def title(self) -> str:
        """From the file's tags, else its name."""
        return self._container.metadata.get("title") or self._path.stem

    @property
    def format(self) -> str:
        """What it is, in short."""
        return f"{self.codec} {self.rate} Hz {self.channels} ch"

    def pieces(self) -> Iterator[Pcm32]:
        """(count, 2) of 24-bit values at 48 kHz: as they are, where the file is 48 kHz PCM; else resampled."""
        frames = self._trimmed()
        if self.rate == SAMPLE_RATE and self.channels <= 2:
            for frame in frames:
                yield _stereo(_values(frame))
        else:
            yield from self._resampled(frames)
        self._verdict()

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def _frames(self) -> Iterator[av.AudioFrame]:
        damaged = 0
        for packet in self._container.demux(self._stream):
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                damaged += 1
        if damaged:
            self.warnings.append(
                Text(f"{damaged} damaged packets were left out", f"跳过 {damaged} 个损坏的数据包")
            )

    def _trimmed(self) -> Iterator[av.AudioFrame]:
        """Frames of one format; MP4 says in its time table where the encoder's padding begins (ISO/IEC 14496-12, 8.6.1.2)."""
        first: tuple[int, str, int] | None = None
        for whole in self._frames():
            frame: av.AudioFrame | None = whole
            kind = (whole.sample_rate, whole.format.name, len(whole.layout.channels))
            first = first or kind
            if kind != first or whole.sample_rate != self.rate:
                raise Refused(
                    f"{self._path.name} changes its format in the middle",
                    f"{self._path.name} 中途改变格式",
                    code="format",
                )
            if self._edit is not None:
                frame = self._inside(self._edit, whole)
            self.count += frame.samples if frame is not None else 0
            if self.count > LONGEST * self.rate:
                raise _too_long(self._path.name)
            if frame is not None:
                yield frame

    def _inside(self, edit: Edit, frame: av.AudioFrame) -> av.AudioFrame | None:
        """What of a frame lies within the edit; the demuxer's own handling rounds to the movie's clock."""
        base = frame.time_base
        at = int(frame.pts * base * self.rate) if frame.pts is not None and base else self.count
        first = edit.start * self.rate // edit.timescale
        length = edit.length * self.rate // edit.timescale
        return _cut(frame, max(0, first - at), min(frame.samples, first + length - at))

    def _resampled(self, frames: Iterator[av.AudioFrame]) -> Iterator[Pcm32]:
        held = np.empty((0, 2), dtype=np.int32)
        given = 0
        for raw in _through(frames, mono=self.channels == 1):
            held = np.concatenate((held, _stereo(_quantised(raw))))
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
        if expected is not None and self.count < expected - max(4_608, expected // 500):
            raise Refused(
                f"{name} is cut off: {self.count // self.rate} s of {expected // self.rate} s are there",
                f"{name} 不完整:应有 {expected // self.rate} 秒,实有 {self.count // self.rate} 秒",
                code="truncated",
            )


def _opened(path: Path) -> Any:
    if _is_encrypted(path):
        raise Refused(f"{path.name} is encrypted", f"{path.name} 已加密", code="encrypted")
    try:
        return av.open(str(path), "r", metadata_errors="replace", container_options={"ignore_editlist": "1"})
    except av.FFmpegError as error:
        if error.errno in (errno.EACCES, errno.ENOENT, errno.EIO):
            raise
        raise Refused(
            f"{path.name} is no sound file, or cut off", f"{path.name} 不是音频文件,或不完整", code="format"
        ) from None


def _is_encrypted(path: Path) -> bool:
    """Whether an MP4's sample descriptions are protected ones (ISO/IEC 14496-12, 8.12)."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
        file.seek(max(0, path.stat().st_size - (1 << 20)))
        tail = file.read()
    return (
        head[4:8] == b"ftyp"
        and any(mark in part for part in (head, tail) for mark in (b"sinfrma", b"drms\0\0", b"enca\0\0"))
    ) or (head[4:8] == b"ftyp" and any(b"sinf" in part and b"frma" in part for part in (head, tail)))


def _too_long(name: str) -> Refused:
    return Refused(f"{name} is longer than six hours", f"{name} 超过 6 小时", code="long")


def _cut(frame: av.AudioFrame, first: int, last: int) -> av.AudioFrame | None:
    if (first, last) == (0, frame.samples):
        return frame
    if last <= first:
        return None
    raw = _columns(frame)[first:last]
    planar = frame.format.is_planar
    made = av.AudioFrame.from_ndarray(
        np.ascontiguousarray(raw.T) if planar else raw.reshape(1, -1),
        format=frame.format.name,
        layout=frame.layout.name,
    )
    made.sample_rate = frame.sample_rate
    return made


def _columns(frame: av.AudioFrame) -> Raw:
    """(samples, channels) as the codec gave them."""
    raw: Raw = frame.to_ndarray()
    return raw.T if frame.format.is_planar else raw.reshape(frame.samples, -1)


def _values(frame: av.AudioFrame) -> Pcm32:
    raw, kind = _columns(frame), frame.format.name.removesuffix("p")
    if kind == "u8":
        return (raw.astype(np.int32) - 128) << 16
    if kind == "s16":
        return raw.astype(np.int32) << 8
    if kind == "s32":
        rounded: Pcm32 = np.clip((raw.astype(np.int64) + 128) >> 8, -_FULL, _FULL - 1).astype(np.int32)
        return rounded
    return _quantised(raw)


def _quantised(raw: Raw) -> Pcm32:
    scaled = np.rint(np.nan_to_num(raw.astype(np.float64)) * _FULL)
    values: Pcm32 = np.clip(scaled, -_FULL, _FULL - 1).astype(np.int32)
    return values


def _stereo(values: Pcm32) -> Pcm32:
    if values.shape[1] == 2:
        return values
    both: Pcm32 = np.repeat(values, 2, axis=1)
    return both


def _through(frames: Iterator[av.AudioFrame], *, mono: bool) -> Iterator[Raw]:
    """Downmix and resample: (count, channels) in floating point, in place with the source."""
    graph: _Graph | None = None
    for frame in frames:
        graph = graph or _Graph(frame, mono=mono)
        frame.pts = None
        graph.source.push(frame)
        yield from graph.drain()
    if graph is not None:
        graph.source.push(None)
        yield from graph.drain()


class _Graph:
    """abuffer → aformat (double, mono or stereo) → aresample → abuffersink."""

    def __init__(self, first: av.AudioFrame, *, mono: bool) -> None:
        layout = "mono" if mono else "stereo"
        graph = self._graph = av.filter.Graph()
        self.source = graph.add_abuffer(
            sample_rate=first.sample_rate,
            format=first.format.name,
            layout=first.layout.name,
            time_base=Fraction(1, first.sample_rate),
        )
        shape = graph.add("aformat", f"sample_fmts=dblp:channel_layouts={layout}")
        rate = graph.add("aresample", f"{SAMPLE_RATE}:filter_size=128:cutoff=0.97")
        self._sink = graph.add("abuffersink")
        self.source.link_to(shape)
        shape.link_to(rate)
        rate.link_to(self._sink)
        graph.configure()

    def drain(self) -> Iterator[Raw]:
        """What is ready."""
        with contextlib.suppress(av.BlockingIOError, av.EOFError):
            while True:
                frame: Any = self._sink.pull()
                yield _columns(frame)
