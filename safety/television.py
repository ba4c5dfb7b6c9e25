"""What a television channel's witness has besides the sound's: eye, gallery, screen, and one delivery for both sides. Composition only; what a picture means is judged elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from twisted.logger import Logger

from safety.gallery import Gallery
from safety.joint import Joint
from safety.messages import SlotRun
from safety.recognise import Indexer
from safety.reel import Reel
from safety.screen import Screen
from safety.seeing import Eyes
from safety.slots import Limits
from safety.watch import Log, Reports, Watch
from safety.watch_picture import PictureWatch
from schedules.graphics import Graphics
from schedules.raster import RASTERS
from station.settings import ChannelSection, Places, Settings
from station.words import Refused, Sha256

log = Logger()


class Delivery:
    """Runs of both sides, joined, on their way to log, outbox and evidence."""

    def __init__(self, runs: Log, outbox: Reports, on_settled: Callable[[tuple[SlotRun, ...]], None]) -> None:
        self.runs, self.outbox, self._on_settled = runs, outbox, on_settled
        self._joint = Joint()
        self._last_state: str | None = None
        outbox.add(runs.last())

    def take(self, side: str, runs: Iterable[SlotRun]) -> None:
        """Runs of one side; what both have settled goes out, at once when the state changed."""
        made = self._joint.add(side, runs)
        if not made:
            return
        changed = self._last_state is not None and any(run.state != self._last_state for run in made)
        self._last_state = made[-1].state
        self.runs.add(made)
        self.outbox.add(made)
        self._on_settled(made)
        if changed:
            self.outbox.send()


class SoundLog:
    """The log as the sound's watch sees it: what it writes waits for the picture."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def add(self, runs: Iterable[SlotRun]) -> None:
        """Runs of the sound."""
        self._delivery.take("sound", runs)

    def last(self) -> tuple[SlotRun, ...]:
        """Nothing: the delivery has read the log."""
        return ()

    def flush(self) -> None:
        """Write what is held."""
        self._delivery.runs.flush()


class SoundOutbox:
    """The outbox as the sound's watch sees it: it may have it sent, its runs go by way of the log."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery

    def add(self, runs: Iterable[SlotRun]) -> None:
        """Nothing: see SoundLog."""

    def send(self) -> bool:
        """Send what waits."""
        return self._delivery.outbox.send()


class Television:
    """The picture's side of one witness."""

    def __init__(
        self,
        reactor: Any,
        settings: Settings,
        section: ChannelSection,
        places: Places,
        *,
        base: Path,
        port: int,
        home: Path,
        now: Callable[[], int],
    ) -> None:
        """`base`: where the settings file lies; `port`: UDP port of the witness' own TS. Raises Refused."""
        self._now = now
        host = "" if settings.safety.real_return else "127.0.0.1"
        raster = RASTERS.get(section.raster)
        if raster is None:
            raise Refused(f"there is no raster {section.raster}", f"没有画面格式 {section.raster}")
        self.reel = Reel(raster, now())
        self.eyes = Eyes(reactor, self.reel, host, port, places.anchor, now)
        self.gallery = Gallery(home)
        self._indexer = Indexer(reactor, self.gallery, places.medium, "safety.gallery")
        logo = base / section.logo if section.logo else None
        graphics = Graphics(raster, section.name_zh, logo)
        tz = settings.station.timezone
        self.screen = Screen(graphics, self.gallery, tz, clock=section.clock, sign=not section.splice)
        self.watch: PictureWatch | None = None

    def watched(self, sound: Watch, limits: Limits, delivery: Delivery) -> None:
        """Judge along with the sound."""
        self.watch = PictureWatch(
            sound=sound,
            reel=self.reel,
            screen=self.screen,
            limits=limits,
            now=self._now,
            on_settled=lambda runs: delivery.take("picture", runs),
            looked_at=self._indexer.looked_at,
        )

    def start(self) -> None:
        """Open the eye."""
        self.eyes.start()

    def look(self) -> None:
        """Judge what is old enough."""
        if self.watch is not None:
            self.watch.look()

    def index(self) -> None:
        """Have the grids made of media that will be needed."""
        wanted: list[Sha256] = [] if self.watch is None else self.watch.wanted()
        self._indexer.want(wanted)

    def stop(self) -> None:
        """Settle, close the eye, end the child that makes grids."""
        if self.watch is not None:
            self.watch.stop()
        self.eyes.stop()
        self._indexer.stop()
