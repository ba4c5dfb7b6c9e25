"""Pure decider of carriers: who may take one down or bring one up (L8), and whether an order was read back. Knows no wire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

import attrs

from devices import keying_words as say
from devices.keying_state import EMPTY, INTERLOCK, LOCAL, Device, Order, State, evolve
from devices.plant_messages import (
    Carrier,
    CarrierConfirmed,
    CarrierOffAsked,
    CarrierOffWithdrawn,
    CarrierOrdered,
    CarrierRead,
    CarrierSent,
    CarrierUnconfirmed,
    ConfirmCarrierOff,
    DeviceContact,
    DeviceLimit,
    DeviceStateChanged,
    FailCarrier,
    LapseCarrier,
    ObserveDevice,
    ReadBackCarrier,
    SendCarrier,
    SetCarrier,
    WithdrawCarrierOff,
)
from station.area_codes import any_contains
from station.words import MINUTE, SECOND, AreaCode, Command, Duration, Event, Instant, Operator, Refused, Text

REASON_AT_MOST: Final = 200
_NOWHERE: Final = AreaCode("")
_WITHIN: Final = Duration(5 * MINUTE)
_FRESH: Final = Duration(5 * SECOND)
_SETTLE: Final = Duration(20 * SECOND)


@attrs.frozen(kw_only=True)
class Known:
    """What the settings say of a device. `area`: what its channel serves; empty: no channel."""

    transmitter: bool
    channel: str = ""
    area: AreaCode = _NOWHERE
    name: Text
    settle: Duration = _SETTLE  # an order not read back by then is not confirmed


@attrs.frozen(kw_only=True)
class Policy:
    """`confirm_within`: for the second person; `fresh`: an order not on the wire by then is never sent."""

    devices: Mapping[str, Known] = attrs.field(factory=dict)
    confirm_within: Duration = _WITHIN
    fresh: Duration = _FRESH


def decide(state: State, command: Command, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    """Events of a command; raises Refused in words."""
    if isinstance(command, SetCarrier):
        return _set(state, command, now, by, policy)
    if isinstance(command, ConfirmCarrierOff):
        return _confirm(state, command, now, by, policy)
    if isinstance(command, WithdrawCarrierOff):
        return _withdraw(state, command, by, policy)
    if isinstance(command, ObserveDevice):
        return _observed(state.device(command.device), command, now)
    if isinstance(command, SendCarrier):
        return _send(state, command, now, policy)
    if isinstance(command, (ReadBackCarrier, FailCarrier)):
        return _heard_back(state, command)
    if isinstance(command, LapseCarrier):
        return _lapsed(state, command.device, now)
    return ()


# -- people ----------------------------------------------------------------------------------------


def _set(state: State, command: SetCarrier, now: Instant, by: Operator, policy: Policy) -> tuple[Event, ...]:
    known = _transmitter(command.device, policy)
    _within(known, by)
    held = state.device(command.device)
    refusal = why_not(held, known, now, on=command.on)
    if refusal is not None:
        raise Refused(refusal.en, refusal.zh)
    if len(command.reason) > REASON_AT_MOST:
        raise Refused(*say.REASON_LONG)
    if command.on:
        return (_ordered(held, command.device, known, now, (by.id,), command.reason, on=True),)
    alone = alone_because(state, known, now)
    if alone is not None:
        rule, cause = alone
        return (
            _ordered(
                held, command.device, known, now, (by.id,), command.reason, on=False, rule=rule, cause=cause
            ),
        )
    return _ask(held, command, now, by, policy, known)


def _ask(
    held: Device, command: SetCarrier, now: Instant, by: Operator, policy: Policy, known: Known
) -> tuple[Event, ...]:
    if held.asking is not None and now < held.asking.until:
        said = say.asked_already(known.name, held.asking.by, by.id)
        raise Refused(said.en, said.zh)
    if not command.reason.strip():
        raise Refused(*say.REASON_MISSING)
    asked = CarrierOffAsked(
        device=command.device,
        ask=held.count + 1,
        by=by.id,
        reason=command.reason.strip(),
        at=now,
        until=Instant(now + policy.confirm_within),
    )
    return (asked,)


def _confirm(
    state: State, command: ConfirmCarrierOff, now: Instant, by: Operator, policy: Policy
) -> tuple[Event, ...]:
    known = _transmitter(command.device, policy)
    _within(known, by)
    held = state.device(command.device)
    asking = held.asking
    if asking is None or asking.ask != command.ask or now >= asking.until:
        said = say.not_asked(known.name)
        raise Refused(said.en, said.zh)
    if asking.by == by.id:
        raise Refused(*say.SECOND_PERSON)
    refusal = why_not(held, known, now, on=False)
    if refusal is not None:
        raise Refused(refusal.en, refusal.zh)
    both = (asking.by, by.id)
    return (_ordered(held, command.device, known, now, both, asking.reason, on=False, rule="two-off"),)


def _withdraw(state: State, command: WithdrawCarrierOff, by: Operator, policy: Policy) -> tuple[Event, ...]:
    known = _transmitter(command.device, policy)
    _within(known, by)
    asking = state.device(command.device).asking
    if asking is None:
        said = say.not_asked(known.name)
        raise Refused(said.en, said.zh)
    return (CarrierOffWithdrawn(device=command.device, ask=asking.ask, by=by.id),)


def _ordered(
    held: Device,
    device: str,
    known: Known,
    now: Instant,
    by: tuple[str, ...],
    reason: str,
    *,
    on: bool,
    rule: Literal["one-on", "two-off", "alert", "foreign"] = "one-on",
    cause: str = "",
) -> CarrierOrdered:
    return CarrierOrdered(
        device=device,
        order=held.count + 1,
        on=on,
        by=by,
        reason=reason.strip(),
        rule=rule,
        cause=cause,
        at=now,
        until=Instant(now + known.settle),
    )


def _transmitter(device: str, policy: Policy) -> Known:
    known = policy.devices.get(device)
    if known is None:
        raise Refused(f"there is no device {device}", f"没有设备 {device}", code="missing")
    if not known.transmitter:
        raise Refused(f"{device} is no transmitter", f"{device} 不是发射机")
    return known


def _within(known: Known, by: Operator) -> None:
    """An account with areas keys only what serves no more than its own."""
    if by.areas and not (known.area and any_contains(by.areas, known.area)):
        said = say.not_yours(known.name)
        raise Refused(said.en, said.zh, code="forbidden")


def why_not(held: Device, known: Known, now: Instant, *, on: bool) -> Text | None:
    """Why a carrier may not be brought up (or down) now, whoever asks; None: it may."""
    if held.contact != "good":
        return say.no_contact(known.name, held.contact)
    if held.is_on(LOCAL):
        return say.local(known.name)
    if on and held.is_on(INTERLOCK):
        return say.interlock(known.name)
    order = held.order
    if order is not None and order.on == on and order.phase in ("ordered", "sent") and now < order.until:
        return say.under_way(known.name, on)
    if held.carrier == ("on" if on else "off") and (order is None or order.on == on):
        return say.already(known.name, on)
    return None


def alone_because(state: State, known: Known, now: Instant) -> tuple[Literal["alert", "foreign"], str] | None:
    """Why one person may take this carrier down now (L8): the alert that sounds, or the channel with something foreign."""
    if known.channel and known.channel in state.foreign:
        return "foreign", known.channel
    sounding = sorted(alert for alert, until in state.sounding.items() if now < until)
    return ("alert", sounding[0]) if sounding else None


# -- the wire's side -------------------------------------------------------------------------------


def _observed(held: Device, command: ObserveDevice, now: Instant) -> tuple[Event, ...]:
    device, made = command.device, list[Event]()
    if (held.contact, held.why) != (command.contact, command.why):
        made.append(DeviceContact(device=device, contact=command.contact, at=now, why=command.why))
    if command.contact != "good":
        return tuple(made)
    if held.carrier != command.carrier:
        made.append(CarrierRead(device=device, carrier=command.carrier, at=now))
    before = {one.point: one.value for one in held.states}
    made += [
        DeviceStateChanged(device=device, point=one.point, was=before.get(one.point, -1), value=one.value)
        for one in command.states
        if before.get(one.point) != one.value
    ]
    crossed, was = set(command.crossed), set(held.crossed)
    made += [
        DeviceLimit(device=device, limit=limit, crossed=limit in crossed) for limit in sorted(crossed ^ was)
    ]
    return tuple(made)


def _send(state: State, command: SendCarrier, now: Instant, policy: Policy) -> tuple[Event, ...]:
    order = _order(state, command.device, command.order)
    if order is None or order.phase != "ordered":
        return ()
    if now >= order.at + policy.fresh:
        return (_unconfirmed(command.device, order, say.TOO_OLD),)
    return (CarrierSent(device=command.device, order=order.order, at=now),)


def _heard_back(state: State, command: ReadBackCarrier | FailCarrier) -> tuple[Event, ...]:
    order = _order(state, command.device, command.order)
    if order is None or order.phase == "confirmed":
        return ()
    if isinstance(command, ReadBackCarrier):
        return (CarrierConfirmed(device=command.device, order=order.order, on=order.on),)
    if order.phase == "unconfirmed":
        return ()
    return (_unconfirmed(command.device, order, Text(command.why_en, command.why_zh)),)


def _lapsed(state: State, device: str, now: Instant) -> tuple[Event, ...]:
    held, made = state.device(device), list[Event]()
    if held.asking is not None and now >= held.asking.until:
        made.append(CarrierOffWithdrawn(device=device, ask=held.asking.ask, by="system", lapsed=True))
    order = _under_way(held)
    if order is not None and now >= order.until:
        made.append(_unconfirmed(device, order, say.NOT_READ_BACK))
    return tuple(made)


def _unconfirmed(device: str, order: Order, why: Text) -> CarrierUnconfirmed:
    return CarrierUnconfirmed(device=device, order=order.order, on=order.on, why_en=why.en, why_zh=why.zh)


def _order(state: State, device: str, number: int) -> Order | None:
    order = state.device(device).order
    return order if order is not None and order.order == number else None


def _under_way(held: Device) -> Order | None:
    order = held.order
    return order if order is not None and order.phase in ("ordered", "sent") else None


# -- time ------------------------------------------------------------------------------------------


def due(state: State, now: Instant, policy: Policy) -> tuple[Command, ...]:
    """Askings and orders whose time is over."""
    return tuple(
        LapseCarrier(device=name)
        for name, held in sorted(state.devices.items())
        if any(now >= at for at in _times(held))
    )


def next_due(state: State, now: Instant, policy: Policy) -> Instant | None:
    """When the next asking or order runs out; None where none is open."""
    return min((at for held in state.devices.values() for at in _times(held)), default=None)


def _times(held: Device) -> tuple[Instant, ...]:
    order = _under_way(held)
    asking = () if held.asking is None else (held.asking.until,)
    return asking if order is None else (*asking, order.until)


# -- the follower ----------------------------------------------------------------------------------


def follow(held: Device, carrier: Carrier, read_at: Instant | None) -> Literal["send", "read back"] | None:
    """What the newest order needs: to be sent, to be told as read back, or nothing.

    `carrier` as read at `read_at` (None: not read). What was sent once is never sent again by itself (L11): after
    a restart it is read back, and what stays unconfirmed is for people.
    """
    order = held.order
    if order is None or order.phase == "confirmed":
        return None
    matches = carrier == ("on" if order.on else "off")
    if matches and read_at is not None and read_at >= (order.sent_at or order.at):
        return "read back"
    return "send" if order.phase == "ordered" else None


__all__ = [
    "EMPTY",
    "Known",
    "Policy",
    "State",
    "alone_because",
    "decide",
    "due",
    "evolve",
    "follow",
    "next_due",
    "why_not",
]
