"""Sees when an alert is over on a channel, and has it decided what becomes of what it broke off; keeps the channel still where that needs a moment. Knows overlays, state and time; decides nothing (see `playout.resuming`).

An alert that is heard to its end has its end known: the desk is asked a moment before, and players have the plan in time.
One that ends sooner is over at once; until the programme goes on, a second later, nothing is heard. Whatever fails here
(no controller, no journal, too late), the plan is joined in progress, as players do by themselves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Literal

import attrs
from twisted.internet.defer import Deferred

from playout.after_alerts import event_of
from playout.airing import LEAD
from playout.messages import ResumeProgramme
from playout.planned import plan_of
from playout.policy import Policy
from playout.resuming import foreseen
from playout.sheets import edits_of, evolve
from schedules.edits import AFTER
from schedules.grid import next_on_grid
from schedules.plan import Overlay, Plan
from station.words import SAMPLE_RATE, ChannelId, Command, SampleIndex, sample_at
from station.world import World

AHEAD: Final = 2 * SAMPLE_RATE  # so long before an alert's end the desk is asked
LONGEST: Final = 86_400 * SAMPLE_RATE
APPROVAL: Final = "standing:silence"
Cause = Literal["over", "early", "muted"]


@attrs.frozen(kw_only=True)
class Covered:
    """Without a break, a channel's programme is not heard from sample `start` to `end`; the last to cover it is `alert`."""

    start: int
    end: int
    alert: str


def covered(overlays: Iterable[Overlay], here: int, before: Covered | None) -> Covered | None:
    """What covers the programme at sample `here`, or comes to within a second; `before`: what did when it was looked last.

    What mutes cover begins at sample 0, so what was cut by a mute alone is joined in progress.
    """
    whole = [one for one in overlays if one.mode in ("replace", "silence") and here < one.end > one.start]
    found: Covered | None = None
    for one in sorted(whole, key=lambda one: one.start):
        if one.start > max(here + LEAD, found.end if found else 0):
            break
        alert = "" if one.mode == "silence" else alert_of(one)
        if found is None:
            found = Covered(start=one.start, end=one.end, alert=alert)
        elif one.end > found.end or not found.alert:
            found = attrs.evolve(found, end=max(found.end, one.end), alert=alert or found.alert)
    if found is None or before is None or before.start > here:
        return found
    if found.start > before.end <= here:
        return found  # the programme was heard in between
    return attrs.evolve(found, start=before.start, alert=found.alert or before.alert)


def alert_of(overlay: Overlay) -> str:
    """The alert that an overlay of a programme channel carries."""
    return overlay.id.partition("/")[0]


class AfterAlerts:
    """Asked by `station.followers.AirFollower` at each comparison; wakes by itself before an alert ends."""

    def __init__(self, reactor: Any, world: World, policy: Policy, tell: Callable[[Command], Any]) -> None:
        self._reactor, self._world, self._policy, self._tell = reactor, world, policy, tell
        self._covered: dict[ChannelId, Covered] = {}
        self._asked: dict[ChannelId, int] = {}  # the end about which the desk was asked last
        self._still: dict[ChannelId, int] = {}  # till this sample, while the desk has not answered
        self._call: Any = None
        self.again: Callable[[], None] = lambda: None  # has overlays compared anew

    def stop(self) -> None:
        """Wake no more."""
        if self._call is not None and self._call.active():
            self._call.cancel()

    def laid(self, channel: ChannelId, overlays: Sequence[Overlay]) -> tuple[Overlay, ...]:
        """The overlays of a programme channel, with the silence that an alert which ended before its time leaves till the programme goes on."""
        if not self._policy.after.get(channel):
            return tuple(overlays)
        here = sample_at(self._world.now())
        before = self._covered.pop(channel, None)
        now = covered(overlays, here, before)
        if now is not None:
            self._covered[channel] = now
        elif before is not None and before.start <= here < before.end:
            self._broken_off(channel, before, here)
        self._look()
        return (*overlays, *self._stillness(channel, overlays, here))

    def _look(self) -> None:
        """Have it decided what follows the alerts that are about to end; wake again before the next does."""
        here = sample_at(self._world.now())
        for channel, one in tuple(self._covered.items()):
            if here < one.end <= here + AHEAD and self._asked.get(channel) != one.end:
                self._ask(channel, one, one.end, "over")
        waits = [one.end - AHEAD - here for one in self._covered.values() if one.end > here + AHEAD]
        self.stop()
        if waits and min(waits) < LONGEST:
            self._call = self._reactor.callLater(min(waits) / SAMPLE_RATE + 0.001, self._look)

    def _broken_off(self, channel: ChannelId, one: Covered, here: int) -> None:
        if self._pending(channel, here):
            return  # it is known how it goes on, and when
        known = {sounding.alert for sounding in self._world.soundings()}
        at = next_on_grid(here + LEAD, self._policy.frames[channel].grid)
        self._ask(channel, one, at, "muted" if one.alert in known else "early")

    def _ask(self, channel: ChannelId, one: Covered, at: int, cause: Cause) -> None:
        self._asked[channel] = at
        world = self._world
        if foreseen(world.desk.states["playout"], channel, one.start, at, world.now(), self._policy) is None:
            return
        if cause != "over":
            self._still[channel] = at
        told = self._tell(_wish(channel, one, at, cause))
        if isinstance(told, Deferred):
            told.addBoth(self._answered, channel, at)

    def _answered(self, _: Any, channel: ChannelId, at: int) -> None:
        """From now on state says it, or it was refused."""
        if self._still.get(channel) == at:
            del self._still[channel]
            self.again()

    def _pending(self, channel: ChannelId, here: int) -> list[int]:
        """When the programme goes on, where that was decided and is to come."""
        edits = edits_of(self._world.desk.states["playout"], channel)
        return [int(edit.at) for edit in edits if edit.verb in AFTER and edit.at > here]

    def _stillness(self, channel: ChannelId, overlays: Iterable[Overlay], here: int) -> tuple[Overlay, ...]:
        at = max([0, self._still.get(channel, 0), *self._pending(channel, here)])
        whole = (one for one in overlays if one.mode in ("replace", "silence"))
        if at <= here or any(one.start <= here and one.end >= at for one in whole):
            return ()
        return (
            Overlay(
                id=f"after-{at}/{channel}",
                mode="silence",
                start=SampleIndex(0),
                end=SampleIndex(at),
                priority=0,
                approval=APPROVAL,
                why="an alert is over; the programme goes on in a moment",
            ),
        )

    def foreseen(self, channel: ChannelId) -> Plan | None:
        """The plan that a channel will have when the alert that covers its programme is over, if nobody does anything; None: as it is."""
        one, now = self._covered.get(channel), self._world.now()
        if one is None or not one.start <= sample_at(now) < one.end:
            return None
        state, policy = self._world.desk.states["playout"], self._policy
        found = foreseen(state, channel, one.start, one.end, now, policy)
        if found is None:
            return None
        happened = event_of(_wish(channel, one, one.end, "over"), found)
        return plan_of(evolve(state, happened), policy, policy.frames[channel], now)


def _wish(channel: ChannelId, one: Covered, at: int, cause: Cause) -> ResumeProgramme:
    return ResumeProgramme(
        channel=channel, alert=one.alert, cut=SampleIndex(one.start), at=SampleIndex(at), cause=cause
    )


__all__ = ["AHEAD", "AfterAlerts", "Covered", "covered"]
