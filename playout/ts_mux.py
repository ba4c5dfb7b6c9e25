"""A transport stream of constant rate whose every place is a function of the absolute index: what stands where, its clock, its counter. Pure; knows packets and samples, no coder, no socket, no time.

Places are packets since 1970 at the stream's rate. They fall into slots of 1,152 samples, a frame of MP2 each, and
in every slot the same things stand at the same places: the clock, the four packets of one frame of sound, one
table where one is due. All other places are the pictures', in order, and empty where there is none.

What is where so depends on nothing but the index, with two exceptions, both of pictures:
- *Counters.* A group of pictures begins with counter 0: as many packets as are missing to sixteen, each with a zero
  that belongs to the picture before, go first.
- *What is left.* A picture that is larger than the places of its own time goes on in those of the next. Two muxers
  that began at different times may have different packets left; given the same pictures, the difference never grows,
  and it is none from the moment at which the one with more has none. `settled` says when this is sure: when a muxer
  that had begun with as much as may ever be left would have as much left as this one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from playout.ts_packets import (
    CLOCK,
    NULL,
    PACKET,
    PICTURES,
    RANDOM_ACCESS,
    clock_only,
    clocked,
    cut,
    padding,
    pes,
)
from station.words import SAMPLE_RATE

SLOT: Final = 1_152  # samples
SOUND_PACKETS: Final = 4  # of a slot
AHEAD: Final = (
    4  # slots before it is heard that sound is sent: 86 ms, 2,640 bytes of 192 kbit/s, of the buffer's 3,584
)
DELAY: Final = 14_400  # samples, 300 ms: from a picture's first place to its time
_BITS: Final = PACKET * 8
_LEAK: Final = 2_000_000  # bits a second out of the transport buffer of sound (T-STD, 2.4.2.3)
_NULLS: Final = NULL * 64
_CYCLE: Final = 16


class Sent(NamedTuple):
    """Packets, and the place of the first."""

    place: int
    data: bytes


class Places:
    """Places and times of a stream of `rate` bits a second."""

    def __init__(self, rate: int) -> None:
        self.rate = rate

    def at(self, n: int) -> int:
        """The first place that begins at sample `n` or later."""
        return -(-n * self.rate // (_BITS * SAMPLE_RATE))

    def clock(self, place: int) -> int:
        """The PCR of a packet there: when the byte with the last bit of its base arrives, in ticks of 27 MHz (2.4.2.2)."""
        return (place * PACKET + 10) * 8 * CLOCK // self.rate


class Multiplex:
    """Give it pictures and sound; `span` gives the packets."""

    def __init__(
        self, rate: int, pictures: int | None, table: Callable[[int], bytes | None] = lambda _: None
    ) -> None:
        """`pictures`: their PID, None: there is sound only, which then has the clock. `table`: the packet of a slot, None: it has none."""
        self._places, self._pid, self._table = Places(rate), pictures, table
        self._apart = -(-rate // _LEAK)  # places in which the buffer of sound empties of a packet
        self._first = 0 if pictures is None else 1
        self._sound: dict[int, bytes] = {}
        self._queue, self._gone = b"", 0  # packets of pictures, and how many bytes of them were sent
        self._count = 0  # of the next packet of pictures
        self._most = rate // _BITS * PACKET  # bytes that may be left: a second's
        self._lost = False  # too much was left: nothing till the next group
        self._bound = self._places.at(DELAY) * PACKET  # bytes another one might have left

    @property
    def left(self) -> int:
        """Bytes of pictures that wait."""
        return len(self._queue) - self._gone

    @property
    def settled(self) -> bool:
        """Whether any other that was given the same pictures since this one began sends the same from now on."""
        return self._bound <= self.left

    def hear(self, slot: int, packets: bytes) -> None:
        """The sound of a slot: four packets at most."""
        self._sound[slot] = packets

    def show(self, pts: int, unit: bytes, *, fresh: bool) -> None:
        """A picture, to be sent from the next span on; `fresh`: it begins a group."""
        assert self._pid is not None
        if self._lost and not fresh:
            return
        made = b""
        if fresh and not self._lost:
            made = b"".join(
                [padding(self._pid, n) for n in range(self._count, -(-self._count // _CYCLE) * _CYCLE)]
            )
        if fresh:
            self._count, self._lost = 0, False
        whole = cut(self._pid, self._count, pes(PICTURES, pts, unit), RANDOM_ACCESS if fresh else b"")
        self._count = (self._count + len(whole) // PACKET) % _CYCLE
        made += whole
        self._queue, self._gone = self._queue[self._gone :] + made, 0
        self._bound += len(made)
        if self.left > self._most:
            self._queue, self._lost = b"", True

    def span(self, n: int, end: int) -> Sent:
        """The places that begin from sample `n` of the stream's own clock up to `end`."""
        start, last = self._places.at(n), self._places.at(end)
        pieces: list[bytes] = []
        at, slot = start, n // SLOT
        while at < last:
            for place, fixed in self._slot(slot):
                if at <= place < last:
                    pieces.append(self._shown(place - at))
                    pieces.append(fixed or self._clock(place))
                    at = place + 1
            slot += 1
            upto = min(self._places.at(slot * SLOT), last)
            if at < upto:
                pieces.append(self._shown(upto - at))
                at = upto
        self._forget(slot - 1)
        return Sent(start, b"".join(pieces))

    def rest(self, n: int, step: int) -> list[Sent]:
        """At the end of a stream, from sample `n` on: spans of `step` samples till nothing waits."""
        made = []
        while self.left or self._sound:
            made.append(self.span(n, n + step))
            n += step
        return made

    def _slot(self, slot: int) -> list[tuple[int, bytes]]:
        """What stands at which place; nothing: a clock of its own."""
        begins = self._places.at(slot * SLOT)
        made = [(begins, b"")][: self._first]
        sound = self._sound.get(slot, b"")
        for number in range(SOUND_PACKETS):
            place = begins + self._first + number * self._apart
            one = sound[number * PACKET : (number + 1) * PACKET] or NULL
            if not self._first and not number and sound:
                one = clocked(one, self._places.clock(place))
            made.append((place, one))
        table = self._table(slot)
        if table is not None:
            made.append((begins + self._first + SOUND_PACKETS * self._apart, table))
        return made

    def _clock(self, place: int) -> bytes:
        assert self._pid is not None
        return clock_only(self._pid, self._count - self.left // PACKET - 1, self._places.clock(place))

    def _shown(self, count: int) -> bytes:
        """So many packets of pictures, empty ones where they end."""
        size = count * PACKET
        taken = self._queue[self._gone : self._gone + size]
        self._gone += len(taken)
        self._bound = max(0, self._bound - size)
        short = size - len(taken)
        return (
            taken
            if not short
            else taken + (_NULLS[:short] if short <= len(_NULLS) else NULL * (short // PACKET))
        )

    def _forget(self, slot: int) -> None:
        for old in [one for one in self._sound if one < slot]:
            del self._sound[old]


__all__ = ["AHEAD", "DELAY", "SLOT", "SOUND_PACKETS", "Multiplex", "Places", "Sent"]
