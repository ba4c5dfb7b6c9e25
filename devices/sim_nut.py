"""`gengfu sim nut`: a small upsd with one power supply and faults on the wire, written by hand from the protocol's pages. Shares nothing with the product's codec."""

from __future__ import annotations

import argparse
import asyncio
import random
from collections.abc import Mapping
from typing import Any

from devices.sim_modbus import Faults
from devices.sim_plant import Door, Living, Unwired, begun, ended
from station.arguments import Parser, port

VALUES = {
    "ups.status": "OL",
    "ups.model": 'Simulated "S"\\1000',
    "battery.charge": "100",
    "battery.runtime": "3600",
    "input.voltage": "228.4",
    "ups.load": "34",
}
LATE = 2.0  # s
FAULTS = {
    "silent": ("never answers", "不应答"),
    "cut": ("hangs up in the middle of the list", "列表未完即断开"),
    "garbage": ("answers rubbish", "应答乱码"),
    "other": ("answers for another power supply", "应答另一台电源"),
    "stale": ("says that its data are stale", "称数据已过期"),
    "twice": ("answers twice", "重复应答"),
    "late": ("answers after 2 s", "2 秒后才应答"),
    "reboot": ("hangs up instead of answering", "不应答即断开"),
    "stuck": ("its values stay as they are", "数值不再变化"),
}


def quoted(value: str) -> str:
    """A value as it stands on the wire."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


class Supply(Unwired):
    """Its values, which move a little at each question unless they are stuck."""

    def __init__(self, seed: int = 1) -> None:
        self._dice = random.Random(seed)  # noqa: S311 - a simulation
        self.faults: dict[str, int] = {}
        self.values = dict(VALUES)
        self.requests = 0
        self.written: list[Any] = []  # nothing is

    def told(self) -> dict[str, object]:
        """How it is, for who asks the simulator itself."""
        return {"variables": dict(self.values)}

    def struck(self, faults: Faults) -> str:
        """The fault of this answer, if any; `faults` says how often."""
        on = [one for one in self.faults if one != "stuck" and faults.below(100) < faults.share]
        return on[0] if on else ""

    def move(self) -> None:
        """As they are at the next question."""
        self.requests += 1
        if "stuck" not in self.faults:
            volts = 2284 + self._dice.randrange(-20, 21)
            load = 34 + self._dice.randrange(-3, 4)
            self.values |= {"input.voltage": f"{volts // 10}.{volts % 10}", "ups.load": str(load)}

    def rubbish(self) -> bytes:
        """No list."""
        return bytes(self._dice.randrange(256) for _ in range(40)) + b"\n"


def answer(line: str, name: str, fault: str = "", supply: Supply | None = None) -> bytes | None:
    """What is said to a line; None for nothing."""
    values: Mapping[str, str] = VALUES if supply is None else supply.values
    words = line.split()
    if fault in ("silent", "reboot"):
        return None
    if fault == "garbage":
        return b"\xff\xfe\x00 what?\n" if supply is None else supply.rubbish()
    if words[:2] != ["LIST", "VAR"] or len(words) != 3:
        return b"ERR UNKNOWN-COMMAND\n"
    if fault == "stale" or words[2] != name:
        return b"ERR DATA-STALE\n" if fault == "stale" else b"ERR UNKNOWN-UPS\n"
    shown = name + "2" if fault == "other" else name
    rows = [f"VAR {shown} {key} {quoted(value)}" for key, value in values.items()]
    whole = "\n".join([f"BEGIN LIST VAR {shown}", *rows, f"END LIST VAR {shown}", ""]).encode()
    if fault == "cut":
        return whole[: len(whole) // 2]
    return 2 * whole if fault == "twice" else whole


def main(argv: list[str]) -> int:
    """Serve until a signal."""
    told = "\n".join(f"  {key:<8} {en} · {zh}" for key, (en, zh) in FAULTS.items())
    parser = Parser(
        prog="gengfu sim nut",
        description=f"A simulated UPS server (NUT). · 模拟 NUT 服务器。\n\nfaults · 故障:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, required=True, help="TCP; 0: any · TCP 端口,0 为任意")
    parser.add_argument("--ups", default="ups1", help="its name · 电源名称")
    parser.add_argument(
        "--control", type=port, default=None, help="port to be told faults by HTTP · 故障控制端口"
    )
    parser.add_argument("--faults", default="", help="from the start · 初始故障")
    parser.add_argument("--seed", type=int, default=1, help="of all chance · 随机种子")
    asked = parser.parse_args(argv)
    asked.pty = None
    supply, faults = Supply(asked.seed), Faults(asked.seed, ())
    return begun(asked, supply, faults, FAULTS, lambda: _serve(asked, supply, faults))


async def _line(reader: asyncio.StreamReader) -> bytes:
    """The next one; none where it is too long, or nobody is there any more."""
    try:
        return await reader.readline()
    except (ValueError, ConnectionError):
        return b""


async def _serve(asked: argparse.Namespace, supply: Supply, faults: Faults) -> None:
    async def served(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await _line(reader):
            fault = supply.struck(faults)
            await asyncio.sleep(LATE if fault == "late" else 0)
            supply.move()
            made = answer(line.decode("utf-8", "replace").strip(), asked.ups, fault, supply)
            if made is not None:
                writer.write(made)
            if fault in ("cut", "reboot"):
                break
        writer.close()

    server = await asyncio.start_server(served, "127.0.0.1", asked.port, limit=4096)
    living = Living(supply, asyncio.get_running_loop().time)
    await ended(asked.control, server.sockets[0].getsockname()[1], Door(living, supply, faults, FAULTS))
    server.close()
