"""Makes the bus of a line and the reader of a device, by the protocol of its profile. Knows how each is made, not when it is asked."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any, Final

from devices import nut_line, text_line
from devices.bus import NAMED, Bus
from devices.named_readers import NutReader, SnmpReader, TextReader, lines_of
from devices.plant_seen import Device
from devices.readers import Reader, RegisterReader
from station.words import Instant

READERS: Final[dict[str, Callable[[Bus[Any, Any], Device], Reader]]] = {
    "modbus": RegisterReader,
    "snmp": SnmpReader,
    "nut": NutReader,
    "line": TextReader,
}


def bus(
    reactor: Any, device: Device, now: Callable[[], Instant], *, jitter: Callable[[], float], via: str
) -> Bus[Any, Any]:
    """The bus of a device's line; others on the same line share it."""
    if device.profile.protocol == "modbus":
        return Bus(reactor, device.line, now, jitter=jitter, via=via)
    dial = _dial(device, now)
    return Bus(reactor, device.line, now, jitter=jitter, via=via, dial=dial, meters=NAMED)


def _dial(device: Device, now: Callable[[], Instant]) -> Callable[..., Any]:
    if device.profile.protocol == "nut":
        return nut_line.dial
    if device.profile.protocol == "line":
        return text_line.Dialler(lines_of(device.profile))
    from devices import snmp, snmp_line  # pysnmp is loaded where an agent is asked

    assert device.access is not None
    return snmp_line.Dialler(device.access, now, lambda: 1 + secrets.randbelow(snmp.NUMBERS - 1))


def reader(held: Bus[Any, Any], device: Device) -> Reader:
    """How a device is asked through its bus."""
    return READERS[device.profile.protocol](held, device)


__all__ = ["bus", "reader"]
