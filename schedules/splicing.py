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


class Foresight:
    """What is done for the frames that come, told a little ahead, and until which of them pixels may be needed."""

    def __init__(self, seen: Callable[[int], Seen], raster: Raster, ahead: int) -> None:
        """`ahead`: how many frames it looks beyond the one that is asked for."""
        self._splicing = Splicing(seen, lambda _sha256, _group: True, raster, 0)
        self._ahead, self._group = ahead, raster.fps
        self._steps: dict[int, Step] = {}
        self._looked = -1  # the last frame looked at

    def at(self, k: int) -> Step:
        """As `Splicing.at`, every coded picture taken to be there."""
        step = self._steps.get(k)
        return self._splicing.at(k) if step is None else step

    def until(self, k: int) -> int:
        """Pixels may be needed for frames before this one, as far as is seen from frame `k`; nothing that was told before is told again.

        They are where something is encoded, and where a group begins after one that was cut short: it may be encoded,
        for it comes too soon.
        """
        found = 0
        if not k <= self._looked + 1 <= k + self._ahead + 1:
            self._steps, self._looked = {}, k - 1
        while self._looked < k + self._ahead and (step := self._step(self._looked + 1)) is not None:
            self._looked += 1
            self._steps[self._looked] = step
            self._steps.pop(self._looked - self._ahead - 2, None)
            before = self._steps.get(self._looked - 1)
            if step.coded is None or (step.begins and before is not None and _cut(before, self._group)):
                found = self._looked + self._group
        return found

    def _step(self, k: int) -> Step | None:
        try:
            return self._splicing.at(k)
        except NotPlanned:
            return None


def _cut(step: Step, group: int) -> bool:
    """Whether a group that follows follows one that was cut short."""
    return step.coded is not None and step.coded.frame % group != group - 1


__all__ = ["Coded", "Foresight", "Splicing", "Step", "bare"]
