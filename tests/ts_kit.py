"""Our own transport streams, made offline by the encoders as a player runs them, and faults planted in them."""

from __future__ import annotations

from functools import cache

import av
import numpy as np

from playout.screens import Unit
from playout.ts_stream import RadioStream, TelevisionStream
from playout.tv_encoder import Mux, PictureEncoder
from playout.tv_house import size_of
from schedules.raster import FPS, FRAME, RASTERS
from station.packed import crc32_mpeg2

NULL = b"\x47\x1f\xff\x10" + b"\xff" * 184
K0 = 44_000_000_000
# another's muxer: libav's
OPTIONS = {
    "muxrate": "3200000",
    "pcr_period": "20",
    "flush_packets": "1",
    "max_delay": "300000",
    "pes_payload_size": "0",
    "mpegts_service_type": "digital_tv",
}
SHIFT = 600_000  # µs which that adds to time stamps


class Kept:
    """A file that keeps what is written to it."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes) -> int:
        self.data += data
        return len(data)


@cache
def radio(seconds: int = 3) -> bytes:
    """Noise as MP2, of the constant rate of a radio channel; nobody knows what is on."""
    noise = np.random.default_rng(1)
    pcm = noise.integers(-9_000, 9_000, (480, 2)).astype(np.int16)
    stream = RadioStream("FM", lambda: None)
    made = [stream.write(k * 480, pcm) for k in range(4_800_000, 4_800_000 + 100 * seconds)]
    return b"".join(sent.data for several in made for sent in several)


@cache
def pictures(frames: int) -> tuple[list[Unit], np.ndarray]:
    """Noise that is coded large, then small; and sound."""
    raster, noise = RASTERS["576p25"], np.random.default_rng(1)
    encoder, made = PictureEncoder(raster), []
    pcm = noise.integers(-9_000, 9_000, (FRAME, 2)).astype(np.int16)
    large = noise.integers(16, 235, size_of(raster)).astype(np.uint8)
    for k in range(K0, K0 + frames):
        packed = np.roll(large, k % FPS * 7) if k // FPS % 2 else large // 8 + 100
        made.append(encoder.encode(k, packed.astype(np.uint8), fresh=k % FPS == 0))
    return made, pcm


@cache
def television(*, frames: int = 55, sent: bool = True) -> bytes:
    """Those pictures with their sound; as we send them, or as libav's muxer writes them."""
    units, pcm = pictures(frames)
    if sent:
        stream = TelevisionStream(3_200_000, "TV", tuple)
        found = [stream.write(unit.k, unit.data, pcm, fresh=unit.fresh) for unit in units]
        return b"".join(one.data for one in found if one is not None)
    kept = Kept()
    with av.open(kept, "w", format="mpegts", container_options=OPTIONS, buffer_size=188 * 7) as container:
        mux = Mux(container, RASTERS["576p25"], ("mp2", "s16", 192_000), SHIFT)
        for unit in units:
            mux.write(unit, pcm)
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
