"""Hires the processes of a player's television channels: film decoders, the picture process, encoders. Knows settings, rings and who does what; decides nothing."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from playout.chain import Chain
from playout.crew import ON_DISK, Child, Crew
from playout.decoder import serve_ring
from playout.graphics import Graphics
from playout.lanes import sample_of_media
from playout.picturing import Painter, PictureProcess
from playout.projecting import Projector, films
from playout.screens import PictureRing, ScreenRing, UnitRing
from playout.senders import Address
from playout.signwriter import Signwriter
from playout.tv_encoder import serve_tv, serve_tv_hls
from playout.vision import FILM_RINGS, Film, Screen, Vision
from schedules.raster import RASTERS
from station.clock import monotonic_ns
from station.settings import ChannelSection, Settings
from station.words import ChannelId, Instant

if TYPE_CHECKING:
    from playout.exits import Exits
    from playout.ts_ring import TsRing
    from playout.ways import Pictures

Beat = Callable[[], None]
_PAUSE: Final = (
    0.16  # s between two looks of a film decoder at its full ring: it then decodes four frames at once
)
_PAUSE_CODED: Final = 0.24  # where it only reads them


class Watched(Protocol):
    """How the player hires a child that must show life."""

    def __call__(
        self,
        name: str,
        work: Callable[[socket.socket, Beat], None],
        renewed: Callable[[Child], None] = ...,
        patience: int = ...,
        keep: tuple[int, ...] = ...,
    ) -> None:
        """Hire it; `keep`: descriptors that stay open in it."""
        ...


def screens_of(settings: Settings, chain: Chain) -> list[Screen]:
    """The television channels of a chain, with rings that its children will share."""
    found = []
    for section in settings.channels:
        if section.raster and section.id in chain.lanes:
            raster = RASTERS[section.raster]
            splices = section.splice
            films = [Film(PictureRing(raster, splices=splices)) for _ in range(FILM_RINGS)]
            ring = ScreenRing(raster, splices=splices)
            found.append(Screen(chain.lanes[section.id], raster, films, ring, UnitRing()))
    return found


class Television:
    """The television channels of one player."""

    def __init__(
        self,
        settings: Settings,
        home: Path,
        chain: Chain,
        now: Callable[[], Instant],
        hear: Callable[..., Any],
    ) -> None:
        self._settings, self._home, self._now, self._hear = settings, home, now, hear
        self._chain = chain
        self._exits: Exits | None = None
        self.vision = Vision(chain, screens_of(settings, chain), now, monotonic_ns, _said)

    def hire(
        self,
        crew: Crew,
        watched: Watched,
        sleep: Callable[[Beat], Callable[[float], None]],
        ts: Callable[[ChannelSection], tuple[Address, ...]],
        hls: Path,
        exits: Exits | None = None,
    ) -> None:
        """Take on all children; `ts`: destinations of each channel's transport stream; `exits`: who reads it besides."""
        self._exits = exits
        for screen in self.vision.screens:
            section = self._settings.channel(screen.lane.channel)
            for number, film in enumerate(screen.films):
                self._hire_film(crew, screen, film, f"film-{section.id}-{number}")
            self._hire_picture(watched, screen, section)
            self._hire_encoders(watched, screen, section, sleep, ts(section), hls / section.id)

    def _hire_film(self, crew: Crew, screen: Screen, film: Film, name: str) -> None:
        def renewed(child: Child) -> None:
            self._hear(child, lambda end: self.vision.film_said(screen, film, end))
            self.vision.film_renewed(screen, film, child)

        def work(end: socket.socket) -> None:
            like = sample_of_media(screen.lane, self._chain.memory, film=True)
            if not film.ring.splices:
                pour = partial(films, raster=screen.raster)
                serve_ring(film.ring, end, monotonic_ns, pour, _PAUSE, like)
            projector = Projector(film.ring, screen.raster)
            serve_ring(film.ring, end, monotonic_ns, projector.pour, _PAUSE_CODED, like, projector.wait)

        crew.add(Child(name, work, renewed, keep=_bells(film)))

    def _hire_picture(self, watched: Watched, screen: Screen, section: ChannelSection) -> None:
        def work(end: socket.socket, beat: Beat) -> None:
            logo = self._home / section.logo if section.logo else None
            graphics = Graphics(screen.raster, section.name_zh, logo)
            tz = self._settings.station.timezone
            rings = [film.ring for film in screen.films]
            painter = Painter(screen.raster, graphics, rings, tz, clock=section.clock, splices=section.splice)
            PictureProcess(painter, screen.ring, end, self._now, beat, Signwriter(screen.raster)).serve()

        def renewed(child: Child) -> None:
            self._hear(child, lambda end: self.vision.picture_said(screen, end))
            self.vision.picture_renewed(screen, child)

        watched(f"picture-{section.id}", work, renewed, keep=_bells(*screen.films))

    def _hire_encoders(
        self,
        watched: Watched,
        screen: Screen,
        section: ChannelSection,
        sleep: Callable[[Beat], Callable[[float], None]],
        ts: tuple[Address, ...],
        hls: Path,
    ) -> None:
        air = screen.lane.air
        rings: tuple[TsRing, ...] = ()
        wanted = section.hls
        if self._exits is not None:
            rings, wanted = self._exits.stream(section.id), wanted or self._exits.wants_pictures(section.id)
        units = screen.units if wanted else None
        watched(
            f"ts-{section.id}",
            lambda _, beat: serve_tv(
                screen.ring,
                air,
                units,
                ts,
                section.name_en,
                self._now,
                sleep(beat),
                rings,
                screen.lane.guide.read,
                section.video,
                section.sound,
            ),
        )
        if section.hls:
            watched(
                f"hls-{section.id}",
                lambda _, beat: serve_tv_hls(screen.raster, screen.units, air, hls, sleep(beat)),
                patience=ON_DISK,
            )

    def pictures(self, channel: ChannelId) -> Pictures | None:
        """What further outputs of a channel read of its pictures."""
        from playout.ways import Pictures

        found = [one for one in self.vision.screens if one.lane.channel == channel]
        return Pictures(raster=found[0].raster, units=found[0].units) if found else None


def _bells(*films: Film) -> tuple[int, ...]:
    return tuple(film.ring.bell for film in films if film.ring.splices)


def _said(line: str) -> None:
    sys.stderr.write(f"player: {line}\n")


__all__ = ["Television", "screens_of"]
