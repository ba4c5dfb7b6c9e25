"""A simulated device's end of a serial Modbus line (RTU frames), written by hand from the protocol's pages, with faults on the wire; behind a TCP socket or a pseudo terminal. Shares nothing with the product's codec; knows no device."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices.sim_modbus import Faults, Unit

MOST_BUFFERED = 512  # bytes of a master that sends rubbish
SILENCE = 0.002  # s: a request has ended


def crc(data: bytes) -> bytes:
    """CRC-16 of the serial line, a bit at a time, as it stands on the wire."""
    value = 0xFFFF
    for octet in data:
        value ^= octet
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value.to_bytes(2, "little")


class SerialWire(asyncio.Protocol):
    """One line: what the master says is heard by all units on it."""

    def __init__(self, units: dict[int, Unit], faults: Faults, later: Callable[..., Any]) -> None:
        self._units, self._faults, self._later = units, faults, later
        self._buffer = b""
        self._heard = 0
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; silence ends it."""
        self._buffer = (self._buffer + data)[-MOST_BUFFERED:]
        self._heard += 1
        self._later(SILENCE, self._ended, self._heard)

    def _ended(self, heard: int) -> None:
        if heard != self._heard:
            return
        frame, self._buffer = self._buffer, b""
        if len(frame) < 4 or crc(frame[:-2]) != frame[-2:] or frame[0] not in self._units:
            return
        made = self._units[frame[0]].answer(frame[0], frame[1:-2])
        if made is not None and not (self._faults.strikes("dead") or self._faults.strikes("reboot")):
            self._say(frame[0], made)

    def _say(self, unit: int, pdu: bytes) -> None:
        faults, wait = self._faults, 0.0
        if faults.strikes("slow"):
            wait = (faults.on["slow"] or 400) / 1000
        if faults.strikes("late"):
            wait = (faults.on["late"] or 1300) / 1000
        if faults.strikes("cross"):
            other = bytes([unit % 247 + 1]) + pdu
            self._later(wait, self._send, other + crc(other))
            wait += 0.005
        self._later(wait, self._send, self._framed(unit, pdu))

    def _framed(self, unit: int, pdu: bytes) -> bytes:
        faults = self._faults
        if faults.strikes("function"):
            pdu = bytes([3 if pdu[0] != 3 else 4]) + pdu[1:]
        body = bytes([unit % 247 + 1 if faults.strikes("unit") else unit]) + pdu
        frame = body + crc(body)
        if faults.strikes("twice"):
            frame *= 2
        if faults.strikes("crc"):
            at = faults.below(8 * len(frame))
            whole = int.from_bytes(frame, "big") ^ 1 << at
            frame = whole.to_bytes(len(frame), "big")
        if faults.strikes("cut"):
            frame = frame[: 1 + faults.below(len(frame) - 1)]
        if faults.strikes("garbage"):
            frame = self._rubbish(len(frame))
        return self._rubbish(1 + faults.below(4)) + frame if faults.strikes("noise") else frame

    def _rubbish(self, size: int) -> bytes:
        return bytes(self._faults.below(256) for _ in range(size))

    def _send(self, frame: bytes) -> None:
        if not self._faults.strikes("pieces"):
            self._put(frame)
            return
        for k in range(len(frame)):
            self._later(0.002 * k, self._put, frame[k : k + 1])

    def _put(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


class Pty(asyncio.WriteTransport):
    """A pseudo terminal under a name of one's own, in place of a serial port. `pull` is what a pulled cable does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, name: Path, wire: asyncio.Protocol) -> None:
        super().__init__()
        self._loop, self.name, self._wire = loop, name, wire
        self._master = self._slave = -1
        self.plug()

    def plug(self) -> None:
        """The port is there. OSError where its name cannot be made."""
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.name.unlink(missing_ok=True)
        self.name.symlink_to(os.ttyname(self._slave))
        self._loop.add_reader(self._master, self._ready)
        self._wire.connection_made(self)

    def pull(self) -> None:
        """The port is gone, with whoever had it open."""
        if self._master >= 0:
            self._loop.remove_reader(self._master)
            self.name.unlink(missing_ok=True)
            os.close(self._slave)
            os.close(self._master)
            self._master = self._slave = -1

    def _ready(self) -> None:
        self._wire.data_received(os.read(self._master, 4096))

    def write(self, data: Any) -> None:
        """To whoever has the port open."""
        os.write(self._master, data)

    def is_closing(self) -> bool:
        """Whether the port is gone."""
        return self._master < 0
