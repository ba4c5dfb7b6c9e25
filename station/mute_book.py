"""What is known of each local mute for people to read, lifted ones included: who, when, why, until when; and which of them fell on an alert. Folded from events. Pure; decides nothing."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import attrs

from emergency.messages import MuteExplained, MuteLifted, SoundingMuted
from station.area_codes import any_meets
from station.words import AreaCode, Event, Instant

KINDS: Final = (SoundingMuted, MuteExplained, MuteLifted)
KEPT: Final = 1_000  # mutes kept at hand, the newest; all are in the journal


@attrs.frozen(kw_only=True)
class Silence:
    """One local mute from its key to its lifting; empty `alert` and `areas` mean everything."""

    mute: str
    by: str
    at: Instant
    alert: str = ""
    areas: tuple[AreaCode, ...] = ()
    reason: str = ""
    lifted: Instant | None = None


def note(book: dict[str, Silence], happened: Event, at: Instant) -> None:
    """Keep `book` in step with what became durable at `at`; the oldest leave it."""
    if isinstance(happened, SoundingMuted):
        book[happened.mute] = Silence(
            mute=happened.mute,
            by=happened.by,
            at=at,
            alert=happened.alert,
            areas=happened.areas,
            reason=happened.reason,
        )
        for oldest in list(book)[:-KEPT]:
            del book[oldest]
        return
    if not isinstance(happened, (MuteExplained, MuteLifted)) or happened.mute not in book:
        return
    known = book[happened.mute]
    if isinstance(happened, MuteExplained):
        book[happened.mute] = attrs.evolve(known, reason=happened.reason)
    else:
        book[happened.mute] = attrs.evolve(known, lifted=at)


def fell_on(
    book: Iterable[Silence], alert: str, areas: Iterable[AreaCode], first: Instant, last: Instant | None
) -> list[Silence]:
    """The mutes that an alert for `areas`, on air from `first` to `last` (None: still), fell silent under; oldest first."""
    asked = tuple(areas)
    return [
        one
        for one in book
        if (last is None or one.at < last)
        and (one.lifted is None or one.lifted > first)
        and one.alert in ("", alert)
        and (not one.areas or any(any_meets(one.areas, area) for area in asked))
    ]
