"""The four counts of an alert's terminals: ordered, acknowledged, playing, heard. Knows what was sent and reported, no wire."""

from __future__ import annotations

import attrs
import numpy as np

from devices.terminals import Mask


@attrs.frozen(kw_only=True)
class Counts:
    """Terminals of one alert. `playing` is now, the others are ever since it was first wanted; silent: ordered without an answer."""

    addressed: int
    ordered: int
    acknowledged: int
    playing: int
    heard: int
    offline: int  # addressed and not connected now
    played: int
    silent: int


@attrs.frozen(kw_only=True, eq=False)
class Tally:
    """Who was reached by one alert."""

    alert: str
    addressed: Mask
    ordered: Mask
    acknowledged: Mask
    playing: Mask
    played: Mask
    heard: Mask

    @classmethod
    def of(cls, alert: str, count: int) -> Tally:
        """Nobody yet."""
        masks = [np.zeros(count, dtype=np.bool_) for _ in range(6)]
        return cls(
            alert=alert,
            addressed=masks[0],
            ordered=masks[1],
            acknowledged=masks[2],
            playing=masks[3],
            played=masks[4],
            heard=masks[5],
        )

    def take(self, members: Mask, playing: Mask, heard: Mask) -> None:
        """These terminals are addressed; some of them say already that they play it, or heard it."""
        self.addressed[:] |= members
        for mask in (self.ordered, self.acknowledged, self.playing, self.played):
            mask[:] |= members & playing
        self.heard[:] |= members & heard

    def counts(self, online: Mask) -> Counts:
        """The figures now."""
        return Counts(
            addressed=int(self.addressed.sum()),
            ordered=int(self.ordered.sum()),
            acknowledged=int(self.acknowledged.sum()),
            playing=int(self.playing.sum()),
            heard=int(self.heard.sum()),
            offline=int((self.addressed & ~online).sum()),
            played=int(self.played.sum()),
            silent=int((self.ordered & ~self.acknowledged).sum()),
        )


NOBODY = Counts(addressed=0, ordered=0, acknowledged=0, playing=0, heard=0, offline=0, played=0, silent=0)
