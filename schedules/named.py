"""Which media a plan must name: all that its takes may sound, its filler, its loop, and what waits for a key. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from schedules.plan import Medium, Plan, Take
from station.words import Sha256


def named(
    takes: Iterable[Take],
    media: Mapping[str, Medium],
    filler: Sequence[Medium],
    loop: Medium | None,
    prepared: Iterable[Medium] = (),
) -> tuple[Medium, ...]:
    """Each of them once, in the order of its checksum. `media`: by whatever name."""
    standing = (*filler, *(() if loop is None else (loop,)))
    known: dict[Sha256, Medium] = {medium.sha256: medium for medium in (*media.values(), *standing)}
    used = {medium.sha256 for medium in (*standing, *prepared)}
    for take in takes:
        used |= {take.media} if take.media is not None else set()
        used |= {take.replacement.media} if take.replacement is not None else set()
    return tuple(known[sha256] for sha256 in sorted(known) if sha256 in used)


def waiting(plan: Plan) -> tuple[Medium, ...]:
    """The media that a plan names and that nothing of it sounds: what waits for an operator's key."""
    laid = {name for take in plan.takes for name in (take.media, take.replacement and take.replacement.media)}
    laid |= {*plan.filler, plan.loop}
    return tuple(medium for medium in plan.media if medium.sha256 not in laid)


__all__ = ["named", "waiting"]
