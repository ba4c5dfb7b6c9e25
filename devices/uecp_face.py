"""`gengfu wire uecp`: RDS coders from the command line. Knows no port."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, Final

import attrs

from devices.turns import Wire
from devices.uecp import Ask, Frames, Send, UecpWire
from devices.uecp_elements import (
    ALARM,
    ALARM_TEST,
    Element,
    Mode,
    Pi,
    Ps,
    Pty,
    Ptyn,
    RdsOn,
    RealTime,
    Request,
    Rt,
    Select,
    Ta,
    element_bytes,
    mec_of,
)
from devices.wire_face import ON_OFF, Face, Script, Verb, compared, number, one
from station.clock import wall_us
from station.words import Instant

_ASKED: Final = {"pi": 1, "ps": 2, "ta": 3, "pty": 7, "rt": 10, "rds": 30, "mode": 44, "ptyn": 62}
_PLACED: Final = (Pi, Ps, Ta, Pty, Ptyn, Rt)  # these stand in a data set


def _wire(asked: argparse.Namespace) -> Wire:
    return UecpWire(asked.site, asked.encoder, confirms=not asked.one_way)


def _send(element: Element, asked: argparse.Namespace) -> Script:
    if isinstance(element, _PLACED):
        element = attrs.evolve(element, dsn=asked.dsn, psn=asked.psn)
    element_bytes(element)  # what cannot be said is refused before a port is opened
    yield Send((element,))
    if not asked.read_back or asked.one_way:
        return None
    found = yield Ask(Request(mec=mec_of(element), dsn=asked.dsn, psn=asked.psn))
    return compared(element, found)


def _alarm(asked: argparse.Namespace) -> Script:
    """The programme type that wakes receivers, with the traffic flag that makes them loud; off gives back the usual type."""
    kinds = {"on": ALARM, "test": ALARM_TEST, "off": asked.pty}
    pty = Pty(pty=kinds[asked.state], dsn=asked.dsn, psn=asked.psn)
    loud = Ta(programme=True, announcement=asked.state != "off", dsn=asked.dsn, psn=asked.psn)
    yield Send((pty, loud))
    if not asked.read_back or asked.one_way:
        return None
    found = yield Ask(Request(mec=mec_of(pty), dsn=asked.dsn, psn=asked.psn))
    flag = yield Ask(Request(mec=mec_of(loud), dsn=asked.dsn, psn=asked.psn))
    return compared([pty, loud], [found, flag])


def _get(asked: argparse.Namespace) -> Script:
    return one(Ask(Request(mec=_ASKED[asked.what], dsn=asked.dsn, psn=asked.psn)))


def _verb(name: str, text: str, made: Callable[[argparse.Namespace], Element], *options: Any) -> Verb:
    return Verb(name=name, help=text, script=lambda asked: _send(made(asked), asked), options=options)


def _text(name: str) -> Any:
    return (name, {"help": "text · 文字"})


def _decode(data: bytes) -> list[Any]:
    return list(Frames().feed(data))


FACE = Face(
    name="uecp",
    help="RDS coders (UECP) · RDS 编码器",
    wire=_wire,
    serial="9600:8N1",
    decode=_decode,
    options=(
        ("--site", {"type": number(0, 1023), "default": 0, "help": "0, the default: all sites · 站点号,默认 0 为全部"}),
        ("--encoder", {"type": number(0, 63), "default": 0, "help": "0, the default: all coders · 编码器号,默认 0 为全部"}),
        ("--dsn", {"type": number(0, 255), "default": 0, "help": "data set, 0 the current one · 数据集"}),
        ("--psn", {"type": number(0, 255), "default": 0, "help": "programme service, 0 the main one · 节目业务"}),
        ("--one-way", {"action": "store_true", "help": "the coder only listens · 编码器只收不答"}),
        ("--read-back", {"action": "store_true", "help": "ask what it has afterwards · 设置后读回核对"}),
    ),
    verbs=(
        _verb("ps", "station name · 台名", lambda asked: Ps(name=asked.name), _text("name")),
        _verb("ptyn", "name of the programme type · 节目类型名", lambda asked: Ptyn(name=asked.name), _text("name")),
        _verb(
            "rt",
            "radio text · 广播文本",
            lambda asked: Rt(text=asked.text, toggle=asked.toggle, repeats=asked.repeats),
            _text("text"),
            ("--toggle", {"action": "store_true", "help": "clears displays · 清除接收机显示"}),
            ("--repeats", {"type": number(0, 15), "default": 0, "help": "0: for ever · 次数,0 为持续"}),
        ),
        _verb(
            "pty",
            "programme type, 31 is the alarm · 节目类型,31 为告警",
            lambda asked: Pty(pty=asked.pty),
            ("pty", {"type": number(0, 31), "help": "0 to 31 · 0–31"}),
        ),
        Verb(
            name="alarm",
            help="programme type 31 and traffic announcement, or back · 告警节目类型与公告标志",
            script=_alarm,
            options=(
                ("state", {"choices": ("on", "test", "off"), "help": "on, its test (30), or off · 开、测试、关"}),
                ("--pty", {"type": number(0, 29), "default": 0, "help": "the usual type, for off · 平时的节目类型"}),
            ),
        ),
        _verb(
            "ta",
            "traffic announcement · 交通公告",
            lambda asked: Ta(programme=True, announcement=asked.state == "on"),
            ON_OFF,
        ),
        _verb(
            "pi",
            "programme identification · 节目识别码",
            lambda asked: Pi(pi=asked.pi),
            ("pi", {"type": number(0, 0xFFFF), "help": "0xC201 · 如 0xC201"}),
        ),
        _verb("rds", "RDS on or off · RDS 开关", lambda asked: RdsOn(on=asked.state == "on"), ON_OFF),
        _verb(
            "clock",
            "set its clock to ours · 校时",
            lambda asked: RealTime(at=Instant(wall_us()), offset=asked.offset),
            ("--offset", {"type": number(-31, 31), "default": 16, "help": "half hours from UTC, 16 is China's · 时区(半小时)"}),
        ),
        _verb(
            "dataset",
            "the data set on air · 播出数据集",
            lambda asked: Select(dsn=asked.number),
            ("number", {"type": number(1, 253), "help": "1 to 253 · 1–253"}),
        ),
        _verb(
            "mode",
            "0 it listens, 1 it answers requests, 2 everything · 通信方式",
            lambda asked: Mode(mode=asked.mode),
            ("mode", {"type": number(0, 2), "help": "0, 1 or 2 · 0、1 或 2"}),
        ),
        Verb(
            name="get",
            help="what the coder has · 读取",
            script=_get,
            options=(("what", {"choices": tuple(_ASKED), "help": "of it · 项目"}),),
        ),
    ),
)  # fmt: skip
