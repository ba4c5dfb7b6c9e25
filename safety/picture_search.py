"""Finds out what a frame is that is not what is due: any of the things that it may be instead, the right picture at another time, another approved film; else foreign, or unknown while approved films have not been looked at. Asks screen and gallery for grids; knows no stream and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import attrs

from safety.grids import Cells, Due, Stored, likeness
from safety.judge import Version, in_force
from safety.picture_cases import Case, Finding, Instead, films_near, instead
from safety.screen import Screen
from safety.slots import Sign
from safety.standins import barred, name_of
from schedules.picture import Seen, Shot
from schedules.render import NotPlanned, NotReady
from station.words import Sha256

_SLIGHT: Final = 2  # frames of 25 a second by which a picture may be late or early and is the right one
LAG: Final = 2  # s within which the right picture is called late or early
_RESTS: Final = 0.48  # s after a search in vain


@attrs.frozen(kw_only=True)
class Known:
    """What was found lately, and when something was looked for in vain."""

    film: tuple[int, Shot] | None = None  # at this frame, this one
    late: tuple[int, int] | None = None  # at this frame, by so many frames
    no_film: int = -1_000_000
    in_time: int = -1_000_000


class Search:
    """One channel's; `known` is all it remembers."""

    def __init__(self, screen: Screen, looked_at: Callable[[Sha256], bool]) -> None:
        self._screen, self._looked_at = screen, looked_at
        self._lag, self._rests = LAG * screen.raster.fps, round(_RESTS * screen.raster.fps)
        self.known = Known()

    def what(
        self, cases: Sequence[Case], known: Sequence[Version], k: int, got: Stored, *, over: bool
    ) -> Finding:
        """What frame `k` is, which is none of `cases`. `over`: most of it is what is due."""
        others = [
            (one, *found)
            for one in instead(cases, known, self._screen.raster, k)
            if (found := self._due(one, k))
        ]
        for one, what, due in others:
            if likeness(got, due) == "same":
                return Finding(sign=one.sign, heard=one.name or _name(what), cause=f"picture: {one.cause}")
        moved = self._moved(cases, known, k, got) or self._moved_instead(others, got)
        if moved is not None:
            return moved
        shot = self._film(k, got, [case.due for case in cases] + [due for _, _, due in others])
        if shot is not None:
            plan = cases[0].version.plan
            sign, cause = barred(plan, shot.sha256)
            return Finding(sign=sign, heard=name_of(plan, shot.sha256), cause=f"picture: {cause}")
        unseen = [
            sha256
            for sha256 in films_near(known, self._screen.raster.sample_of(k))
            if not self._looked_at(sha256)
        ]
        if unseen:
            return Finding(
                sign="unknown", cause=f"picture: film {min(unseen)[:12]} is not known by sight yet"
            )
        said = "something lies over the programme" if over else "not what is due"
        return Finding(sign="foreign", cause=f"picture: {said}")

    def _due(self, one: Instead, k: int) -> tuple[Seen, Due] | None:
        """What it would look like; None where the plan has nothing for it."""
        try:
            what = self._screen.seen(one.version.plan, one.overlays, one.rungs, k)
            if one.rungs and what.rung != one.rungs[0].rung:
                return None
            return what, self._screen.due(what)
        except (NotPlanned, NotReady):
            return None

    def _moved(self, cases: Iterable[Case], known: Sequence[Version], k: int, got: Stored) -> Finding | None:
        """What is due, late or early: the film by itself, or all of a picture as it was due before."""
        for case in cases:
            late = self._apart(case.seen, case.due, got)
            if late:  # in time: then it is the graphics, or what lies over it
                return self._at_another_time(late, case.seen)
        found = self._before(known, k, got)
        if found is None:
            return None
        late, what = found
        return self._at_another_time(late, what)

    def _moved_instead(self, others: Iterable[tuple[Instead, Seen, Due]], got: Stored) -> Finding | None:
        for one, what, due in others:
            late = self._apart(what, due, got)
            if late:
                made = self._at_another_time(late, what)
                cause = f"picture: {one.cause}, {made.cause.removeprefix('picture: ')}"
                return Finding(sign=one.sign, heard=one.name or made.heard, cause=cause)
        return None

    def _apart(self, what: Seen, due: Due, got: Stored) -> int | None:
        return None if what.shot is None else self._screen.gallery.near(got, what.shot, due.free, self._lag)

    def _before(self, known: Sequence[Version], k: int, got: Stored) -> tuple[int, Seen] | None:
        """By how many frames the whole picture, words and clock included, is late; and what it shows. What stood still or was late before is tried first."""
        guesses = [1, 2]
        if self.known.late is not None:
            at, late = self.known.late
            guesses = [late + k - at, late, 1, 2]
        if k - self.known.in_time >= self._rests:
            guesses += range(1, self._lag + 1)
        for late in dict.fromkeys(guesses):
            what = self._shown(known, k - late, got) if 0 < late <= self._lag else None
            if what is not None:
                self.known = attrs.evolve(self.known, late=(k, late))
                return late, what
        if len(guesses) > self._lag:
            self.known = attrs.evolve(self.known, late=None, in_time=k)
        return None

    def _shown(self, known: Sequence[Version], k: int, got: Stored) -> Seen | None:
        raster = self._screen.raster
        for version in in_force(known, raster.sample_of(k), raster.frame):
            one = Instead(sign="wrong", name="", cause="", version=version, overlays=version.overlays)
            found = self._due(one, k)
            if found is not None and likeness(got, found[1]) == "same":
                return found[0]
        return None

    def _film(self, k: int, got: Stored, dues: Iterable[Due]) -> Shot | None:
        """Which approved picture it is; what went on as expected is tried first, and after a search in vain there is a rest."""
        masks = _masks(dues)
        gallery = self._screen.gallery
        if self.known.film is not None:
            at, shot = self.known.film
            next_one = Shot(sha256=shot.sha256, frame=shot.frame + k - at)
            if any(gallery.near(got, next_one, free, 2) is not None for free in masks):
                return next_one
        if k - self.known.no_film < self._rests:
            return None
        found = next((hit for free in masks if (hit := gallery.find(got, free)) is not None), None)
        vain = k if found is None else self.known.no_film
        self.known = attrs.evolve(self.known, film=None if found is None else (k, found), no_film=vain)
        return found

    def _at_another_time(self, late: int, what: Seen) -> Finding:
        side = "late" if late > 0 else "early"
        cause = f"picture: {abs(late)} frame{'s' if abs(late) > 1 else ''} {side}"
        sign: Sign = "degraded" if abs(late) * 25 <= _SLIGHT * self._screen.raster.fps else "wrong"
        return Finding(sign=sign, heard=_name(what), cause=cause)


def _masks(dues: Iterable[Due]) -> list[Cells]:
    """Cells that show programme by what is due, and by that under which most of it is to be seen."""
    free = [due.free for due in dues]
    widest = max(free, key=lambda cells: int(cells.sum()))
    return [free[0]] if widest is free[0] else [free[0], widest]


def _name(what: Seen) -> str:
    return what.overlay or what.take.id
