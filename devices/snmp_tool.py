"""`gengfu snmp get|next|walk|set|listen`: asks one SNMP agent by hand, with a station's strictness, or prints the notifications that come. One line of JSON an answer."""

from __future__ import annotations

import argparse
import json
import secrets
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from devices import snmp, snmp_access
from devices.heard import Answered, Declined, Garbled
from devices.snmp import Ask, Binding, Get, Kind, Next, Set, arcs
from devices.snmp_access import Access, Community
from devices.snmp_exchange import Exchange, Send
from devices.snmp_notices import Ear
from devices.wire_face import number
from devices.wire_tool import seconds
from devices.wire_words import outcome, system, wrong_zh
from station.arguments import Parser
from station.clock import monotonic_ns, wall_us
from station.oserrors import os_zh
from station.words import Instant, Misheard, Refused

TRIES: Final = 2  # of what only reads: a datagram may be lost
KINDS: Final = ("integer", "octets", "oid", "null", "ip", "counter", "gauge", "ticks", "opaque", "counter64")


def main(argv: list[str]) -> int:
    """0: everything was answered as asked; 1: not; 2: wrong use."""
    asked = _parser().parse_args(argv)
    try:
        if asked.verb == "listen":
            return _listen(asked)
        asks = list(_asks(asked))
        access, place = _access(asked), _place(asked)
    except OSError as error:
        sys.stderr.write(f"gengfu snmp: {error} · 参数有误:{error.filename or ''} {os_zh(error)}\n")
        return 2
    except ValueError as error:
        sys.stderr.write(f"gengfu snmp: {error} · 参数有误:{wrong_zh(error)}\n")
        return 2
    except Refused as refused:
        sys.stderr.write(f"gengfu snmp: {refused.text.en}\n{refused.text.zh}\n")
        return 2
    try:
        agent = Agent(access, place, asked.timeout)
    except (OSError, UnicodeError) as error:  # a name that is none
        _print({"error": "link", "detail": str(error), **outcome("link", asked.place, why=system(error))})
        return 1
    with agent.line:
        return _walk(agent, asked) if asked.verb == "walk" else _each(agent, asks)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="gengfu snmp",
        description="ask an SNMP agent by hand (v2c, v3); one line of JSON an answer; exit code 0 answered, 1 not, 2 wrong use · 手动读写 SNMP 代理,每个应答一行 JSON",
    )
    verbs = parser.add_subparsers(dest="verb", required=True, parser_class=Parser)
    get = verbs.add_parser("get", help="read objects · 读对象")
    after = verbs.add_parser("next", help="read what follows objects · 读下一个对象")
    walk = verbs.add_parser("walk", help="read all below an object · 遍历对象之下的全部")
    put = verbs.add_parser("set", help="write an object; say its kind · 写对象,须写明类型")
    listen = verbs.add_parser("listen", help="print notifications that come · 打印收到的通知")
    for verb in (get, after, walk, put):
        verb.add_argument("place", metavar="HOST[:PORT]", help="of the agent · 代理地址")
        verb.add_argument("--timeout", type=seconds, default=1.0, help="s · 超时(秒)")
    for verb in (get, after, walk, put, listen):
        verb.add_argument("--community", default="", help="word of v2c · v2c 团体名")
        verb.add_argument(
            "--access", type=Path, default=None, help="file that says who asks (v2c or v3) · 访问文件"
        )
    for verb in (get, after):
        verb.add_argument("oids", nargs="+", metavar="OID", help="such as 1.3.6.1.2.1.1.3.0 · 对象标识符")
    walk.add_argument("root", metavar="OID", help="where to begin · 起点")
    walk.add_argument("--most", type=int, default=10_000, help="objects at most · 对象数上限")
    put.add_argument("oid", metavar="OID", help="what to write · 写入对象")
    put.add_argument("kind", choices=KINDS, help="of its value · 类型")
    put.add_argument("value", help="the value; octets as text or 0x… · 值")
    listen.add_argument("--port", type=number(0, 65_535), default=snmp.TRAPS, help="UDP · UDP 端口")
    listen.add_argument("--host", default="127.0.0.1", help="to listen on · 监听地址")
    listen.add_argument("--count", type=int, default=0, help="end after so many; 0: never · 收到若干条后结束")
    listen.add_argument(
        "--seconds", type=_span, default=0.0, help="end after so long; 0: never · 若干秒后结束"
    )
    return parser


def _span(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 86_400:
        raise ValueError(text)
    return value


_span.__name__ = "time from 0 to 86400 s"


def _access(asked: argparse.Namespace) -> Access:
    if (asked.access is None) == (not asked.community):
        raise ValueError("say --community or --access, one of them")
    return Community(asked.community) if asked.access is None else snmp_access.load(asked.access)


def _asks(asked: argparse.Namespace) -> Iterator[Ask]:
    if asked.verb == "walk":
        arcs(asked.root)
        return
    ask: Ask = (
        _set(asked) if asked.verb == "set" else (Get if asked.verb == "get" else Next)(tuple(asked.oids))
    )
    snmp.pdu(ask, 1)  # ValueError says what is wrong with it
    yield ask


def _set(asked: argparse.Namespace) -> Set:
    kind: Kind = asked.kind
    value: int | bytes | str | None = asked.value
    if kind in ("octets", "opaque"):
        text = asked.value
        value = bytes.fromhex(text[2:]) if text.startswith("0x") else text.encode("utf-8")
    elif kind == "null":
        value = None
    elif kind not in ("oid", "ip"):
        value = int(asked.value, 0)
    return Set((Binding(asked.oid, kind, value),))


def _us() -> int:
    return monotonic_ns() // 1000


def _place(asked: argparse.Namespace) -> tuple[str, int]:
    host, _, port = asked.place.partition(":")
    number = int(port or snmp.PORT) if len(port) <= 5 and (port or "0").isdecimal() else 0
    if not 1 <= number <= 65_535:
        raise ValueError(f"{port!r} is no port")
    return host, number


class Agent:
    """An agent, asked one question after the other on a socket that hears it alone."""

    def __init__(self, access: Access, place: tuple[str, int], timeout: float) -> None:
        self.where = f"{place[0]}:{place[1]}"
        self.timeout = timeout
        self._exchange = Exchange(access, 1 + secrets.randbelow(snmp.NUMBERS - 1))
        family, kind, _, _, found = socket.getaddrinfo(*place, type=socket.SOCK_DGRAM)[0]
        self.line = socket.socket(family, kind)
        self.line.connect(found)

    def ask(self, ask: Ask) -> Answered[tuple[Binding, ...]] | Declined | Garbled | None:
        """Its answer; None where there is none in time."""
        heard = None
        for _ in range(1 if isinstance(ask, Set) else TRIES):
            heard = self._once(ask)
            if heard is not None:
                break
            self._exchange.give_up()
        return heard

    def _once(self, ask: Ask) -> Answered[tuple[Binding, ...]] | Declined | Garbled | None:
        until = _us() + round(self.timeout * 1_000_000)
        self._send(self._exchange.asked(ask, Instant(wall_us())))
        while (left := until - _us()) > 0:
            self.line.settimeout(left / 1_000_000)
            try:
                data = self.line.recv(65_535)
            except TimeoutError:
                return None
            except ConnectionRefusedError:
                continue  # nobody listens yet: time runs out, or somebody does
            heard = self._exchange.fed(data, Instant(wall_us()))
            if isinstance(heard, Send):
                self._send(heard.data)
            elif isinstance(heard, (Answered, Declined, Garbled)):
                return heard
        return None

    def _send(self, data: bytes) -> None:
        try:
            self.line.send(data)
        except ConnectionRefusedError:
            self.line.send(data)  # the refusal was of the datagram before


def _each(agent: Agent, asks: list[Ask]) -> int:
    whole = True
    for ask in asks:
        heard = agent.ask(ask)
        if not isinstance(heard, Answered):
            whole = _failed(agent, heard, {"oids": list(snmp.names(ask))})
            continue
        for one in heard.value:
            _print(_shown(one))
            whole = whole and one.kind not in snmp.NOTHING
    return 0 if whole else 1


def _walk(agent: Agent, asked: argparse.Namespace) -> int:
    at, root, count = asked.root, arcs(asked.root), 0
    while count < asked.most:
        heard = agent.ask(Next((at,)))
        if not isinstance(heard, Answered):
            _failed(agent, heard, {"after": at})
            return 1
        (one,) = heard.value
        if one.kind == "end" or arcs(one.oid)[: len(root)] != root:
            if not count:
                _print(
                    {
                        "after": asked.root,
                        "error": "nothing",
                        **outcome("nothing", agent.where, why=asked.root),
                    }
                )
            return 0 if count else 1
        _print(_shown(one))
        at, count = one.oid, count + 1
    return 0


def _failed(agent: Agent, heard: Declined | Garbled | None, about: dict[str, Any]) -> bool:
    if heard is None:  # agents say nothing at all to who is not known to them
        span = agent.timeout
        _print({**about, "error": "timeout", **outcome("unheard", agent.where, seconds=span)})
    elif isinstance(heard, Declined):
        said = outcome(
            "declined", agent.where, why=f"{heard.code}: {heard.why}" if heard.why else str(heard.code)
        )
        _print({**about, "error": "declined", "code": heard.code, "detail": heard.why, **said})
    else:
        _print(
            {
                **about,
                "error": "garbled",
                "detail": heard.why,
                **outcome("garbled", agent.where, why=heard.why),
            }
        )
    return False


def _shown(one: Binding) -> dict[str, Any]:
    return {"oid": one.oid, "kind": one.kind, "value": snmp.said(one)}


def _print(row: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")
    sys.stdout.flush()


def _listen(asked: argparse.Namespace) -> int:
    """Print notifications until so many, so long, or a signal; 1 where fewer came than were wanted."""
    ear, count = Ear([_access(asked)]), 0
    until = _us() + round(asked.seconds * 1_000_000) if asked.seconds > 0 else None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind((asked.host, asked.port))
        _print({"listening": line.getsockname()[1]})
        while not asked.count or count < asked.count:
            if until is not None:
                line.settimeout(max(0.001, (until - _us()) / 1_000_000))
            try:
                data, place = line.recvfrom(65_535)
            except TimeoutError:
                return 1 if asked.count else 0
            count += _noticed(ear, line, data, place)
    return 0


def _noticed(ear: Ear, line: socket.socket, data: bytes, place: Any) -> bool:
    try:
        notice = ear.fed(data, Instant(wall_us()))
    except Misheard as misheard:
        _print({"from": place[0], "error": misheard.code, "detail": misheard.text.en, "zh": misheard.text.zh})
        return False
    if notice.reply is not None:
        line.sendto(notice.reply, place)
    rows = [_shown(one) for one in notice.bindings]
    _print({"from": place[0], "trap": notice.trap, "uptime": notice.uptime, "by": notice.by, "objects": rows})
    return True


__all__ = ["Agent", "main"]
