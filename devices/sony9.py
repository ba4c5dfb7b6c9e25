"""Tape decks, and servers that speak like them, by the Sony 9-pin protocol, sans I/O: commands, what is answered, one question at a time. Knows no port and no time.

    type and count | command | data | checksum (lower eight bits of the sum)

Nothing marks where a message begins: the line's silence does. Orders (types 0, 2, 4) are answered by ACK (10 01),
questions (type 6) by type 7, anything by NAK (11 12 reasons).
"""

from __future__ import annotations

from typing import Any, Final

import attrs

from devices import timecode
from devices.nak import nak_reasons
from devices.timecode import TimeCode
from devices.turns import Ear, Heard
from station.words import Misheard

MOST_DATA: Final = 15
STATES: Final[dict[tuple[int, int], str]] = {
    (0, 0x01): "local", (0, 0x10): "no reference", (0, 0x20): "no cassette",
    (1, 0x01): "playing", (1, 0x02): "recording", (1, 0x04): "fast forward", (1, 0x08): "rewinding", (1, 0x10): "ejecting",
    (1, 0x20): "stopped", (1, 0x80): "standby",
    (2, 0x01): "cued", (2, 0x02): "still", (2, 0x04): "backwards", (2, 0x08): "varying", (2, 0x10): "jogging",
    (2, 0x20): "shuttling", (2, 0x80): "servo locked",
}  # fmt: skip
STATUS_BYTES: Final = 10
_TIMES: Final = (0x00, 0x01, 0x04, 0x06, 0x14, 0x16)  # replies that carry a time code


@attrs.frozen(kw_only=True)
class Message:
    """One message: type 0 to 15, command, at most 15 bytes."""

    kind: int
    code: int
    data: bytes = b""


@attrs.frozen(kw_only=True)
class Status:
    """What the deck does: words of `STATES`, and all the bytes."""

    states: tuple[str, ...]
    data: bytes


@attrs.frozen
class Device:
    """Which deck it is: two bytes, by the maker's list."""

    number: int


@attrs.frozen
class Raw:
    """A reply whose meaning is not known here."""

    code: int
    data: bytes


# -- messages ---------------------------------------------------------------------------------------


def write(message: Message) -> bytes:
    """The bytes of a message; ValueError for what none carries."""
    if len(message.data) > MOST_DATA or not (0 <= message.kind <= 15 and 0 <= message.code <= 255):
        raise ValueError("no message carries this")
    body = bytes([message.kind << 4 | len(message.data), message.code]) + message.data
    return body + bytes([sum(body) & 0xFF])


def size_of(first: int) -> int:
    """Bytes of a message that begins so."""
    return 3 + (first & 15)


def read(frame: bytes) -> Message:
    """A whole message; Misheard where its checksum does not hold."""
    if len(frame) < 3 or len(frame) != size_of(frame[0]) or sum(frame[:-1]) & 0xFF != frame[-1]:
        raise Misheard(
            "the deck sent a message whose checksum does not hold", "录像机消息校验不符", code="checksum"
        )
    return Message(kind=frame[0] >> 4, code=frame[1], data=frame[2:-1])


# -- what is asked ----------------------------------------------------------------------------------

STOP: Final = Message(kind=2, code=0x00)
PLAY: Final = Message(kind=2, code=0x01)
RECORD: Final = Message(kind=2, code=0x02)
STANDBY_OFF: Final = Message(kind=2, code=0x04)
STANDBY_ON: Final = Message(kind=2, code=0x05)
EJECT: Final = Message(kind=2, code=0x0F)
FORWARD: Final = Message(kind=2, code=0x10)
REWIND: Final = Message(kind=2, code=0x20)
DEVICE_TYPE: Final = Message(kind=0, code=0x11)
STATUS: Final = Message(kind=6, code=0x20, data=bytes([STATUS_BYTES]))
TIME: Final = Message(kind=6, code=0x0C, data=b"\x03")  # of the tape: LTC where there is, VITC else


def cue(to: TimeCode) -> Message:
    """Go to a time code and stand there."""
    return Message(kind=2, code=0x31, data=timecode.write(to))


# -- what is answered -------------------------------------------------------------------------------


def meaning(ask: Message, answer: Message) -> Any:
    """What an answer says to this question; Misheard where it answers another one."""
    if ask == DEVICE_TYPE:
        _must(answer.kind == 1 and answer.code == 0x11 and len(answer.data) == 2)
        return Device(int.from_bytes(answer.data, "big"))
    if ask.kind != 6:
        _must(answer == Message(kind=1, code=0x01))
        return True
    _must(answer.kind == 7)
    if ask.code == 0x0C:
        _must(answer.code in _TIMES and len(answer.data) >= 4)
        return timecode.read(answer.data[:4])
    _must(answer.code == ask.code)
    if ask.code != 0x20:
        return Raw(answer.code, answer.data)
    _must(3 <= len(answer.data) <= STATUS_BYTES)
    states = tuple(word for (at, bit), word in STATES.items() if answer.data[at] & bit)
    return Status(states=states, data=answer.data)


def _must(fits: bool) -> None:
    if not fits:
        raise Misheard("the deck answered another question", "录像机答非所问", code="other")


class Sony9Wire(Ear):
    """One deck. Nothing in an answer names its question: what comes late is waited out."""

    def asked(self, ask: Message) -> bytes:
        """The bytes of a question."""
        made = write(ask)
        self._open = ask
        return made

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring. Behind damage nothing can be told apart until the line is silent."""
        self._held += data
        heard: list[Heard] = []
        while self._held and len(self._held) >= size_of(self._held[0]):
            size = size_of(self._held[0])
            frame, self._held = self._held[:size], self._held[size:]
            try:
                heard.append(self._judged(read(frame)))
            except Misheard as misheard:
                self._held = b""
                heard.append(self._garbled(misheard.text.en))
        return heard

    def _judged(self, message: Message) -> Heard:
        if (message.kind, message.code, len(message.data)) == (1, 0x12, 1):
            bits = message.data[0]
            return self._declined(f"{bits:02X}", nak_reasons(bits))
        if self._open is None:
            return self._garbled("an answer to nothing")
        return self._answered(meaning(self._open, message))


__all__ = [
    "DEVICE_TYPE", "EJECT", "FORWARD", "PLAY", "RECORD", "REWIND", "STANDBY_OFF", "STANDBY_ON", "STATES", "STATUS", "STOP", "TIME",
    "Device", "Message", "Raw", "Sony9Wire", "Status", "cue", "meaning", "read", "size_of", "write",
]  # fmt: skip
