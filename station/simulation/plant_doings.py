"""What happens to the transmitters and power supplies of a simulated day, and what people and the station itself then say. Every choice comes from the dice it is given."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Final

from devices.plant_messages import ConfirmCarrierOff, SendCarrier, SetCarrier, WithdrawCarrierOff
from safety.alarm_messages import AcknowledgeAlarm, RaiseAlarm, ShelveAlarm
from station.simulation.plant import BROKEN, WIRE, SimulatedDevice
from station.words import Operator

if TYPE_CHECKING:
    from station.simulation.day import Day

KEYING: Final = ("operator", "dispatcher", "engineer")


def somebody(day: Day, dice: Random) -> Operator:
    """Of those who may key carriers and see alarms; one time in eight just anybody."""
    fit = [one for one in day.people if one.roles & set(KEYING)]
    return dice.choice(day.people if dice.random() < 0.12 else fit)


def device(day: Day, dice: Random, kind: str = "") -> SimulatedDevice | None:
    """One of the devices; None where there is none of the kind."""
    fit = [one for one in day.hill.devices.values() if kind in ("", one.kind)]
    return dice.choice(fit) if fit else None


# --- what breaks


def fault(day: Day, dice: Random) -> None:
    """A transmitter trips, the mains fail; somebody mends it after a while."""
    struck = device(day, dice)
    if struck is None:
        return
    name = dice.choice(BROKEN[struck.kind])
    struck.model.faults[name] = 0
    day.watch.note(f"{struck.id}: {name}")
    day.clock.callLater(dice.uniform(30, 2_400), struck.model.faults.pop, name, None)


def wire(day: Day, dice: Random) -> None:
    """A device answers late, wrongly, twice, or not at all."""
    struck = device(day, dice)
    if struck is None:
        return
    name = dice.choice(WIRE)
    struck.wire_faults.on[name] = 0
    struck.wire_faults.share = dice.choice((30, 100))
    day.watch.note(f"{struck.id} on the wire: {name}")
    day.clock.callLater(dice.uniform(20, 900), struck.wire_faults.on.pop, name, None)


def line(day: Day, dice: Random) -> None:
    """The line to a device is cut."""
    struck = device(day, dice)
    if struck is None:
        return
    day.watch.note(f"the line to {struck.id} is cut")
    day.hill.cut(struck)
    day.clock.callLater(dice.uniform(5, 900), setattr, struck, "reachable", True)  # noqa: FBT003


# --- people


def carrier(day: Day, dice: Random) -> None:
    """Somebody wants a carrier down; a second person confirms, or the same tries to; later it is brought up."""
    struck = device(day, dice, "transmitter")
    if struck is None:
        return
    by = somebody(day, dice)
    reason = "检修" if dice.random() < 0.9 else ""
    day.ask(by, SetCarrier(device=struck.id, on=dice.random() < 0.2, reason=reason))
    again = by if dice.random() < 0.4 else somebody(day, dice)
    for _ in range(2):
        day.clock.callLater(dice.uniform(1, 360), confirm, day, struck.id, again, dice.randrange(8))
        again = somebody(day, dice)
    day.clock.callLater(dice.uniform(60, 1_800), bring_up, day, struck.id, somebody(day, dice))


def confirm(day: Day, name: str, by: Operator, turn: int) -> None:
    """Somebody is the second person, for the right asking or another, or takes it back."""
    asking = day.built.desk.states["plant"].device(name).asking
    number = 1 if asking is None else asking.ask + (turn == 0)
    day.ask(by, WithdrawCarrierOff(device=name) if turn == 1 else ConfirmCarrierOff(device=name, ask=number))
    day.clock.callLater(3.0, told_twice, day, name)


def bring_up(day: Day, name: str, by: Operator) -> None:
    """Somebody brings a carrier up."""
    day.ask(by, SetCarrier(device=name, on=True))
    day.clock.callLater(3.0, told_twice, day, name)


def told_twice(day: Day, name: str) -> None:
    """What the station told its desk of a fresh order arrives a second time."""
    order = day.built.desk.states["plant"].device(name).order if day.up else None
    if order is not None:
        day.tell(SendCarrier(device=name, order=order.order))


def alarms(day: Day, dice: Random) -> None:
    """Somebody reads the list of alarms and acknowledges some, or puts one out of sight."""
    known = sorted(one.number for one in day.built.desk.states["alarms"].alarms.values())
    if not known:
        return
    by = somebody(day, dice)
    some = tuple(dice.sample(known, min(len(known), dice.randint(1, 6))))
    if dice.random() < 0.3:
        day.ask(by, ShelveAlarm(alarm=some[0], minutes=dice.choice((5, 30, 600)), reason="检修中"))
    else:
        day.ask(by, AcknowledgeAlarm(alarms=some))


# --- the station itself


def echo(day: Day, dice: Random) -> None:
    """What the station told its desk once arrives a second time."""
    states = day.built.desk.states
    for name in sorted(states["plant"].devices):
        told_twice(day, name)
    for key in sorted(states["alarms"].alarms):
        known = states["alarms"].alarms[key]
        if known.wrong:
            day.tell(RaiseAlarm(condition=known.condition))


Doing = Callable[["Day", Random], None]
PLANT: Final[dict[str, Doing]] = {
    doing.__name__: doing for doing in (fault, wire, line, carrier, alarms, echo)
}
__all__ = ["PLANT"]
