"""The picture process of a television channel: composes each frame of absolute index from decoded frames and graphics, hears orders between frames, never waits for anybody. Knows rings and the time; decides nothing that schedules.picture does not say."""

from __future__ import annotations

import select
import socket
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

import attrs
import numpy as np

from playout.encoder import PRIORITY
from playout.graphics import Captioned, Graphics, compose, layers
from playout.mixer import Slot
from playout.processes import hear, tell
from playout.screens import AHEAD, BARE, DEGRADED, FRESH, Coded, PictureRing, ScreenRing
from playout.signwriter import Signwriter
from playout.tv_house import Packed, planes_of, size_of
from schedules.captions import Caption, CaptionForm
from schedules.picture import Scene, Seen, Shot, fresh
from schedules.plan import Fallen, Overlay, Plan
from schedules.planes import blank
from schedules.raster import Raster
from schedules.render import NotPlanned
from schedules.splicing import Foresight
from station.children import realtime
from station.words import Instant, instant_of, sample_at

LEAD: Final = 20_000  # µs before its time that a frame is composed
_BEHIND: Final = 0.48  # s; a process that was stopped for longer goes on at the present
_NEXT: Final = 4  # overlays whose words are drawn ahead
_HELD: Final = 0.2  # s the last picture stands in for one that is missing
_OFTEN: Final = 0.2  # s between two looks for words that are not drawn
_IDLE: Final = 0.2  # s between signs of life while there is nothing to show


@attrs.frozen(kw_only=True)
class Blind:
    """A picture could not be had: which take it belongs to, and the frame."""

    take: str
    frame: int
    rung: str


class Painter:
    """Composes frames; `frame` never fails. Positions of the rings' media are frames, `Slot.origin` is the frame at which the medium's first one is due."""

    def __init__(
        self,
        raster: Raster,
        graphics: Graphics,
        rings: list[PictureRing],
        tz: str,
        *,
        clock: bool,
        splices: bool = False,
    ) -> None:
        """`splices`: no sign is shown, and films are sent as they were coded where nothing lies over them.

        Their pixels are then asked for only where a frame may need them.
        """
        self._raster, self._graphics, self._rings = raster, graphics, rings
        self._tz, self._clock, self._splices = tz, clock, splices
        self._foresight: Foresight | None = None
        self._until = 0  # frames before it may need pixels
        self.coded: Coded | None = None  # the coded picture that may be sent for the frame composed last
        self._slots: dict[int, Slot] = {}
        self._words: list[
            tuple[int, Caption]
        ] = []  # of overlays, the nearest first: its end, and what it says
        self._hopeless: set[Caption] = set()  # captions that cannot be drawn
        self.rungs: tuple[Fallen, ...] = ()
        self.overlays: tuple[Overlay, ...] = ()  # those whose sound is there
        self._plan: Plan | None = None
        self._scene: Scene | None = None
        self._before: Seen | None = None
        self._source: tuple[int, int, int] | None = None  # ring, generation, frame of the last picture
        self._last: Packed = np.empty(size_of(raster), np.uint8)
        self._lasts = False  # whether it holds the last picture
        self._black = _black(raster)
        self._missed = 0

    @property
    def plan(self) -> Plan | None:
        """What is due."""
        return self._plan

    @plan.setter
    def plan(self, plan: Plan | None) -> None:
        self._plan, self._scene = plan, None

    def place(self, slots: Mapping[int, Slot]) -> None:
        """Say what every ring holds from now on."""
        self._slots = dict(slots)

    def look(self, k: int, needed: int = 0) -> None:
        """Ask for the pixels that frames from `k` on may need; `needed`: the last frame for which they were needed."""
        if not self._splices or self._plan is None:
            return
        self._scened()
        assert self._foresight is not None
        group = self._raster.fps
        first = k + group if self._before is None else 0
        self._until = max(self._until, first, needed + group + 1, self._foresight.until(k))
        for number, slot in self._slots.items():
            ring = self._rings[number]
            near = slot.origin + ring.first <= k + round(AHEAD * group)
            ring.ask(slot.generation, max(0, k - slot.origin) if k < self._until and near else None)

    def frame(self, k: int, into: Packed) -> tuple[int, Blind | None]:
        """Compose frame `k`; its flags, and what was missing. Raises NotPlanned while nothing is known.

        Where nobody needs the pixels of a film's frame, `into` is left as it is.
        """
        now = self._seen(k)
        self._advance(k)
        begins = self._begins(now, k)
        self._before = now
        if self.coded is not None and now.shot is not None:
            self._lasts, self._missed = False, 0
            if k >= self._until or not self._shot(now.shot, into):
                return BARE | (FRESH if begins else 0), None
        worded = self._worded(now)
        shown, blind = self._ground(worded, k, into)
        compose(planes_of(into, self._raster), layers(shown, self._graphics))
        return (FRESH if begins else 0) | (DEGRADED if blind or worded is not now else 0), blind

    def _seen(self, k: int) -> Seen:
        if self._plan is None:
            raise NotPlanned("no plan yet")
        return self._scened().at(k)

    def _scened(self) -> Scene:
        assert self._plan is not None
        if self._scene is None:
            given = (self._plan, self.overlays, self.rungs, self._raster, self._tz)
            made = [Scene(*given, clock=self._clock, sign=not self._splices) for _ in range(2)]
            ahead = round(AHEAD * self._raster.fps)
            self._scene, self._foresight = made[0], Foresight(made[1].at, self._raster, ahead)
        return self._scene

    def _begins(self, now: Seen, k: int) -> bool:
        """Whether frame `k` begins a group; `coded` is then the picture that may be sent for it."""
        self.coded = None
        if not self._splices or self._foresight is None:
            return fresh(self._before, now, self._raster, k)
        step = self._foresight.at(k)
        if step.coded is not None:
            self._take(step.coded)
        return step.begins or self._before is None

    def _take(self, shot: Shot) -> None:
        """`coded` is what a film's frame was coded as, where a ring has that."""
        for number, slot in self._slots.items():
            if slot.sha256 == shot.sha256:
                self.coded = self._rings[number].coded(slot.generation, shot.frame)
                if self.coded is not None:
                    self._source = number, slot.generation, shot.frame
                    return

    def _worded(self, now: Seen) -> Seen:
        """Without the words that are still being drawn: no frame waits for them."""
        if now.slate is not None and not self._graphics.has(now.slate.caption):
            now = attrs.evolve(now, slate=None)
        if now.crawl is not None and not self._graphics.has(now.crawl.caption):
            now = attrs.evolve(now, crawl=None)
        return now

    def _advance(self, k: int) -> None:
        for number, slot in self._slots.items():
            ring = self._rings[number]
            if ring.generation == slot.generation:
                ring.advance(k - slot.origin)

    def _ground(self, now: Seen, k: int, into: Packed) -> tuple[Seen, Blind | None]:
        """Lay down what graphics are pasted on; what that is: a shot that cannot be had becomes the standby card."""
        if now.shot is None:
            waits = now.ground == "caption" and now.slate is None and self._hold()
            if not waits:
                self._source, self._lasts = None, False
            np.copyto(into, self._last if waits else self._black)
            return now, None
        if self.coded is not None or self._shot(now.shot, into):
            self._lasts, self._missed = False, 0
            return now, None
        self._missed += 1
        blind = Blind(take=now.take.id, frame=k, rung=now.rung)
        held = self._hold() and self._missed <= _HELD * self._raster.fps
        np.copyto(into, self._last if held else self._black)
        return now if held else attrs.evolve(now, ground="standby", shot=None), blind

    def _shot(self, shot: Shot, into: Packed) -> bool:
        for number, slot in self._slots.items():
            if slot.sha256 == shot.sha256 and self._rings[number].copy(slot.generation, shot.frame, into):
                self._source = number, slot.generation, shot.frame
                return True
        return False

    def _hold(self) -> bool:
        """Whether `_last` holds the last picture: fetched when the first one is missing, while its ring still has it."""
        if not self._lasts and self._source is not None:
            number, generation, frame = self._source
            ring = self._rings[number]
            self._lasts = ring.copy(generation, frame, self._last) or ring.stand_in(generation, self._last)
            self._source = None if self._lasts else self._source
        return self._lasts

    def cover(self, rungs: tuple[Fallen, ...], overlays: tuple[Overlay, ...]) -> None:
        """Show these from now on; their words once they are drawn (`wanted`, `drawn`)."""
        self.rungs, self.overlays, self._scene = rungs, overlays, None
        soon = sorted(overlays, key=lambda one: one.start)
        self._words = [
            (one.end, attrs.evolve(one.caption, form=form))
            for one in soon
            if one.caption
            for form in forms(one)
        ]
        self._hopeless = set()

    def wanted(self, k: int) -> Caption | None:
        """The caption that is to be drawn next, of the few that are on the screen at frame `k` or come to it first."""
        n = self._raster.sample_of(k)
        near = [caption for end, caption in self._words if end > n][:_NEXT]
        return next((one for one in near if not self._graphics.has(one) and one not in self._hopeless), None)

    def drawn(self, caption: Caption, made: Captioned | None) -> str:
        """Its pictures are there, or cannot be had; the characters its font has not."""
        if made is None:
            self._hopeless.add(caption)
            return ""
        self._graphics.keep(caption, made)
        return made.missing


def forms(overlay: Overlay) -> tuple[CaptionForm, ...]:
    """How its words may be shown: one that shrinks is a crawl where another covers the programme below it."""
    if overlay.mode != "duck":
        return ("shrink",) if overlay.shrink else ("slate",)
    return ("shrink", "crawl") if overlay.shrink else ("crawl",)


def _black(raster: Raster) -> Packed:
    made: Packed = np.concatenate([plane.reshape(-1) for plane in blank(raster.width, raster.height)])
    return made


class PictureProcess:
    """One channel; `step` composes one frame."""

    def __init__(
        self,
        painter: Painter,
        screen: ScreenRing,
        ear: socket.socket,
        now: Callable[[], Instant],
        beat: Callable[[], None],
        writer: Signwriter,
    ) -> None:
        self._painter, self._screen, self._writer = painter, screen, writer
        self._ear, self._now, self._beat, self._raster = ear, now, beat, screen.raster
        self._behind, self._often = round(_BEHIND * screen.raster.fps), round(_OFTEN * screen.raster.fps)
        self._k = 0
        self._blind = False
        self._unsaid: deque[Any] = deque(maxlen=500)

    def serve(self) -> None:
        """Compose for ever; EOFError when the parent is gone."""
        self._writer.begin()
        realtime(PRIORITY)
        while True:
            self._beat()
            pen = self._writer.end
            ears = [self._ear] if pen is None else [self._ear, pen]
            readable, _, _ = select.select(ears, [], [], max(0.0, self._wait()))
            if pen in readable:
                self._words_drawn()
            if self._ear in readable:
                self._obey(*hear(self._ear))
            elif not readable and self._painter.plan is not None:
                self.step()

    def _wait(self) -> float:
        """Seconds until the next frame is to be composed."""
        if self._painter.plan is None:
            return _IDLE
        present = self._raster.frame_at(sample_at(self._now()))
        if self._k < present - self._behind or self._k > present + 2 * self._behind:
            self._k = present + 1
        return (instant_of(self._raster.sample_of(self._k)) - LEAD - self._now()) / 1_000_000

    def _obey(self, order: tuple[Any, ...], fd: int | None) -> None:
        match order:
            case ("plan", plan):
                self._painter.plan = plan
            case ("shown", rungs, overlays):
                self._painter.cover(rungs, overlays)
                self._have_drawn()
            case ("slots", slots):
                self._painter.place(slots)
        self._painter.look(self._k, self._screen.needed)

    def step(self) -> None:
        """Compose the frame at the head."""
        k = self._k
        try:
            flags, blind = self._painter.frame(k, self._screen.canvas(k))
        except NotPlanned:
            self._k += 1
            return
        self._screen.show(k, flags, self._painter.coded)
        self._k = k + 1
        self._painter.look(k + 1, self._screen.needed)
        if blind is not None:
            self._say(("blind", blind))
        elif self._blind:
            self._say(("seen",))
        self._blind = blind is not None
        self._flush()
        if k % self._often == 0:
            self._have_drawn()

    def _have_drawn(self) -> None:
        """Have the next caption drawn, where none is at the moment."""
        if self._writer.at is None and (caption := self._painter.wanted(self._k)) is not None:
            self._writer.draw(caption)

    def _words_drawn(self) -> None:
        answer = self._writer.answer()
        if answer is None:
            return
        missing = self._painter.drawn(*answer)
        if missing:
            self._say(("glyphs", missing))
        self._have_drawn()

    def _say(self, message: Any) -> None:
        self._unsaid.append(message)

    def _flush(self) -> None:
        while self._unsaid:
            try:
                tell(self._ear, self._unsaid[0])
            except BlockingIOError:
                return
            self._unsaid.popleft()


__all__ = ["LEAD", "Blind", "Painter", "PictureProcess"]
