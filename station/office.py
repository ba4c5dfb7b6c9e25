"""Wires the office side of the desk: accounts, duty book, settings, how far an account sees. Builds; decides nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from twisted.internet import threads

from station.adoption import leave
from station.door_rules import UnreadAlarms
from station.duty_messages import SetRoster
from station.duty_queries import DutyQueries
from station.duty_roster import everyone, parse
from station.people_desk import ORDERS, PeopleDesk
from station.queries import Queries
from station.settings_desk import SettingsDesk
from station.settings_keeper import SettingsKeeper
from station.settings_orders import ProposeSettings
from station.settings_trial import HOLDS
from station.sight import Sight
from station.words import Command, Event, Operator
from station.world import World

FOLLOWED = ("settings.", "station.started")  # after these the settings' file is looked at


class Office:
    """One a controller; made before its queries, asked for what the house needs after."""

    def __init__(
        self,
        reactor: Any,
        world: World,
        reader: sa.Engine,
        unread: UnreadAlarms,
        tell: Callable[[Command], Any],
    ) -> None:
        self._world = world
        self._people = PeopleDesk(world.people, world.tree, world.settings.station.area)
        self._duty = DutyQueries(world, reader, unread)
        self._settings = _settings(reactor, world, tell)
        self._reactor = reactor
        self._holding: Any = None

    def start(self) -> None:
        """A controller runs: its settings are on trial no more once it has for long enough."""
        self._settings.started()
        self._holding = self._reactor.callLater(HOLDS, self._settings.held)

    def stop(self) -> None:
        """It ends."""
        if self._holding is not None and self._holding.active():
            self._holding.cancel()

    def table(self) -> dict[str, Callable[[dict[str, Any], Operator], Any]]:
        """The queries by name."""
        return {**self._duty.table(), **self._people.table(), **self._settings.table()}

    def house(self, queries: Queries) -> dict[str, Any]:
        """What a StationHouse is given beside desk, people, queries and feeds."""
        return {
            "beside": dict.fromkeys(ORDERS, self._people.obey),
            "prepare": {ProposeSettings: self._settings.prepare, SetRoster: self._known},
            "sight": Sight(self._world, queries.ask),
        }

    def _known(self, wish: SetRoster, by: Operator) -> SetRoster:
        """The roster, where everybody on it has an account; raises Refused that names who has none."""
        for who in everyone(parse(wish.csv, self._world.settings.station.timezone)):
            self._world.people.account(who)
        return wish

    def heard(self, happened: Event) -> None:
        """After something became durable."""
        if happened.kind.startswith(FOLLOWED):
            self._settings.follow()


def _settings(reactor: Any, world: World, tell: Callable[[Command], Any]) -> SettingsDesk:
    def in_thread(call: Callable[..., Any], *args: Any) -> Any:
        return threads.deferToThreadPool(reactor, reactor.getThreadPool(), call, *args)

    file = world.settings_file
    keeper = SettingsKeeper(file, world.places.state / "settings") if file is not None else None
    return SettingsDesk(
        world, keeper, in_thread=in_thread, tell=tell, restart=leave(reactor, world.places.run)
    )
