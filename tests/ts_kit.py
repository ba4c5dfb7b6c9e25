"""Our own transport streams, made offline by the encoders as a player runs them, and faults planted in them."""

from __future__ import annotations

from functools import cache

import av
import numpy as np

from playout.encoder import TS_BITRATE, TS_OPTIONS, TS_PACKET, Datagrams, Gathered, pump
from playout.tv_encoder import _AT_ONCE, _SHIFT, Mux, PictureEncoder, groomed, ts_options
from playout.tv_house import size_of
from schedules.raster import FPS, FRAME, RASTERS
from station.packed import crc32_mpeg2

NULL = b"\x47\x1f\xff\x10" + b"\xff" * 184


class Kept:
    """A place a stream goes to."""

    def __init__(self) -> None:
        self.data = b""

    def send_all(self, data: memoryview, size: int) -> None:
        self.data += data


@cache
def radio(seconds: int = 3) -> bytes:
    """Noise as MP2, of the constant rate of a radio channel."""
    kept, noise = Kept(), np.random.default_rng(1)
    pcm = noise.integers(-9_000, 9_000, (480, 2)).astype(np.int16)
    with av.open(
        Datagrams([kept]), "w", format="mpegts", container_options=TS_OPTIONS, buffer_size=7 * TS_PACKET
    ) as container:
        stream = container.add_stream("mp2", rate=48_000, layout="stereo", format="s16")
        stream.bit_rate = TS_BITRATE
        pump(container, stream, ((k * 480, pcm) for k in range(100 * seconds)), "s16")
    return kept.data


@cache
def television(*, frames: int = 55, sent: bool = True) -> bytes:
    """Noise that is coded large, then small, with sound; as it is sent, or as the muxer writes it."""
    kept, raster, noise = Kept(), RASTERS["576p25"], np.random.default_rng(1)
    out, encoder = Gathered([kept], groom=groomed(raster) if sent else bytes), PictureEncoder(raster)
    pcm = noise.integers(-9_000, 9_000, (FRAME, 2)).astype(np.int16)
    large = noise.integers(16, 235, size_of(raster)).astype(np.uint8)
    with av.open(
        out, "w", format="mpegts", container_options=ts_options(raster), buffer_size=_AT_ONCE
    ) as container:
        mux = Mux(container, raster, ("mp2", "s16", TS_BITRATE), _SHIFT)
        for k in range(44_000_000_000 // FPS * FPS, 44_000_000_000 // FPS * FPS + frames):
            packed = np.roll(large, k % FPS * 7) if k // FPS % 2 else large // 8 + 100
            mux.write(encoder.encode(k, packed.astype(np.uint8), fresh=k % FPS == 0), pcm)
            out.leave()
    out.leave()
    return kept.data


def packets(stream: bytes) -> list[bytes]:
    """Of a stream."""
    return [stream[at : at + 188] for at in range(0, len(stream), 188)]


def pid_of(packet: bytes) -> int:
    return (packet[1] & 0x1F) << 8 | packet[2]


def has_pcr(packet: bytes) -> bool:
    return bool(packet[3] & 0x20 and packet[4] and packet[5] & 0x10)


def moved_pcr(packet: bytes, ticks: int, *, said: bool = False) -> bytes:
    """A packet whose PCR is so much later; `said`: with discontinuity_indicator."""
    base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
    now = (base * 300 + ((packet[10] & 1) << 8 | packet[11]) + ticks) % (300 << 33)
    base, more = divmod(now, 300)
    field = (base << 15 | 0x7E00 | more).to_bytes(6, "big")
    return packet[:5] + bytes([packet[5] | 0x80 * said]) + field + packet[12:]


def moved_pts(packet: bytes, ticks: int) -> bytes:
    """The beginning of a PES packet whose PTS (and DTS) is so much later, in ticks of 90 kHz."""
    at = packet.index(b"\0\0\1", 4) + 9
    for place in (at, at + 5)[: 2 if packet[at - 2] & 0x40 else 1]:
        d = packet[place : place + 5]
        pts = (d[0] >> 1 & 7) << 30 | d[1] << 22 | d[2] >> 1 << 15 | d[3] << 7 | d[4] >> 1
        pts = (pts + ticks) % (1 << 33)
        made = bytes(
            [
                d[0] & 0xF1 | pts >> 30 << 1,
                pts >> 22 & 255,
                pts >> 14 & 254 | 1,
                pts >> 7 & 255,
                pts << 1 & 254 | 1,
            ]
        )
        packet = packet[:place] + made + packet[place + 5 :]
    return packet


def is_start(packet: bytes, pid: int) -> bool:
    """Whether a PES packet of this PID begins in it."""
    return pid_of(packet) == pid and bool(packet[1] & 0x40)


def section(table: int, body: bytes, *, number: int = 0, short: bool = False) -> bytes:
    """A section with its checksum, or the short kind without."""
    if short:
        return bytes([table]) + (0x7000 | len(body)).to_bytes(2, "big") + body
    head = (
        bytes([table]) + (0xF000 | len(body) + 9).to_bytes(2, "big") + b"\0\1\xc1" + bytes([number, 1]) + body
    )
    return head + crc32_mpeg2(head).to_bytes(4, "big")


def table_packet(pid: int, data: bytes, counter: int = 0) -> bytes:
    """A section in a packet of its own."""
    return bytes([0x47, 0x40 | pid >> 8, pid & 255, 0x10 | counter & 15, 0]) + data.ljust(183, b"\xff")
