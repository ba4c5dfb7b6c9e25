"""Which pictures of a television channel are taken over as they were coded at ingest, and which are encoded: a pure function of what is seen. Knows no coder, no file, no clock.

A coded picture refers to those before it in its group, back to the group's first; so frame k is taken over where every
frame since its group's first was, in a row, as that medium has them, with nothing over them. Everything else is encoded:
an overlay and whatever else is pasted, a take joined inside a group, what has no coded pictures. A group may be left at
any picture; it is entered at its first alone, so the return from an overlay waits for the medium's next group.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs

from schedules.picture import Seen, Shot, fresh
from schedules.raster import Raster
from schedules.render import NotPlanned
from station.words import Sha256

Coded = Callable[[Sha256, int], bool]  # whether group `number` of a medium is there, coded as the channel is


@attrs.frozen(kw_only=True)
class Step:
    """How the picture of one frame is come by."""

    coded: Shot | None  # its coded picture is taken over; None: it is composed and encoded
    begins: bool  # it begins a group of pictures (IDR)


def bare(now: Seen) -> Shot | None:
    """The medium's own picture where it is all that a frame shows: no overlay, sign, clock or caption."""
    if now.overlay or now.logo or now.clock:
        return None
    return now.shot


class Splicing:
    """What is done for each frame from `start` on. Asked again, or in another order, it says the same.

    A coded group of a medium has a second's pictures, its last one may have fewer. Two that began at different frames
    say the same of every frame that is a second or more after the later of both.
    """

    def __init__(self, seen: Callable[[int], Seen], coded: Coded, raster: Raster, start: int) -> None:
        """`seen`: what is seen at a frame (schedules.picture); frames before `start` were sent by nobody."""
        self._seen, self._coded, self._raster, self._start = seen, coded, raster, start
        self._last: tuple[int, Shot | None] = (start - 1, None)

    def at(self, k: int) -> Step:
        """What is done for frame `k`; raises schedules.render.NotPlanned where nothing is planned there."""
        before = self._taken(k - 1)
        taken = self._taken(k)
        self._last = (k, taken)
        if taken is not None:
            return Step(coded=taken, begins=taken.frame % self._raster.fps == 0)
        now = self._seen(k)
        return Step(coded=None, begins=before is not None or fresh(self._before(k), now, self._raster, k))

    def _before(self, k: int) -> Seen | None:
        """What was seen a frame earlier; None where nothing was."""
        if k <= self._start:
            return None
        try:
            return self._seen(k - 1)
        except NotPlanned:
            return None

    def _taken(self, k: int) -> Shot | None:
        """The coded picture that frame `k` takes over."""
        if k < self._start:
            return None
        if k == self._last[0]:
            return self._last[1]
        now = self._before(k + 1)
        shot, group = None if now is None else bare(now), self._raster.fps
        if shot is None or not self._coded(shot.sha256, shot.frame // group):
            return None
        if shot.frame % group == 0:
            return shot
        follows = self._taken(k - 1) == attrs.evolve(shot, frame=shot.frame - 1)
        return shot if follows else None


__all__ = ["Coded", "Splicing", "Step", "bare"]
