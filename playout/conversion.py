"""Sample formats: what codecs give, as 24-bit values or floating point, and resampled to 48 kHz. Knows numpy and libav's resampler; knows no file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
import numpy.typing as npt

from playout.rings import Pcm32
from station.words import SAMPLE_RATE

Raw = npt.NDArray[Any]
FULL: Final = 1 << 23
_TAIL: Final = (
    512  # samples of silence after the end: what is shorter than the filter would never come out of it
)

DTYPES: Final[dict[str, Any]] = {
    "u8": np.uint8, "s16": np.int16, "s32": np.int32, "s64": np.int64, "flt": np.float32, "dbl": np.float64,
}  # fmt: skip


def columns(frame: av.AudioFrame) -> Raw:
    """(samples, channels) as the codec gave them."""
    raw: Raw = frame.to_ndarray()
    return raw.T if frame.format.is_planar else raw.reshape(frame.samples, -1)


def values(raw: Raw, kind: str) -> Pcm32:
    """24-bit values of samples of libav's format `kind` (without the p of planar ones); integers of 24 bits or fewer keep every bit."""
    if kind == "u8":
        return (raw.astype(np.int32) - 128) << 16
    if kind == "s16":
        return raw.astype(np.int32) << 8
    if kind == "s32":
        rounded: Pcm32 = np.clip((raw.astype(np.int64) + 128) >> 8, -FULL, FULL - 1).astype(np.int32)
        return rounded
    return quantised(floats(raw, kind))


def floats(raw: Raw, kind: str) -> npt.NDArray[np.float64]:
    """The same as floating point, 1.0 being full scale."""
    made = raw.astype(np.float64)
    if kind == "u8":
        return (made - 128) / 128
    if kind in ("s16", "s32", "s64"):
        made /= -float(np.iinfo(DTYPES[kind]).min)
        return made
    return np.nan_to_num(made, copy=False)


def quantised(raw: Raw) -> Pcm32:
    """24-bit values of floating point, rounded to the nearest, even where there are two; beyond full scale: full scale."""
    scaled = np.rint(np.nan_to_num(raw.astype(np.float64)) * FULL)
    pcm: Pcm32 = np.clip(scaled, -FULL, FULL - 1).astype(np.int32)
    return pcm


def stereo(pcm: Pcm32) -> Pcm32:
    """One channel goes to both sides as it is."""
    if pcm.shape[1] == 2:
        return pcm
    both: Pcm32 = np.repeat(pcm, 2, axis=1)
    return both


def through(pieces: Iterator[Raw], rate: int) -> Iterator[Raw]:
    """Resampled to 48 kHz: (count, channels) in floating point, in place with the source, and some silence more at the end."""
    graph: _Graph | None = None
    for piece in pieces:
        if rate == SAMPLE_RATE:
            yield piece
            continue
        graph = graph or _Graph(rate, piece.shape[1])
        graph.push(piece)
        yield from graph.drain()
    if graph is not None:
        graph.push(np.zeros((_TAIL, graph.channels)))
        graph.source.push(None)
        yield from graph.drain()


class _Graph:
    """abuffer → aresample → abuffersink, one or two channels of double."""

    def __init__(self, rate: int, channels: int) -> None:
        self.channels = channels
        self._rate, self._layout = rate, "mono" if channels == 1 else "stereo"
        graph = self._graph = av.filter.Graph()
        self.source = graph.add_abuffer(
            sample_rate=rate, format="dbl", layout=self._layout, time_base=Fraction(1, rate)
        )
        resample = graph.add("aresample", f"{SAMPLE_RATE}:filter_size=128:cutoff=0.97")
        self._sink = graph.add("abuffersink")
        self.source.link_to(resample)
        resample.link_to(self._sink)
        graph.configure()

    def push(self, piece: Raw) -> None:
        """One piece in."""
        frame = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(piece).reshape(1, -1), format="dbl", layout=self._layout
        )
        frame.sample_rate = self._rate
        self.source.push(frame)

    def drain(self) -> Iterator[Raw]:
        """What is ready."""
        with contextlib.suppress(av.BlockingIOError, av.EOFError):
            while True:
                frame: Any = self._sink.pull()
                yield columns(frame)


__all__ = ["DTYPES", "FULL", "Raw", "columns", "floats", "quantised", "stereo", "through", "values"]
