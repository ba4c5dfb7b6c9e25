"""Judges the picture of one slot: what should have been seen by every version of what is due, and what was seen instead. Pure but for the grids it asks its screen for; knows no stream and no clock.

Frames are judged in order. A frame belongs to each slot it reaches into; a slot has the worst sign of its frames.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import attrs

from safety.grids import MOVED, STILL, Cells, Due, Stored, likeness, moved
from safety.judge import OFF_AIR, Version, in_force
from safety.messages import SLOT
from safety.screen import Screen
from safety.slots import Mark, Sign
from schedules.picture import Seen, Shot
from schedules.plan import Fallen, Overlay
from schedules.raster import FRAME, frame_at, sample_of
from schedules.render import NotPlanned, NotReady
from station.words import SAMPLE_RATE, SampleIndex

LAG: Final = 50  # frames within which the right picture is called late or early
_HOLDS: Final = 5  # frames a picture must hold to be called frozen
_OUTLASTS: Final = 30 * SAMPLE_RATE
_RESTS: Final = 12  # frames after a search in vain
_RANK: Final[dict[Sign, int]] = {
    "foreign": 0, "wrong": 1, "black": 2, "frozen": 2, "lost": 3, "empty": 4, "degraded": 5, "unknown": 6,
}  # fmt: skip


class Pictures(Protocol):
    """What is needed of safety.reel.Reel."""

    def grid(self, frame: int) -> Stored | None: ...
    def blind(self, frame: int) -> bool: ...
    def packets(self, first: int, last: int) -> int: ...


@attrs.frozen(kw_only=True, eq=False)
class _Case:
    """A frame by one version."""

    version: Version
    seen: Seen
    due: Due


@attrs.frozen(kw_only=True)
class Finding:
    """What one frame looked like."""

    sign: Sign
    heard: str = ""
    due: str = ""
    cause: str = ""
    off_air: bool = False


@attrs.define(eq=False)
class _Hold:
    """A picture that does not move, since frame `since`."""

    since: int
    got: Stored
    due: Due | None  # what was due then, where that was seen
    frozen: bool = False


Kept = tuple[_Hold | None, dict[int, Finding], int, tuple[int, Shot] | None]


class PictureJudge:
    """Slot after slot of one channel."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._hold: _Hold | None = None
        self._found: dict[int, Finding] = {}
        self._vain = -1_000_000
        self._known_as: tuple[int, Shot] | None = None

    def keep(self) -> Kept:
        """What is known now, to go back to where a slot has to be judged again."""
        hold = None if self._hold is None else attrs.evolve(self._hold)
        return hold, dict(self._found), self._vain, self._known_as

    def go_back(self, kept: Kept) -> None:
        """Forget what was judged since."""
        self._hold, self._found, self._vain, self._known_as = kept

    def judge(self, known: Sequence[Version], slot: int, pictures: Pictures) -> Mark:
        """The mark of `slot`'s picture."""
        first = slot * SLOT
        frames = range(frame_at(first), frame_at(first + SLOT - 1) + 1)
        for k in frames:
            if k not in self._found:
                self._found[k] = self._frame(known, k, pictures)
        for k in [k for k in self._found if k < frames[0] - 5]:
            del self._found[k]
        return _mark(slot, {k: self._found[k] for k in frames})

    def _frame(self, known: Sequence[Version], k: int, pictures: Pictures) -> Finding:
        cases, why = self._cases(known, k)
        got = pictures.grid(k)
        if got is None:
            self._hold = None
            return _absent(cases, k, pictures, why)
        if not cases:
            return Finding(sign="unknown", cause=why)
        like = [likeness(got, case.due) for case in cases]
        best = next((at for at, what in enumerate(like) if what == "same"), 0)
        case = cases[best]
        frozen = self._frozen(k, got, case, pictures, same=like[best] == "same")
        made = self._named(case, k, got, "frozen" if frozen else like[best])
        return attrs.evolve(made, due=case.seen.approval, off_air=_off_air(case.seen))

    def _cases(self, known: Sequence[Version], k: int) -> tuple[list[_Case], str]:
        made: list[_Case] = []
        why = "picture: no plan known"
        for version in in_force(known, sample_of(k), FRAME):
            try:
                what = self._screen.seen(version.plan, version.overlays, (), k)
                made.append(_Case(version=version, seen=what, due=self._screen.due(what)))
            except NotPlanned:
                continue
            except NotReady as error:
                why = f"picture: medium {error.sha256[:12]} is not verified"
        return made, why

    def _frozen(self, k: int, got: Stored, case: _Case, pictures: Pictures, *, same: bool) -> bool:
        """Whether the picture holds still, as it was due some time ago, while what is due goes on."""
        hold = self._hold
        if hold is None or moved(got, hold.got, case.due.free) > STILL:
            self._hold = _Hold(since=k, got=got, due=case.due if same else None)
            return False
        if hold.due is not None and not hold.frozen:
            gone_on = moved(case.due.grid, hold.due.grid, case.due.free & hold.due.free) > MOVED
            hold.frozen = gone_on and _holds(hold, k, case.due.free, pictures)
        return hold.frozen

    def _named(self, case: _Case, k: int, got: Stored, like: str) -> Finding:
        what = case.seen
        name = what.overlay or what.take.id
        if like == "same":
            return Finding(sign="good", heard=name)
        if like == "frozen":
            return Finding(sign="frozen", cause="picture: frozen")
        if like == "black":
            return Finding(sign="black", cause="picture: black")
        if like == "level":
            return Finding(sign="degraded", heard=name, cause="picture: brightness or contrast")
        return self._instead(case, k, got, over=like == "over")

    def _instead(self, case: _Case, k: int, got: Stored, *, over: bool) -> Finding:
        """A step of the ladder, a caption missing or too long, the right thing at the wrong time, another approved picture; else foreign."""
        for sign, name, cause, overlays, rungs in _alternatives(case, k):
            try:
                what = self._screen.seen(case.version.plan, overlays, rungs, k)
                if rungs and what.rung != rungs[0].rung:
                    continue  # the plan has nothing for that rung
                if likeness(got, self._screen.due(what)) == "same":
                    return Finding(sign=sign, heard=name, cause=f"picture: {cause}")
            except (NotPlanned, NotReady):
                continue
        moved_in_time = self._late(case, got)
        if moved_in_time is not None:
            return moved_in_time
        shot = self._recognised(k, got, case.due)
        if shot is not None:
            name = _title(case.version, shot)
            return Finding(sign="wrong", heard=name, cause=f"picture: {name} is not due")
        said = "something lies over the programme" if over else "not what is due"
        return Finding(sign="foreign", cause=f"picture: {said}")

    def _late(self, case: _Case, got: Stored) -> Finding | None:
        if case.seen.shot is None:
            return None
        late = self._screen.gallery.near(got, case.seen.shot, case.due.free, LAG)
        if not late:  # in time: then it is the graphics, or what lies over it
            return None
        side = "late" if late > 0 else "early"
        cause = f"picture: {abs(late)} frame{'s' if abs(late) > 1 else ''} {side}"
        return Finding(sign="degraded" if abs(late) <= 2 else "wrong", heard=case.seen.take.id, cause=cause)

    def _recognised(self, k: int, got: Stored, due: Due) -> Shot | None:
        """Which approved picture it is; what went on as expected is tried first, and after a search in vain there is a rest."""
        gallery = self._screen.gallery
        if self._known_as is not None:
            at, shot = self._known_as
            next_one = Shot(sha256=shot.sha256, frame=shot.frame + k - at)
            if gallery.near(got, next_one, due.free, 2) is not None:
                return next_one
        if k - self._vain < _RESTS:
            return None
        found = gallery.find(got, due.free)
        self._known_as = None if found is None else (k, found)
        self._vain = k if found is None else self._vain
        return found


def _holds(hold: _Hold, k: int, free: Cells, pictures: Pictures) -> bool:
    """Whether the picture holds for long enough, the frames after `k` included."""
    ahead = 0
    while k + ahead - hold.since < _HOLDS:
        ahead += 1
        got = pictures.grid(k + ahead)
        if got is None or moved(got, hold.got, free) > STILL:
            return False
    return True


def _absent(cases: Sequence[_Case], k: int, pictures: Pictures, why: str) -> Finding:
    """A frame that did not come."""
    if pictures.blind(k):
        return Finding(sign="unknown", cause="the witness did not see")
    if not cases:
        return Finding(sign="unknown", cause=why)
    seen = cases[0].seen
    first = sample_of(k)
    came = pictures.packets(first - SAMPLE_RATE // 4, first + SAMPLE_RATE // 4)
    cause = "picture: packets, but no picture" if came else "picture: no packets"
    return Finding(sign="lost", due=seen.approval, cause=cause, off_air=_off_air(seen))


def _off_air(seen: Seen) -> bool:
    take = seen.take
    return not seen.overlay and take.kind == "silence" and take.end - take.start >= OFF_AIR


_Instead = tuple[Sign, str, str, tuple[Overlay, ...], tuple[Fallen, ...]]


def _alternatives(case: _Case, k: int) -> Iterator[_Instead]:
    take, overlays, n = case.seen.take, case.version.overlays, sample_of(k)
    start = SampleIndex(take.start)
    yield "wrong", "filler", "fell to filler", overlays, (Fallen(take=take.id, start=start, rung="filler"),)
    yield "empty", "loop", "fell to the loop", overlays, (Fallen(take=take.id, start=start, rung="loop"),)
    yield "empty", "card", "fell to the card", overlays, (Fallen(take=take.id, start=start, rung="tone"),)
    if case.seen.overlay:
        without = tuple(o for o in overlays if o.id != case.seen.overlay)
        yield "wrong", take.id, f"{case.seen.overlay} is due and not seen", without, ()
    for ended in overlays:
        if ended.end <= n < ended.end + _OUTLASTS:
            longer = attrs.evolve(ended, end=SampleIndex(ended.end + 2 * _OUTLASTS))
            others = tuple(o for o in overlays if o.id != ended.id)
            yield "wrong", ended.id, f"{ended.id} outlasts its end", (*others, longer), ()


def _title(version: Version, shot: Shot) -> str:
    titles = {medium.sha256: medium.title for medium in version.plan.media}
    if shot.sha256 in version.plan.filler:
        return "filler"
    if shot.sha256 == version.plan.loop:
        return "loop"
    return titles.get(shot.sha256, "") or shot.sha256[:12]


def _mark(slot: int, findings: dict[int, Finding]) -> Mark:
    """The worst of a slot's frames, and from where to where the trouble lasted within it."""
    worst = min(findings.values(), key=lambda one: _RANK.get(one.sign, 9))
    if worst.off_air and worst.sign in ("good", "lost", "black"):
        return Mark(slot=slot, sign="planned", due=worst.due)
    if worst.sign in ("good", "unknown"):
        return Mark(slot=slot, sign=worst.sign, heard=worst.heard, due=worst.due, cause=worst.cause)
    bad = [k for k, one in findings.items() if one.sign == worst.sign]
    first = max(slot * SLOT, sample_of(bad[0]))
    last = min(slot * SLOT + SLOT, sample_of(bad[-1] + 1))
    edge = first == slot * SLOT or last == slot * SLOT + SLOT
    if worst.sign == "lost" and not (edge and len(bad) == bad[-1] - bad[0] + 1):
        worst = attrs.evolve(worst, sign="degraded", cause="picture: frames missing")
    return Mark(
        slot=slot, sign=worst.sign, heard=worst.heard, due=worst.due, cause=worst.cause, bad=(first, last)
    )
