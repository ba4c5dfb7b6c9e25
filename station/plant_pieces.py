"""Makes devices and their policy from the settings. Knows how each is made, not who uses it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from twisted.logger import Logger

from devices import keying, plant_profile
from devices.plant_seen import Device
from station import links
from station.settings import DeviceSection, Ports, Settings
from station.words import AreaCode, ChannelId, Duration, Refused, Text

log = Logger()


def devices(settings: Settings, ports: Ports, home: Path) -> tuple[Device, ...]:
    """Every device whose profile can be read; the others are said in the log: a broken file must not stop a station."""
    made: list[Device] = []
    for number, section in enumerate(settings.devices):
        try:
            made.append(_device(section, ports.device(number), home))
        except Refused as refused:
            log.critical("device {device} is left out: {why}", device=section.id, why=refused.text.en)
    return tuple(made)


def _device(section: DeviceSection, simulated: int, home: Path) -> Device:
    profile = plant_profile.load(section.profile, base=home)
    if profile.kind != section.kind:
        raise Refused(
            f"profile {section.profile} is of a {profile.kind}, not of a {section.kind}",
            f"配置 {section.profile} 属于 {profile.kind},而不是 {section.kind}",
            code="profile",
        )
    return Device(
        id=section.id,
        name=Text(section.name_en, section.name_zh),
        host=section.host,
        port=section.port or simulated,
        link=links.parse(section.link) if section.link else None,
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
