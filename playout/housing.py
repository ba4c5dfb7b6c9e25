"""Takes one sound file into house format: the work of the ingest child, from the source's bytes to the file in its place. Knows files and libav; starts no process."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from playout.downmix import headroom
from playout.facts import Facts, hash_file, house_path, write_facts
from playout.loudness import Loudness, Silences
from playout.opening import stamp_of, still
from playout.rings import Pcm32
from playout.sources import Source
from station.files import flush
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
    source_sha256 = hash_file(path)
    new = media / f".ingest-{os.getpid()}.flac"
    media.mkdir(parents=True, exist_ok=True)
    source = source_of(path)
    try:
        loudness, silences = Loudness(), Silences()
        samples = _pour(source, new, loudness, silences, progress)
        still(path, before)
        sha256 = hash_file(new)
        integrated, peak = loudness.finish()
        facts = Facts(
            sha256=sha256,
            samples=samples,
            source_sha256=source_sha256,
            loudness_centi_lufs=integrated,
            true_peak_centi_db=peak,
            title=title or source.title,
            format=source.format,
            warnings=(*source.warnings, *silence_warnings(silences.finish(), samples)),
        )
        place(new, house_path(media, sha256).with_suffix(".flac"))
        write_facts(facts, media, raster)
        return facts
    finally:
        source.close()
        new.unlink(missing_ok=True)


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


def _pour(
    source: Source, new: Path, loudness: Loudness, silences: Silences, progress: Callable[[int, int], None]
) -> int:
    writer = HouseWriter(new)
    told = 0
    for pcm in source.pieces():
        if len(pcm):
            writer.write(pcm)
            loudness.add(pcm)
            silences.add(pcm)
        if source.count - told > 5 * source.rate:
            told = source.count
            progress(told, source.about)
    writer.close()
    return writer.samples


def place(new: Path, path: Path) -> None:
    """Move a finished file to where it belongs, flushed."""
    flush(new)
    path.parent.mkdir(parents=True, exist_ok=True)
    new.replace(path)


def silence_warnings(spans: list[tuple[int, int]], samples: int) -> tuple[Text, ...]:
    """What is said of spans of silence (first and last sample) in so many samples."""
    if spans == [(0, samples)]:
        return (Text("the file is silent from beginning to end", "全文件静音"),)
    said = []
    for start, end in spans[:5]:
        at, length = start // SAMPLE_RATE, (end - start) // SAMPLE_RATE
        said.append(
            Text(
                f"{length} s of silence at {at // 60}:{at % 60:02d}",
                f"{at // 60}:{at % 60:02d} 处静音 {length} 秒",
            )
        )
    return tuple(said)


__all__ = ["HouseWriter", "Refused", "house", "place", "silence_warnings", "source_of"]
