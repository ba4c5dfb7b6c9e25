"""How a line to devices is written: `tcp:HOST:PORT`, `rtu-tcp:HOST:PORT`, `rtu:/dev/serial/by-id/…:9600:8N1[:rs485]`; `snmp:`, `nut:` and `line-tcp:HOST:PORT`, `line:/dev/…:9600:8N1`. Pure; opens nothing.

By-path names hold colons, therefore a serial line is read from its end.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import ClassVar, Final

import attrs

from station.words import Refused

BAUDS: Final = (300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
LABEL: Final = 63  # characters between two dots of a name (RFC 1035, 2.3.4)
_PLACE = re.compile(
    r"(tcp|rtu-tcp|snmp|nut|line-tcp):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):([0-9]{1,5})\Z"
)
_SERIAL = re.compile(r"(rtu|line):(/[^\s\0]+?):([0-9]{1,7}):([78])([NEO])([12])(:rs485)?\Z")


@attrs.frozen
class _Placed:
    """A line to a host and port."""

    host: str
    port: int

    written: ClassVar[str] = ""  # before them

    def __str__(self) -> str:
        return f"{self.written}{self.host}:{self.port}"


@attrs.frozen
class TcpLink(_Placed):
    """Modbus/TCP."""


@attrs.frozen
class GatewayLink(_Placed):
    """Serial frames over TCP: a serial server that changes nothing."""

    written = "rtu-tcp:"


@attrs.frozen
class SnmpLink(_Placed):
    """An SNMP agent, UDP."""

    written = "snmp:"


@attrs.frozen
class NutLink(_Placed):
    """A server of power supplies (NUT), TCP."""

    written = "nut:"


@attrs.frozen
class UdpLink(_Placed):
    """Where datagrams go."""

    written = "udp:"

    @property
    def group(self) -> bool:
        """Whether it is a multicast group."""
        try:
            return ipaddress.IPv4Address(self.host).is_multicast
        except ValueError:
            return False


@attrs.frozen
class SerialLink:
    """A serial port: best by /dev/serial/by-id, which a replugged adapter keeps."""

    path: str
    baud: int = 9600
    data: int = 8
    parity: str = "N"  # N, E, O
    stop: int = 1
    rs485: bool = False  # the driver is to switch the direction; most adapters do so themselves

    @property
    def bits(self) -> int:
        """Bits a character takes, start and stop bits counted."""
        return 1 + self.data + (self.parity != "N") + self.stop

    def __str__(self) -> str:
        said = f"rtu:{self.path}:{self.baud}:{self.data}{self.parity}{self.stop}"
        return f"{said}:rs485" if self.rs485 else said


@attrs.frozen
class TextLink:
    """Lines of text, on a serial port or through a serial server."""

    to: SerialLink | GatewayLink

    def __str__(self) -> str:
        kind, _, rest = str(self.to).partition(":")
        return f"{kind.replace('rtu', 'line')}:{rest}"


Link = TcpLink | GatewayLink | SerialLink  # of Modbus
AnyLink = Link | SnmpLink | NutLink | TextLink


def parse(text: str) -> Link:
    """A line of Modbus as it is written in settings and commands; Refused says what is wrong."""
    known = _PLACE.match(text) or _SERIAL.match(text)
    made = parse_any(text) if known else None
    if made is None or isinstance(made, (SnmpLink, NutLink, TextLink)):
        raise _wrong(
            text,
            "it must be tcp:HOST:PORT, rtu-tcp:HOST:PORT or rtu:/dev/PORT:9600:8N1",
            "应为 tcp:主机:端口、rtu-tcp:主机:端口 或 rtu:/dev/串口:9600:8N1",
        )
    return made


def parse_any(text: str) -> AnyLink:
    """A line of any protocol; Refused says what is wrong."""
    place = _PLACE.match(text)
    if place is None:
        return _serial(text)
    host, port = place[2].strip("[]"), int(place[3])
    if not 1 <= port <= 65_535:
        raise _wrong(text, "its port must be from 1 to 65535", "端口应在 1 至 65535 之间")
    if not all(1 <= len(label) <= LABEL for label in host.removesuffix(".").split(".")):
        raise _wrong(text, "its host is no name and no address", "主机既非名称也非地址")
    if place[1] == "line-tcp":
        return TextLink(GatewayLink(host, port))
    kinds: dict[str, Callable[[str, int], AnyLink]] = {
        "tcp": TcpLink,
        "rtu-tcp": GatewayLink,
        "snmp": SnmpLink,
        "nut": NutLink,
    }
    return kinds[place[1]](host, port)


def _serial(text: str) -> SerialLink | TextLink:
    serial = _SERIAL.match(text)
    if serial is None:
        raise _wrong(
            text,
            "it must be tcp:HOST:PORT, rtu-tcp:HOST:PORT, rtu:/dev/PORT:9600:8N1, snmp:HOST:PORT, nut:HOST:PORT, "
            "line:/dev/PORT:9600:8N1 or line-tcp:HOST:PORT",
            "应为 tcp:主机:端口、rtu-tcp:主机:端口、rtu:/dev/串口:9600:8N1、snmp:主机:端口、nut:主机:端口、"
            "line:/dev/串口:9600:8N1 或 line-tcp:主机:端口",
        )
    baud = int(serial[3])
    if baud not in BAUDS:
        raise _wrong(text, f"no port has {baud} Bd", f"没有 {baud} 波特的串口")
    port = SerialLink(
        path=serial[2],
        baud=baud,
        data=int(serial[4]),
        parity=serial[5],
        stop=int(serial[6]),
        rs485=serial[7] is not None,
    )
    return port if serial[1] == "rtu" else TextLink(port)


def _wrong(text: str, en: str, zh: str) -> Refused:
    return Refused(f"{text!r} is no line: {en}", f"{text!r} 不是有效的线路:{zh}", code="link")


__all__ = [
    "BAUDS", "AnyLink", "GatewayLink", "Link", "NutLink", "SerialLink", "SnmpLink", "TcpLink", "TextLink", "parse",
    "parse_any",
]  # fmt: skip
