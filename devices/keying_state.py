"""What is known of each device, of facts alone, and how events change it. Pure; of other parts it looks only at alerts that sound and at foreign programme, by their kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Literal

import attrs

from devices.plant_messages import (
    Carrier,
    CarrierConfirmed,
    CarrierOffAsked,
    CarrierOffWithdrawn,
    CarrierOrdered,
    CarrierRead,
    CarrierSent,
    CarrierUnconfirmed,
    Contact,
    DeviceContact,
    DeviceLimit,
    DeviceStateChanged,
    PointState,
)
from station.words import Event, Instant

LOCAL = "local"  # points with a meaning of their own in every transmitter's profile: 1 means so
INTERLOCK: Final = "interlock"  # 1: open


@attrs.frozen(kw_only=True)
class Asking:
    """Somebody wants a carrier down and waits for a second person."""

    ask: int
    by: str
    reason: str
    at: Instant
    until: Instant


@attrs.frozen(kw_only=True)
class Order:
    """The newest order to a carrier, and how far it came."""

    order: int
    on: bool
    by: tuple[str, ...]
    reason: str
    rule: Literal["one-on", "two-off", "alert", "foreign"]
    cause: str
    at: Instant
    until: Instant
    sent_at: Instant | None = None
    phase: Literal["ordered", "sent", "confirmed", "unconfirmed"] = "ordered"
    why_en: str = ""
    why_zh: str = ""


@attrs.frozen(kw_only=True)
class Device:
    """What is known of one device, of facts alone."""

    contact: Contact = "never"
    contact_at: Instant | None = None
    why: str = ""
    carrier: Carrier = "unclear"
    carrier_at: Instant | None = None
    states: tuple[PointState, ...] = ()
    crossed: tuple[str, ...] = ()
    asking: Asking | None = None
    order: Order | None = None
    count: int = 0  # of askings and orders so far

    def is_on(self, point: str) -> bool:
        """Whether a state point stands at 1."""
        return any(one.point == point and one.value == 1 for one in self.states)


@attrs.frozen(kw_only=True)
class State:
    """Devices by id, and what makes one person enough: alerts that sound (until), channels with something foreign."""

    devices: Mapping[str, Device] = attrs.field(factory=dict)
    sounding: Mapping[str, Instant] = attrs.field(factory=dict)
    foreign: tuple[str, ...] = ()

    def device(self, name: str) -> Device:
        """What is known of a device; nothing, when it was never heard of."""
        return self.devices.get(name, NOTHING)


NOTHING: Final = Device()
EMPTY: Final = State()


def evolve(state: State, event: Event) -> State:
    """The state after an event; events that are none of the plant's leave it as it is."""
    change = _PLANT.get(type(event))
    if change is not None:
        said: Any = event
        held = change(state.device(said.device), said)
        return attrs.evolve(state, devices={**state.devices, said.device: held})
    look = _OTHERS.get(event.kind)
    return state if look is None else look(state, event)


def _asked(held: Device, said: CarrierOffAsked) -> Device:
    asking = Asking(ask=said.ask, by=said.by, reason=said.reason, at=said.at, until=said.until)
    return attrs.evolve(held, asking=asking, count=said.ask)


def _withdrawn(held: Device, said: CarrierOffWithdrawn) -> Device:
    return attrs.evolve(held, asking=None)


def _ordered(held: Device, said: CarrierOrdered) -> Device:
    order = Order(
        order=said.order,
        on=said.on,
        by=said.by,
        reason=said.reason,
        rule=said.rule,
        cause=said.cause,
        at=said.at,
        until=said.until,
    )
    return attrs.evolve(held, asking=None, order=order, count=said.order)


def _sent(held: Device, said: CarrierSent) -> Device:
    return _further(held, said.order, phase="sent", sent_at=said.at)


def _confirmed(held: Device, said: CarrierConfirmed) -> Device:
    return _further(held, said.order, phase="confirmed", why_en="", why_zh="")


def _unconfirmed(held: Device, said: CarrierUnconfirmed) -> Device:
    return _further(held, said.order, phase="unconfirmed", why_en=said.why_en, why_zh=said.why_zh)


def _further(held: Device, number: int, **changes: Any) -> Device:
    if held.order is None or held.order.order != number:
        return held
    return attrs.evolve(held, order=attrs.evolve(held.order, **changes))


def _contact(held: Device, said: DeviceContact) -> Device:
    return attrs.evolve(held, contact=said.contact, contact_at=said.at, why=said.why)


def _read(held: Device, said: CarrierRead) -> Device:
    return attrs.evolve(held, carrier=said.carrier, carrier_at=said.at)


def _state(held: Device, said: DeviceStateChanged) -> Device:
    others = tuple(one for one in held.states if one.point != said.point)
    return attrs.evolve(held, states=(*others, PointState(point=said.point, value=said.value)))


def _limit(held: Device, said: DeviceLimit) -> Device:
    others = tuple(one for one in held.crossed if one != said.limit)
    return attrs.evolve(held, crossed=(*others, said.limit) if said.crossed else others)


_PLANT: Final[dict[type[Event], Callable[[Device, Any], Device]]] = {
    CarrierOffAsked: _asked,
    CarrierOffWithdrawn: _withdrawn,
    CarrierOrdered: _ordered,
    CarrierSent: _sent,
    CarrierConfirmed: _confirmed,
    CarrierUnconfirmed: _unconfirmed,
    DeviceContact: _contact,
    CarrierRead: _read,
    DeviceStateChanged: _state,
    DeviceLimit: _limit,
}


def _aired(state: State, said: Any) -> State:
    return attrs.evolve(state, sounding={**state.sounding, said.alert: said.until})


def _ended(state: State, said: Any) -> State:
    left = {alert: until for alert, until in state.sounding.items() if alert != said.alert}
    return attrs.evolve(state, sounding=left)


def _opened(state: State, said: Any) -> State:
    left = tuple(channel for channel in state.foreign if channel != said.channel)
    return attrs.evolve(state, foreign=(*left, said.channel) if said.state == "FOREIGN" else left)


def _closed(state: State, said: Any) -> State:
    return attrs.evolve(state, foreign=tuple(one for one in state.foreign if one != said.channel))


# the parts never import each other: what others say is known by its kind, which is for ever
_OTHERS: Final[dict[str, Callable[[State, Any], State]]] = {
    "alert.aired/1": _aired,
    "alert.ended/1": _ended,
    "incident.opened/1": _opened,
    "incident.closed/1": _closed,
}
