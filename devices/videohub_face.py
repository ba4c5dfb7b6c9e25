"""`gengfu wire videohub`: Videohub routers from the command line; ports count from 1, as on the chassis. Pure; knows no port of ours."""

from __future__ import annotations

import argparse
from typing import Final

from devices.turns import Pace
from devices.videohub import (
    INPUTS,
    LOCKS,
    OUTPUTS,
    ROUTING,
    Label,
    Lock,
    Ping,
    Query,
    Route,
    VideohubWire,
    block_of,
    entries,
)
from devices.wire_face import Face, Listen, Script, Verb, number, one

_TABLES: Final = {"routes": ROUTING, "inputs": INPUTS, "outputs": OUTPUTS, "locks": LOCKS}
_LOCKS: Final = {"lock": "O", "unlock": "U", "force": "F"}
_PRELUDE: Final = 400_000  # µs in which a router tells its state
_PORT: Final = {"type": number(1, 9999), "help": "from 1 · 从 1 起"}


def _route(asked: argparse.Namespace) -> Script:
    output, source = asked.output - 1, asked.input - 1
    yield Listen(_PRELUDE)
    yield Route(((output, source),))
    found = yield Query(ROUTING)
    now = entries(found).get(output)
    return {"holds": now == str(source), "output": asked.output, "input": _from_one(now)}


def _from_one(text: str | None) -> int | None:
    return int(text) + 1 if text is not None and text.isdecimal() else None


def _table(asked: argparse.Namespace) -> Script:
    yield Listen(_PRELUDE)
    found = yield Query(_TABLES[asked.what])
    shown = {str(port + 1): text for port, text in entries(found).items()}
    if asked.what == "routes":
        return {"routes": {port: _from_one(text) for port, text in shown.items()}}
    return {asked.what: shown}


def _label(asked: argparse.Namespace) -> Script:
    side = INPUTS if asked.side == "input" else OUTPUTS
    ask = Label(side, asked.port - 1, asked.text)  # type: ignore[arg-type]
    block_of(ask)
    return one(ask)


FACE = Face(
    name="videohub",
    help="Videohub routers · Videohub 矩阵",
    wire=lambda _: VideohubWire(),
    serial="57600:8N1",
    pace=Pace(gap=500_000),
    verbs=(
        Verb(
            name="route",
            help="put an input on an output, and read back · 切换并读回",
            script=_route,
            options=(("output", _PORT), ("input", _PORT)),
        ),
        Verb(
            name="get",
            help="routes, names or locks · 读取路由、名称或锁定",
            script=_table,
            options=(("what", {"choices": tuple(_TABLES), "help": "of it · 项目"}),),
        ),
        Verb(
            name="label",
            help="name a port · 命名端口",
            script=_label,
            options=(
                ("side", {"choices": ("input", "output"), "help": "input or output · 输入或输出"}),
                ("port", _PORT),
                ("text", {"help": "name · 名称"}),
            ),
        ),
        Verb(
            name="lock",
            help="lock or open an output · 锁定或解锁输出",
            script=lambda asked: one(Lock(asked.output - 1, _LOCKS[asked.state])),  # type: ignore[arg-type]
            options=(("output", _PORT), ("state", {"choices": tuple(_LOCKS), "help": "what · 操作"})),
        ),
        Verb(name="ping", help="whether it answers · 是否应答", script=lambda _: one(Ping())),
    ),
)
