"""Opens any film file and gives its pictures in the house raster, as many a second as that has, in video range. Knows libav; knows no house file, no plan.

Shape is kept: what is not 16:9 gets black bars. Each picture stands from its own time (rounded to the nearest frame)
until the next one's, so that other rates, and files whose rate varies, keep their pace. Into an interlaced raster fields
go as they are, and of 50 pictures a second each becomes a field; into a progressive one they are deinterlaced,
each field becoming a picture where that has as many.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from playout.opening import opened
from playout.sources import LONGEST
from playout.tv_house import Packed, packed_of
from schedules.raster import Raster
from station.words import Refused, Text

_SIDE: Final = 8_192  # pixels
_JUMP: Final = 30  # s between two pictures of one file
_TURNS: Final = {90: "transpose=cclock", -90: "transpose=clock", 180: "hflip,vflip", -180: "hflip,vflip"}
# The top field of the first picture and the other one of the second.
_WOVEN: Final = (
    "setfield=tff",
    "separatefields",
    "select=eq(mod(n,4),0)+eq(mod(n,4),3)",
    "weave=first_field=top",
)
_UNSAID: Final = 2  # of colour: "unspecified" (ITU-T H.273, 8.3)


def has_pictures(path: Path) -> bool:
    """Whether a file has moving pictures; a cover is none. A file that cannot be opened has none."""
    try:
        with opened(path) as container:
            return _stream(container) is not None
    except (OSError, av.FFmpegError, Refused):
        return False


def _stream(container: Any) -> Any:
    """The first moving picture."""
    for stream in container.streams.video:
        if not int(stream.disposition) & int(av.stream.Disposition.attached_pic):
            return stream
    return None


class Pictures:
    """One opened film. Iterate `frames()` once; afterwards `count` and `warnings` are complete."""

    def __init__(self, path: Path, raster: Raster) -> None:
        self._path, self.raster = path, raster
        self._container = opened(path)
        self._video = _stream(self._container)
        if self._video is None:
            raise Refused(f"{path.name} has no picture", f"{path.name} 没有画面", code="format")
        self.warnings: list[Text] = []
        self.count = 0  # frames given
        self._check()
        self._video.codec_context.thread_type = "AUTO"
        self._first: Fraction | None = None  # time of the first picture, s
        self._last = Fraction(0)

    def _check(self) -> None:
        name, video = self._path.name, self._video
        if max(video.width, video.height) > _SIDE or min(video.width, video.height) < 16:
            raise Refused(
                f"{name} has pictures of {video.width} × {video.height}; a side may have 16 to {_SIDE} pixels",
                f"{name} 画面为 {video.width} × {video.height},每边须为 16 至 {_SIDE} 像素",
                code="format",
            )
        if self.expected is not None and self.expected > LONGEST * self.raster.fps:
            raise Refused(f"{name} is longer than six hours", f"{name} 超过 6 小时", code="long")

    @property
    def expected(self) -> int | None:
        """How many frames the file itself says it has, where it does."""
        video = self._video
        if video.duration is None or video.time_base is None:
            return None
        return int(video.duration * video.time_base * self.raster.fps)

    @property
    def _fast(self) -> bool:
        """Whether it has two pictures, or as good as, for each of the raster."""
        return abs(Fraction(self._video.average_rate or 0) - 2 * self.raster.fps) < Fraction(1, 10)

    @property
    def format(self) -> str:
        """What it is, in short."""
        rate = self._video.average_rate
        said = f" {float(rate):.4g}/s" if rate else ""
        return f"{self._video.codec_context.name} {self._video.width}×{self._video.height}{said}"

    @property
    def first(self) -> Fraction:
        """When the first picture is seen, in s of the file's own clock. Known once a frame was given."""
        return self._first or Fraction(0)

    def close(self) -> None:
        """Close the file."""
        self._container.close()

    def frames(self) -> Iterator[Packed]:
        """Packed yuv420p, as many a second as the raster has."""
        held: Packed | None = None
        ends = Fraction(0)
        for packed, at, lasts in self._conformed():
            due = self._slot(at)
            while held is not None and self.count < due:
                yield self._given(held)
            held, ends = packed, at + lasts
        if held is None:
            raise Refused(
                f"no picture of {self._path.name} can be read",
                f"{self._path.name} 的画面无法读取",
                code="format",
            )
        until = max(self.count + 1, self._slot(ends))
        while self.count < until:
            yield self._given(held)
        self._verdict()

    def _given(self, packed: Packed) -> Packed:
        self.count += 1
        if self.count > LONGEST * self.raster.fps:
            raise Refused(
                f"{self._path.name} is longer than six hours", f"{self._path.name} 超过 6 小时", code="long"
            )
        return packed

    def _verdict(self) -> None:
        expected, fps = self.expected, self.raster.fps
        if expected is not None and self.count < expected - max(fps, expected // 50):
            raise Refused(
                f"{self._path.name} is cut off: {self.count // fps} s of {expected // fps} s of pictures are there",
                f"{self._path.name} 不完整:画面应有 {expected // fps} 秒,实有 {self.count // fps} 秒",
                code="truncated",
            )

    def _conformed(self) -> Iterator[tuple[Packed, Fraction, Fraction]]:
        """(picture in the house raster, its time from the first one, how long it lasts, both in s)."""
        shaper: _Shaper | None = None
        for frame in self._decoded():
            if shaper is None or not shaper.fits(frame):
                if shaper is not None:
                    yield from map(self._timed, shaper.rest())
                shaper = _Shaper(
                    frame, self.raster, self._video.sample_aspect_ratio or Fraction(1), fast=self._fast
                )
            yield from map(self._timed, shaper.put(frame))
        if shaper is not None:
            yield from map(self._timed, shaper.rest())

    def _decoded(self) -> Iterator[av.VideoFrame]:
        damaged = 0
        for packet in self._container.demux(self._video):
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                damaged += 1
        if damaged:
            self.warnings.append(
                Text(
                    f"{damaged} damaged packets of the picture were left out",
                    f"画面有 {damaged} 个损坏的数据包被跳过",
                )
            )

    def _timed(self, frame: av.VideoFrame) -> tuple[Packed, Fraction, Fraction]:
        usual = 1 / Fraction(self._video.average_rate or self.raster.fps)
        base = frame.time_base or Fraction(1, self.raster.fps)
        at = self._last + usual if frame.pts is None else Fraction(frame.pts * base)
        if self._first is None:
            self._first = self._last = at
        if not -1 <= at - self._last <= _JUMP:
            raise Refused(
                f"the clock of {self._path.name} jumps in the middle",
                f"{self._path.name} 的时间戳中途跳变",
                code="format",
            )
        self._last = max(at, self._last)
        lasts = Fraction(frame.duration * base) if frame.duration else usual
        return packed_of(frame), at - self._first, min(lasts, Fraction(_JUMP))

    def _slot(self, at: Fraction) -> int:
        """The house frame next to a time in s; a tie is rounded up."""
        return int((at * self.raster.fps + Fraction(1, 2)).__floor__())


class _Shaper:
    """Turned upright, deinterlaced or made fields of, scaled, framed in black, in house colour."""

    def __init__(self, first: av.VideoFrame, raster: Raster, pixel: Fraction, *, fast: bool) -> None:
        self._kind = _kind(first)
        graph = self._graph = av.filter.Graph()
        self._source = graph.add_buffer(
            width=first.width,
            height=first.height,
            format=first.format,
            time_base=first.time_base or Fraction(1, raster.fps),
        )
        last: Any = self._source
        for step in filter(None, _steps(first, raster, pixel, fast=fast)):
            name, _, words = step.partition("=")
            step_made = graph.add(name, words or None)
            last.link_to(step_made)
            last = step_made
        self._sink = graph.add("buffersink")
        last.link_to(self._sink)
        graph.configure()

    def fits(self, frame: av.VideoFrame) -> bool:
        """Whether a frame is like the first."""
        return _kind(frame) == self._kind

    def put(self, frame: av.VideoFrame) -> list[av.VideoFrame]:
        """One in, those that are ready out."""
        self._source.push(frame)
        return self._ready()

    def rest(self) -> list[av.VideoFrame]:
        """What was kept back."""
        self._source.push(None)
        return self._ready()

    def _ready(self) -> list[av.VideoFrame]:
        out: list[av.VideoFrame] = []
        with contextlib.suppress(av.BlockingIOError, av.EOFError):
            while True:
                out.append(self._sink.pull())  # type: ignore[arg-type]
        return out


def _kind(frame: av.VideoFrame) -> tuple[Any, ...]:
    return (
        frame.width, frame.height, frame.format.name, frame.interlaced_frame, frame.rotation,
        int(frame.colorspace), int(frame.color_range),
    )  # fmt: skip


def _steps(frame: av.VideoFrame, raster: Raster, pixel: Fraction, *, fast: bool) -> list[str]:
    """Filters of libavfilter, in order; `fast`: the film has two pictures a frame."""
    turn = _TURNS.get(round(frame.rotation), "")
    shape = Fraction(frame.width, frame.height) * pixel
    width, height = fitted(1 / shape if "transpose" in turn else shape, raster)
    unit = 4 if raster.interlaced else 2  # colour has every second line only, and each field its own
    height -= height % unit
    left, top = (raster.width - width) // 4 * 2, (raster.height - height) // 2 // unit * unit
    given = "auto" if int(frame.colorspace) != _UNSAID else "bt709" if frame.height >= 720 else "bt601"
    fields = frame.interlaced_frame and raster.interlaced and not turn
    each = "send_field" if raster.fps == 50 else "send_frame"
    weave = fast and raster.interlaced and not frame.interlaced_frame
    return [
        f"yadif=mode={each}:parity=auto:deint=all" if frame.interlaced_frame and not fields else "",
        "fieldorder=tff" if fields else "",
        *turn.split(","),
        f"scale={width}:{height}:flags=bicubic:in_color_matrix={given}:out_color_matrix={raster.colour}:out_range=limited"
        + ":interl=1" * fields,
        "format=pix_fmts=yuv420p",
        *(_WOVEN if weave else ()),
        f"pad={raster.width}:{raster.height}:{left}:{top}:black",
        f"setsar={raster.sar[0]}/{raster.sar[1]}",
    ]


def fitted(shape: Fraction, raster: Raster) -> tuple[int, int]:
    """The size, in the raster's pixels and even, at which a picture of this shape (width : height as seen) fits whole."""
    screen = Fraction(raster.width * raster.sar[0], raster.height * raster.sar[1])
    wide, high = min(Fraction(1), shape / screen), min(Fraction(1), screen / shape)
    return max(2, 2 * round(raster.width * wide / 2)), max(2, 2 * round(raster.height * high / 2))


__all__ = ["Pictures", "fitted", "has_pictures"]
