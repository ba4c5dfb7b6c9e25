"""A simulated device's end of Modbus/TCP, written by hand from the protocol's pages, with faults on the wire. Shares nothing with the product's codec; knows no device."""

from __future__ import annotations

import asyncio
import random
import struct
from collections.abc import Callable, Collection
from typing import Any, Protocol

MOST_BUFFERED = 4096  # bytes of a client that sends rubbish

# what may be wrong on the wire, and what it is
WIRE_FAULTS: dict[str, tuple[str, str]] = {
    "dead": ("takes requests, never answers", "收到请求但不应答"),
    "slow": ("answers after VALUE ms (default 400)", "延迟 VALUE 毫秒应答(默认 400)"),
    "late": ("answers 1.5 s after everybody gave up", "超时 1.5 秒之后才应答"),
    "tid": ("answers with another transaction id", "应答的事务号不符"),
    "unit": ("answers as another unit", "应答的单元号不符"),
    "short": ("answers with one value too few", "应答少一个值"),
    "long": ("answers with one value too many", "应答多一个值"),
    "function": ("answers with another function", "应答的功能码不符"),
    "echo": ("echoes another address of a write", "写命令的回显地址不符"),
    "exception": ("answers with exception VALUE (default 4)", "应答异常码 VALUE(默认 4)"),
    "length": ("claims a length that is not so", "声明的长度与实际不符"),
    "protocol": ("answers in a foreign protocol", "应答的协议号不符"),
    "twice": ("answers twice", "重复应答"),
    "pieces": ("answers byte by byte", "逐字节应答"),
    "crc": ("serial: one bit of the answer is wrong", "串口:应答有一位错误"),
    "cut": ("the answer is cut short", "应答被截断"),
    "garbage": ("rubbish instead of the answer", "应答为乱码"),
    "noise": ("serial: rubbish before the answer", "串口:应答前有乱码"),
    "reboot": ("hangs up instead of answering", "不应答即断开"),
    "frozen": ("its values stay as they are", "数值不再变化"),
    "cross": ("serial: another unit answers too, first", "串口:另一单元抢先应答"),
}


class Model(Protocol):
    """What stands behind the registers."""

    def bits(self, table: int) -> dict[int, int]:
        """Function 1 (coils) or 2 (discrete inputs): address → 0 or 1."""
        ...

    def registers(self, table: int) -> dict[int, int]:
        """Function 3 (holding) or 4 (input): address → 16-bit value."""
        ...

    def write(self, address: int, value: int) -> int:
        """Set a coil; 0 done, else an exception code."""
        ...


class Faults:
    """Which faults are on, and how often each strikes."""

    def __init__(self, seed: int = 1, known: Collection[str] = WIRE_FAULTS) -> None:
        self.on: dict[str, int] = {}
        self.known = known  # what may be told; another wire has others
        self.share = 100  # percent of answers that a wire fault strikes
        self._random = random.Random(seed)  # noqa: S311 - a simulation

    def clear(self) -> None:
        """As if nothing had ever been told."""
        self.on.clear()
        self.share = 100

    def below(self, end: int) -> int:
        """A whole number from 0 to below `end`, of the same chance."""
        return self._random.randrange(end)

    def strikes(self, name: str) -> bool:
        """Whether this fault strikes this answer."""
        return name in self.on and self._random.randrange(100) < self.share


class Unit:
    """One unit behind a socket: requests in, answers out."""

    def __init__(self, unit: int, model: Model, faults: Faults) -> None:
        self._unit, self._model, self._faults = unit, model, faults
        self.requests = 0
        self.written: list[tuple[int, int]] = []
        self._kept: dict[int, dict[int, int]] = {}  # by function, while frozen

    def answer(self, unit: int, pdu: bytes) -> bytes | None:
        """The answer's PDU; None where another unit is meant."""
        if unit != self._unit or not pdu:
            return None
        self.requests += 1
        if self._faults.strikes("exception"):
            return bytes([pdu[0] | 0x80, self._faults.on["exception"] or 4])
        if pdu[0] in (1, 2):
            return self._read_bits(pdu)
        if pdu[0] in (3, 4):
            return self._read_registers(pdu)
        if pdu[0] in (6, 15, 16):
            return self._write_more(pdu)
        return self._write(pdu) if pdu[0] == 5 else bytes([pdu[0] | 0x80, 1])

    def _shown(self, table: int, look: Callable[[int], dict[int, int]]) -> dict[int, int]:
        """How it is, or was when it froze."""
        if not self._faults.strikes("frozen"):
            self._kept.pop(table, None)
            return look(table)
        return self._kept.setdefault(table, dict(look(table)))

    def _extra(self) -> int:
        return -int(self._faults.strikes("short")) or int(self._faults.strikes("long"))

    def _read_bits(self, pdu: bytes) -> bytes:
        address, count = struct.unpack(">HH", pdu[1:5]) if len(pdu) == 5 else (0, 0)
        if not 1 <= count <= 2000:
            return bytes([pdu[0] | 0x80, 3])
        held = self._shown(pdu[0], self._model.bits)
        if not _reaches(held, address, count):
            return bytes([pdu[0] | 0x80, 2])
        whole = 0
        for k in range(count):
            whole |= held.get(address + k, 0) << k
        size = max(0, -(-count // 8) + self._extra())
        kept: int = whole & (1 << 8 * size) - 1
        return bytes([pdu[0], size]) + kept.to_bytes(size, "little")

    def _read_registers(self, pdu: bytes) -> bytes:
        address, count = struct.unpack(">HH", pdu[1:5]) if len(pdu) == 5 else (0, 0)
        if not 1 <= count <= 125:
            return bytes([pdu[0] | 0x80, 3])
        held = self._shown(pdu[0], self._model.registers)
        if not _reaches(held, address, count):
            return bytes([pdu[0] | 0x80, 2])
        values = [held.get(address + k, 0) for k in range(count + self._extra())]
        return bytes([pdu[0], 2 * len(values)]) + b"".join(struct.pack(">H", v) for v in values)

    def _write(self, pdu: bytes) -> bytes:
        address, value = struct.unpack(">HH", pdu[1:5]) if len(pdu) == 5 else (0, 1)
        if value not in (0, 0xFF00):
            return bytes([0x85, 3])
        refused = self._model.write(address, int(value == 0xFF00))
        if refused:
            return bytes([0x85, refused])
        self.written.append((address, int(value == 0xFF00)))
        return struct.pack(">BHH", 5, address + int(self._faults.strikes("echo")), value)

    def _write_more(self, pdu: bytes) -> bytes:
        """Functions 6, 15 and 16, where the model has registers to write."""
        store = getattr(self._model, "write_register", None)
        if store is None:
            return bytes([pdu[0] | 0x80, 1])
        address = int.from_bytes(pdu[1:3], "big")
        if pdu[0] == 6:
            values = [int.from_bytes(pdu[3:5], "big")] if len(pdu) == 5 else []
        else:
            values = _several(pdu)
        if not values:
            return bytes([pdu[0] | 0x80, 3])
        put = self._model.write if pdu[0] == 15 else store
        for k, value in enumerate(values):
            refused = put(address + k, value)
            if refused:
                return bytes([pdu[0] | 0x80, refused])
            self.written.append((address + k, value))
        echoed = address + int(self._faults.strikes("echo"))
        return pdu[:1] + struct.pack(">H", echoed & 0xFFFF) + pdu[3:5]


def _several(pdu: bytes) -> list[int]:
    """The values of a write of several; none where count and bytes do not agree."""
    count, size = (int.from_bytes(pdu[3:5], "big"), pdu[5]) if len(pdu) > 6 else (0, 0)
    data = pdu[6:]
    needed = -(-count // 8) if pdu[0] == 15 else 2 * count
    if not count or size != needed or len(data) != needed:
        return []
    if pdu[0] == 15:
        return [data[k // 8] >> k % 8 & 1 for k in range(count)]
    return [int.from_bytes(data[2 * k : 2 * k + 2], "big") for k in range(count)]


def _reaches(held: dict[int, int], address: int, count: int) -> bool:
    """Maps have holes that read as 0, but an end."""
    return bool(held) and address + count - 1 <= max(held)


class Wire(asyncio.Protocol):
    """One connection."""

    def __init__(self, unit: Unit, faults: Faults, later: Callable[..., Any]) -> None:
        self._unit, self._faults, self._later = unit, faults, later
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Requests, whole or in pieces."""
        self._buffer += data
        while len(self._buffer) >= 7:
            number, protocol, length, unit = struct.unpack(">HHHB", self._buffer[:7])
            if protocol or not 2 <= length <= 254 or len(self._buffer) > MOST_BUFFERED:
                self._hang_up()
                return
            if len(self._buffer) < 6 + length:
                return
            pdu, self._buffer = self._buffer[7 : 6 + length], self._buffer[6 + length :]
            self._answer(number, unit, pdu)

    def _hang_up(self) -> None:
        self._buffer = b""
        if self._transport is not None:
            self._transport.abort()

    def _answer(self, number: int, unit: int, pdu: bytes) -> None:
        made = self._unit.answer(unit, pdu)
        faults = self._faults
        if made is None or faults.strikes("dead"):
            return
        if faults.strikes("reboot"):
            self._hang_up()
            return
        frame = self._framed(number, unit, made)
        wait = 0.0
        if faults.strikes("slow"):
            wait = (faults.on["slow"] or 400) / 1000
        if faults.strikes("late"):
            wait = 2.3
        times = 2 if faults.strikes("twice") else 1
        self._later(wait, self._send, frame * times)

    def _framed(self, number: int, unit: int, pdu: bytes) -> bytes:
        faults = self._faults
        if faults.strikes("function"):
            pdu = bytes([3 if pdu[0] != 3 else 4]) + pdu[1:]
        number = number + 1 & 0xFFFF if faults.strikes("tid") else number
        unit = unit + 1 & 0xFF if faults.strikes("unit") else unit
        protocol = 0x0101 if faults.strikes("protocol") else 0
        length = len(pdu) + 1 - int(faults.strikes("length"))
        frame = struct.pack(">HHHB", number, protocol, length, unit) + pdu
        if faults.strikes("cut"):
            frame = frame[: 1 + faults.below(len(frame) - 1)]
        return bytes(faults.below(256) for _ in frame) if faults.strikes("garbage") else frame

    def _send(self, frame: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if not self._faults.strikes("pieces"):
            self._transport.write(frame)
            return
        for k in range(len(frame)):
            self._later(0.002 * k, self._piece, frame[k : k + 1])

    def _piece(self, piece: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(piece)
