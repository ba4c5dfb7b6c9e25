"""Compares what is wrong now with the alarms that are written down, and orders the difference; delays keep flutter out. Pure; knows no world, no clock, no person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import attrs

from safety.alarm_messages import RaiseAlarm, RegradeAlarm, ReturnAlarm
from safety.alarms import State
from station.alarm_cards import Card
from station.conditions import SEVERITIES, Condition
from station.words import Command, Duration, Instant

Orders = tuple[Command, ...]
NO_DELAY: Final = Duration(0)


@attrs.frozen(kw_only=True)
class Memory:
    """Since when differences are seen that are still too young to be told. Lost at a restart: they then ripen anew."""

    wrong: Mapping[tuple[str, str], Instant] = attrs.field(factory=dict)  # (key, severity)
    right: Mapping[str, Instant] = attrs.field(factory=dict)


FRESH: Final = Memory()


def follow(
    found: Iterable[Condition], state: State, memory: Memory, now: Instant, card_of: Mapping[str, Card]
) -> tuple[Orders, Memory]:
    """What to tell the alarms' part, and what to remember until the next look.

    An order for a condition that is raised already is never given; one that is on its way may be given again and
    is passed over by the decider.
    """
    conditions = {one.key: one for one in found}
    wrong: dict[tuple[str, str], Instant] = {
        (key, one.severity): memory.wrong.get((key, one.severity), now)
        for key, one in conditions.items()
        if _differs(one, state)
    }
    right = {
        key: memory.right.get(key, now)
        for key, alarm in state.alarms.items()
        if alarm.wrong and key not in conditions
    }
    raised = (
        _order(conditions[key], state)
        for (key, severity), since in wrong.items()
        if now - since >= _delay(conditions[key], state, card_of)
    )
    returned = (
        ReturnAlarm(key=key)
        for key, since in right.items()
        if now - since >= _returns(state.alarms[key].condition.card, card_of)
    )
    return (*raised, *returned), Memory(wrong=wrong, right=right)


def _differs(one: Condition, state: State) -> bool:
    alarm = state.alarms.get(one.key)
    return alarm is None or not alarm.wrong or alarm.condition.severity != one.severity


def _order(one: Condition, state: State) -> Command:
    alarm = state.alarms.get(one.key)
    if alarm is None or not alarm.wrong:
        return RaiseAlarm(condition=one)
    return RegradeAlarm(key=one.key, severity=one.severity, text=one.text)


def _delay(one: Condition, state: State, card_of: Mapping[str, Card]) -> Duration:
    """To be raised or worsened it must hold for the card's delay; to be eased, for the time of its return."""
    alarm = state.alarms.get(one.key)
    if alarm is not None and alarm.wrong and _rank(one) > _rank(alarm.condition):
        return _returns(one.card, card_of)
    card = card_of.get(one.card)
    return NO_DELAY if card is None else card.delay


def _returns(card: str, card_of: Mapping[str, Card]) -> Duration:
    found = card_of.get(card)
    return NO_DELAY if found is None else found.returns


def _rank(one: Condition) -> int:
    return SEVERITIES.index(one.severity)
