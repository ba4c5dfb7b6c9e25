"""Where a player's sound goes: destinations of each channel, and the folders of what it writes. Pure; knows settings and ports, opens nothing.

The two of a pair send the same packets on two ways, and a copy each to the one ear of the channel's witness, which puts
packets in place by index as `gengfu merge` does. A guest stands in for its host for a while, on the host's own ways.
"""

from __future__ import annotations

from pathlib import Path

import attrs

from playout.senders import Address
from station import networks
from station.listened import is_stream
from station.outputs import OutputSection
from station.pairs import SECOND, chain_of, is_pair, is_second, ports_of
from station.settings import ChannelSection, Ports, Settings
from station.words import ChannelId


@attrs.frozen
class Outlets:
    """Those of one player."""

    settings: Settings
    ports: Ports
    player: str

    @property
    def guest(self) -> bool:
        """Whether it is there for a while only: it sends packets, and leaves what cannot be taken over in the middle to its host."""
        return is_second(self.player) and not is_pair(self.settings, chain_of(self.player))

    @property
    def slack_us(self) -> int:
        """How far ahead (µs) its mixer renders."""
        chain = chain_of(self.player)
        return 1000 * max([s.slack_ms for s in self.settings.channels if s.chain == chain] or [40])

    def folder(self, base: Path, channel: ChannelId) -> Path:
        """Where it writes what it keeps of a channel: the second of a pair beside the first."""
        return base / (channel + SECOND * is_second(self.player))

    def l16(self, channel: ChannelId) -> tuple[Address, ...]:
        """Destinations of a channel's, or an alert stream's, packets."""
        own = ports_of(self.settings, self.ports, self.player)
        for number, section in enumerate(self.settings.channels):
            if section.id == channel:
                here = (self.ports.witness(number), own.l16(number))
                far = section.l16_twin if own != self.ports else section.l16
                return (*(("127.0.0.1", port) for port in here), *self._far(far))
        terminals = networks.address(self.settings.networks.terminals)
        number = int(channel.rsplit("-", 1)[1])
        copy = (("127.0.0.1", self.ports.witness_stream(number)),) * is_stream(self.settings, channel)
        return (*copy, (*self.ports.stream(number), terminals))

    def ts(self, section: ChannelSection) -> tuple[Address, ...]:
        """Destinations of a channel's transport stream."""
        number = self.settings.channels.index(section)
        ports = ports_of(self.settings, self.ports, self.player)
        own = [ports.ts(number), *([ports.witness_ts(number)] if section.raster else [])]
        far = section.ts_twin if ports != self.ports else section.ts
        return (*(("127.0.0.1", port) for port in own), *self._far(far))

    def further(self, section: ChannelSection) -> list[OutputSection]:
        """The further outputs of a channel that it may send: either of a pair all of them, a guest none."""
        if section.chain != chain_of(self.player) or self.guest:
            return []
        if not is_second(self.player):
            return list(section.outputs)
        return [attrs.evolve(one, to=one.to_twin or one.to) for one in section.outputs]

    def first(self, output: OutputSection) -> bool:
        """Whether this player is meant to send it; its twin stands by."""
        return output.twin == is_second(self.player)

    @property
    def paired(self) -> bool:
        """Whether another player may send the same outputs."""
        return is_pair(self.settings, chain_of(self.player))

    def _far(self, destinations: list[str]) -> tuple[Address, ...]:
        """Where settings send it: from the playout net, whatever route the system would choose."""
        via = networks.address(self.settings.networks.playout)
        return tuple((*_address(one), via) for one in destinations)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    return host, int(port)
