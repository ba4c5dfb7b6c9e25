"""The bodies of what a platform orders its front ends: bytes out of values, and back. Knows no frame, no socket."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Callable
from typing import Any, Final

from devices.front_codes import (
    address_bytes,
    address_from,
    ascii_from,
    code_bytes,
    code_from,
    place_bytes,
    place_from,
    targets_bytes,
    targets_from,
    whole,
)
from devices.front_orders import (
    PLAIN,
    STOP,
    AskInputs,
    AskOutputs,
    AskTerminals,
    Body,
    Broadcast,
    Plain,
    RdsScan,
    SetClock,
    SetCodes,
    SetFrontReturn,
    SetNetwork,
    SetPeriod,
    SetReturn,
    SetVolume,
    SetWhiteList,
    Stop,
    SwitchTerminals,
    WhiteRow,
)
from station.packed import Octets, counted, number_bytes, pack_bcd, pack_digits, unpack_bcd, unpack_digits
from station.worded import Auxiliary, Wording
from station.words import Misheard

_BROADCAST: Final = struct.Struct(">B5sBIIB")


def write(body: Body) -> bytes:
    """A body as bytes; ValueError for what the format cannot hold."""
    try:
        return _WRITERS[type(body)](body)
    except struct.error as error:
        raise ValueError(f"a number does not go into its field: {error}") from None


def read(kind: int, data: bytes) -> Body | None:
    """The body of a type; None for a type that is no order; Misheard for one that is not whole."""
    if kind in PLAIN:
        return Plain(type=kind, data=data)
    if kind == 0x04:
        return _read_04(data)
    reader = _READERS.get(kind)
    return None if reader is None else whole(reader, data)


def _read_04(data: bytes) -> Broadcast | Stop:
    if data[18:19] == bytes([STOP]):
        try:
            return whole(_stop, data)  # type: ignore[no-any-return]
        except Misheard:
            pass  # one program sends the long form for stops too
    return whole(_broadcast, data)  # type: ignore[no-any-return]


def _stop(octets: Octets) -> Stop:
    ebm_id = unpack_digits(octets.take(18))
    octets.number(1)
    return Stop(ebm_id=ebm_id, targets=targets_from(octets))


def _broadcast(octets: Octets) -> Broadcast:
    ebm_id, power = unpack_digits(octets.take(18)), octets.number(1)
    kind, event, level, start, end, volume = _BROADCAST.unpack(octets.take(_BROADCAST.size))
    return Broadcast(
        ebm_id=ebm_id,
        power=power,
        kind=kind,
        event=ascii_from(event),
        level=level,
        start=start,
        end=end,
        volume=volume,
        targets=targets_from(octets),
        wordings=tuple(_wording(octets) for _ in range(octets.number(1))),
        input_channel=octets.number(1),
        outputs=tuple(octets.counted(1)),
        private=octets.counted(2) if octets.left else None,
    )


def _wording(octets: Octets) -> Wording:
    return Wording(
        language=ascii_from(octets.take(3)),
        charset=octets.number(1),
        text=octets.counted(2),
        agency=octets.counted(1),
        auxiliaries=tuple(
            Auxiliary(type=octets.number(1), data=octets.counted(4)) for _ in range(octets.number(1))
        ),
    )


def _white_row(octets: Octets) -> WhiteRow:
    deed, phone = octets.number(1), ascii_from(octets.counted(1))
    name, permission = octets.counted(1).decode("utf-8", "replace"), octets.number(1)
    count, size = octets.number(1), octets.number(1)
    areas = tuple(unpack_bcd(octets.take(size)) for _ in range(count))
    return WhiteRow(deed=deed, phone=phone, name=name, permission=permission, areas=areas)


def _network(octets: Octets) -> SetNetwork:
    address, mask, gateway = (str(ipaddress.IPv4Address(octets.take(4))) for _ in range(3))
    return SetNetwork(address=address, mask=mask, gateway=gateway, targets=targets_from(octets))


def _front_return(octets: Octets) -> SetFrontReturn:
    kind, seconds = octets.number(1), octets.number(4)
    return SetFrontReturn(address=place_from(kind, octets), seconds=seconds)


def _rds_scan(octets: Octets) -> RdsScan:
    head = octets.take(4)
    codes = tuple(code_from(octets.take(12)) for _ in range(octets.number(1)))
    inner = Octets(octets.counted(4))
    rows = tuple(
        (inner.number(1), inner.number(1), int(unpack_bcd(inner.take(3)))) for _ in range(inner.number(1))
    )
    inner.done()
    return RdsScan(head=head, codes=codes, rows=rows)


def _asked(cls: Callable[..., Body]) -> Callable[[Octets], Body]:
    return lambda octets: cls(
        front=unpack_digits(octets.take(12)), channel=octets.number(1), state=octets.number(1)
    )


_READERS: Final[dict[int, Callable[[Octets], Body]]] = {
    0x02: _rds_scan,
    0x05: lambda octets: SetCodes(
        rows=tuple(
            (unpack_bcd(octets.counted(1)), code_from(octets.counted(1))) for _ in range(octets.number(1))
        )
    ),
    0x06: lambda octets: SetVolume(percent=octets.number(1), targets=targets_from(octets)),
    0x07: lambda octets: SetReturn(address=address_from(octets), targets=targets_from(octets)),
    0x08: lambda octets: AskTerminals(
        address=address_from(octets), targets=targets_from(octets), tags=octets.counted(1)
    ),
    0x09: lambda octets: SetClock(at=octets.number(4)),
    0x0A: _network,
    0x0B: lambda octets: SetPeriod(seconds=octets.number(4), targets=targets_from(octets)),
    0x0C: lambda octets: SetWhiteList(rows=tuple(_white_row(octets) for _ in range(octets.number(1)))),
    0x0D: _front_return,
    0x0E: _asked(AskOutputs),
    0x0F: _asked(AskInputs),
    0x3F: lambda octets: SwitchTerminals(option=octets.number(1), targets=targets_from(octets)),
}


def _broadcast_bytes(wish: Broadcast) -> bytes:
    if len(wish.event) != 5 or not wish.event.isascii():
        raise ValueError(f"{wish.event!r} is not an event code of 5 ASCII characters")
    event = wish.event.encode("ascii")
    return b"".join(
        (
            pack_digits(wish.ebm_id, 35),
            number_bytes(wish.power, 1),
            _BROADCAST.pack(wish.kind, event, wish.level, wish.start, wish.end, wish.volume),
            targets_bytes(wish.targets),
            number_bytes(len(wish.wordings), 1),
            *map(_wording_bytes, wish.wordings),
            number_bytes(wish.input_channel, 1),
            counted(bytes(wish.outputs), 1),
            b"" if wish.private is None else counted(wish.private, 2),
        )
    )


def _wording_bytes(wording: Wording) -> bytes:
    if len(wording.language) != 3 or not wording.language.isascii():
        raise ValueError(f"{wording.language!r} is not a language code of 3 ASCII characters")
    return b"".join(
        (
            wording.language.encode("ascii"),
            number_bytes(wording.charset, 1),
            counted(wording.text, 2),
            counted(wording.agency, 1),
            number_bytes(len(wording.auxiliaries), 1),
            *(number_bytes(one.type, 1) + counted(one.data, 4) for one in wording.auxiliaries),
        )
    )


def _percent_bytes(wish: SetVolume) -> bytes:
    if not 0 <= wish.percent <= 100:
        raise ValueError(f"a volume of {wish.percent} %")
    return bytes([wish.percent]) + targets_bytes(wish.targets)


def _codes_bytes(wish: SetCodes) -> bytes:
    rows = (
        counted(pack_bcd(physical, len(physical) // 2 * 2), 1) + counted(code_bytes(code), 1)
        for physical, code in wish.rows
    )
    return number_bytes(len(wish.rows), 1) + b"".join(rows)


def _white_bytes(wish: SetWhiteList) -> bytes:
    return number_bytes(len(wish.rows), 1) + b"".join(map(_white_row_bytes, wish.rows))


def _white_row_bytes(row: WhiteRow) -> bytes:
    return b"".join(
        (
            number_bytes(row.deed, 1),
            counted(row.phone.encode("ascii"), 1),
            counted(row.name.encode("utf-8"), 1),
            number_bytes(row.permission, 1),
            number_bytes(len(row.areas), 1) + b"\x06",
            *(pack_bcd(area, 12) for area in row.areas),
        )
    )


def _network_bytes(wish: SetNetwork) -> bytes:
    places = (ipaddress.IPv4Address(one).packed for one in (wish.address, wish.mask, wish.gateway))
    return b"".join(places) + targets_bytes(wish.targets)


def _rds_bytes(wish: RdsScan) -> bytes:
    if len(wish.head) != 4:
        raise ValueError("the head of a list of frequencies has 4 bytes")
    rows = (
        number_bytes(no, 1) + number_bytes(first, 1) + pack_bcd(f"{freq:06d}", 6)
        for no, first, freq in wish.rows
    )
    codes = b"".join(pack_digits(code, 23) for code in wish.codes)
    data = number_bytes(len(wish.rows), 1) + b"".join(rows)
    return wish.head + number_bytes(len(wish.codes), 1) + codes + counted(data, 4)


def _ask_bytes(wish: AskOutputs | AskInputs) -> bytes:
    return pack_digits(wish.front, 23) + number_bytes(wish.channel, 1) + number_bytes(wish.state, 1)


_WRITERS: Final[dict[type, Callable[[Any], bytes]]] = {
    Broadcast: _broadcast_bytes,
    Stop: lambda wish: pack_digits(wish.ebm_id, 35) + bytes([STOP]) + targets_bytes(wish.targets),
    SetCodes: _codes_bytes,
    SetVolume: _percent_bytes,
    SetReturn: lambda wish: address_bytes(wish.address) + targets_bytes(wish.targets),
    AskTerminals: lambda wish: (
        address_bytes(wish.address) + targets_bytes(wish.targets) + counted(wish.tags, 1)
    ),
    SetClock: lambda wish: number_bytes(wish.at, 4),
    SetNetwork: _network_bytes,
    SetPeriod: lambda wish: number_bytes(wish.seconds, 4) + targets_bytes(wish.targets),
    SetWhiteList: _white_bytes,
    SetFrontReturn: lambda wish: (
        number_bytes(wish.address.kind, 1) + number_bytes(wish.seconds, 4) + place_bytes(wish.address)
    ),
    AskOutputs: _ask_bytes,
    AskInputs: _ask_bytes,
    RdsScan: _rds_bytes,
    SwitchTerminals: lambda wish: number_bytes(wish.option, 1) + targets_bytes(wish.targets),
    Plain: lambda wish: wish.data,
}
