"""Pro-Bel routers by SW-P-08 (SW-P-88 issue 4b, sections 7 and 8), sans I/O: framing with acknowledgements, crosspoints asked, put and told, one question at a time. Knows no port and no time. All numbers count from 0, as on the wire."""

from __future__ import annotations

from typing import Final

import attrs

from devices.turns import FramedEar, Heard, Reply, Stray, Told
from station.words import Misheard, Refused

DLE, STX, ETX, ACK, NAK = 0x10, 0x02, 0x03, 0x06, 0x15
ACKED, NAKED = bytes([DLE, ACK]), bytes([DLE, NAK])
MOST_DATA: Final = 255
LONGEST: Final = MOST_DATA + 2  # data, count, checksum, unstuffed


@attrs.frozen(kw_only=True)
class _Level:
    level: int = 0
    matrix: int = 0


@attrs.frozen(kw_only=True)
class _Crosspoint(_Level):
    dest: int
    source: int


@attrs.frozen(kw_only=True)
class Interrogate(_Level):
    """Which source is on a destination? Answered by `Tally`."""

    dest: int


@attrs.frozen(kw_only=True)
class Connect(_Crosspoint):
    """Put a source on a destination. Answered by `Connected`."""


@attrs.frozen(kw_only=True)
class Tally(_Crosspoint):
    """This source is on this destination. `bad`: the router calls the source bad."""

    bad: bool = False


@attrs.frozen(kw_only=True)
class Connected(_Crosspoint):
    """This source was put on this destination, by whomever."""

    bad: bool = False


@attrs.frozen(kw_only=True)
class DumpRequest(_Level):
    """All sources of a level. `count` destinations make the answer whole; 0: the first message does."""

    count: int = 0


@attrs.frozen(kw_only=True)
class Dump(_Level):
    """Sources of the destinations from `first` on."""

    first: int
    sources: tuple[int, ...]


@attrs.frozen
class Other:
    """A message not known here."""

    command: int
    data: bytes


Point = Tally | Connected
Ask = Interrogate | Connect | DumpRequest
Message = Ask | Point | Dump | Other


# -- messages ---------------------------------------------------------------------------------------


def write(message: Message) -> bytes:
    """The data of a message; Refused for numbers that none carries. Numbers beyond 1023 and levels beyond 15 take the extended form."""
    match message:
        case Other():
            return bytes([message.command]) + message.data
        case DumpRequest():
            _within(message.level, message.matrix, 15)
            return bytes([21, message.matrix << 4 | message.level])
        case Dump():
            return _dump(message)
        case _:
            return _point(message)


def _within(level: int, matrix: int, most: int) -> None:
    if not (0 <= level <= most and 0 <= matrix <= most):
        raise Refused(f"level and matrix are from 0 to {most}", f"层与矩阵号应在 0–{most} 之间", code="swp08")


def _point(message: Interrogate | Connect | Point) -> bytes:
    kinds: dict[type[object], int] = {Interrogate: 1, Connect: 2, Tally: 3, Connected: 4}
    command, dest, source = kinds[type(message)], message.dest, getattr(message, "source", 0)
    bad = getattr(message, "bad", False)
    _within(message.level, message.matrix, 255)
    if not (0 <= dest <= 65_535 and 0 <= source <= 65_535):
        raise Refused(
            "sources and destinations are from 0 to 65535", "源与目的号应在 0–65535 之间", code="swp08"
        )
    if max(dest, source) > 1023 or max(message.level, message.matrix) > 15:
        made = bytes([command + 128, message.matrix, message.level]) + dest.to_bytes(2, "big")
        return made if command == 1 else made + source.to_bytes(2, "big")
    multiplier = dest >> 7 << 4 | bad << 3 | source >> 7
    made = bytes([command, message.matrix << 4 | message.level, multiplier, dest & 127])
    return made if command == 1 else made + bytes([source & 127])


def _dump(message: Dump) -> bytes:
    _within(message.level, message.matrix, 15)
    place, count = message.matrix << 4 | message.level, len(message.sources)
    if max(message.first + count, *message.sources, 0) <= 191:
        return bytes([22, place, count, message.first, *message.sources])
    words = b"".join(source.to_bytes(2, "big") for source in message.sources)
    return bytes([23, place, count]) + message.first.to_bytes(2, "big") + words


def read(data: bytes) -> Message:
    """A message from its data; Misheard for one of a wrong length."""
    command, rest = data[0], data[1:]
    if command in (1, 2, 3, 4):
        return _read_point(command, rest)
    if command in (129, 130, 131, 132):
        return _read_extended(command - 128, rest)
    if command == 21 and len(rest) == 1:
        return DumpRequest(level=rest[0] & 15, matrix=rest[0] >> 4)
    if command in (22, 23):
        return _read_dump(rest, 1 if command == 22 else 2)
    return Other(command, rest)


def _misheard(en: str, zh: str, code: str) -> Misheard:
    return Misheard(f"the router sent {en}", f"矩阵发来的内容有误:{zh}", code=code)


def _read_point(command: int, rest: bytes) -> Message:
    if len(rest) != (3 if command == 1 else 4) or max(rest[1:]) > 127:
        raise _misheard("a crosspoint of a wrong form", "交叉点格式有误", "form")
    place = {"level": rest[0] & 15, "matrix": rest[0] >> 4, "dest": (rest[1] >> 4) << 7 | rest[2]}
    source = ((rest[1] & 7) << 7 | rest[3]) if command > 1 else 0
    return _made(command, place, source, bad=bool(rest[1] & 8))


def _read_extended(command: int, rest: bytes) -> Message:
    sizes = {1: (4,), 2: (6,), 3: (6, 7), 4: (6, 7)}  # some routers add a status byte
    if len(rest) not in sizes[command]:
        raise _misheard("a crosspoint of a wrong form", "交叉点格式有误", "form")
    place = {"matrix": rest[0], "level": rest[1], "dest": int.from_bytes(rest[2:4], "big")}
    return _made(command, place, int.from_bytes(rest[4:6], "big"), bad=False)


def _made(command: int, place: dict[str, int], source: int, *, bad: bool) -> Message:
    if command == 1:
        return Interrogate(**place)
    if command == 2:
        return Connect(source=source, **place)
    return (Tally if command == 3 else Connected)(source=source, bad=bad, **place)


def _read_dump(rest: bytes, size: int) -> Dump:
    if len(rest) < 2 + size or len(rest) != 2 + size + size * rest[1]:
        raise _misheard("a table of a wrong length", "路由表长度有误", "form")
    numbers = [int.from_bytes(rest[at : at + size], "big") for at in range(2, len(rest), size)]
    return Dump(first=numbers[0], sources=tuple(numbers[1:]), level=rest[0] & 15, matrix=rest[0] >> 4)


# -- frames -----------------------------------------------------------------------------------------


def frame(data: bytes) -> bytes:
    """DLE STX, data, count and checksum with every DLE doubled, DLE ETX; ValueError for too much data."""
    if not 1 <= len(data) <= MOST_DATA:
        raise ValueError(f"no frame carries {len(data)} bytes")
    body = data + bytes([len(data)])
    body += bytes([-sum(body) & 0xFF])
    return bytes([DLE, STX]) + body.replace(b"\x10", b"\x10\x10") + bytes([DLE, ETX])


def unframed(body: bytes) -> bytes:
    """The data of an unstuffed frame; Misheard where count or checksum do not hold."""
    if len(body) < 3 or body[-2] != len(body) - 2:
        raise _misheard("a frame whose count does not hold", "帧字节数不符", "count")
    if sum(body) & 0xFF:
        raise _misheard("a frame whose checksum does not hold", "帧校验不符", "checksum")
    return body[:-2]


class Frames:
    """Finds data, ACK (True), NAK (False) and damage in a stream. What stands outside is noise."""

    def __init__(self) -> None:
        self._body: bytearray | None = None
        self._escaped = False

    @property
    def holding(self) -> bool:
        """Whether a frame has begun."""
        return self._body is not None

    def drop(self) -> None:
        """The frame that has begun does not go on."""
        self._body, self._escaped = None, False

    def feed(self, data: bytes) -> list[bytes | bool | Misheard]:
        """What these bytes bring, in order."""
        found: list[bytes | bool | Misheard] = []
        for code in data:
            if self._escaped:
                self._escaped = False
                found += self._control(code)
            elif code == DLE:
                self._escaped = True
            elif self._body is not None:
                self._body.append(code)
            if self._body is not None and len(self._body) > LONGEST:
                self._body = None
                found.append(_misheard("a frame that does not end", "帧过长", "length"))
        return found

    def _control(self, code: int) -> list[bytes | bool | Misheard]:
        if code in (ACK, NAK):  # may stand inside a frame too
            return [code == ACK]
        held, self._body = self._body, None
        if code == STX:
            self._body = bytearray()
            return [] if held is None else [_misheard("a frame without an end", "帧没有结束", "end")]
        if held is None:
            return []
        if code == DLE:
            held.append(DLE)
            self._body = held
            return []
        if code != ETX:
            return [_misheard("a frame with a wrong control", "帧控制字有误", "control")]
        try:
            return [unframed(bytes(held))]
        except Misheard as misheard:
            return [misheard]


class Swp08Wire(FramedEar[Frames]):
    """One router. Every frame that comes is acknowledged, a damaged one not: the router says it again."""

    def __init__(self) -> None:
        super().__init__(Frames())
        self._gathered: dict[int, int] = {}

    def asked(self, ask: Ask) -> bytes:
        """The frame of a question."""
        made = frame(write(ask))
        self._open, self._gathered = ask, {}
        return made

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        heard: list[Heard] = []
        for found in self._frames.feed(data):
            if isinstance(found, bool):
                heard.append(self._acknowledged(taken=found))
            elif isinstance(found, bytes):
                heard += self._read(found)
            else:  # the question waits on: the same will be said again
                heard += [Reply(NAKED), Stray(found.text.en)]
        return heard

    def _acknowledged(self, *, taken: bool) -> Heard:
        if taken or self._open is None:
            return Told("acknowledged" if taken else "not acknowledged")
        return self._declined("NAK", "the router did not understand")

    def _read(self, data: bytes) -> list[Heard]:
        try:
            message = read(data)
        except Misheard as misheard:
            return [Reply(ACKED), Stray(misheard.text.en)]
        return [Reply(ACKED), self._judged(message)]

    def _judged(self, message: Message) -> Heard:
        ask = self._open
        match ask, message:
            case Interrogate(), Tally() if _same(ask, message):
                return self._answered(message)
            case Connect(), Connected() if _same(ask, message) and ask.source == message.source:
                return self._answered(message)
            case DumpRequest(), Dump() if (ask.level, ask.matrix) == (message.level, message.matrix):
                return self._gather(ask, message)
            case _:
                return Told(message)

    def _gather(self, ask: DumpRequest, message: Dump) -> Heard:
        self._gathered |= {message.first + n: source for n, source in enumerate(message.sources)}
        whole = range(ask.count)
        if not all(dest in self._gathered for dest in whole):
            return Told(message)
        sources = tuple(self._gathered[dest] for dest in whole) if ask.count else message.sources
        first = 0 if ask.count else message.first
        return self._answered(Dump(first=first, sources=sources, level=ask.level, matrix=ask.matrix))


def _same(ask: Interrogate | Connect, said: Point) -> bool:
    return (ask.dest, ask.level, ask.matrix) == (said.dest, said.level, said.matrix)


__all__ = [
    "ACKED", "NAKED", "Ask", "Connect", "Connected", "Dump", "DumpRequest", "Frames", "Interrogate", "Message", "Other", "Swp08Wire",
    "Tally", "frame", "read", "unframed", "write",
]  # fmt: skip
