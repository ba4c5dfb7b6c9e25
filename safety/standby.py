"""What a player plays of its own accord until it has gone over to its first plan. Knows no sound and no clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import attrs

from safety.judge import LATE, Version
from safety.messages import SLOT
from safety.slots import Mark
from station.words import SAMPLE_RATE

TAKEN_OVER: Final = 5 * SAMPLE_RATE + LATE  # at the latest this long after it came (docs/player-link.md)
STANDBY: Final = "the standby filler of the player"


class Standby:
    """Until what is due is heard (or seen) for the first time, and no longer than a player may take."""

    def __init__(self) -> None:
        self._over = False

    def seen(self, known: Sequence[Version], mark: Mark) -> Mark:
        """The next mark as it counts: the player's own filler has a standing approval and is not what is due, hence DEGRADED like whatever is authorised and not right, not another programme (WRONG)."""
        self._over = self._over or mark.sign == "good"
        young = not self._over and bool(known) and mark.slot * SLOT < known[0].since + TAKEN_OVER
        if not young or mark.sign != "wrong" or mark.heard != "filler":
            return mark
        where = "picture: " if mark.cause.startswith("picture: ") else ""
        return attrs.evolve(mark, sign="degraded", cause=f"{where}{STANDBY}")
