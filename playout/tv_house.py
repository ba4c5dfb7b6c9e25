"""House files of television: Matroska with H.264 (the raster's size and rate, a closed group each second) and FLAC, one FLAC frame as long as a picture for each. Knows files and libav; knows no plan.

Matroska counts milliseconds. A picture and its FLAC frame both last 40 of them, or 20, so every position in the file is exact.
Colour is declared, in video range: BT.601 (625 lines) at 576 lines, BT.709 from 720 on (H.264, annex E). Interlaced
pictures are coded as frames of two fields, the top one first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, cast

import av
import numpy as np
from numpy.typing import NDArray

from playout.reading import STRICT, alone
from playout.rings import Pcm32
from schedules.planes import Frame
from schedules.raster import RASTERS, Raster
from station.words import SAMPLE_RATE, Refused

Packed = NDArray[np.uint8]  # one frame: Y, then U, then V, as they follow each other in memory (yuv420p)

# H.264 annex E: 5 is BT.470 B, G (625 lines), 6 is SMPTE 170M, 1 is BT.709
_COLOUR: Final = {
    "bt601": "colorprim=bt470bg:transfer=smpte170m:colormatrix=bt470bg:fullrange=off",
    "bt709": "colorprim=bt709:transfer=bt709:colormatrix=bt709:fullrange=off",
}
_CRF: Final = "18"


def size_of(raster: Raster) -> int:
    """Bytes of one frame of 4:2:0."""
    return raster.width * raster.height * 3 // 2


def planes_of(packed: Packed, raster: Raster) -> Frame:
    """The three planes of a frame as views of its bytes."""
    width, height = raster.width, raster.height
    luma, chroma = width * height, width * height // 4
    half = (height // 2, width // 2)
    return (
        packed[:luma].reshape(height, width),
        packed[luma : luma + chroma].reshape(half),
        packed[luma + chroma : luma + 2 * chroma].reshape(half),
    )


def x264_params(raster: Raster, more: str = "") -> str:
    """Colour, shape of a pixel and group of pictures, in x264's own words."""
    words = [_COLOUR[raster.colour], f"sar={raster.sar[0]}/{raster.sar[1]}", *["tff=1"] * raster.interlaced]
    group = raster.fps
    return ":".join(
        [*words, f"keyint={group}:min-keyint={group}:scenecut=0:bframes=0:open-gop=0", more]
    ).rstrip(":")


class Fields:
    """Marks pictures as two fields, the top one first, where the raster is interlaced; libav's encoders ask each picture, not the stream."""

    def __init__(self, raster: Raster) -> None:
        self._graph: Any = None
        if raster.interlaced:
            graph = self._graph = av.filter.Graph()
            form = av.VideoFormat("yuv420p")
            self._source = graph.add_buffer(
                width=raster.width, height=raster.height, format=form, time_base=Fraction(1, raster.fps)
            )
            mark, self._sink = graph.add("setfield", "tff"), graph.add("buffersink")
            self._source.link_to(mark)
            mark.link_to(self._sink)
            graph.configure()

    def marked(self, picture: av.VideoFrame) -> av.VideoFrame:
        """The same picture, counted in frames."""
        if self._graph is None:
            return picture
        self._source.push(picture)
        made: Any = self._sink.pull()
        return cast(av.VideoFrame, made)


class TvWriter:
    """Writes pictures with their sound; the same input gives the same bytes."""

    def __init__(self, path: Path, raster: Raster) -> None:
        self.frames = 0
        self._raster, self._fields = raster, Fields(raster)
        self._container = av.open(
            str(path), "w", format="matroska", container_options={"fflags": "+bitexact"}
        )
        video = self._container.add_stream("libx264", rate=raster.fps)
        video.width, video.height, video.pix_fmt = raster.width, raster.height, "yuv420p"
        video.codec_context.time_base = Fraction(1, raster.fps)
        video.codec_context.thread_count = 1
        video.options = {
            "preset": "superfast",
            "tune": "fastdecode",
            "crf": _CRF,
            "flags": "+bitexact",
            "x264-params": x264_params(raster),
        }
        audio = self._container.add_stream("flac", rate=SAMPLE_RATE, layout="stereo", format="s32")
        audio.codec_context.options = {
            "compression_level": "3",
            "flags": "+bitexact",
            "bits_per_raw_sample": "24",
            "frame_size": str(raster.frame),
        }
        self._video, self._audio = video, audio

    def write(self, packed: NDArray[Any], pcm: Pcm32) -> None:
        """One picture (packed yuv420p) and the samples that it lasts."""
        raster = self._raster
        rows = packed.reshape(raster.height * 3 // 2, raster.width)
        picture = av.VideoFrame.from_ndarray(rows, format="yuv420p")
        picture.pts, picture.time_base = self.frames, Fraction(1, raster.fps)
        sound = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(pcm << 8).reshape(1, -1), format="s32", layout="stereo"
        )
        sound.sample_rate, sound.pts = SAMPLE_RATE, raster.sample_of(self.frames)
        sound.time_base = Fraction(1, SAMPLE_RATE)
        self._container.mux(self._video.encode(self._fields.marked(picture)))
        self._container.mux(self._audio.encode(sound))
        self.frames += 1

    def close(self) -> None:
        """Write what the encoders still hold."""
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()


class House:
    """The pictures of a house file, held open: to open it takes longer than to decode a second of it."""

    def __init__(self, path: str, wanted: Raster | None = None) -> None:
        """Raises Refused for a file that is not in house format, or of another size or rate than `wanted`; OSError or av.FFmpegError where it cannot be read."""
        self._container: Any = av.open(path, "r", format="matroska", options=STRICT)
        try:
            self._stream = self._checked(path, wanted)
        except Refused:
            self.close()
            raise
        self._fresh = True

    def _checked(self, path: str, wanted: Raster | None) -> Any:
        container = self._container
        if not container.streams.video:
            raise Refused(f"{path} has no picture", f"{path} 没有画面", code="format")
        stream = container.streams.video[0]
        raster = raster_of(stream.width, stream.height, stream.average_rate)
        if raster is None:
            raise Refused(f"{path} is not in house format", f"{path} 不是台内格式", code="format")
        if wanted is not None and not wanted.fits(raster):
            raise Refused(
                f"{path} is in {raster.name}, not in {wanted.name}",
                f"{path} 为 {raster.name} 格式,应为 {wanted.name}",
                code="format",
            )
        self._raster = raster
        stream.codec_context.thread_count = 1
        stream.codec_context.options = STRICT
        alone(container, stream)
        return stream

    def frames(
        self, start: int = 0, passed: Callable[[int, av.VideoFrame], object] = lambda _number, _frame: None
    ) -> Iterator[tuple[int, av.VideoFrame]]:
        """As `read_frames`; one iteration at a time. `passed` is told those before `start` that had to be decoded."""
        if start or not self._fresh:
            self._container.seek(start * 1_000 // self._raster.fps, stream=self._stream)
        self._fresh = False
        at = start
        for frame in _whole(self._container, self._stream):
            number = _number(frame, self._raster)
            if number >= at:
                yield number, frame
                at = number + 1
            else:
                passed(number, frame)

    def close(self) -> None:
        """Close the file."""
        self._container.close()


def read_frames(
    path: str, start: int = 0, wanted: Raster | None = None
) -> Iterator[tuple[int, av.VideoFrame]]:
    """(number, yuv420p) of every frame of a house file from frame `start` on that is whole, in rising order.

    Raises as `House`.
    """
    with closing(House(path, wanted)) as house:
        yield from house.frames(start)


def _whole(container: Any, stream: Any) -> Iterator[av.VideoFrame]:
    """The pictures that are whole: after a damaged one all are left out up to the next group, which needs none before it."""
    lost = False
    for packet in container.demux(stream):
        if lost and not packet.is_keyframe:
            continue
        try:
            frames = packet.decode()
        except av.FFmpegError:
            lost = True
            stream.codec_context.flush_buffers()
            continue
        lost = False
        yield from frames


def raster_of(width: int, height: int, rate: Fraction | None) -> Raster | None:
    """The first house raster of this size and rate (frames a second); None where there is none."""
    found = (width, height, rate)
    return next((r for r in RASTERS.values() if (r.width, r.height, Fraction(r.fps)) == found), None)


def raster_of_file(path: Path) -> Raster | None:
    """The house raster of a film by its size and rate, the shape of its pixels and whether it has fields; None where it cannot be read or is in none."""
    try:
        with av.open(str(path), "r", format="matroska") as container:
            stream = container.streams.video[0]
            sar = stream.sample_aspect_ratio or Fraction(1)
            fields = next(container.decode(stream)).interlaced_frame
            shape = (sar.numerator, sar.denominator)
            found = (stream.width, stream.height, shape, bool(fields), stream.average_rate)
    except (OSError, av.FFmpegError, IndexError, StopIteration):
        return None
    return next(
        (r for r in RASTERS.values() if (r.width, r.height, r.sar, r.interlaced, Fraction(r.fps)) == found),
        None,
    )


def _number(frame: av.VideoFrame, raster: Raster) -> int:
    if frame.pts is None or frame.time_base is None:
        raise Refused("a picture of a house file has no time", "台内文件的画面缺少时间", code="format")
    tick = frame.time_base
    return (2 * frame.pts * tick.numerator * raster.fps + tick.denominator) // (2 * tick.denominator)


def packed_of(frame: av.VideoFrame) -> Packed:
    """The bytes of a yuv420p frame without the padding of its lines."""
    made: Packed = np.empty(sum(plane.width * plane.height for plane in frame.planes), np.uint8)
    pack(frame, made)
    return made


def pack(frame: av.VideoFrame, into: Packed) -> None:
    """As `packed_of`, into a place of the right size."""
    at = 0
    for plane in frame.planes:
        rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(plane.height, plane.line_size)
        end = at + plane.width * plane.height
        np.copyto(into[at:end].reshape(plane.height, plane.width), rows[:, : plane.width])
        at = end


__all__ = [
    "Fields",
    "House",
    "Packed",
    "TvWriter",
    "pack",
    "packed_of",
    "planes_of",
    "raster_of",
    "raster_of_file",
    "read_frames",
    "size_of",
    "x264_params",
]
