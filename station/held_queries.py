"""What is held since an upgrade, for people to read: each alert by name, what may sound of it. Reads the world; changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs

from station import shown
from station.area_codes import any_meets
from station.held_views import HeldLine, HeldView
from station.hold import Clip
from station.words import AreaCode, Text

NOWHERE = Text("nowhere", "不播出")


def brief(world: Any) -> HeldView:
    """For the strip of every page and the console; `world` is a station.world.World."""
    held = world.held
    return HeldView(
        before=held.before, lines=[_line(world, clip) for clip in held.clips], mutes=len(held.mutes)
    )


def within(seen: HeldView, areas: Sequence[AreaCode]) -> HeldView:
    """What of it concerns an account that answers for `areas` alone."""
    lines = [one for one in seen.lines if any(any_meets(areas, area) for area in one.areas)]
    return attrs.evolve(seen, lines=lines, mutes=0) if lines else HeldView()


def _line(world: Any, clip: Clip) -> HeldLine:
    row = world.book.get(clip.alert)
    return HeldLine(
        alert=clip.alert,
        headline=row.message.headline if row is not None else clip.alert,
        areas=list(row.message.areas) if row is not None else [],
        now=_where(world, clip),
        ends=clip.ends,
    )


def _where(world: Any, clip: Clip) -> Text:
    if not clip.areas and not clip.channels:
        return NOWHERE
    names = [world.channel_name(channel) for channel in clip.channels]
    villages = [shown.named(clip.areas, world)] if clip.areas else []
    return Text(
        ", ".join((*villages, *(name.en for name in names))),
        "、".join((*villages, *(name.zh for name in names))),
    )
