"""What the commands of the daily programme (table FA) carry, as values and as bytes, as one public program writes them. Knows no section."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import attrs

from emergency.section_tables import Order
from station.packed import Octets, counted, number_bytes, pack_digits
from station.words import Misheard

VOLUME_UNCHANGED: Final = 0xFF


@attrs.frozen(kw_only=True)
class Terminals:
    """Whom a command means: `kind` 1 by resource code, 2 by physical address; codes of 23 digits to the command's end."""

    codes: tuple[str, ...] = ()
    kind: int = 1


@attrs.frozen(kw_only=True)
class Programme:
    """Where a programme is: network, transport stream, service, PID of its clock and of its sound."""

    network: int
    transport_stream: int
    service: int
    pcr_pid: int
    pid: int


@attrs.frozen(kw_only=True)
class ChangeProgram:
    """Tag 1: play a programme until `end` (year … second of local time), 0–100 %, 255 as it is."""

    programme: Programme
    priority: int = 0
    volume: int = VOLUME_UNCHANGED
    end: tuple[int, int, int, int, int, int]
    terminals: Terminals


@attrs.frozen(kw_only=True)
class StopProgram:
    """Tag 2: stop a programme."""

    programme: Programme
    terminals: Terminals


@attrs.frozen(kw_only=True)
class PlayControl:
    """Tag 3: volume, 0–100 %, 255 as it is."""

    volume: int
    terminals: Terminals


@attrs.frozen(kw_only=True)
class SwitchOutput:
    """Tag 4: 1 off, 2 on."""

    status: int
    terminals: Terminals


@attrs.frozen(kw_only=True)
class TransferRds:
    """Tag 5: bytes for the RDS side of devices: 1 adapters, 2 receivers with amplifier, 3 columns, 4 all."""

    kind: int
    rds: bytes
    terminals: Terminals


Meaning = ChangeProgram | StopProgram | PlayControl | SwitchOutput | TransferRds
TAGS: Final[dict[type, int]] = {
    ChangeProgram: 1,
    StopProgram: 2,
    PlayControl: 3,
    SwitchOutput: 4,
    TransferRds: 5,
}


def read(order: Order) -> Meaning | None:
    """What a command means; None for a tag that is not known; Misheard for one that is not whole."""
    reader = _READERS.get(order.tag)
    return None if reader is None else reader(Octets(order.data))


def write(meaning: Meaning) -> Order:
    """The command; ValueError for what it cannot hold."""
    return Order(tag=TAGS[type(meaning)], data=_WRITERS[type(meaning)](meaning))


def _terminals(octets: Octets) -> Terminals:
    kind, codes = octets.number(1), []
    while octets.left:
        digits = octets.take(12).hex()[1:]
        if not digits.isdigit():
            raise _bad(f"{digits} is not 23 digits", f"{digits} 不是 23 位数字")
        codes.append(digits)
    return Terminals(kind=kind, codes=tuple(codes))


def _programme(octets: Octets) -> Programme:
    network, stream, service, pcr, pid = (octets.number(2) for _ in range(5))
    return Programme(network=network, transport_stream=stream, service=service, pcr_pid=pcr, pid=pid)


def _change(octets: Octets) -> ChangeProgram:
    programme, priority, volume = _programme(octets), octets.number(1), octets.number(1)
    year, month, day, hour, minute, second = octets.number(2), *octets.take(5)
    end = (year, month, day, hour, minute, second)
    try:
        _real(end)
    except ValueError as error:
        raise _bad(f"its end is no time: {error}", f"结束时间无效:{error}") from None
    return ChangeProgram(
        programme=programme, priority=priority, volume=volume, end=end, terminals=_terminals(octets)
    )


_READERS: Final[dict[int, Callable[[Octets], Meaning]]] = {
    1: _change,
    2: lambda octets: StopProgram(programme=_programme(octets), terminals=_terminals(octets)),
    3: lambda octets: PlayControl(volume=octets.number(1), terminals=_terminals(octets)),
    4: lambda octets: SwitchOutput(status=octets.number(1), terminals=_terminals(octets)),
    5: lambda octets: TransferRds(kind=octets.number(1), rds=octets.counted(2), terminals=_terminals(octets)),
}


def _real(end: tuple[int, int, int, int, int, int]) -> datetime:
    """Raises ValueError for a moment that does not exist."""
    return datetime(*end)  # noqa: DTZ001 - local


def _terminals_bytes(terminals: Terminals) -> bytes:
    return number_bytes(terminals.kind, 1) + b"".join(pack_digits(code, 23) for code in terminals.codes)


def _programme_bytes(said: Programme) -> bytes:
    numbers = (said.network, said.transport_stream, said.service, said.pcr_pid, said.pid)
    return b"".join(number_bytes(number, 2) for number in numbers)


def _volume_bytes(volume: int) -> bytes:
    if not (volume == VOLUME_UNCHANGED or 0 <= volume <= 100):
        raise ValueError(f"a volume of {volume} % · 音量 {volume}% 无效")
    return bytes([volume])


def _change_bytes(wish: ChangeProgram) -> bytes:
    _real(wish.end)
    end = number_bytes(wish.end[0], 2) + bytes(wish.end[1:])
    head = _programme_bytes(wish.programme) + number_bytes(wish.priority, 1) + _volume_bytes(wish.volume)
    return head + end + _terminals_bytes(wish.terminals)


_WRITERS: Final[dict[type, Callable[[Any], bytes]]] = {
    ChangeProgram: _change_bytes,
    StopProgram: lambda wish: _programme_bytes(wish.programme) + _terminals_bytes(wish.terminals),
    PlayControl: lambda wish: _volume_bytes(wish.volume) + _terminals_bytes(wish.terminals),
    SwitchOutput: lambda wish: number_bytes(wish.status, 1) + _terminals_bytes(wish.terminals),
    TransferRds: lambda wish: (
        number_bytes(wish.kind, 1) + counted(wish.rds, 2) + _terminals_bytes(wish.terminals)
    ),
}


def _bad(en: str, zh: str) -> Misheard:
    return Misheard(f"a daily command is refused: {en}", f"日常广播指令不予接受:{zh}", code="table")
