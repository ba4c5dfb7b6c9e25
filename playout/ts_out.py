"""Sends the transport stream of a radio channel, in a process of its own, and says where any channel's goes: datagrams, and rings that further outputs read. Knows rings and sockets; knows no plan and nothing of what is in a packet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from playout.encoder import PRIORITY, blocks
from playout.rings import AirRing
from playout.senders import Address, Throw
from playout.ts_mux import SLOT, Sent
from playout.ts_packets import PACKET
from playout.ts_ring import DATAGRAM, TsRing
from playout.ts_stream import Listing, RadioStream
from station.children import realtime


class Thrower(Protocol):
    """What datagrams are given to."""

    def send_all(self, data: memoryview, size: int) -> None:
        """Take `data`, in datagrams of at most `size` bytes."""
        ...


class Outlet:
    """Where a stream goes: whatever leaves together goes out in datagrams of seven packets, the last may be shorter; a ring has it at its place."""

    def __init__(self, throws: Sequence[Thrower], rings: Sequence[TsRing]) -> None:
        self._throws, self._rings = throws, rings

    def send(self, sent: Sent) -> None:
        """Give it to all of them."""
        data = memoryview(sent.data)
        for throw in self._throws:
            throw.send_all(data, DATAGRAM)
        for ring in self._rings:
            ring.put(sent.place * PACKET, data)


def outlet(destinations: tuple[Address, ...], rings: tuple[TsRing, ...]) -> Outlet:
    """That of UDP destinations and rings."""
    return Outlet([Throw(address) for address in destinations], rings)


def serve_ts(
    ring: AirRing,
    destinations: tuple[Address, ...],
    name: str,
    rest: Callable[[int], None],
    rings: tuple[TsRing, ...] = (),
    guide: Listing = tuple,
) -> None:
    """An encoder process: MP2 in a transport stream of constant rate to a list of UDP destinations, and to `rings`; `guide`: what is on the air."""
    realtime(PRIORITY)
    out, stream = outlet(destinations, rings), RadioStream(name, guide)
    for index, pcm in blocks(ring, rest, SLOT):
        for sent in stream.write(index, pcm):
            out.send(sent)


__all__ = ["Outlet", "outlet", "serve_ts"]
