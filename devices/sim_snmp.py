"""`gengfu sim snmp`: a power supply that speaks RFC 1628 over SNMP v2c, with faults on the wire, its BER written by hand. Shares nothing with the product's codec."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from devices import sim_plant
from devices.sim_modbus import Faults
from devices.sim_ups import DOCTOR, Ups
from station import children
from station.arguments import Parser, port

UPS = (1, 3, 6, 1, 2, 1, 33, 1)
SYSTEM = (1, 3, 6, 1, 2, 1, 1)
INTEGER, OCTETS, NULL, OID, SEQUENCE, TICKS, GAUGE = 0x02, 0x04, 0x05, 0x06, 0x30, 0x43, 0x42
NO_INSTANCE, END = 0x81, 0x82
GET, NEXT, RESPONSE, SET, BULK, TRAP = 0xA0, 0xA1, 0xA2, 0xA3, 0xA5, 0xA7
NOT_WRITABLE, GEN_ERR = 17, 5
LATE = 1.5  # s
WIRE: sim_plant.Doctor = {
    "silent": ("takes requests, never answers", "收到请求但不应答"),
    "late": ("answers after VALUE ms (default 1500)", "延迟 VALUE 毫秒应答(默认 1500)"),
    "number": ("answers with another request id", "应答的请求号不符"),
    "community": ("answers with another community", "应答的团体名不符"),
    "other": ("answers with other objects", "应答为其他对象"),
    "short": ("answers with one object too few", "应答少一个对象"),
    "error": ("answers genErr", "应答 genErr"),
    "missing": ("has none of the objects", "称无此对象"),
    "garbage": ("answers rubbish", "应答为乱码"),
    "cut": ("answers are cut short", "应答被截断"),
    "twice": ("answers twice", "重复应答"),
    "elsewhere": ("answers from another port", "从其他端口应答"),
    "reboot": ("does not answer, its up-time begins anew", "不应答,运行时间归零"),
    "stuck": ("its values stay as they are", "数值不再变化"),
}


DOCTORED: sim_plant.Doctor = {**DOCTOR, **WIRE}


class Request(NamedTuple):
    """What was asked."""

    community: bytes
    kind: int
    number: bytes
    rows: list[tuple[tuple[int, ...], bytes]]  # object, value as it stood


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element."""
    body = b"".join(parts)
    if len(body) < 128:
        return bytes([tag, len(body)]) + body
    size = len(body).to_bytes(2, "big")
    return bytes([tag, 0x82]) + size + body


def whole(tag: int, value: int) -> bytes:
    """A whole number, as few bytes as it needs."""
    size = 1
    while not -(1 << 8 * size - 1) <= value < 1 << 8 * size - 1:
        size += 1
    return tlv(tag, value.to_bytes(size, "big", signed=True))


def name(arcs: tuple[int, ...]) -> bytes:
    """An object's name."""
    body = bytearray([40 * arcs[0] + arcs[1]])
    for arc in arcs[2:]:
        seven = [arc & 0x7F]
        while arc := arc >> 7:
            seven.append(arc & 0x7F | 0x80)
        body += bytes(reversed(seven))
    return tlv(OID, bytes(body))


def named(body: bytes) -> tuple[int, ...]:
    """The numbers of a name."""
    arcs, value = [*divmod(body[0], 40)], 0
    for octet in body[1:]:
        value = value << 7 | octet & 0x7F
        if not octet & 0x80:
            arcs.append(value)
            value = 0
    return tuple(arcs)


def parts(data: bytes) -> list[tuple[int, bytes]]:
    """The elements that fill these bytes; IndexError or ValueError where they do not."""
    made = []
    while data:
        tag, size, at = data[0], data[1], 2
        if size & 0x80:
            at += size & 0x7F
            size = int.from_bytes(data[2:at], "big")
        if len(data) < at + size:
            raise ValueError(data)
        made.append((tag, data[at : at + size]))
        data = data[at + size :]
    return made


def understood(data: bytes) -> Request | None:
    """A request of v2c; None for anything else."""
    try:
        ((_, message),) = parts(data)
        (_, version), (_, community), (kind, pdu) = parts(message)
        (_, number), _, _, (_, rows) = parts(pdu)
        asked = [parts(row) for _, row in parts(rows)]
        held = [(named(row[0][1]), tlv(row[1][0], row[1][1])) for row in asked]
    except (ValueError, IndexError):
        return None
    return Request(community, kind, number, held) if version == b"\1" else None


class Agent:
    """Answers requests about a power supply; it believes nobody who does not know the community."""

    def __init__(self, model: Ups, living: sim_plant.Living, faults: Faults, community: bytes) -> None:
        """`faults` says how often those of the wire strike; which are on, the model holds with its own."""
        self._model, self._living, self._faults, self._community = model, living, faults, community
        self.requests = 0
        self.written: list[Any] = []
        self._stuck: dict[tuple[int, ...], bytes] | None = None

    def objects(self) -> dict[tuple[int, ...], bytes]:
        """Everything it has, as it stands on the wire."""
        stuck = "stuck" in self._model.faults
        if stuck and self._stuck is not None:
            return self._stuck
        made = self._now()
        self._stuck = made if stuck else None
        return made

    def _struck(self) -> str:
        on = [one for one in WIRE if one in self._model.faults and one != "stuck"]
        return next((one for one in on if self._faults.below(100) < self._faults.share), "")

    def _now(self) -> dict[tuple[int, ...], bytes]:
        ups: Any = self._living.live()
        reg, bad = ups.registers(4), "battery" in ups.faults
        low = ups.charge < 0.2
        source = 5 if ups.on_battery else 4 if "overload" in ups.faults else 3
        rows: dict[tuple[int, ...], int] = {
            (2, 1, 0): 4 if not ups.charge else 3 if low else 2,
            (2, 2, 0): 60 if ups.on_battery else 0,
            (2, 3, 0): reg[15],
            (2, 4, 0): reg[14] // 10,
            (2, 5, 0): reg[16],
            (2, 7, 0): round(ups.warm),
            (3, 3, 1, 2, 1): reg[11] // 10,
            (3, 3, 1, 3, 1): reg[10] // 10,
            (4, 1, 0): source,
            (4, 2, 0): 500,
            (4, 4, 1, 2, 1): reg[12] // 10,
            (4, 4, 1, 5, 1): reg[13] // 10,
        }
        held = {UPS + arcs: whole(INTEGER, value) for arcs, value in rows.items()}
        held[(*UPS, 6, 1, 0)] = whole(GAUGE, int(bad) + int("overload" in ups.faults))
        held[(*UPS, 1, 1, 0)] = tlv(OCTETS, "演示 Simulated".encode())
        held[(*SYSTEM, 2, 0)] = name((1, 3, 6, 1, 4, 1, 99_999, 1))
        held[(*SYSTEM, 3, 0)] = whole(TICKS, 100 * self.requests)
        return held

    def answers(self, data: bytes) -> list[tuple[float, bytes, bool]]:
        """(after so many s, datagram, from another port) for a datagram."""
        asked = understood(data)
        if asked is None or asked.community != self._community:
            return []
        self.requests += 1
        fault = self._struck()
        if fault == "reboot":
            self.requests = 0
            return []
        rows, error = self._rows(asked, fault)
        return _spoilt(asked, rows, error, fault, self._model.faults.get("late") or 1000 * LATE)

    def _rows(self, asked: Request, fault: str) -> tuple[list[bytes], int]:
        held = self.objects()
        order = sorted(held)
        rows = []
        for arcs, value in asked.rows:
            if asked.kind == SET:
                self.written.append([".".join(map(str, arcs)), value.hex()])
                return [tlv(SEQUENCE, name(one), said) for one, said in asked.rows], NOT_WRITABLE
            if asked.kind == NEXT:
                after = next((one for one in order if one > arcs), None)
                found = tlv(END) if after is None else held[after]
                rows.append(tlv(SEQUENCE, name(after or arcs), found))
            else:
                found = tlv(NO_INSTANCE) if fault == "missing" else held.get(arcs, tlv(NO_INSTANCE))
                rows.append(tlv(SEQUENCE, name(arcs), found))
        return rows, 0


def _spoilt(
    asked: Request, rows: list[bytes], error: int, fault: str, late: float
) -> list[tuple[float, bytes, bool]]:
    if fault == "silent":
        return []
    number = (
        whole(INTEGER, int.from_bytes(asked.number, "big") + 1)
        if fault == "number"
        else tlv(INTEGER, asked.number)
    )
    if fault == "other":
        rows = [tlv(SEQUENCE, name((*SYSTEM, 5, 0)), whole(INTEGER, 7)) for _ in rows]
    rows = rows[:-1] if fault == "short" else rows
    error = GEN_ERR if fault == "error" else error
    status = whole(INTEGER, error), whole(INTEGER, int(bool(error)))
    community = asked.community + b"x" if fault == "community" else asked.community
    pdu = tlv(RESPONSE, number, *status, tlv(SEQUENCE, *rows))
    data = tlv(SEQUENCE, whole(INTEGER, 1), tlv(OCTETS, community), pdu)
    if fault == "garbage":
        data = bytes(octet ^ 0x5A for octet in data)
    if fault == "cut":
        data = data[: len(data) // 2]
    wait = late / 1000 if fault == "late" else 0.0
    return [(wait, data, fault == "elsewhere")] * (2 if fault == "twice" else 1)


def trap(community: bytes, uptime: int, what: tuple[int, ...], rows: list[bytes]) -> bytes:
    """A notification of v2c."""
    first = tlv(SEQUENCE, name((*SYSTEM, 3, 0)), whole(TICKS, uptime))
    second = tlv(SEQUENCE, name((1, 3, 6, 1, 6, 3, 1, 1, 4, 1, 0)), name(what))
    zero = whole(INTEGER, 0)
    pdu = tlv(TRAP, whole(INTEGER, uptime + 1), zero, zero, tlv(SEQUENCE, first, second, *rows))
    return tlv(SEQUENCE, whole(INTEGER, 1), tlv(OCTETS, community), pdu)


class Wire(asyncio.DatagramProtocol):
    """The agent's socket."""

    def __init__(self, agent: Agent, later: Callable[..., Any]) -> None:
        self._agent, self._later = agent, later
        self.other: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for wait, answer, elsewhere in self._agent.answers(data):
            self._later(wait, self._put, answer, addr, elsewhere)

    def _put(self, data: bytes, addr: Any, elsewhere: bool) -> None:
        (self.other if elsewhere and self.other is not None else self._transport).sendto(data, addr)


def main(argv: list[str]) -> int:
    """Serve until a signal."""
    asked = _parser().parse_args(argv)
    if os.environ.get(children.PARENT):
        children.die_with_parent()
    model, faults = Ups(minutes=asked.minutes, seed=asked.seed), Faults(asked.seed, ())
    unknown = sim_plant.obey(asked.faults, model, faults, DOCTORED)
    if unknown:
        sys.stderr.write(f"no such fault: {unknown} · 没有此故障:{unknown}\n")
        return 2
    try:
        asyncio.run(_serve(asked, model, faults))
    except OSError as error:
        sys.stderr.write(f"port {asked.port} cannot be used: {error.strerror} · 端口 {asked.port} 无法使用\n")
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    told = "\n".join(f"  {key:<10} {en} · {zh}" for key, (en, zh) in DOCTORED.items())
    parser = Parser(
        prog="gengfu sim snmp",
        description=f"A power supply over SNMP (RFC 1628, v2c). · SNMP 不间断电源(RFC 1628,v2c)。\n\nfaults · 故障:\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--port", type=port, required=True, help="UDP; 0: any · UDP 端口,0 为任意")
    parser.add_argument(
        "--control", type=port, default=None, help="port to be told faults by HTTP · 故障控制端口"
    )
    parser.add_argument("--community", default="public", help="its word · 团体名")
    parser.add_argument("--minutes", type=float, default=60.0, help="a full battery lasts · 满电续航(分钟)")
    parser.add_argument("--faults", default="", help="from the start · 初始故障")
    parser.add_argument("--seed", type=int, default=1, help="of all chance · 随机种子")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast its time runs · 时间倍率")
    return parser


async def _serve(asked: argparse.Namespace, model: Ups, faults: Faults) -> None:
    loop = asyncio.get_running_loop()
    living = sim_plant.Living(model, loop.time, asked.speed)
    agent = Agent(model, living, faults, asked.community.encode())
    wire = Wire(agent, loop.call_later)
    here, _ = await loop.create_datagram_endpoint(lambda: wire, ("127.0.0.1", asked.port))
    wire.other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ("127.0.0.1", 0))
    if asked.control is not None:
        door = sim_plant.Door(living, agent, faults, DOCTORED)
        control = await asyncio.start_server(door.served, "127.0.0.1", asked.control, limit=sim_plant.LONGEST)
        sys.stdout.write(f"faults on port {control.sockets[0].getsockname()[1]}\n")
    sys.stdout.write(f"listening on port {here.get_extra_info('sockname')[1]}\n")
    sys.stdout.flush()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    await ended.wait()
    here.close()


__all__ = ["Agent", "main", "trap"]
