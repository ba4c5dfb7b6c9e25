"""`gengfu sim loudspeaker`: one simulated terminal that hears 0xFEFD datagrams, its own or those of a group, with faults. Shares nothing with the product's codec."""

from __future__ import annotations

import argparse
import asyncio
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

from devices import sim_studio, sim_wire
from devices.sim_plant import Door, Living, begun, ended
from devices.sim_sm2 import PublicKey
from station.arguments import Parser, port
from station.clock import wall_us

DOCTOR = {**sim_studio.DOCTOR, "burnt": ("says that its amplifier is broken", "上报功放故障")}
FAULTS = ("dead", "slow", "late", "unit", "exception", "twice", "cut", "garbage", "noise")
CLOCK, RETURN, PERIOD, CODES, SWITCH, WHITE, CERTIFICATE, FAULT_QUERY, TS, RDS = range(5, 15)
FAULT, RESULT, RECORD = 0x13, 0x14, 0x15
BROKEN = 0x07  # as it numbers what its amplifier has


class Loudspeaker(sim_studio.Device):
    """It obeys each session once, only what names it and, with a key, only what is signed; what it was told last it keeps."""

    def __init__(self, code: str, key: PublicKey | None = None, seed: int = 1) -> None:
        super().__init__(seed)
        self.code, self._here, self._key = code, code, key
        self.wire.known = FAULTS  # a datagram has no pieces
        self.answers_with = 0  # the result it says
        self.reset()

    def reset(self) -> None:
        """As it was delivered."""
        self.volume, self.obeyed, self.ebm, self.begun, self.on = 80, 0, "", 0, True
        self.return_to, self.period, self.set_to = b"\x01\x0a\x01\x00\x02\x23\xf0", 60, 0
        self.phones: dict[str, int] = {}
        self.kept: dict[int, bytes] = {}  # certificate, orders for TS and RDS

    def told(self) -> dict[str, object]:
        """What it plays and what it was told."""
        kept = {f"{verb:02x}": body.hex() for verb, body in self.kept.items()}
        return {
            "code": self.code, "volume": self.volume, "playing": self.ebm, "on": self.on, "period": self.period,
            "phones": dict(self.phones), "clock": self.set_to, "kept": kept,
        }  # fmt: skip

    def heard(self, data: bytes) -> list[bytes]:
        """What it says to a datagram."""
        try:
            if sim_wire.frame_length(bytearray(data)) != len(data):
                return []
            order = sim_wire.read_order(data)
        except (sim_wire.Wrong, IndexError):
            return []
        self._here = self.code  # under which it answers, also where it gets another
        if not order.prefixes & sim_wire.prefixes_of(self.code) or order.kind != sim_wire.REQUEST:
            return []
        if order.verb in (sim_wire.QUERY, FAULT_QUERY):
            status = order.verb == sim_wire.QUERY
            body = self._status(order.body) if status else self._broken()
            return [self._say(order, sim_wire.STATUS if status else FAULT, body, sim_wire.REQUEST)]
        if self._key is not None and not (
            order.signed_at and self._key.verify(order.preimage, order.signature)
        ):
            return []
        return self._ordered(order)

    def _ordered(self, order: sim_wire.Order) -> list[bytes]:
        if "reboot" in self.faults:
            del self.faults["reboot"]
            self.reset()
            return []
        said: list[bytes] = []
        result = self.answers_with
        if self.wire.strikes("exception"):
            result = self.wire.on["exception"] or 3
        elif order.session > self.obeyed:
            self.obeyed = order.session
            try:
                said = self._obey(order) if self.count(f"{order.verb:02x}") else []
            except (sim_wire.Wrong, IndexError):
                result = 1
        text = "忙".encode() if result else b""
        return [
            self._say(
                order, order.verb, bytes([result]) + len(text).to_bytes(2, "big") + text, sim_wire.ANSWER
            ),
            *said,
        ]

    def _say(self, order: sim_wire.Order, verb: int, body: bytes, kind: int) -> bytes:
        code = "9" + self._here[1:] if self.wire.strikes("unit") else self._here
        session = order.session if kind == sim_wire.ANSWER else 1
        return sim_wire.report(
            session, kind, sim_wire.packed(code), sim_wire.packed(order.source), verb, body
        )

    # -- what it is told

    def _obey(self, order: sim_wire.Order) -> list[bytes]:
        body, ended = order.body, ""
        match order.verb:
            case sim_wire.START:
                ended, self.ebm, self.begun = (
                    self.ebm,
                    sim_wire.read_programme(body).ebm,
                    wall_us() // 1_000_000,
                )
            case sim_wire.STOP:
                ended, self.ebm = self.ebm, ""
            case sim_wire.VOLUME:
                self.volume = body[0]
            case _ if order.verb in (CLOCK, RETURN, PERIOD, CODES, SWITCH, WHITE):
                self._set(order.verb, body)
            case _:
                self.kept[order.verb] = body
        return self._ended(order, ended) if ended and ended != self.ebm else []

    def _set(self, verb: int, body: bytes) -> None:
        if verb in (CLOCK, PERIOD) and len(body) != 4:
            raise sim_wire.Wrong("size")
        if verb == CLOCK:
            self.set_to = int.from_bytes(body, "big")
        elif verb == RETURN:
            self.return_to = body
        elif verb == PERIOD:
            self.period = int.from_bytes(body, "big")
        elif verb == SWITCH:
            self.on = body[0] == 2
        elif verb == CODES:
            self.code = sim_wire.digits(body[-12:])
        else:
            phone = body[3 : 3 + body[2]].decode("ascii", "replace")
            permission = body[4 + body[2] + body[3 + body[2]]]
            self.phones.pop(phone, None)
            self.phones |= {phone: permission} if body[1] != 3 else {}

    def _ended(self, order: sim_wire.Order, ebm: str) -> list[bytes]:
        """How a broadcast ended, and its record."""
        now, text = wall_us() // 1_000_000, "已停播".encode()
        packed = sim_wire.packed(ebm)
        result = packed + b"\0" + len(text).to_bytes(2, "big") + text
        record = packed + self.begun.to_bytes(4, "big") + now.to_bytes(4, "big") + bytes([self.volume])
        return [
            self._say(order, RESULT, result, sim_wire.REQUEST), self._say(order, RECORD, record, sim_wire.REQUEST)
        ]  # fmt: skip

    # -- how it is

    def _broken(self) -> bytes:
        if "burnt" not in self.faults:
            return b"\0"
        return b"\1" + bytes([BROKEN, 1]) + (1_795_305_600).to_bytes(4, "big")

    def _status(self, wanted: bytes) -> bytes:
        rows = self._values()
        tags = [tag for tag in wanted[1:] if tag in rows] if len(wanted) > 1 else [1, 4, 6, 0x60]
        found = [bytes([tag, len(rows[tag])]) + rows[tag] for tag in tags if tag in rows]
        return b"\0\0\0" + bytes([len(found)]) + b"".join(found)

    def _values(self) -> dict[int, bytes]:
        rows = {
            0x01: bytes([self.volume]), 0x02: bytes.fromhex("0a010309 ffffff00 0a010301"), 0x03: self.return_to,
            0x04: sim_wire.packed(self.code), 0x05: bytes.fromhex("0000000007"), 0x06: b"\2" if self.ebm else b"\1",
            0x07: bytes([BROKEN if "burnt" in self.faults else 0]), 0x08: b"\x00\x14", 0x09: b"\x01\x02", 0x0A: b"\x02\x00",
            0x0B: b"\x00\x37", 0x0C: b"\x00\x00", 0x0D: b"\x00\x00", 0x0E: bytes.fromhex("00049a40 00001adb 03"),
            0x0F: bytes.fromhex("000a2c2a"), 0x10: bytes.fromhex("02 01 01 009850 02 02 010110"), 0x11: bytes.fromhex("009850"),
            0x12: b"\x01\x00\x3c", 0x55: self.period.to_bytes(4, "big"),
        }  # fmt: skip
        return rows | ({0x60: sim_wire.packed(self.ebm) + b"\1"} if self.ebm else {})


class Socket(asyncio.DatagramProtocol):
    """Where it hears."""

    def __init__(self, speakers: tuple[Loudspeaker, ...], later: Callable[..., Any]) -> None:
        self._speakers, self._later = speakers, later

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, addr: Any) -> None:
        for one in self._speakers:
            for said in one.heard(data):
                for wait, piece in sim_studio.spoilt(one.wire, said):
                    self._later(wait, self._put, piece, addr)

    def _put(self, data: bytes, addr: Any) -> None:
        if not self._transport.is_closing():
            self._transport.sendto(data, addr)


def port_of(group: str, interface: str, port: int) -> socket.socket:
    """Where one address of this machine, or a group, is heard; OSError where that cannot be."""
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        if group:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((group or interface, port))
        if group:
            how = socket.inet_aton(group) + socket.inet_aton(interface)
            made.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, how)
        made.settimeout(0)
    except OSError:
        made.close()
        raise
    return made


async def listening(
    speakers: tuple[Loudspeaker, ...], group: str = "", interface: str = "127.0.0.1", port: int = 0
) -> tuple[int, Callable[[], None]]:
    """The port at which they can be reached from now on, and how that ends."""
    loop = asyncio.get_running_loop()
    held = port_of(group, interface, port)
    made, _ = await loop.create_datagram_endpoint(lambda: Socket(speakers, loop.call_later), sock=held)
    return held.getsockname()[1], made.close


async def _serve(asked: argparse.Namespace, speaker: Loudspeaker) -> None:
    living = Living(speaker, asyncio.get_running_loop().time)
    port, close = await listening((speaker,), asked.group, asked.interface, asked.port)
    await ended(asked.control, port, Door(living, speaker, speaker.wire, DOCTOR))
    close()


def _parser() -> Parser:
    told = "\n".join(f"  {key:<10} {en} · {zh}" for key, (en, zh) in DOCTOR.items())
    made = Parser(
        prog="gengfu sim loudspeaker",
        description=f"A simulated terminal on UDP or multicast (0xFEFD). · 模拟 UDP/组播终端(0xFEFD)。\n\nfaults · 故障: {', '.join(FAULTS)};\n{told}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    made.add_argument("--port", type=port, required=True, help="UDP; 0: any · UDP 端口,0 为任意")
    made.add_argument("--code", default="63404221000000314010401", help="its resource code · 资源编码")
    made.add_argument("--group", default="", help="multicast group that it joins · 所加入的组播地址")
    made.add_argument("--interface", default="127.0.0.1", help="own address on that network · 本机地址")
    made.add_argument(
        "--key", type=Path, help="obey only what this SM2 key signed · 只执行此公钥验签通过的指令"
    )
    made.add_argument(
        "--control", type=port, default=None, help="port to be told faults by HTTP · 故障控制端口"
    )
    made.add_argument("--faults", default="", help="from the start · 初始故障")
    made.add_argument("--seed", type=int, default=1, help="of all chance · 随机种子")
    return made


def main(argv: list[str]) -> int:
    """Run until a signal."""
    asked = _parser().parse_args(argv)
    asked.pty = None
    key = None if asked.key is None else PublicKey.read(asked.key)
    speaker = Loudspeaker(asked.code, key, asked.seed)
    return begun(asked, speaker, speaker.wire, DOCTOR, lambda: _serve(asked, speaker))


__all__ = ["Loudspeaker", "listening", "main"]
