"""`gengfu sim text`: a simulated small transmitter, and a power supply, that answer lines of text, with faults on the wire, written by hand. Share nothing with the product's driver; the words of its answers are invented."""

from __future__ import annotations

import argparse
import asyncio
import random
from typing import Any

from devices.sim_modbus import Faults
from devices.sim_plant import Door, Living, Unwired, begun, ended
from station.arguments import Parser, port

LONGEST = 512  # bytes of a question
FAULTS = {
    "silent": ("never answers", "不应答"),
    "late": ("answers after 1.5 s", "1.5 秒后才应答"),
    "cut": ("answers are cut short", "应答被截断"),
    "garbage": ("answers rubbish", "应答为乱码"),
    "twice": ("answers twice", "重复应答"),
    "other": ("answers another question", "答非所问"),
    "exception": ("answers ERROR", "应答 ERROR"),
    "reboot": ("hangs up instead of answering", "不应答即断开"),
    "stuck": ("its values stay as they are", "数值不再变化"),
    "chatter": ("says something unasked before the answer", "应答前另有输出"),
}


class Transmitter(Unwired):
    """Asked `TX.PFWD` it says `TX.PFWD=98.5`, and so on; `terminal`: as to somebody who types there, it repeats the question first, and every answer ends with `>`."""

    def __init__(self, seed: int = 1, *, terminal: bool = True, wire: Faults | None = None) -> None:
        self.power = 985  # tenths of W
        self.on = True
        self.faults: dict[str, int] = {}
        self.wire = wire or Faults(seed, ())  # how often a fault strikes
        self.requests = 0
        self.written: list[Any] = []  # nothing is
        self._terminal = terminal
        self._dice = random.Random(seed)  # noqa: S311 - a simulation

    def told(self) -> dict[str, object]:
        """How it is, for who asks the simulator itself."""
        return {"power": self.power, "on": self.on}

    def struck(self) -> set[str]:
        """The faults of this answer."""
        return {one for one in self.faults if self.wire.below(100) < self.wire.share}

    def answer(self, line: bytes) -> list[tuple[float, bytes]]:
        """What is said to a line, and after how many s."""
        self.requests += 1
        word, on = line.decode("ascii", "replace").strip(), self.struck()
        whole = ("ERROR" if "exception" in on else self._said(word, on)).encode("ascii") + b"\r\n"
        if self._terminal:
            whole = word.encode("ascii", "replace") + b"\r\n" + whole + b">"
        return self._spoilt(whole, on)

    def move(self) -> None:
        """Its values as they are at the next question."""
        if "stuck" not in self.faults:
            self.power = 985 + self._dice.randrange(-9, 10)

    def _said(self, word: str, on: set[str]) -> str:
        if "other" in on:
            return f"TX.PREF={self.power // 100}.1"
        told = {
            "TX.PFWD": f"{self.power // 10}.{self.power % 10}",
            "TX.PREF": f"{self.power // 1000}.{self.power // 100 % 10}",
            "TX.VSWR": "1.22",
            "TX.PWR": "100",
            "TX.OPMODE": "ON" if self.on else "OFF",
            "TX.SBY": "OFF" if self.on else "ON",
            "TX.FAULT": "OFF",
            "TX.INTERLOCK": "OFF",
            "TX.MODE": "REMOTE",
            "TX.RFPRESENT": "ON" if self.on else "OFF",
        }
        return f"{word}={told[word]}" if word in told else "ERROR"

    def _spoilt(self, whole: bytes, on: set[str]) -> list[tuple[float, bytes]]:
        if on & {"silent", "reboot"}:
            return []
        if "garbage" in on:
            whole = bytes(self._dice.randrange(256) for _ in whole)
        if "cut" in on:
            whole = whole[: self._dice.randrange(1, len(whole))]
        if "chatter" in on:
            whole = b"FAULT: door open\r\n" + whole
        wait = 1.5 if "late" in on else 0.02
        return [(wait, whole), (wait, whole)] if "twice" in on else [(wait, whole)]


class Supply(Transmitter):
    """A power supply: asked `UPS.SOURCE`, `BAT.MINUTES`, `BAT.CHARGE`, `OUT.LOAD`."""

    def __init__(self, seed: int = 1, *, terminal: bool = True, wire: Faults | None = None) -> None:
        super().__init__(seed, terminal=terminal, wire=wire)
        self.minutes, self.charge, self.load = 60, 1000, 34  # min, tenths of a %, %

    def move(self) -> None:
        """Its load as it is at the next question."""
        if "stuck" not in self.faults:
            self.load = 34 + self._dice.randrange(-3, 4)

    def _said(self, word: str, on: set[str]) -> str:
        if "other" in on:
            return "OUT.LOAD=7"
        told = {
            "UPS.SOURCE": "MAINS" if self.on else "BATTERY",
            "BAT.MINUTES": str(self.minutes),
            "BAT.CHARGE": f"{self.charge // 10}.{self.charge % 10}",
            "OUT.LOAD": str(self.load),
        }
        return f"{word}={told[word]}" if word in told else "ERROR"


MODELS = {"supply": Supply, "transmitter": Transmitter}


def main(argv: list[str]) -> int:
    """Serve one of them until a signal."""
    told = "\n".join(f"  {key:<8} {en} · {zh}" for key, (en, zh) in FAULTS.items())
    parser = Parser(
        prog="gengfu sim text",
        description=f"A power supply or small transmitter that is asked in lines of text. · 文本协议电源或小型发射机。\n\nfaults · 故障:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, required=True, help="TCP; 0: any · TCP 端口,0 为任意")
    parser.add_argument("--model", choices=MODELS, default="supply", help="which · 型号")
    parser.add_argument(
        "--terminal",
        action="store_true",
        help='the transmitter repeats each question and ends with ">", as the supply always does · 发射机也回显并显示提示符',
    )
    parser.add_argument(
        "--control", type=port, default=None, help="port to be told faults by HTTP · 故障控制端口"
    )
    parser.add_argument("--faults", default="", help="from the start · 初始故障")
    parser.add_argument("--seed", type=int, default=1, help="of all chance · 随机种子")
    asked = parser.parse_args(argv)
    asked.pty = None
    faults = Faults(asked.seed, ())
    terminal = asked.terminal or asked.model == "supply"  # each as the shipped profile of its kind says
    supply = MODELS[asked.model](asked.seed, terminal=terminal, wire=faults)
    return begun(asked, supply, faults, FAULTS, lambda: _serve(asked, supply))


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next one; none where it is too long, or nobody is there any more."""
    try:
        return await reader.readline()
    except (ValueError, ConnectionError):
        return b""


async def _serve(asked: argparse.Namespace, supply: Transmitter) -> None:
    loop = asyncio.get_running_loop()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await _line(reader):
            supply.move()
            made = supply.answer(line)
            for wait, data in made:
                loop.call_later(wait, writer.write, data)
            if not made and "reboot" in supply.faults:
                break
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", asked.port, limit=LONGEST)
    door = Door(Living(supply, loop.time), supply, supply.wire, FAULTS)
    await ended(asked.control, server.sockets[0].getsockname()[1], door)
    server.close()


__all__ = ["FAULTS", "Supply", "Transmitter", "main"]
