"""`gengfu wire swp08`: Pro-Bel routers from the command line; sources and destinations count from 1. Pure; knows no port."""

from __future__ import annotations

import argparse
from typing import Final

from devices.swp08 import Connect, DumpRequest, Interrogate, Swp08Wire, write
from devices.turns import Pace
from devices.wire_face import Face, Script, Verb, number

_PORT: Final = {"type": number(1, 65_536), "help": "from 1 · 从 1 起"}


def _route(asked: argparse.Namespace) -> Script:
    dest, source = asked.dest - 1, asked.source - 1
    put = Connect(dest=dest, source=source, level=asked.level, matrix=asked.matrix)
    write(put)
    yield put
    found = yield Interrogate(dest=dest, level=asked.level, matrix=asked.matrix)
    return {"holds": found.source == source, "dest": asked.dest, "source": found.source + 1, "bad": found.bad}


def _get(asked: argparse.Namespace) -> Script:
    found = yield Interrogate(dest=asked.dest - 1, level=asked.level, matrix=asked.matrix)
    return {"dest": asked.dest, "source": found.source + 1, "bad": found.bad}


def _dump(asked: argparse.Namespace) -> Script:
    found = yield DumpRequest(level=asked.level, matrix=asked.matrix, count=asked.count)
    return {"points": {str(found.first + n + 1): source + 1 for n, source in enumerate(found.sources)}}


FACE = Face(
    name="swp08",
    help="Pro-Bel routers (SW-P-08) · SW-P-08 矩阵",
    wire=lambda _: Swp08Wire(),
    serial="38400:8N1",
    pace=Pace(timeout=1_000_000, late=1_000_000, gap=300_000),
    options=(
        ("--level", {"type": number(0, 255), "default": 0, "help": "from 0; some controllers begin with 1 · 层"}),
        ("--matrix", {"type": number(0, 255), "default": 0, "help": "from 0; some controllers begin with 1 · 矩阵"}),
    ),
    verbs=(
        Verb(name="route", help="put a source on a destination, and read back · 切换并读回", script=_route, options=(("dest", _PORT), ("source", _PORT))),
        Verb(name="get", help="the source of a destination · 查询", script=_get, options=(("dest", _PORT),)),
        Verb(
            name="dump", help="all sources of a level · 读取整层路由", script=_dump,
            options=(("--count", {"type": number(0, 65_536), "default": 0, "help": "destinations · 目的数"}),),
        ),
    ),
)  # fmt: skip
