"""What stands in for an item whose file cannot be had: of its class, approved with it, and exactly as long. Pure; knows no file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from schedules.handling import Handling
from schedules.plan import UNITY, Medium, Replacement
from schedules.raster import FRAME
from schedules.rundown import Item
from station.words import SAMPLE_RATE, Sha256, Text

CONFORMED: Final = FRAME  # samples, one picture: what is longer by less is cut to the sample


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


def _seconds(samples: int) -> str:
    return f"{samples // SAMPLE_RATE}.{samples % SAMPLE_RATE * 1_000 // SAMPLE_RATE:03d}"


__all__ = ["CONFORMED", "replacement_of"]
