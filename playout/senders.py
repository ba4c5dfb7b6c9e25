"""Sends the rendered blocks of a chain as RTP L16 when their time comes, in a process of its own. Knows rings, sockets and the time; knows no plan."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Callable

import attrs
import numpy as np
from numpy.typing import NDArray

from playout.rings import BLOCK, IDLE_BLOCK, AirRing, Words, step_of
from playout.rtp import FRAME, HEAD, MARKER, PACKET, lay_header, ssrc_of, stepped
from station.children import realtime
from station.words import Instant, SampleIndex, instant_of, sample_at

Address = tuple[str, int] | tuple[str, int, str]  # host, port, and the address of ours to send it from
LOOPBACK = "127.0.0.1"
_HOPS = 16  # of multicast that leaves this machine
_UDP_SEGMENT = 103  # linux/udp.h
_AT_ONCE = 48  # datagrams given to the kernel together: 64 of them or 64 KiB are its limit
_LATEST = 200_000  # µs; a block later than this is not sent any more
_PACKETS = BLOCK // FRAME  # of a block
_AHEAD = 8  # blocks laid out at once at most


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
        if 0 < self._cut < len(datagram):
            self._cut_at(0)
        try:
            self._socket.sendto(datagram, self._address)
        except OSError:
            self.dropped += 1

    def send_all(self, data: memoryview, size: int) -> None:
        """Send in datagrams of `size` bytes, the last may be shorter: cut by the kernel where it can, which spares most of the calls."""
        at, end = 0, len(data)
        while at < end:
            most = size * _AT_ONCE if self._cuts(size) else size
            part = data if end <= most else data[at : at + most]
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
        if self._cut not in (size, -1):
            self._cut_at(size)
        return self._cut == size

    def _cut_at(self, size: int) -> None:
        try:
            self._socket.setsockopt(socket.IPPROTO_UDP, _UDP_SEGMENT, size)
            self._cut = size
        except OSError:
            self._cut = -1


def is_multicast(host: str) -> bool:
    """Whether `host` is an IPv4 multicast group."""
    first = host.split(".", 1)[0]
    return first.isdigit() and 224 <= int(first) <= 239


class L16Sender:
    """One output: asked again and again what is due, it sends each block once, in order.

    A block that is rendered never changes. Several are laid out as packets at once, ahead of their time: what is cheap
    done together is dear done a hundred times a second, each time out of a cold cache.
    """

    def __init__(self, output: Output, start: SampleIndex, throws: list[Throw]) -> None:
        self._output = output
        earliest = start - _LATEST * 6 // 125
        resumed = max(int(output.sent[0]), earliest) if output.sent[0] else start
        self._next = resumed - resumed % BLOCK
        self._due = instant_of(SampleIndex(self._next))
        self._throws = throws
        self._ssrc = ssrc_of(output.channel)
        before = output.ring.look(self._next - BLOCK)  # of a burst that goes on this is not the first packet
        self._was_idle = before is None or bool(before[1] & IDLE_BLOCK)
        self._places, self._samples = _places()
        self._laid: deque[tuple[memoryview, int]] = deque()  # packets of the next blocks, with their flags

    def due(self, now: Instant) -> None:
        """Send every block whose time has come; a block that was never rendered is skipped once later ones are there."""
        while self._due <= now:
            head = (
                self._output.ring.head
            )  # read first: a block rendered between the two looks is late, not lost
            if self._laid or self._lay():
                packets, flags = self._laid.popleft()
                if self._due > now - _LATEST:
                    self._send(packets, flags)
            elif head <= self._next:
                return  # not rendered yet: looked at again in a moment
            else:
                self._next = max(self._next, self._output.ring.oldest() - BLOCK)
            self._next += BLOCK
            self._due = instant_of(SampleIndex(self._next))
            self._output.sent[0] = self._next

    def ahead(self) -> None:
        """Lay out what comes next, where nothing is laid out: after the sending, so that no block waits for it."""
        if not self._laid:
            self._lay()

    def _lay(self) -> bool:
        """Lay out the blocks that are there, as many as there are places for; whether there was one."""
        ring, index = self._output.ring, self._next
        for place, samples in zip(self._places, self._samples, strict=True):
            found = ring.look(index)
            if found is None:
                break
            pcm, flags = found
            samples[:] = pcm.reshape(samples.shape)
            for number in range(_PACKETS):
                lay_header(place, number * PACKET, SampleIndex(index + number * FRAME), self._ssrc)
            if not ring.holds(index):
                break  # overwritten meanwhile: as if it had not been there
            self._laid.append((place, flags))
            index += BLOCK
        return bool(self._laid)

    def _send(self, packets: memoryview, flags: int) -> None:
        if flags & IDLE_BLOCK:
            self._was_idle = True
            return
        if self._was_idle:
            packets[1] |= MARKER
            self._was_idle = False
        if flags:
            self._send_stepped(packets, flags)
            return
        for throw in self._throws:
            throw.send_all(packets, PACKET)

    def _send_stepped(self, packets: memoryview, flags: int) -> None:
        """Packets that say which step of the ladder they are on, which makes them longer."""
        for number in range(_PACKETS):
            datagram = stepped(packets[number * PACKET : (number + 1) * PACKET], step_of(flags, number))
            for throw in self._throws:
                throw.send(datagram)


def _places() -> tuple[list[memoryview], list[NDArray[np.int16]]]:
    """Room for the packets of some blocks, and in each that of the samples: (packets, values)."""
    room = bytearray(_AHEAD * _PACKETS * PACKET)
    values = np.frombuffer(room, dtype=">i2").reshape(_AHEAD, _PACKETS, -1)[..., HEAD // 2 :]
    size = _PACKETS * PACKET
    return [memoryview(room)[at : at + size] for at in range(0, len(room), size)], list(values)


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
        for sender in senders:
            sender.ahead()
        following = instant_of(SampleIndex(sample_at(moment) // BLOCK * BLOCK + BLOCK))
        sleep(max(0.001, (following - now()) / 1_000_000))
