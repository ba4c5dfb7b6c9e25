"""One state for each slot out of what was heard and what was seen: the worse of the two, once both are settled. Pure; knows neither sound nor picture."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from safety.messages import STATES, SlotRun
from safety.slots import clip, fold

_MOST: Final = 20_000  # runs of one side that wait for the other
_ORDER: Final = {state: number for number, state in enumerate(STATES)}


class Joint:
    """Two sides that settle at their own pace."""

    def __init__(self) -> None:
        self._sides: dict[str, tuple[SlotRun, ...]] = {"sound": (), "picture": ()}
        self._until: int | None = None

    def add(self, side: str, runs: Iterable[SlotRun]) -> tuple[SlotRun, ...]:
        """Take runs of one side in, in order; what both sides have now settled, slot by slot."""
        self._sides[side] = fold((*self._sides[side], *runs))[-_MOST:]
        sound, picture = self._sides["sound"], self._sides["picture"]
        if not sound or not picture:
            return ()
        first = max(sound[0].first, picture[0].first)
        last = min(sound[-1].last, picture[-1].last)
        if last <= first:
            return ()
        made = joined(clip(sound, first, last), clip(picture, first, last))
        for name, held in self._sides.items():
            self._sides[name] = clip(held, last, held[-1].last)
        return made


def joined(sound: tuple[SlotRun, ...], picture: tuple[SlotRun, ...]) -> tuple[SlotRun, ...]:
    """Runs of the same span as one; where both are equally bad, the picture speaks, for its causes say that they are its."""
    made: list[SlotRun] = []
    edges = sorted({edge for run in (*sound, *picture) for edge in (run.first, run.last)})
    a = b = 0
    for first, last in pairwise(edges):
        while a < len(sound) and sound[a].last <= first:
            a += 1
        while b < len(picture) and picture[b].last <= first:
            b += 1
        made += clip((_worse(_at(sound, a, first), _at(picture, b, first)),), first, last)
    return fold(made)


def _at(runs: tuple[SlotRun, ...], at: int, first: int) -> SlotRun:
    """The run that covers slot `first`; UNKNOWN where none does."""
    if at < len(runs) and runs[at].first <= first:
        return runs[at]
    return SlotRun(first=first, last=1 << 62, state="UNKNOWN", cause="not measured")


def _worse(sound: SlotRun, picture: SlotRun) -> SlotRun:
    return sound if _ORDER[sound.state] < _ORDER[picture.state] else picture
