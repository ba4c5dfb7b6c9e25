"""`gengfu wire sony9`: tape decks from the command line. Pure; knows no port."""

from __future__ import annotations

import argparse
from typing import Final

from devices import sony9, timecode
from devices.sony9 import Message, Sony9Wire, Status
from devices.turns import Pace
from devices.wire_face import Face, Option, Script, Verb, awaited, one

_MOVES: Final[dict[str, tuple[Message, str, str]]] = {
    "play": (sony9.PLAY, "playing", "play · 播放"),
    "stop": (sony9.STOP, "stopped", "stop · 停止"),
    "record": (sony9.RECORD, "recording", "record · 录制"),
    "forward": (sony9.FORWARD, "fast forward", "wind · 快进"),
    "rewind": (sony9.REWIND, "rewinding", "rewind · 快退"),
    "eject": (sony9.EJECT, "ejecting", "eject · 退带"),
    "standby": (sony9.STANDBY_ON, "standby", "stand by · 待机"),
}
_NEED_TAPE: Final = ("play", "record", "forward", "rewind", "cue")
_READ_BACK: Final[Option] = (
    "--read-back", {"action": "store_true", "help": "ask what it does afterwards · 读回核对"},
)  # fmt: skip


def _moved(asked: argparse.Namespace) -> Script:
    move, wanted, _ = _MOVES[asked.verb]
    yield move
    if not asked.read_back:
        return None
    found = yield sony9.STATUS
    return {"holds": wanted in found.states and not _barred(asked.verb, found), "states": list(found.states)}


def _barred(verb: str, found: Status) -> bool:
    """A deck without a tape does nothing with one, whatever else its status says."""
    return verb in _NEED_TAPE and "no cassette" in found.states


def _cue(asked: argparse.Namespace) -> Script:
    to = timecode.parse(asked.to)
    yield sony9.cue(to)
    if not asked.read_back:
        return None
    found = yield from awaited(sony9.STATUS, lambda status: "cued" in status.states)
    at = yield sony9.TIME
    holds = "cued" in found.states and at == to and not _barred("cue", found)
    return {"holds": holds, "states": list(found.states), "time": str(at)}


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
        *(Verb(name=name, help=text, script=_moved, options=(_READ_BACK,))
          for name, (_, _, text) in _MOVES.items()),
        Verb(
            name="cue", help="go to a time code · 定位", script=_cue,
            options=(("to", {"help": "10:00:00:00 · 时码"}), _READ_BACK),
        ),
        Verb(name="status", help="what it does · 状态", script=lambda _: one(sony9.STATUS)),
        Verb(name="time", help="its time code · 时码", script=_time),
        Verb(name="type", help="which deck · 设备类型", script=lambda _: one(sony9.DEVICE_TYPE)),
    ),
)  # fmt: skip
