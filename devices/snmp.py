"""SNMP's requests, answers and notifications, and the frame of v2c, sans I/O. With devices/snmp_usm.py the only module that knows pysnmp; knows no socket, no device, no time.

pysnmp has the ASN.1 of the PDUs (RFC 3416) and pyasn1 their BER; its engine, dispatcher and MIB store are not used.
Object names are dotted numbers without a leading dot; values carry their SMI kind (RFC 2578, section 7).
"""

from __future__ import annotations

import ipaddress
from typing import Any, Final, Literal

import attrs
from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.proto import rfc1901, rfc1902, rfc1905

from devices.named import arcs
from station.words import Misheard

PORT: Final = 161
TRAPS: Final = 162
LONGEST: Final = 2048  # bytes of a message; more is not read
MOST: Final = 32  # objects of one request
ROWS: Final = 2 * MOST  # objects of a message that is read
NUMBERS: Final = 0x7FFFFFFF  # request ids 1 … 2^31-1

Kind = Literal[
    "integer", "octets", "oid", "null", "ip", "counter", "gauge", "ticks", "opaque", "counter64",
    "no object", "no instance", "end",
]  # fmt: skip
NOTHING: Final = frozenset({"null", "no object", "no instance", "end"})  # kinds without a value
_TYPES: Final[dict[Kind, Any]] = {
    "integer": rfc1902.Integer32,
    "octets": rfc1902.OctetString,
    "oid": rfc1902.ObjectIdentifier,
    "null": univ.Null,
    "ip": rfc1902.IpAddress,
    "counter": rfc1902.Counter32,
    "gauge": rfc1902.Gauge32,
    "ticks": rfc1902.TimeTicks,
    "opaque": rfc1902.Opaque,
    "counter64": rfc1902.Counter64,
    "no object": rfc1905.NoSuchObject,
    "no instance": rfc1905.NoSuchInstance,
    "end": rfc1905.EndOfMibView,
}
_KINDS: Final[dict[Any, Kind]] = {made.tagSet: kind for kind, made in _TYPES.items()}
STATUS: Final = (
    "noError", "tooBig", "noSuchName", "badValue", "readOnly", "genErr", "noAccess", "wrongType", "wrongLength",
    "wrongEncoding", "wrongValue", "noCreation", "inconsistentValue", "resourceUnavailable", "commitFailed",
    "undoFailed", "authorizationError", "notWritable", "inconsistentName",
)  # fmt: skip  # RFC 3416, section 3


@attrs.frozen(order=False)
class Binding:
    """An object and its value: a number, bytes (octets, opaque), a dotted name or address, None where there is none."""

    oid: str
    kind: Kind = "null"
    value: int | bytes | str | None = None


@attrs.frozen
class Get:
    """Ask for exactly these objects."""

    oids: tuple[str, ...]


@attrs.frozen
class Next:
    """Ask for what follows each of these names."""

    oids: tuple[str, ...]


@attrs.frozen
class Set:
    """Write these values, all of them or none."""

    bindings: tuple[Binding, ...]


Ask = Get | Next | Set
Said = Literal["response", "report", "trap", "inform"]


@attrs.frozen(kw_only=True)
class Pdu:
    """A PDU that a device sends. `index` counts from 1: the binding that `status` is about."""

    said: Said
    number: int
    status: int = 0
    index: int = 0
    bindings: tuple[Binding, ...]


_PDUS: Final[dict[Any, Said]] = {
    rfc1905.ResponsePDU.tagSet: "response",
    rfc1905.ReportPDU.tagSet: "report",
    rfc1905.SNMPv2TrapPDU.tagSet: "trap",
    rfc1905.InformRequestPDU.tagSet: "inform",
}


def misheard(en: str, zh: str) -> Misheard:
    """A message that is none."""
    return Misheard(f"an SNMP message {en}", f"SNMP 报文{zh}", code="snmp")


def names(ask: Ask) -> tuple[str, ...]:
    """The objects of a request."""
    return tuple(one.oid for one in ask.bindings) if isinstance(ask, Set) else ask.oids


def pdu(ask: Ask, number: int) -> Any:
    """The request as pysnmp's object; ValueError for what cannot be asked."""
    bindings = ask.bindings if isinstance(ask, Set) else tuple(map(Binding, ask.oids))
    if not 1 <= len(bindings) <= MOST or not 1 <= number <= NUMBERS:
        raise ValueError(f"a request has 1 to {MOST} objects, not {len(bindings)}, and number {number}")
    kinds = {Get: rfc1905.GetRequestPDU, Next: rfc1905.GetNextRequestPDU, Set: rfc1905.SetRequestPDU}
    return _filled(kinds[type(ask)](), number, bindings)


def response(heard: Pdu) -> Any:
    """What an inform is answered with: itself, as a response (RFC 3416, 4.2.7)."""
    return _filled(rfc1905.ResponsePDU(), heard.number, heard.bindings)


def _filled(made: Any, number: int, bindings: tuple[Binding, ...]) -> Any:
    made["request-id"], made["error-status"], made["error-index"] = number, 0, 0
    made["variable-bindings"].clear()
    for at, one in enumerate(bindings):
        arcs(one.oid)
        made["variable-bindings"][at]["name"] = one.oid
        place = made["variable-bindings"][at].setComponentByPosition(1).getComponentByPosition(1)
        if one.kind in NOTHING:
            place["unSpecified"] = univ.Null("")
        else:
            place["value"].setComponentByType(_TYPES[one.kind].tagSet, typed(one), innerFlag=True)
    return made


def typed(one: Binding) -> Any:
    """The value as pysnmp's object; ValueError where the kind cannot carry it."""
    try:
        return _TYPES[one.kind](one.value)
    except (PyAsn1Error, TypeError) as error:
        raise ValueError(f"{one.value!r} is no value of kind {one.kind}") from error


# -- what is heard ----------------------------------------------------------------------------------


def decoded(data: bytes, spec: Any) -> tuple[Any, bytes]:
    """pysnmp's object of this kind, and what follows it; Misheard where there is none."""
    try:
        made, rest = decoder.decode(data, asn1Spec=spec)
    except (PyAsn1Error, ValueError, IndexError, TypeError, OverflowError, RecursionError):
        raise misheard("cannot be read", "无法解读") from None
    return made, bytes(rest)


def read_pdu(made: Any) -> Pdu:
    """pysnmp's PDUs as ours; Misheard for one that no device sends unasked or as an answer."""
    held = made.getComponent()
    said = _PDUS.get(held.tagSet)
    if said is None:
        raise misheard("asks instead of answering", "是请求而非应答")
    rows = held["variable-bindings"]
    return Pdu(
        said=said,
        number=int(held["request-id"]),
        status=int(held["error-status"]),
        index=int(held["error-index"]),
        bindings=tuple(_binding(rows[at]) for at in range(len(rows))),
    )


def _binding(row: Any) -> Binding:
    value = row.getComponentByPosition(1)
    while isinstance(value, univ.Choice):
        value = value.getComponent()
    oid, kind = str(row["name"]), _KINDS[value.tagSet]
    if kind in NOTHING:
        return Binding(oid, kind)
    if kind in ("octets", "opaque"):
        return Binding(oid, kind, bytes(value))
    if kind == "ip":
        return Binding(oid, kind, str(ipaddress.IPv4Address(bytes(value))))
    return Binding(oid, kind, str(value) if kind == "oid" else int(value))


# -- v2c --------------------------------------------------------------------------------------------


def frame(made: Any, community: bytes) -> bytes:
    """A v2c message (RFC 1901, section 3)."""
    message = rfc1901.Message()
    message["version"], message["community"] = 1, community
    message["data"].setComponentByType(made.tagSet, made)
    return bytes(encoder.encode(message))


def read(data: bytes) -> tuple[bytes, Pdu]:
    """(community, PDU) of a v2c message; Misheard where it is none."""
    if version(data) != 1:
        raise misheard("is of another version", "版本不符")
    _, _, pdu = elements(data, *span(data, 0), (2, 4, None))
    bounded(data, pdu)
    made, _ = decoded(data, rfc1901.Message())
    return bytes(made["community"]), read_pdu(made["data"])


def span(data: bytes, at: int) -> tuple[int, int]:
    """Where the contents of the element at `at` begin and end (X.690, 8.1; SNMP allows definite lengths alone: RFC 3417, 8); Misheard beyond the end."""
    head = data[at + 1 : at + 2]
    size, start = (head[0] if head else 0x80), at + 2
    if size > 0x80:
        start += size & 0x7F
        size = int.from_bytes(data[at + 2 : start], "big") if size <= 0x84 else LONGEST + 1
    elif size == 0x80:
        size = LONGEST + 1
    if start + size > len(data):
        raise misheard("is cut short", "不完整")
    return start, start + size


def said(one: Binding) -> int | str | None:
    """A value as a number or a text: octets as they read, else in hexadecimal; None where there is none."""
    if not isinstance(one.value, bytes):
        return one.value
    try:
        text = one.value.decode("utf-8").rstrip("\0")
    except UnicodeDecodeError:
        return one.value.hex()
    return text if text.isprintable() else one.value.hex()


def elements(data: bytes, at: int, end: int, tags: tuple[int | None, ...]) -> list[tuple[int, int]]:
    """Where the contents of these elements begin and end, which fill the bytes from `at` to `end`; None: any element."""
    made = []
    for tag in tags:
        found = span(data, at)
        if found[1] > end or tag not in (None, data[at]):
            raise misheard("cannot be read", "无法解读")
        made.append(found)
        at = found[1]
    if at != end:
        raise misheard("has something behind its end", "末尾有多余数据")
    return made


def bounded(data: bytes, pdu: tuple[int, int]) -> None:
    """Misheard for a PDU of more objects than are ever asked for: reading them would take its time."""
    *_, (at, end) = elements(data, *pdu, (2, 2, 2, 0x30))
    count = 0
    while at < end and count <= ROWS:
        at, count = span(data, at)[1], count + 1
    if count > ROWS:
        raise misheard(f"has more than {ROWS} objects", f"含有超过 {ROWS} 个对象")


def version(data: bytes) -> int:
    """0: v1, 1: v2c, 3: v3, whatever follows; Misheard where no message begins."""
    if len(data) > LONGEST:
        raise misheard(f"is longer than {LONGEST} bytes", f"超过 {LONGEST} 字节")
    start, end = span(data, 0)
    if data[0] != 0x30 or end != len(data):
        raise misheard("cannot be read", "无法解读")
    first, last = span(data, start)
    if data[start] != 2 or last - first != 1:
        raise misheard("has no version", "没有版本号")
    return data[first]


__all__ = [
    "LONGEST", "MOST", "NOTHING", "NUMBERS", "PORT", "ROWS", "STATUS", "TRAPS", "Ask", "Binding", "Get", "Kind", "Next", "Pdu",
    "Said", "Set", "arcs", "bounded", "decoded", "elements", "frame", "misheard", "names", "pdu", "read", "read_pdu", "response", "said", "span",
    "typed", "version",
]  # fmt: skip
