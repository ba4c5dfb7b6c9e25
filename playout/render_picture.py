"""What a plan looks like, written to a file: Y4M (each frame as the player composes it) or MP4 (to look at). Knows libav and files; decides nothing that schedules.picture does not say."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Final, Protocol

import attrs
import av
import numpy as np

from playout.graphics import Graphics, compose, layers
from playout.render_files import Films
from playout.rings import Pcm16
from playout.tv_house import Fields, Packed, planes_of, size_of, x264_params
from schedules.picture import Scene
from schedules.plan import Fallen, Overlay, Plan
from schedules.planes import blank
from schedules.raster import Raster
from station.words import SAMPLE_RATE

_MP4_SOUND: Final = 256_000  # bits a second


@attrs.frozen(kw_only=True)
class Looks:
    """What a channel's pictures are composed with."""

    graphics: Graphics
    tz: str = ""  # whose clock is shown; empty: none
    clock: bool = True
    sign: bool = True
    name: str = ""  # the service's, in the tables of a transport stream


class Sink(Protocol):
    """Takes a programme frame by frame."""

    def write(self, packed: Packed, pcm: Pcm16) -> None:
        """One picture and the samples that it lasts."""
        ...

    def close(self) -> None:
        """Write what is still held."""
        ...


class Composer:
    """Frames as the picture process composes them."""

    def __init__(
        self, plan: Plan, overlays: Sequence[Overlay], rungs: Sequence[Fallen], films: Films, looks: Looks
    ) -> None:
        self.plan, self._films, self._graphics = plan, films, looks.graphics
        self.raster = raster = looks.graphics.raster
        self.scene = Scene(plan, overlays, rungs, raster, looks.tz, clock=looks.clock, sign=looks.sign)
        self._black = np.concatenate([plane.reshape(-1) for plane in blank(raster.width, raster.height)])
        self._canvas: Packed = np.empty(size_of(raster), np.uint8)

    def frame(self, k: int) -> Packed:
        """Frame `k`; the array holds until the next one. Raises NotReady, NotPlanned."""
        now = self.scene.at(k)
        if now.shot is None:
            np.copyto(self._canvas, self._black)
        else:
            self._films.picture(now.shot.sha256, now.shot.frame, self._canvas)
        compose(planes_of(self._canvas, self.raster), layers(now, self._graphics))
        return self._canvas


class Y4m:
    """YUV4MPEG2: a line for the stream, a line and the bytes of each frame. It has no sound."""

    def __init__(self, file: BinaryIO, raster: Raster) -> None:
        self._file = file
        pixel = f"{raster.sar[0]}:{raster.sar[1]}"
        scan = "It" if raster.interlaced else "Ip"
        size = f"W{raster.width} H{raster.height}"
        head = f"YUV4MPEG2 {size} F{raster.fps}:1 {scan} A{pixel} C420mpeg2 XCOLORRANGE=LIMITED\n"
        file.write(head.encode("ascii"))

    def write(self, packed: Packed, pcm: Pcm16) -> None:
        """See `Sink`; the sound is left out."""
        self._file.write(b"FRAME\n")
        self._file.write(packed.data)

    def close(self) -> None:
        """Nothing is held."""


class Mp4:
    """H.264 and AAC. Both are lossy: the picture is that of the channel, the bytes are not those it sends."""

    def __init__(self, path: Path, raster: Raster) -> None:
        self._raster, self._fields, self._k = raster, Fields(raster), 0
        self._container = av.open(f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"})
        video: Any = self._container.add_stream("libx264", rate=raster.fps)
        video.width, video.height, video.pix_fmt = raster.width, raster.height, "yuv420p"
        video.codec_context.time_base = Fraction(1, raster.fps)
        video.options = {"preset": "veryfast", "crf": "18", "x264-params": x264_params(raster)}
        audio: Any = self._container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")
        audio.bit_rate = _MP4_SOUND
        self._video, self._audio = video, audio
        self._shape = av.AudioResampler(format="fltp", layout="stereo", rate=SAMPLE_RATE, frame_size=1_024)

    def write(self, packed: Packed, pcm: Pcm16) -> None:
        """See `Sink`."""
        rows = packed.reshape(self._raster.height * 3 // 2, self._raster.width)
        picture = av.VideoFrame.from_ndarray(rows, format="yuv420p")
        picture.pts, picture.time_base = self._k, Fraction(1, self._raster.fps)
        self._container.mux(self._video.encode(self._fields.marked(picture)))
        raw = np.ascontiguousarray(pcm).reshape(1, -1)
        sound = av.AudioFrame.from_ndarray(raw, format="s16", layout="stereo")
        sound.sample_rate, sound.pts = SAMPLE_RATE, self._raster.sample_of(self._k)
        sound.time_base = Fraction(1, SAMPLE_RATE)
        self._heard(sound)
        self._k += 1

    def close(self) -> None:
        """See `Sink`."""
        self._heard(None)
        self._container.mux(self._video.encode(None))
        self._container.mux(self._audio.encode(None))
        self._container.close()

    def _heard(self, sound: av.AudioFrame | None) -> None:
        for frame in self._shape.resample(sound):
            self._container.mux(self._audio.encode(frame))


__all__ = ["Composer", "Looks", "Mp4", "Sink", "Y4m"]
