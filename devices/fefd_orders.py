"""What terminals are ordered besides start, stop, volume and query: clock, return path, codes, switch, white list, certificate, faults, TS and RDS. Values, and bytes out of them and back. Knows no frame, no number of a profile.

No document shows these bodies. Where the orders of a county front end carry the same matter (devices/front_orders.py) they
are written as there, without its targets; where a terminal reports what it was told, as it reports it. All are unverified.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import Any, Final

import attrs

from devices import front_order_codec
from devices.front_codes import ascii_from, whole
from devices.front_orders import SetClock, SetCodes, SetWhiteList, WhiteRow
from station.packed import Octets, number_bytes
from station.words import Misheard

IP, NAME, TELEPHONE = 1, 2, 3  # kinds of a return address


@attrs.frozen(kw_only=True)
class ReturnTo:
    """Where a terminal reports to: kind 1 `IPv4:port`, 2 `name:port`, 3 a telephone number of 11 digits."""

    kind: int
    text: str


@attrs.frozen(kw_only=True)
class ReturnPeriod:
    """How often it reports, s."""

    seconds: int


@attrs.frozen(kw_only=True)
class SwitchAmplifier:
    """The amplifier, off or on."""

    on: bool


@attrs.frozen(kw_only=True)
class AskFaults:
    """What is broken: answered by a report of faults."""


@attrs.frozen(kw_only=True)
class UpdateCertificate:
    """A certificate, or what authorises one, as the authority made it."""

    data: bytes


@attrs.frozen(kw_only=True)
class PassTs:
    """An order for the insertion into a transport stream, handed on as it is."""

    data: bytes


@attrs.frozen(kw_only=True)
class PassRds:
    """An order for the insertion into RDS, handed on as it is."""

    data: bytes


Order = (
    SetClock | ReturnTo | ReturnPeriod | SetCodes | SwitchAmplifier | SetWhiteList | UpdateCertificate
    | AskFaults | PassTs | PassRds
)  # fmt: skip
NAMES: Final[dict[type, str]] = {
    SetClock: "clock", ReturnTo: "return_address", ReturnPeriod: "return_period", SetCodes: "codes",
    SwitchAmplifier: "switch", SetWhiteList: "white_list", UpdateCertificate: "certificate", AskFaults: "fault_query",
    PassTs: "ts", PassRds: "rds",
}  # fmt: skip
_OFF, _ON = 1, 2


def name_of(order: Order) -> str:
    """What a profile calls its business type."""
    return NAMES[type(order)]


def write(order: Order) -> bytes:
    """The body of an order; ValueError for what the format cannot hold."""
    if isinstance(order, (SetClock, SetCodes, SetWhiteList)):
        return front_order_codec.write(order)
    return _WRITERS[type(order)](order)


def read(name: str, body: bytes) -> Order:
    """The reverse of `write`, by the name of its business type; Misheard for one that is not whole."""
    order: Order = whole(_READERS[name], body)
    return order


def return_bytes(place: ReturnTo) -> bytes:
    """Kind, then IPv4 4 and port 2, or name and port 2, or 11 digits; ValueError for what is none."""
    kind, text = number_bytes(place.kind, 1), place.text
    if not text.isascii():
        raise ValueError(f"{text!r} is no address")
    if place.kind == TELEPHONE:
        if len(text) != 11 or not text.isdigit():
            raise ValueError(f"{text!r} is no telephone number of 11 digits")
        return kind + text.encode("ascii")
    host, _, port = text.rpartition(":")
    if place.kind not in (IP, NAME) or not host or not port.isdigit():
        raise ValueError(f"{text!r} is no place to return to, of kind {place.kind}")
    return kind + (_ip(host) if place.kind == IP else host.encode("ascii")) + number_bytes(int(port), 2)


def _ip(host: str) -> bytes:
    return ipaddress.IPv4Address(host).packed


def return_from(octets: Octets) -> ReturnTo:
    """The reverse of `return_bytes`, of all that is left."""
    kind, data = octets.number(1), octets.rest()
    if kind == TELEPHONE and len(data) == 11 and data.isdigit():
        return ReturnTo(kind=kind, text=data.decode("ascii"))
    if (kind == IP and len(data) == 6) or (kind == NAME and len(data) > 2):
        host = str(ipaddress.IPv4Address(data[:4])) if kind == IP else ascii_from(data[:-2])
        return ReturnTo(kind=kind, text=f"{host}:{int.from_bytes(data[-2:], 'big')}")
    raise Misheard(f"{data.hex()} is no return address", f"{data.hex()} 不是回传地址", code="return")


def _switch_from(octets: Octets) -> SwitchAmplifier:
    option = octets.number(1)
    if option not in (_OFF, _ON):
        raise Misheard(f"{option} is neither off nor on", f"{option} 既非关也非开", code="switch")
    return SwitchAmplifier(on=option == _ON)


def _none(octets: Octets) -> AskFaults:
    return AskFaults()


_WRITERS: Final[dict[type, Callable[[Any], bytes]]] = {
    ReturnTo: return_bytes,
    ReturnPeriod: lambda order: number_bytes(order.seconds, 4),
    SwitchAmplifier: lambda order: bytes([_ON if order.on else _OFF]),
    UpdateCertificate: lambda order: order.data,
    AskFaults: lambda order: b"",
    PassTs: lambda order: order.data,
    PassRds: lambda order: order.data,
}


def _as_front(kind: int) -> Callable[[Octets], Any]:
    return lambda octets: front_order_codec.read(kind, octets.rest())


_READERS: Final[dict[str, Callable[[Octets], Any]]] = {
    "clock": _as_front(0x09),
    "return_address": return_from,
    "return_period": lambda octets: ReturnPeriod(seconds=octets.number(4)),
    "codes": _as_front(0x05),
    "switch": _switch_from,
    "white_list": _as_front(0x0C),
    "certificate": lambda octets: UpdateCertificate(data=octets.rest()),
    "fault_query": _none,
    "ts": lambda octets: PassTs(data=octets.rest()),
    "rds": lambda octets: PassRds(data=octets.rest()),
}


__all__ = [
    "IP", "NAME", "NAMES", "TELEPHONE", "AskFaults", "Order", "PassRds", "PassTs", "ReturnPeriod", "ReturnTo", "SetClock",
    "SetCodes", "SetWhiteList", "SwitchAmplifier", "UpdateCertificate", "WhiteRow", "name_of", "read", "return_bytes",
    "return_from", "write",
]  # fmt: skip
