"""Shared-memory rings of a relay: receiver → relay process (what came of one member) and relay process → mixer (what is heard, by absolute index). Knows numpy and mmap; knows no wire, no plan and no clock."""

from __future__ import annotations

from typing import Final

import numpy as np

from playout.rings import BLOCK, AirRing, Pcm32, shared_bytes, shared_words
from station.words import SAMPLE_RATE

MOST_MEMBERS: Final = 8
_TURN, _FIRST, _WRITTEN, _ARRIVED, _LOST, _MARKS, _MARK, _MARK_SAYS = range(8)
_GUARD: Final = SAMPLE_RATE // 2  # samples nearest to being overwritten are given to nobody
# words of a LiveRing
_HEAD, _CHOSEN, _SINCE, _WISHED, _WISH, _DONE, _MARKED, _SAYS, _LEADS, _MEMBERS = range(10)
(  # and then of each member
    _TURN_OF,
    _PLACE_OF,
    _GAIN_OF,
    _STATE_OF,
    _AHEAD_OF,
    _PEAK_OF,
    _ALIKE_OF,
    _RISEN_OF,
    _SOUNDED_OF,
    _QUIET_OF,
    _EACH,
) = range(11)
NOBODY: Final = -1
NOWHERE: Final = -1


class MemberRing:
    """What one member sends, as it comes: 48 kHz, stereo, 24-bit values. Positions count samples since the ring was made.

    A *turn* is one connection: within it nothing is missing, and sample `first` is its first; what came before may still
    be read. One writer (the receiver, or the one that took its place), one reader.
    """

    def __init__(self, seconds: int) -> None:
        """`seconds`: how much it holds."""
        self.capacity = seconds * SAMPLE_RATE
        self._head = shared_words(8)
        self._data = np.frombuffer(shared_bytes(self.capacity * 8), dtype=np.int32).reshape(-1, 2)

    @property
    def turn(self) -> int:
        """Which connection this is; 0: there was none yet."""
        return self._head[_TURN]

    @property
    def first(self) -> int:
        """The first sample of this turn."""
        return self._head[_FIRST]

    @property
    def written(self) -> int:
        """The sample after the last one that came."""
        return self._head[_WRITTEN]

    @property
    def arrived(self) -> int:
        """When that came, ns of CLOCK_MONOTONIC."""
        return self._head[_ARRIVED]

    @property
    def lost(self) -> int:
        """Samples that did not come and are silence here, since the ring was made."""
        return self._head[_LOST]

    def begin(self) -> None:
        """Another connection: what comes now does not go on where the last one stopped."""
        self._head[_FIRST], self._head[_MARK] = self.written, NOWHERE
        self._head[_TURN] += 1

    def write(self, pcm: Pcm32, now: int) -> None:
        """Samples (count, 2) that came now (ns); of more than the ring holds, the last."""
        at = self.written
        kept = pcm[-self.capacity :]
        place = (at + len(pcm) - len(kept)) % self.capacity
        ahead = min(len(kept), self.capacity - place)
        self._data[place : place + ahead] = kept[:ahead]
        self._data[: len(kept) - ahead] = kept[ahead:]
        self._head[_WRITTEN] = at + len(pcm)
        self._head[_ARRIVED] = now

    def pause(self, count: int, now: int) -> None:
        """So many samples did not come: silence in their place."""
        self.write(np.zeros((count, 2), dtype=np.int32), now)
        self._head[_LOST] += count

    def mark(self, at: int, says: int) -> None:
        """A marker came that speaks of position `at`, which may be still to come; `says`: number in playout.scte35.WHATS."""
        self._head[_MARK], self._head[_MARK_SAYS] = at, says
        self._head[_MARKS] += 1

    def marked(self) -> tuple[int, int, int]:
        """(how many markers came, position of the last or NOWHERE, what it says)."""
        return self._head[_MARKS], self._head[_MARK], self._head[_MARK_SAYS]

    def oldest(self) -> int:
        """The first sample that may still be read, of whichever turn."""
        return max(0, self.written - self.capacity + _GUARD)

    def read(self, start: int, count: int) -> Pcm32 | None:
        """Samples `start` to `start + count`, or None where not all of them are there."""
        if start < self.oldest() or start + count > self.written:
            return None
        place = start % self.capacity
        ahead = min(count, self.capacity - place)
        made = np.concatenate((self._data[place : place + ahead], self._data[: count - ahead]))
        return made if start >= self.oldest() else None


def copied(live: LiveRing, air: AirRing) -> None:
    """Have `air` hold in 16 bits what `live` has and it has not, for whoever encodes it; what is not there is passed over."""
    for at in range(max(air.head, live.head - live.blocks // 2 * BLOCK), live.head, BLOCK):
        pcm = live.read(at, BLOCK)
        if pcm is not None:
            air.put(at, np.clip((pcm + 128) >> 8, -(1 << 15), (1 << 15) - 1).astype(np.int16), 0)


class LiveRing:
    """A relay as it is heard: blocks of absolute index, and what a successor of the process that writes them must know."""

    def __init__(self, blocks: int = 256, members: int = MOST_MEMBERS, name: str = "") -> None:
        """`name`: the relay's."""
        self.blocks, self.members, self.name = blocks, members, name
        self._head = shared_words(_MEMBERS + _EACH * members)
        self._head[_CHOSEN] = NOBODY
        self._index = shared_words(blocks)
        for slot in range(blocks):
            self._index[slot] = -1
        shape = (blocks, BLOCK, 2)
        self._data = np.frombuffer(shared_bytes(blocks * BLOCK * 8), dtype=np.int32).reshape(shape)

    @property
    def head(self) -> int:
        """The sample after the last one that is there."""
        return self._head[_HEAD]

    @property
    def chosen(self) -> int:
        """The member that was heard last; NOBODY where none can be."""
        return self._head[_CHOSEN]

    @chosen.setter
    def chosen(self, member: int) -> None:
        self._head[_CHOSEN] = member

    @property
    def since(self) -> int:
        """The sample from which on that one is heard."""
        return self._head[_SINCE]

    @since.setter
    def since(self, index: int) -> None:
        self._head[_SINCE] = index

    @property
    def leads(self) -> bool:
        """Whether this player makes it; else it takes what the chain's other player makes."""
        return bool(self._head[_LEADS])

    @leads.setter
    def leads(self, made: bool) -> None:
        self._head[_LEADS] = int(made)

    @property
    def wish(self) -> int:
        """The number of the wish that was told last; 0: there was none."""
        return self._head[_WISH]

    def wished(self) -> int | None:
        """The member that people want to hear, once for each wish."""
        number = self._head[_WISH]
        if number == self._head[_DONE]:
            return None
        self._head[_DONE] = number
        member = self._head[_WISHED]
        return member if 0 <= member < self.members else None

    def mark(self, index: int, says: int) -> None:
        """A marker that came with it speaks of this sample."""
        self._head[_SAYS], self._head[_MARKED] = says, index

    def marked(self) -> tuple[int, int]:
        """(absolute index of which the last marker speaks, 0 where there was none; what it says)."""
        return self._head[_MARKED], self._head[_SAYS]

    def ask(self, number: int, member: int) -> None:
        """People want to hear a member; each wish has another number."""
        self._head[_WISHED] = member
        self._head[_WISH] = number

    def place(self, member: int) -> tuple[int, int, int]:
        """(turn, absolute index of its sample 0, gain) of a member, as it was told; turn 0: not known."""
        at = _MEMBERS + _EACH * member
        return self._head[at + _TURN_OF], self._head[at + _PLACE_OF], self._head[at + _GAIN_OF]

    def put_place(self, member: int, turn: int, base: int, gain: int) -> None:
        """Where a member's samples belong, and what makes them as loud as the others'."""
        at = _MEMBERS + _EACH * member
        self._head[at + _TURN_OF], self._head[at + _PLACE_OF], self._head[at + _GAIN_OF] = turn, base, gain

    def state(self, member: int) -> tuple[int, int]:
        """(number of its state in playout.relay_choice.STATES, samples there ahead of what is due) of a member."""
        at = _MEMBERS + _EACH * member
        return self._head[at + _STATE_OF], self._head[at + _AHEAD_OF]

    def put_state(self, member: int, state: int, ahead: int) -> None:
        """How a member is."""
        at = _MEMBERS + _EACH * member
        self._head[at + _STATE_OF], self._head[at + _AHEAD_OF] = state, ahead

    def seen(self, member: int) -> tuple[int, int]:
        """(highest value that came lately, of 24 bits; how much alike the one that is heard it was when compared last, in thousandths) of a member."""
        at = _MEMBERS + _EACH * member
        return self._head[at + _PEAK_OF], self._head[at + _ALIKE_OF]

    def put_seen(self, member: int, peak: int, alike: int) -> None:
        """How loud a member is, and how much alike."""
        at = _MEMBERS + _EACH * member
        self._head[at + _PEAK_OF], self._head[at + _ALIKE_OF] = peak, alike

    def sound(self, member: int) -> tuple[int, int, int]:
        """(absolute index at which the sound that was there last begins to be heard, index at which it ends, samples since it came) of a member; the indices are 0 where they are not known."""
        at = _MEMBERS + _EACH * member
        return self._head[at + _RISEN_OF], self._head[at + _SOUNDED_OF], self._head[at + _QUIET_OF]

    def put_sound(self, member: int, risen: int, sounded: int, quiet: int) -> None:
        """How it sounds."""
        at = _MEMBERS + _EACH * member
        words = (risen, sounded, quiet)
        for name, word in zip((_RISEN_OF, _SOUNDED_OF, _QUIET_OF), words, strict=True):
            self._head[at + name] = word

    def put(self, index: int, pcm: Pcm32) -> None:
        """The block that begins at sample `index` (a multiple of BLOCK)."""
        slot = index // BLOCK % self.blocks
        self._index[slot] = -1
        self._data[slot] = pcm
        self._index[slot] = index
        self._head[_HEAD] = index + BLOCK

    def read(self, start: int, count: int) -> Pcm32 | None:
        """Samples from absolute index `start` on, or None where one of them is not there."""
        first = start - start % BLOCK
        tags = range(first, start + count, BLOCK)
        if not self._all(tags):
            return None
        made = np.concatenate([self._data[tag // BLOCK % self.blocks] for tag in tags])
        return made[start - first : start - first + count] if self._all(tags) else None

    def _all(self, tags: range) -> bool:
        return all(self._index[tag // BLOCK % self.blocks] == tag for tag in tags)


__all__ = ["MOST_MEMBERS", "NOBODY", "NOWHERE", "LiveRing", "MemberRing", "copied"]
