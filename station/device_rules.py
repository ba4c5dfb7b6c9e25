"""What must hold of [[devices]] in the settings. Pure but for asking whether a named profile is there; knows no profile's inside."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from station import device_names, links
from station.settings import DeviceSection, Settings
from station.words import Refused, Text

Said = tuple[str, Text]  # path, sentence without its subject

MOST = 30  # the demo's ports of simulators reach so far
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,31}\Z")
_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)\Z")


def rules(settings: Settings, home: Path, *, files: bool) -> Iterator[Said]:
    """Every rule of [[devices]] that does not hold; with `files`, an engineer's own profile must be there too."""
    if len(settings.devices) > MOST:
        yield "devices", Text(f"has more than {MOST} entries", f"超过 {MOST} 项")
    yield from _lines(settings)
    ids: set[str] = set()
    channels = {str(channel.id) for channel in settings.channels}
    for k, device in enumerate(settings.devices):
        at = f"devices[{k}]"
        yield from _device(at, device, channels)
        if device.id in ids:
            yield (
                f"{at}.id",
                Text(f"is {device.id!r} a second time; each must be its own", f"的值 {device.id!r} 重复"),
            )
        ids.add(device.id)
        own = device.profile.endswith(".toml")
        if files and own and not (home / device.profile).is_file():
            yield (
                f"{at}.profile",
                Text(f"names {device.profile!r}, which is no file", f"指向的文件 {device.profile!r} 不存在"),
            )


def _lines(settings: Settings) -> Iterator[Said]:
    """No unit twice on a line; a port is opened in one way."""
    places: dict[tuple[links.AnyLink, int | str], int] = {}
    serial: dict[str, links.AnyLink] = {}
    for k, device in enumerate(settings.devices):
        line = _line(device)
        if line is None:
            continue
        port = line.to if isinstance(line, links.TextLink) else line
        if isinstance(port, links.SerialLink) and serial.setdefault(port.path, line) != line:
            yield (
                f"devices[{k}].link",
                Text(
                    "opens the same port in another way than a device before",
                    "与前面的设备以不同参数打开同一串口",
                ),
            )
        unit = device_names.unit_of(line, device)
        first = places.setdefault((line, unit), k)
        if first != k:
            yield (
                f"devices[{k}].{'access' if isinstance(unit, str) else 'unit'}",
                Text(
                    f"is {unit}, which {settings.devices[first].id} has on the same line",
                    f"的值 {unit} 与同一线路上的 {settings.devices[first].id} 重复",
                ),
            )


def _line(device: DeviceSection) -> links.AnyLink | None:
    """The line of a device; None for the demo's simulator, or where what is written is none."""
    try:
        if device.link:
            return links.parse_any(device.link)
    except Refused:
        return None
    return links.TcpLink(device.host, device.port) if device.port else None


def _link(at: str, device: DeviceSection) -> Iterator[Said]:
    try:
        line = links.parse_any(device.link)
    except Refused as wrong:
        yield f"{at}.link", Text(f"is wrong: {wrong.text.en}", f"有误:{wrong.text.zh}")
        return
    if (device.host, device.port) != ("127.0.0.1", 0):
        yield f"{at}.link", Text("stands beside host or port; say one of them", "与 host 或 port 只能取其一")
    yield from device_names.rules(at, line, device)
    if isinstance(line, (links.GatewayLink, links.SerialLink)) and not 1 <= device.unit <= 247:
        yield (
            f"{at}.unit",
            Text(
                f"is {device.unit} but must be from 1 to 247 on a serial line",
                f"的值 {device.unit} 在串行线路上应在 1 至 247 之间",
            ),
        )


def _device(at: str, device: DeviceSection, channels: set[str]) -> Iterator[Said]:
    if device.link:
        yield from _link(at, device)
    elif device.access:
        yield f"{at}.access", Text("is of SNMP and NUT, which need a link", "仅用于 SNMP 和 NUT,须先写 link")
    if not _NAME.match(device.id):
        yield (
            f"{at}.id",
            Text(
                f"is {device.id!r} but must be 1 to 32 letters, digits and hyphens",
                f"的值 {device.id!r} 应为 1 至 32 个字母、数字或连字符",
            ),
        )
    if not _HOST.match(device.host):
        yield f"{at}.host", Text(f"is {device.host!r}, which is no host", f"的值 {device.host!r} 不是主机名")
    if not 0 <= device.port <= 65_535:
        yield (
            f"{at}.port",
            Text(f"is {device.port} but must be from 0 to 65535", f"的值 {device.port} 应在 0 至 65535 之间"),
        )
    if not 0 <= device.unit <= 255:
        yield (
            f"{at}.unit",
            Text(f"is {device.unit} but must be from 0 to 255", f"的值 {device.unit} 应在 0 至 255 之间"),
        )
    if device.channel and device.channel not in channels:
        yield (
            f"{at}.channel",
            Text(
                f"is {device.channel!r}, but there is no such channel",
                f"的值 {device.channel!r} 不是已有频道",
            ),
        )


__all__ = ["MOST", "rules"]
