"""The last minute of a channel as it was received: RTP packets in, samples by absolute index out; sorts, drops doubles, knows what is missing. Knows no socket and no clock."""

from __future__ import annotations

import struct
from typing import Final

import attrs
import numpy as np

from safety.compare import Flags, Pcm
from station.words import SAMPLE_RATE, Misheard, SampleIndex

LENGTH: Final = 60 * SAMPLE_RATE
_HEAD = struct.Struct("!BBHII")
_MOST: Final = 9_600  # samples of one packet
_STEPPED: Final = b"\xbe\xde"  # profile of the one-byte header extension (RFC 8285) …
_STEP_ID: Final = b"\x10"  # … and its element in which a player says on which coarse step of its ladder it is
_FINE_ID: Final = b"\x20"  # the element after it says which of the seven
_FINE: Final = (0, 4, 5, 6)  # what a coarse step is among them, for players that say no more


@attrs.frozen
class Packet:
    """One RTP packet of L16 stereo (RFC 3550 5.1, RFC 3551 4.5.11)."""

    sequence: int
    timestamp: int
    pcm: Pcm
    step: int = 0  # of the sender's ladder, 0 the best


def parse(data: bytes) -> Packet:
    """The packet in a datagram; of header extensions only the ladder's step is read. Raises Misheard where it is none."""
    if len(data) < 12 or data[0] >> 6 != 2:
        raise Misheard("this is no RTP packet", "这不是 RTP 包")
    first, _, sequence, timestamp, _ = _HEAD.unpack_from(data)
    at, step = 12 + 4 * (first & 0x0F), 0
    if first & 0x10:
        if len(data) < at + 4:
            raise Misheard("an RTP header extension is cut off", "RTP 扩展头被截断")
        words = int(struct.unpack_from("!H", data, at + 2)[0])
        if words and data[at : at + 2] == _STEPPED and data[at + 4 : at + 5] == _STEP_ID:
            fine = data[at + 6 : at + 7] == _FINE_ID
            step = sum(data[at + 7 : at + 8]) & 7 if fine else _FINE[sum(data[at + 5 : at + 6]) & 3]
        at += 4 + 4 * words
    end = len(data) - (data[-1] if first & 0x20 else 0)
    if end < at or (end - at) % 4 or (end - at) // 4 > _MOST:
        raise Misheard("an RTP packet does not hold L16 stereo", "RTP 包中不是 L16 立体声")
    pcm = np.frombuffer(data, dtype=">i2", count=(end - at) // 2, offset=at).astype(np.int16)
    return Packet(sequence, timestamp, pcm.reshape(-1, 2), step)


def index_near(timestamp: int, near: int) -> SampleIndex:
    """The sample index with these low 32 bits that lies closest to `near`."""
    distance = (timestamp - near + (1 << 31)) % (1 << 32) - (1 << 31)
    return SampleIndex(near + distance)


class Ring:
    """The last `LENGTH` samples by absolute index. `head` is the sample after the newest one received.

    Of two players of one channel both copies come here. As for a receiver of both, what lies on the better step of the
    ladder is what is heard, whichever came first.
    """

    def __init__(self, length: int = LENGTH) -> None:
        self._length = length
        self._pcm: Pcm = np.zeros((length, 2), dtype=np.int16)
        self._have: Flags = np.zeros(length, dtype=np.bool_)
        self._step = np.zeros(length, dtype=np.uint8)
        self.head: int | None = None
        self.misplaced = 0  # packets too far from now, or too old to be used
        self.doubled = 0
        self.differed: int | None = None  # the last sample at which two copies on one step were not the same

    def add(self, packet: Packet, near: int) -> None:
        """Take a packet in; `near` is the sample on air now. What lies more than a third of the ring from it is passed over."""
        start = index_near(packet.timestamp, near)
        end = start + len(packet.pcm)
        if abs(start - near) > self._length // 3 or (
            self.head is not None and start < self.head - self._length // 2
        ):
            self.misplaced += 1
            return
        self._advance(end)
        for at, part, count in self._parts(start, len(packet.pcm)):
            place = slice(at, at + count)
            if self._have[place].all():
                self.doubled += 1
                self._compare(place, packet, part, start + part)
                if (self._step[place] <= packet.step).all():
                    continue
            self._pcm[place] = packet.pcm[part : part + count]
            self._have[place], self._step[place] = True, packet.step

    def _compare(self, place: slice, packet: Packet, part: int, index: int) -> None:
        count = place.stop - place.start
        same_step = bool((self._step[place] == packet.step).all())
        if same_step and not np.array_equal(self._pcm[place], packet.pcm[part : part + count]):
            self.differed = max(index, self.differed or 0)

    def _advance(self, end: int) -> None:
        if self.head is None:
            self.head = end
        if end <= self.head:
            return
        for at, _, count in self._parts(
            max(self.head, end - self._length), min(end - self.head, self._length)
        ):
            self._have[at : at + count] = False
        self.head = end

    def read(self, start: int, count: int) -> tuple[Pcm, Flags]:
        """Samples `start` to `start + count` (copies) and which of them were received; zeros elsewhere."""
        pcm = np.zeros((count, 2), dtype=np.int16)
        have = np.zeros(count, dtype=np.bool_)
        if self.head is None:
            return pcm, have
        first, last = max(start, self.head - self._length), min(start + count, self.head)
        for at, part, some in self._parts(first, max(0, last - first)):
            into = first - start + part
            have[into : into + some] = self._have[at : at + some]
            pcm[into : into + some] = np.where(
                have[into : into + some, np.newaxis], self._pcm[at : at + some], 0
            )
        return pcm, have

    def _parts(self, start: int, count: int) -> list[tuple[int, int, int]]:
        """(place in the ring, offset, length) of the one or two parts of a stretch."""
        if count <= 0:
            return []
        at = start % self._length
        first = min(count, self._length - at)
        parts = [(at, 0, first)]
        return parts if first == count else [*parts, (0, first, count - first)]
