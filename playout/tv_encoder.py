"""Encodes a television channel: H.264 of each composed frame and MP2 of the mixed sound in an MPEG transport stream over UDP, and the same pictures with AAC as HLS. Knows rings, the time and libav; knows no plan.

Every group of pictures is closed and has an encoder of its own (x264, one thread): a process that begins later makes
the same bytes from the next group on. Time stamps are the absolute index: PTS of frame k is 3,600·k, of sample n 15·n/8, at
90 kHz modulo 2^33. What is missing is never waited for: an absent picture is the last one again, absent sound is silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import attrs
import av
import numpy as np
from av.container import OutputContainer

from playout.encoder import (
    HLS_BITRATE,
    HLS_OPTIONS,
    PRIORITY,
    TS_BITRATE,
    TS_PACKET,
    Gathered,
    Place,
    shaped,
    sweep,
)
from playout.rings import BLOCK, AirRing, Pcm16
from playout.screens import FRESH, ScreenRing, Unit, UnitRing
from playout.senders import Address, Throw
from playout.ts_groom import Groom, Offered, nothing
from playout.tv_house import Packed, x264_params
from schedules.planes import blank
from schedules.raster import FPS, FRAME, RASTERS, Raster, frame_at, sample_of
from station.children import realtime
from station.words import SAMPLE_RATE, Instant, instant_of, sample_at

TICKS: Final = 90_000 // FPS  # of one frame
MUX_DELAY: Final = 300_000  # µs a picture is in the receiver's buffer: the largest one still comes in time
SOUND_PID: Final = 0x101  # the muxer's second stream
_SHIFT: Final = 2 * MUX_DELAY  # µs the muxer adds to every time stamp; taken off beforehand
_CLOCK: Final = Fraction(1, 90_000)
_FRAMES: Final = Fraction(1, FPS)
_SAMPLES: Final = Fraction(1, SAMPLE_RATE)
_WAIT: Final = 50_000  # µs after its time that a frame is waited for
_EARLY: Final = 16_000  # µs before its time that it is looked for: it is composed 20,000 before
_LOOK: Final = 0.004  # s between two looks
_FOLLOW: Final = 0.08  # s between two looks of the HLS writer
_AT_ONCE: Final = 49 * 7 * TS_PACKET  # bytes the muxer gives away together: a picture is seldom larger
_BEHIND: Final = 6  # frames; beyond it the encoder goes on at the present
_PLACES: Final = 16  # a picture may stand in: those of the ring, and the encoder's own


@attrs.frozen(kw_only=True)
class Rates:
    """Bits a second of one raster."""

    video: int
    mux: int  # of the whole transport stream, constant


RATES: Final = {576: Rates(video=2_500_000, mux=3_200_000), 720: Rates(video=4_000_000, mux=5_000_000)}


def ts_options(raster: Raster) -> dict[str, str]:
    """Options of the muxer: constant rate, a PCR at most every 20 ms (the limit is 40: ETSI TR 101 290, 2.3), a PES packet for each frame of sound."""
    return {
        "muxrate": str(RATES[raster.height].mux),
        "pcr_period": "20",
        "flush_packets": "1",
        "max_delay": str(MUX_DELAY),
        "pes_payload_size": "0",
        "mpegts_service_type": "digital_tv",
    }


def groomed(raster: Raster, tables: Offered = nothing) -> Groom:
    """What puts the muxer's packets into their order, and tables into empty places."""
    return Groom(RATES[raster.height].mux, SOUND_PID, tables)


def rate_of(raster: str) -> int:
    """Bits a second of the transport stream of a raster, by its name."""
    return RATES[RASTERS[raster].height].mux


class PictureEncoder:
    """H.264, a new encoder for each group of pictures."""

    def __init__(self, raster: Raster) -> None:
        self._raster = raster
        self._codec: Any = None
        self._frames: dict[int, tuple[Packed, av.VideoFrame]] = {}

    def encode(self, k: int, packed: Packed, *, fresh: bool) -> Unit:
        """One frame in, its access unit out: without look-ahead and B pictures nothing is kept back."""
        begins = fresh or self._codec is None
        if begins:
            self._codec = self._opened()
        frame = self._framed(packed)
        frame.pts, frame.time_base = k, _FRAMES
        return Unit(k, begins, b"".join(bytes(packet) for packet in self._codec.encode(frame)))

    def _framed(self, packed: Packed) -> av.VideoFrame:
        """The bytes as libav's frame, which x264 alone copies; kept, since pictures come from the same few places again and again."""
        known = self._frames.get(id(packed))
        if known is not None:
            return known[1]
        rows = packed.reshape(self._raster.height * 3 // 2, self._raster.width)
        made = av.VideoFrame.from_numpy_buffer(rows, format="yuv420p")
        if len(self._frames) >= _PLACES:
            self._frames.clear()
        self._frames[id(packed)] = packed, made  # the place is kept too: no other can have its id
        return made

    def _opened(self) -> Any:
        raster, rate = self._raster, RATES[self._raster.height].video
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = raster.width, raster.height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, FPS), Fraction(FPS)
        codec.bit_rate, codec.thread_count = rate, 1
        rate_control = f"vbv-maxrate={rate // 1000}:vbv-bufsize={rate // 1000}:vbv-init=0.3:repeat-headers=1"
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x264-params": x264_params(raster, rate_control),
        }
        return codec


class Programme:
    """What is encoded, frame by frame in order: the picture, its flag and its sound, complete whatever is missing."""

    def __init__(
        self, screen: ScreenRing, air: AirRing, now: Callable[[], Instant], sleep: Callable[[float], None]
    ) -> None:
        self._screen, self._air, self._now, self._sleep = screen, air, now, sleep
        raster = screen.raster
        self._own: Packed = np.concatenate([p.reshape(-1) for p in blank(raster.width, raster.height)])
        self._shown: int | None = None  # the frame whose place in the ring is what was given last
        self._pcm: Pcm16 = np.zeros((FRAME, 2), dtype=np.int16)
        self.repeated = 0

    def frames(self) -> Iterator[tuple[int, Packed, bool, Pcm16]]:
        """(frame, packed, whether a group begins, 1,920 samples) from the present on, for ever. Arrays hold till the next.

        A picture is given where it stands in the ring. One whose place was taken while it was in use, by an encoder held
        up for a quarter of a second, may be torn: a new group begins after it.
        """
        k = frame_at(sample_at(self._now())) + 1
        torn = False
        while True:
            moment = self._now()
            if frame_at(sample_at(moment)) > k + _BEHIND:
                k = frame_at(sample_at(moment))
            found = self._await(k, moment)
            packed, flags = self._again(k) if found is None else found
            self._shown = self._shown if found is None else k
            self._air.whole(sample_of(k), self._pcm)
            yield k, packed, bool(flags & FRESH) or torn, self._pcm
            torn = found is not None and not self._screen.holds(k)
            k += 1

    def _again(self, k: int) -> tuple[Packed, int]:
        """The last picture in place of frame `k`, copied once: its place in the ring will be taken."""
        self.repeated += 1
        if self._shown is not None:
            self._screen.get(self._shown, self._own)
            self._shown = None
        return self._own, 0 if k % FPS else FRESH

    def _await(self, k: int, moment: Instant) -> tuple[Packed, int] | None:
        """The frame and its flags, once it and its sound are there; None when its time is over without it."""
        due = instant_of(sample_of(k))
        while True:
            over = moment > due + _WAIT
            if self._screen.head > k and (over or self._air.head >= sample_of(k + 1)):
                return self._screen.look(k)
            if over:
                return None
            self._sleep(max(_LOOK, (due - _EARLY - moment) / 1_000_000))
            moment = self._now()


def serve_tv(
    screen: ScreenRing,
    air: AirRing,
    units: UnitRing | None,
    destinations: tuple[Address, ...],
    name: str,
    now: Callable[[], Instant],
    sleep: Callable[[float], None],
    more: tuple[Place, ...] = (),
    tables: Offered = nothing,
) -> None:
    """An encoder process: a transport stream of constant rate to a list of UDP destinations and to `more`; its pictures to `units`, where anybody looks there."""
    realtime(PRIORITY)
    raster = screen.raster
    out = Gathered([*(Throw(address) for address in destinations), *more], groomed(raster, tables))
    encoder = PictureEncoder(raster)
    with av.open(
        out, "w", format="mpegts", container_options=ts_options(raster), buffer_size=_AT_ONCE
    ) as container:
        container.metadata["service_name"] = name
        container.metadata["service_provider"] = "gengfu"
        mux = Mux(container, raster, ("mp2", "s16", TS_BITRATE), _SHIFT)
        for k, packed, fresh, pcm in Programme(screen, air, now, sleep).frames():
            unit = encoder.encode(k, packed, fresh=fresh)
            mux.write(unit, pcm)
            out.leave()
            if units is not None:
                units.put(unit)


class Mux:
    """A container with ready pictures and sound to be encoded; it begins with a group of pictures."""

    def __init__(
        self, container: OutputContainer, raster: Raster, sound: tuple[str, str, int], shift: int = 0
    ) -> None:
        """`sound`: codec, sample format, bits a second; `shift`: µs that the muxer will add to time stamps."""
        self._container, self._shift = container, shift
        codec, self._layout, rate = sound
        video: Any = container.add_stream("libx264", rate=FPS)
        video.width, video.height, video.pix_fmt = raster.width, raster.height, "yuv420p"
        video.options = {"preset": "ultrafast", "x264-params": x264_params(raster)}
        video.codec_context.thread_count = 1
        video.time_base = _CLOCK
        audio: Any = container.add_stream(codec, rate=SAMPLE_RATE, layout="stereo", format=self._layout)
        audio.bit_rate = rate
        self._video, self._audio = video, audio
        self._began = False

    def write(self, unit: Unit, pcm: Pcm16) -> None:
        """A picture and its sound."""
        if not self._began and not unit.fresh:
            return
        self._began = True
        packet = av.Packet(unit.data)
        packet.stream = self._video
        packet.time_base = _CLOCK
        packet.pts = packet.dts = unit.k * TICKS - self._shift * 9 // 100
        packet.duration = TICKS
        packet.is_keyframe = unit.fresh
        self._container.mux(packet)
        frame = av.AudioFrame.from_ndarray(shaped(pcm, self._layout), format=self._layout, layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, sample_of(unit.k) - self._shift * 6 // 125
        frame.time_base = _SAMPLES
        self._container.mux(self._audio.encode(frame))


def followed(units: UnitRing, sleep: Callable[[float], None]) -> Iterator[Unit]:
    """Every unit from the newest on, in order; those that were lost are passed over."""
    number = units.count
    while True:
        if units.count <= number:
            sleep(_FOLLOW)
            continue
        found = units.get(number)
        number = number + 1 if found is not None else units.count
        if found is not None:
            yield found


def serve_tv_hls(
    raster: Raster, units: UnitRing, air: AirRing, directory: Path, sleep: Callable[[float], None]
) -> None:
    """A process that writes the encoder's own pictures with AAC in segments of two seconds, five in the list."""
    directory.mkdir(parents=True, exist_ok=True)
    sweep(directory)
    options = {**HLS_OPTIONS, "hls_segment_filename": str(directory / "seg%09d.ts")}
    with av.open(str(directory / "index.m3u8"), "w", format="hls", container_options=options) as container:
        mux = Mux(container, raster, ("aac", "fltp", HLS_BITRATE))
        for unit in followed(units, sleep):
            pcm = [air.get(sample_of(unit.k) + at) for at in range(0, FRAME, BLOCK)]
            silent = np.zeros((BLOCK, 2), dtype=np.int16)
            mux.write(unit, np.concatenate([found[0] if found else silent for found in pcm]))


__all__ = ["Mux", "PictureEncoder", "Programme", "followed", "groomed", "rate_of", "serve_tv", "serve_tv_hls"]
