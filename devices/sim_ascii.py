"""`gengfu sim text`: a simulated small transmitter, and a power supply, that answer lines of text, with faults on the wire, written by hand. Share nothing with the product's driver; the words of its answers are invented."""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import signal
import sys

from station import children
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


class Transmitter:
    """Asked `TX.PFWD` it says `TX.PFWD=98.5`, and so on; every answer ends with CR LF and `>`."""

    def __init__(self, seed: int = 1) -> None:
        self.power = 985  # tenths of W
        self.on = True
        self.faults: set[str] = set()
        self._dice = random.Random(seed)  # noqa: S311 - a simulation

    def answer(self, line: bytes) -> list[tuple[float, bytes]]:
        """What is said to a line, and after how many s."""
        word = line.decode("ascii", "replace").strip()
        said = "ERROR" if "exception" in self.faults else self._said(word)
        whole = word.encode("ascii", "replace") + b"\r\n" + said.encode("ascii") + b"\r\n>"
        return self._spoilt(whole)

    def move(self) -> None:
        """Its values as they are at the next question."""
        if "stuck" not in self.faults:
            self.power = 985 + self._dice.randrange(-9, 10)

    def _said(self, word: str) -> str:
        if "other" in self.faults:
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

    def _spoilt(self, whole: bytes) -> list[tuple[float, bytes]]:
        if self.faults & {"silent", "reboot"}:
            return []
        if "garbage" in self.faults:
            whole = bytes(self._dice.randrange(256) for _ in whole)
        if "cut" in self.faults:
            whole = whole[: self._dice.randrange(1, len(whole))]
        if "chatter" in self.faults:
            whole = b"FAULT: door open\r\n" + whole
        wait = 1.5 if "late" in self.faults else 0.02
        return [(wait, whole), (wait, whole)] if "twice" in self.faults else [(wait, whole)]


class Supply(Transmitter):
    """A power supply: asked `UPS.SOURCE`, `BAT.MINUTES`, `BAT.CHARGE`, `OUT.LOAD`."""

    def __init__(self, seed: int = 1) -> None:
        super().__init__(seed)
        self.minutes, self.charge, self.load = 60, 1000, 34  # min, tenths of a %, %

    def move(self) -> None:
        """Its load as it is at the next question."""
        if "stuck" not in self.faults:
            self.load = 34 + self._dice.randrange(-3, 4)

    def _said(self, word: str) -> str:
        if "other" in self.faults:
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
    parser.add_argument("--fault", choices=FAULTS, default="", help="from the start · 初始故障")
    parser.add_argument("--seed", type=int, default=1, help="of all chance · 随机种子")
    asked = parser.parse_args(argv)
    if os.environ.get(children.PARENT):
        children.die_with_parent()
    supply = MODELS[asked.model](asked.seed)
    supply.faults = {asked.fault} if asked.fault else set()
    try:
        asyncio.run(_serve(asked.port, supply))
    except OSError as error:
        sys.stderr.write(f"port {asked.port} cannot be used: {error.strerror} · 端口 {asked.port} 无法使用\n")
        return 1
    return 0


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next one; none where it is too long, or nobody is there any more."""
    try:
        return await reader.readline()
    except (ValueError, ConnectionError):
        return b""


async def _serve(port: int, supply: Transmitter) -> None:
    loop = asyncio.get_running_loop()

    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await _line(reader):
            supply.move()
            for wait, data in supply.answer(line):
                loop.call_later(wait, writer.write, data)
            if "reboot" in supply.faults:
                break
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", port, limit=LONGEST)
    sys.stdout.write(f"listening on port {server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    server.close()


__all__ = ["FAULTS", "Supply", "Transmitter", "main"]
