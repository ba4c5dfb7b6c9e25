"""What 0xFEFD frames carry: start, stop, volume, query, and the reports of terminals, as values and as bytes. Knows no frame, no socket."""

from __future__ import annotations

import struct
from typing import Final

import attrs

from devices.fefd import EBM_BYTES, pack_bcd, pack_digits, short, unpack_digits

VOLUME_UNCHANGED: Final = 0xFF
_START = struct.Struct(">18sBB5sBIIB")


@attrs.frozen(kw_only=True)
class Start:
    """Business 01, start of a broadcast. Auxiliaries are (type, data); type 61 is the address of the stream."""

    ebm_id: str  # 35 digits
    kind: int  # class: 1 system drill, 2 simulated drill, 3 actual drill, 4 emergency, 5 daily
    level: int  # 1 red … 4 blue, 0 none
    event: str  # 5 ASCII characters
    volume: int = VOLUME_UNCHANGED  # 0–100 %
    start: int  # epoch s
    end: int
    auxiliaries: tuple[tuple[int, bytes], ...] = ()


@attrs.frozen(kw_only=True)
class Heartbeat:
    """Business 10. `first` says that the terminal has just come on line; `physical` is its address, 10 digits."""

    first: bool
    state: int  # 1 standing by, 2 playing
    volume: int
    physical: str


@attrs.frozen(kw_only=True)
class Answer:
    """The body of an answer: 0 is yes; `text` says why not."""

    result: int
    text: str = ""


@attrs.frozen(kw_only=True)
class Status:
    """Business 11: result, text, and the TLVs by tag."""

    result: int
    text: str
    values: tuple[tuple[int, bytes], ...]


@attrs.frozen(kw_only=True)
class Task:
    """Business 12: what became of a broadcast. `state`: 1 playing, 2 ended, 3 heard."""

    ebm_id: str
    state: int
    at: int


PLAYING: Final = 1
ENDED: Final = 2
HEARD: Final = 3


def start_body(start: Start) -> bytes:
    """Business 01; ValueError for what the format cannot hold."""
    if len(start.event) != 5 or not start.event.isascii():
        raise ValueError(f"{start.event!r} is not an event code of 5 ASCII characters")
    if not (start.volume == VOLUME_UNCHANGED or 0 <= start.volume <= 100):
        raise ValueError(f"a volume of {start.volume} %")
    head = _START.pack(
        pack_digits(start.ebm_id, 35),
        start.kind,
        start.level,
        start.event.encode("ascii"),
        start.volume,
        start.start,
        start.end,
        len(start.auxiliaries),
    )
    return head + b"".join(struct.pack(">BH", kind, len(data)) + data for kind, data in start.auxiliaries)


def start_from(body: bytes) -> Start:
    """The reverse of `start_body`; Misheard when it is cut short."""
    if len(body) < _START.size:
        raise short()
    ebm, kind, level, event, volume, start, end, count = _START.unpack_from(body)
    return Start(
        ebm_id=unpack_digits(ebm),
        kind=kind,
        level=level,
        event=event.decode("ascii", "replace"),
        volume=volume,
        start=start,
        end=end,
        auxiliaries=_tlvs(body[_START.size :], count, ">BH"),
    )


def _tlvs(data: bytes, count: int, shape: str) -> tuple[tuple[int, bytes], ...]:
    head, at, found = struct.calcsize(shape), 0, []
    for _ in range(count):
        if at + head > len(data):
            raise short()
        kind, length = struct.unpack_from(shape, data, at)
        if at + head + length > len(data):
            raise short()
        found.append((kind, data[at + head : at + head + length]))
        at += head + length
    return tuple(found)


def stop_body(ebm_id: str) -> bytes:
    """Business 02: the EBMID to stop."""
    return pack_digits(ebm_id, 35)


def volume_body(percent: int) -> bytes:
    """Business 03: 0–100 %."""
    if not 0 <= percent <= 100:
        raise ValueError(f"a volume of {percent} %")
    return bytes([percent])


def query_body(*tags: int) -> bytes:
    """Business 04: the tags that the terminal shall report."""
    return bytes([len(tags), *tags])


def heartbeat_body(beat: Heartbeat) -> bytes:
    """Business 10: first, state, volume, reserved, physical address of 5 BCD bytes."""
    return bytes([beat.first, beat.state, beat.volume, 0]) + pack_bcd(beat.physical, 10)


def heartbeat_from(body: bytes) -> Heartbeat:
    """The reverse of `heartbeat_body`."""
    if len(body) < 9:
        raise short()
    return Heartbeat(first=body[0] == 1, state=body[1], volume=body[2], physical=body[4:9].hex())


def answer_body(answer: Answer) -> bytes:
    """Result and text of an answer."""
    text = answer.text.encode("utf-8")
    return struct.pack(">BH", answer.result, len(text)) + text


def answer_from(body: bytes) -> Answer:
    """The reverse of `answer_body`; a text cut short is taken as it is."""
    if not body:
        raise short()
    return Answer(result=body[0], text=body[3:].decode("utf-8", "replace"))


def status_body(status: Status) -> bytes:
    """Business 11: result, text, count, TLVs of one-byte tag and length."""
    text = status.text.encode("utf-8")
    head = struct.pack(">BH", status.result, len(text)) + text + bytes([len(status.values)])
    return head + b"".join(bytes([tag, len(value)]) + value for tag, value in status.values)


def status_from(body: bytes) -> Status:
    """The reverse of `status_body`; unknown tags are kept."""
    if len(body) < 4 or len(body) < 4 + int.from_bytes(body[1:3], "big"):
        raise short()
    at = 3 + int.from_bytes(body[1:3], "big")
    text = body[3:at].decode("utf-8", "replace")
    return Status(result=body[0], text=text, values=_tlvs(body[at + 1 :], body[at], ">BB"))


def task_body(task: Task) -> bytes:
    """Business 12: EBMID, state, epoch s."""
    return pack_digits(task.ebm_id, 35) + struct.pack(">BI", task.state, task.at)


def task_from(body: bytes) -> Task:
    """The reverse of `task_body`."""
    if len(body) < EBM_BYTES + 5:
        raise short()
    state, at = struct.unpack_from(">BI", body, EBM_BYTES)
    return Task(ebm_id=unpack_digits(body[:EBM_BYTES]), state=state, at=at)
