"""RTP packets of L16 audio (RFC 3550, RFC 3551 §4.5.11, RFC 3190), derived from the absolute sample index alone. Knows no socket and no clock."""

from __future__ import annotations

import hashlib
import struct
from typing import Final

import attrs

from schedules.plan import RUNGS, Rung
from station.words import Misheard, SampleIndex

PAYLOAD_TYPE: Final = 96  # dynamic: L16/48000/2
FRAME: Final = 240  # samples of one packet: 5 ms, 960 bytes of payload
MARKER: Final = 0x80  # of the second byte
HEAD: Final = 12  # bytes of a header without extension
PACKET: Final = HEAD + 4 * FRAME  # and with the samples
_FIXED = struct.Struct("!BBHII")
_EXTENSION = struct.Struct(
    "!HHBBBB"
)  # RFC 8285 one-byte form: profile, length in words, then twice id and length, value
_ONE_BYTE: Final = 0xBEDE
COARSE_ID: Final = 1  # id of the element with the coarse step: 1 filler or better, 2 loop, 3 tone
RUNG_ID: Final = 2  # id of the element with the step of the fallback ladder
# The step of each rung, and what a receiver that knows four of them takes it for. The second copy has the same samples.
STEPS: Final[dict[Rung, int]] = {rung: step if rung != "copy" else 0 for step, rung in enumerate(RUNGS)}
_COARSE: Final = (0, 0, 1, 1, 1, 2, 3)
_FINE: Final = (0, STEPS["filler"], STEPS["loop"], STEPS["tone"])


@attrs.frozen
class Packet:
    """One packet as a receiver understands it."""

    sequence: int  # 16 bits
    timestamp: int  # 32 bits: the sample index modulo 2^32
    ssrc: int
    payload_type: int
    marker: bool
    rung: int  # 0: as planned; 2 mended, 3 replacement, 4 filler, 5 loop, 6 tone
    payload: bytes


def ssrc_of(channel: str) -> int:
    """The SSRC of a channel: the same for twins and after a restart."""
    return int.from_bytes(hashlib.sha256(f"gengfu:{channel}".encode()).digest()[:4], "big")


def sequence_at(index: SampleIndex) -> int:
    """The sequence number of the packet that begins at `index` (a multiple of FRAME)."""
    return index // FRAME & 0xFFFF


def index_near(timestamp: int, near: SampleIndex) -> SampleIndex:
    """The sample index with this RTP timestamp that lies closest to `near`."""
    distance = (timestamp - near + (1 << 31)) % (1 << 32) - (1 << 31)
    return SampleIndex(near + distance)


def lay_header(into: memoryview, at: int, index: SampleIndex, ssrc: int) -> None:
    """Write what stands, from place `at` on, before the samples of the packet that begins at absolute sample `index`: FRAME
    times left and right, big-endian. No marker, and the first step of the ladder: see MARKER and `stepped`."""
    _FIXED.pack_into(into, at, 0x80, PAYLOAD_TYPE, sequence_at(index), index & 0xFFFF_FFFF, ssrc)


def stepped(laid: memoryview, rung: int) -> bytes:
    """A packet that was laid out, as it is on step `rung` of the ladder: off the first, a header extension (RFC 8285) says so."""
    if not rung:
        return bytes(laid)
    step = _EXTENSION.pack(_ONE_BYTE, 1, COARSE_ID << 4, _COARSE[rung], RUNG_ID << 4, rung)
    return bytes((laid[0] | 0x10,)) + laid[1:HEAD] + step + laid[HEAD:]


def parse(data: bytes) -> Packet:
    """The packet in a datagram; raises Misheard where it is none."""
    if len(data) < 12 or data[0] >> 6 != 2:
        raise Misheard("this is no RTP packet", "这不是 RTP 包")
    first, second, sequence, timestamp, ssrc = _FIXED.unpack_from(data)
    at = 12 + 4 * (first & 0x0F)
    rung = 0
    if first & 0x10:
        rung, at = _extension(data, at)
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if at > end:
        raise Misheard("an RTP packet is shorter than its header says", "RTP 包比其头部所述更短")
    return Packet(sequence, timestamp, ssrc, second & 0x7F, bool(second & 0x80), rung, data[at:end])


def _extension(data: bytes, at: int) -> tuple[int, int]:
    if len(data) < at + 4:
        raise Misheard("an RTP header extension is cut off", "RTP 扩展头被截断")
    profile, words = struct.unpack_from("!HH", data, at)
    end = at + 4 + 4 * words
    if profile != _ONE_BYTE or not words or len(data) < end or data[at + 4] != COARSE_ID << 4:
        return 0, end
    known = data[at + 6] == RUNG_ID << 4 and data[at + 7] < len(RUNGS)
    return data[at + 7] if known else _FINE[data[at + 5] & 0x03], end
