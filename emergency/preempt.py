"""Who sounds where several want to: one total order (L7) as data, and what a terminal in an area plays. Knows no output and no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Literal

from emergency.messages import AUTHORITIES
from emergency.sounding import Mute, Sounding
from station.area_codes import contains, prefix
from station.words import AreaCode

if TYPE_CHECKING:
    from emergency.state import Record

Criterion = Literal["kind", "lane", "level", "authority"]
Rank = tuple[int | str, ...]
KINDS = ("actual", "drill", "daily")
EARTHQUAKE = "11C"  # events of the fast lane: seconds decide, so it comes before any level
ORDER: tuple[Criterion, ...] = ("kind", "lane", "level", "authority")  # first difference decides, lower first


def fast_lane(record: Record) -> bool:
    """Whether it may cut a higher level: a verified, pre-authorised, actual earthquake alert."""
    source, message = record.source, record.message
    return (
        source.verified
        and source.preauthorised
        and message.kind == "actual"
        and message.event.startswith(EARTHQUAKE)
    )


_MEASURE: dict[Criterion, Callable[[Record], int]] = {
    "kind": lambda record: KINDS.index(record.message.kind),
    "lane": lambda record: 0 if fast_lane(record) else 1,
    "level": lambda record: record.message.level or 5,  # without a level: below blue
    "authority": lambda record: AUTHORITIES.index(record.source.authority),
}


def rank(record: Record) -> Rank:
    """The place of a record by `ORDER`; equal ranks never cut each other."""
    return tuple(_MEASURE[criterion](record) for criterion in ORDER)


def ordered(records: Iterable[Record]) -> list[Record]:
    """Records best first: by rank, then the incident that sounded first, in it the newest message, then the number."""
    found = list(records)
    first: dict[tuple[Rank, str], int] = {}
    for record in found:
        key = (rank(record), record.incident)
        first[key] = min(first.get(key, record.number), record.number)

    def place(record: Record) -> tuple[Rank, int, int]:
        mine = rank(record)
        return mine, first[mine, record.incident], -record.number

    return sorted(found, key=place)


def muted(sounding: Sounding, area: AreaCode, mutes: Iterable[Mute]) -> bool:
    """Whether a local mute silences this alert in all of `area` (L8)."""
    return any(mute.silences(sounding.alert, area) for mute in mutes)


def covering(sounding: Sounding, area: AreaCode) -> AreaCode | None:
    """The narrowest area of an alert that holds all of `area`, or None when it is not meant."""
    holding = [one for one in sounding.areas if contains(one, area)]
    return max(holding, key=lambda one: len(prefix(one)), default=None)


def assign(soundings: Sequence[Sounding], area: AreaCode, mutes: Iterable[Mute] = ()) -> tuple[Sounding, ...]:
    """What a terminal in `area` plays: nothing, the best, or two that alternate, the local instruction first.

    `soundings` come best first. Two alternate where a wider message meets a local one of equal level and hazard (L7, B7).
    """
    mutes = tuple(mutes)
    meant = [one for one in soundings if covering(one, area) and not muted(one, area, mutes)]
    if not meant:
        return ()
    best = meant[0]
    partner = next((one for one in meant[1:] if _alternate(best, one, area)), None)
    if partner is None:
        return (best,)
    return tuple(sorted((best, partner), key=lambda one: -_narrowness(one, area)))


def _narrowness(sounding: Sounding, area: AreaCode) -> int:
    held = covering(sounding, area)
    assert held is not None
    return len(prefix(held))


def _alternate(best: Sounding, other: Sounding, area: AreaCode) -> bool:
    return (
        best.kind == other.kind == "actual"
        and best.level == other.level
        and hazard(best.event) == hazard(other.event)
        and best.incident != other.incident
        and _narrowness(best, area) != _narrowness(other, area)
    )


# Events that are one danger to the people in its way; the code itself or its group of three.
HAZARDS: dict[str, str] = {
    **dict.fromkeys(("11A01", "11A02", "11A03", "11A04", "11A05", "11A51"), "water"),
    **dict.fromkeys(("11B01", "11B03", "11D02", "11E01", "11E02", "12B04", "12P07"), "water"),
    **dict.fromkeys(("11A10", "11A52", "11A53", "11A54"), "drought"),
    **dict.fromkeys(("11B09", "11B10", "11B11"), "heat"),
    **dict.fromkeys(("11B04", "11B05", "11B08", "11B16"), "cold"),
    **dict.fromkeys(("11B02", "11B06", "11B12", "11B14", "11B15"), "storm"),
    "11C": "earthquake",
    "11D": "slope",
    "11G": "wildfire",
    "12G": "fire",
    "12099": "fire",
    "12D": "chemical",
    "12T": "nuclear",
}


def hazard(event: str) -> str:
    """The danger that an event code speaks of: a named one, else its group of three, for weather the code itself."""
    alone = event if event.startswith("11B") else event[:3]
    return HAZARDS.get(event) or HAZARDS.get(event[:3]) or alone
