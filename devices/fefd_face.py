"""`gengfu wire fefd`: village loudspeakers over UDP and multicast (0xFEFD) from the command line, and frames explained. Knows no port."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from devices import fefd, fefd_orders, fefd_verbs
from devices.fefd_bodies import (
    PLAYING,
    Answer,
    Start,
    Status,
    answer_from,
    query_body,
    start_body,
    start_from,
    stop_body,
    task_from,
    volume_body,
)
from devices.fefd_reports import CODE, STATE, TAGS, TASK, VOLUME, Faults, Kinds, described
from devices.fefd_verbs import MORE, More
from devices.fefd_wire import FefdWire, Say, Word, reported
from devices.profile import load_profile
from devices.turns import Pace
from devices.wire_face import Face, Listen, Option, Script, Verb, cannot, number, plain
from devices.wire_words import wrong_zh
from station.clock import wall_us
from station.words import Misheard

_GATHER_US = 3_000_000  # in which the terminals of an area answer
_TO: Option = ("code", {"help": "resource code, 23 digits, or area, 12 · 资源编码(23 位)或区划代码(12 位)"})
_EBM: Option = ("ebm", {"help": "EBMID, 35 digits · 消息编号"})
_SESSION: Option = (
    "--session",
    {"type": number(1, 2**32 - 1), "required": True, "help": "above the last that the terminal obeyed; the station's own go on from there · 会话号,须大于终端上次执行的"},
)  # fmt: skip
Asked = argparse.Namespace


def _start(asked: Asked, profile: fefd.Profile) -> tuple[int, bytes]:
    begin = wall_us() // 1_000_000
    body = start_body(
        Start(
            ebm_id=asked.ebm, kind=asked.kind, level=asked.level, event=asked.event, volume=asked.volume, start=begin,
            end=begin + 60 * asked.minutes, auxiliaries=((profile.stream, asked.stream.encode("ascii")),),
        )
    )  # fmt: skip
    return profile.start, body


def _query(profile: fefd.Profile, *more: int) -> tuple[int, bytes]:
    return profile.query, query_body(profile.tag_volume, profile.tag_state, profile.tag_task, *more)


def _kinds(profile: fefd.Profile) -> Kinds:
    """The values whose tags stand in the profile."""
    return {
        profile.tag_volume: VOLUME, profile.tag_code: CODE, profile.tag_state: STATE, profile.tag_task: TASK
    }  # fmt: skip


def _holds(asked: Asked, profile: fefd.Profile, values: dict[int, bytes]) -> bool:
    """Whether a terminal is as it was told, as far as it says."""
    if asked.verb == "volume":
        return values.get(profile.tag_volume) == bytes([asked.percent])
    if asked.verb in ("start", "stop"):
        task = values.get(profile.tag_task, b"")
        plays = len(task) == 19 and task_from(task + bytes(4)).ebm_id == asked.ebm and task[18] >= PLAYING
        return plays is (asked.verb == "start")
    return True


def _script(
    asked: Asked, make: Callable[[fefd.Profile], tuple[int, bytes]], more: More | None = None
) -> Script:
    """Say it; of one terminal then ask whether it is so, of an area count who says yes."""
    try:
        profile = load_profile(asked.profile)
        target = _target(asked.code)
        business, body = make(profile)
        say = Say(session=getattr(asked, "session", 0), targets=(target,), business=business, body=body)
        _wire(asked).frame(say)
    except ValueError as error:
        raise cannot(str(error), f"无法发送:{wrong_zh(error)}") from None
    if not say.single:
        return _many(say, asked.times, asks=asked.verb in ("query", "faults"))
    return _one(asked, profile, say) if more is None else _told(more, profile, say)


def _target(code: str) -> str:
    """The terminal or area that is meant."""
    if not re.fullmatch("[0-9]{12}|[0-9]{23}", code):
        raise cannot(
            f"{code!r} is neither a resource code of 23 digits nor an area of 12",
            f"{code!r} 既不是 23 位资源编码,也不是 12 位区划代码",
        )
    return fefd.area_target(code) if len(code) == 12 else code


def _saying(make: Callable[[Asked, fefd.Profile], tuple[int, bytes]]) -> Callable[[Asked], Script]:
    """The script of a verb that every terminal obeys."""
    return lambda asked: _script(asked, lambda profile: make(asked, profile))


def _further(more: More) -> Callable[[Asked], Script]:
    """The script of a verb that only some models obey."""

    def script(asked: Asked) -> Script:
        order = more.order(asked)
        name = fefd_orders.name_of(order)
        return _script(asked, lambda profile: (profile.number(name), fefd_orders.write(order)), more)

    return script


def _one(asked: Asked, profile: fefd.Profile, say: Say) -> Script:
    word = yield say
    if say.business != profile.query:
        if asked.verb != "volume":
            yield Listen(1_000_000)  # it needs a moment to begin
        business, body = _query(profile)
        word = yield Say(session=0, targets=say.targets, business=business, body=body)
    values = dict(word.body.values)
    return {
        "holds": _holds(asked, profile, values),
        "status": plain(described(values.items(), _kinds(profile))),
    }


def _told(more: More, profile: fefd.Profile, say: Say) -> Script:
    """An order that only some models have: it holds where a status shows it; where none can, nobody knows."""
    yield say
    if not more.shown:
        return None if more.name == "faults" else {"confirmed": None}
    business, body = _query(profile, fefd_verbs.SHOWN[more.shown])
    word = yield Say(session=0, targets=say.targets, business=business, body=body)
    return {"holds": dict(word.body.values).get(fefd_verbs.SHOWN[more.shown]) == say.body}


def _many(say: Say, times: int, *, asks: bool) -> Script:
    """Said so often, for datagrams are lost; a terminal obeys the session once. It holds where some say yes and none no."""
    results: dict[str, int] = {}
    for _ in range(times):
        yield say
        told = yield Listen(_GATHER_US // times)
        for _, word in told:
            if isinstance(word.body, (Status, Faults)) if asks else _answers(word, say):
                results[word.code] = getattr(word.body, "result", 0)
    refused = sorted(code for code, result in results.items() if result)
    return {"holds": bool(results) and not refused, "answered": len(results), "refused": refused}


def _answers(word: Word, say: Say) -> bool:
    return isinstance(word.body, Answer) and word.session == say.session


def _listen(asked: Asked) -> Script:
    yield Listen(1_000_000 * asked.seconds)
    return None


@attrs.frozen(kw_only=True)
class Unbelieved:
    """What bytes would say if their checksum held."""

    parts: tuple[Any, ...]


def decode(data: bytes) -> list[Any]:
    """A frame of either side and what it carries, by the shipped profile; what is none is said."""
    profile, wrong = load_profile("gengfu-sim"), []
    for header in (profile.request_header, profile.answer_header):
        try:
            frame = fefd.datagram(data, profile, header=header)
        except Misheard as misheard:
            wrong.append(misheard)
            continue
        try:
            body = _carried(frame, profile)
        except Misheard as misheard:
            return [frame, misheard]
        return [frame] if body is None else [frame, body]
    return [*wrong[:1], *_unbelieved(data, profile)]


def _unbelieved(data: bytes, profile: fefd.Profile) -> list[Any]:
    """What a frame says whose checksum alone is wrong, as that of the genuine packet is: shown, and not to be believed."""
    sealed = data[:-4] + fefd.checksum(data[:-4], profile)
    if len(data) < 5 or sealed == data:
        return []
    found = decode(sealed)
    return [] if any(isinstance(one, Misheard) for one in found) else [Unbelieved(parts=tuple(found))]


def _carried(frame: fefd.Frame, profile: fefd.Profile) -> Any:
    """What the body of a frame means, by its business type; None for types nobody knows."""
    if frame.kind == profile.answer:
        return answer_from(frame.body)
    if frame.business == profile.start:
        return start_from(frame.body)
    found = reported(frame, profile) or fefd_verbs.meant(frame, profile)
    return found if not isinstance(found, Status) else described(found.values, _kinds(profile))


def _wire(asked: Asked) -> FefdWire:
    profile = load_profile(asked.profile)
    if asked.key is None:
        return FefdWire(profile, asked.source)
    if asked.signing is None or not re.fullmatch("[0-9]{12}", asked.certificate):
        raise cannot("--key needs --certificate, 12 digits", "--key 须与 12 位数字的 --certificate 同用")
    sign = asked.signing(asked.key)

    def signed(frame: fefd.Frame) -> fefd.Signature:
        named = fefd.Signature(at=wall_us() // 1_000_000, certificate=asked.certificate, value=b"")
        return attrs.evolve(
            named, value=sign(fefd.to_sign(attrs.evolve(frame, signature=named), profile.signs))
        )

    return FefdWire(profile, asked.source, signed)


FACE = Face(
    name="fefd",
    help="village loudspeakers over UDP and multicast (0xFEFD) · UDP/组播村级大喇叭(0xFEFD)",
    wire=_wire,
    datagrams=True,
    options=(
        ("--profile", {"default": "gengfu-sim", "help": "of the model, or its file · 终端型号配置"}),
        ("--source", {"default": "43404220000000314010101", "help": "own resource code · 本级资源编码"}),
        ("--key", {"type": Path, "metavar": "PEM", "help": "sign with this SM2 private key · 用此 SM2 私钥签名"}),
        ("--certificate", {"default": "", "help": "serial of its certificate, 12 digits · 证书编号,12 位数字"}),
        ("--interface", {"default": "", "help": "own address on the group's network · 组播所用本机地址"}),
        ("--bind", {"type": number(0, 65_535), "default": 0, "help": "own port; 0: any · 本机端口,0 为任意"}),
        ("--times", {"type": number(1, 10), "default": 3, "help": "an area is told so often · 对区域重发次数"}),
    ),
    pace=Pace(timeout=3_000_000),
    decode=decode,
    verbs=(
        Verb(
            name="start", help="play a stream · 播放音频流", script=_saying(_start),
            options=(
                _TO, _EBM, _SESSION,
                ("--stream", {"required": True, "help": "address of the sound · 音频流地址"}),
                ("--event", {"default": "00000", "help": "5 characters · 事件编码"}),
                ("--kind", {"type": number(1, 5), "default": 2, "help": "2 simulated drill, 3 drill, 4 emergency, 5 daily · 2 模拟演练 3 实际演练 4 应急 5 日常"}),
                ("--level", {"type": number(0, 4), "default": 4, "help": "1 red … 4 blue · 1 红至 4 蓝"}),
                ("--minutes", {"type": number(1, 1440), "default": 5, "help": "how long · 时长(分钟)"}),
                ("--volume", {"type": number(0, 255), "default": 255, "help": "%%, 255 as it is · 音量,255 不变"}),
            ),
        ),
        Verb(name="stop", help="end a broadcast · 停播", options=(_TO, _EBM, _SESSION), script=_saying(lambda asked, profile: (profile.stop, stop_body(asked.ebm)))),
        Verb(
            name="volume", help="set the volume · 设置音量", script=_saying(lambda asked, profile: (profile.volume, volume_body(asked.percent))),
            options=(_TO, ("percent", {"type": number(0, 100), "help": "%% · 百分比"}), _SESSION),
        ),
        Verb(
            name="query", help="how it is · 查询状态", script=_saying(lambda asked, profile: _query(profile, *(TAGS if asked.all else ()))),
            options=(_TO, ("--all", {"action": "store_true", "help": "network, receivers, versions too · 含网络、接收与版本"})),
        ),
        *(
            Verb(name=more.name, help=more.help, options=(_TO, *more.options, *(() if more.name == "faults" else (_SESSION,))), script=_further(more))
            for more in MORE
        ),
        Verb(
            name="listen", help="what comes to our port · 接收上报", script=_listen,
            options=(("--seconds", {"type": number(1, 86_400), "default": 60, "help": "how long · 时长(秒)"}),),
        ),
    ),
)  # fmt: skip

__all__ = ["FACE", "decode"]
