"""Transmitters and power supplies in one line each: for the card of a channel, the wall and the sentence on top. Reads the world; changes nothing."""

from __future__ import annotations

from devices.keying_state import State
from station.device_queries import amiss, carrier_sentence, supply_sentence
from station.views import PlantLine
from station.words import ChannelId
from station.world import World


def carriers(world: World, channel: ChannelId) -> list[PlantLine]:
    """The transmitters of a channel, in the order of the settings."""
    state: State = world.desk.states["plant"]
    found = []
    for one in world.plant.devices:
        if one.channel == channel and one.profile.carrier:
            seen = world.plant.seen(one.id)
            reported = seen.carrier if seen.contact == "good" else "unknown"
            tone, text = carrier_sentence(reported, state.device(one.id).order, amiss(one, seen))
            found.append(PlantLine(device=one.id, name=one.name, tone=tone, text=text))
    return found


def power(world: World) -> list[PlantLine]:
    """Power supplies of which something is to be said, in the order of the settings."""
    supplies = {one.id for one in world.settings.devices if one.kind == "ups"}
    found = []
    for one in world.plant.devices:
        if one.id in supplies:
            tone, text = supply_sentence(one, world.plant.seen(one.id), world.now())
            if tone != "good":
                found.append(PlantLine(device=one.id, name=one.name, tone=tone, text=text))
    return found


__all__ = ["carriers", "power"]
