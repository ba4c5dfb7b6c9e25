"""`gengfu wire nmea`: a satellite receiver's time from the command line. Knows no port."""

from __future__ import annotations

import argparse
from typing import Any, Final

from devices.nmea import NEEDED, Believed, Judge, NmeaWire, read, resolve, stamp
from devices.turns import Pace
from devices.wire_face import Face, Listen, Script, Verb, number
from station.clock import wall_us
from station.words import Instant, Misheard

_WHY: Final = {
    "nothing": ("no RMC or ZDA came", "没有收到 RMC 或 ZDA 语句"),
    "void": ("the receiver says itself that its time is not valid", "接收机称时间无效(未定位)"),
    "date": ("its date is none", "日期不存在"),
    "leap": ("a leap second is on", "正值闰秒"),
    "stuck": ("its time stands still", "时间停滞不动"),
    "jump": ("its time jumped", "时间发生跳变"),
    "few": (
        f"fewer than {NEEDED} seconds in a row agree; listen for longer, --seconds 10 or more",
        f"连续相符的时间不足 {NEEDED} 秒,请延长接收时间(--seconds 10 以上)",
    ),
}


def _listen(asked: argparse.Namespace) -> Script:
    heard = yield Listen(1_000_000 * asked.seconds)
    judge = Judge(Instant(wall_us()))
    for arrived, sentence in heard:
        judge.heard(sentence, arrived)
    said = judge.verdict()
    if isinstance(said, Believed):
        return {"holds": True, "offset_us": said.offset, "spread_us": said.spread, "weeks_added": said.weeks}
    en, zh = _WHY[said]
    return {"holds": False, "error": said, "detail": en, "zh": zh}


def _decode(data: bytes) -> list[Any]:
    found: list[Any] = []
    for line in filter(None, map(bytes.strip, data.split(b"\n"))):
        try:
            sentence = read(line)
        except Misheard as misheard:
            found.append(misheard)
            continue
        said = stamp(sentence)
        found.append(sentence if said is None else [sentence, said, resolve(said, Instant(wall_us()))])
    return found


def _wire(_: argparse.Namespace) -> NmeaWire:
    return NmeaWire()


FACE = Face(
    name="nmea",
    help="time of a satellite receiver (RMC, ZDA) · 卫星授时(NMEA)",
    wire=_wire,
    serial="9600:8N1",
    pace=Pace(gap=1_000_000),
    decode=_decode,
    verbs=(
        Verb(
            name="listen",
            help="whether its time may be believed, and how far it is from ours · 时间是否可信及与本机之差",
            script=_listen,
            options=(("--seconds", {"type": number(1, 3_600), "default": 8, "help": "how long · 时长(秒)"}),),
        ),
    ),
)
