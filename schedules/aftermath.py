"""What becomes of an item that an alert broke off: it goes on where it was cut, begins anew, or is left out, and what follows gives way till the plan is in its place again. Pure; knows no alert and no settings.

Without such an edit the plan runs on beneath and is joined in progress; that is also what a player does that hears of
none. Nothing moves that stands: hard starts, relays, the broadcast day's bounds. A soft start comes at its time or as
soon after as what is before it has ended, within its window; filler is what gives way first, then what has no room.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final, Literal

import attrs

from schedules.grid import on_grid
from schedules.plan import Take
from schedules.segue import CUT_FADE, in_progress, left
from station.words import SampleIndex, Sha256

Then = Literal["join", "resume", "restart", "drop"]
RELAY: Final = "relay"  # class of an item that only an alert may cover


@attrs.frozen(kw_only=True)
class Rule:
    """What settings say of a class of items. In samples."""

    then: Then = "join"
    under: int = (
        0  # restart: only what was heard for less than so long begins anew; all else goes on where it was cut
    )
    longest: int = 0  # what was covered for longer, or is delayed by more, is joined in progress


@attrs.frozen(kw_only=True)
class Broken:
    """An item that was broken off, and what comes of it."""

    then: Then  # resume, restart or drop
    take: Take  # as it stands beneath
    was: SampleIndex  # where it was cut
    until: SampleIndex  # nothing from here on is moved
    lies: Take | None  # the rest of it, or all of it, in its place after the alert; None where it is left out


def stands(take: Take, live: Collection[Sha256]) -> bool:
    """Whether a take begins when it was to, whatever came in between: a hard start, or a relay. `live`: see `schedules.relays.lives`."""
    return take.hard or take.category == RELAY or take.media in live


def broken(
    takes: Sequence[Take],
    cut: int,
    at: int,
    rule_of: Callable[[Take], Rule],
    *,
    stops: Collection[int] = (),
    delayed: int = 0,
    live: Collection[Sha256] = (),
    grid: int = 1,
) -> Broken | None:
    """What becomes of what was heard before sample `cut`, of an overlay that lasts till sample `at`; None: it is joined in progress.

    `stops`: samples beyond which nothing is carried: bounds of days, what operators did. Where something that stands, or
    a stop, began under the overlay, it is that which was cut, at its first sample. `delayed`: by how many samples earlier
    alerts have moved what is on the air.
    """
    firm = [take.start for take in takes if stands(take, live)]
    was = max([on_grid(cut, grid), *(edge for edge in (*firm, *stops) if cut < edge <= at)])
    here = next((take for take in takes if take.start <= was < take.end), None)
    if here is None or was >= at or at >= takes[-1].end:
        return None
    rule = rule_of(here)
    movable = here.kind == "programme" and here.category != RELAY and here.media not in live
    if not movable or rule.then == "join" or at - was + delayed > rule.longest:
        return None
    until = min([takes[-1].end, *(edge for edge in (*firm, *stops) if edge > at)])
    then, lies = _continued(takes, here, was, at, rule)
    return Broken(then=then, take=here, was=SampleIndex(was), until=SampleIndex(until), lies=lies)


def _continued(takes: Sequence[Take], here: Take, was: int, at: int, rule: Rule) -> tuple[Then, Take | None]:
    if rule.then == "drop":
        return "drop", None
    first = next(
        one for one in takes if (one.item, one.approval, one.media) == (here.item, here.approval, here.media)
    )
    heard = here.offset + was - here.start - first.offset
    anew = rule.then == "restart" and 0 <= heard < rule.under
    back = heard if anew else 0
    length = here.end - was + back
    lies = attrs.evolve(
        here,
        start=SampleIndex(at),
        end=SampleIndex(at + length),
        offset=here.offset + was - here.start - back,
        fade_in=min(first.fade_in, length) if anew else 0,  # where it was cut, it goes on as it was
        fade_out=min(here.fade_out, length + here.tail),
        hard=False,
        fixed=False,
        latest=None,
    )
    return ("restart" if anew else "resume"), lies


@attrs.frozen(kw_only=True)
class Shift:
    """What an edit says: from sample `at` on `lies` (None: nothing), then what was to begin at sample `ends` or later; nothing moves from sample `until` on."""

    at: int
    ends: int
    until: int
    lies: Take | None


def shifted(
    takes: Sequence[Take],
    shift: Shift,
    live: Collection[Sha256],
    filler: Callable[[int, int], tuple[Take, ...]],
) -> tuple[Take, ...]:
    """The takes with that; they tile as before. `filler(start, until)` stands where nothing else has its time."""
    at, lies = shift.at, shift.lies
    limit = min(
        [shift.until, takes[-1].end, *(one.start for one in takes if one.start > at and stands(one, live))]
    )
    if not takes[0].start <= at < limit:
        return tuple(takes)
    queue = [k for k, take in enumerate(takes) if shift.ends <= take.start < limit]
    caps = _caps([takes[k] for k in queue], limit)
    made = [] if lies is None else _placed(lies, at, caps[0])
    cursor = made[-1].end if made else SampleIndex(at)
    for place, k in enumerate(queue):
        take = takes[k]
        comes_up = lies is None and take.kind != "filler" and not take.fixed
        if cursor <= take.start and not comes_up:  # from here on the plan is in its place
            return (*_before(takes, at), *made, *filler(cursor, take.start), *takes[k:])
        if take.kind != "filler":
            made += _placed(take, cursor, caps[place + 1])
            cursor = made[-1].end if made else cursor
    return (*_before(takes, at), *made, *filler(cursor, limit), *_from(takes, limit))


def _caps(queue: Sequence[Take], limit: int) -> list[int]:
    """For what is before each take of the queue, and for the last: where it ends at the latest, for a window closes or the limit comes."""
    made = [limit]
    for take in reversed(queue):
        made.append(min(made[-1], take.latest if take.fixed and take.latest is not None else limit))
    return made[::-1]


def _placed(take: Take, start: int, cap: int) -> list[Take]:
    """The item at its new place, as far as there is room before `cap`; what is cut short fades out."""
    whole = take.end - take.start
    length = min(whole, cap - start)
    if length <= 0:
        return []
    moved = attrs.evolve(take, start=SampleIndex(start), end=SampleIndex(start + length))
    if length == whole:
        return [moved]
    fade = min(max(take.fade_out, CUT_FADE), length)
    return [attrs.evolve(moved, tail=0, trimmed=True, fade_in=min(take.fade_in, length), fade_out=fade)]


def _before(takes: Sequence[Take], at: int) -> Iterable[Take]:
    """What was due up to sample `at`; nothing of it sounds on."""
    for take in takes:
        if take.start < at:
            yield from left(take, at) if take.end > at else (_ended(take, at),)


def _ended(take: Take, at: int) -> Take:
    return attrs.evolve(take, tail=0) if take.end + take.tail > at else take


def _from(takes: Sequence[Take], limit: int) -> Iterable[Take]:
    """What is due from sample `limit` on."""
    for take in takes:
        if take.end > limit:
            yield in_progress(take, limit) if take.start < limit else take


__all__ = ["RELAY", "Broken", "Rule", "Shift", "Then", "broken", "shifted", "stands"]
