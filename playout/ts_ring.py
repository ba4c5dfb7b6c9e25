"""A transport stream in shared memory: its encoder writes, further outputs read, each at its own pace. Knows mmap and the stream's rate; knows no socket and nothing of what is in a packet."""

from __future__ import annotations

from typing import Final

from playout.rings import shared_bytes, shared_words

TS_PACKET: Final = 188
DATAGRAM: Final = 7 * TS_PACKET  # bytes: what fits into one datagram of an Ethernet
LAG: Final = 2  # s a reader may be behind; beyond it it goes on at the head
_HEAD, _CLAIMED, _BEGUN = range(3)


class TsRing:
    """Whole TS packets at absolute byte positions. Nobody waits for anybody: who is too far behind has lost them."""

    def __init__(self, rate: int, capacity: int | None = None) -> None:
        """`rate`: bits a second of the stream; `capacity`: bytes, twice what a reader may be behind where none is given."""
        self.rate = rate
        self.capacity = rate // 8 * LAG * 2 // DATAGRAM * DATAGRAM if capacity is None else capacity
        self._words = shared_words(3)
        self._data = shared_bytes(max(self.capacity, DATAGRAM))

    @property
    def head(self) -> int:
        """The position after the last byte."""
        return self._words[_HEAD]

    @property
    def begun(self) -> int:
        """From this position on there is no hole: the encoder began there, or went on after it had been held up."""
        return self._words[_BEGUN]

    @property
    def lag(self) -> int:
        """Bytes a reader may be behind, whole datagrams."""
        return min(self.capacity - DATAGRAM, self.rate // 8 * LAG) // DATAGRAM * DATAGRAM

    def put(self, position: int, data: bytes | memoryview) -> None:
        """The bytes from `position` on."""
        if position != self.head:
            self._words[_BEGUN] = position
        self._words[_CLAIMED] = position + len(data)  # first: who reads what is written over now will know it
        place = position % self.capacity
        first = min(len(data), self.capacity - place)
        self._data[place : place + first] = data[:first]
        self._data[: len(data) - first] = data[first:]
        self._words[_HEAD] = position + len(data)

    def read(self, at: int, most: int) -> bytes | None:
        """At most so many bytes from position `at` on; None where they are not there any more."""
        count = min(most, self.head - at)
        place = at % self.capacity
        first = min(count, self.capacity - place)
        taken = self._data[place : place + first] + self._data[: count - first]
        return taken if at >= max(self._words[_CLAIMED] - self.capacity, self.begun) else None


class Follower:
    """One reader: whole datagrams in order, each at a multiple of its size; what it was too slow for is counted and passed over."""

    def __init__(self, ring: TsRing) -> None:
        self._ring = ring
        self._at = -(-ring.head // DATAGRAM) * DATAGRAM
        self.lost = 0  # bytes

    @property
    def position(self) -> int:
        """Where the next bytes begin."""
        return self._at

    def more(self, most: int = DATAGRAM) -> bytes:
        """The next bytes, a whole number of datagrams of at most `most`; empty where less than one is there."""
        self.catch_up()
        count = min(most, self._ring.head - self._at) // DATAGRAM * DATAGRAM
        taken = self._ring.read(self._at, count) if count > 0 else b""
        if taken is None:  # written over while it was read
            self._pass_over()
            return b""
        self._at += len(taken)
        return taken

    def catch_up(self) -> None:
        """Pass over what is too old, also while what was taken before cannot be given away; what the encoder left out is not lost."""
        ring = self._ring
        if self._at < ring.begun or self._at - ring.head > ring.lag:
            self._at = -(-ring.begun // DATAGRAM) * DATAGRAM
        elif ring.head - self._at > ring.lag:
            self._pass_over()

    def _pass_over(self) -> None:
        gone = (self._ring.head - self._at) // DATAGRAM * DATAGRAM
        self.lost += gone
        self._at += gone
