"""How a line to devices is written: `tcp:HOST:PORT`, `rtu-tcp:HOST:PORT`, `rtu:/dev/serial/by-id/…:9600:8N1[:rs485]`. Pure; opens nothing.

By-path names hold colons, therefore a serial line is read from its end.
"""

from __future__ import annotations

import re
from typing import Final

import attrs

from station.words import Refused

BAUDS: Final = (300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)
_TCP = re.compile(r"(tcp|rtu-tcp):(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*):([0-9]{1,5})\Z")
_SERIAL = re.compile(r"rtu:(/[^\s\0]+?):([0-9]{1,7}):([78])([NEO])([12])(:rs485)?\Z")


@attrs.frozen
class TcpLink:
    """Modbus/TCP."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@attrs.frozen
class GatewayLink:
    """Serial frames over TCP: a serial server that changes nothing."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"rtu-tcp:{self.host}:{self.port}"


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


Link = TcpLink | GatewayLink | SerialLink


def parse(text: str) -> Link:
    """A line as it is written in settings and commands; Refused says what is wrong."""
    tcp, serial = _TCP.match(text), _SERIAL.match(text)
    if tcp is not None:
        port = int(tcp[3])
        if not 1 <= port <= 65_535:
            raise _wrong(text, "its port must be from 1 to 65535", "端口应在 1 至 65535 之间")
        host = tcp[2].strip("[]")
        return TcpLink(host, port) if tcp[1] == "tcp" else GatewayLink(host, port)
    if serial is None:
        raise _wrong(
            text,
            "it must be tcp:HOST:PORT, rtu-tcp:HOST:PORT or rtu:/dev/PORT:9600:8N1",
            "应为 tcp:主机:端口、rtu-tcp:主机:端口 或 rtu:/dev/串口:9600:8N1",
        )
    baud = int(serial[2])
    if baud not in BAUDS:
        raise _wrong(text, f"no port has {baud} Bd", f"没有 {baud} 波特的串口")
    return SerialLink(
        path=serial[1],
        baud=baud,
        data=int(serial[3]),
        parity=serial[4],
        stop=int(serial[5]),
        rs485=serial[6] is not None,
    )


def _wrong(text: str, en: str, zh: str) -> Refused:
    return Refused(f"{text!r} is no line: {en}", f"{text!r} 不是有效的线路:{zh}", code="link")


__all__ = ["BAUDS", "GatewayLink", "Link", "SerialLink", "TcpLink", "parse"]
