"""What a frame may be instead of what is due: a step of the ladder, a caption missing or too long, what an earlier order had, or any of these some frames late. Pure; knows plans and overlays, no picture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import attrs

from safety.due_media import media_near
from safety.grids import Due
from safety.judge import Version, superseded
from safety.slots import Sign
from safety.standins import OUTLASTS, followed, prolonged, steps
from schedules.picture import Seen
from schedules.plan import Fallen, Overlay
from schedules.raster import Raster
from schedules.render import NotPlanned, on_air, over
from station.words import SampleIndex, Sha256


@attrs.frozen(kw_only=True, eq=False)
class Case:
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


@attrs.frozen(kw_only=True)
class Instead:
    """One thing that may be seen in place of what is due, and what it would then be called."""

    sign: Sign
    name: str  # empty: the take that it shows
    cause: str
    version: Version
    overlays: tuple[Overlay, ...]
    rungs: tuple[Fallen, ...] = ()


def instead(cases: Iterable[Case], known: Sequence[Version], raster: Raster, k: int) -> Iterator[Instead]:
    """Everything that frame `k` may be instead, the most likely first."""
    ruling, n = tuple(cases), raster.sample_of(k)
    for case in ruling:
        yield from _fallen(case, case.version.overlays)
        yield from _uncovered(case.version, n)
        yield from _outlasting(case.version, n)
    for version in superseded(known, n, raster.frame):
        sign, cause = _followed(ruling, version, n)
        yield Instead(sign=sign, name="", cause=cause, version=version, overlays=version.overlays)
    for case in ruling:
        if case.seen.overlay:  # fallen, and the sound of what lies over it not in memory
            yield from _fallen(case, ())


def _followed(ruling: Sequence[Case], version: Version, n: SampleIndex) -> tuple[Sign, str]:
    try:
        media = on_air(version.plan, version.overlays, (), n).media
    except (NotPlanned, ValueError):
        media = ()
    now = ruling[0].version if ruling else version
    return followed(now.plan, media, now.since, n)


def _fallen(case: Case, overlays: tuple[Overlay, ...]) -> Iterator[Instead]:
    for step in steps(case.seen.take, "card", "the card"):
        yield Instead(
            sign=step.sign,
            name=step.name,
            cause=step.cause,
            version=case.version,
            overlays=overlays,
            rungs=(step.fallen,),
        )


def _uncovered(version: Version, n: int) -> Iterator[Instead]:
    """Without the topmost overlay, without the two topmost, and so on: words wait until their sound is in memory."""
    covering = [one.id for one in over(version.overlays, n)]
    for depth in range(1, len(covering) + 1):
        gone = covering[:depth]
        left = tuple(one for one in version.overlays if one.id not in gone)
        yield Instead(
            sign="wrong", name="", cause=f"{gone[0]} is due and not seen", version=version, overlays=left
        )


def _outlasting(version: Version, n: int) -> Iterator[Instead]:
    for ended in version.overlays:
        if ended.end <= n < ended.end + OUTLASTS:
            cause, with_it = prolonged(version.overlays, ended)
            yield Instead(sign="wrong", name=ended.id, cause=cause, version=version, overlays=with_it)


def films_near(known: Sequence[Version], n: int) -> set[Sha256]:
    """Films that a player may show at sample `n` by anything it was told lately: filler, loop, and the takes of a minute around."""
    near = media_near(known, n)
    plans = {id(version.plan): version.plan for version in known}.values()
    return {m.sha256 for plan in plans for m in plan.media if m.frames and m.sha256 in near}
