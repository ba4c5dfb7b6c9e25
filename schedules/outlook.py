"""What comes out if nobody does anything: the next hours of a plan as an operator reads them, filler run together, with what is amiss. Pure; knows no sheet, no file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import attrs

from schedules.plan import Take
from station.words import Instant, SampleIndex, Text, instant_of

Amiss = Literal["", "filler", "ends_early", "missing"]


@attrs.frozen(kw_only=True)
class Stretch:
    """One stretch of the time to come. Instants µs; `amiss` is empty where all is as planned."""

    item: str
    title: str
    start: Instant
    end: Instant
    hard: bool
    amiss: Amiss
    why: Text


ON_TIME = Text("as planned", "按计划播出")
NOTHING = Text("nothing is planned: filler", "无节目安排,播垫片")
EARLY = Text("cut for what comes next", "为后续节目让出时间")
GOES_ON = Text("goes on after the alert", "预警结束后续播")
ABSENT = Text("its file is missing: it falls to filler", "文件缺失,将垫播")


def outlook(
    takes: Sequence[Take], start: SampleIndex, end: SampleIndex, missing: Callable[[str], bool]
) -> tuple[Stretch, ...]:
    """The stretches of `takes` that meet `start` to `end`, in their order; `missing` says whether a medium's file is gone."""
    found: list[Stretch] = []
    for number, take in enumerate(takes):
        if take.end <= start or take.start >= end:
            continue
        one = _stretch(take, missing)
        if one.amiss == "ends_early" and number + 1 < len(takes) and _goes_on(take, takes[number + 1]):
            one = attrs.evolve(one, amiss="", why=GOES_ON)
        last = found[-1] if found else None
        if last is not None and last.amiss == one.amiss == "filler" and last.end == one.start:
            found[-1] = attrs.evolve(last, end=one.end)
        else:
            found.append(one)
    return tuple(found)


def _goes_on(take: Take, after: Take) -> bool:
    """Whether what an alert covers of an item is followed by the rest of it."""
    return (take.item, take.approval, take.media) == (after.item, after.approval, after.media)


def _stretch(take: Take, missing: Callable[[str], bool]) -> Stretch:
    amiss, why = _amiss(take, missing)
    return Stretch(
        item=take.item,
        title=take.title if amiss != "filler" else "垫片 · filler",
        start=instant_of(take.start),
        end=instant_of(take.end),
        hard=take.hard,
        amiss=amiss,
        why=why,
    )


def _amiss(take: Take, missing: Callable[[str], bool]) -> tuple[Amiss, Text]:
    if take.kind == "filler":
        return "filler", NOTHING
    if take.media is not None and missing(take.media):
        return "missing", ABSENT
    return ("ends_early", EARLY) if take.trimmed else ("", ON_TIME)
