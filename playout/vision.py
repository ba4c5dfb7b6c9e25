"""The television side of a player's middle: which films are decoded into which ring, what the picture process is told, and which takes fall because their pictures cannot be had. Knows lanes, rings and orders; owns no loop.

Level-triggered: each tick compares what a picture process ought to know with what it was told.
"""

from __future__ import annotations

import socket
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from typing import Any, Final

import attrs

from playout.chain import Chain
from playout.crew import Child
from playout.decoder import Fill
from playout.lanes import Lane, medium_in
from playout.marking import in_samples, marked
from playout.memory import Memory
from playout.mixer import Slot
from playout.patience import Patience
from playout.picturing import Blind
from playout.processes import hear, tell
from playout.rings import ENDED, FAILED, FILLING
from playout.screens import PictureRing, ScreenRing, UnitRing
from playout.standby import covering
from playout.streams import Stream, assign
from schedules.plan import OWN, Fallen, Medium, Overlay, Plan, Rung, Take
from schedules.raster import Raster
from schedules.render import replaced_from, rung_at, rung_below, take_at
from station.words import SAMPLE_RATE, Instant, SampleIndex, sample_at

FILM_RINGS: Final = 4  # on air, the next one, filler and its successor
_SOON: Final = 10 * SAMPLE_RATE  # samples before its start that a film is decoded
_BLIND: Final = 10  # of 25 frames in a row without their picture after which a take falls
_RETRY: Final = 2_000_000_000  # ns between attempts at a film that could not be read


@attrs.define
class Film:
    """One ring of pictures and its decoder."""

    ring: PictureRing
    child: Child | None = None
    stream: Stream | None = None
    generation: int = 0
    since: int = 0

    @property
    def failed(self) -> bool:
        """Whether what it was told to decode cannot be read to its end."""
        return (
            self.stream is not None and self.ring.generation == self.generation and self.ring.state == FAILED
        )


@attrs.define
class Screen:
    """One television channel."""

    lane: Lane
    raster: Raster
    films: list[Film]
    ring: ScreenRing
    units: UnitRing
    child: Child | None = None  # the picture process
    plan: Plan | None = None  # as it was told
    shown: tuple[tuple[Fallen, ...], tuple[Overlay, ...]] | None = None  # the same
    blind: tuple[str, int] = ("", 0)  # take, and how many frames in a row it had no picture
    patience: Patience = attrs.Factory(lambda screen: Patience(0, screen.raster.fps), takes_self=True)


def films_wanted(plan: Plan, rungs: tuple[Fallen, ...], raster: Raster, head: SampleIndex) -> list[Stream]:
    """Films of the takes from `head` on that begin soon, replacement and filler where a take is on that rung; in frames, the nearest first."""
    known = {medium.sha256: medium for medium in plan.media if medium.frames}
    found: list[Stream] = []
    at = max(0, bisect_right(plan.takes, head, key=lambda take: take.start) - 1)
    for take in plan.takes[at : at + 16]:
        if take.start > head + _SOON:
            break
        medium = known.get(take.media) if take.media else None
        if medium is not None and take.kind != "silence":
            found.append(_film(medium, raster, take.start - take.offset, take.start, take.end))
        instead = known.get(take.replacement.media) if take.replacement is not None else None
        if instead is not None and any(f.take == take.id and f.rung == "replacement" for f in rungs):
            found.append(_film(instead, raster, take.start - replaced_from(take), take.start, take.end))
    if take_at(plan, head).kind != "silence":
        found += _ladder(plan, rung_at(plan, rungs, take_at(plan, head), head), raster, head)
    return sorted(found, key=lambda stream: stream.begin)


def _film(medium: Medium, raster: Raster, origin: int, begin: int, end: int) -> Stream:
    return Stream(
        sha256=medium.sha256,
        samples=medium.frames,
        origin=raster.frame_at(origin),
        begin=raster.first_frame(begin),
        end=raster.first_frame(end),
    )


def _ladder(plan: Plan, rung: Rung, raster: Raster, head: SampleIndex) -> Iterator[Stream]:
    """The film of filler or loop that is on now, and the one after it."""
    if rung not in ("filler", "loop"):
        return
    known = {medium.sha256: medium for medium in plan.media if medium.samples > 0}
    names = plan.filler if rung == "filler" else (plan.loop,)
    cycle = [known[name] for name in names if name in known]
    total = sum(medium.samples for medium in cycle)
    begin = head - head % max(1, total)
    for medium in (*cycle, *cycle):
        end = begin + medium.samples
        if end > head and begin < head + _SOON and medium.frames:
            yield _film(medium, raster, begin, begin, end)
        begin = end


class Vision:
    """All television channels of one player; `tick` looks after them."""

    def __init__(
        self,
        chain: Chain,
        screens: list[Screen],
        now: Callable[[], Instant],
        monotonic: Callable[[], int],
        say: Callable[[str], object] = lambda _: None,
    ) -> None:
        """`say` writes a line into the player's log."""
        self.screens, self._say = screens, say
        self._chain, self._now, self._monotonic = chain, now, monotonic

    def tick(self) -> None:
        """Compare and order the difference."""
        for screen in self.screens:
            self._inform(screen)  # first: a plan may no longer need the films that are let go
            self._feed(screen)
            self._watch(screen)
            self._judge(screen)

    # films

    def _head(self, screen: Screen) -> SampleIndex:
        return SampleIndex(max(screen.raster.sample_of(screen.ring.head), sample_at(self._now())))

    def _feed(self, screen: Screen) -> None:
        lane, raster, head = screen.lane, screen.raster, self._head(screen)
        want = films_wanted(lane.plan, lane.rungs, raster, head)
        if lane.following is not None:  # its first pictures are there when it is taken over
            want = _both(want, films_wanted(covering(lane.following, head), (), raster, head))
        changes = assign([film.stream for film in screen.films], want, SampleIndex(raster.frame_at(head)))
        for number, stream in changes:
            self._seat(screen, screen.films[number], stream)
        if changes:
            self._tell(screen, ("slots", _slots(screen)))

    def _seat(self, screen: Screen, film: Film, stream: Stream | None) -> None:
        film.stream, film.since = stream, self._monotonic()
        film.generation += 1
        self._command(screen, film)

    def _command(self, screen: Screen, film: Film) -> None:
        if film.child is None or film.child.end is None:
            return
        order = None if film.stream is None else self._order(screen, film, film.stream)
        try:
            tell(film.child.end, order)
        except BlockingIOError:
            film.child.kill()
        except (BrokenPipeError, ConnectionResetError):
            return  # its successor is told

    def _order(self, screen: Screen, film: Film, stream: Stream) -> Fill:
        start = max(screen.raster.frame_at(self._head(screen)), stream.begin) - stream.origin
        roots = self._chain.memory.roots
        return Fill(
            generation=film.generation,
            paths=roots.paths(stream.sha256, medium_in([screen.lane], stream.sha256)),
            using=roots.using(self._monotonic()),
            samples=stream.samples,
            start=min(start, stream.samples),
        )

    def film_renewed(self, screen: Screen, film: Film, child: Child) -> None:
        """A decoder has just begun: it goes on where its predecessor stopped."""
        film.child, film.since = child, self._monotonic()
        if film.stream is not None:
            self._command(screen, film)

    def film_said(self, screen: Screen, film: Film, end: socket.socket) -> None:
        """A decoder tells where what it decodes is not from its file."""
        (_, generation, mark), _ = hear(end)
        if generation != film.generation or film.stream is None:
            return
        lane = screen.lane
        stream, mark = in_samples(film.stream, mark, screen.raster.frame)
        for fallen, cause in marked(lane.plan, lane.rungs, stream, mark, lane.air.head):
            self._chain.fall(lane, fallen, cause)

    def _watch(self, screen: Screen) -> None:
        ns = self._monotonic()
        for film in screen.patience.hung(screen.films, screen.raster.frame_at(self._head(screen)), ns):
            if film.child is not None:
                self._chain.memory.roots.stalled(film.ring.source, ns)
                film.child.kill("no sign of life")
        for film in screen.films:
            if film.failed and ns - film.since > _RETRY:
                self._seat(screen, film, film.stream)
                self._tell(screen, ("slots", _slots(screen)))

    # the picture process

    @property
    def _memory(self) -> Memory:
        return self._chain.memory

    def _inform(self, screen: Screen) -> None:
        lane = screen.lane
        if screen.plan is not lane.plan and self._tell(screen, ("plan", lane.plan)):
            screen.plan, screen.shown = lane.plan, None
        heard = tuple(
            one for one in lane.overlays.overlays if all(self._memory.has(sha256) for sha256 in one.sequence)
        )
        shown = (lane.rungs, heard)
        if screen.plan is not None and screen.shown != shown and self._tell(screen, ("shown", *shown)):
            screen.shown = shown

    def picture_renewed(self, screen: Screen, child: Child) -> None:
        """A picture process has just begun: it is told everything again."""
        screen.child, screen.plan, screen.shown = child, None, None
        self._tell(screen, ("slots", _slots(screen)))

    def _tell(self, screen: Screen, order: tuple[Any, ...]) -> bool:
        child = screen.child
        if child is None or child.end is None:
            return False
        try:
            tell(child.end, order)
        except BlockingIOError:
            child.kill()
            return False
        except (BrokenPipeError, ConnectionResetError):
            return False
        return True

    def picture_said(self, screen: Screen, end: socket.socket) -> None:
        """One message of the picture process is there."""
        message, _ = hear(end)
        match message:
            case ("blind", Blind() as blind):
                take, count = screen.blind
                screen.blind = (blind.take, count + 1 if take == blind.take else 1)
                if screen.blind[1] * 25 >= _BLIND * screen.raster.fps:
                    screen.blind = ("", 0)
                    self._blinded(screen, blind)
            case ("seen",):
                screen.blind = ("", 0)
            case ("glyphs", str() as characters):
                self._say(f"{screen.lane.channel}: the font has no {characters}; 〓 is shown · 字库缺字")

    # falls

    def _blinded(self, screen: Screen, blind: Blind) -> None:
        found = [take for take in screen.lane.plan.takes if take.id == blind.take]
        if found:
            self._fall(screen, found[0], SampleIndex(0), "its pictures are not ready")

    def _judge(self, screen: Screen) -> None:
        """Takes whose film cannot be read fall where it ends; those whose film is there again may return to it."""
        lane = screen.lane
        for film in screen.films:
            if film.stream is None or film.ring.generation != film.generation:
                continue
            take = _take_of(lane.plan, screen.raster, film.stream)
            if take is None:
                continue
            there = screen.raster.sample_of(film.stream.origin + film.ring.written)
            if film.failed and there < take.end:
                lane.blind.add(take.id)
                self._fall(screen, take, there, "its pictures cannot be read")
            elif film.ring.state in (FILLING, ENDED) and film.ring.room() <= 0:
                lane.blind.discard(take.id)

    def _fall(self, screen: Screen, take: Take, there: SampleIndex, cause: str) -> None:
        """One rung down from the frame after the last that is there, never before what is mixed already."""
        lane, raster = screen.lane, screen.raster
        start = max(take.start, there, raster.sample_of(raster.first_frame(lane.air.head)))
        if start >= take.end:
            return
        rung = rung_at(lane.plan, lane.rungs, take, start)
        if rung in OWN or rung == "replacement":
            fallen = Fallen(take=take.id, start=SampleIndex(start), rung=rung_below(take, rung))
            self._chain.fall(lane, fallen, cause)


def _both(now: list[Stream], following: list[Stream]) -> list[Stream]:
    """The film on air and the next one, then those of the plan that follows."""
    return list(dict.fromkeys((*now[:2], *following)))


def _take_of(plan: Plan, raster: Raster, stream: Stream) -> Take | None:
    begin = raster.sample_of(stream.begin)
    at = bisect_left(plan.takes, begin, key=lambda take: take.start)
    take = plan.takes[at] if at < len(plan.takes) else None
    return take if take and take.start == begin and take.media == stream.sha256 else None


def _slots(screen: Screen) -> dict[int, Slot]:
    return {
        number: Slot(sha256=film.stream.sha256, generation=film.generation, origin=film.stream.origin)
        for number, film in enumerate(screen.films)
        if film.stream is not None
    }


__all__ = ["FILM_RINGS", "Film", "Screen", "Vision", "films_wanted"]
