"""Video servers by VDCP (Louth), sans I/O: messages, what decks of a server are asked and answer, one question at a time. Knows no port and no time.

    02 | count | command 1 | command 2 | data | checksum          04: ACK          05 + reasons: NAK

Count is of commands and data; the checksum makes their sum 0. Orders (types 0, 1, 2) are answered by ACK, questions (type 3)
by the same commands with the upper bit of the second set. A type with its upper bit set (A, B) carries names of any length.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from devices import timecode
from devices.nak import nak_reasons
from devices.timecode import TimeCode
from devices.turns import Ear, Heard, Stray
from station.words import Misheard, Refused

STX, ACK, NAK = 0x02, 0x04, 0x05
_BEGINS: Final = (STX, ACK, NAK)
MOST_DATA: Final = 253
LONG: Final = 8  # of the type: names of any length
STATES: Final = ("idle", "cueing", "playing", "still", "jogging", "varying", "busy", "cued")


@attrs.frozen(kw_only=True)
class Message:
    """One message. `kind` is the type (0 to 15), `unit` the lower half of the first command."""

    kind: int
    code: int
    data: bytes = b""
    unit: int = 0


@attrs.frozen(kw_only=True)
class PortStatus:
    """What the selected port does: words of `STATES`; `port` where the server tells it."""

    states: tuple[str, ...]
    port: int | None = None


@attrs.frozen
class Raw:
    """Data whose meaning no document at hand confirmed."""

    data: bytes


# -- messages ---------------------------------------------------------------------------------------


def write(message: Message) -> bytes:
    """The bytes of a message; ValueError for what none carries."""
    if not (0 <= message.kind <= 15 and 0 <= message.unit <= 15 and 0 <= message.code <= 255):
        raise ValueError("no such command")
    body = bytes([message.kind << 4 | message.unit, message.code]) + message.data
    if len(message.data) > MOST_DATA:
        raise ValueError(f"no message carries {len(message.data)} bytes")
    return bytes([STX, len(body)]) + body + bytes([-sum(body) & 0xFF])


def read(frame: bytes) -> Message:
    """A whole frame; Misheard where its checksum does not hold."""
    body = frame[2:-1]
    if len(body) < 2 or len(body) != frame[1] or sum(frame[2:]) & 0xFF:
        raise Misheard(
            "the server sent a message whose checksum does not hold", "服务器消息校验不符", code="checksum"
        )
    return Message(kind=body[0] >> 4, unit=body[0] & 15, code=body[1], data=body[2:])


# -- what is asked ----------------------------------------------------------------------------------


def _name(text: str, *, long: bool) -> bytes:
    data = text.encode("ascii", "replace")
    if not text.isascii() or not text.isprintable() or not 1 <= len(data) <= (32 if long else 8):
        raise Refused(
            f"{text!r} is no name of a clip: 1 to {32 if long else 8} ASCII characters",
            f"“{text}”不是素材名,应为 1 至 {32 if long else 8} 个 ASCII 字符",
            code="vdcp",
        )
    return bytes([len(data)]) + data if long else data.ljust(8)


def _port(port: int) -> bytes:
    if not -127 <= port <= 127 or port == 0:
        raise Refused(
            "ports are from 1 to 127, inputs from -1 to -127", "端口号应为 1–127,录制端口为负", code="vdcp"
        )
    return port.to_bytes(1, "big", signed=True)


def stop() -> Message:
    """Stop."""
    return Message(kind=1, code=0x00)


def play() -> Message:
    """Play what is cued."""
    return Message(kind=1, code=0x01)


def record() -> Message:
    """Record."""
    return Message(kind=1, code=0x02)


def still() -> Message:
    """Stand still."""
    return Message(kind=1, code=0x04)


def go_on() -> Message:
    """Go on from a still."""
    return Message(kind=1, code=0x06)


def open_port(port: int, *, lock: bool = False) -> Message:
    """Open a port; answered by whether it was granted."""
    return Message(kind=3, code=0x01, data=_port(port) + bytes([lock]))


def close_port(port: int) -> Message:
    """Close a port."""
    return Message(kind=2, code=0x21, data=_port(port))


def select_port(port: int) -> Message:
    """What follows is meant for this port."""
    return Message(kind=2, code=0x22, data=_port(port))


def cue(name: str, *, long: bool = False) -> Message:
    """Make a clip ready."""
    return Message(kind=2 | LONG * long, code=0x24, data=_name(name, long=long))


def cue_part(name: str, begin: TimeCode, length: TimeCode, *, long: bool = False) -> Message:
    """Make a part of a clip ready."""
    times = timecode.write(begin) + timecode.write(length)
    return Message(kind=2 | LONG * long, code=0x25, data=_name(name, long=long) + times)


def status() -> Message:
    """What does the selected port do?"""
    return Message(kind=3, code=0x05, data=b"\x01")


def position() -> Message:
    """Where does it stand? Answered by a time code."""
    return Message(kind=3, code=0x06, data=b"\x01")


def active_id(*, long: bool = False) -> Message:
    """Which clip is it?"""
    return Message(kind=3 | LONG * long, code=0x07)


def size_of(name: str, *, long: bool = False) -> Message:
    """How long is a clip?"""
    return Message(kind=3 | LONG * long, code=0x14, data=_name(name, long=long))


def has(name: str, *, long: bool = False) -> Message:
    """Is there such a clip?"""
    return Message(kind=3 | LONG * long, code=0x16, data=_name(name, long=long))


# -- what is answered -------------------------------------------------------------------------------


def meaning(answer: Message) -> Any:
    """What the answer to a question says; Misheard for what it cannot say, `Raw` where nobody confirmed it."""
    reader = _READERS.get(answer.code)
    return Raw(answer.data) if reader is None else reader(answer)


def _bad(what: str, zh: str) -> Misheard:
    return Misheard(f"the server sent {what}", f"服务器应答有误:{zh}", code="data")


def _granted(answer: Message) -> bool:
    if len(answer.data) != 1 or answer.data[0] > 1:
        raise _bad("a grant that is none", "端口应答有误")
    return answer.data[0] == 1


def _there(answer: Message) -> bool:
    if not 1 <= len(answer.data) <= 2:  # some servers send a second byte
        raise _bad("a presence that is none", "素材查询应答有误")
    return bool(answer.data[0] & 1)


def _status(answer: Message) -> PortStatus:
    data = answer.data
    if len(data) < 2 or not data[0] & 1:
        raise _bad("a status without the state of the port", "状态应答有误")
    states = tuple(word for bit, word in enumerate(STATES) if data[1] >> bit & 1)
    port = int.from_bytes(data[2:3], "big", signed=True) if len(data) > 2 else None
    return PortStatus(states=states, port=port)


def _active(answer: Message) -> str | None:
    data = answer.data
    if not data or data[0] > 1 or (data[0] and len(data) < 2):
        raise _bad("an active clip that is none", "当前素材应答有误")
    return _name_of(data[1:], long=bool(answer.kind & LONG)) if data[0] else None


def _name_of(data: bytes, *, long: bool) -> str:
    if long and len(data) == 1 + data[0]:
        data = data[1:]
    try:
        return data.decode("ascii").rstrip(" \0")
    except UnicodeDecodeError:
        raise _bad("a name that is no text", "素材名有误") from None


def _size(answer: Message) -> TimeCode:
    return timecode.read(answer.data)


def _position(answer: Message) -> TimeCode:
    return timecode.read(answer.data[1:])


_READERS: Final[dict[int, Callable[[Message], Any]]] = {
    0x81: _granted, 0x85: _status, 0x86: _position, 0x87: _active, 0x94: _size, 0x96: _there,
}  # fmt: skip


class VdcpWire(Ear):
    """One server. Nothing in an answer names its question but the commands: what comes late is waited out."""

    def asked(self, ask: Message) -> bytes:
        """The bytes of a question."""
        made = write(ask)
        self._open = ask
        return made

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring."""
        self._held += data
        heard: list[Heard] = []
        while self._held and (size := self._size()):
            frame, self._held = self._held[:size], self._held[size:]
            heard.append(self._judged(frame))
        return heard

    def _size(self) -> int:
        """Bytes of what comes first; 0 where more is needed."""
        first = self._held[0]
        if first not in _BEGINS:
            return next((n for n, code in enumerate(self._held) if code in _BEGINS), len(self._held))
        if first == ACK:
            return 1
        if len(self._held) < 2:
            return 0
        size = 2 if first == NAK else 3 + self._held[1]
        return size if len(self._held) >= size else 0

    def _judged(self, frame: bytes) -> Heard:
        if frame[0] == ACK:
            return self._acknowledged()
        if frame[0] == NAK:
            return self._declined(f"{frame[1]:02X}", nak_reasons(frame[1]))
        if frame[0] != STX:
            return Stray("noise")
        try:
            return self._answer(read(frame))
        except Misheard as misheard:
            return self._garbled(misheard.text.en)

    def _acknowledged(self) -> Heard:
        if self._open is not None and self._open.kind & 3 == 3:
            return self._declined("ACK", "the server does not know this question")
        return self._done()

    def _answer(self, message: Message) -> Heard:
        ask = self._open
        if (
            ask is None
            or ask.kind & 3 != 3
            or (message.kind, message.unit, message.code) != (ask.kind, ask.unit, ask.code | 0x80)
        ):
            return self._garbled("an answer to another question")
        return self._answered(meaning(message))


__all__ = [
    "STATES", "Message", "PortStatus", "Raw", "VdcpWire", "active_id", "close_port", "cue", "cue_part", "go_on", "has", "meaning",
    "open_port", "play", "position", "read", "record", "select_port", "size_of", "status", "still", "stop", "write",
]  # fmt: skip
