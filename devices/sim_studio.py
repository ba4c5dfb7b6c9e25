"""What simulated devices of studio and modem have in common: a socket or a serial port, faults on the wire, a door by which they are told. Knows no protocol and nothing of the product's codecs."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from devices.sim_modbus import Faults
from devices.sim_plant import Counted, Doctor, Door, Living, Unwired, begun, ended
from devices.sim_rtu import Pty
from station.arguments import Parser, port

TICK = 1e-6  # s between two pieces at least, that none overtakes another
MOST_BUFFERED = 4096  # bytes of a client that sends rubbish
DOCTOR: Doctor = {
    "stuck": ("says yes and changes nothing", "应答成功但状态不变"),
    "reboot": ("hangs up and forgets what it was told", "断开连接并丢失设置"),
}
ON_EVERY_WIRE = ("dead", "slow", "late", "twice", "pieces", "cut", "garbage", "noise")


class Session(Protocol):
    """One connection of a device."""

    def greeting(self) -> list[bytes]:
        """What is said to who connects."""
        ...

    def heard(self, data: bytes) -> list[bytes]:
        """What is answered to bytes, message by message."""
        ...


class Device(Unwired):
    """A device that is spoken to; subclasses say how. `faults` has those of the device, `wire` those on the wire."""

    every = 0.0  # s between two messages of its own, where it has any
    own: tuple[str, ...] = ()  # faults of the wire that this device answers for: exception, unit, echo

    def __init__(self, seed: int = 1) -> None:
        self.faults: dict[str, int] = {}
        self.wire = Faults(seed, (*ON_EVERY_WIRE, *self.own))
        self.requests = 0
        self.written: list[Any] = []

    def session(self) -> Session:
        """A connection."""
        raise NotImplementedError

    def reset(self) -> None:
        """Forget what was told."""

    def tick(self) -> list[bytes]:
        """What it says by itself now."""
        return []

    def told(self) -> dict[str, object]:
        """How it is, for who asks the simulator itself."""
        return {}

    def count(self, what: Any) -> bool:
        """A request came; whether it is to be obeyed."""
        self.requests += 1
        self.written.append(what)
        return "stuck" not in self.faults


def spoilt(faults: Faults, data: bytes) -> list[tuple[float, bytes]]:
    """What really goes over the wire for a message, and after how many s."""
    if faults.strikes("dead"):
        return []
    wait = (faults.on["slow"] or 400) / 1000 if faults.strikes("slow") else 0.0
    if faults.strikes("late"):
        wait = (faults.on["late"] or 1500) / 1000
    if faults.strikes("garbage"):
        data = bytes(faults.below(256) for _ in data)
    if faults.strikes("noise"):
        data = bytes(faults.below(256) for _ in range(1 + faults.below(4))) + data
    if faults.strikes("cut"):
        data = data[: faults.below(len(data))]
    if faults.strikes("pieces"):
        return [(wait + 0.002 * k, data[k : k + 1]) for k in range(len(data))]
    return [(wait, data)] * (2 if faults.strikes("twice") else 1)


class Line(asyncio.Protocol):
    """One connection, or a serial port."""

    def __init__(self, device: Device, loop: asyncio.AbstractEventLoop) -> None:
        self._device, self._loop = device, loop
        self._said = 0.0  # when the last byte that is underway is put on the line
        self._session = device.session()
        self._transport: Any = None

    def connection_made(self, transport: Any) -> None:
        """Begin."""
        self._transport = transport
        self._say(self._session.greeting())
        self._tick()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._transport = None

    def data_received(self, data: bytes) -> None:
        """Bytes of a client."""
        made = self._session.heard(data)
        if not made or not self._rebooted():
            self._say(made)

    def _rebooted(self) -> bool:
        """Whether it hung up instead of speaking."""
        if "reboot" not in self._device.faults:
            return False
        del self._device.faults["reboot"]
        self._device.reset()
        self._session = self._device.session()
        getattr(self._transport, "abort", lambda: None)()
        return True

    def _say(self, messages: list[bytes]) -> None:
        for data in messages:
            pieces = spoilt(self._device.wire, data)
            if not pieces:
                continue
            # a line keeps its order: a message begins where the one before has ended
            zero = max(self._loop.time(), self._said + TICK - pieces[0][0])
            for wait, piece in pieces:
                self._said = max(zero + wait, self._said + TICK)
                self._loop.call_at(self._said, self._put, piece)

    def _put(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def _tick(self) -> None:
        if self._device.every and self._transport is not None and not self._rebooted():
            self._say(self._device.tick())
            self._loop.call_later(self._device.every, self._tick)


def parser(name: str, text: str, doctor: Doctor, own: tuple[str, ...]) -> argparse.ArgumentParser:
    """The options of a simulated device; its faults stand in the help. `own`: see `Device.own`."""
    told = "\n".join(f"  {key:<10} {en} · {zh}" for key, (en, zh) in doctor.items())
    made = Parser(
        prog=f"gengfu sim {name}",
        description=f"{text}\n\nfaults · 故障: {', '.join((*ON_EVERY_WIRE, *own))};\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--port", type=port, default=None, help="TCP; 0: any · TCP 端口,0 为任意")
    made.add_argument("--pty", type=Path, default=None, help="make a serial port of this name · 以此名建立虚拟串口")  # fmt: skip
    made.add_argument("--control", type=port, default=None, help="port to be told faults by HTTP · 故障控制端口")  # fmt: skip
    made.add_argument("--faults", default="", help="from the start · 初始故障")
    made.add_argument("--seed", type=int, default=1, help="of all chance · 随机种子")
    return made


def run(asked: argparse.Namespace, device: Device, doctor: Doctor) -> int:
    """Serve until a signal; 2 for faults nobody knows."""
    return begun(asked, device, device.wire, doctor, lambda: _serve(asked, device, doctor))


async def _serve(asked: argparse.Namespace, device: Device, doctor: Doctor) -> None:
    living = Living(device, asyncio.get_running_loop().time)
    line, close = await listening(device, asked.port, asked.pty)
    counted: Counted = device
    await ended(asked.control, line, Door(living, counted, device.wire, doctor))
    close()


async def listening(
    device: Device, port: int | None, pty: Path | None
) -> tuple[int | Path, Callable[[], None]]:
    """Where the device can be reached from now on, and how that ends."""
    loop = asyncio.get_running_loop()
    if pty is not None:
        held = Pty(loop, pty, Line(device, loop))
        return pty, held.pull
    server = await loop.create_server(lambda: Line(device, loop), "127.0.0.1", port)
    return server.sockets[0].getsockname()[1], server.close
