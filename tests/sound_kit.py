"""Sound whose every instant is known, at any rate, and where it is found again: for the tests of what reads and writes sound files."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from playout.sources import Source


def noise(rate: int, count: int, channels: int = 2, top: float = 3_000.0, seed: int = 7) -> np.ndarray:
    """Band-limited noise, (count, channels): sixteen sines below `top` Hz, the same signal at any rate, another on each channel."""
    rng = np.random.default_rng(seed)
    t = np.arange(count) / rate
    parts = [(rng.uniform(150, top), rng.uniform(0, 6.28)) for _ in range(16)]
    return np.stack(
        [sum(0.04 * np.sin(2 * np.pi * f * t + p * (c + 1)) for f, p in parts) for c in range(channels)],
        axis=1,
    )


def wav(path: Path, sound: np.ndarray, rate: int, layout: str = "", codec: str = "pcm_s16le") -> Path:
    """A file of PCM by libav; 16 bit."""
    return coded(path, sound, rate, codec, layout=layout)


def coded(
    path: Path, sound: np.ndarray, rate: int, codec: str, *, kind: str | None = None, layout: str = "", bits: int = 192_000
) -> Path:  # fmt: skip
    """A file by libav's own encoder, in this process."""
    layout = layout or {1: "mono", 2: "stereo", 6: "5.1"}[sound.shape[1]]
    with av.open(str(path), "w", format=kind) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        if not codec.startswith(("pcm", "flac", "alac")):
            stream.bit_rate = bits
        raw = np.rint(sound * 32_767).astype(np.int16).reshape(1, -1)
        whole = av.AudioFrame.from_ndarray(np.ascontiguousarray(raw), format="s16", layout=layout)
        whole.sample_rate, whole.pts, whole.time_base = rate, 0, Fraction(1, rate)
        shape = av.AudioResampler(
            format=stream.codec_context.format, layout=layout, rate=rate, frame_size=stream.codec_context.frame_size
        )  # fmt: skip
        for frame in (*shape.resample(whole), *shape.resample(None)):
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def by_ffmpeg(path: Path, sound: np.ndarray, rate: int, *words: str) -> Path:
    """A file by the system's ffmpeg, a foreign program."""
    raw = np.rint(sound * 32_767).astype("<i2").tobytes()
    subprocess.run(
        ["ffmpeg", "-v", "error", "-f", "s16le", "-ar", str(rate), "-ac", str(sound.shape[1]), "-i", "-", *words, str(path)],
        input=raw, check=True,
    )  # fmt: skip
    return path


def heard(path: Path) -> tuple[np.ndarray, Source]:
    """All samples of a file as the product reads them, and the source that gave them."""
    source = Source(path)
    pieces = list(source.pieces())
    source.close()
    return np.concatenate(pieces) / 2**23, source


def lag(sound: np.ndarray, due: np.ndarray) -> float:
    """By how many samples `sound` comes later than `due` (a fraction, by the cross-correlation's peak)."""
    size = 2 * max(len(sound), len(due))
    both = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(due, size)))
    peak = int(np.argmax(both))
    before, at, after = both[peak - 1], both[peak], both[(peak + 1) % size]
    inner = (before - after) / (2 * (before - 2 * at + after))
    return float((peak if peak < size // 2 else peak - size) + inner)


def due_length(count: int, rate: int) -> int:
    """Samples at 48 kHz of `count` at `rate`."""
    return -(-count * 48_000 // rate)
