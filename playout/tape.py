"""What the decoder of one stream gives, at its places: read span by span, wound back where a span begins before the one read last. Knows libav; knows no format's conventions."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from playout.conversion import DTYPES, Raw, columns
from playout.spans import PRIMING, Places, Span, coder, lossless, mute_frame
from station.words import Refused

_PIECE: Final = 1 << 14  # samples of silence given at once
_MOST_PASSES: Final = 16  # times an edit list may go back in its media
_CODEC_FRAME: Final = 2_048  # samples that a lossy coder may lose at its end


class Tape:
    """One stream of an opened container. `wind` it, then `read` its spans; `gaps` and `damaged` are complete afterwards."""

    def __init__(self, container: Any, stream: Any, *, absolute: bool) -> None:
        self.primed = False  # whether libav itself leaves out what the encoder put in front
        self.origin = Fraction(0)  # time stamp of the first frame, s
        self.kind = ""  # libav's name of the format, without the p of planar ones
        self.names: tuple[str, ...] = ()
        self.gaps: list[tuple[int, int]] = []
        self.damaged = 0  # packets that could not be decoded
        self._container, self._stream, self._absolute = container, stream, absolute
        self._rate: int = stream.rate
        self.coder: str = stream.codec_context.name
        self._last = (b"", 0)  # header and size of the packet read last
        self._frames: Iterator[tuple[int, Raw]] | None = None
        self._next: tuple[int, Raw] | None = None  # the piece at hand
        self._first: int | None = None
        self._passes = 0

    def wind(self) -> None:
        """To the first frame."""
        if self._frames is None:
            self._frames = self._decoded()
            self._next = next(self._frames, None)
            self._first = self._next[0] if self._next is not None else 0

    def read(self, span: Span) -> Iterator[Raw]:
        """The samples of a span; what is missing inside is silence, what is missing at its end is not given."""
        if span.start is None:
            yield from self._silence(span.length or 0)
            return
        at = max(span.start, self._first or 0)
        end = None if span.length is None else span.start + span.length
        if self._next is not None and at < self._next[0]:
            self._again()
        while self._next is not None and (end is None or at < end):
            place, raw = self._next
            if place > at:
                gap = place - at if end is None else min(place, end) - at
                yield from self._silence(gap)
                at += gap
                continue
            part = raw[at - place : None if end is None else end - place]
            yield part
            at += len(part)
            if end is None or place + len(raw) <= end:
                self._advance()
        if end is not None and 0 < end - at <= _CODEC_FRAME and not lossless(self.coder):
            yield from self._silence(end - at)

    def _advance(self) -> None:
        assert self._frames is not None
        self._next = next(self._frames, None)

    def _again(self) -> None:
        self._passes += 1
        if self._passes > _MOST_PASSES:
            raise Refused(
                "the edit list goes back in its media too often; have the file rendered first",
                "编辑列表往回跳转过多,请先渲染成普通文件",
                code="format",
            )
        self._container.seek(0)
        self._frames = self._decoded()
        self._advance()

    def _silence(self, count: int) -> Iterator[Raw]:
        zero = 128 if self.kind == "u8" else 0
        shape = (_PIECE, self._stream.channels)
        kind = DTYPES.get(self.kind, np.float32)
        for at in range(0, count, _PIECE):
            yield np.full(shape, zero, dtype=kind)[: count - at]

    def _decoded(self) -> Iterator[tuple[int, Raw]]:
        places = Places(self._rate, absolute=self._absolute)
        self.gaps = places.gaps
        first: av.AudioFrame | None = None
        for frame in self._raw():
            stamp = None if frame.pts is None or not frame.time_base else frame.pts * frame.time_base
            if first is None:
                first, self.origin = frame, stamp or Fraction(0)
                self.kind = frame.format.name.removesuffix("p")
                self.names = tuple(channel.name for channel in frame.layout.channels)
            self._alike(frame, first)
            yield places.place(stamp, frame.samples), columns(frame)
        if self.coder == "mp2" and first is not None:
            for frame in self._held_back():
                yield places.place(None, frame.samples), columns(frame)[: PRIMING["mp2"]]

    def _raw(self) -> Iterator[av.AudioFrame]:
        for packet in self._container.demux(self._stream):
            if packet.has_sidedata("skip_samples"):
                self.primed = self.primed or any(bytes(packet.get_sidedata("skip_samples"))[:4])
            if packet.size:
                self._last = (bytes(packet)[:4], packet.size)
                self.coder = coder(self.coder, self._last[0])
            elif self.coder == "mp2":
                return  # the end: what the decoder holds is asked for with a frame, see below
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                self.damaged += 1

    def _held_back(self) -> list[av.AudioFrame]:
        head, size = self._last
        try:
            return list(self._stream.codec_context.decode(av.Packet(mute_frame(head, size))))
        except av.InvalidDataError:
            return []

    def _alike(self, frame: av.AudioFrame, first: av.AudioFrame) -> None:
        kinds = [(one.sample_rate, one.format.name, len(one.layout.channels)) for one in (frame, first)]
        if kinds[0] != kinds[1] or frame.sample_rate != self._rate:
            raise Refused("its format changes in the middle", "中途改变格式", code="format")


__all__ = ["Tape"]
