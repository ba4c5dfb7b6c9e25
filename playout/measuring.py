"""Everything that ingest measures of house audio, in one pass: loudness, silences, cues, left and right, waveform. Knows no file."""

from __future__ import annotations

import attrs

from playout.cues import Cueing, Cues
from playout.loudness import Loudness, Silences
from playout.peaks import Peaks
from playout.quality import Finding, clippings, image, levels, silences
from playout.rings import Pcm32
from playout.stereo_image import StereoImage


@attrs.frozen(kw_only=True)
class Measured:
    """Hundredths of LUFS, dBTP and LU; cues in samples; `peaks` is the file of the waveform."""

    loudness: int
    peak: int
    span: int
    cues: Cues
    findings: tuple[Finding, ...]
    peaks: bytes


class Measuring:
    """Takes 24-bit pieces (count, 2) at 48 kHz."""

    def __init__(self) -> None:
        self.samples = 0
        self._loudness, self._silences = Loudness(), Silences()
        self._cues, self._image, self._peaks = Cueing(), StereoImage(), Peaks()

    def add(self, pcm: Pcm32) -> None:
        """Measure a piece."""
        self.samples += len(pcm)
        for meter in (self._loudness, self._silences, self._cues, self._image, self._peaks):
            meter.add(pcm)

    def finish(self) -> Measured:
        """All of it."""
        loudness, peak, span = self._loudness.finish()
        sides = self._image
        found = (
            *silences(self._silences.finish(), self.samples),
            *levels(loudness, span, peak),
            *image(sides.correlation(), sides.balance()),
            *clippings(sides.runs, sides.first_run),
        )
        return Measured(
            loudness=loudness, peak=peak, span=span, cues=self._cues.finish(), findings=found, peaks=self._peaks.data()
        )  # fmt: skip


__all__ = ["Measured", "Measuring"]
