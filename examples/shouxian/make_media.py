"""Makes the example county's programme: music of its own and spoken items, in several formats, the same every time. Nothing is downloaded and nobody's rights are touched.

python examples/shouxian/make_media.py DIRECTORY
"""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

HERE = Path(__file__).resolve().parent
PENTATONIC = (0, 2, 4, 7, 9)  # 宫商角徵羽
FORMATS = {
    ".wav": ("pcm_s16le", "s16"),
    ".flac": ("flac", "s16"),
    ".mp3": ("libmp3lame", "s16p"),
    ".m4a": ("aac", "fltp"),
}

# file, seconds, rate, tempo (beats a minute), lowest note (MIDI), seed
MUSIC = (
    ("music/晨曦.flac", 200, 44_100, 72, 60, 1),
    ("music/八公山.wav", 184, 48_000, 84, 57, 2),
    ("music/瓦埠湖.mp3", 221, 44_100, 66, 55, 3),
    ("music/淝水.m4a", 192, 48_000, 76, 62, 4),
    ("music/楚风.flac", 236, 48_000, 60, 53, 5),
    ("music/安丰塘.mp3", 175, 48_000, 90, 59, 6),
    ("music/豆香.m4a", 163, 44_100, 96, 64, 7),
    ("music/古城墙.wav", 247, 32_000, 68, 52, 8),
    ("filler/垫乐一.flac", 120, 48_000, 70, 60, 11),
    ("filler/垫乐二.flac", 97, 48_000, 64, 57, 12),
    ("filler/垫乐三.wav", 143, 44_100, 80, 62, 13),
    ("loop/台站循环.flac", 75, 48_000, 60, 55, 21),
    ("jingle/台标.wav", 9, 48_000, 100, 67, 31),
    ("jingle/整点.wav", 6, 48_000, 120, 72, 32),
)


def voice_of(note: float, seconds: float, rate: int, colour: NDArray[np.float64]) -> NDArray[np.float64]:
    """One plucked note with a few harmonics, mono, -1..1."""
    t = np.arange(int(seconds * rate)) / rate
    pitch = 440.0 * 2 ** ((note - 69) / 12)
    wave = sum(a * np.sin(2 * np.pi * pitch * (k + 1) * t) for k, a in enumerate(colour))
    attack = np.minimum(1.0, t / 0.012)
    return np.asarray(wave) * attack * np.exp(-2.2 * t)


def music(seconds: int, rate: int, tempo: int, low: int, seed: int) -> NDArray[np.int16]:
    """A wandering pentatonic melody over a slow bass, stereo, peak -6 dBFS; shape (samples, 2)."""
    picker = np.random.default_rng(seed)
    out = np.zeros((seconds * rate, 2))
    beat = 60.0 / tempo
    step, at = 4, 0.0
    while at < seconds - 2 * beat:
        step = int(np.clip(step + picker.integers(-2, 3), 0, 9))
        long = float(picker.choice([0.5, 1.0, 1.0, 2.0])) * beat
        _add(
            out,
            voice_of(
                low + 12 * (step // 5) + PENTATONIC[step % 5],
                long + 0.8,
                rate,
                np.array([1.0, 0.45, 0.22, 0.1]),
            ),
            at,
            rate,
            pan=0.35,
        )
        if picker.random() < 0.5:
            _add(
                out,
                0.6 * voice_of(low - 12 + PENTATONIC[step % 5], 2 * long + 1.0, rate, np.array([1.0, 0.3])),
                at,
                rate,
                pan=0.65,
            )
        at += long
    out *= 0.5 / max(1e-9, float(np.abs(out).max()))
    return (out * 32767).round().astype(np.int16)


def _add(out: NDArray[np.float64], wave: NDArray[np.float64], at: float, rate: int, *, pan: float) -> None:
    first = int(at * rate)
    wave = wave[: len(out) - first]
    out[first : first + len(wave), 0] += wave * (1 - pan)
    out[first : first + len(wave), 1] += wave * pan


def write(path: Path, pcm: NDArray[np.int16], rate: int) -> None:
    """Encode stereo 16-bit samples in the format of the file's ending."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec, form = FORMATS[path.suffix]
    part = path.with_name(path.stem + ".part" + path.suffix)
    with av.open(str(part), "w") as container:
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        frame = av.AudioFrame.from_ndarray(pcm.reshape(1, -1), format="s16", layout="stereo")
        frame.sample_rate = rate
        frame.pts = 0
        resampler = av.AudioResampler(
            form, "stereo", rate, frame_size=getattr(stream, "frame_size", 0) or 1152
        )
        for made in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(made))
        container.mux(stream.encode(None))
    part.replace(path)


def texts() -> list[tuple[str, str]]:
    """(file, text) of the spoken items in texts.txt: a line `# file`, then what is said."""
    found: list[tuple[str, str]] = []
    for block in (HERE / "texts.txt").read_text(encoding="utf-8").split("\n# "):
        name, _, said = block.lstrip("# ").partition("\n")
        if said.strip():
            found.append((name.strip(), said.strip()))
    return found


def make_music(row: tuple[str, int, int, int, int, int], media: Path) -> str:
    """One piece of music of the table."""
    name, seconds, rate, tempo, low, seed = row
    write(media / name, music(seconds, rate, tempo, low, seed), rate)
    return name


def make_speech(name: str, text: str, media: Path) -> str:
    """One spoken item."""
    path = media / name
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "station.cli", "speak", text, "--out", str(path), "--no-tone"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return name


def main(argv: list[str] | None = None) -> int:
    """Make what is missing, two files at a time; files already there are left alone."""
    words = sys.argv[1:] if argv is None else argv
    if len(words) != 1:
        sys.stderr.write((__doc__ or "") + "\n")
        return 2
    media = Path(words[0])
    todo = [row for row in MUSIC if not (media / row[0]).exists()]
    said = [row for row in texts() if not (media / row[0]).exists()]
    quiet = not sys.stderr.isatty()
    with (
        ThreadPoolExecutor(2) as pool,
        tqdm(total=len(todo) + len(said), desc="programme · 节目", unit="file", disable=quiet) as bar,
    ):
        waiting = [pool.submit(make_music, row, media) for row in todo]
        waiting += [pool.submit(make_speech, name, text, media) for name, text in said]
        for done in as_completed(waiting):
            done.result()
            bar.update()
    return 0


if __name__ == "__main__":
    sys.exit(main())
