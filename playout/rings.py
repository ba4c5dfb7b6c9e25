"""Shared-memory rings between the processes of a player: decoders → mixer (int32; pictures uint8) and mixer → senders (int16). Knows numpy and mmap; knows no file, no plan and no clock."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from typing import Final, Generic, TypeVar

import attrs
import numpy as np
import numpy.typing as npt

Pcm32 = npt.NDArray[np.int32]  # (count, 2), 24-bit values
Pcm16 = npt.NDArray[np.int16]  # (count, 2)
Words = memoryview  # of int64
T = TypeVar("T", bound=np.generic)

BLOCK: Final = 480  # samples: 10 ms
HISTORY: Final = 9_600  # samples behind the reader that a decoder leaves alone, for a block rendered twice

IDLE, FILLING, ENDED, FAILED = 0, 1, 2, 3
_GENERATION, _START, _WRITTEN, _READ, _STATE, _BEAT, _SOURCE = range(7)
_HEADER: Final = 8


def shared_bytes(count: int) -> mmap.mmap:
    """`count` zero bytes that a process and those it forks see alike; all of them are there at once: a machine that has
    not so much memory shows it at the start, not at the first film."""
    flags = mmap.MAP_SHARED | mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE
    return mmap.mmap(-1, count, flags=flags)


def shared_words(count: int) -> Words:
    """`count` int64 zeros that a process and those it forks see alike."""
    return memoryview(shared_bytes(count * 8)).cast("q")


@attrs.frozen
class Laid(Generic[T]):
    """One unit for a ring that is copied only once: `lay` writes its values into the place it is given."""

    lay: Callable[[npt.NDArray[T]], None]

    def __len__(self) -> int:
        return 1


class Ring(Generic[T]):
    """One decoder writes a window of one medium, one reader reads it; positions are units (samples, frames) of the medium.

    Made before the fork. `read` says what is there; a decoder stays at most `capacity - history` ahead of the position
    the reader has reached, so what is being read is never written.
    """

    def __init__(self, capacity: int, history: int, unit: int, kind: type[T]) -> None:
        """`unit`: values of `kind` each position has."""
        self.capacity, self.history = capacity, history
        self._head = shared_words(_HEADER)
        memory = shared_bytes(capacity * unit * np.dtype(kind).itemsize)
        self._data: npt.NDArray[T] = np.frombuffer(memory, dtype=kind).reshape(capacity, unit)

    @property
    def generation(self) -> int:
        """Which order the content belongs to."""
        return self._head[_GENERATION]

    @property
    def state(self) -> int:
        """IDLE, FILLING, ENDED (all of the medium is in) or FAILED."""
        return self._head[_STATE]

    @state.setter
    def state(self, state: int) -> None:
        self._head[_STATE] = state

    @property
    def beat(self) -> int:
        """When the decoder last showed life, ns of CLOCK_MONOTONIC."""
        return self._head[_BEAT]

    @beat.setter
    def beat(self, ns: int) -> None:
        self._head[_BEAT] = ns

    @property
    def source(self) -> int:
        """Which copy of the medium the decoder reads: 0 the file, 1 the second copy."""
        return self._head[_SOURCE]

    @source.setter
    def source(self, copy: int) -> None:
        self._head[_SOURCE] = copy

    @property
    def written(self) -> int:
        """The position after the last one decoded."""
        return self._head[_WRITTEN]

    @property
    def first(self) -> int:
        """The first one decoded that is still there."""
        return self._head[_START]

    @property
    def reached(self) -> int:
        """The position of the medium the reader has reached; it may run ahead of what is decoded."""
        return self._head[_READ]

    def clear(self, generation: int, start: int) -> None:
        """Begin anew at position `start` of another medium. Only while no decoder writes."""
        self._head[_STATE] = IDLE
        self._head[_GENERATION] = generation
        self._head[_READ] = start
        self._begin(start)

    def _begin(self, start: int) -> None:
        self._head[_WRITTEN] = start
        self._head[_START] = start

    def room(self) -> int:
        """How many may be written now."""
        return self.capacity - self.history - (self.written - self.reached)

    def skip(self, to: int) -> None:
        """Go on decoding at `to`; what was decoded before is gone."""
        self._begin(to)

    def write(self, units: npt.NDArray[T] | Laid[T]) -> None:
        """Append (count, unit); the caller asked `room` first."""
        at, count = self.written % self.capacity, len(units)
        first = min(count, self.capacity - at)
        if isinstance(units, Laid):
            units.lay(self._data[at])
        else:
            self._data[at : at + first] = units[:first]
            self._data[: count - first] = units[first:]
        self._head[_START] = max(self._head[_START], self.written + count - self.capacity)
        self._head[_WRITTEN] += count

    def advance(self, to: int) -> None:
        """The reader is at `to` now, whether or not it reads it."""
        if to > self.reached:
            self._head[_READ] = to

    def copy(self, generation: int, position: int, into: npt.NDArray[T]) -> bool:
        """Copy the one unit at `position`, where it is in the ring; otherwise `into` may be spoilt."""
        if not self._holds(generation, position, 1):
            return False
        np.copyto(into, self._data[position % self.capacity])
        return self._holds(generation, position, 1)

    def read(self, generation: int, start: int, count: int) -> npt.NDArray[T] | None:
        """(count, unit) from position `start`, or None where that is not in the ring."""
        if not self._holds(generation, start, count):
            return None
        at = start % self.capacity
        first = min(count, self.capacity - at)
        taken = np.concatenate((self._data[at : at + first], self._data[: count - first]))
        return taken if self._holds(generation, start, count) else None

    def _holds(self, generation: int, start: int, count: int) -> bool:
        head = self._head
        return (
            head[_GENERATION] == generation
            and head[_START] <= start
            and start + count <= head[_WRITTEN]
            and start >= head[_READ] - self.history
        )


class DecodedRing(Ring[np.int32]):
    """A ring of stereo samples."""

    def __init__(self, capacity: int = 4 * 48_000) -> None:
        super().__init__(capacity, HISTORY, 2, np.int32)


# what an output block is, beside its samples
STEP_BITS: Final = 3  # for each packet of a block, the first lowest: its step (playout.rtp.STEPS)
IDLE_BLOCK: Final = 0x40  # planned silence and nothing over it


def step_of(flags: int, packet: int) -> int:
    """The step of the ladder packet number `packet` of a block is on."""
    return flags >> STEP_BITS * packet & (1 << STEP_BITS) - 1


class AirRing:
    """The last seconds of one channel's output: the mixer writes blocks of absolute index, any number of senders read.

    Nobody waits for anybody: a reader more than `blocks` behind has lost them and goes on at the head.
    """

    def __init__(self, blocks: int = 256) -> None:
        self.blocks = blocks
        self._head = shared_words(1)
        self._flags = shared_words(blocks)
        self._index = shared_words(blocks)
        shape = (blocks, BLOCK, 2)
        self._data = np.frombuffer(shared_bytes(blocks * BLOCK * 4), dtype=np.int16).reshape(shape)

    @property
    def head(self) -> int:
        """The first sample not yet rendered; 0 before the first block."""
        return self._head[0]

    def put(self, index: int, pcm: Pcm16, flags: int) -> None:
        """The block that begins at sample `index` (a multiple of BLOCK)."""
        slot = index // BLOCK % self.blocks
        self._index[slot] = -1
        self._data[slot] = pcm
        self._flags[slot] = flags
        self._index[slot] = index
        self._head[0] = index + BLOCK

    def look(self, index: int) -> tuple[Pcm16, int] | None:
        """Samples, where they stand, and flags of the block at `index`; None where it is not there.

        Whoever has used them asks `holds` whether they were still there then.
        """
        slot = index // BLOCK % self.blocks
        return (self._data[slot], self._flags[slot]) if self._index[slot] == index else None

    def holds(self, index: int) -> bool:
        """Whether the block at `index` is (still) there."""
        return self._index[index // BLOCK % self.blocks] == index

    def get(self, index: int) -> tuple[Pcm16, int] | None:
        """Samples and flags of the block at `index`, or None where it is not (or no longer) there."""
        found = self.look(index)
        copied = None if found is None else (found[0].copy(), found[1])
        return copied if self.holds(index) else None

    def whole(self, index: int, into: Pcm16) -> None:
        """Copy the samples from `index` on, a whole number of blocks; where a block is not there, silence."""
        count = len(into) // BLOCK
        first = index // BLOCK % self.blocks
        slots, wanted = slice(first, first + count), range(index, index + count * BLOCK, BLOCK)
        if first + count <= self.blocks and self._index[slots].tolist() == list(wanted):
            into[:] = self._data[slots].reshape(-1, 2)
            if self._index[slots].tolist() == list(wanted):
                return
        for at in range(0, len(into), BLOCK):
            found = self.get(index + at)
            into[at : at + BLOCK] = 0 if found is None else found[0]

    def oldest(self) -> int:
        """The first sample a reader that starts now may still find."""
        return max(0, self.head - (self.blocks - 2) * BLOCK)
