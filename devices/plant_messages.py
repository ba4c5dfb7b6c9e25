"""Commands and events of the plant: carriers, and what transmitters and power supplies changed to. Telemetry is none of them. Decides nothing."""

from __future__ import annotations

from typing import Literal

import attrs

from station.words import Command, Event, Instant, command, event

Carrier = Literal["on", "off", "unclear"]  # unclear: its points do not agree, or it ramps
Contact = Literal["never", "good", "lost", "wrong"]  # wrong: another device answers under this address


@attrs.frozen(kw_only=True)
class PointState:
    """A point whose changes are facts, not telemetry: an interlock, local mode, on battery, a fault bit."""

    point: str
    value: int


@command("device.carrier", right="carrier", life_safety=True)
class SetCarrier(Command):
    """Bring a carrier up, or ask that it be taken down: that needs a second person within five minutes, except as L8 says."""

    device: str
    on: bool
    reason: str = ""


@command("device.carrierconfirm", right="carrier", life_safety=True)
class ConfirmCarrierOff(Command):
    """Be the second person who takes a carrier down; `ask` names which asking."""

    device: str
    ask: int


@command("device.carrierwithdraw", right="carrier", proof=False)
class WithdrawCarrierOff(Command):
    """Take back the asking; a carrier that is up stays up."""

    device: str


@command("device.observe", right="system", proof=False)
class ObserveDevice(Command):
    """What polling shows of a device, told when it changed."""

    device: str
    contact: Contact
    why: str = ""  # of a contact that is not good
    carrier: Carrier = "unclear"
    states: tuple[PointState, ...] = ()
    crossed: tuple[str, ...] = ()  # limits crossed now, by id


@command("device.send", right="system", proof=False, life_safety=True)
class SendCarrier(Command):
    """The line is free: from now on the order counts as sent, whether it arrives or not."""

    device: str
    order: int


@command("device.readback", right="system", proof=False, life_safety=True)
class ReadBackCarrier(Command):
    """Reading shows the carrier as ordered."""

    device: str
    order: int


@command("device.sendfailed", right="system", proof=False, life_safety=True)
class FailCarrier(Command):
    """The device or the line refused the order; says why."""

    device: str
    order: int
    why_en: str
    why_zh: str


@command("device.lapse", right="system", proof=False, life_safety=True)
class LapseCarrier(Command):
    """An asking or an order ran out of its time."""

    device: str


@event("carrier.asked/1")
class CarrierOffAsked(Event):
    """One person asked to take a carrier down; it stays up until a second confirms, before `until`."""

    device: str
    ask: int
    by: str
    reason: str
    at: Instant
    until: Instant


@event("carrier.withdrawn/1")
class CarrierOffWithdrawn(Event):
    """The asking is void: taken back, or nobody confirmed it in time (`lapsed`)."""

    device: str
    ask: int
    by: str
    lapsed: bool = False


@event("carrier.ordered/1")
class CarrierOrdered(Event):
    """The carrier is wanted on or off; by whom, and by which rule."""

    device: str
    order: int
    on: bool
    by: tuple[str, ...]
    reason: str
    rule: Literal["one-on", "two-off", "alert", "foreign"]
    cause: str = ""  # the alert or the channel that made one person enough
    at: Instant
    until: Instant  # read back by then, or it counts as not confirmed


@event("carrier.sent/1")
class CarrierSent(Event):
    """The order goes out now; it is never sent again by itself."""

    device: str
    order: int
    at: Instant


@event("carrier.confirmed/1")
class CarrierConfirmed(Event):
    """Read back: the carrier is as ordered."""

    device: str
    order: int
    on: bool


@event("carrier.unconfirmed/1")
class CarrierUnconfirmed(Event):
    """Not read back in time, or refused: what the carrier does is to be looked at."""

    device: str
    order: int
    on: bool
    why_en: str
    why_zh: str


@event("device.contact/1")
class DeviceContact(Event):
    """A device answers again, or no longer."""

    device: str
    contact: Contact
    at: Instant
    why: str = ""


@event("carrier.read/1")
class CarrierRead(Event):
    """A carrier came up or went down, whoever did it."""

    device: str
    carrier: Carrier
    at: Instant


@event("device.state/1")
class DeviceStateChanged(Event):
    """A state of a device changed: `point` went from `was` (-1: not known) to `value`."""

    device: str
    point: str
    was: int
    value: int


@event("device.limit/1")
class DeviceLimit(Event):
    """A limit was crossed, or holds again."""

    device: str
    limit: str
    crossed: bool


__all__ = [
    "Carrier",
    "CarrierConfirmed",
    "CarrierOffAsked",
    "CarrierOffWithdrawn",
    "CarrierOrdered",
    "CarrierRead",
    "CarrierSent",
    "CarrierUnconfirmed",
    "ConfirmCarrierOff",
    "Contact",
    "DeviceContact",
    "DeviceLimit",
    "DeviceStateChanged",
    "FailCarrier",
    "LapseCarrier",
    "ObserveDevice",
    "PointState",
    "ReadBackCarrier",
    "SendCarrier",
    "SetCarrier",
    "WithdrawCarrierOff",
]
