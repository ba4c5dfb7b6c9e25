"""Access units of a television channel, one for each frame: taken over from coded films where that can be, composed and encoded where not. Knows files by their coded pictures; decides nothing that schedules.splicing does not say."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from playout.coded import CodedFilm, read_index
from playout.screens import Coded, Unit
from playout.tv_encoder import Changeover, PictureEncoder, rates_of
from playout.tv_house import Packed
from schedules.picture import Seen, Shot
from schedules.raster import Raster
from schedules.render import NotReady
from schedules.splicing import Splicing
from station.words import Sha256


class CodedFilms:
    """The coded films beside house files."""

    def __init__(self, paths: Mapping[Sha256, Path], raster: Raster) -> None:
        """`paths`: of the house files."""
        self._paths, self._raster = paths, raster
        self._known: dict[Sha256, CodedFilm | None] = {}

    def has(self, sha256: Sha256, group: int) -> bool:
        """Whether a group of a film is there, whole, as this channel codes it."""
        film = self._film(sha256)
        return film is not None and film.has(group)

    def picture(self, shot: Shot) -> Coded:
        """A coded picture; raises NotReady where the film has none of this number."""
        film = self._film(shot.sha256)
        found = None if film is None else film.picture(shot.frame)
        if found is None:
            raise NotReady(shot.sha256)
        return found

    def _film(self, sha256: Sha256) -> CodedFilm | None:
        if sha256 not in self._known:
            path = self._paths.get(sha256)
            index = None if path is None else read_index(path, sha256, self._raster)
            self._known[sha256] = None if path is None or index is None else CodedFilm(path, index)
        return self._known[sha256]


class Splicer:
    """One channel, frame after frame from `start` on; what is sent can be decoded from its first picture."""

    def __init__(
        self,
        raster: Raster,
        seen: Callable[[int], Seen],
        picture: Callable[[int], Packed],
        films: CodedFilms | None,
        start: int,
    ) -> None:
        """`picture` composes a frame, and is asked only for those that are encoded; without `films` all of them are."""
        self._films, self._picture = films, picture
        self._splicing = Splicing(seen, self._has, raster, start)
        rates = None if films is None else rates_of(raster)
        self._changeover = Changeover(PictureEncoder(raster), rates)
        self.taken = 0  # pictures that were not encoded

    def unit(self, k: int) -> Unit:
        """The access unit of frame `k`. Raises NotReady, NotPlanned."""
        step = self._splicing.at(k)
        coded = self._films.picture(step.coded) if step.coded and self._films else None
        unit = self._changeover.unit(k, lambda: self._picture(k), coded, fresh=step.begins)
        self.taken += coded is not None and unit.data is coded.data
        return unit

    def _has(self, sha256: Sha256, group: int) -> bool:
        return self._films is not None and self._films.has(sha256, group)


__all__ = ["CodedFilms", "Splicer"]
