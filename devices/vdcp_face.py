"""`gengfu wire vdcp`: video servers from the command line. Pure; knows no port."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Final

from devices import timecode, vdcp
from devices.turns import Pace
from devices.vdcp import Message, VdcpWire
from devices.wire_face import Face, Option, Script, Verb, awaited, number, plain
from station.words import Refused

_READ_BACK: Final[Option] = (
    "--read-back", {"action": "store_true", "help": "ask what it does afterwards · 读回核对"},
)  # fmt: skip
_NAME: Final[Option] = ("name", {"help": "of the clip · 素材名"})
_MOVES: Final[dict[str, tuple[Callable[[], Message], str, str]]] = {
    "play": (vdcp.play, "playing", "play what is cued · 播放"),
    "stop": (vdcp.stop, "idle", "stop · 停止"),
    "still": (vdcp.still, "still", "stand still · 静帧"),
    "continue": (vdcp.go_on, "playing", "go on · 继续"),
}


def _selected(asked: argparse.Namespace, *asks: Message) -> Script:
    """Open and select the port where one is named, then ask."""
    found = None
    if asked.port is not None:
        granted = yield vdcp.open_port(asked.port)
        if not granted:
            return {"holds": False, "error": "port", "detail": "not granted", "zh": "端口未授权"}
        yield vdcp.select_port(asked.port)
    for ask in asks:
        found = yield ask
    return {"answer": plain(str(found) if isinstance(found, timecode.TimeCode) else found)}


def _moved(asked: argparse.Namespace) -> Script:
    move, wanted, _ = _MOVES[asked.verb]
    said = yield from _selected(asked, move())
    if said is None or not said.get("holds", True) or not asked.read_back:
        return said
    found = yield vdcp.status()
    return {"holds": wanted in found.states, "states": list(found.states)}


def _cue(asked: argparse.Namespace) -> Script:
    long = asked.long
    if (asked.begin is None) != (asked.length is None):
        raise Refused("--begin and --length go together", "--begin 与 --length 须同时给出", code="ask")
    ask = vdcp.cue(asked.name, long=long)
    if asked.begin is not None:
        ask = vdcp.cue_part(asked.name, timecode.parse(asked.begin), timecode.parse(asked.length), long=long)
    said = yield from _selected(asked, ask)
    if said is None or not said.get("holds", True) or not asked.read_back:
        return said
    found = yield from awaited(vdcp.status(), lambda status: "cued" in status.states)
    clip = yield vdcp.active_id(long=long)
    return {
        "holds": "cued" in found.states and clip == asked.name,
        "states": list(found.states),
        "clip": clip,
    }


def _of_name(made: Callable[..., Message]) -> Callable[[argparse.Namespace], Script]:
    return lambda asked: _selected(asked, made(asked.name, long=asked.long))


def _plain(made: Callable[[], Message]) -> Callable[[argparse.Namespace], Script]:
    return lambda asked: _selected(asked, made())


FACE = Face(
    name="vdcp",
    help="video servers (VDCP) · 视频服务器",
    wire=lambda _: VdcpWire(),
    serial="38400:8O1",
    pace=Pace(timeout=500_000, late=1_000_000, gap=150_000),
    options=(
        ("--port", {"type": number(-127, 127), "default": None, "help": "open and select it first · 先打开并选择端口"}),
        ("--long", {"action": "store_true", "help": "names of any length · 可变长素材名"}),
    ),
    verbs=(
        *(Verb(name=name, help=text, script=_moved, options=(_READ_BACK,))
          for name, (_, _, text) in _MOVES.items()),
        Verb(
            name="cue", help="make a clip ready · 预备素材", script=_cue,
            options=(
                _NAME, _READ_BACK,
                ("--begin", {"default": None, "help": "10:00:00:00 · 入点"}),
                ("--length", {"default": None, "help": "00:01:30:00 · 时长"}),
            ),
        ),
        Verb(name="status", help="what the port does · 端口状态", script=_plain(vdcp.status)),
        Verb(name="position", help="its time code · 时码", script=_plain(vdcp.position)),
        Verb(name="active", help="which clip · 当前素材", script=lambda asked: _selected(asked, vdcp.active_id(long=asked.long))),
        Verb(name="has", help="whether there is a clip · 素材是否存在", script=_of_name(vdcp.has), options=(_NAME,)),
        Verb(name="size", help="how long a clip is · 素材时长", script=_of_name(vdcp.size_of), options=(_NAME,)),
    ),
)  # fmt: skip
