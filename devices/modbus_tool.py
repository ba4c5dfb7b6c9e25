"""`gengfu modbus read|write|scan|profile`: asks one line by hand, with the same strictness as a station. Composition only: the bus asks, this prints one JSON line an answer."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from typing import Any, Final

from twisted.internet.defer import Deferred

from devices import plant_profile
from devices.bus import Bus, Got, Lane, Unanswered
from devices.modbus import (
    EXCEPTIONS,
    MOST_COILS,
    MOST_WORDS,
    Ask,
    Read,
    WriteCoil,
    WriteCoils,
    WriteRegister,
    WriteRegisters,
    pdu,
)
from devices.plant_profile import MOST_BITS, MOST_REGISTERS, Inscription, PlantProfile
from devices.points import BIT_TABLES, Block, Point, Reading, Table, characters, quality, said, value_of
from devices.wire_words import outcome
from station.arguments import Parser, from_here
from station.clock import install, wall_us
from station.links import Link, TcpLink, parse
from station.wire import canonical
from station.words import Duration, Instant, Refused, Text

TABLES: Final[dict[int, Table]] = {1: "coil", 2: "discrete", 3: "holding", 4: "input"}
WRITES: Final = (5, 6, 15, 16)
GRACE: Final = 3.0  # s in which a line must be open
LEFT_ALONE: Final = (
    "timeout",
    "garbled",
)  # after these an answer may still come: nobody else may take it for theirs


def main(argv: list[str]) -> int:
    """0: everything was answered as asked; 1: not; 2: wrong use."""
    asked = _parser().parse_args(argv)
    try:
        link = parse(from_here(asked.link))
        asks = list(_asks(asked, link))
    except Refused as refused:
        sys.stderr.write(f"gengfu modbus: {refused.text.en}\n{refused.text.zh}\n")
        return 2
    profile = plant_profile.load(asked.profile) if asked.verb == "profile" else None
    return run(link, asks, asked.timeout, every=asked.verb != "scan", profile=profile)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="gengfu modbus",
        description="read and write Modbus devices by hand; one line of JSON an answer; exit code 0 answered, 1 not, 2 wrong use · 手动读写 Modbus 设备,每个应答一行 JSON",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=Parser)
    read = verbs.add_parser("read", help="read registers or bits · 读寄存器或位")
    write = verbs.add_parser("write", help="write registers or coils; say exactly what · 写寄存器或线圈")
    scan = verbs.add_parser(
        "scan", help="which units answer, or which addresses of one · 扫描应答的单元或某单元的地址"
    )
    whole = verbs.add_parser("profile", help="read all that a device profile names · 按设备配置读取全部点")
    for verb in (read, write, scan, whole):
        verb.add_argument(
            "--link", required=True, metavar="LINK",
            help="tcp:HOST:PORT, rtu:/dev/PORT:9600:8N1[:rs485] or rtu-tcp:HOST:PORT · 线路",
        )  # fmt: skip
        verb.add_argument("--timeout", type=_seconds, default=1.0, help="s · 超时(秒)")
    for verb in (read, write, scan):
        verb.add_argument("--address", type=_number, default=0, help="from 0; 0x10 too · 起始地址(从 0 起)")
    for verb in (read, write, whole):
        verb.add_argument("--unit", type=_number, default=1, help="unit identifier · 单元号")
    for verb in (read, scan):
        verb.add_argument("--fc", type=int, choices=TABLES, default=3, help="function · 功能码")
        verb.add_argument("--count", type=_number, default=1, help="how many · 数量")
    write.add_argument("--fc", type=int, choices=WRITES, required=True, help="function · 功能码")
    write.add_argument("values", type=_number, nargs="+", metavar="VALUE", help="what to write · 写入值")
    scan.add_argument(
        "--units",
        default="1-247",
        metavar="N-M",
        help="units to ask, or one unit whose addresses to ask · 单元范围",
    )
    whole.add_argument("profile", help="shipped name, or a file that ends with .toml · 配置名称或文件")
    return parser


def _number(text: str) -> int:
    return int(text, 0)


def _seconds(text: str) -> float:
    value = float(text)
    if not 0.01 <= value <= 60:
        raise ValueError(text)
    return value


_number.__name__, _seconds.__name__ = "number", "time from 0.01 to 60 s"


# -- what is asked ----------------------------------------------------------------------------------


def _asks(asked: argparse.Namespace, link: Link) -> Iterator[Ask]:
    made = {"read": _read, "write": _write, "scan": _scan, "profile": _profile}[asked.verb]
    for ask in made(asked):
        least = 0 if isinstance(link, TcpLink) else 1
        if not least <= ask.unit <= 255:
            raise _cannot(f"unit {ask.unit} cannot be asked here", f"此线路不能询问单元 {ask.unit}")
        if not 0 <= ask.address <= 0xFFFF:
            raise _cannot(
                f"address {ask.address} is not from 0 to 65535", f"地址 {ask.address} 不在 0 至 65535 之间"
            )
        if isinstance(ask, Read):
            _countable(ask)
        yield ask


def _cannot(en: str, zh: str) -> Refused:
    return Refused(en, zh, code="ask")


def _countable(ask: Read) -> None:
    """Refused where one answer cannot hold so much."""
    bits = ask.table in BIT_TABLES
    most = MOST_BITS if bits else MOST_REGISTERS
    if not 1 <= ask.count <= most:
        raise _cannot(
            f"one read gets 1 to {most} {'bits' if bits else 'registers'}, not {ask.count}",
            f"一次可读 1 至 {most} 个{'位' if bits else '寄存器'},不能读 {ask.count} 个",
        )


def _read(asked: argparse.Namespace) -> Iterator[Ask]:
    yield Read(unit=asked.unit, table=TABLES[asked.fc], address=asked.address, count=asked.count)


def _write(asked: argparse.Namespace) -> Iterator[Ask]:
    unit, address, values = asked.unit, asked.address, tuple(asked.values)
    if asked.fc in (5, 6) and len(values) != 1:
        raise _cannot(f"function {asked.fc} writes one value", f"功能码 {asked.fc} 只写一个值")
    if asked.fc in (5, 15) and not set(values) <= {0, 1}:
        raise _cannot("a coil is 0 or 1", "线圈的值为 0 或 1")
    if not all(0 <= value <= 0xFFFF for value in values):
        raise _cannot("a register is from 0 to 65535", "寄存器的值应在 0 至 65535 之间")
    most = MOST_COILS if asked.fc == 15 else MOST_WORDS
    if len(values) > most:
        raise _cannot(
            f"one write sets at most {most}, not {len(values)}",
            f"一次最多写 {most} 个,不能写 {len(values)} 个",
        )
    if asked.fc == 5:
        yield WriteCoil(unit=unit, address=address, on=bool(values[0]))
    elif asked.fc == 6:
        yield WriteRegister(unit=unit, address=address, value=values[0])
    elif asked.fc == 15:
        yield WriteCoils(unit=unit, address=address, bits=values)
    else:
        yield WriteRegisters(unit=unit, address=address, words=values)


def _scan(asked: argparse.Namespace) -> Iterator[Ask]:
    """One value of each unit; of one unit alone, `count` addresses one by one."""
    first, _, last = asked.units.partition("-")
    try:
        units = range(int(first), int(last or first) + 1)
    except ValueError:
        units = range(0)
    if not units or not 0 <= units[0] <= units[-1] <= 255:
        raise _cannot(f"--units {asked.units} are no units", f"--units {asked.units} 不是单元范围")
    if not 1 <= asked.count <= 65_536 - asked.address or (len(units) > 1 and asked.count != 1):
        raise _cannot(
            "--count goes with one unit and must end within its addresses",
            "--count 只用于单个单元,且不得超出地址范围",
        )
    for unit in units:
        for address in range(asked.address, asked.address + asked.count):
            yield Read(unit=unit, table=TABLES[asked.fc], address=address, count=1)


def _profile(asked: argparse.Namespace) -> Iterator[Ask]:
    profile = plant_profile.load(asked.profile)
    if profile.protocol != "modbus":
        raise _cannot(
            f"profile {asked.profile} is asked over {profile.protocol}, not Modbus",
            f"设备配置 {asked.profile} 使用 {profile.protocol} 协议,不是 Modbus",
        )
    for block in blocks_of(profile):
        yield Read(unit=asked.unit, table=block.table, address=block.address, count=block.count)


def blocks_of(profile: PlantProfile) -> tuple[Block, ...]:
    """What is read for a profile, in order: who it is first, its texts last."""
    named = profile.identity
    who = [_bare(named.table, named.address, len(named.values))] if named.values else []
    texts = [_bare(text.table, text.address, text.length) for text in profile.texts]
    return (*who, *profile.group("fast"), *profile.group("slow"), *texts)


def _bare(table: Table, address: int, count: int) -> Block:
    return Block(table=table, address=address, count=count, points=())


def _explain(profile: PlantProfile, at: int, words: tuple[int, ...]) -> dict[str, object]:
    """The points or the text of one read, as people read it; of the first, whether it is the device meant."""
    blocks = blocks_of(profile)
    block, text = blocks[at], at - len(blocks) + len(profile.texts)
    if text >= 0:
        found: Inscription = profile.texts[text]
        return {"texts": {found.id: characters(words)}}
    if not block.points:
        return {
            "identity": "as the profile says" if words == tuple(profile.identity.values) else "another device"
        }
    return {"points": {point.id: _shown(point, value_of(point, block, words)) for point in block.points}}


def _shown(point: Point, value: int | None) -> dict[str, object]:
    if value is None:
        return {"text": "no number"}
    reading = Reading(value=value, at=Instant(0))
    return {"text": said(point, value).en, "quality": quality(point, reading, Instant(0), Duration(1))}


# -- asking -----------------------------------------------------------------------------------------


def run(
    link: Link,
    asks: list[Ask],
    timeout: float,
    *,
    every: bool,
    profile: PlantProfile | None = None,
) -> int:
    """Ask one after the other in a reactor of our own. `every`: each must be answered; else one is enough."""
    reactor = install("epoll")
    asking = Asking(reactor, link, asks, timeout, every=every, done=reactor.stop, profile=profile)
    reactor.callWhenRunning(asking.start)
    reactor.run()
    return asking.code


class Asking:
    """The questions of one command; `code` once `done` was called."""

    def __init__(
        self,
        reactor: Any,
        link: Link,
        asks: list[Ask],
        timeout: float,
        *,
        every: bool,
        done: Callable[[], None],
        profile: PlantProfile | None = None,
    ) -> None:
        self._reactor, self._link, self._asks, self._timeout = reactor, link, asks, timeout
        self._every, self._done, self._profile = every, done, profile
        self._bus: Bus[Ask, tuple[int, ...]] = Bus(reactor, link, lambda: Instant(wall_us()))
        self._answered = self._at = 0
        self.code = 1

    def start(self) -> None:
        """Open the line."""
        self._bus.start()
        self._wait(self._reactor.seconds() + GRACE)

    def _wait(self, until: float) -> None:
        if self._bus.up:
            self._next()
        elif self._reactor.seconds() < until:
            self._reactor.callLater(0.01, self._wait, until)
        else:
            why = self._bus.why or "no answer to the connection"
            self._say({"error": "link", "detail": why, **outcome("link", str(self._link), why=why)})
            self._end()

    def _next(self) -> None:
        if self._at == len(self._asks):
            self.code = 0 if self._answered and (self._answered == self._at or not self._every) else 1
            self._end()
            return
        self._began = self._reactor.seconds()
        made: Deferred[Got[tuple[int, ...]]] = self._bus.ask(
            self._asks[self._at], Lane.ORDER, timeout=self._timeout
        )
        made.addCallbacks(self._good, self._bad).addCallback(self._after)

    def _after(self, pause: float) -> None:
        self._at += 1
        self._reactor.callLater(pause, self._wait, self._reactor.seconds() + GRACE)

    def _good(self, got: Got[tuple[int, ...]]) -> float:
        self._answered += 1
        told: dict[str, object] = {"values": list(got.words), "ms": self._ms()}
        if self._profile is not None:
            told |= _explain(self._profile, self._at, got.words)
            self._answered -= told.get("identity") == "another device"
        self._tell(told)
        return 0.0

    def _ms(self) -> int:
        return int(1000 * (self._reactor.seconds() - self._began))

    def _bad(self, failure: Any) -> float:
        failure.trap(Unanswered)
        trouble: Unanswered = failure.value
        said: dict[str, object] = {"error": trouble.trouble}
        if trouble.code:
            said |= {"code": trouble.code, "detail": EXCEPTIONS.get(trouble.code, "unknown")}
        elif trouble.detail:
            said["detail"] = trouble.detail
        unit = self._asks[self._at].unit
        where = Text(f"unit {unit} at {self._link}", f"{self._link} 的单元 {unit}")
        span = self._ms() / 1000 if trouble.trouble == "timeout" else 0.0
        said |= outcome(trouble.trouble, where, why=str(said.get("detail", "")), seconds=span)
        self._answered += (
            trouble.trouble == "exception" and not self._every
        )  # in a scan it shows who is there
        if self._every or trouble.trouble != "timeout":
            self._tell(said)
        last = self._at == len(self._asks) - 1
        return self._bus.late if last and trouble.trouble in LEFT_ALONE else 0.0

    def _tell(self, said: dict[str, object]) -> None:
        ask = self._asks[self._at]
        self._say({"unit": ask.unit, "fc": pdu(ask)[0], "address": ask.address, **said})

    def _say(self, said: dict[str, object]) -> None:
        sys.stdout.write(canonical({"link": str(self._link), **said}) + "\n")
        sys.stdout.flush()

    def _end(self) -> None:
        self._bus.stop()
        self._done()


__all__ = ["Asking", "main", "run"]
