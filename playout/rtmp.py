"""Pushes a channel to an RTMP server as FLV: AAC, on television with the encoder's own pictures. Knows libav, which waits for the server: whoever hires this ends a process that shows no life. Knows no plan."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import av
import numpy as np
from av.container import OutputContainer

from playout.encoder import shaped
from playout.encoding import Blocks
from playout.rings import BLOCK
from playout.ways import REST, Gone, Pictures, Way
from station.outputs import target
from station.words import SAMPLE_RATE, instant_of

_OPTIONS: Final = {"flush_packets": "1", "flvflags": "no_duration_filesize"}


def push_rtmp(way: Way) -> None:
    """One connection, until it ends (Gone)."""
    place = target(way.section)
    assert place is not None  # the rules of the settings have said so
    secret = way.secret()
    address = f"rtmp://{place.host}:{place.port}{place.path}" + (f"/{secret}" if secret else "")
    way.rest(0)
    try:
        with av.open(address, "w", format="flv", container_options=_OPTIONS) as out:
            if way.pictures is None:
                _send_sound(way, out)
            else:
                _send_pictures(way, way.pictures, out)
    except av.FFmpegError as error:
        raise Gone(_why(error)) from error


def _why(error: av.FFmpegError) -> str:
    """What libav's error means for an output."""
    found: dict[type, str] = {
        av.error.ConnectionRefusedError: "refused",
        av.error.TimeoutError: "timeout",
        av.error.BrokenPipeError: "closed",
        av.error.ConnectionResetError: "closed",
    }
    return next((why for kind, why in found.items() if isinstance(error, kind)), "answer")


def _send_sound(way: Way, out: OutputContainer) -> None:
    stream = out.add_stream("aac", rate=SAMPLE_RATE, layout="stereo", format="fltp")
    stream.bit_rate = way.section.kbps * 1_000
    blocks, missed, sent = Blocks(way.air), 0, 0
    while True:
        pcm = blocks.more()
        if pcm is None:
            way.rest(REST)
            continue
        frame = av.AudioFrame.from_ndarray(shaped(pcm, "fltp"), format="fltp", layout="stereo")
        frame.sample_rate, frame.time_base, frame.pts = SAMPLE_RATE, Fraction(1, SAMPLE_RATE), sent
        sent += len(pcm)
        for packet in stream.encode(frame):
            way.gauge.sent(packet.size)
            out.mux(packet)
        way.gauge.up(way.now())
        way.gauge.lost((blocks.missed - missed) * way.section.kbps * 125 // SAMPLE_RATE, way.now())
        missed = blocks.missed
        way.rest(REST)


def _send_pictures(way: Way, pictures: Pictures, out: OutputContainer) -> None:
    from playout.tv_encoder import Mux, followed

    mux: Mux | None = None
    raster = pictures.raster
    silent = np.zeros((BLOCK, 2), dtype=np.int16)
    for unit in followed(pictures.units, way.rest):
        if mux is None:
            mux = Mux(
                out, raster, ("aac", "fltp", way.section.kbps * 1_000), instant_of(raster.sample_of(unit.k))
            )
        found = [way.air.get(raster.sample_of(unit.k) + at) for at in range(0, raster.frame, BLOCK)]
        mux.write(unit, np.concatenate([one[0] if one else silent for one in found]))
        way.gauge.sent(len(unit.data))
        way.gauge.up(way.now())
        way.rest(0)
