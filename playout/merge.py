"""Copies of one RTP stream made one again (after SMPTE ST 2022-7): by absolute index, never by order of arrival. Pure; time is told, sockets are elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import attrs

from playout import rtp, rtp_ts
from playout.rtp import Packet, index_near, parse
from station.words import SAMPLE_RATE, SECOND, Misheard, SampleIndex

HOLD: Final = 60_000  # µs from the earliest copy of a packet to its sending: so much may the paths differ
MOST: Final = 4_096  # packets held; 20 s of a stream
_BUCKET: Final = 5_000_000  # µs over which the least delay is looked for; two of them count
_QUIET: Final = 500_000  # µs without a packet to send, after which a stream may begin anew at any index
_ABREAST: Final = 2  # s a packet may be off where the stream should be: one further off is astray


@attrs.frozen(kw_only=True)
class Form:
    """What is merged."""

    payload_type: int
    clock: int  # Hz of time stamps, which are what the packets of all paths are known by
    sample: int = 0  # bytes of one tick of it in the payload; 0: packets are counted by their numbers


L16: Final = Form(payload_type=rtp.PAYLOAD_TYPE, clock=SAMPLE_RATE, sample=4)
TS: Final = Form(payload_type=rtp_ts.PAYLOAD_TYPE, clock=rtp_ts.CLOCK)


@attrs.define
class Figures:
    """What came by one path, in packets."""

    received: int = 0
    taken: int = 0  # sent on in this copy
    alone: int = 0  # sent on, and the only copy there was
    late: int = 0  # came when their moment had passed
    foreign: int = 0  # not RTP, or not of this stream
    astray: int = 0  # of this stream, at an index where it cannot be, or more than there is room for
    twice: int = 0


@attrs.define
class _Held:
    """The copies of one packet."""

    copies: dict[int, tuple[Packet, bytes]] = attrs.field(factory=dict)

    def best(self) -> int:
        """The path whose copy is sent: that of the better rung; the first where they are equal."""
        return min(self.copies, key=lambda path: (self.copies[path][0].rung, path))


class Merger:
    """Takes datagrams of `paths` paths, gives each packet once, in order, `hold` µs after its first copy could be here.

    A packet that no path brings is left out and counted. Where copies differ in their rung of the fallback ladder, the better one is sent;
    where they differ on the same rung, the first path's is, and `differing` counts it: two players that do not agree.
    """

    def __init__(self, paths: int = 2, hold: int = HOLD, ssrc: int | None = None, form: Form = L16) -> None:
        """`ssrc`: the stream that is meant; None: that of the first packet."""
        self.figures = tuple(Figures() for _ in range(paths))
        self.missing = self.differing = self.begun = 0
        self._hold, self._ssrc, self._form = hold, ssrc, form
        self._held: dict[int, _Held] = {}
        self._sent: int | None = None  # index of the last packet sent
        self._sent_at = self._sequence = 0
        self._bucket = 0
        self._least: list[int | None] = [
            None,
            None,
        ]  # µs of arrival after the index's instant: this bucket, the last

    def take(self, path: int, data: bytes, now: int) -> None:
        """One datagram that came by `path` at `now` (µs, any clock that does not jump)."""
        figures = self.figures[path]
        try:
            packet = parse(data)
        except Misheard:
            figures.foreign += 1
            return
        if self._ssrc is None:
            self._ssrc = packet.ssrc
        if packet.ssrc != self._ssrc or packet.payload_type != self._form.payload_type or not packet.payload:
            figures.foreign += 1
            return
        figures.received += 1
        self._keep(path, packet, data, now)

    def _keep(self, path: int, packet: Packet, data: bytes, now: int) -> None:
        if self._sent is not None and not self._held and now - self._sent_at > _QUIET:
            self._begin_anew()
        index = self._index(packet.timestamp)
        if not self._may_be(index, now) or (index not in self._held and len(self._held) >= MOST):
            self.figures[path].astray += 1
            return
        if self._sent is not None and index <= self._sent:
            self.figures[path].late += 1
            return
        held = self._held.setdefault(index, _Held())
        if path in held.copies:
            self.figures[path].twice += 1
            return
        held.copies[path] = (packet, data)
        self._measure(now - self._instant(index), now)

    def _may_be(self, index: int, now: int) -> bool:
        """A path that goes mad, or a stranger who knows the stream's name, must not carry the stream away."""
        if self._sent is None:
            return True
        clock = self._form.clock
        return abs(index - self._sent - (now - self._sent_at) * clock // SECOND) <= _ABREAST * clock

    def _instant(self, index: int) -> int:
        return -(-index * SECOND // self._form.clock)

    def _begin_anew(self) -> None:
        self._sent, self._least = None, [None, None]

    def _index(self, timestamp: int) -> int:
        """The packet's index, counted from wherever the stream was first met: 32 bits go round once a day."""
        near = self._sent if self._sent is not None else next(iter(self._held), None)
        return timestamp + (1 << 32) if near is None else index_near(timestamp, SampleIndex(near))

    def _measure(self, delay: int, now: int) -> None:
        if now // _BUCKET != self._bucket:
            self._bucket = now // _BUCKET
            self._least = [None, self._least[0]]
        least = self._least[0]
        self._least[0] = delay if least is None else min(least, delay)

    def next(self) -> int | None:
        """When `due` will have something to give (µs), None while nothing is held."""
        return self._moment(min(self._held)) if self._held else None

    def _moment(self, index: int) -> int:
        return self._instant(index) + min(one for one in self._least if one is not None) + self._hold

    def due(self, now: int) -> Iterator[bytes]:
        """The datagrams to send now, in order."""
        for index in sorted(self._held):
            if self._moment(index) > now:
                return
            yield self._send(index, now)

    def _between(self, before: int, index: int, packet: Packet) -> int:
        """How many packets no path brought."""
        sample = self._form.sample
        if sample:
            return max(0, (index - before) // (len(packet.payload) // sample) - 1)
        return packet.sequence - self._sequence - 1 & 0xFFFF

    def _send(self, index: int, now: int) -> bytes:
        held = self._held.pop(index)
        path = held.best()
        packet, data = held.copies[path]
        if self._sent is None or packet.marker:
            self.begun += 1  # a stream that was silent begins: what was not sent is not missing
        else:
            self.missing += self._between(self._sent, index, packet)
        self._sent, self._sent_at, self._sequence = index, now, packet.sequence
        self.figures[path].taken += 1
        self.figures[path].alone += len(held.copies) == 1
        self.differing += any(
            other.rung == packet.rung and other.payload != packet.payload for other, _ in held.copies.values()
        )
        return data
