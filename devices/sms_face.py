"""`gengfu wire sms`: short messages by a modem from the command line. Knows no port."""

from __future__ import annotations

import argparse
from typing import Any

from devices import at_modem, sms
from devices.at_modem import AtWire, Command
from devices.turns import Pace
from devices.wire_face import Face, Listen, Script, Verb, number, one
from station.clock import wall_us
from station.words import Misheard


def _send(asked: argparse.Namespace) -> Script:
    reference = wall_us() // 1_000_000 & 0xFF if asked.reference is None else asked.reference
    valid = sms.validity(asked.valid)
    messages = sms.parts(
        asked.number, asked.text, reference, flash=asked.flash, report=asked.report, valid=valid
    )
    references = yield from at_modem.sending(messages)
    return {"sent": len(references), "references": references, "delivered": None}


def _listen(asked: argparse.Namespace) -> Script:
    yield from at_modem.prepared()
    yield Command("AT+CNMI=2,2,0,1,0")  # messages and reports as they come, kept nowhere
    yield Listen(1_000_000 * asked.seconds)
    return None


def _signal(_: argparse.Namespace) -> Script:
    strength = yield from at_modem.signal()
    return {"dbm": strength, "holds": strength is not None}


def _decode(data: bytes) -> list[Any]:
    try:
        return [sms.read(data)]
    except Misheard as misheard:
        try:
            return [sms.read(data, sent=True)]
        except Misheard:
            return [misheard]


FACE = Face(
    name="sms",
    help="short messages by a modem · 短信模块",
    wire=lambda _: AtWire(),
    serial="115200:8N1",
    pace=Pace(timeout=5_000_000, late=2_000_000, gap=500_000),
    decode=_decode,
    verbs=(
        Verb(
            name="send",
            help="send a text, in parts where it is long · 发送短信,长文自动分段",
            script=_send,
            options=(
                ("number", {"help": "+86138… · 号码"}),
                ("text", {"help": "text · 内容"}),
                ("--flash", {"action": "store_true", "help": "shown at once, not kept · 闪信"}),
                ("--report", {"action": "store_true", "help": "ask for reports of delivery · 要求回执"}),
                ("--valid", {"type": number(5, 635_040), "default": 60, "help": "minutes it may be late · 有效期(分钟)"}),
                ("--reference", {"type": number(0, 255), "help": "of the parts · 长短信参考号"}),
            ),
        ),
        Verb(
            name="listen",
            help="what comes in · 接收短信与回执",
            script=_listen,
            options=(("--seconds", {"type": number(1, 86_400), "default": 60, "help": "how long · 时长(秒)"}),),
        ),
        Verb(name="signal", help="field strength · 信号强度", script=_signal),
        Verb(
            name="at",
            help="one AT command · 发一条 AT 命令",
            script=lambda asked: one(Command(asked.line)),
            options=(("line", {"help": "AT+CSQ · 命令"}),),
        ),
    ),
)  # fmt: skip
