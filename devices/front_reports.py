"""What front ends answer and report (types 12 to 22 of the 0x49/0x50 frames), as values and as bytes. Knows no frame, no socket.

Bodies of 15 and 16 stand in no source: they stay bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import attrs

from devices.front_codes import ascii_from, code_bytes, code_from, whole
from devices.front_orders import Plain
from station.packed import Octets, counted, number_bytes, pack_bcd, pack_digits, unpack_bcd, unpack_digits
from station.words import Misheard

IN_USE: Final = 2  # state of a channel that names its message
RESULTS: Final = {
    0xFFFFFFFF: ("unknown fault", "未知错误"),
    0: ("done", "执行成功"),
    1: ("wrong length of data", "数据长度错误"),
    2: ("wrong version", "版本号错误"),
    3: ("conflicts with another order", "指令冲突错误"),
}
_NAMES: Final = "gb18030"  # character set of channels' names; unverified


@attrs.frozen(kw_only=True)
class Reply:
    """Types 12 (to an order) and 21 (to a report): 0 done, see RESULTS; text."""

    type: int = 0x12
    code: int = 0
    text: str = ""


@attrs.frozen(kw_only=True)
class Stream:
    """A stream of an output: type as in ISO/IEC 13818-1, PID."""

    type: int
    pid: int


@attrs.frozen(kw_only=True)
class FmOutput:
    """A frequency of an FM output, in 10 kHz; `ebm_id` of what it sends where its state is 2."""

    frequency: int
    state: int
    ebm_id: str = ""


@attrs.frozen(kw_only=True)
class TsOutput:
    """A programme of a transport stream output."""

    network: int
    transport_stream: int
    program: int
    pcr_pid: int
    streams: tuple[Stream, ...]
    state: int
    ebm_id: str = ""


@attrs.frozen(kw_only=True)
class Output:
    """An output channel: `kind` 1 FM, 2 and 3 transport streams."""

    id: int
    kind: int
    parts: tuple[FmOutput | TsOutput, ...]


@attrs.frozen(kw_only=True)
class Outputs:
    """Type 13: the outputs asked for."""

    front: str
    channels: tuple[Output, ...]


@attrs.frozen(kw_only=True)
class Input:
    """An input channel: 1 idle, 2 in use, 3 faulty."""

    id: int
    name: str
    group: int
    state: int


@attrs.frozen(kw_only=True)
class Inputs:
    """Type 14: the inputs asked for."""

    front: str
    channels: tuple[Input, ...]


@attrs.frozen(kw_only=True)
class Started:
    """Type 17: what became of a start or stop; 0 done, 1 not; where the stream is to be sent to."""

    front: str
    ebm_id: str
    result: int
    text: str = ""
    address: str = ""


@attrs.frozen(kw_only=True)
class TaskBegun:
    """Type 18: a front end began a task by itself or by order; `source` of the programme, outputs as (type, id).

    `phone` where a telephone speaks (that field's place is unverified).
    """

    front: str
    ebm_id: str
    source: int
    kind: int
    level: int
    event: str
    input_channel: int
    outputs: tuple[tuple[int, int], ...]
    volume: int
    codes: tuple[str, ...]
    phone: str | None = None


@attrs.frozen(kw_only=True)
class TaskEnded:
    """Type 19: a task is over."""

    front: str
    ebm_id: str


@attrs.frozen(kw_only=True)
class TaskNoted:
    """Type 22: a platform's answer to 18; 0 taken, 1 not."""

    result: int = 0


@attrs.frozen(kw_only=True)
class Beat:
    """Type 20: a heart-beat. `channel` only in the older of two forms. `since` is said to be the last connection (epoch s)."""

    code: str  # 23 digits, or a physical address of an even number
    state: int
    channel: int | None = None
    since: int = 0


Body = Reply | Outputs | Inputs | Started | TaskBegun | TaskEnded | TaskNoted | Beat | Plain
TYPES: Final[dict[type, int]] = {
    Outputs: 0x13, Inputs: 0x14, Started: 0x17, TaskBegun: 0x18, TaskEnded: 0x19, TaskNoted: 0x22, Beat: 0x20,
}  # fmt: skip
PLAIN: Final = (0x15, 0x16)


def type_of(body: Body) -> int:
    """The frame's type for a body."""
    return body.type if isinstance(body, (Plain, Reply)) else TYPES[type(body)]


def write(body: Body) -> bytes:
    """A body as bytes; ValueError for what the format cannot hold."""
    return _WRITERS[type(body)](body)


def read(kind: int, data: bytes) -> Body | None:
    """The body of a type; None for a type that is no report; Misheard for one that is not whole."""
    if kind in PLAIN:
        return Plain(type=kind, data=data)
    reader = _READERS.get(kind)
    return None if reader is None else whole(reader, data)


def _reply(kind: int) -> Callable[[Octets], Reply]:
    return lambda octets: Reply(
        type=kind, code=octets.number(4), text=octets.counted(4).decode("utf-8", "replace")
    )


def _message(octets: Octets, state: int) -> str:
    return unpack_digits(octets.take(18)) if state == IN_USE else ""


def _fm(octets: Octets) -> FmOutput:
    frequency, state = int(unpack_bcd(octets.take(3))), octets.number(1)
    return FmOutput(frequency=frequency, state=state, ebm_id=_message(octets, state))


def _ts(octets: Octets) -> TsOutput:
    network, transport, program, pcr = (octets.number(2) for _ in range(4))
    streams = tuple(Stream(type=octets.number(1), pid=octets.number(2)) for _ in range(octets.number(1)))
    state = octets.number(1)
    return TsOutput(
        network=network,
        transport_stream=transport,
        program=program,
        pcr_pid=pcr,
        streams=streams,
        state=state,
        ebm_id=_message(octets, state),
    )


def _output(octets: Octets) -> Output:
    number, kind = octets.number(1), octets.number(1)
    if kind not in (1, 2, 3):
        raise Misheard(f"an output of kind {kind}", f"未知的输出通道类型 {kind}", code="front")
    reader: Callable[[Octets], FmOutput | TsOutput] = _fm if kind == 1 else _ts
    return Output(id=number, kind=kind, parts=tuple(reader(octets) for _ in range(octets.number(1))))


def _input(octets: Octets) -> Input:
    number, name = octets.number(1), octets.counted(2).decode(_NAMES, "replace")
    return Input(id=number, name=name, group=octets.number(1), state=octets.number(1))


def _started(octets: Octets) -> Started:
    return Started(
        front=unpack_digits(octets.take(12)),
        ebm_id=unpack_digits(octets.take(18)),
        result=octets.number(1),
        text=octets.counted(4).decode("utf-8", "replace"),
        address=octets.counted(2).decode("utf-8", "replace"),
    )


def _begun(octets: Octets) -> TaskBegun:
    front, ebm_id = unpack_digits(octets.take(12)), unpack_digits(octets.take(18))
    source, kind, level = octets.number(1), octets.number(1), octets.number(1)
    event, channel = ascii_from(octets.take(5)), octets.number(1)
    outputs = tuple((octets.number(1), octets.number(1)) for _ in range(octets.number(1)))
    rest = octets.rest()
    # volume, number, size, codes; a telephone's number behind its length may stand in front
    plain = len(rest) >= 3 and len(rest) == 3 + rest[1] * rest[2]
    inner = Octets(rest)
    phone = None if plain else ascii_from(inner.counted(1))
    volume, count, size = inner.number(1), inner.number(1), inner.number(1)
    codes = tuple(code_from(inner.take(size)) for _ in range(count))
    inner.done()
    return TaskBegun(
        front=front,
        ebm_id=ebm_id,
        source=source,
        kind=kind,
        level=level,
        event=event,
        input_channel=channel,
        outputs=outputs,
        volume=volume,
        codes=codes,
        phone=phone,
    )


def _noted(octets: Octets) -> TaskNoted:
    made = TaskNoted(result=octets.number(1))
    octets.take(6)  # reserved
    return made


def _beat(octets: Octets) -> Beat:
    data = octets.counted(1)
    code = unpack_digits(data) if data[:1] >= b"\xf0" else unpack_bcd(data)
    state = octets.number(1)
    channel = octets.number(1) if octets.left == 5 else None
    return Beat(code=code, state=state, channel=channel, since=octets.number(4))


_READERS: Final[dict[int, Callable[[Octets], Body]]] = {
    0x12: _reply(0x12),
    0x21: _reply(0x21),
    0x13: lambda octets: Outputs(
        front=unpack_digits(octets.take(12)), channels=tuple(_output(octets) for _ in range(octets.number(1)))
    ),
    0x14: lambda octets: Inputs(
        front=unpack_digits(octets.take(12)), channels=tuple(_input(octets) for _ in range(octets.number(1)))
    ),
    0x17: _started,
    0x18: _begun,
    0x19: lambda octets: TaskEnded(
        front=unpack_digits(octets.take(12)), ebm_id=unpack_digits(octets.take(18))
    ),
    0x20: _beat,
    0x22: _noted,
}


def _pair(body: Started | TaskBegun | TaskEnded) -> bytes:
    return pack_digits(body.front, 23) + pack_digits(body.ebm_id, 35)


def _state(part: FmOutput | TsOutput) -> bytes:
    if (part.state == IN_USE) != bool(part.ebm_id):
        raise ValueError("a channel names its message where its state is 2, and only there")
    return number_bytes(part.state, 1) + (pack_digits(part.ebm_id, 35) if part.ebm_id else b"")


def _part_bytes(part: FmOutput | TsOutput) -> bytes:
    if isinstance(part, FmOutput):
        return pack_bcd(f"{part.frequency:06d}", 6) + _state(part)
    numbers = (part.network, part.transport_stream, part.program, part.pcr_pid)
    streams = (number_bytes(one.type, 1) + number_bytes(one.pid, 2) for one in part.streams)
    head = b"".join(number_bytes(number, 2) for number in numbers)
    return head + number_bytes(len(part.streams), 1) + b"".join(streams) + _state(part)


def _output_bytes(channel: Output) -> bytes:
    if channel.kind not in (1, 2, 3) or any(
        isinstance(one, FmOutput) != (channel.kind == 1) for one in channel.parts
    ):
        raise ValueError(f"an output of kind {channel.kind} with parts of another")
    head = number_bytes(channel.id, 1) + bytes([channel.kind]) + number_bytes(len(channel.parts), 1)
    return head + b"".join(map(_part_bytes, channel.parts))


def _input_bytes(channel: Input) -> bytes:
    tail = number_bytes(channel.group, 1) + number_bytes(channel.state, 1)
    return number_bytes(channel.id, 1) + counted(channel.name.encode(_NAMES), 2) + tail


def _channels_bytes(body: Outputs | Inputs, each: Callable[[Any], bytes]) -> bytes:
    return (
        pack_digits(body.front, 23) + number_bytes(len(body.channels), 1) + b"".join(map(each, body.channels))
    )


def _begun_bytes(body: TaskBegun) -> bytes:
    numbers = (body.source, body.kind, body.level)
    outputs = (number_bytes(number, 1) for row in body.outputs for number in row)
    codes = [code_bytes(code) for code in body.codes]
    if len({len(code) for code in codes}) > 1 or len(body.event) != 5:
        raise ValueError("codes have one length, an event has 5 characters")
    return b"".join(
        (
            _pair(body),
            *(number_bytes(number, 1) for number in numbers),
            body.event.encode("ascii"),
            number_bytes(body.input_channel, 1),
            number_bytes(len(body.outputs), 1),
            *outputs,
            b"" if body.phone is None else counted(body.phone.encode("ascii"), 1),
            number_bytes(body.volume, 1),
            number_bytes(len(codes), 1),
            number_bytes(len(codes[0]) if codes else 0, 1),
            *codes,
        )
    )


def _beat_bytes(body: Beat) -> bytes:
    odd = len(body.code) % 2
    code = pack_digits(body.code, len(body.code)) if odd else pack_bcd(body.code, len(body.code))
    channel = b"" if body.channel is None else number_bytes(body.channel, 1)
    return counted(code, 1) + number_bytes(body.state, 1) + channel + number_bytes(body.since, 4)


_WRITERS: Final[dict[type, Callable[[Any], bytes]]] = {
    Reply: lambda body: number_bytes(body.code, 4) + counted(body.text.encode("utf-8"), 4),
    Outputs: lambda body: _channels_bytes(body, _output_bytes),
    Inputs: lambda body: _channels_bytes(body, _input_bytes),
    Started: lambda body: (
        _pair(body)
        + number_bytes(body.result, 1)
        + counted(body.text.encode("utf-8"), 4)
        + counted(body.address.encode("utf-8"), 2)
    ),
    TaskBegun: _begun_bytes,
    TaskEnded: _pair,
    TaskNoted: lambda body: number_bytes(body.result, 1) + bytes(6),
    Beat: _beat_bytes,
    Plain: lambda body: body.data,
}
