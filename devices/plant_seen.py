"""What polling shows of a device, and what of it are facts. Pure; knows no line."""

from __future__ import annotations

import attrs

from devices.plant_messages import Carrier, Contact, ObserveDevice, PointState
from devices.plant_profile import PlantProfile
from devices.points import Held, Reading, by_id, quality
from devices.snmp_access import Access
from station.links import AnyLink, TcpLink
from station.words import Duration, Instant, Text


@attrs.frozen(kw_only=True)
class Device:
    """One device of the settings with its profile."""

    id: str
    name: Text
    host: str
    port: int
    unit: int
    channel: str
    profile: PlantProfile
    link: AnyLink | None = None  # a line that is no Modbus/TCP to host and port
    access: Access | None = None  # of SNMP: who asks
    supply: str = ""  # of NUT: the name its server has for it

    @property
    def line(self) -> AnyLink:
        """The line it is asked through; devices with the same line share it."""
        return self.link or TcpLink(self.host, self.port)

    @property
    def address(self) -> str:
        """Line and unit, as people read them."""
        if self.profile.protocol == "modbus":
            return f"{self.line}/{self.unit}"
        return f"{self.line}/{self.supply}" if self.supply else str(self.line)


@attrs.frozen(kw_only=True)
class DeviceNow:
    """What polling shows of a device; telemetry, gone when the process ends."""

    contact: Contact = "never"
    since: Instant | None = None  # of the contact
    why: str = ""
    readings: dict[str, Reading] = attrs.field(factory=dict)
    limits: dict[str, Held] = attrs.field(factory=dict)
    carrier: Carrier = "unclear"
    carrier_at: Instant | None = None  # when the reading was asked for that shows it


def carrier_of(profile: PlantProfile, readings: dict[str, Reading], now: Instant) -> Carrier:
    """Whether there is a carrier: its state and its power agree, both good; unclear otherwise."""
    points = by_id(profile.points)
    for order in profile.carrier:
        found = [readings.get(name, Reading()) for name in (order.readback, order.power)]
        kept = [points[name] for name in (order.readback, order.power)]
        if any(
            quality(p, r, now, Duration(profile.period_us(p))) != "good"
            for p, r in zip(kept, found, strict=True)
        ):
            return "unclear"
        state, power = (reading.value or 0 for reading in found)
        if state == 1 and power >= order.on_least:
            return "on"
        if state == 0 and power <= order.off_most:
            return "off"
    return "unclear"


def observed(device: Device, seen: DeviceNow, now: Instant) -> ObserveDevice:
    """What of a device's values are facts: contact, carrier, states, limits crossed."""
    profile = device.profile
    states = tuple(
        PointState(point=point.id, value=reading.value)
        for point in profile.points
        if point.state
        and (reading := seen.readings.get(point.id)) is not None
        and reading.value is not None
        and quality(point, reading, now, Duration(profile.period_us(point))) == "good"
    )
    crossed = tuple(sorted(limit for limit, held in seen.limits.items() if held.crossed))
    return ObserveDevice(
        device=device.id,
        contact=seen.contact,
        why=seen.why,
        carrier=seen.carrier,
        states=states,
        crossed=crossed,
    )


__all__ = ["Device", "DeviceNow", "carrier_of", "observed"]
