"""Local mutes for people to read: those in force, and those that were lifted and still owe their reason. Reads the world; changes nothing."""

from __future__ import annotations

from collections.abc import Iterable

from emergency.records import MuteRecord
from station import mute_book, shown
from station.alert_book import AlertRow
from station.views import MuteView
from station.world import World


def in_force(world: World) -> list[MuteView]:
    """What is silent by a person's wish, oldest first."""
    return _views(world, world.desk.states["emergency"].mutes.values())


def unexplained(world: World) -> list[MuteView]:
    """What sounds again, or is over, and nobody has said yet why it was silenced; oldest first."""
    return _views(world, world.desk.states["emergency"].unexplained.values())


def on_alert(world: World, row: AlertRow) -> list[MuteView]:
    """The mutes that fell on one alert while it was on air, lifted ones too, oldest first."""
    if row.aired_at is None:
        return []
    areas = row.message.areas
    found = mute_book.fell_on(world.silences.values(), row.id, areas, row.aired_at, row.ended_at)
    return [
        MuteView(
            id=one.mute,
            by=one.by,
            by_name=world.person(one.by),
            at=one.at,
            alert=one.alert,
            areas=list(one.areas),
            area_names=shown.named(one.areas, world),
            reason=one.reason,
            lifted_at=one.lifted,
        )
        for one in found
    ]


def _views(world: World, records: Iterable[MuteRecord]) -> list[MuteView]:
    return [
        MuteView(
            id=mute.mute,
            by=mute.by,
            by_name=world.person(mute.by),
            at=silence.at if (silence := world.silences.get(mute.mute)) else mute.lifted or world.now(),
            alert=mute.alert,
            areas=list(mute.areas),
            area_names=shown.named(mute.areas, world),
            reason=mute.reason,
            headline=world.headline(mute.alert) if mute.alert else "",
            lifted_at=mute.lifted or None,
        )
        for mute in records
    ]
