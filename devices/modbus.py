"""Modbus requests and answers, sans I/O, matched strictly, and the frame of Modbus/TCP. The only module that knows pymodbus; knows no socket, no device, no time.

pymodbus builds and reads the PDUs (MODBUS Application Protocol V1.1b3), builds frames and has the CRC. The frames of answers
(TCP: MODBUS Messaging on TCP/IP V1.0b, 3.1.3; serial lines: devices/modbus_rtu.py) are read here: its own framers wait for
ever behind a foreign protocol id, take one length that is wrong for right, and hand out answers whose count, function or
echo nobody compared with the request.
"""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, cast

import attrs
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU, ModbusPDU
from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from devices.heard import Answered, Declined, Garbled, Stray
from devices.points import BIT_TABLES, Table
from station.words import Misheard

HEADER: Final = 7  # transaction 2, protocol 2, length 2, unit 1
LENGTHS: Final = range(2, 255)  # unit + function … the longest PDU of 253 bytes
LATE_KEPT: Final = 64  # requests given up whose answers are still known as late
MOST_COILS, MOST_WORDS = 1968, 123  # of one write (V1.1b3, 6.11 and 6.12)
NUMBERS: Final = 0xFFFF  # transaction ids 1 … 65535; 0 is what careless devices answer with
_READS: Final[dict[Table, type[ModbusPDU]]] = {
    "coil": ReadCoilsRequest,
    "discrete": ReadDiscreteInputsRequest,
    "input": ReadInputRegistersRequest,
    "holding": ReadHoldingRegistersRequest,
}
_DECODER: Final = DecodePDU(is_server=False)
_FRAMER: Final = FramerSocket(_DECODER)
_RTU: Final = FramerRTU(_DECODER)
_REGISTERS: Final = [
    struct.Struct(f">{count}H") for count in range(126)
]  # pymodbus takes a third of a poll's time
CRC: Final = 2  # bytes at the end of a serial frame

EXCEPTIONS: Final[dict[int | str, str]] = {
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


@attrs.frozen(kw_only=True)
class WriteRegister:
    """Set one holding register (function 6)."""

    unit: int
    address: int
    value: int


@attrs.frozen(kw_only=True)
class WriteCoils:
    """Set neighbouring coils (function 15), each 0 or 1; 1 to 1968."""

    unit: int
    address: int
    bits: tuple[int, ...]


@attrs.frozen(kw_only=True)
class WriteRegisters:
    """Set neighbouring holding registers (function 16); 1 to 123."""

    unit: int
    address: int
    words: tuple[int, ...]


Ask = Read | WriteCoil | WriteRegister | WriteCoils | WriteRegisters


Heard = Answered[tuple[int, ...]] | Declined | Garbled | Stray


def request(ask: Ask, number: int) -> bytes:
    """The Modbus/TCP frame of a request; ValueError for what no frame can carry."""
    if not 1 <= number <= NUMBERS or not 0 <= ask.unit <= 255:
        raise ValueError(f"no frame carries transaction {number} to unit {ask.unit}")
    return number.to_bytes(2, "big") + _unnumbered(ask)


@lru_cache(maxsize=1024)
def _unnumbered(ask: Ask) -> bytes:
    """The frame but for its transaction id: a poll is the same again and again."""
    return _FRAMER.encode(pdu(ask), ask.unit, 0)[2:]


def serial_request(ask: Ask) -> bytes:
    """The serial frame of a request (MODBUS over Serial Line V1.02, 2.5.1); ValueError for what no unit would answer."""
    if not 1 <= ask.unit <= 255:
        raise ValueError(f"on a serial line no unit {ask.unit} answers")
    return _RTU.encode(pdu(ask), ask.unit, 0)


def serial_parts(frame: bytes) -> tuple[int, bytes] | None:
    """(unit, PDU) of a whole serial frame, None where its CRC does not hold or it is too short to be one."""
    if len(frame) < 2 + CRC or not _RTU.check_CRC(frame[:-CRC], int.from_bytes(frame[-CRC:], "big")):
        return None
    return frame[0], frame[1:-CRC]


@lru_cache(maxsize=1024)
def pdu(ask: Ask) -> bytes:
    """The request without any frame; ValueError for what cannot be asked."""
    made: ModbusPDU
    match ask:
        case WriteCoil():
            made = WriteSingleCoilRequest(address=ask.address, bits=[ask.on])
        case WriteRegister():
            made = WriteSingleRegisterRequest(address=ask.address, registers=_words([ask.value], 1))
        case WriteCoils():
            made = WriteMultipleCoilsRequest(address=ask.address, bits=_bits(ask.bits))
        case WriteRegisters():
            words = _words(ask.words, MOST_WORDS)
            made = WriteMultipleRegistersRequest(address=ask.address, registers=words)
        case _:
            made = _READS[ask.table](address=ask.address, count=ask.count)
    return made.function_code.to_bytes(1, "big") + made.encode()


def _words(words: Sequence[int], most: int) -> list[int]:
    if not 1 <= len(words) <= most or not all(0 <= word <= 0xFFFF for word in words):
        raise ValueError(f"{len(words)} registers cannot be written, or a value is not 0 <= value <= 65535")
    return list(words)


def _bits(bits: Sequence[int]) -> list[bool]:
    if not 1 <= len(bits) <= MOST_COILS or not set(bits) <= {0, 1}:
        raise ValueError(f"{len(bits)} coils cannot be written, or a value is not 0 <= value <= 1")
    return [bool(bit) for bit in bits]


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
        return meaning(ask, pdu)


def answer_size(ask: Ask) -> int:
    """Bytes of the PDU that answers as asked; an exception has 2."""
    return 2 + _data_size(ask) if isinstance(ask, Read) else 5


def _data_size(ask: Read) -> int:
    return -(-ask.count // 8) if ask.table in BIT_TABLES else 2 * ask.count


def meaning(ask: Ask, answer: bytes) -> Answered[tuple[int, ...]] | Declined | Garbled:
    """What a PDU of one byte or more, from the unit asked, says to this very request."""
    asked = pdu(ask)
    function = asked[0]
    if answer[0] == function | 0x80:
        return Declined(answer[1]) if len(answer) == 2 else Garbled(why="exception of a wrong length")
    if answer[0] != function:
        return Garbled(why="function")
    if not isinstance(ask, Read):
        return _echo(ask, asked, answer)
    size = _data_size(ask)
    if len(answer) != 2 + size or answer[1] != size:
        return Garbled(why="count")
    if ask.table not in BIT_TABLES:
        return Answered(_REGISTERS[ask.count].unpack_from(answer, 2))
    found = cast(ModbusPDU, _DECODER.decode(answer))  # its size was checked: nothing is left to fail
    return Answered(tuple(int(word) for word in found.bits[: ask.count]))


def _echo(ask: Ask, asked: bytes, answer: bytes) -> Answered[tuple[int, ...]] | Garbled:
    """A write is answered by the first five bytes of its own PDU: one value by all of it (6.5, 6.6), several by address and count (6.11, 6.12)."""
    if answer != asked[:5]:
        return Garbled(why="echo")
    match ask:
        case WriteCoil():
            return Answered((int(ask.on),))
        case WriteRegister():
            return Answered((ask.value,))
        case WriteCoils():
            return Answered(ask.bits)
        case _:
            return Answered(cast(WriteRegisters, ask).words)


__all__ = [
    "CRC",
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
    "WriteCoils",
    "WriteRegister",
    "WriteRegisters",
    "answer_size",
    "meaning",
    "pdu",
    "request",
    "serial_parts",
    "serial_request",
]
