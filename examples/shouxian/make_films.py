"""Makes the example county's television films: moving grounds with a title, the time and a frame number that can be read by eye and by machine, music and a pip each second; in several sizes, rates and formats, the same every time.

python examples/shouxian/make_films.py DIRECTORY
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tqdm import tqdm

from schedules.lettering import font

# file, title, seconds, width, height, rate, sample aspect, codecs (video, sound), seed
FILMS: tuple[tuple[str, str, int, int, int, int, str, tuple[str, str], int], ...] = (
    ("tv/寿县新闻.mp4", "寿县新闻 News", 45, 1280, 720, 30, "1:1", ("libx264", "aac"), 41),
    ("tv/八公山风光.ts", "八公山风光 Bagong Hill", 40, 720, 576, 25, "64:45", ("mpeg2video", "mp2"), 42),
    ("tv/豆腐的故事.mp4", "豆腐的故事 Tofu", 40, 640, 480, 24, "1:1", ("libx264", "aac"), 43),
    ("tv/农事天地.ts", "农事天地 On the farm", 30, 1024, 576, 25, "1:1", ("libx264", "mp2"), 44),
    ("tv/台标.mp4", "寿县电视台 Shouxian TV", 8, 720, 576, 25, "64:45", ("libx264", "aac"), 45),
    ("tv/filler/古城.mp4", "古城四时 The old town", 120, 720, 576, 25, "64:45", ("libx264", "aac"), 46),
    ("tv/filler/瓦埠湖.mp4", "瓦埠湖 Wabu Lake", 95, 720, 576, 25, "64:45", ("libx264", "aac"), 47),
)
BITS = 16  # squares in which a frame says its number, lowest bit first
Plane = NDArray[np.uint8]


def ground(width: int, height: int, seed: int) -> tuple[Plane, Plane, Plane]:
    """A picture twice as wide as the film, whose left and right halves are alike: rolling hills in a colour of their own."""
    picker = np.random.default_rng(seed)
    x = np.arange(2 * width) % width / width * 2 * np.pi
    luma = np.full((height, 2 * width), 150.0)
    luma += np.linspace(40, -30, height)[:, None]
    for layer in range(4):
        wave = sum(
            picker.uniform(0.2, 1.0) / k * np.sin(k * x + picker.uniform(0, 6.28)) for k in range(1, 5)
        )
        top = height * (0.45 + 0.13 * layer) + np.asarray(wave) * height * 0.06
        luma = np.where(np.arange(height)[:, None] > top, 120.0 - 22 * layer, luma)
    u, v = picker.integers(96, 150), picker.integers(100, 150)
    half = (height // 2, width)
    return luma.clip(16, 235).astype(np.uint8), np.full(half, u, np.uint8), np.full(half, v, np.uint8)


def label(text: str, size: int) -> Plane:
    """Words as a plane of luma on black."""
    letters = font(size)
    wide = int(letters.getlength(text)) + size
    made = Image.new("L", (wide + wide % 2, size * 2), 30)
    ImageDraw.Draw(made).text((size // 2, size), text, font=letters, fill=225, anchor="lm")
    return np.array(made, dtype=np.uint8)


def squares(luma: Plane, number: int) -> None:
    """Burn the frame's number in, on a line at the foot of the picture."""
    height, width = luma.shape
    cell = width // 40
    top = height - 5 * cell
    for bit in range(BITS):
        left = 2 * cell + bit * cell
        luma[top : top + cell, left : left + cell] = 220 if number >> bit & 1 else 30


def frames(film: tuple[Any, ...]) -> Any:
    """The film's pictures as packed yuv420p rows."""
    _, title, seconds, width, height, rate, *_, seed = film
    luma, u, v = ground(width, height, seed)
    name = label(title, height // 14)
    digits = {c: label(c, height // 20) for c in "0123456789:"}
    for number in range(seconds * rate):
        at = number * 2 % width & ~1
        y = luma[:, at : at + width].copy()
        y[height // 6 : height // 6 + name.shape[0], width // 10 : width // 10 + name.shape[1]] = name
        left = width // 10
        for c in f"{number // rate // 60:02d}:{number // rate % 60:02d}:{number % rate:02d}":
            one = digits[c]
            y[height // 3 : height // 3 + one.shape[0], left : left + one.shape[1]] = one
            left += one.shape[1]
        if number % rate == 0:  # a flash with the pip
            y[: height // 20, -(width // 16) :] = 235
        squares(y, number)
        chroma = [plane[:, at // 2 : at // 2 + width // 2] for plane in (u, v)]
        yield np.concatenate([y.reshape(-1), *(plane.reshape(-1) for plane in chroma)])


def sound(seconds: int, seed: int, music: Callable[..., NDArray[np.int16]]) -> NDArray[np.int16]:
    """Music with a pip of 40 ms at each full second."""
    made = music(seconds, 48_000, 66 + seed % 20, 50 + seed % 12, seed) // 2
    pip = (8_000 * np.sin(2 * np.pi * 1_000 * np.arange(1_920) / 48_000)).astype(np.int16)
    for second in range(seconds):
        made[second * 48_000 : second * 48_000 + 1_920] = pip[:, None]
    return made


def write(path: Path, film: tuple[Any, ...], music: Callable[..., NDArray[np.int16]]) -> str:
    """Encode one film in the format of its ending."""
    name, _, seconds, width, height, rate, aspect, (video_codec, sound_codec), seed = film
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.stem}.part{path.suffix}")
    pcm = sound(seconds, seed, music)
    with av.open(str(part), "w", format="mpegts" if path.suffix == ".ts" else "mp4") as container:
        video: Any = container.add_stream(video_codec, rate=rate)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        if video_codec == "libx264":
            video.options = {
                "preset": "ultrafast",
                "crf": "23",
                "x264-params": f"sar={aspect.replace(':', '/')}",
            }
        else:
            video.bit_rate = 3_000_000
            video.codec_context.sample_aspect_ratio = Fraction(*map(int, aspect.split(":")))
        audio: Any = container.add_stream(sound_codec, rate=48_000, layout="stereo")
        audio.bit_rate = 128_000
        resampler = av.AudioResampler(
            audio.format.name, "stereo", 48_000, frame_size=audio.frame_size or 1_152
        )
        for number, packed in enumerate(frames(film)):
            picture = av.VideoFrame.from_ndarray(packed.reshape(height * 3 // 2, width), format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, rate)
            container.mux(video.encode(picture))
            first, last = number * 48_000 // rate, (number + 1) * 48_000 // rate
            piece = av.AudioFrame.from_ndarray(pcm[first:last].reshape(1, -1), format="s16", layout="stereo")
            piece.sample_rate, piece.pts, piece.time_base = 48_000, first, Fraction(1, 48_000)
            for made in resampler.resample(piece):
                container.mux(audio.encode(made))
        container.mux(video.encode(None))
        for made in resampler.resample(None):
            container.mux(audio.encode(made))
        container.mux(audio.encode(None))
    part.replace(path)
    return str(name)


def main(argv: list[str] | None = None) -> int:
    """Make what is missing, two films at a time."""
    words = sys.argv[1:] if argv is None else argv
    if len(words) != 1:
        sys.stderr.write((__doc__ or "") + "\n")
        return 2
    import runpy

    media = Path(words[0])
    music = runpy.run_path(str(Path(__file__).with_name("make_media.py")))["music"]
    todo = [film for film in FILMS if not (media / film[0]).exists()]
    with (
        ThreadPoolExecutor(2) as pool,
        tqdm(total=len(todo), desc="films · 影片", unit="film", disable=not sys.stderr.isatty()) as bar,
    ):
        waiting = [pool.submit(write, media / film[0], film, music) for film in todo]
        for done in as_completed(waiting):
            done.result()
            bar.update()
    return 0


if __name__ == "__main__":
    sys.exit(main())
