"""Codes sound for a transport stream: samples of absolute index in, a frame's packets for each slot out. Knows libav; knows no ring and no time.

A frame of MP2 is the same whoever began when, once the coder has heard as much before it as it remembers (481 samples):
it hears two frames that are thrown away. AAC remembers more: its bytes depend on where it began.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, Literal, Protocol

import av
import numpy as np

from playout.encoder import shaped
from playout.rings import Pcm16
from playout.ts_mux import AHEAD, SLOT, SOUND_PACKETS
from playout.ts_packets import AAC, MPEG_SOUND, PACKET, UNCLOCKED, cut, pes
from playout.ts_packets import SOUND as SOUND_ID
from station.words import SAMPLE_RATE

Sounding = Literal["mp2", "aac"]
Hear = Callable[[int, bytes], None]
TS_BITRATE: Final = 192_000
PREROLL: Final = 2  # frames that are coded for what they leave behind
STREAM_TYPES: Final = {"mp2": MPEG_SOUND, "aac": AAC}
_LAYOUTS: Final = {"mp2": "s16", "aac": "fltp"}
_FRAMES: Final = {"mp2": SLOT, "aac": 1_024}  # samples
_LATE: Final = 902  # ticks of 90 kHz by which MP2 is later than its samples: 481 of them
_SAMPLES: Final = Fraction(1, SAMPLE_RATE)


class Packed(Protocol):
    """Where a coder's frames go: into packets, and these into slots."""

    def take(self, frame: int, data: bytes) -> range:
        """A frame; the slots that have become whole by it."""
        ...


class Mp2Packets:
    """Four packets a frame, a frame a slot, counters from the index."""

    def __init__(self, pid: int, hear: Hear, *, clocked: bool) -> None:
        """`clocked`: they carry the stream's clock."""
        self._pid, self._hear = pid, hear
        self._field = UNCLOCKED if clocked else b""

    def take(self, frame: int, data: bytes) -> range:
        """See Packed."""
        whole = pes(SOUND_ID, frame * SLOT * 15 // 8 - _LATE, data)
        slot = frame - AHEAD
        self._hear(slot, cut(self._pid, frame * SOUND_PACKETS, whole, self._field))
        return range(slot, slot + 1)


class AacPackets:
    """Each frame's packets in the first slot that has room."""

    def __init__(self, pid: int, hear: Hear) -> None:
        self._pid, self._hear = pid, hear
        self._count, self._slot, self._held = 0, 0, b""

    def take(self, frame: int, data: bytes) -> range:
        """See Packed."""
        begins = (frame - 1) * _FRAMES["aac"]  # the coder is a frame behind
        whole = cut(self._pid, self._count, pes(SOUND_ID, begins * 15 // 8, adts(len(data)) + data))
        self._count += len(whole) // PACKET
        due = begins // SLOT - AHEAD + 1
        if due > self._slot:
            self._slot, self._held = due, b""
        for at in range(0, len(whole), PACKET):
            if len(self._held) == SOUND_PACKETS * PACKET:
                self._slot, self._held = self._slot + 1, b""
            self._held += whole[at : at + PACKET]
            self._hear(self._slot, self._held)
        return range(0)


def adts(size: int) -> bytes:
    """The head of a frame of AAC-LC, 48 kHz, two channels (ISO/IEC 13818-7, 6.2)."""
    whole = size + 7
    return bytes([0xFF, 0xF1, 0x4C, 0x80 | whole >> 11, whole >> 3 & 255, (whole & 7) << 5 | 31, 0xFC])


class Sound:
    """One coder; it begins anew wherever its samples do not follow."""

    def __init__(self, kind: Sounding, packets: Packed) -> None:
        self._kind, self._packets = kind, packets
        self._size, self._layout = _FRAMES[kind], _LAYOUTS[kind]
        # one frame for all samples: coders copy them, and to make one anew costs a third of coding it
        self._given: Any = av.AudioFrame(format=self._layout, layout="stereo", samples=self._size)
        self._given.sample_rate, self._given.time_base = SAMPLE_RATE, _SAMPLES
        self._planes = self._given.planes
        self._codec: Any = None
        self._next: int | None = None  # the sample that would follow
        self._frame = self._first = 0  # the next frame; the first that is sent
        self._held: Pcm16 = np.empty((0, 2), np.int16)

    def take(self, n: int, pcm: Pcm16) -> list[int]:
        """Samples from `n` on; the slots that are whole now."""
        if n != self._next:
            self._begin(n)
            pcm = pcm[self._frame * self._size - n :]
            n = self._frame * self._size
        self._next = n + len(pcm)
        held = np.concatenate((self._held, pcm))
        at = 0
        whole: list[int] = []
        while at + self._size <= len(held):
            whole += self._coded(held[at : at + self._size])
            at += self._size
        self._held = held[at:].copy()
        return whole

    def _begin(self, n: int) -> None:
        self._codec = _opened(self._kind)
        self._frame = -(-n // self._size)
        self._first = self._frame + PREROLL
        self._held = np.empty((0, 2), np.int16)

    def _coded(self, pcm: Pcm16) -> range:
        for plane, samples in zip(self._planes, shaped(pcm, self._layout), strict=True):
            plane.update(samples.view(np.uint8))
        self._given.pts = self._frame * self._size
        data = b"".join([bytes(one) for one in self._codec.encode(self._given)])
        frame, self._frame = self._frame, self._frame + 1
        return self._packets.take(frame, data) if frame >= self._first else range(0)


def _opened(kind: Sounding) -> Any:
    codec: Any = av.CodecContext.create(kind, "w")
    codec.sample_rate, codec.layout, codec.format = SAMPLE_RATE, "stereo", _LAYOUTS[kind]
    codec.bit_rate, codec.time_base = TS_BITRATE, _SAMPLES
    return codec


def sound_of(kind: Sounding, pid: int, hear: Hear, *, clocked: bool = False) -> Sound:
    """The coder of a stream; what it makes goes to `hear`, by slot."""
    packets: Packed = Mp2Packets(pid, hear, clocked=clocked) if kind == "mp2" else AacPackets(pid, hear)
    return Sound(kind, packets)


__all__ = [
    "PREROLL",
    "STREAM_TYPES",
    "TS_BITRATE",
    "AacPackets",
    "Mp2Packets",
    "Sound",
    "Sounding",
    "adts",
    "sound_of",
]
