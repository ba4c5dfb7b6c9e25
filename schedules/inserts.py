"""What operators put over the schedule by key: each lies over what runs on beneath, which is joined in progress after it. Pure; the same edits give the same layer.

A prepared item lies where its key put it, never over a hard start. Taking the next item ends the one that lies there, or
begins the one that is about to; skipping leaves it out; going back to the plan ends it. All else goes on beneath. A live
session that is to come is begun by no such key: what it would be heard from was said before anybody opened it.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from schedules.covers import SESSION
from schedules.plan import Take
from schedules.segue import CUT_FADE, QUICK, interrupted
from station.words import SampleIndex


def over(layer: Sequence[Take], at: int) -> Take | None:
    """The one that lies at sample `at`, else the next to come; None where there is neither."""
    lying = [take for take in layer if take.start <= at < take.end]
    to_come = sorted((take for take in layer if take.start > at), key=lambda take: take.start)
    return lying[-1] if lying else to_come[0] if to_come else None


def movable(layer: Sequence[Take], at: int) -> tuple[Take, ...]:
    """Without the live sessions that begin after sample `at`."""
    return tuple(take for take in layer if take.start <= at or not take.approval.startswith(SESSION))


def taken(layer: Sequence[Take], at: int) -> tuple[tuple[Take, ...], bool]:
    """After “take next” at sample `at`: what lies there ends, or what is about to begins; and whether it was either."""
    found = over(movable(layer, at), at)
    if found is None:
        return tuple(layer), False
    return tuple(part for take in layer for part in (_now(take, at) if take is found else (take,))), True


def dropped(layer: Sequence[Take], name: str, at: int) -> tuple[tuple[Take, ...], bool]:
    """Without the one of this id that is to come after sample `at`; and whether there was one."""
    kept = tuple(take for take in layer if take.id != name or take.start <= at)
    return kept, len(kept) < len(layer)


def ended(layer: Sequence[Take], at: int) -> tuple[Take, ...]:
    """With nothing left of it from sample `at` on."""
    return tuple(cut(take, at, QUICK) for take in layer if take.start < at)


def without(layer: Sequence[Take], gone: str, at: int) -> tuple[Take, ...]:
    """With nothing left from sample `at` on of a medium that was withdrawn, or of the approval of a session that closed; it does not come back by itself."""
    return tuple(
        part
        for take in layer
        for part in (ended((take,), at) if gone in (take.media, take.approval) else (take,))
    )


def laid(takes: Sequence[Take], layer: Sequence[Take]) -> tuple[Take, ...]:
    """The takes with the layer over them; none of it lies over a hard start or beyond the last take."""
    made = tuple(takes)
    for take in layer:
        limit = min(
            (one.start for one in takes if one.hard and one.start >= take.start), default=takes[-1].end
        )
        if take.start < limit:
            made = interrupted(made, cut(take, limit, CUT_FADE))
    return made


def cut(take: Take, at: int, fade: int) -> Take:
    """The item with nothing of it after sample `at`, faded out over at most `fade` samples."""
    if at >= take.end:
        return take
    left = at - take.start
    faded = min(max(take.fade_out, fade), left)
    return attrs.evolve(
        take, end=SampleIndex(at), trimmed=True, fade_in=min(take.fade_in, left), fade_out=faded
    )


def _now(take: Take, at: int) -> tuple[Take, ...]:
    if take.start < at:
        return (cut(take, at, QUICK),)
    if take.start == at:
        return ()
    return (attrs.evolve(take, start=SampleIndex(at), end=SampleIndex(at + take.end - take.start)),)


__all__ = ["cut", "dropped", "ended", "laid", "movable", "over", "taken", "without"]
