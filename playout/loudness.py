"""Loudness of house audio: integrated loudness and true peak by libav's ebur128 filter (EBU R 128, ITU-R BS.1770-4), and spans of silence. Knows no file."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np

from playout.rings import Pcm32
from station.words import SAMPLE_RATE

UNMEASURED: Final = (
    -7_000
)  # hundredths: the absolute gate of BS.1770-4, for what is shorter than 400 ms or silent
SILENT: Final = 1 << 13  # 24-bit value: -60 dBFS
SILENCE_SPAN: Final = 3 * SAMPLE_RATE


class Loudness:
    """Takes 24-bit pieces (count, 2) at 48 kHz; `finish` gives the figures in hundredths."""

    def __init__(self) -> None:
        graph = self._graph = av.filter.Graph()
        self._source = graph.add_abuffer(
            sample_rate=SAMPLE_RATE, format="s32", layout="stereo", time_base=Fraction(1, SAMPLE_RATE)
        )
        meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
        self._sink = graph.add("abuffersink")
        self._source.link_to(meter)
        meter.link_to(self._sink)
        graph.configure()
        self._count = 0
        self._last: dict[str, str] = {}
        self._peak = -math.inf

    def add(self, pcm: Pcm32) -> None:
        """Measure a piece."""
        raw = np.ascontiguousarray(pcm << 8).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(raw, format="s32", layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, self._count
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self._count += len(pcm)
        self._source.push(frame)
        self._drain()

    def finish(self) -> tuple[int, int, int]:
        """(integrated loudness in hundredths of LUFS, true peak in hundredths of dBTP, loudness range in hundredths of LU: EBU Tech 3342)."""
        self._source.push(None)
        self._drain()
        integrated = float(self._last.get("lavfi.r128.I", "-70"))
        peak = float(self._last.get("lavfi.r128.true_peak", "nan"))
        span = float(self._last.get("lavfi.r128.LRA", "0"))
        true_peak = _hundredths(20 * math.log10(peak) if peak > 0 else -math.inf)
        return _hundredths(integrated), true_peak, max(0, _hundredths(span))

    def _drain(self) -> None:
        with contextlib.suppress(av.BlockingIOError, av.EOFError):
            while True:
                frame: Any = self._sink.pull()
                self._last = dict(frame.metadata) or self._last


def _hundredths(value: float) -> int:
    return max(UNMEASURED, round(100 * value)) if math.isfinite(value) else UNMEASURED


class Silences:
    """Finds spans of at least SILENCE_SPAN below -60 dBFS; positions are samples."""

    def __init__(self) -> None:
        self._at = 0
        self._quiet_since = 0
        self.spans: list[tuple[int, int]] = []

    def add(self, pcm: Pcm32) -> None:
        """Look at a piece."""
        loud = np.flatnonzero(np.maximum(*np.abs(pcm).T) >= SILENT)
        if len(loud):
            edges = np.concatenate(([self._quiet_since - self._at - 1], loud))
            for gap in np.flatnonzero(np.diff(edges) > SILENCE_SPAN):
                self.spans.append((int(edges[gap]) + 1 + self._at, int(edges[gap + 1]) + self._at))
            self._quiet_since = self._at + int(loud[-1]) + 1
        self._at += len(pcm)

    def finish(self) -> list[tuple[int, int]]:
        """All spans, that at the end included."""
        if self._at - self._quiet_since >= SILENCE_SPAN:
            self.spans.append((self._quiet_since, self._at))
        return self.spans
