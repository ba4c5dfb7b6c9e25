"""Looks several times a second at what comes of live sources and tells the desk what follows (`station.live_watch` decides). Knows a reactor and what players tell; decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from playout.channel import ChainLink
from playout.link import RelaySight
from playout.live_state import Session
from station import live_watch
from station.conditions import Condition
from station.pairs import chain_of, is_pair, is_second
from station.relay_book import better
from station.words import Command
from station.world import World

EVERY: Final = 0.25  # s


class LiveFollower:
    """Runs from `start` to `stop` where settings have live sources."""

    def __init__(
        self, reactor: Any, world: World, links: Mapping[str, ChainLink], tell: Callable[[Command], Any]
    ) -> None:
        self._reactor, self._world, self._links, self._tell = reactor, world, links, tell
        self._call: Any = None

    def start(self) -> None:
        """Look from now on."""
        if self._world.settings.live:
            self._turn()

    def stop(self) -> None:
        """Look no more."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def _turn(self) -> None:
        self._call = self._reactor.callLater(EVERY, self._turn)
        state, world = self._world.desk.states["playout"], self._world
        if state.armed or state.sessions:
            for wish in live_watch.wishes(
                world.settings, state.armed, self._sessions(), self.sights(own=True), world.now()
            ):
                self._tell(wish)

    def _sessions(self) -> tuple[Session, ...]:
        world = self._world
        return live_watch.as_planned(world.desk.states["playout"].sessions, world.plans, world.now())

    def sights(self, *, own: bool = False) -> dict[str, RelaySight]:
        """How each source comes in, as the players tell: of two of a chain the one that has something to hear, else the first; with `own` no guests, to which some cannot come."""
        settings, found = self._world.settings, dict[str, tuple[str, RelaySight]]()
        for player, link in self._links.items():
            if own and is_second(player) and not is_pair(settings, chain_of(player)):
                continue
            for sight in (sight for status in link.status.values() for sight in status.relays):
                other, held = found.get(sight.relay, (player, sight))
                if not better(held, other, sight, player):
                    found[sight.relay] = player, sight
        return {relay: sight for relay, (_, sight) in found.items()}

    def conditions(self) -> tuple[Condition, ...]:
        """What is wrong."""
        state, world = self._world.desk.states["playout"], self._world
        return live_watch.conditions(
            world.settings, state.armed, self._sessions(), self.sights(), world.now()
        )


__all__ = ["EVERY", "LiveFollower"]
