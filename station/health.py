"""Whether this controller is well, in one JSON object: what is connected, how old what it knows is. Knows no rule."""

from __future__ import annotations

import json
from typing import Any

from twisted.web.resource import Resource
from twisted.web.server import Request

from playout.channel import ChainLink
from station.pairs import players
from station.twins import answering
from station.world import World


class Health:
    """The answer to /healthz and to the control socket's `health`."""

    def __init__(self, world: World, links: dict[str, ChainLink]) -> None:
        self._world = world
        self._links = links

    def plain(self) -> dict[str, Any]:
        """`ok` is true while the journal is written and a player of every chain answers."""
        world = self._world
        meant = players(world.settings)
        up = {one: link.connected for one, link in self._links.items() if one in meant or link.connected}
        on_air = all(answering(up, chain) for chain in world.settings.chains())
        return {
            "ok": on_air and not world.desk.degraded,
            "station": world.settings.station.id,
            "position": world.desk.position,
            "journal": "degraded" if world.desk.degraded else "ok",
            "players": up,
            "terminals_online": world.fleet.online,
            "terminals_registered": len(world.fleet.registry),
            "clock": {
                "synchronised": world.desk.states["keeping"].synchronised,
                "reanchor_wanted": world.desk.states["keeping"].reanchor_wanted,
            },
            "at": world.now(),
        }


class HealthPage(Resource):
    """GET /healthz."""

    isLeaf = True  # noqa: N815 - twisted.web's name

    def __init__(self, health: Health) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._health = health

    def render_GET(self, request: Request) -> bytes:  # noqa: N802
        """200 when well, 503 when not; the body says what."""
        said = self._health.plain()
        request.setResponseCode(200 if said["ok"] else 503)
        request.responseHeaders.setRawHeaders(b"content-type", [b"application/json"])
        request.responseHeaders.setRawHeaders(b"cache-control", [b"no-store"])
        return json.dumps(said).encode()
