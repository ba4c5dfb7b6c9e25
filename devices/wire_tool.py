"""`gengfu wire WIRE VERB`: wires of studio, clock and modem by hand, with the same strictness as a station. Composition only: a face says what is asked, a turn judges, this owns port and time and prints one JSON line an answer."""

from __future__ import annotations

import argparse
import importlib
import re
import select
import socket
import string
import sys
from typing import Any, Final, Protocol

from devices.datagram_port import DatagramPort, UdpLink, udp_of
from devices.serial_port import held
from devices.turns import (
    Answered,
    Declined,
    Garbled,
    Heard,
    Pace,
    Reply,
    Silent,
    Stray,
    Told,
    Turn,
    Wire,
)
from devices.wire_face import Face, Listen, Script, Signing, cannot, plain
from devices.wire_words import detail_zh, outcome, system, wrong_zh
from station.arguments import Parser, from_here
from station.clock import monotonic_ns, wall_us
from station.links import SerialLink, TcpLink
from station.links import parse as parse_link
from station.wire import canonical
from station.words import Misheard, Refused, Text

WIRES: Final = (
    "uecp", "sms", "nmea", "videohub", "amcp", "swp08", "vdcp", "sony9", "front", "mqtt", "fefd", "line",
    "tunan",
)  # fmt: skip
CONNECT_WITHIN: Final = 3.0  # s
MOST_TOLD: Final = 1000  # things that came by themselves, kept for a script
_SHORT: Final = re.compile(r"serial:(/[^\s\0]+?)\Z")
_SET: Final = re.compile(r":[0-9]+:[78][NEO][12](:rs485)?\Z")


def main(argv: list[str], signing: Signing | None = None) -> int:
    """0: everything was answered as asked and holds; 1: not; 2: wrong use. `signing` serves wires whose frames are signed."""
    faces = {name: _face(name) for name in WIRES if not argv or argv[0] not in WIRES or argv[0] == name}
    asked, left = _parser(faces).parse_known_args(argv)
    if left:
        asked.parser.error(f"unrecognized arguments: {' '.join(left)}")
    asked.signing = signing
    face = faces[asked.wire]
    try:
        if asked.verb == "decode":
            return _decode(face, asked)
        verb = next(verb for verb in face.verbs if verb.name == asked.verb)
        link = udp_of(asked.link) if face.datagrams else link_of(asked.link, face.serial)
        wire, script = face.wire(asked), verb.script(asked)
        first = next(script)
        if not isinstance(first, Listen):
            _said(face.wire(asked), first)  # before anything is opened
    except Refused as refused:
        sys.stderr.write(f"gengfu wire: {refused.text.en}\n{refused.text.zh}\n")
        return 2
    pace = face.pace if asked.timeout is None else _paced(face.pace, asked.timeout)
    try:
        port = _opened(link, asked)
    except (OSError, UnicodeError) as error:  # a name that is none
        head = {"wire": face.name, "link": str(link), "error": "link", "detail": str(error)}
        _print({**head, **outcome("link", str(link), why=system(error))})
        return 1
    try:
        return Conversation(wire, pace, port, {"wire": face.name, "link": str(link)}).run(script, first)
    finally:
        port.close()


def _said(wire: Wire | Turn, ask: Any, *now: int) -> bytes:
    """The bytes of a question; Refused where the wire cannot say it."""
    try:
        data: bytes = wire.asked(ask, *now)
    except ValueError as error:
        raise cannot(f"this cannot be said: {error}", f"无法编入报文:{wrong_zh(error)}") from None
    return data


def _face(name: str) -> Face:
    made: Face = importlib.import_module(f"devices.{name}_face").FACE
    return made


def _paced(pace: Pace, seconds: float) -> Pace:
    return Pace(timeout=round(seconds * 1e6), late=pace.late, gap=pace.gap)


def _parser(faces: dict[str, Face]) -> argparse.ArgumentParser:
    parser = Parser(
        prog="gengfu wire",
        description="wires of studio, clock and modem by hand; one line of JSON an answer; exit code 0 as asked, 1 not, 2 wrong use · 手动操作演播室、时钟与短信设备,每个应答一行 JSON",
    )
    wires = parser.add_subparsers(dest="wire", required=True, parser_class=Parser)
    for face in faces.values():
        verbs = wires.add_parser(face.name, help=face.help, description=face.help).add_subparsers(
            dest="verb", required=True, parser_class=Parser
        )
        for verb in face.verbs:
            made = verbs.add_parser(verb.name, help=verb.help, description=verb.help)
            made.add_argument(
                "--link", required=True, metavar="LINK",
                help="udp:HOST:PORT · 线路" if face.datagrams else f"tcp:HOST:PORT or serial:/dev/PORT[:{face.serial}] · 线路",
            )  # fmt: skip
            made.add_argument("--timeout", type=seconds, default=None, help="s · 超时(秒)")
            for name, how in (*face.options, *verb.options):
                made.add_argument(name, **how)
            made.set_defaults(parser=made)  # whose usage is shown with what is wrong
        if face.decode is not None:
            told = verbs.add_parser("decode", help="what bytes mean · 解释字节")
            told.set_defaults(parser=told)
            told.add_argument("hex", nargs="+", help="bytes in hex · 十六进制字节")
    return parser


def seconds(text: str) -> float:
    """A time-out as people write it."""
    value = float(text)
    if not 0.01 <= value <= 120:
        raise ValueError(text)
    return value


seconds.__name__ = "time from 0.01 to 120 s"


def link_of(text: str, usual: str) -> TcpLink | SerialLink:
    """`tcp:HOST:PORT`, `serial:PATH` as this wire's ports usually are, or `serial:PATH:9600:8N1[:rs485]`."""
    text = from_here(text)
    if _SHORT.match(text) and not _SET.search(text):
        text += f":{usual}"
    made: object = None
    try:
        made = parse_link(text.replace("serial:", "rtu:", 1) if text.startswith("serial:") else text)
    except Refused:
        if _SET.search(text):
            raise  # its port says itself what is wrong with it
    if not isinstance(made, (TcpLink, SerialLink)):
        raise cannot(
            f"{text!r} is no line for this wire: tcp:HOST:PORT or serial:/dev/PORT[:{usual}]",
            f"{text!r} 不适用于此协议,应为 tcp:主机:端口 或 serial:/dev/串口[:{usual}]",
        )
    return made


# -- ports ------------------------------------------------------------------------------------------


class Port(Protocol):
    """Bytes there and back."""

    def fileno(self) -> int: ...
    def close(self) -> None: ...


def _opened(link: TcpLink | SerialLink | UdpLink, asked: argparse.Namespace) -> Port:
    if isinstance(link, UdpLink):
        return DatagramPort(link, asked.interface, asked.bind)
    if isinstance(link, TcpLink):
        made = socket.create_connection((link.host, link.port), CONNECT_WITHIN)
        made.settimeout(CONNECT_WITHIN)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return made
    opened: Port = held(
        link.path, rs485=link.rs485, baudrate=link.baud, bytesize=link.data, parity=link.parity,
        stopbits=link.stop, timeout=0, write_timeout=CONNECT_WITHIN,
    )  # fmt: skip
    return opened


def _put(port: Any, data: bytes) -> None:
    (port.sendall if isinstance(port, socket.socket) else port.write)(data)


def _got(port: Any, us: int) -> bytes | None:
    """Bytes, None where none come within `us`; OSError where the other side is gone."""
    ready, _, _ = select.select([port], [], [], max(0, us) / 1e6)
    if not ready:
        return None
    data: bytes = port.recv(4096) if isinstance(port, socket.socket) else port.read(4096)
    if not data and isinstance(port, DatagramPort):
        return None
    if not data:
        raise OSError("the other side hung up")
    return data


# -- the conversation -------------------------------------------------------------------------------


class Conversation:
    """A script's questions over one port. `run` gives the exit code."""

    def __init__(self, wire: Wire, pace: Pace, port: Any, head: dict[str, object]) -> None:
        self._wire, self._port, self._head = wire, port, head
        self._turn, self._pace = Turn(wire, pace), pace
        self._zero = monotonic_ns()
        self._told: list[tuple[int, Any]] = []

    def _now(self) -> int:
        return (monotonic_ns() - self._zero) // 1000

    def run(self, script: Script, ask: Any) -> int:
        """Ask one after the other until one is not answered as asked, or none is left."""
        try:
            while True:
                ended = self._listened(ask) if isinstance(ask, Listen) else self._asked(ask)
                if not isinstance(ended, Answered):
                    self._leave()
                    return 1
                ask = script.send(ended.value)
        except StopIteration as done:
            said = done.value
            if said is not None:
                self._say(said)
            return 0 if said is None or said.get("holds", True) else 1
        except (Refused, Misheard) as error:
            self._say({"error": error.code, "detail": error.text.en, "zh": error.text.zh})
        except OSError as error:
            where = str(self._head["link"])
            said = {"error": "link", "detail": str(error), **outcome("link", where, why=system(error))}
            self._say(said)
        return 1

    def _asked(self, ask: Any) -> Heard:
        """What ends the question."""
        while (free := self._turn.free_at()) is None or free > self._now():
            self._hear(20_000)
        name, began = type(ask).__name__, self._now()
        _put(self._port, _said(self._turn, ask, began))
        if not self._wire.waiting:
            self._say({"asked": name, "sent": True, "confirmed": None})
            return Answered(None)
        self._patient(ask)
        while True:
            due = self._turn.due()
            for heard in self._hear(20_000 if due is None else due - self._now()):
                if isinstance(heard, (Answered, Declined, Garbled, Silent)):
                    us = self._now() - began
                    said = _ending(heard, str(self._head["link"]), us / 1e6)
                    self._say({"asked": name, **said, "ms": us // 1000})
                    return heard

    def _patient(self, ask: Any) -> None:
        """Who waits long is told how long."""
        us = getattr(ask, "patience", 0)
        if us > self._pace.timeout:
            s = us // 1_000_000
            sys.stderr.write(f"gengfu wire: waiting up to {s} s for the answer · 最多等待 {s} 秒\n")
            sys.stderr.flush()

    def _listened(self, listen: Listen) -> Heard:
        until = self._now() + listen.us
        self._told = self._told if listen.earlier else []
        while self._now() < until:
            due = self._turn.due()
            self._hear(min(until, until if due is None else due) - self._now())
        return Answered(tuple(self._told))

    def _leave(self) -> None:
        """On a serial port nobody else may take for his what still comes: it is held until nothing can."""
        while not isinstance(self._port, socket.socket) and (self._turn.free_at() or 0) > self._now():
            self._hear(20_000)

    def _hear(self, us: int) -> list[Heard]:
        """Wait at most so long for something; say what nobody asked for."""
        data = _got(self._port, us)
        heard = self._turn.passed(self._now()) if data is None else self._turn.fed(data, self._now())
        for one in heard:
            self._tell(one)
        return heard

    def _tell(self, one: Heard) -> None:
        if isinstance(one, Reply):
            _put(self._port, one.data)
        elif isinstance(one, Told):
            self._told = [*self._told, (wall_us(), one.value)][-MOST_TOLD:]
            self._say({"told": plain(one.value)})
        elif isinstance(one, Stray):
            self._say({"stray": one.why})

    def _say(self, said: dict[str, object]) -> None:
        _print({**self._head, **said})


def _ending(heard: Heard, where: str, seconds: float) -> dict[str, object]:
    match heard:
        case Answered():
            return {"answer": plain(heard.value)}
        case Declined():
            why = Text(f"{heard.code}: {heard.why}", f"{heard.code}:{detail_zh(heard.why)}")
            said = {"error": "declined", "code": heard.code, "detail": heard.why}
            return {**said, **outcome("declined", where, why=why)}
        case Garbled():
            return {"error": "garbled", "detail": heard.why, **outcome("garbled", where, why=heard.why)}
        case _:
            return {"error": "timeout", **outcome("timeout", where, seconds=seconds)}


def _decode(face: Face, asked: argparse.Namespace) -> int:
    text = "".join(asked.hex)
    try:
        data = bytes.fromhex(text)
    except ValueError:
        odd = next((letter for letter in text if letter not in string.hexdigits + string.whitespace), "")
        en, zh = (f": {odd!r} is none", f":含有 {odd!r}") if odd else (": half a byte is left", ":位数不成对")
        raise cannot(f"these are no bytes in hex{en}", f"不是十六进制字节{zh}") from None
    assert face.decode is not None
    found = face.decode(data)
    for one in found:
        bad = isinstance(one, Misheard)
        told = {"error": one.code, "detail": one.text.en, "zh": one.text.zh} if bad else {"told": plain(one)}
        _print({"wire": face.name, **told})
    return 1 if not found or any(isinstance(one, Misheard) for one in found) else 0


def _print(said: dict[str, object]) -> None:
    sys.stdout.write(canonical(said) + "\n")
    sys.stdout.flush()


__all__ = ["WIRES", "Conversation", "link_of", "main", "seconds"]
