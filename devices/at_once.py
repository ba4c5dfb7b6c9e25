"""Writes to a socket at once, not by way of the reactor's next turn: an order to thousands is on its way before the first answers come. Knows no protocol."""

from __future__ import annotations

from typing import Any


class AtOnce:
    """What is written to one connection. The first time that the socket takes less than all, the reactor has the rest and all that follows, so that nothing overtakes."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._straight = hasattr(transport, "writeSomeData")

    def write(self, data: bytes) -> None:
        """Send it."""
        sent = self._transport.writeSomeData(data) if self._straight else 0
        if sent != len(data):  # it is full, or going away: the reactor finds out
            self._straight = False
            self._transport.write(data[sent:] if isinstance(sent, int) and sent > 0 else data)

    def end(self) -> None:
        """The connection is gone."""
        self._straight = False


__all__ = ["AtOnce"]
