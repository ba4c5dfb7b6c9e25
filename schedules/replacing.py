"""What stands in for an item whose file cannot be had: of its class, approved with it, and exactly as long. Pure; knows no file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import attrs

from schedules.handling import Handling
from schedules.plan import UNITY, Medium, Replacement
from schedules.rundown import Item
from station.words import SAMPLE_RATE, Sha256, Text

CONFORMED: Final = (
    1_920  # samples, the longest picture of any raster: what is longer by less is cut to the sample
)
APPROVAL: Final = "standing:replacement:"


def replacement_of(
    item: Item, medium: Medium | None, length: int, handlings: Mapping[Sha256, Handling]
) -> Replacement | Text:
    """`medium` in place of an item of `length` samples, from its first sample on, as loud as the channel wants it; or why it cannot stand in."""
    if medium is None:
        return Text(
            f"its replacement {item.replacement} is missing or not approved",
            f"替播素材 {item.replacement} 缺失或未审",
        )
    if not 0 <= medium.samples - length < CONFORMED:
        return Text(
            f"its replacement lasts {_seconds(medium.samples)} s, not {_seconds(length)} s; it is left out",
            f"替播素材时长 {_seconds(medium.samples)} 秒,应为 {_seconds(length)} 秒,不采用",
        )
    known = handlings.get(medium.sha256)
    return Replacement(media=medium.sha256, shift=-item.cue_in, gain=known.gain if known else UNITY)


def standing_in(
    item: Item,
    medium: Medium | None,
    named: Medium | None,
    length: int,
    listed: Sequence[Medium],
    handlings: Mapping[Sha256, Handling],
) -> Replacement | Text | None:
    """What stands in for an item of `length` samples: `named` where its line names something, else the first of its class that is as long; or why nothing does.

    `listed`: the class's list out of the settings, which is a standing approval. None: nothing was asked for.
    """
    if item.replacement:
        return replacement_of(item, named, length, handlings)
    if medium is None or not listed:
        return None
    others = (
        one for one in listed if one.sha256 != medium.sha256 and bool(one.frames) == bool(medium.frames)
    )
    found = next((one for one in others if 0 <= one.samples - length < CONFORMED), None)
    if found is None:
        return Text(
            f"no replacement of class {item.category} lasts {_seconds(length)} s",
            f"没有时长 {_seconds(length)} 秒的“{item.category}”类替播素材",
        )
    made = replacement_of(item, found, length, handlings)
    assert isinstance(made, Replacement)
    return attrs.evolve(made, approval=APPROVAL + item.category)


def _seconds(samples: int) -> str:
    return f"{samples // SAMPLE_RATE}.{samples % SAMPLE_RATE * 1_000 // SAMPLE_RATE:03d}"


__all__ = ["APPROVAL", "CONFORMED", "replacement_of", "standing_in"]
