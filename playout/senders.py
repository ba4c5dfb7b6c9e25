"""Sends the rendered blocks of a chain as RTP L16 when their time comes, in a process of its own. Knows rings, sockets and the time; knows no plan."""

from __future__ import annotations

import socket
from collections.abc import Callable

import attrs

from playout.rings import BLOCK, IDLE_BLOCK, AirRing, Pcm16, Words, step_of
from playout.rtp import FRAME, header, ssrc_of
from station.children import realtime
from station.words import Instant, SampleIndex, instant_of, sample_at

Address = tuple[str, int] | tuple[str, int, str]  # host, port, and the address of ours to send it from
LOOPBACK = "127.0.0.1"
_HOPS = 16  # of multicast that leaves this machine
_UDP_SEGMENT = 103  # linux/udp.h
_AT_ONCE = 48  # datagrams given to the kernel together: 64 of them or 64 KiB are its limit
_LATEST = 200_000  # µs; a block later than this is not sent any more


@attrs.frozen(kw_only=True)
class Output:
    """One channel and where it goes."""

    channel: str
    ring: AirRing
    destinations: tuple[Address, ...]
    sent: Words  # one word: the next index to send, seen by the sender's successor


class Throw:
    """A UDP socket a destination: what cannot be sent at once is dropped and counted, nobody waits."""

    def __init__(self, address: Address) -> None:
        self._address = address[:2]
        self.dropped = 0
        self._cut = 0  # size of the datagrams the kernel cuts; -1 where it does not
        via = address[2] if len(address) == 3 else LOOPBACK
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self._socket.setblocking(False)  # noqa: FBT003
        if is_multicast(address[0]):
            hops = 0 if via == LOOPBACK else _HOPS
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, hops)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_LOOP, 1)
            self._socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(via))
        elif via != LOOPBACK and family == socket.AF_INET:
            self._socket.bind((via, 0))

    def send(self, datagram: bytes | memoryview) -> None:
        """Send or drop."""
        try:
            self._socket.sendto(datagram, self._address)
        except OSError:
            self.dropped += 1

    def send_all(self, data: memoryview, size: int) -> None:
        """Send in datagrams of `size` bytes, the last may be shorter: cut by the kernel where it can, which spares most of the calls."""
        at = 0
        while at < len(data):
            part = data[at : at + (size * _AT_ONCE if self._cuts(size) else size)]
            try:
                self._socket.sendto(part, self._address)
            except OSError as error:
                if len(part) > size and not isinstance(error, BlockingIOError):
                    self._cut = -1  # not on this way out: one by one from now on
                    continue
                self.dropped += -(-len(part) // size)
            at += len(part)

    def _cuts(self, size: int) -> bool:
        """Whether the kernel cuts what is sent into datagrams of `size` bytes; what is shorter it leaves alone."""
        if not self._cut:
            try:
                self._socket.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, size)
                self._cut = size
            except OSError:
                self._cut = -1
        return self._cut == size


def is_multicast(host: str) -> bool:
    """Whether `host` is an IPv4 multicast group."""
    first = host.split(".", 1)[0]
    return first.isdigit() and 224 <= int(first) <= 239


class L16Sender:
    """One output: asked again and again what is due, it sends each block once, in order."""

    def __init__(self, output: Output, start: SampleIndex, throws: list[Throw]) -> None:
        self._output = output
        earliest = start - _LATEST * 6 // 125
        resumed = max(int(output.sent[0]), earliest) if output.sent[0] else start
        self._next = resumed - resumed % BLOCK
        self._throws = throws
        self._ssrc = ssrc_of(output.channel)
        self._was_idle = True

    def due(self, now: Instant) -> None:
        """Send every block whose time has come; a block that was never rendered is skipped once later ones are there."""
        ring = self._output.ring
        while instant_of(SampleIndex(self._next)) <= now:
            head = ring.head  # read first: a block rendered between the two looks is late, not lost
            found = ring.get(self._next)
            if found is not None:
                if instant_of(SampleIndex(self._next)) > now - _LATEST:
                    self._send(SampleIndex(self._next), *found)
            elif head <= self._next:
                return  # not rendered yet: looked at again in a moment
            else:
                self._next = max(self._next, ring.oldest() - BLOCK)
            self._next += BLOCK
            self._output.sent[0] = self._next

    def _send(self, index: SampleIndex, pcm: Pcm16, flags: int) -> None:
        if flags & IDLE_BLOCK:
            self._was_idle = True
            return
        samples = pcm.astype(">i2").tobytes()
        for at in range(0, BLOCK, FRAME):
            rung, marker = step_of(flags, at // FRAME), self._was_idle and at == 0
            head = header(SampleIndex(index + at), self._ssrc, rung=rung, marker=marker)
            datagram = head + samples[4 * at : 4 * (at + FRAME)]
            for throw in self._throws:
                throw.send(datagram)
        self._was_idle = False


def serve_l16(
    outputs: tuple[Output, ...], now: Callable[[], Instant], sleep: Callable[[float], None]
) -> None:
    """A sender process; ends only when it is killed."""
    realtime()
    start = sample_at(now())
    senders = [L16Sender(out, start, [Throw(address) for address in out.destinations]) for out in outputs]
    while True:
        moment = now()
        for sender in senders:
            sender.due(moment)
        following = instant_of(SampleIndex(sample_at(moment) // BLOCK * BLOCK + BLOCK))
        sleep(max(0.001, (following - now()) / 1_000_000))
