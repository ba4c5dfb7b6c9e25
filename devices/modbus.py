"""Modbus/TCP, sans I/O: requests out, answers in, matched strictly. The only module that knows pymodbus; knows no socket, no device, no time.

pymodbus builds and reads the PDUs (MODBUS Application Protocol V1.1b3). The frame around them (MODBUS Messaging on TCP/IP
V1.0b, 3.1.3) is read here: its own framer waits for ever behind a foreign protocol id, takes one length that is wrong for
right, and hands out answers whose count, function or echo nobody compared with the request.
"""

from __future__ import annotations

from collections import deque
from typing import Final, Literal, cast

import attrs
from pymodbus.framer import FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from devices.points import BIT_TABLES, Table
from station.words import Misheard

HEADER: Final = 7  # transaction 2, protocol 2, length 2, unit 1
LENGTHS: Final = range(2, 255)  # unit + function … the longest PDU of 253 bytes
LATE_KEPT: Final = 64  # requests given up whose answers are still known as late
NUMBERS: Final = 0xFFFF  # transaction ids 1 … 65535; 0 is what careless devices answer with
_READS: Final[dict[Table, type[ModbusPDU]]] = {
    "coil": ReadCoilsRequest,
    "discrete": ReadDiscreteInputsRequest,
    "input": ReadInputRegistersRequest,
    "holding": ReadHoldingRegistersRequest,
}
_DECODER: Final = DecodePDU(is_server=False)
_FRAMER: Final = FramerSocket(_DECODER)

EXCEPTIONS: Final[dict[int, str]] = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledge",
    6: "device busy",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway target does not respond",
}


@attrs.frozen(kw_only=True)
class Read:
    """Read `count` coils, discrete inputs, input or holding registers from `address` (from 0) of a unit."""

    unit: int
    table: Table
    address: int
    count: int


@attrs.frozen(kw_only=True)
class WriteCoil:
    """Set one coil (function 5)."""

    unit: int
    address: int
    on: bool


Ask = Read | WriteCoil


@attrs.frozen(kw_only=True)
class Answered:
    """The unit answered as asked: the words (bits as 0 and 1) of a read, the written value of a write."""

    words: tuple[int, ...]


@attrs.frozen(kw_only=True)
class Declined:
    """The unit answered with an exception."""

    code: int


@attrs.frozen(kw_only=True)
class Garbled:
    """The answer to this very request does not fit it: nothing in it is believed."""

    why: str


@attrs.frozen(kw_only=True)
class Stray:
    """A frame that answers no open request: late, of another unit, or unasked. Thrown away; the request waits on."""

    why: Literal["late", "unit", "unasked"]


Heard = Answered | Declined | Garbled | Stray


def request(ask: Ask, number: int) -> bytes:
    """The frame of a request; ValueError for what no frame can carry."""
    if not 1 <= number <= NUMBERS or not 0 <= ask.unit <= 255:
        raise ValueError(f"no frame carries transaction {number} to unit {ask.unit}")
    pdu: ModbusPDU
    if isinstance(ask, WriteCoil):
        pdu = WriteSingleCoilRequest(
            dev_id=ask.unit, transaction_id=number, address=ask.address, bits=[ask.on]
        )
    else:
        pdu = _READS[ask.table](dev_id=ask.unit, transaction_id=number, address=ask.address, count=ask.count)
    return _FRAMER.buildFrame(pdu)


class Ear:
    """The receiving end of one connection with at most one open request."""

    def __init__(self) -> None:
        self._buffer = b""
        self._open: tuple[int, Ask] | None = None
        self._last = 0
        self._given_up: deque[int] = deque(maxlen=LATE_KEPT)

    def asked(self, ask: Ask) -> bytes:
        """Open a request: its frame with a fresh transaction id."""
        self._last = self._last % NUMBERS + 1
        frame = request(ask, self._last)
        self._open = (self._last, ask)
        return frame

    def give_up(self) -> None:
        """Wait no longer: what still comes for it is late."""
        if self._open is not None:
            self._given_up.append(self._open[0])
        self._open = None

    def feed(self, data: bytes) -> list[Heard]:
        """What these bytes bring. Raises Misheard when the stream cannot be read any further: hang up."""
        self._buffer += data
        heard: list[Heard] = []
        while (frame := self._frame()) is not None:
            heard.append(self._judged(*frame))
        return heard

    def _frame(self) -> tuple[int, int, bytes] | None:
        """(transaction, unit, PDU) of the next whole frame."""
        head = self._buffer[:HEADER]
        if len(head) >= 4 and head[2:4] != b"\0\0":
            raise Misheard("a frame of another protocol", "收到其他协议的帧", code="protocol")
        if len(head) >= 6 and int.from_bytes(head[4:6], "big") not in LENGTHS:
            raise Misheard("a frame of impossible length", "帧长度不可能", code="length")
        if len(head) < HEADER:
            return None
        end = 6 + int.from_bytes(head[4:6], "big")
        if len(self._buffer) < end:
            return None
        pdu, self._buffer = self._buffer[HEADER:end], self._buffer[end:]
        return int.from_bytes(head[0:2], "big"), head[6], pdu

    def _judged(self, number: int, unit: int, pdu: bytes) -> Heard:
        if self._open is None or self._open[0] != number:
            return Stray(why="late" if number in self._given_up else "unasked")
        ask = self._open[1]
        if unit != ask.unit:
            return Stray(why="unit")
        self._open = None
        return _meaning(ask, pdu)


def _function(ask: Ask) -> int:
    return 5 if isinstance(ask, WriteCoil) else int(_READS[ask.table].function_code)


def _meaning(ask: Ask, pdu: bytes) -> Heard:
    function = _function(ask)
    if pdu[0] == function | 0x80:
        return Declined(code=pdu[1]) if len(pdu) == 2 else Garbled(why="exception of a wrong length")
    if pdu[0] != function:
        return Garbled(why="function")
    if isinstance(ask, WriteCoil):
        return _echo(ask, pdu)
    size = -(-ask.count // 8) if ask.table in BIT_TABLES else 2 * ask.count
    if len(pdu) != 2 + size or pdu[1] != size:
        return Garbled(why="count")
    found = cast(ModbusPDU, _DECODER.decode(pdu))  # its size was checked: nothing is left to fail
    words = found.bits[: ask.count] if ask.table in BIT_TABLES else found.registers
    return Answered(words=tuple(int(word) for word in words))


def _echo(ask: WriteCoil, pdu: bytes) -> Heard:
    """A write is answered by its own echo, to the byte (6.5)."""
    if pdu != request(ask, 1)[HEADER:]:
        return Garbled(why="echo")
    return Answered(words=(int(ask.on),))


__all__ = [
    "EXCEPTIONS",
    "Answered",
    "Ask",
    "Declined",
    "Ear",
    "Garbled",
    "Heard",
    "Read",
    "Stray",
    "WriteCoil",
    "request",
]
