"""Sends a channel as RTP to one destination: uncompressed sound, announced where wanted, or its transport stream. Knows rings and sockets; what a packet looks like is said in playout.linear, playout.sap and playout.rtp_ts."""

from __future__ import annotations

import socket
from typing import Final

import attrs

from playout import sap
from playout.gauge import Gauge
from playout.linear import Linear
from playout.rings import BLOCK
from playout.rtp import ssrc_of
from playout.rtp_ts import TsPackets
from playout.senders import LOOPBACK, Throw, is_multicast
from playout.ts_ring import Follower
from playout.ways import Way
from station.children import realtime
from station.outputs import target
from station.words import SAMPLE_RATE, SECOND, Instant, SampleIndex, instant_of, sample_at

_LATEST: Final = 200_000  # µs; a packet later than this is not sent any more
_COUNTED: Final = SECOND  # µs between two looks at what could not be sent
_RTP_TS_LATER: Final = 0.004  # s between two looks for what the encoder wrote


class Counted:
    """A destination whose losses are told: it is up while anything gets away."""

    def __init__(self, throw: Throw, gauge: Gauge) -> None:
        self._throw, self._gauge = throw, gauge
        self._looked = Instant(0)
        self._packets = self._bytes = 0  # since it was last looked
        self._dropped = 0  # as it was then

    def send(self, datagram: bytes) -> None:
        """Send, or drop and count."""
        self._throw.send(datagram)
        self._packets += 1
        self._bytes += len(datagram)

    def look(self, now: Instant) -> None:
        """Tell the gauge, once a second."""
        if now - self._looked < _COUNTED or not self._packets:
            return
        dropped, self._dropped = self._throw.dropped - self._dropped, self._throw.dropped
        lost = self._bytes * dropped // self._packets
        self._gauge.sent(self._bytes - lost)
        self._gauge.lost(lost, now)
        if dropped < self._packets:
            self._gauge.up(now)
        else:
            self._gauge.down("unreachable", now)
        self._looked, self._packets, self._bytes = now, 0, 0


def _counted(way: Way) -> Counted:
    place = target(way.section)
    assert place is not None  # the rules of the settings have said so
    figures = socket.getaddrinfo(place.host, place.port, socket.AF_INET, socket.SOCK_DGRAM)[0][4][0]
    return Counted(Throw((str(figures), place.port, way.via)), way.gauge)  # a name is looked up once


class LinearSender:
    """Packets of uncompressed sound, each when its first sample is due."""

    def __init__(self, way: Way) -> None:
        frames = way.section.packet_us * SAMPLE_RATE // 1_000_000
        bits = 16 if way.section.kind == "l16" else 24
        self.form = Linear(bits=bits, frames=frames, ssrc=ssrc_of(way.channel))
        self._way, self._out = way, _counted(way)
        self._next = sample_at(way.now()) // BLOCK * BLOCK + BLOCK
        self._laid: list[bytes] = []  # of the block at hand, the next one last

    def due(self, now: Instant) -> float:
        """Send what is due; seconds until more is."""
        while instant_of(SampleIndex(self._next)) <= now:
            if not self._laid and not self._lay():
                return 0.001  # not rendered yet: looked at again in a moment
            packet = self._laid.pop()
            if instant_of(SampleIndex(self._next)) > now - _LATEST:
                self._out.send(packet)
            self._next += self.form.frames
        self._out.look(now)
        return (instant_of(SampleIndex(self._next)) - now) / 1_000_000

    def _lay(self) -> bool:
        ring = self._way.air
        head = ring.head  # read first: a block rendered between the two looks is late, not lost
        found = ring.get(self._next)
        if found is not None:
            self._laid = list(self.form.packets(self._next, found[0]))[::-1]
            return True
        if head > self._next:
            self._next = max(self._next + BLOCK, ring.oldest())
        return False


def send_linear(way: Way) -> None:
    """Packets of uncompressed sound, and their announcement every so often, for ever."""
    realtime()
    sender = LinearSender(way)
    announcer = Announcer(way, sender.form) if way.section.sap else None
    while True:
        now = way.now()
        later = sender.due(now)
        if announcer is not None:
            announcer.turn(now)
        way.rest(max(0.0005, later))


class Announcer:
    """Says to a group where the stream is, so that receivers list it by name."""

    def __init__(self, way: Way, form: Linear) -> None:
        place = target(way.section)
        assert place is not None
        group, via = way.section.sap, way.via
        origin = _origin(group) if via == LOOPBACK and not is_multicast(place.host) else via
        stream = sap.Announced(
            name=f"{way.name} {way.section.id}",
            origin=origin,
            host=place.host,
            port=place.port,
            form=form.name,
            packet_us=way.section.packet_us,
        )
        self._packet = sap.packet(sap.description(stream), origin)
        self._throw = Throw((group, sap.PORT, via))
        self._next = Instant(0)

    def turn(self, now: Instant) -> None:
        """Announce when it is time."""
        if now >= self._next:
            self._throw.send(self._packet)
            self._next = Instant(now + sap.EVERY * SECOND)


def _origin(group: str) -> str:
    """The address of ours from which the system would send there; loopback where it knows no way."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((group, sap.PORT))
        except OSError:
            return LOOPBACK
        return str(probe.getsockname()[0])


@attrs.define
class TsSender:
    """A transport stream, seven packets of it in each of RTP."""

    way: Way
    out: Counted
    packets: TsPackets
    stream: Follower

    def turn(self, now: Instant) -> bool:
        """Send one packet where it is there; whether there was one."""
        before = self.stream.lost
        data = self.stream.more()
        if data:
            self.out.send(self.packets.packet(self.stream.position - len(data), data))
        elif self.stream.lost > before:
            self.way.gauge.lost(self.stream.lost - before, now)
        self.out.look(now)
        return bool(data)


def send_ts(way: Way) -> None:
    """The channel's transport stream in RTP, for ever."""
    packets = TsPackets(way.ts.rate, ssrc_of(way.channel))
    sender = TsSender(way, _counted(way), packets, Follower(way.ts))
    while True:
        while sender.turn(way.now()):
            way.rest(0)
        way.rest(_RTP_TS_LATER)
