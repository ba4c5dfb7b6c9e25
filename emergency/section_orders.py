"""What the commands of the configuration table (FB) carry, as values and as bytes (GD/J 086-2018 as two public programs have it). Knows no section."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

import attrs

from emergency.section_codec import digits_from
from emergency.section_profile import SectionProfile
from emergency.section_tables import Order
from station.packed import Octets, counted, number_bytes, pack_digits
from station.words import Misheard


@attrs.frozen(kw_only=True)
class SetClock:
    """Tag 1: year, month, day, hour, minute, second of local time."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int


@attrs.frozen(kw_only=True)
class SetCode:
    """Tag 2: the terminal of a physical address gets this resource code."""

    physical: bytes
    resource: str


@attrs.frozen(kw_only=True)
class LockFrequency:
    """Tag 3: frequency in kHz, symbol rate in kBd, constellation (1 16-QAM … 5 256-QAM)."""

    khz: int
    symbols: int
    constellation: int
    terminals: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SetReturn:
    """Tag 4: where terminals report to. `type` 1 telephone number, 2 IPv4 address 4 and port 2, 3 name and port in ASCII."""

    type: int
    address: bytes
    terminals: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SetReturnPeriod:
    """Tag 5: how often terminals report, in seconds."""

    seconds: int
    terminals: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class SetVolume:
    """Tag 6: the volume where a message names none, 0–100 %."""

    percent: int
    terminals: tuple[str, ...] = ()


@attrs.frozen(kw_only=True)
class Ask:
    """Tag 7: which parameters terminals shall report (01 volume, 04 resource code, 06 state …)."""

    tags: bytes
    terminals: tuple[str, ...] = ()


Meaning = SetClock | SetCode | LockFrequency | SetReturn | SetReturnPeriod | SetVolume | Ask
TAGS: Final[dict[type, int]] = {
    SetClock: 1,
    SetCode: 2,
    LockFrequency: 3,
    SetReturn: 4,
    SetReturnPeriod: 5,
    SetVolume: 6,
    Ask: 7,
}


def read(order: Order, profile: SectionProfile) -> Meaning | None:
    """What a command means; None for a tag that is not known; Misheard for one that is not whole."""
    reader = _READERS.get(order.tag)
    if reader is None:
        return None
    octets = Octets(order.data)
    made = reader(octets, profile)
    octets.done()
    return made


def write(meaning: Meaning, profile: SectionProfile) -> Order:
    """The command; ValueError for what it cannot hold."""
    return Order(tag=TAGS[type(meaning)], data=_WRITERS[type(meaning)](meaning, profile))


def _codes(octets: Octets) -> tuple[str, ...]:
    return tuple(digits_from(octets, 23) for _ in range(octets.number(1)))


def _clock(octets: Octets, _: SectionProfile) -> SetClock:
    year, rest = octets.number(2), octets.take(5)
    made = SetClock(year=year, month=rest[0], day=rest[1], hour=rest[2], minute=rest[3], second=rest[4])
    try:
        _real(made)
    except ValueError as error:
        raise Misheard(f"a clock is refused: {error}", f"时钟不予接受:{error}", code="table") from None
    return made


def _return(octets: Octets, profile: SectionProfile) -> SetReturn:
    kind, address = octets.number(1), octets.counted(1)
    return SetReturn(
        type=kind, address=address, terminals=_codes(octets) if profile.return_has_terminals else ()
    )


_READERS: Final[dict[int, Callable[[Octets, SectionProfile], Meaning]]] = {
    1: _clock,
    2: lambda octets, _: SetCode(physical=octets.counted(1), resource=digits_from(octets, 23)),
    3: lambda octets, _: LockFrequency(
        khz=octets.number(4),
        symbols=octets.number(4),
        constellation=octets.number(1),
        terminals=_codes(octets),
    ),
    4: _return,
    5: lambda octets, _: SetReturnPeriod(seconds=octets.number(4), terminals=_codes(octets)),
    6: lambda octets, _: SetVolume(percent=octets.number(1), terminals=_codes(octets)),
    7: lambda octets, _: Ask(tags=octets.counted(1), terminals=_codes(octets)),
}


def _real(clock: SetClock) -> datetime:
    """Raises ValueError for a date or time that does not exist."""
    return datetime(clock.year, clock.month, clock.day, clock.hour, clock.minute, clock.second)  # noqa: DTZ001 - local


def _clock_bytes(clock: SetClock, _: SectionProfile) -> bytes:
    _real(clock)
    parts = (clock.month, clock.day, clock.hour, clock.minute, clock.second)
    return number_bytes(clock.year, 2) + bytes(parts)


def _list(terminals: tuple[str, ...]) -> bytes:
    return number_bytes(len(terminals), 1) + b"".join(pack_digits(code, 23) for code in terminals)


def _return_bytes(wish: SetReturn, profile: SectionProfile) -> bytes:
    if wish.terminals and not profile.return_has_terminals:
        raise ValueError(
            "this profile's command for the return address names no terminals · 此配置的回传地址指令不指定终端"
        )
    tail = _list(wish.terminals) if profile.return_has_terminals else b""
    return number_bytes(wish.type, 1) + counted(wish.address, 1) + tail


def _volume_bytes(wish: SetVolume, _: SectionProfile) -> bytes:
    if not 0 <= wish.percent <= 100:
        raise ValueError(f"a volume of {wish.percent} % · 音量 {wish.percent}% 无效")
    return bytes([wish.percent]) + _list(wish.terminals)


_WRITERS: Final[dict[type, Callable[[Any, SectionProfile], bytes]]] = {
    SetClock: _clock_bytes,
    SetCode: lambda wish, _: counted(wish.physical, 1) + pack_digits(wish.resource, 23),
    LockFrequency: lambda wish, _: (
        number_bytes(wish.khz, 4)
        + number_bytes(wish.symbols, 4)
        + number_bytes(wish.constellation, 1)
        + _list(wish.terminals)
    ),
    SetReturn: _return_bytes,
    SetReturnPeriod: lambda wish, _: number_bytes(wish.seconds, 4) + _list(wish.terminals),
    SetVolume: _volume_bytes,
    Ask: lambda wish, _: counted(wish.tags, 1) + _list(wish.terminals),
}
