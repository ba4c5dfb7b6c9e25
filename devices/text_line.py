"""A line of text devices, as a bus asks through it: the exchange of devices/ascii_line.py in the words of all lines. Knows no socket and no queue."""

from __future__ import annotations

from typing import Any

import attrs

from devices.ascii_line import AsciiPoint, AsciiProfile, Exchange
from devices.lines import Owner, SerialLine, connect, open_port
from station.links import SerialLink, TextLink


@attrs.frozen
class Question:
    """One value."""

    point: AsciiPoint
    unit: str = ""


class Talk:
    """An exchange of lines as devices.lines.SerialLine needs it."""

    def __init__(self, profile: AsciiProfile, kept: int) -> None:
        self._exchange = Exchange(profile, kept_until=kept)
        self.free_at, self.give_up = self._exchange.free_at, self._exchange.give_up
        self.fed, self.due, self.passed = self._exchange.fed, self._exchange.due, self._exchange.passed

    def asked(self, ask: Question, now: int, timeout: int) -> bytes:
        """The line that asks; how long an answer may take stands in the profile."""
        return self._exchange.asked(ask.point, now)


class Dialler:
    """`devices.lines.dial` for a device that speaks as a profile says."""

    def __init__(self, profile: AsciiProfile) -> None:
        self._profile = profile

    def __call__(
        self, reactor: Any, link: TextLink, owner: Owner, *, again: bool, source: dict[str, Any]
    ) -> Any:
        late = 1000 * self._profile.late_ms
        line = SerialLine(owner, reactor, lambda kept: Talk(self._profile, kept), late, again=again)
        if isinstance(link.to, SerialLink):
            return open_port(reactor, link.to, owner, line)
        return connect(reactor, link.to, owner, line, source)


__all__ = ["Dialler", "Question", "Talk"]
