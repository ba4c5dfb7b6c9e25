"""Which media a witness needs for what is due: at a moment, around it, and ahead. Pure; a relay is no medium that it could have."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from safety.judge import Version, in_force, superseded
from schedules.plan import Take
from schedules.relays import lives
from schedules.render import take_at
from schedules.segue import tail_at
from station.words import SAMPLE_RATE, Sha256

AROUND: Final = 60 * SAMPLE_RATE  # how far off the takes lie that a player may play in place of what is due


def media_needed(version: Version, n: int, until: int) -> list[Sha256]:
    """The media that may sound in samples `n` to `until` as planned. Raises NotPlanned."""
    wanted: list[Sha256] = []
    for overlay in version.overlays:
        if overlay.start < until and n < overlay.end:
            wanted += overlay.sequence
    at = n
    while at < until:
        take = take_at(version.plan, at)
        before = tail_at(version.plan, at)
        wanted += [one.media for one in (take, before) if one is not None and one.media is not None]
        at = take.end
    live = lives(version.plan.media)
    return [sha256 for sha256 in wanted if sha256 not in live]


def media_near(versions: Iterable[Version], n: int) -> set[Sha256]:
    """The media that a player may play at sample `n` by these versions, due or not: filler, loop, and those of the takes of a minute around."""
    found: set[Sha256] = set()
    for plan in {id(version.plan): version.plan for version in versions}.values():
        first = max(0, bisect_right(plan.takes, n - AROUND, key=_start) - 1)
        takes = plan.takes[first : bisect_left(plan.takes, n + AROUND, key=_start)]
        found.update(plan.filler, () if plan.loop is None else (plan.loop,))
        near = [take for take in takes if take.end > n - AROUND]
        found.update(take.media for take in near if take.media is not None)
        found.update(take.replacement.media for take in near if take.replacement is not None)
        found -= lives(plan.media)
    return found


def _start(take: Take) -> int:
    return take.start


def unheard(known: Sequence[Version], n: int, looked_at: Callable[[Sha256], bool]) -> Sha256 | None:
    """A medium that may be what is heard at sample `n` and that the library does not have yet; None where it has them all."""
    near = media_near((*in_force(known, n), *superseded(known, n)), n)
    return min((sha256 for sha256 in near if not looked_at(sha256)), default=None)


def media_ahead(version: Version, n: int, until: int) -> list[Sha256]:
    """All media of what is due from sample `n` on: first what sounds until `until`, then what may stand anywhere, then the rest."""
    plan = version.plan
    wanted = media_needed(version, max(n, plan.start), min(until, plan.end))
    for overlay in version.overlays:
        wanted += overlay.sequence
    wanted += [*plan.filler, *([] if plan.loop is None else [plan.loop])]
    wanted += [medium.sha256 for medium in plan.media if not medium.live]
    return list(dict.fromkeys(wanted))
