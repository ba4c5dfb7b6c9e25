"""What connections to devices have in common: a transport, and one timer for what is due next. Shell; knows no protocol and no queue."""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.protocol import Protocol

from devices.serial_port import Port
from station.clock import Clock

US: Final = 1_000_000


class TimedLine(Protocol):
    """Where bytes are exchanged by somebody who is told the time; `_passed` is called when it has come."""

    transport: Any

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._timer: Any = None
        self._gone = False

    def connectionMade(self) -> None:  # noqa: N802
        """What is said goes out at once."""
        if hasattr(self.transport, "setTcpNoDelay"):
            self.transport.setTcpNoDelay(True)

    def abort(self) -> None:
        """Hang up at once."""
        self._disarm()
        self._gone = True
        (self.transport.abort if isinstance(self.transport, Port) else self.transport.abortConnection)()

    def _us(self) -> int:
        return round(self._clock.seconds() * US)

    def _disarm(self) -> None:
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._timer = None

    def _arm_for(self, due: int | None) -> None:
        """Look again at an instant of `_us`; None: not before bytes come."""
        self._disarm()
        if due is not None and not self._gone:
            self._timer = self._clock.callLater(max(0.0, (due - self._us()) / US), self._look)

    def _look(self) -> None:
        """Time is up, unless bytes wait that a busy machine has not read yet: they are read first."""
        self._timer = self._clock.callLater(0, self._passed)

    def _passed(self) -> None:
        raise NotImplementedError


__all__ = ["US", "TimedLine"]
