"""Twisted's fake clock, with its calls kept in order instead of sorted anew for each: a day has millions. Knows only time."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable
from typing import Any

from twisted.internet.base import DelayedCall
from twisted.internet.task import Clock


class FastClock(Clock):
    """`twisted.internet.task.Clock`; calls of one moment come in the order in which they were asked for."""

    def callLater(  # type: ignore[override]  # noqa: N802
        self, delay: float, call: Callable[..., Any], *args: Any, **kw: Any
    ) -> Any:
        """As the reactor's."""
        made = DelayedCall(
            self.rightNow + delay, call, args, kw, self.calls.remove, self._earlier, self.seconds
        )  # fmt: skip
        insort(self.calls, made, key=_planned)
        return made

    def _earlier(self, _: DelayedCall) -> None:
        self.calls.sort(key=_planned)

    def run_until(self, moment: float) -> None:
        """Run everything that is due until `moment` (s), each at its own time."""
        calls = self.calls
        while calls and calls[0].time <= moment:
            call = calls.pop(0)
            if call.delayed_time:  # put off since: it takes its new place
                call.activate_delay()
                insort(calls, call, key=_planned)
                continue
            self.rightNow = max(self.rightNow, call.getTime())
            call.called = 1
            call.func(*call.args, **call.kw)
        self.rightNow = max(self.rightNow, moment)


def _planned(call: DelayedCall) -> float:
    """When a call was to come, before it was put off."""
    return call.time
