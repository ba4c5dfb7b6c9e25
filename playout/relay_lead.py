"""Which of two players says what is heard of a relay: one leads, the other takes its samples, and goes on by its own ways where they cease. Pure; knows no wire and no ring.

Who makes a block that nobody told leads, and tells it; who is told a block before making it takes that, whoever it is from.
So the one that comes back follows the one that went on. Where both lead, the second gives way. A player that finds nothing
in its own ways, or would have to begin at another place, waits longer for the other than one that can go on.
"""

from __future__ import annotations

import struct
from collections import deque
from typing import Final

import attrs
import numpy as np

from playout.rings import BLOCK, Pcm32
from playout.rtp import FRAME, ssrc_of
from station.words import SAMPLE_RATE

PAYLOAD_TYPE: Final = 97  # dynamic: L24/48000/2 (RFC 3190)
SECOND: Final = 0x80  # the marker bit: of the second player
TAKES: Final = (
    10 * BLOCK,
    16 * BLOCK,
)  # so long the first, and the second, wait for the other's block while they can go on
# and so long who leads, and who follows, while they cannot; less than they are ahead of the mixer
LACKS: Final = (22 * BLOCK, 26 * BLOCK)
MODEST: Final = 20 * BLOCK  # so long the second leaves it to the first to begin
LATELY: Final = 2 * SAMPLE_RATE  # who told something within it may tell more
_HEADER: Final = struct.Struct("!BBHII")
_HELD: Final = 256  # blocks
_FAR: Final = 20 * SAMPLE_RATE  # from what is due: told by nobody in his senses


def packet(relay: str, index: int, pcm: Pcm32, *, second: bool = False) -> bytes:
    """The packet of FRAME samples (RFC 3190) from absolute index `index` on, as the witnesses hear it, too."""
    kind = PAYLOAD_TYPE | (SECOND if second else 0)
    head = _HEADER.pack(0x80, kind, index // FRAME & 0xFFFF, index & 0xFFFF_FFFF, ssrc_of(f"relay:{relay}"))
    return head + pcm.astype(">i4", order="C").view(np.uint8).reshape(-1, 4)[:, 1:].tobytes()


@attrs.define
class Lead:
    """One relay of one player; `second`: the second of the chain's two, `paired`: there ought to be another."""

    relay: str
    second: bool = False
    paired: bool = False
    leads: bool = False
    since: int = 0  # the first block of this lead
    newest: int = 0  # the newest block that was told
    own: deque[int] = attrs.field(factory=lambda: deque(maxlen=_HELD))  # blocks that this player made
    _told: dict[int, Pcm32] = attrs.field(factory=dict)
    _parts: dict[int, Pcm32] = attrs.field(factory=dict)

    def hear(self, data: bytes, near: int) -> None:
        """A packet came; `near`: the sample that is due. What is not the other player's is left alone."""
        if len(data) != _HEADER.size + 6 * FRAME:
            return
        first, kind, _, stamp, source = _HEADER.unpack_from(data)
        theirs = PAYLOAD_TYPE | (0 if self.second else SECOND)
        if (first, kind, source) != (0x80, theirs, ssrc_of(f"relay:{self.relay}")):
            return
        index = near + (stamp - near + (1 << 31)) % (1 << 32) - (1 << 31)
        if index % FRAME or abs(index - near) > _FAR:
            return
        raw = np.frombuffer(data, np.uint8, offset=_HEADER.size).reshape(-1, 3).astype(np.int32)
        pcm = ((raw[:, 0] << 16 | raw[:, 1] << 8 | raw[:, 2]) << 8 >> 8).reshape(-1, 2)
        self._join(index, pcm)

    def _join(self, index: int, pcm: Pcm32) -> None:
        start = index - index % BLOCK
        other = self._parts.pop(start if index > start else start + FRAME, None)
        if other is None:
            self._parts[index] = pcm
        else:
            self._told[start] = np.concatenate((other, pcm) if index > start else (pcm, other))
            self.newest = max(self.newest, start)
        for kept in (self._parts, self._told):
            while len(kept) > _HELD:
                kept.pop(next(iter(kept)))

    def block(self, n: int) -> Pcm32 | None:
        """What the other player told of the block at absolute index `n`; what is older is forgotten."""
        if self.second and self.leads and self.newest >= self.since:
            self.leads = False  # both lead: the second gives way
        found = self._told.pop(n, None)
        for old in [at for at in self._told if at < n]:
            del self._told[old]
        return found

    def patience(self, n: int, *, able: bool) -> int:
        """How many samples short of its last moment block `n` may be made here. `able`: this player can go on where what was heard stopped."""
        if able:
            return 0 if self.leads else self._wait(TAKES[self.second], n)
        return self._wait(LACKS[not self.leads], n)

    def _wait(self, long: int, n: int) -> int:
        expected = self.paired or (self.newest and n - self.newest < LATELY)
        return long if expected else 0

    def begins(self, n: int, since: int | None) -> bool:
        """Whether a way of which nobody knows where it belongs is heard from block `n` on; `since`: from which sample it is good. The second of a pair leaves that to the first for a moment: two beginnings are two places."""
        return not (self.second and self.paired) or since is None or n - since >= MODEST

    def made(self, n: int) -> None:
        """Block `n` was made here: it is to be told."""
        if not self.leads:
            self.leads, self.since = True, n
        self.own.append(n)

    def left(self) -> None:
        """A block was made by the other, or by nobody."""
        self.leads = False


__all__ = ["LACKS", "LATELY", "MODEST", "PAYLOAD_TYPE", "SECOND", "TAKES", "Lead", "packet"]
