"""What terminals report besides heart-beat, status and task (faults, results and records of broadcasts), and what the values of a status mean. Values, and bytes out of them and back. Knows no frame, no number of a profile.

The three bodies stand in no document (unverified). The values of a status are those of one receiver's program.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from typing import Any, Final

import attrs

from devices.fefd_orders import return_bytes, return_from
from devices.front_codes import whole
from station.packed import Octets, counted, number_bytes, pack_bcd, pack_digits, unpack_bcd, unpack_digits
from station.words import Misheard


@attrs.frozen(kw_only=True)
class Fault:
    """One fault: its code as the maker numbers it, whether it is there (1) or over (2), since when (epoch s)."""

    code: int
    state: int
    at: int


@attrs.frozen(kw_only=True)
class Faults:
    """All that is broken, or has just changed; none where nothing is."""

    faults: tuple[Fault, ...]


@attrs.frozen(kw_only=True)
class Result:
    """What became of a broadcast: 0 played to its end; text."""

    ebm_id: str
    result: int
    text: str = ""


@attrs.frozen(kw_only=True)
class Record:
    """A broadcast that was played: from and to (epoch s), and at what volume (%)."""

    ebm_id: str
    start: int
    end: int
    volume: int


Report = Faults | Result | Record
NAMES: Final[dict[type, str]] = {Faults: "fault", Result: "result", Record: "record"}


def name_of(report: Report) -> str:
    """What a profile calls its business type."""
    return NAMES[type(report)]


def write(report: Report) -> bytes:
    """The body of a report; ValueError for what the format cannot hold."""
    if isinstance(report, Faults):
        rows = (
            number_bytes(f.code, 1) + number_bytes(f.state, 1) + number_bytes(f.at, 4) for f in report.faults
        )
        return number_bytes(len(report.faults), 1) + b"".join(rows)
    named = pack_digits(report.ebm_id, 35)
    if isinstance(report, Result):
        return named + number_bytes(report.result, 1) + counted(report.text.encode("utf-8"), 2)
    return named + b"".join(
        number_bytes(value, size) for value, size in ((report.start, 4), (report.end, 4), (report.volume, 1))
    )


def read(name: str, body: bytes) -> Report:
    """The reverse of `write`, by the name of its business type; Misheard for one that is not whole."""
    report: Report = whole(_READERS[name], body)
    return report


def _faults(octets: Octets) -> Faults:
    return Faults(
        faults=tuple(
            Fault(code=octets.number(1), state=octets.number(1), at=octets.number(4))
            for _ in range(octets.number(1))
        )
    )


def _result(octets: Octets) -> Result:
    return Result(
        ebm_id=unpack_digits(octets.take(18)),
        result=octets.number(1),
        text=octets.counted(2).decode("utf-8", "replace"),
    )


def _record(octets: Octets) -> Record:
    return Record(
        ebm_id=unpack_digits(octets.take(18)),
        start=octets.number(4),
        end=octets.number(4),
        volume=octets.number(1),
    )


_READERS: Final[dict[str, Callable[[Octets], Report]]] = {
    "fault": _faults,
    "result": _result,
    "record": _record,
}


# -- the values of a status -------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Network:
    """Own IPv4 address, mask and gateway."""

    address: str
    mask: str
    gateway: str


@attrs.frozen(kw_only=True)
class Cable:
    """What a cable receiver is tuned to, as the terminal counts: frequency, symbol rate, QAM."""

    frequency: int
    symbols: int
    qam: int


@attrs.frozen(kw_only=True)
class Station:
    """A frequency (10 kHz) that an FM receiver scans: its number and priority."""

    number: int
    priority: int
    frequency: int


@attrs.frozen(kw_only=True)
class Hold:
    """Whether an FM receiver stays where it is, and for how long."""

    on: bool
    period: int


@attrs.frozen(kw_only=True)
class Playing:
    """The broadcast that a terminal is at: 1 playing, 2 ended, 3 heard."""

    ebm_id: str
    state: int


@attrs.frozen
class _Kind:
    """How the values of one tag are read and written."""

    name: str
    read: Callable[[Octets], Any]
    write: Callable[[Any], bytes]


def _numbered(name: str, size: int) -> _Kind:
    return _Kind(name, lambda octets: octets.number(size), lambda value: number_bytes(value, size))


def _decimal(octets: Octets) -> int:
    return int(unpack_bcd(octets.take(3)))


def _decimal_bytes(value: int) -> bytes:
    return pack_bcd(f"{value:06d}", 6)


def _network(octets: Octets) -> Network:
    address, mask, gateway = (str(ipaddress.IPv4Address(octets.take(4))) for _ in range(3))
    return Network(address=address, mask=mask, gateway=gateway)


def _network_bytes(value: Network) -> bytes:
    return b"".join(ipaddress.IPv4Address(one).packed for one in (value.address, value.mask, value.gateway))


def _cable(octets: Octets) -> Cable:
    return Cable(frequency=octets.number(4), symbols=octets.number(4), qam=octets.number(1))


def _cable_bytes(value: Cable) -> bytes:
    return number_bytes(value.frequency, 4) + number_bytes(value.symbols, 4) + number_bytes(value.qam, 1)


def _scanned(octets: Octets) -> tuple[Station, ...]:
    return tuple(
        Station(number=octets.number(1), priority=octets.number(1), frequency=_decimal(octets))
        for _ in range(octets.number(1))
    )


def _scanned_bytes(rows: tuple[Station, ...]) -> bytes:
    each = (
        number_bytes(row.number, 1) + number_bytes(row.priority, 1) + _decimal_bytes(row.frequency)
        for row in rows
    )
    return number_bytes(len(rows), 1) + b"".join(each)


VOLUME: Final = _numbered("volume", 1)
CODE: Final = _Kind("code", lambda octets: unpack_digits(octets.take(12)), lambda text: pack_digits(text, 23))
STATE: Final = _numbered("state", 1)
TASK: Final = _Kind(
    "task",
    lambda octets: Playing(ebm_id=unpack_digits(octets.take(18)), state=octets.number(1)),
    lambda value: pack_digits(value.ebm_id, 35) + number_bytes(value.state, 1),
)
TAGS: Final[dict[int, _Kind]] = {
    0x02: _Kind("network", _network, _network_bytes),
    0x03: _Kind("return_address", return_from, return_bytes),
    0x05: _Kind("physical", lambda octets: unpack_bcd(octets.take(5)), lambda text: pack_bcd(text, 10)),
    0x07: _numbered("fault", 1),
    0x08: _numbered("type", 2),
    0x09: _Kind("hardware", lambda octets: octets.rest().hex(), bytes.fromhex),
    0x0A: _Kind("software", lambda octets: octets.rest().hex(), bytes.fromhex),
    0x0B: _numbered("fm_signal", 2),
    0x0C: _numbered("cable_signal", 2),
    0x0D: _numbered("dtmb_signal", 2),
    0x0E: _Kind("cable", _cable, _cable_bytes),
    0x0F: _numbered("dtmb_frequency", 4),
    0x10: _Kind("fm_list", _scanned, _scanned_bytes),
    0x11: _Kind("fm_frequency", _decimal, _decimal_bytes),
    0x12: _Kind(
        "fm_hold",
        lambda octets: Hold(on=octets.number(1) == 1, period=octets.number(2)),
        lambda value: bytes([value.on]) + number_bytes(value.period, 2),
    ),
    0x55: _numbered("heartbeat", 4),
}  # as one receiver's program numbers them; those of `Kinds` stand in profiles
Kinds = dict[int, _Kind]


def value_bytes(kind: _Kind, value: Any) -> bytes:
    """One value as a status carries it; ValueError for what does not go in."""
    made: bytes = kind.write(value)
    return made


def described(values: Iterable[tuple[int, bytes]], kinds: Kinds) -> dict[str, Any]:
    """The values of a status by name; what nobody knows, or what is not whole, stays bytes under its tag."""
    known, found = {**TAGS, **kinds}, {}
    for tag, data in values:
        try:
            found[known[tag].name] = whole(known[tag].read, data)
        except (KeyError, Misheard):
            found[f"tag_{tag:02x}"] = data
    return found


__all__ = [
    "CODE", "NAMES", "STATE", "TAGS", "TASK", "VOLUME", "Cable", "Fault", "Faults", "Hold", "Network", "Playing", "Record",
    "Report", "Result", "Station", "described", "name_of", "read", "value_bytes", "write",
]  # fmt: skip
