"""`gengfu wire front`: county front ends (0x49/0x50) from the command line, and vendor frames explained. Knows no port."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import attrs

from devices import front, front_order_codec, front_orders, front_reports, tunan
from devices.front_codes import Targets
from devices.front_orders import AskInputs, AskOutputs, Broadcast, SetClock, SetVolume, Stop, SwitchTerminals
from devices.front_wire import FrontWire
from devices.turns import Pace
from devices.wire_face import ON_OFF, Face, Listen, Option, Script, Verb, cannot, number, one
from station.clock import wall_us
from station.worded import Auxiliary, Wording, wording
from station.words import Misheard

_EBM: Option = ("ebm", {"help": "EBMID, 35 digits · 消息编号"})
_CODES: Option = (
    "--to",
    {
        "action": "append",
        "required": True,
        "metavar": "CODE",
        "help": "resource code, again for more · 资源编码,可重复",
    },
)
_FRONT: Option = ("front", {"help": "resource code of the front end, 23 digits · 前端资源编码"})
_BYTE = number(0, 255)


def _targets(asked: argparse.Namespace) -> Targets:
    return Targets(codes=tuple(asked.to))


def _start(asked: argparse.Namespace) -> Script:
    begin = wall_us() // 1_000_000
    wordings: tuple[Wording, ...] = ()
    if asked.text:
        stream = (Auxiliary(type=61, data=asked.stream.encode("ascii")),) if asked.stream else ()
        wordings = (attrs.evolve(wording("zho", asked.text), auxiliaries=stream),)
    return one(
        Broadcast(
            ebm_id=asked.ebm,
            kind=asked.kind,
            event=asked.event,
            level=asked.level,
            start=begin,
            end=begin + 60 * asked.minutes,
            volume=asked.volume,
            targets=_targets(asked),
            wordings=wordings,
            input_channel=asked.input,
            outputs=tuple(asked.output),
            private=b"",
        )
    )


def decode(data: bytes) -> list[Any]:
    """Frames of either side with their bodies, or one vendor frame; what is neither is said."""
    try:
        if data[:1] in (tunan.SHORT, tunan.LONG):
            return [tunan.read(data)]
        frame = front.decode(data)
        read = front_order_codec.read if frame.tag == front.TO_FRONT else front_reports.read
        body = read(frame.type, frame.body)
        if body is None and frame.tag == front.TO_FRONT:
            body = front_reports.read(frame.type, frame.body)  # a platform's answer to a report
        return [frame, body] if body is not None else [frame]
    except Misheard as misheard:
        return [misheard]


def _wire(asked: argparse.Namespace) -> FrontWire:
    if asked.key is None:
        return FrontWire()
    if asked.signing is None or not re.fullmatch("[0-9]{12}", asked.certificate):
        raise cannot("--key needs --certificate, 12 digits", "--key 须与 12 位数字的 --certificate 同用")
    sign, certificate = asked.signing(asked.key), asked.certificate

    def signed(frame: front.Frame) -> front.Signature:
        at = wall_us() // 1_000_000
        return front.Signature(at=at, certificate=certificate, value=sign(front.to_sign(frame)))

    return FrontWire(signed)


FACE = Face(
    name="front",
    help="county front ends, 0x49/0x50; vendor frames explained · 县级前端(0x49/0x50),解释厂家帧",
    wire=_wire,
    options=(
        ("--key", {"type": Path, "metavar": "PEM", "help": "sign with this SM2 private key · 用此 SM2 私钥签名"}),
        ("--certificate", {"default": "", "help": "serial of its certificate, 12 digits · 证书编号,12 位数字"}),
    ),
    serial="115200:8N1",
    pace=Pace(timeout=5_000_000, late=2_000_000, gap=1_000_000),
    decode=decode,
    verbs=(
        Verb(
            name="start",
            help="start a broadcast · 开播",
            script=_start,
            options=(
                _EBM,
                _CODES,
                ("--event", {"default": "00000", "help": "5 characters · 事件编码"}),
                ("--kind", {"type": number(1, 5), "default": 2, "help": "2 simulated drill, 3 drill, 4 emergency, 5 daily · 2 模拟演练 3 实际演练 4 应急 5 日常"}),
                ("--level", {"type": number(0, 4), "default": 4, "help": "1 red … 4 blue · 1 红至 4 蓝"}),
                ("--minutes", {"type": number(1, 1440), "default": 5, "help": "how long · 时长(分钟)"}),
                ("--volume", {"type": _BYTE, "default": front_orders.VOLUME_UNCHANGED, "help": "%%, 255 as it is · 音量,255 不变"}),
                ("--input", {"type": _BYTE, "default": 1, "help": "input channel · 输入通道"}),
                ("--output", {"type": _BYTE, "action": "append", "default": [], "help": "output channel, again for more · 输出通道,可重复"}),
                ("--text", {"default": "", "help": "what is to be read · 文本"}),
                ("--stream", {"default": "", "help": "address of the sound, with --text · 音频流地址"}),
            ),
        ),
        Verb(name="stop", help="stop a broadcast · 停播", script=lambda asked: one(Stop(ebm_id=asked.ebm, targets=_targets(asked))), options=(_EBM, _CODES)),
        Verb(
            name="volume",
            help="set the volume · 设置音量",
            script=lambda asked: one(SetVolume(percent=asked.percent, targets=_targets(asked))),
            options=(("percent", {"type": number(0, 100), "help": "%% · 百分比"}), _CODES),
        ),
        Verb(
            name="terminals",
            help="amplifiers on or off · 功放开关",
            script=lambda asked: one(SwitchTerminals(option=2 if asked.state == "on" else 1, targets=_targets(asked))),
            options=(ON_OFF, _CODES),
        ),
        Verb(name="clock", help="set the clock to this machine's · 校时", script=lambda _: one(SetClock(at=wall_us() // 1_000_000))),
        Verb(name="inputs", help="its input channels · 查询输入通道", script=lambda asked: one(AskInputs(front=asked.front)), options=(_FRONT,)),
        Verb(name="outputs", help="its output channels · 查询输出通道", script=lambda asked: one(AskOutputs(front=asked.front)), options=(_FRONT,)),
        Verb(
            name="listen",
            help="what it reports · 接收上报",
            script=lambda asked: _listen(asked.seconds),
            options=(("--seconds", {"type": number(1, 86_400), "default": 60, "help": "how long · 时长(秒)"}),),
        ),
    ),
)  # fmt: skip


def _listen(seconds: int) -> Script:
    yield Listen(1_000_000 * seconds)
    return None
