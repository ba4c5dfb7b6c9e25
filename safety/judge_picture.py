"""Judges the picture of one slot: what should have been seen by every version of what is due, and what was seen instead. Pure but for the grids it asks its screen for; knows no stream and no clock.

Frames are judged in order. A frame belongs to each slot it reaches into; a slot has the worst sign of its frames.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import attrs

from safety.grids import MOVED, STILL, Cells, Due, Stored, likeness, moved, sharp
from safety.judge import OFF_AIR, Version, all_known, in_force
from safety.messages import SLOT
from safety.picture_cases import Case, Finding
from safety.picture_search import Known, Search
from safety.screen import Screen
from safety.slots import Mark, Sign
from schedules.picture import Seen
from schedules.raster import Raster
from schedules.render import NotPlanned, NotReady
from station.words import SAMPLE_RATE, Sha256

_HOLDS: Final = 0.2  # s a picture must hold to be called frozen
_RANK: Final[dict[Sign, int]] = {
    "foreign": 0, "wrong": 1, "black": 2, "frozen": 2, "lost": 3, "empty": 4, "degraded": 5, "unknown": 6,
}  # fmt: skip


class Pictures(Protocol):
    """What is needed of safety.reel.Reel."""

    def grid(self, frame: int) -> Stored | None: ...
    def blind(self, frame: int) -> bool: ...
    def packets(self, first: int, last: int) -> int: ...


@attrs.define(eq=False)
class _Hold:
    """A picture that does not move, since frame `since`."""

    since: int
    got: Stored
    due: Due | None  # what was due then, where that was seen
    cells: Cells  # those that are looked at
    frozen: bool = False


Kept = tuple[_Hold | None, _Hold | None, dict[int, Finding], Known]


class PictureJudge:
    """Slot after slot of one channel."""

    def __init__(self, screen: Screen, looked_at: Callable[[Sha256], bool] = all_known) -> None:
        """`looked_at`: whether a film is in the gallery, or could not be taken in."""
        self._screen = screen
        self._search = Search(screen, looked_at)
        self._hold: _Hold | None = None  # in the cells that show programme
        self._whole: _Hold | None = None  # in all that are known exactly
        self._found: dict[int, Finding] = {}

    def keep(self) -> Kept:
        """What is known now, to go back to where a slot has to be judged again."""
        return _copy(self._hold), _copy(self._whole), dict(self._found), self._search.known

    def go_back(self, kept: Kept) -> None:
        """Forget what was judged since."""
        self._hold, self._whole, self._found, self._search.known = kept

    def judge(self, known: Sequence[Version], slot: int, pictures: Pictures) -> Mark:
        """The mark of `slot`'s picture."""
        first = slot * SLOT
        raster = self._screen.raster
        frames = range(raster.frame_at(first), raster.frame_at(first + SLOT - 1) + 1)
        for k in frames:
            if k not in self._found:
                self._found[k] = self._frame(known, k, pictures)
        for k in [k for k in self._found if k < frames[0] - 5]:
            del self._found[k]
        return _mark(slot, raster, {k: self._found[k] for k in frames})

    def _frame(self, known: Sequence[Version], k: int, pictures: Pictures) -> Finding:
        cases, why = self._cases(known, k)
        got = pictures.grid(k)
        if got is None:
            self._hold = self._whole = None
            return _absent(cases, self._screen.raster, k, pictures, why)
        if not cases:
            return Finding(sign="unknown", cause=why)
        like = [likeness(got, case.due) for case in cases]
        best = next((at for at, what in enumerate(like) if what == "same"), 0)
        case, same = cases[best], like[best] == "same"
        if self._frozen(k, got, case, pictures, same=same):
            made = Finding(sign="frozen", cause="picture: frozen")
        else:
            made = _plain(case, like[best]) or self._search.what(cases, known, k, got, over=like[0] == "over")
        return attrs.evolve(made, due=case.seen.approval, off_air=_off_air(case.seen))

    def _cases(self, known: Sequence[Version], k: int) -> tuple[list[Case], str]:
        made: list[Case] = []
        why = "picture: no plan known"
        raster = self._screen.raster
        for version in in_force(known, raster.sample_of(k), raster.frame):
            try:
                what = self._screen.seen(version.plan, version.overlays, (), k)
                made.append(Case(version=version, seen=what, due=self._screen.due(what)))
            except NotPlanned:
                continue
            except NotReady as error:
                why = f"picture: medium {error.sha256[:12]} is not verified"
        return made, why

    def _frozen(self, k: int, got: Stored, case: Case, pictures: Pictures, *, same: bool) -> bool:
        """Whether the programme holds still while what is due goes on; or all of a picture that is not due, words and clock included."""
        free, exact = case.due.free, sharp(case.due)
        least = round(_HOLDS * self._screen.raster.fps)
        self._hold = _held(self._hold, k, got, case.due, free, pictures, least, same=same)
        self._whole = _held(self._whole, k, got, case.due, exact, pictures, least, same=same)
        return self._hold.frozen or (self._whole.frozen and not same)


def _held(
    hold: _Hold | None,
    k: int,
    got: Stored,
    due: Due,
    cells: Cells,
    pictures: Pictures,
    least: int,
    *,
    same: bool,
) -> _Hold:
    """The hold at frame `k`, in `cells`: the one before, or one that begins. It is frozen after `least` frames."""
    if hold is None or moved(got, hold.got, cells) > STILL:
        return _Hold(since=k, got=got, due=due if same else None, cells=cells)
    if hold.due is not None and not hold.frozen:
        gone_on = moved(due.grid, hold.due.grid, cells & hold.cells) > MOVED
        hold.frozen = gone_on and _holds(hold, k, cells, pictures, least)
    return hold


def _copy(hold: _Hold | None) -> _Hold | None:
    return None if hold is None else attrs.evolve(hold)


def _plain(case: Case, like: str) -> Finding | None:
    """What needs no search."""
    name = case.seen.overlay or case.seen.take.id
    if like == "same":
        return Finding(sign="good", heard=name)
    if like == "black":
        return Finding(sign="black", cause="picture: black")
    if like == "level":
        return Finding(sign="degraded", heard=name, cause="picture: brightness or contrast")
    return None


def _holds(hold: _Hold, k: int, free: Cells, pictures: Pictures, least: int) -> bool:
    """Whether the picture holds for long enough, the frames after `k` included."""
    ahead = 0
    while k + ahead - hold.since < least:
        ahead += 1
        got = pictures.grid(k + ahead)
        if got is None or moved(got, hold.got, free) > STILL:
            return False
    return True


def _absent(cases: Sequence[Case], raster: Raster, k: int, pictures: Pictures, why: str) -> Finding:
    """A frame that did not come."""
    if pictures.blind(k):
        return Finding(sign="unknown", cause="the witness did not see")
    if not cases:
        return Finding(sign="unknown", cause=why)
    seen = cases[0].seen
    first = raster.sample_of(k)
    came = pictures.packets(first - SAMPLE_RATE // 4, first + SAMPLE_RATE // 4)
    cause = "picture: packets, but no picture" if came else "picture: no packets"
    return Finding(sign="lost", due=seen.approval, cause=cause, off_air=_off_air(seen))


def _off_air(seen: Seen) -> bool:
    take = seen.take
    return not seen.overlay and take.kind == "silence" and take.end - take.start >= OFF_AIR


def _mark(slot: int, raster: Raster, findings: dict[int, Finding]) -> Mark:
    """The worst of a slot's frames, and from where to where the trouble lasted within it."""
    worst = min(findings.values(), key=lambda one: _RANK.get(one.sign, 9))
    if worst.off_air and worst.sign in ("good", "lost", "black"):
        return Mark(slot=slot, sign="planned", due=worst.due)
    if worst.sign in ("good", "unknown"):
        return Mark(slot=slot, sign=worst.sign, heard=worst.heard, due=worst.due, cause=worst.cause)
    bad = [k for k, one in findings.items() if one.sign == worst.sign]
    first = max(slot * SLOT, raster.sample_of(bad[0]))
    last = min(slot * SLOT + SLOT, raster.sample_of(bad[-1] + 1))
    edge = first == slot * SLOT or last == slot * SLOT + SLOT
    if worst.sign == "lost" and not (edge and len(bad) == bad[-1] - bad[0] + 1):
        worst = attrs.evolve(worst, sign="degraded", cause="picture: frames missing")
    return Mark(
        slot=slot, sign=worst.sign, heard=worst.heard, due=worst.due, cause=worst.cause, bad=(first, last)
    )
