"""Has people called for critical alarms that nobody acknowledges: tells the desk, and hands calls to the gateway until it takes them. Whom and when others decide; knows a clock and the gateway."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs
from twisted.logger import Logger
from twisted.python.failure import Failure

from safety.alarm_messages import EscalateAlarm, NoteCall
from safety.alarm_record import Alarm, Call
from safety.alarms import State
from safety.escalation import Minutes, calls_due, undelivered
from station.alarm_brief import root_of, state_of, text_of
from station.alarm_cards import card_of
from station.calling import message, whom
from station.clock import Clock
from station.hook import Gateway
from station.metrics import counter
from station.rights import ROLES
from station.territory import everywhere
from station.wire import canonical
from station.words import Command, Instant, Refused
from station.world import World

EVERY: Final = 1.0  # s between two looks
WAITS: Final = (
    5.0,
    15.0,
    60.0,
    300.0,
)  # s before a call that was not taken is tried again; the last one stays

CALLS = counter("gengfu_alarm_calls_total", "Calls handed to the gateway", ("outcome",))
Key = tuple[int, Instant]  # number of the alarm, when it was called


@attrs.define
class _Try:
    """What this process knows of one call that is not delivered."""

    tries: int = 0
    again: float = 0.0  # of the clock
    under_way: bool = False


class Caller:
    """`start()` begins to look once a second; without a `gateway` calls stand in panel and journal alone."""

    log = Logger()

    def __init__(
        self,
        clock: Clock,
        world: World,
        minutes: Minutes,
        tell: Callable[[Command], Any],
        gateway: Gateway | None,
    ) -> None:
        self._clock, self._world, self._minutes = clock, world, minutes
        self._tell, self._gateway = tell, gateway
        self._tries: dict[Key, _Try] = {}
        self._timer: Any = None

    def start(self) -> None:
        """Look now, and from now on once a second."""
        self._timer = self._clock.callLater(EVERY, self.start)
        self.look()

    def stop(self) -> None:
        """Look no more."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()

    def look(self) -> None:
        """Call whom it is time to call, and hand over what was not taken."""
        world, now, state = self._world, self._world.now(), state_of(self._world)
        duty = world.desk.states["duty"]
        for alarm, level in calls_due(state.alarms, now, self._minutes):
            if root_of(world, alarm) is None:
                who = whom(level, card_of(alarm.condition.card).call, duty, now, self._roles())
                self._tell(EscalateAlarm(alarm=alarm.number, level=level, who=who))
        if self._gateway is not None:
            self._hand_over(state, self._gateway)

    def _roles(self) -> dict[str, tuple[str, ...]]:
        """Who has which role, of those who answer for the whole station."""
        home = self._world.settings.station.area
        found = [one for one in self._world.people.accounts() if one.active and everywhere(one, home)]
        return {role: tuple(one.id for one in found if role in one.roles) for role in ROLES}

    def _hand_over(self, state: State, gateway: Gateway) -> None:
        found = [(alarm, alarm.calls[at]) for alarm, at in undelivered(state.alarms.values())]
        keys = {(alarm.number, call.at) for alarm, call in found}
        self._tries = {key: one for key, one in self._tries.items() if key in keys or one.under_way}
        for alarm, call in found:
            one = self._tries.setdefault((alarm.number, call.at), _Try())
            if not one.under_way and self._clock.seconds() >= one.again:
                self._send(alarm, call, one, gateway)

    def _send(self, alarm: Alarm, call: Call, one: _Try, gateway: Gateway) -> None:
        world = self._world
        body = message(
            world.settings.station.id,
            alarm,
            call,
            card_of(alarm.condition.card).call,
            text_of(world, alarm),
            world.people.contacts(),
            world.settings.alarms.contacts,
            world.person,
        )
        one.under_way = True
        sent = gateway.post(canonical(body).encode(), str(body["key"]))
        sent.addCallbacks(self._taken, self._not, (alarm, call, one), {}, (alarm, call, one), {})
        sent.addErrback(self._bug)

    def _taken(self, _: None, alarm: Alarm, call: Call, one: _Try) -> None:
        one.under_way, one.again = False, self._clock.seconds() + WAITS[-1]  # until the journal has it
        CALLS.labels("taken").inc()
        self._tell(NoteCall(alarm=alarm.number, level=call.level))

    def _not(self, failure: Failure, alarm: Alarm, call: Call, one: _Try) -> None:
        one.under_way, one.again = False, self._clock.seconds() + WAITS[min(one.tries, len(WAITS) - 1)]
        why = failure.value
        if not isinstance(why, Refused):
            failure.raiseException()
        one.tries += 1
        CALLS.labels("failed").inc()
        self._tell(NoteCall(alarm=alarm.number, level=call.level, en=why.text.en, zh=why.text.zh))

    def _bug(self, failure: Failure) -> None:
        self.log.failure("a call could not be made", failure)
        CALLS.labels("bug").inc()
