"""What must hold of a device in the settings that is asked by name: SNMP, NUT, lines of text. Pure; opens no file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from station import links
from station.settings import DeviceSection
from station.words import Text

Said = tuple[str, Text]
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
_SUPPLY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z")


def unit_of(line: links.AnyLink, device: DeviceSection) -> int | str:
    """What tells a device from others on its line: its unit, the name of a supply; nothing where it is alone."""
    if isinstance(line, links.NutLink):
        return device.access
    return "alone" if isinstance(line, (links.SnmpLink, links.TextLink)) else device.unit


def rules(at: str, line: links.AnyLink, device: DeviceSection) -> Iterator[Said]:
    """What is wrong with a device and its link."""
    named = isinstance(line, (links.SnmpLink, links.NutLink, links.TextLink))
    if named and device.kind != "ups":
        yield (
            f"{at}.kind",
            Text("must be ups: what keys a carrier speaks Modbus", "应为 ups:遥控载波须用 Modbus"),
        )
    if isinstance(line, links.SnmpLink) and not _FILE.match(device.access):
        yield f"{at}.access", Text("must name a file in secrets/", "应为 secrets/ 中的文件名")
    if isinstance(line, links.NutLink) and not _SUPPLY.match(device.access):
        yield f"{at}.access", Text("must be the server's name of the supply", "应为服务器上的电源名称")
    if device.access and not isinstance(line, (links.SnmpLink, links.NutLink)):
        yield f"{at}.access", Text("is of SNMP and NUT alone", "仅用于 SNMP 和 NUT")


__all__ = ["rules", "unit_of"]
