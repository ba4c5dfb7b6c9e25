"""A television player in its own process with films whose frames can be told apart, and what its transport stream shows, for the tests of what crosses processes and sockets."""

from __future__ import annotations

import hashlib
import threading
import time
from pathlib import Path

import av
import numpy as np
import radio_kit
from radio_kit import Running

from playout.tv_house import TvWriter, planes_of, size_of
from schedules.plan import Medium, Plan, Take
from schedules.raster import RASTERS, Raster

RASTER = RASTERS["576p25"]
CELL = 24  # pixels of one bit
_BITS, _TOP, _LEFT = 16, 240, 120


def film_frame(number: int, ground: int = 90, raster: Raster = RASTER) -> np.ndarray:
    """A packed frame on which its number can be read: sixteen squares, white for 1, below a grey that names the film."""
    packed = np.full(size_of(raster), 128, np.uint8)
    luma = planes_of(packed, raster)[0]
    luma[:] = ground
    for bit in range(_BITS):
        left = _LEFT + bit * CELL
        luma[_TOP : _TOP + CELL, left : left + CELL] = 220 if number >> bit & 1 else 30
    return packed


def read_number(luma: np.ndarray) -> tuple[int, int]:
    """(number, grey of the ground) of a decoded frame; -1 where there are no squares."""
    ground = int(np.median(luma[_TOP + 2 * CELL : _TOP + 4 * CELL, _LEFT : _LEFT + 200]))
    number = 0
    for bit in range(_BITS):
        left = _LEFT + bit * CELL
        value = float(luma[_TOP + 6 : _TOP + CELL - 6, left + 6 : left + CELL - 6].mean())
        if 80 < value < 170:
            return -1, ground
        number |= (value >= 170) << bit
    return number, ground


def stock_film(media: Path, frames: int, ground: int = 90, tone: int = 0, raster: Raster = RASTER) -> Medium:
    """A house film on the shelf: numbered frames, and in its sound the frame's number as a constant value (times 1,024)."""
    media.mkdir(parents=True, exist_ok=True)
    new = media / "new.mkv"
    writer = TvWriter(new, raster)
    for number in range(frames):
        pcm = np.full((raster.frame, 2), (number + tone) << 10, np.int32)
        writer.write(film_frame(number, ground, raster), pcm)
    writer.close()
    sha256 = hashlib.sha256(new.read_bytes()).hexdigest()
    place = media / sha256[:2] / f"{sha256}.mkv"
    place.parent.mkdir(exist_ok=True)
    new.rename(place)
    return Medium(sha256=sha256, samples=frames * raster.frame, frames=frames, title=f"film {ground}")


class RunningTv(Running):
    """A `gengfu player` of one television channel."""

    def __init__(
        self,
        home: Path,
        port: int,
        hls: bool = False,
        slack: int = 120,
        splice: bool = False,
        raster: str = RASTER.name,
    ) -> None:
        super().__init__(home, port, "tv", hls)
        text = radio_kit.SETTINGS.format(port=port, hls=str(hls).lower())
        text = text.replace('"fm1"', '"tv1"').replace('"radio"', '"tv"')
        text = text.replace("rundowns =", f'raster = "{raster}"\nslack_ms = {slack}\nrundowns =')
        if splice:
            text = text.replace("rundowns =", "splice = true\nclock = false\nrundowns =", 1)
        (home / "station.toml").write_text(text)


class Viewer(threading.Thread):
    """Reads the transport stream like any receiver: (PTS at 90 kHz, luma, seconds) of every picture."""

    def __init__(self, port: int, keep: bool = False, raster: Raster = RASTER) -> None:
        super().__init__(daemon=True)
        self.address = f"udp://127.0.0.1:{port}?fifo_size=100000&overrun_nonfatal=1&timeout=4000000"
        self.seen: list[tuple[int, int, int, float, bool]] = []  # pts, number, ground, when, keyframe
        self.lumas: dict[int, np.ndarray] = {}
        self.keep, self.raster = keep, raster
        self.troubles: list[str] = []
        self.ending = False
        self.start()

    def run(self) -> None:
        """Decode until told to stop; a stream that cannot be opened yet is tried again."""
        options = {"probesize": "500000", "analyzeduration": "500000"}
        while not self.ending:
            try:
                with av.open(self.address, "r", format="mpegts", options=options) as container:
                    for frame in container.decode(video=0):
                        self._take(frame)
                        if self.ending:
                            return
            except (av.FFmpegError, OSError) as error:
                self.troubles.append(f"{type(error).__name__}: {error}")

    def _take(self, frame: av.VideoFrame) -> None:
        plane = frame.planes[0]
        luma = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        number, ground = read_number(luma)
        self.seen.append((frame.pts, number, ground, time.time(), bool(frame.key_frame)))
        if self.keep:
            self.lumas[frame.pts] = luma[:, : frame.width].copy()

    def until(self, frame: int, within: float = 25.0) -> None:
        """Wait until absolute frame `frame` was seen: on a busy machine the viewer lags, which is no fault of the player."""
        deadline = time.monotonic() + within
        while time.monotonic() < deadline:
            if self.seen and frame_of(self.seen[-1][0], now_frame(self.raster), self.raster) >= frame:
                return
            time.sleep(0.05)

    def close(self) -> None:
        """Stop reading."""
        self.ending = True
        self.join(6)


def frame_of(pts: int, near: int, raster: Raster = RASTER) -> int:
    """The absolute frame a PTS (modulo 2^33) means, near frame `near`."""
    wrap = 1 << 33
    whole = near * raster.ticks
    return (whole + (pts - whole + wrap // 2) % wrap - wrap // 2) // raster.ticks


def take(item: str, k: int, frames: int, medium: Medium, raster: Raster = RASTER, **more: object) -> Take:
    """A programme take of `frames` frames from absolute frame `k`."""
    return Take(
        item=item, start=raster.sample_of(k), end=raster.sample_of(k + frames), kind="programme", title=item,
        approval=f"test:{item}", media=medium.sha256, **more,
    )  # fmt: skip


def plan_of(takes: list[Take], media: list[Medium], revision: int = 1, **more: object) -> Plan:
    """A plan of these takes for tv1."""
    return Plan(
        channel="tv1", revision=revision, start=takes[0].start, end=takes[-1].end,
        takes=tuple(takes), media=tuple({m.sha256: m for m in media}.values()), **more,
    )  # fmt: skip


def now_frame(raster: Raster = RASTER) -> int:
    """The frame on the screen now, by the wall clock."""
    return time.time_ns() // 1000 * raster.fps // 1_000_000
