"""`gengfu wire amcp`: CasparCG servers from the command line. Pure; knows no port."""

from __future__ import annotations

import argparse

from devices.amcp import AmcpWire, Command, place, write
from devices.turns import Pace
from devices.wire_face import Face, Option, Script, Verb, number, one

_CHANNEL: Option = ("channel", {"type": number(1, 99), "help": "from 1 · 通道,从 1 起"})
_LAYER: Option = ("--layer", {"type": number(0, 9999), "default": None, "help": "of the channel · 图层"})
_CLIP: Option = ("clip", {"help": "media file · 素材"})
_LOOP: Option = ("--loop", {"action": "store_true", "help": "again and again · 循环"})


def _play(asked: argparse.Namespace) -> Script:
    words = (
        asked.verb.upper(),
        place(asked.channel, asked.layer),
        asked.clip,
        *(["LOOP"] if asked.loop else []),
    )
    write(Command(words))
    return one(Command(words))


def _there(asked: argparse.Namespace) -> Script:
    return one(Command((asked.verb.upper(), place(asked.channel, asked.layer))))


def _raw(asked: argparse.Namespace) -> Script:
    write(Command(tuple(asked.words)))
    return one(Command(tuple(asked.words)))


FACE = Face(
    name="amcp",
    help="CasparCG servers (AMCP) · CasparCG 播出服务器",
    wire=lambda asked: AmcpWire(numbered=not asked.old),
    serial="115200:8N1",
    pace=Pace(timeout=3_000_000, gap=1_000_000),
    options=(("--old", {"action": "store_true", "help": "a server before 2.1 · 2.1 之前的版本"}),),
    verbs=(
        *(Verb(name=name, help=text, script=_play, options=(_CHANNEL, _CLIP, _LAYER, _LOOP)) for name, text in (
            ("play", "play a clip · 播放"), ("loadbg", "prepare a clip behind · 后台预载"), ("load", "show its first picture · 载入首帧"),
        )),
        *(Verb(name=name, help=text, script=_there, options=(_CHANNEL, _LAYER)) for name, text in (
            ("stop", "stop · 停止"), ("pause", "pause · 暂停"), ("resume", "go on · 继续"), ("clear", "clear · 清除"), ("info", "how it is · 状态"),
        )),
        Verb(name="version", help="of the server · 版本", script=lambda _: one(Command(("VERSION",)))),
        Verb(name="cls", help="list of media · 素材列表", script=lambda _: one(Command(("CLS",)))),
        Verb(
            name="raw", help="any command, word by word · 任意命令", script=_raw,
            options=(("words", {"nargs": "+", "help": "words · 词语"}),),
        ),
    ),
)  # fmt: skip
