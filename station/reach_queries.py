"""What an alert for some areas would reach, before anybody sends it: villages, terminals, and the programme channels it would interrupt. Changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from emergency.views import channels_over, ducks
from station import shown
from station.settings import ChannelSection
from station.words import AreaCode, Operator, Text
from station.world import World


class ReachQueries:
    """`resolve` of docs/control-protocol.md."""

    def __init__(self, world: World) -> None:
        self._world = world

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {"resolve": self.resolve}

    def resolve(self, args: dict[str, Any], by: Operator) -> dict[str, Any]:
        """What areas come to: villages, terminals, who is online, who cannot be reached, which channels are interrupted.

        `level` (1 to 4, 0 none) decides whether a channel's programme goes on below the speech.
        """
        world = self._world
        level = args.get("level")
        codes = tuple(world.tree.known(str(code)) for code in args.get("areas", ()))
        reach = world.reach(codes)
        return {
            "villages": reach.villages,
            "terminals": reach.terminals,
            "online": reach.online(world.fleet),
            "unreachable": [world.area(code) for code in reach.unreachable],
            "names": shown.named(codes, world),
            "channels": crossed(world.settings.channels, codes, level if isinstance(level, int) else 0),
        }


def crossed(
    sections: Sequence[ChannelSection], codes: tuple[AreaCode, ...], level: int
) -> list[dict[str, Any]]:
    """The programme channels that an alert for `codes` lies over; `ducked`: their programme stays audible below it; `shrunk`: its picture goes on at half its size."""
    over = channels_over(codes, ((one.id, one.area) for one in sections))
    found = [one for one in sections if one.id in over]
    ducked = ducks(level, [one.duck_below_level for one in found])
    return [
        {
            "id": one.id,
            "name": Text(one.name_en, one.name_zh),
            "picture": bool(one.raster),
            "ducked": ducked,
            "shrunk": level in one.shrink_levels,
        }
        for one in found
    ]
