"""`gengfu sim terminals`: thousands of simulated village loudspeakers in one process. Reads options, runs the county, writes its report."""

from __future__ import annotations

import argparse
import asyncio
import csv
import ctypes
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from devices.sim_sm2 import PublicKey
from devices.sim_terminal import FAULTS
from devices.sim_town import Options, Town
from devices.terminal_files import files_for
from station.arguments import Parser, port
from station.files import write_whole
from station.words import Refused

COVERED = {"before-block": 0, "through-serial": 12}


def main(argv: list[str]) -> int:
    """Run until a signal; 0 when stopped, 2 for wrong use."""
    asked = _parser().parse_args(argv)
    if asked.parent and not _die_with(asked.parent):
        return 1
    codes = _codes(asked.registry, asked.count)
    said = files_for(len(codes))
    if said:
        raise Refused(said, f"打开文件数不足:{said}")
    verify: Callable[[bytes, bytes], bool] = _nobody
    if asked.key:
        verify = PublicKey.read(asked.key).verify
    else:
        sys.stderr.write("no --key: no signed order will be believed · 未给出公钥,不执行任何签名指令\n")
    asyncio.run(_run(asked, codes, verify))
    return 0


def _parser() -> Parser:
    made = Parser(
        prog="gengfu sim terminals",
        description="Simulated village loudspeakers that speak 0xFEFD. · 模拟 0xFEFD 村级大喇叭终端。",
    )
    made.add_argument(
        "--count", type=int, default=0, help="how many of the registry; 0: all · 终端数量,0 为全部"
    )
    made.add_argument("--host", default="127.0.0.1", help="of the station · 台站地址")
    made.add_argument("--port", type=port, required=True, help="of its terminal server · 终端服务端口")
    made.add_argument("--registry", type=Path, required=True, help="CSV: code,name,area,… · 终端登记表")
    made.add_argument("--key", type=Path, help="public SM2 key, PEM · SM2 公钥")
    made.add_argument(
        "--heartbeat", type=float, default=60.0, help="seconds between heart-beats · 心跳周期(秒)"
    )
    made.add_argument("--seed", type=int, default=1, help="of all faults · 故障随机种子")
    made.add_argument("--dead", type=_share, default=0.0, help="share that never connects, 2%% · 失联比例")
    made.add_argument("--late", type=_share, default=0.0, help="share that answers late, 5%% · 迟答比例")
    made.add_argument(
        "--fault", type=_faulty, action="append", default=[], metavar="NAME=SHARE",
        help=f"of {', '.join(FAULTS)}; may be repeated · 故障及其比例,可重复",
    )  # fmt: skip
    made.add_argument(
        "--signed", choices=sorted(COVERED), default="before-block",
        help="what signatures cover, by the station's profile · 签名覆盖范围",
    )  # fmt: skip
    made.add_argument("--report", type=Path, help="JSON file, written anew each second · 报告文件")
    made.add_argument("--parent", type=int, default=0, help="end with this process · 随此父进程退出")
    return made


def _share(text: str) -> float:
    value = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text} is no share between 0 and 100 %")
    return value


def _faulty(text: str) -> tuple[str, float]:
    name, _, share = text.partition("=")
    if name not in FAULTS:
        raise argparse.ArgumentTypeError(f"{name} is none of {', '.join(FAULTS)}")
    return name, _share(share or "100%")


def _codes(path: Path, count: int) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            codes = [row["code"].strip() for row in csv.DictReader(file)]
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise Refused(f"{path} is no terminal registry: {error}", f"{path} 不是终端登记表:{error}") from None
    if not codes or len(codes) < count:
        raise Refused(
            f"{path} has {len(codes)} terminals, asked for {count}", f"{path} 只有 {len(codes)} 个终端"
        )
    return codes[: count or None]


def _nobody(data: bytes, signature: bytes) -> bool:
    return False


def _die_with(parent: int) -> bool:
    """Be killed with the parent (PR_SET_PDEATHSIG); False when it is gone already."""
    if os.getppid() != parent:
        return False
    ctypes.CDLL(None, use_errno=True).prctl(1, signal.SIGKILL, 0, 0, 0)
    return os.getppid() == parent


async def _run(asked: argparse.Namespace, codes: list[str], verify: Callable[[bytes, bytes], bool]) -> None:
    loop = asyncio.get_running_loop()
    options = Options(
        host=asked.host,
        port=asked.port,
        heartbeat_s=asked.heartbeat,
        seed=asked.seed,
        dead=asked.dead,
        late=asked.late,
        covered=COVERED[asked.signed],
        faults=tuple(asked.fault),
    )
    town = Town(codes, verify, options, loop)
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    town.open()
    last = ""
    while not ended.is_set():
        last = _write(asked.report, town, last)
        try:
            await asyncio.wait_for(ended.wait(), 1.0)
        except TimeoutError:
            continue
    told = json.dumps(town.figures(), ensure_ascii=False)
    town.close()
    _write(asked.report, town, last)
    sys.stdout.write(told + "\n")


def _write(report: Path | None, town: Town, last: str) -> str:
    """The report, whole or not at all, when it changed."""
    text = json.dumps(town.figures(), ensure_ascii=False)
    if report is not None and text != last:
        write_whole(report, text + "\n")
    return text
