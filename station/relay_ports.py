"""Where a player tells the witnesses of its machine what came of a relay: a multicast group each, that leaves the machine never. Pure."""

from __future__ import annotations

from station.settings import Ports, Settings


def reference(ports: Ports, number: int) -> tuple[str, int]:
    """Group and port of relay `number`, counted from 0 in the order of the settings."""
    return f"239.193.{ports.base // 256 % 256}.{number + 1}", ports.base + 90 + number


def references(settings: Settings, ports: Ports, chain: str) -> dict[str, tuple[str, int]]:
    """Those of the relays that a chain's player receives, by their names."""
    return {
        section.id: reference(ports, number)
        for number, section in enumerate(settings.received())
        if section.chain == chain
    }


__all__ = ["reference", "references"]
