"""One TCP connection of a terminal: bytes in, frames out to the fleet, and drops who does not read. Knows no alert and no order."""

from __future__ import annotations

from typing import Any
from typing import Protocol as Typed

from twisted.internet.interfaces import IPushProducer
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from devices.at_once import AtOnce
from devices.fefd import Frame, Profile, Reader

MAX_GARBLED = 20  # unreadable frames before a connection is not worth keeping


class Hall(Typed):
    """What a link needs from the fleet."""

    profile: Profile

    def enter(self, link: Link) -> bool: ...
    def heard(self, link: Link, frame: Frame) -> None: ...
    def leave(self, link: Link) -> None: ...
    def complain(self, why: str, link: Link) -> None: ...


@implementer(IPushProducer)
class Link(Protocol):
    """A connection; `number` is the terminal once it said who it is. As a producer it learns when its peer stops reading."""

    transport: Any  # ITCPTransport; its stubs declare methods without self
    _out: AtOnce  # from connectionMade on

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._reader = Reader(hall.profile, header=hall.profile.answer_header)
        self.number: int | None = None
        self.since = 0
        self.choked = False

    @property
    def peer(self) -> str:
        """Address of the other side."""
        return str(self.transport.getPeer().host)

    def connectionMade(self) -> None:  # noqa: N802
        self._out = AtOnce(self.transport)
        self.transport.setTcpNoDelay(True)
        self.transport.setTcpKeepAlive(True)
        self.transport.registerProducer(self, streaming=True)
        if not self._hall.enter(self):
            self.drop("crowded")

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        for frame in self._reader.feed(data):
            self._hall.heard(self, frame)
        if self._reader.garbled > MAX_GARBLED or self._reader.rubbish > 16 * self._hall.profile.max_frame:
            self.drop("garbled")

    def send(self, data: bytes) -> None:
        """Write, or drop a terminal whose buffer has filled since it last read."""
        if self.choked:
            self.drop("does not read")
        else:
            self._out.write(data)

    def drop(self, why: str) -> None:
        """Cut the connection at once and say why."""
        self._hall.complain(why, self)
        self.transport.abortConnection()

    def pauseProducing(self) -> None:  # noqa: N802
        self.choked = True

    def resumeProducing(self) -> None:  # noqa: N802
        self.choked = False

    def stopProducing(self) -> None:  # noqa: N802
        self.choked = True

    def connectionLost(self, reason: Failure | None = None) -> None:  # noqa: N802
        self._out.end()
        self._hall.leave(self)


class Door(ServerFactory):
    """Makes a link for each connection."""

    noisy = False

    def __init__(self, hall: Hall) -> None:
        self._hall = hall

    def buildProtocol(self, addr: object) -> Link:  # noqa: N802
        return Link(self._hall)
