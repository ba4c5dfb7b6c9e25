"""What simulated devices have in common: options, a socket of Modbus/TCP or a serial line, and a door by which faults are told (standard input or HTTP). Knows no device."""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Protocol

from devices.sim_modbus import WIRE_FAULTS, Faults, Unit, Wire
from devices.sim_rtu import Pty, SerialWire
from station import children
from station.arguments import Parser, port

LONGEST = 4096  # bytes of a told line, or of a request
CATCH_UP = 120.0  # s that may pass unasked before time is cut short
Doctor = dict[str, tuple[str, str]]


class Model(Protocol):
    """A device that lives."""

    faults: dict[str, int]

    def advance(self, dt: float) -> None: ...
    def bits(self, table: int) -> dict[int, int]: ...
    def registers(self, table: int) -> dict[int, int]: ...
    def write(self, address: int, value: int) -> int: ...
    def told(self) -> dict[str, object]: ...


class Counted(Protocol):
    """What keeps count of what was asked."""

    requests: int
    written: list[Any]


class Unwired:
    """What a device has nothing of that is not made of bits and registers, and whose values do not move by themselves."""

    def advance(self, dt: float) -> None:
        """Nothing changes by itself."""

    def bits(self, table: int) -> dict[int, int]:
        """None."""
        return {}

    def registers(self, table: int) -> dict[int, int]:
        """None."""
        return {}

    def write(self, address: int, value: int) -> int:
        """There is nothing to write."""
        return 2


class Living:
    """A model that has lived until now whenever it is asked."""

    def __init__(self, model: Model, seconds: Any, speed: float = 1.0, catch_up: float = CATCH_UP) -> None:
        self._model, self._seconds, self._speed, self._catch_up = model, seconds, speed, catch_up
        self._at = seconds()

    def live(self) -> Model:
        """The model as it is now."""
        now = self._seconds()
        self._model.advance(min(self._catch_up, (now - self._at) * self._speed))
        self._at = now
        return self._model

    def bits(self, table: int) -> dict[int, int]:
        """See the model."""
        return self.live().bits(table)

    def registers(self, table: int) -> dict[int, int]:
        """See the model."""
        return self.live().registers(table)

    def write(self, address: int, value: int) -> int:
        """See the model."""
        return self.live().write(address, value)

    @property
    def write_register(self) -> Any:
        """See the model; None where it has no registers to write."""
        return getattr(self.live(), "write_register", None)


def obey(words: str, model: Model, faults: Faults, doctor: Doctor) -> str:
    """Set or clear faults: `antenna`, `slow=300`, `-antenna`, `share=30`, `clear`. Returns what was not understood."""
    unknown: list[str] = []
    for word in words.replace(",", " ").split():
        name, _, value = word.partition("=")
        off = name.startswith("-") or value == "off"
        name = name.lstrip("-")
        if value and value != "off" and not value.isdecimal():
            unknown.append(word)
        elif name == "clear":
            model.faults.clear()
            faults.clear()
        elif name == "share" and value:
            faults.share = min(100, int(value))
        elif name in doctor or name in faults.known:
            held = model.faults if name in doctor else faults.on
            held.pop(name, None)
            if not off:
                held[name] = int(value or 0)
        else:
            unknown.append(word)
    return " ".join(unknown)


def parser(name: str, text: str, doctor: Doctor) -> argparse.ArgumentParser:
    """The options of a simulated device; its faults stand in the help."""
    both = {**doctor, **WIRE_FAULTS}
    told = "\n".join(f"  {key:<10} {en} · {zh}" for key, (en, zh) in both.items())
    made = Parser(
        prog=f"gengfu sim {name}",
        description=f"{text}\n\nfaults · 故障:\n{told}\n\n"
        "A line of faults on standard input, or `gengfu sim fault PORT FAULTS`: `antenna`, `slow=300`, "
        "`-antenna` (mend it), `share=30` (wire faults strike 30 %), `clear`. "
        "· 从标准输入或用 `gengfu sim fault` 设置;前加 - 为恢复,clear 全部恢复。",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--host", default="127.0.0.1", help="to listen on · 监听地址")
    made.add_argument("--port", type=port, default=None, help="TCP; 0: any · TCP 端口,0 为任意")
    made.add_argument(
        "--framing", choices=("tcp", "rtu"), default="tcp", help="of what goes over TCP · TCP 上的帧格式"
    )
    made.add_argument(
        "--pty", type=Path, default=None, help="make a serial port of this name · 以此名建立虚拟串口"
    )
    made.add_argument(
        "--control", type=port, default=None, help="port to be told faults by HTTP · 故障控制端口"
    )
    made.add_argument("--unit", type=int, default=1, help="unit identifier · 单元号")
    made.add_argument("--faults", default="", help="from the start · 初始故障")
    made.add_argument("--seed", type=int, default=1, help="of all chance · 随机种子")
    made.add_argument("--speed", type=float, default=1.0, help="how fast its time runs · 时间倍率")
    return made


def run(asked: argparse.Namespace, model: Model, doctor: Doctor) -> int:
    """Serve until a signal; 2 for faults nobody knows."""
    faults = Faults(asked.seed)
    return begun(asked, model, faults, doctor, lambda: _serve(asked, model, faults, doctor))


def begun(
    asked: argparse.Namespace,
    model: Model,
    faults: Faults,
    doctor: Doctor,
    serve: Callable[[], Coroutine[Any, Any, None]],
) -> int:
    """The frame of every simulated device: `serve` runs where the words make sense and the place can be had; the exit code."""
    if os.environ.get(children.PARENT):
        children.die_with_parent()
    if (asked.port is None) == (asked.pty is None):
        sys.stderr.write("say --port or --pty, one of them · 须指定 --port 或 --pty 其中之一\n")
        return 2
    unknown = obey(asked.faults, model, faults, doctor)
    if unknown:
        sys.stderr.write(f"no such fault: {unknown} · 没有此故障:{unknown}\n")
        return 2
    try:
        asyncio.run(serve())
    except OSError as error:
        place = asked.port if asked.pty is None else asked.pty
        sys.stderr.write(f"port {place} cannot be used: {error.strerror} · 端口 {place} 无法使用\n")
        return 1
    return 0


async def _serve(asked: argparse.Namespace, model: Model, faults: Faults, doctor: Doctor) -> None:
    loop = asyncio.get_running_loop()
    living = Living(model, loop.time, asked.speed)
    unit = Unit(asked.unit, living, faults)
    line, close = await _line(asked, unit, faults)
    door = Door(living, unit, faults, doctor)
    await ended(asked.control, line, door)
    close()


async def ended(control: int | None, line: int | Path, door: Door) -> None:
    """Say where it can be reached, take faults by HTTP (`control`: port) and by typed lines, and wait for a signal."""
    loop = asyncio.get_running_loop()
    if control is not None:
        told = await asyncio.start_server(door.served, "127.0.0.1", control, limit=LONGEST)
        sys.stdout.write(f"faults on port {told.sockets[0].getsockname()[1]}\n")
    sys.stdout.write(f"listening on {_place(line)}\n")
    sys.stdout.flush()
    _hear_lines(loop, door)
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    await over.wait()


def _place(line: int | Path) -> str:
    return f"port {line}" if isinstance(line, int) else f"serial port {line.absolute()}"


async def _line(
    asked: argparse.Namespace, unit: Unit, faults: Faults
) -> tuple[int | Path, Callable[[], None]]:
    """Where it can be reached, and how that ends."""
    loop = asyncio.get_running_loop()
    if asked.pty is not None:
        pty = Pty(loop, asked.pty, SerialWire({asked.unit: unit}, faults, loop.call_later))
        return asked.pty, pty.pull

    def made() -> Wire | SerialWire:
        if asked.framing == "rtu":
            return SerialWire({asked.unit: unit}, faults, loop.call_later)
        return Wire(unit, faults, loop.call_later)

    server = await loop.create_server(made, asked.host, asked.port)
    return server.sockets[0].getsockname()[1], server.close


def _hear_lines(loop: asyncio.AbstractEventLoop, door: Door) -> None:
    """Faults are told by lines of standard input, where somebody types there."""
    handle = sys.stdin.fileno()

    def line() -> None:
        data = os.read(handle, LONGEST)
        if not data:
            loop.remove_reader(handle)
            return
        unknown = door.told(data.decode("utf-8", "replace"))
        sys.stdout.write(f"no such fault: {unknown} · 没有此故障\n" if unknown else "done · 完成\n")
        sys.stdout.flush()

    try:
        loop.add_reader(handle, line)
    except PermissionError:
        return  # a plain file or /dev/null: nobody types there


class Door:
    """How the simulator itself is asked and told."""

    def __init__(self, living: Living, unit: Counted, faults: Faults, doctor: Doctor) -> None:
        self._living, self._unit, self._faults, self._doctor = living, unit, faults, doctor

    def told(self, words: str) -> str:
        """Obey; returns what was not understood."""
        return obey(words, self._living.live(), self._faults, self._doctor)

    def state(self) -> dict[str, object]:
        """How the device is, which faults it has, what was asked of it."""
        model = self._living.live()
        return {
            **model.told(),
            "faults": sorted([*model.faults, *self._faults.on]),
            "share": self._faults.share,
            "requests": self._unit.requests,
            "written": self._unit.written[-20:],
        }

    async def served(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One HTTP request: GET tells the state, POST a line of faults."""
        try:
            head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode("latin-1")
            status, body = await self._replied(head, reader)
        except (TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            status, body = "400 Bad Request", {"error": "not understood · 无法理解"}
        text = json.dumps(body, ensure_ascii=False).encode()
        writer.write(
            f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n".encode()
            + text
        )
        writer.close()

    async def _replied(self, head: str, reader: asyncio.StreamReader) -> tuple[str, dict[str, object]]:
        fields = dict(line.lower().split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        length = int(fields.get("content-length", "0"))
        if length > LONGEST:
            raise ValueError(length)
        said = (await asyncio.wait_for(reader.readexactly(length), 5)).decode("utf-8", "replace")
        if not head.startswith("POST "):
            return "200 OK", self.state()
        unknown = self.told(said)
        if unknown:
            return "400 Bad Request", {"error": f"no such fault: {unknown} · 没有此故障:{unknown}"}
        return "200 OK", self.state()


def tell(argv: list[str]) -> int:
    """`gengfu sim fault PORT [FAULTS]`: tell a running simulator its faults; without any, show how it is."""
    asked = Parser(
        prog="gengfu sim fault",
        description="Tell a running simulator its faults, or ask how it is. · 设置运行中模拟器的故障,或查看其状态。",
    )
    asked.add_argument("port", type=port, help="its control port · 控制端口")
    faults = "antenna, slow=300, -antenna, clear; none: how it is · 故障,不填则查看状态"
    asked.add_argument("faults", nargs=argparse.REMAINDER, help=faults).required = False
    words = asked.parse_args(argv)
    link = http.client.HTTPConnection("127.0.0.1", words.port, timeout=5)
    try:
        said = " ".join(words.faults)
        link.request("POST" if said else "GET", "/", body=said.encode() if said else None)
        answer = link.getresponse()
        sys.stdout.write(answer.read().decode() + "\n")
    except OSError as error:
        sys.stderr.write(
            f"no simulator listens on port {words.port}: {error} · 端口 {words.port} 上没有模拟器\n"
        )
        return 1
    finally:
        link.close()
    return 0 if answer.status == 200 else 2
