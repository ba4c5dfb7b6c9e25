"""Makes devices and their policy from the settings. Knows how each is made, not who uses it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from twisted.logger import Logger

from devices import keying, plant_profile, snmp_access
from devices.plant_seen import Device
from station import links
from station.settings import DeviceSection, Ports, Settings
from station.words import AreaCode, ChannelId, Duration, Refused, Text

log = Logger()
SPOKEN: Final[dict[type, str]] = {links.SnmpLink: "snmp", links.NutLink: "nut", links.TextLink: "line"}


def devices(
    settings: Settings, ports: Ports, home: Path, secrets: Path = Path("secrets")
) -> tuple[Device, ...]:
    """Every device whose profile can be read; the others are said in the log: a broken file must not stop a station."""
    made, wrong = _all(settings, ports, home, secrets)
    for name, why in wrong:
        log.critical("device {device} is left out: {why}", device=name, why=why.en)
    return tuple(made)


def left_out(settings: Settings, ports: Ports, home: Path, secrets: Path) -> tuple[tuple[str, Text], ...]:
    """Devices of the settings that a station does not ask, each with why."""
    return tuple(_all(settings, ports, home, secrets)[1])


def _all(
    settings: Settings, ports: Ports, home: Path, secrets: Path
) -> tuple[list[Device], list[tuple[str, Text]]]:
    made: list[Device] = []
    wrong: list[tuple[str, Text]] = []
    for number, section in enumerate(settings.devices):
        try:
            made.append(_device(section, ports.device(number), home, secrets))
        except Refused as refused:
            wrong.append((section.id, refused.text))
    return made, wrong


def _device(section: DeviceSection, simulated: int, home: Path, secrets: Path) -> Device:
    profile = plant_profile.load(section.profile, base=home)
    if profile.kind != section.kind:
        raise Refused(
            f"profile {section.profile} is of a {profile.kind}, not of a {section.kind}",
            f"配置 {section.profile} 属于 {profile.kind},而不是 {section.kind}",
            code="profile",
        )
    link = links.parse_any(section.link) if section.link else None
    spoken = SPOKEN.get(type(link), "modbus")
    if profile.protocol != spoken:
        raise Refused(
            f"profile {section.profile} speaks {profile.protocol}, its link {spoken}",
            f"配置 {section.profile} 采用 {profile.protocol} 协议,线路为 {spoken}",
            code="profile",
        )
    return Device(
        id=section.id,
        name=Text(section.name_en, section.name_zh),
        host=section.host,
        port=section.port or simulated,
        link=link,
        access=snmp_access.load(secrets / section.access) if spoken == "snmp" else None,
        supply=section.access if spoken == "nut" else "",
        unit=section.unit,
        channel=section.channel,
        profile=profile,
    )


def policy(settings: Settings, plugged: Iterable[Device]) -> keying.Policy:
    """Who may key what, and how long an order may take."""
    return keying.Policy(devices={device.id: _known(settings, device) for device in plugged})


def _known(settings: Settings, device: Device) -> keying.Known:
    settle = max((order.settle_ms for order in device.profile.carrier), default=0)
    return keying.Known(
        transmitter=bool(device.profile.carrier),
        channel=device.channel,
        area=settings.channel(ChannelId(device.channel)).area if device.channel else AreaCode(""),
        name=device.name,
        settle=Duration(settle * 1000),
    )
