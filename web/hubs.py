"""One hub of live events for each stretch of area that accounts see, so that nobody hears of ground that is not his. Knows seats only as the station tells them."""

from __future__ import annotations

from typing import Any

from station.clock import Clock
from web.events import MOST_CLIENTS, Client, Hub

MOST_SIGHTS = 200  # different choices of areas watched at once; each costs the station two feeds

Sight = tuple[str, ...]  # the areas of a seat, sorted; none: everywhere


class Hubs:
    """As one Hub to whoever starts, stops and feeds it; `add` takes the sight of the client's seat."""

    def __init__(self, clock: Clock, peer: Any) -> None:
        self._clock, self._peer = clock, peer
        self._hubs: dict[Sight, Hub] = {}
        self._started = False

    def start(self) -> None:
        """Begin heart-beats and checks of sessions."""
        self._started = True
        for hub in self._hubs.values():
            hub.start()

    def stop(self) -> None:
        """End every stream and timer."""
        self._started = False
        for hub in self._hubs.values():
            hub.stop()
        self._hubs.clear()

    def room(self, sight: Sight = ()) -> bool:
        """Whether one more browser of this sight fits."""
        self._forget_empty()
        known = sight in self._hubs or len(self._hubs) < MOST_SIGHTS
        return known and sum(len(hub) for hub in self._hubs.values()) < MOST_CLIENTS

    def add(self, client: Client, last_id: str, sight: Sight = ()) -> None:
        """Take a browser in, into the hub of its sight."""
        hub = self._hubs.get(sight)
        if hub is None:
            hub = self._hubs[sight] = Hub(self._clock, self._peer)
            if self._started:
                hub.start()
        hub.add(client, last_id)

    def close(self, session: str, why: str = "logout") -> None:
        """End the streams of a session."""
        for hub in self._hubs.values():
            hub.close(session, why)

    def station_away(self) -> None:
        """Tell the browsers that the station does not answer."""
        for hub in self._hubs.values():
            hub.station_away()

    def _forget_empty(self) -> None:
        for sight in [one for one, hub in self._hubs.items() if not len(hub)]:
            self._hubs.pop(sight).stop()
