"""Wires the office side of the desk: accounts, duty book, how far an account sees. Builds; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from station.door_rules import UnreadAlarms
from station.duty_queries import DutyQueries
from station.people_desk import ORDERS, PeopleDesk
from station.queries import Queries
from station.sight import Sight
from station.words import Operator
from station.world import World


class Office:
    """One a controller; made before its queries, asked for what the house needs after."""

    def __init__(self, world: World, reader: sa.Engine, unread: UnreadAlarms) -> None:
        self._world = world
        self._people = PeopleDesk(world.people, world.tree, world.settings.station.area)
        self._duty = DutyQueries(world, reader, unread)

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {**self._duty.table(), **self._people.table()}

    def house(self, queries: Queries) -> dict[str, Any]:
        """What a StationHouse is given beside desk, people, queries and feeds."""
        return {"beside": dict.fromkeys(ORDERS, self._people.obey), "sight": Sight(self._world, queries.ask)}
