"""`gengfu wire sony9`: tape decks from the command line. Pure; knows no port."""

from __future__ import annotations

import argparse
from typing import Final

from devices import sony9, timecode
from devices.sony9 import Message, Sony9Wire
from devices.turns import Pace
from devices.wire_face import Face, Script, Verb, one

_MOVES: Final[dict[str, tuple[Message, str, str]]] = {
    "play": (sony9.PLAY, "playing", "play · 播放"),
    "stop": (sony9.STOP, "stopped", "stop · 停止"),
    "record": (sony9.RECORD, "recording", "record · 录制"),
    "forward": (sony9.FORWARD, "fast forward", "wind · 快进"),
    "rewind": (sony9.REWIND, "rewinding", "rewind · 快退"),
    "eject": (sony9.EJECT, "ejecting", "eject · 退带"),
    "standby": (sony9.STANDBY_ON, "standby", "stand by · 待机"),
}


def _moved(asked: argparse.Namespace) -> Script:
    move, wanted, _ = _MOVES[asked.verb]
    yield move
    if not asked.read_back:
        return None
    found = yield sony9.STATUS
    return {"holds": wanted in found.states, "states": list(found.states)}


def _time(_: argparse.Namespace) -> Script:
    found = yield sony9.TIME
    return {"time": str(found)}


FACE = Face(
    name="sony9",
    help="tape decks (Sony 9-pin) · 录像机(9 针)",
    wire=lambda _: Sony9Wire(),
    serial="38400:8O1",
    pace=Pace(timeout=500_000, late=1_000_000, gap=100_000),
    verbs=(
        *(Verb(name=name, help=text, script=_moved, options=(("--read-back", {"action": "store_true", "help": "ask what it does afterwards · 读回核对"}),))
          for name, (_, _, text) in _MOVES.items()),
        Verb(
            name="cue", help="go to a time code · 定位", script=lambda asked: one(sony9.cue(timecode.parse(asked.to))),
            options=(("to", {"help": "10:00:00:00 · 时码"}),),
        ),
        Verb(name="status", help="what it does · 状态", script=lambda _: one(sony9.STATUS)),
        Verb(name="time", help="its time code · 时码", script=_time),
        Verb(name="type", help="which deck · 设备类型", script=lambda _: one(sony9.DEVICE_TYPE)),
    ),
)  # fmt: skip
