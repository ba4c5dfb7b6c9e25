"""What is seen at frame k of a television channel: a pure function of plan, overlays and rungs, the picture's counterpart of schedules.render. Knows no pixels, no file, no clock.

Frame k begins at sample `raster.frame`·k (1,920·k at 25 frames a second) and shows what is heard there. An overlay's caption is on the screen from the first
frame that begins at or after its start until the last one that begins before its end. One that shrinks has the programme's
picture go on, at half its size, unless another one covers that altogether.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import attrs

from schedules.calendar import local_text
from schedules.captions import Caption, CaptionForm
from schedules.plan import OWN, Fallen, Medium, Overlay, Plan, Rung, Take
from schedules.raster import Raster
from schedules.render import approval_of, over, replaced_from, rung_at, take_at
from station.words import SECOND, Instant, Sha256, instant_of

Ground = Literal["shot", "standby", "title", "caption"]


@attrs.frozen(kw_only=True)
class Shot:
    """A frame of a medium, counted from 0."""

    sha256: Sha256
    frame: int


@attrs.frozen(kw_only=True)
class Shown:
    """A caption and how many frames it has been on the screen."""

    overlay: str  # id
    caption: Caption
    frame: int


@attrs.frozen(kw_only=True)
class Seen:
    """What one frame is made of, from the ground up."""

    ground: Ground  # a shot; the standby card; a take's title over the card's ground; an overlay's slate
    shot: Shot | None  # where ground is "shot"
    title: str  # where ground is "title": a take that is sound only
    slate: Shown | None  # where ground is "caption"; or around the ground, which is then shrunk
    crawl: Shown | None  # over all
    logo: bool
    clock: str  # HH:MM:SS local time over the programme; empty: none
    take: Take  # due here even where an overlay covers it
    rung: Rung
    overlay: str  # id of the topmost overlay; empty: none
    approval: str

    @property
    def shrunk(self) -> bool:
        """Whether the ground is shown at half its size, with the slate around it."""
        return self.slate is not None and self.slate.caption.form == "shrink"


def seen(
    plan: Plan,
    overlays: Sequence[Overlay],
    rungs: Sequence[Fallen],
    raster: Raster,
    k: int,
    tz: str = "",
    *,
    clock: bool = True,
    sign: bool = True,
) -> Seen:
    """What frame `k` of a channel of this raster is made of; raises schedules.render.NotPlanned outside the plan. `tz`: whose clock is shown; `sign`: whether the channel's is."""
    n = raster.sample_of(k)
    take = take_at(plan, n)
    rung = rung_at(plan, rungs, take, n)
    covering = over(overlays, n)
    depth = next((at for at, one in enumerate(covering) if one.mode != "duck"), len(covering))
    whole = covering[depth] if depth < len(covering) else None
    beside = _beside(covering[: depth + 1])
    if beside is not None:
        whole = None  # of what is seen
    slate = _shown(whole, raster, k, "slate") or _shown(beside, raster, k, "shrink")
    crawl = next((one for one in covering[:depth] if one.caption is not None and one is not beside), None)
    shot = None if whole is not None else shot_at(plan, take, rung, raster, n)
    top = covering[0] if covering else None
    return Seen(
        ground=_ground(whole, slate, shot, take, rung),
        shot=shot,
        title=take.title,
        slate=slate,
        crawl=_shown(crawl, raster, k, "crawl"),
        logo=sign and (whole is None or whole.mode != "silence"),
        clock=local_text(instant_of(n), tz) if clock and tz and whole is beside is None else "",
        take=take,
        rung=rung,
        overlay=top.id if top else "",
        approval=top.approval if top else approval_of(plan, take, rung),
    )


class Scene:
    """`seen`, frame after frame, of one plan, its overlays and rungs: while a film is shown, what stays the same till the next edge is worked out once."""

    def __init__(
        self,
        plan: Plan,
        overlays: Sequence[Overlay],
        rungs: Sequence[Fallen],
        raster: Raster,
        tz: str = "",
        *,
        clock: bool = True,
        sign: bool = True,
    ) -> None:
        self._plan, self._overlays, self._rungs, self._raster = plan, overlays, rungs, raster
        self._tz, self._clock, self._sign = tz, clock, sign
        self._base: Seen | None = None
        self._first = self._until = 0  # frames between which only the counts of frames and the clock go on
        self._told = (-1, "")  # a second, and what the clock shows in it

    def at(self, k: int) -> Seen:
        """What `seen` gives for frame `k`, raising as it does."""
        base, on = self._base, k - self._first
        if base is None or base.shot is None or not 0 <= on < self._until - self._first:
            return self._anew(k)
        return Seen(
            ground=base.ground,
            shot=Shot(sha256=base.shot.sha256, frame=base.shot.frame + on),
            title=base.title,
            slate=_later(base.slate, on),
            crawl=_later(base.crawl, on),
            logo=base.logo,
            clock=base.clock and self._time(instant_of(self._raster.sample_of(k))),
            take=base.take,
            rung=base.rung,
            overlay=base.overlay,
            approval=base.approval,
        )

    def _anew(self, k: int) -> Seen:
        raster, given = self._raster, (self._plan, self._overlays, self._rungs)
        base = seen(*given, raster, k, self._tz, clock=self._clock, sign=self._sign)
        edges = [base.take.end, *(fallen.start for fallen in self._rungs)]
        for overlay in self._overlays:
            edges += (overlay.start, overlay.end)
        lasts = min(raster.first_frame(edge) for edge in edges if edge > raster.sample_of(k))
        self._base, self._first = base, k
        self._until = min(lasts, k + (1 if base.shot is None else self._left(base.shot)))
        return base

    def _left(self, shot: Shot) -> int:
        """How many frames at least, this one counted, a film goes on before another one follows or it ends."""
        medium = next(medium for medium in self._plan.media if medium.sha256 == shot.sha256)
        return max(1, min(medium.frames, self._raster.frame_at(medium.samples)) - shot.frame)

    def _time(self, at: Instant) -> str:
        if at // SECOND != self._told[0]:
            self._told = at // SECOND, local_text(at, self._tz)
        return self._told[1]


def shot_at(plan: Plan, take: Take, rung: Rung, raster: Raster, n: int) -> Shot | None:
    """The picture that goes with what `take` sounds from on `rung` at sample `n`; None where that has no picture."""
    if take.kind == "silence" or rung == "tone":
        return None
    if rung in OWN or rung == "replacement":
        instead = take.replacement if rung == "replacement" else None
        sha256 = take.media if instead is None else instead.media
        found = next((medium for medium in plan.media if medium.sha256 == sha256), None)
        place = (take.offset if instead is None else replaced_from(take)) + n - take.start
        return _frame(found, raster, place)
    known = {medium.sha256: medium for medium in plan.media}
    names = plan.filler if rung == "filler" else (plan.loop,)
    cycle = [known[name] for name in names if name is not None and name in known and known[name].samples > 0]
    place = n % max(1, sum(medium.samples for medium in cycle))
    for medium in cycle:
        if place < medium.samples:
            return _frame(medium, raster, place)
        place -= medium.samples
    return None


def fresh(before: Seen | None, now: Seen, raster: Raster, k: int) -> bool:
    """Whether frame `k` must begin a group of pictures: every whole second, and where an overlay comes on top."""
    arrived = now.overlay != "" and (before is None or before.overlay != now.overlay)
    return k % raster.fps == 0 or before is None or arrived


def picture_edges(plan: Plan, overlays: Sequence[Overlay], raster: Raster, start: int, end: int) -> list[int]:
    """Every frame in `start` (included) to `end` (excluded) at which take or overlay changes on the screen, sorted."""
    found = {raster.first_frame(take.start) for take in plan.takes}
    for overlay in overlays:
        found |= {raster.first_frame(overlay.start), raster.first_frame(overlay.end)}
    return sorted(k for k in found if start <= k < end)


def _ground(whole: Overlay | None, slate: Shown | None, shot: Shot | None, take: Take, rung: Rung) -> Ground:
    if whole is not None:
        return "caption" if slate is not None else "standby"
    if shot is not None:
        return "shot"
    own = rung in OWN or rung == "replacement"
    return "title" if own and take.kind != "silence" and take.media else "standby"


def _beside(covering: Sequence[Overlay]) -> Overlay | None:
    """The overlay that shrinks the programme, of those down to the first that covers all that is heard: none where that covers all that is seen."""
    if covering and covering[-1].mode != "duck" and not _shrinks(covering[-1]):
        return None
    return next((one for one in covering if _shrinks(one)), None)


def _shrinks(overlay: Overlay) -> bool:
    return overlay.shrink and overlay.caption is not None


def _later(shown: Shown | None, frames: int) -> Shown | None:
    return shown and Shown(overlay=shown.overlay, caption=shown.caption, frame=shown.frame + frames)


def _shown(overlay: Overlay | None, raster: Raster, k: int, form: CaptionForm) -> Shown | None:
    if overlay is None or overlay.caption is None:
        return None
    caption = attrs.evolve(overlay.caption, form=form)
    return Shown(overlay=overlay.id, caption=caption, frame=k - raster.first_frame(overlay.start))


def _frame(medium: Medium | None, raster: Raster, sample: int) -> Shot | None:
    if medium is None or not 0 <= raster.frame_at(sample) < medium.frames:
        return None
    return Shot(sha256=medium.sha256, frame=raster.frame_at(sample))


__all__ = ["Scene", "Seen", "Shot", "Shown", "fresh", "picture_edges", "seen", "shot_at"]
