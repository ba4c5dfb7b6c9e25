"""A wire of studio or modem on a connection of a running process: questions wait their turn, each gets one end, what comes by itself is handed on. Shell: owns transport and timers; decides nothing, `devices.turns` does."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure

from devices.timed_line import TimedLine
from devices.turns import ENDS, Heard, Pace, Reply, Stray, Told, Turn, Wire
from station.clock import Clock
from station.words import Refused

MOST_WAITING: Final = 32


class LineLost(Exception):
    """The connection ended before the question did: whether it was obeyed is not known."""


@attrs.define
class _Asked:
    """A question, and who waits for its end."""

    ask: Any
    told: Deferred[Heard]


class TurnLine(TimedLine):
    """One connection. `news` gets what comes by itself (`Told`, `Stray`), `opened` and `closed` say when it is up."""

    def __init__(
        self,
        wire: Wire,
        pace: Pace,
        clock: Clock,
        *,
        news: Callable[[Told | Stray], None],
        opened: Callable[[], None],
        closed: Callable[[str], None],
    ) -> None:
        super().__init__(clock)
        self._turn, self._wire = Turn(wire, pace), wire
        self._news, self._opened, self._closed = news, opened, closed
        self._waiting: deque[_Asked] = deque()
        self._open: _Asked | None = None
        self._gone = True

    def ask(self, ask: Any) -> Deferred[Heard]:
        """The end of a question: Answered, Declined, Garbled or Silent; `Told(None)` at once where nothing answers it.

        Fails with LineLost when the connection ends, with Refused where too many wait, or it cannot be asked.
        """
        made: Deferred[Heard] = Deferred(self._cancel)
        if self._gone:
            made.errback(LineLost("not connected"))
        elif len(self._waiting) >= MOST_WAITING:
            made.errback(
                Refused("too many questions wait for this device", "等待该设备的请求过多", code="full")
            )
        else:
            self._waiting.append(_Asked(ask, made))
            self._go_on()
        return made

    def _cancel(self, told: Deferred[Heard]) -> None:
        """One who waits no longer is not asked for; what is out is out."""
        self._waiting = deque(one for one in self._waiting if one.told is not told)

    # -- of the transport

    def connectionMade(self) -> None:  # noqa: N802
        """Begin."""
        self._gone = False
        super().connectionMade()
        self._opened()

    def dataReceived(self, data: bytes) -> None:  # noqa: N802
        """Bytes came."""
        self._heard(self._turn.fed(data, self._us()))

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: N802
        """The end, for all who wait."""
        self._gone = True
        self._disarm()
        lost, self._open = [*filter(None, [self._open]), *self._waiting], None
        self._waiting.clear()
        why = reason.getErrorMessage()
        for one in lost:
            if not one.told.called:
                one.told.errback(LineLost(why))
        self._closed(why)

    # -- turns

    def _heard(self, heard: list[Heard]) -> None:
        for one in heard:
            if isinstance(one, Reply):
                self.transport.write(one.data)
            elif isinstance(one, ENDS):
                self._end(one)
            else:
                self._news(one)
        self._go_on()

    def _end(self, end: Heard) -> None:
        held, self._open = self._open, None
        if held is not None and not held.told.called:
            held.told.callback(end)

    def _go_on(self) -> None:
        """Ask the next one if the line is free, and look again when something is due."""
        while self._waiting and not self._gone and self._free():
            self._open = self._waiting.popleft()
            self._put(self._open)
        self._arm()

    def _free(self) -> bool:
        free = self._turn.free_at()
        return self._open is None and free is not None and free <= self._us()

    def _put(self, asked: _Asked) -> None:
        try:
            data = self._turn.asked(asked.ask, self._us())
        except Refused as refused:
            self._open = None
            asked.told.errback(refused)
            return
        self.transport.write(data)
        if not self._wire.waiting:
            self._open = None
            asked.told.callback(Told(None))

    def _arm(self) -> None:
        due = self._turn.due()
        if due is None and self._waiting:
            due = self._turn.free_at()
        self._arm_for(due)

    def _passed(self) -> None:
        self._heard(self._turn.passed(self._us()))


__all__ = ["MOST_WAITING", "LineLost", "TurnLine"]
