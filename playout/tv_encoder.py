"""Encodes a television channel: H.264 (or MPEG-2) of each composed frame and MP2 (or AAC) of the mixed sound in an MPEG transport stream over UDP, and the same pictures with AAC as HLS. Knows rings, the time and libav; knows no plan.

Every group of pictures is closed and has an encoder of its own (x264, one thread): a process that begins later makes
the same bytes from the next group on. Time stamps are the absolute index: PTS of frame k is 3,600·k (at 25 a second), of
sample n 15·n/8, at 90 kHz modulo 2^33. What is missing is never waited for: an absent picture is the last one again, absent sound is silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any, Final

import av
import numpy as np
from av.container import OutputContainer

from playout.delivery import FIRST, Delivery, Rates
from playout.encoder import HLS_BITRATE, HLS_OPTIONS, PRIORITY, shaped, sweep
from playout.recalling import Recall
from playout.rings import BLOCK, AirRing, Pcm16
from playout.screens import BARE, FRESH, Coded, ScreenRing, Unit, UnitRing, screens
from playout.senders import Address
from playout.ts_mux import DELAY
from playout.ts_out import outlet
from playout.ts_ring import TsRing
from playout.ts_sound import Sounding
from playout.ts_stream import Listing, TelevisionStream, Video
from playout.tv_house import Fields, Packed, x264_params
from playout.tv_mpeg2 import Mpeg2Encoder, mpeg2_rates
from schedules.planes import blank
from schedules.raster import RASTERS, Raster
from station.children import realtime
from station.words import SAMPLE_RATE, Instant, instant_of, sample_at

_CLOCK: Final = Fraction(1, 90_000)
_SAMPLES: Final = Fraction(1, SAMPLE_RATE)
_WAIT: Final = 50_000  # µs after its time that a frame is waited for
_EARLY: Final = 16_000  # µs before its time that it is looked for: it is composed 20,000 before
_LOOK: Final = 0.004  # s between two looks
_FOLLOW: Final = 0.08  # s between two looks of the HLS writer
_BEHIND: Final = 0.24  # s; beyond it the encoder goes on at the present


RATES: Final = {  # lines → at 25 pictures a second
    576: Rates(video=2_500_000, mux=3_200_000),
    720: Rates(video=4_000_000, mux=5_000_000),
    1080: Rates(video=8_000_000, mux=9_600_000),
}
FAST: Final = {720: Rates(video=6_000_000, mux=7_200_000, fps=50)}  # and at 50


def rates_of(raster: Raster) -> Rates:
    """What a raster is coded at in H.264."""
    return (FAST if raster.fps == 50 else RATES)[raster.height]


def rate_of(raster: str, video: Video = "h264") -> int:
    """Bits a second of the transport stream of a raster, by its name."""
    known = RASTERS[raster]
    return rates_of(known).mux if video == "h264" else mpeg2_rates(known)[1]


class PictureEncoder:
    """H.264, a new encoder for each group of pictures."""

    def __init__(self, raster: Raster, rate: int = 0, buffer: int = 0) -> None:
        """`rate`: bits a second, 0: the raster's; `buffer`: bits that the receiver holds, 0: those of a second."""
        self._raster, self._fields = raster, Fields(raster)
        self._rate, self._buffer = rate, buffer
        self._codec: Any = None
        self._frames: dict[int, tuple[Packed, av.VideoFrame]] = {}
        self._places = 2 * screens(raster)  # a picture may stand in: those of the ring, and the encoder's own

    def encode(self, k: int, packed: Packed, *, fresh: bool, first: float = FIRST / 1_000_000) -> Unit:
        """One frame in, its access unit out: without look-ahead and B pictures nothing is kept back.

        `first`: the share of a second's bits that the first picture of a group may take.
        """
        begins = fresh or self._codec is None
        if begins:
            self._codec = self._opened(first)
        frame = self._framed(packed)
        frame.pts = k
        return Unit(
            k, begins, b"".join(bytes(packet) for packet in self._codec.encode(self._fields.marked(frame)))
        )

    def _framed(self, packed: Packed) -> av.VideoFrame:
        """The bytes as libav's frame, which x264 alone copies; kept, since pictures come from the same few places again and again."""
        known = self._frames.get(id(packed))
        if known is not None:
            return known[1]
        rows = packed.reshape(self._raster.height * 3 // 2, self._raster.width)
        made = av.VideoFrame.from_numpy_buffer(rows, format="yuv420p")
        made.time_base = Fraction(1, self._raster.fps)
        if len(self._frames) >= self._places:
            self._frames.clear()
        self._frames[id(packed)] = packed, made  # the place is kept too: no other can have its id
        return made

    def _opened(self, first: float) -> Any:
        raster = self._raster
        rate = self._rate or rates_of(raster).video
        buffer = self._buffer or rate
        begins = min(1.0, first * rate / buffer)
        codec: Any = av.CodecContext.create("libx264", "w")
        codec.width, codec.height, codec.pix_fmt = raster.width, raster.height, "yuv420p"
        codec.time_base, codec.framerate = Fraction(1, raster.fps), Fraction(raster.fps)
        codec.bit_rate, codec.thread_count = rate, 1
        rate_control = (
            f"vbv-maxrate={rate // 1000}:vbv-bufsize={buffer // 1000}:vbv-init={begins:.3g}:repeat-headers=1"
        )
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "x264-params": x264_params(raster, rate_control),
        }
        return codec


class Changeover:
    """Access units of a channel, frame after frame: what may be taken over is, where it can be decoded after what was sent; the rest is encoded, from a new group on where the picture before was taken over."""

    def __init__(self, encoder: PictureEncoder | Mpeg2Encoder, rates: Rates | None = None) -> None:
        """`rates`: of a channel that splices. Where nothing is ever taken over every group begins alike, whatever was sent before."""
        self._encoder = encoder
        # frame, film and its frame, where what was sent last was taken over
        self._taken: tuple[int, int, int] | None = None
        self._sent = None if rates is None else Delivery(rates)

    def unit(self, k: int, picture: Callable[[], Packed], coded: Coded | None, *, fresh: bool) -> Unit:
        """The access unit of frame `k`: `coded`, where it begins a group that comes in time or goes on after the one before, or of the picture."""
        before, self._taken = self._taken, None
        if coded is not None and self._follows(k, before, coded):
            self._taken = k, coded.film, coded.frame
            return self._noted(Unit(k, opens_group(coded.data), coded.data))
        anew = fresh or before is not None
        if self._sent is None or isinstance(self._encoder, Mpeg2Encoder):
            return self._encoder.encode(k, picture(), fresh=anew)
        return self._noted(self._encoder.encode(k, picture(), fresh=anew, first=self._sent.first))

    def _follows(self, k: int, before: tuple[int, int, int] | None, coded: Coded) -> bool:
        if opens_group(coded.data):
            return self._sent is not None and self._sent.open
        return before == (k - 1, coded.film, coded.frame - 1)

    def _noted(self, unit: Unit) -> Unit:
        if self._sent is not None:
            self._sent = self._sent.after(len(unit.data))
        return unit


def units_of(
    programme: Programme, screen: ScreenRing, encoder: PictureEncoder | Mpeg2Encoder
) -> Iterator[tuple[Unit, Pcm16]]:
    """The access unit and the sound of each frame of a programme."""
    changeover = Changeover(encoder, rates_of(screen.raster) if screen.splices else None)
    recall = Recall()
    for k, packed, fresh, pcm in programme.frames():
        coded = screen.coded(k)
        if programme.bare and not recall.sees and not (coded and opens_group(coded.data)):
            screen.needed = k  # nothing was sent yet that it could go on from
            continue
        own = None if programme.bare else packed
        unit = changeover.unit(k, partial(recall.picture, own), coded, fresh=fresh)
        taken = coded is not None and unit.data is coded.data
        if not taken:
            screen.needed = k
        if screen.splices:
            recall.sent(unit, taken=taken)
        yield unit, pcm


def opens_group(data: bytes) -> bool:
    """Whether an access unit of our coder begins a group: with a sequence parameter set (H.264, 7.4.1: type 7)."""
    return data[data.find(b"\1") + 1] & 31 == 7


class Programme:
    """What is encoded, frame by frame in order: the picture, its flag and its sound, complete whatever is missing."""

    def __init__(
        self, screen: ScreenRing, air: AirRing, now: Callable[[], Instant], sleep: Callable[[float], None]
    ) -> None:
        self._screen, self._air, self._now, self._sleep = screen, air, now, sleep
        raster = self._raster = screen.raster
        self._own: Packed = np.concatenate([p.reshape(-1) for p in blank(raster.width, raster.height)])
        self._shown: int | None = None  # the frame whose place in the ring is what was given last
        self._pcm: Pcm16 = np.zeros((raster.frame, 2), dtype=np.int16)
        self.repeated = 0
        self.bare = False  # whether what was given last has no pixels

    def frames(self) -> Iterator[tuple[int, Packed, bool, Pcm16]]:
        """(frame, packed, whether a group begins, its samples) from the present on, for ever. Arrays hold till the next.

        A picture is given where it stands in the ring. One whose place was taken while it was in use, by an encoder held
        up for a quarter of a second, may be torn: a new group begins after it.
        """
        raster, behind = self._raster, round(_BEHIND * self._raster.fps)
        k = raster.frame_at(sample_at(self._now())) + 1
        torn = False
        while True:
            moment = self._now()
            if raster.frame_at(sample_at(moment)) > k + behind:
                k = raster.frame_at(sample_at(moment))
            found = self._await(k, moment)
            packed, flags = self._again(k) if found is None else found
            self._shown = self._shown if found is None else k
            self.bare = self.bare if found is None else bool(flags & BARE)
            self._air.whole(raster.sample_of(k), self._pcm)
            yield k, packed, bool(flags & FRESH) or torn, self._pcm
            torn = found is not None and not self._screen.holds(k)
            k += 1

    def _again(self, k: int) -> tuple[Packed, int]:
        """The last picture in place of frame `k`, copied once: its place in the ring will be taken."""
        self.repeated += 1
        if self._shown is not None:
            self._screen.get(self._shown, self._own)
            self._shown = None
        return self._own, 0 if k % self._raster.fps else FRESH

    def _await(self, k: int, moment: Instant) -> tuple[Packed, int] | None:
        """The frame and its flags, once it and its sound are there; None when its time is over without it."""
        due, ends = instant_of(self._raster.sample_of(k)), self._raster.sample_of(k + 1)
        while True:
            over = moment > due + _WAIT
            if self._screen.head > k and (over or self._air.head >= ends):
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
    rings: tuple[TsRing, ...] = (),
    guide: Listing = tuple,
    video: Video = "h264",
    sound: Sounding = "mp2",
) -> None:
    """An encoder process: a transport stream of constant rate to a list of UDP destinations and to `rings`; its pictures to `units`, where anybody looks there. `guide`: what is on the air."""
    realtime(PRIORITY)
    raster, out = screen.raster, outlet(destinations, rings)
    encoder: PictureEncoder | Mpeg2Encoder
    encoder = PictureEncoder(raster) if video == "h264" else Mpeg2Encoder(raster)
    stream = TelevisionStream(
        rate_of(raster.name, video), name, guide, (video, sound), partial(_before, air), raster.frame
    )
    for unit, pcm in units_of(Programme(screen, air, now, sleep), screen, encoder):
        sent = stream.write(unit.k, unit.data, pcm, fresh=unit.fresh)
        if sent is not None:
            out.send(sent)
        if units is not None:
            units.put(unit)


def _before(air: AirRing, n: int) -> Pcm16:
    """Sound that is sent with the picture of sample `n` and before it."""
    pcm: Pcm16 = np.zeros((DELAY, 2), dtype=np.int16)
    air.whole(n - DELAY, pcm)
    return pcm


class Mux:
    """A container of libav's with ready pictures and sound to be encoded; it begins with a group of pictures."""

    def __init__(
        self, container: OutputContainer, raster: Raster, sound: tuple[str, str, int], shift: int = 0
    ) -> None:
        """`sound`: codec, sample format, bits a second; `shift`: µs that time stamps are less."""
        self._container, self._raster, self._shift = container, raster, shift
        codec, self._layout, rate = sound
        video: Any = container.add_stream("libx264", rate=raster.fps)
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
        packet.pts = packet.dts = unit.k * self._raster.ticks - self._shift * 9 // 100
        packet.duration = self._raster.ticks
        packet.is_keyframe = unit.fresh
        self._container.mux(packet)
        frame = av.AudioFrame.from_ndarray(shaped(pcm, self._layout), format=self._layout, layout="stereo")
        frame.sample_rate, frame.time_base = SAMPLE_RATE, _SAMPLES
        frame.pts = self._raster.sample_of(unit.k) - self._shift * 6 // 125
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
            pcm = [air.get(raster.sample_of(unit.k) + at) for at in range(0, raster.frame, BLOCK)]
            silent = np.zeros((BLOCK, 2), dtype=np.int16)
            mux.write(unit, np.concatenate([found[0] if found else silent for found in pcm]))


__all__ = [
    "Changeover",
    "Mux",
    "PictureEncoder",
    "Programme",
    "followed",
    "opens_group",
    "rate_of",
    "rates_of",
    "serve_tv",
    "serve_tv_hls",
]
