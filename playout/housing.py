"""Takes one sound file into house format: the work of the ingest child, from the source's bytes to the file in its place. Knows files and libav; starts no process."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from playout.downmix import headroom
from playout.facts import MEASURED, Facts, house_path, peaks_path, source_hash, write_facts
from playout.measuring import Measured, Measuring
from playout.opening import stamp_of, still
from playout.quality import Finding, said, sources
from playout.rings import Pcm32
from playout.sources import Source
from station.files import flush, hash_of, write_whole
from station.words import SAMPLE_RATE, Refused, Text

_FRAME = 4_096  # samples of one FLAC frame, always, so that the same samples give the same bytes


class HouseWriter:
    """Writes FLAC 48 kHz, stereo, 24 bit; the same samples give the same bytes however they are cut into pieces."""

    def __init__(self, path: Path) -> None:
        self.samples = 0
        self._container = av.open(str(path), "w", format="flac", container_options={"fflags": "+bitexact"})
        self._stream = self._container.add_stream("flac", rate=SAMPLE_RATE, layout="stereo", format="s32")
        self._stream.codec_context.options = {
            "compression_level": "5",
            "flags": "+bitexact",
            "bits_per_raw_sample": "24",
            "frame_size": str(_FRAME),
        }
        self._held = np.empty((0, 2), dtype=np.int32)

    def write(self, pcm: Pcm32) -> None:
        """Append 24-bit values (count, 2)."""
        self._held = np.concatenate((self._held, pcm))
        whole = len(self._held) // _FRAME * _FRAME
        for at in range(0, whole, _FRAME):
            self._encode(self._held[at : at + _FRAME])
        self._held = self._held[whole:]

    def close(self) -> None:
        """Write the rest and the exact sample count."""
        if len(self._held):
            self._encode(self._held)
        for packet in self._stream.encode(None):
            self._container.mux(packet)
        self._container.close()

    def _encode(self, pcm: Pcm32) -> None:
        raw = np.ascontiguousarray(pcm << 8).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(raw, format="s32", layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, self.samples
        frame.time_base = Fraction(1, SAMPLE_RATE)
        self.samples += len(pcm)
        for packet in self._stream.encode(frame):
            self._container.mux(packet)


def house(
    path: Path, media: Path, title: str, progress: Callable[[int, int], None], raster: str = ""
) -> Facts:
    """Ingest `path`; the file is in its place, whole and flushed, when this returns. Raises Refused.

    `progress(done, total)` is told of source samples; total is 0 where the file does not say. `raster`: the one it was
    asked for in, though it has no picture.
    """
    before = stamp_of(path)
    new = media / f".ingest-{os.getpid()}.flac"
    source = source_of(path)
    try:
        source_sha256 = source_hash(path, raster)
        media.mkdir(parents=True, exist_ok=True)
        meters = Measuring()
        samples = _pour(source, new, meters, progress)
        still(path, before)
        measured = meters.finish()
        return shelve(
            new,
            media,
            measured,
            heard(measured, source),
            asked_raster=raster,
            samples=samples,
            source_sha256=source_sha256,
            title=title or source.title,
            format=source.format,
            warnings=tuple(source.warnings),
        )
    finally:
        source.close()
        new.unlink(missing_ok=True)


def heard(measured: Measured, source: Source) -> tuple[Finding, ...]:
    """What was found of the sound, and what its source says it has and does not."""
    return (*measured.findings, *sources(source.missing, source.gaps, source.rate))


def source_of(path: Path) -> Source:
    """A file opened; the downmix of more than two channels is measured first and lowered where it would be cut off."""
    source = Source(path)
    if source.channels > 2:
        gain = headroom(source.loudest())
        source.close()
        source = Source(path)
        source.gain = gain
        if gain < 1:
            decibels = f"{-20 * math.log10(gain):.1f}"
            source.warnings.append(
                Text(
                    f"{source.channels} channels were mixed to two and lowered by {decibels} dB",
                    f"{source.channels} 声道下混为立体声,并衰减 {decibels} dB",
                )
            )
    return source


def _pour(source: Source, new: Path, meters: Measuring, progress: Callable[[int, int], None]) -> int:
    writer = HouseWriter(new)
    told = 0
    for pcm in source.pieces():
        if len(pcm):
            writer.write(pcm)
            meters.add(pcm)
        if source.count - told > 5 * source.rate:
            told = source.count
            progress(told, source.about)
    writer.close()
    return writer.samples


def shelve(
    new: Path,
    media: Path,
    measured: Measured,
    findings: tuple[Finding, ...],
    *,
    asked_raster: str,
    warnings: tuple[Text, ...],
    **known: Any,
) -> Facts:
    """Put a finished house file into its place, flushed, with its facts and its waveform beside it."""
    facts = Facts(
        sha256=hash_of(new),
        loudness_centi_lufs=measured.loudness,
        true_peak_centi_db=measured.peak,
        measured=MEASURED,
        range_centi_lu=measured.span,
        cues=measured.cues,
        findings=findings,
        warnings=(*warnings, *map(said, findings)),
        **known,
    )
    flush(new)
    path = house_path(media, facts.sha256).with_suffix(new.suffix)
    path.parent.mkdir(parents=True, exist_ok=True)
    new.replace(path)
    write_whole(peaks_path(media, facts.sha256), measured.peaks)
    write_facts(facts, media, asked_raster)
    return facts


__all__ = ["HouseWriter", "Refused", "house", "shelve", "source_of"]
