"""A connection to a UPS server (NUT), as a bus asks through it. Knows sockets and time limits, no queue; what was not answered in time ends the connection, for an answer carries no number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import attrs
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from devices import nut
from devices.heard import Answered, Declined
from devices.lines import Owner, connect
from devices.timed_line import TimedLine
from station.clock import Clock
from station.links import NutLink
from station.words import Misheard

Variables = Mapping[str, str]
LATE = Misheard("the UPS server did not answer in time", "UPS 服务器未按时应答", code="late")
UNASKED = Misheard("the UPS server spoke unasked", "UPS 服务器未经询问即发送数据", code="unasked")


@attrs.frozen
class Question:
    """Every variable of one supply."""

    unit: str  # its name on the server


class NutLine(TimedLine):
    """One connection: asked one list at a time."""

    late = 0.0  # s; what comes late comes to a connection that is gone

    def __init__(self, owner: Owner, clock: Clock) -> None:
        super().__init__(clock)
        self._owner = owner
        self._ear: nut.Ear | None = None
        self.busy = False  # once something failed nothing more is asked here

    def connectionMade(self) -> None:  # noqa: N802
        super().connectionMade()
        self._owner.opened(self)

    def send(self, ask: Question, timeout: float) -> None:
        """Ask; the owner hears of the list, or that time is up."""
        self._ear = nut.Ear(ask.unit)
        self._timer = self._clock.callLater(timeout, self._up)
        self.transport.write(nut.request(ask.unit))

    def _up(self) -> None:
        self._timer, self.busy = None, True
        self._owner.timed_out()
        self._owner.garbage(LATE)

    def settled(self) -> None:
        """The question has its end."""
        self._ear = None
        self._disarm()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        if self.busy:
            return
        try:
            if self._ear is None:
                raise UNASKED
            heard = self._ear.feed(data)
        except Misheard as misheard:
            self.busy = True
            self._owner.garbage(misheard)
            return
        if heard is not None:
            self._owner.heard(heard if isinstance(heard, Declined) else Answered(heard.values))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        self._disarm()
        self.busy = True
        self._owner.closed(self, reason.getErrorMessage())

    def abort(self) -> None:
        """Hang up at once."""
        self.busy = True
        super().abort()


def dial(reactor: Any, link: NutLink, owner: Owner, *, again: bool, source: dict[str, Any]) -> Any:
    """See devices.lines.dial. `again` makes no difference: an old answer goes to the old connection."""
    return connect(reactor, link, owner, NutLine(owner, reactor), source)


__all__ = ["NutLine", "Question", "Variables", "dial"]
