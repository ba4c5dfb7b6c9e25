"""`gengfu wire mqtt`: terminals and screens behind an MQTT server from the command line. Knows no port."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import attrs

from devices import fefd, mqtt, mqtt_messages
from devices.mqtt_messages import Kind, Order, Query, Show, Start, Stop, Volume
from devices.mqtt_wire import Follow, Give, MqttWire, Tell
from devices.turns import Pace
from devices.wire_face import Face, Listen, Option, Script, Verb, cannot, number
from station.clock import wall_us
from station.words import Misheard

PING_US = 20_000_000  # between two signs of life; the server is told 60 s
_GATHER_US = 5_000_000  # in which the devices of an area answer
_CODE: Option = ("code", {"help": "resource code, 23 digits, or area, 12 · 资源编码(23 位)或区划代码(12 位)"})
_EBM: Option = ("ebm", {"help": "EBMID, 35 digits · 消息编号"})
_SCREEN: Option = ("--screen", {"action": "store_true", "help": "a screen, no terminal · 对象为大屏"})
_BROADCAST: tuple[Option, ...] = (
    ("--event", {"default": "00000", "help": "5 characters · 事件编码"}),
    ("--kind", {"type": number(1, 5), "default": 2, "help": "2 simulated drill, 3 drill, 4 emergency, 5 daily · 2 模拟演练 3 实际演练 4 应急 5 日常"}),
    ("--level", {"type": number(0, 4), "default": 4, "help": "1 red … 4 blue · 1 红至 4 蓝"}),
    ("--minutes", {"type": number(1, 1440), "default": 5, "help": "how long · 时长(分钟)"}),
)  # fmt: skip
Asked = argparse.Namespace


def _head(asked: Asked) -> dict[str, Any]:
    """Who is meant, and what tells this order from all others."""
    now = wall_us()
    to = fefd.area_target(asked.code) if len(asked.code) == 12 else asked.code
    return {"id": f"wire-{now}", "session": now, "at": now // 1_000_000, "to": (to,)}


def _broadcast(asked: Asked) -> dict[str, Any]:
    head = _head(asked)
    return {
        **head, "ebm": asked.ebm, "kind": asked.kind, "level": asked.level, "event": asked.event,
        "start": head["at"], "end": head["at"] + 60 * asked.minutes,
    }  # fmt: skip


def _start(asked: Asked) -> Order:
    return Start(**_broadcast(asked), stream=asked.stream, volume=asked.volume)


def _show(asked: Asked) -> Order:
    return Show(**_broadcast(asked), text=asked.text, image=asked.image, sha256=asked.sha256)


def _holds(order: Order, found: mqtt_messages.Status) -> bool:
    """Whether what a device says of itself is what it was told."""
    match order:
        case Start():
            return found.state == "playing" and found.ebm == order.ebm
        case Show():
            return found.state == "showing" and found.ebm == order.ebm
        case Stop():
            return found.ebm != order.ebm
        case Volume():
            return found.volume == order.volume
    return found.online


def _signed(order: Order, asked: Asked) -> Order:
    """The order with its signature, where there is a key and it is no question."""
    if asked.key is None or isinstance(order, Query):
        return order
    if asked.signing is None or not re.fullmatch("[0-9]{12}", asked.certificate):
        raise cannot("--key needs --certificate, 12 digits", "--key 须与 12 位数字的 --certificate 同用")
    named = attrs.evolve(order, certificate=asked.certificate)
    return attrs.evolve(named, signature=asked.signing(asked.key)(mqtt_messages.to_sign(named)).hex())


def _connect(asked: Asked) -> mqtt.Connect:
    password = None
    if asked.password_file is not None:
        try:
            password = asked.password_file.read_bytes().strip()
        except OSError as error:
            raise cannot(
                f"{asked.password_file}: {error.strerror}", f"无法读取 {asked.password_file}"
            ) from None
    made = mqtt.Connect(client=asked.client, user=asked.user, password=password)
    try:
        mqtt.encode(made)
    except ValueError as error:
        raise cannot(str(error), f"无法连接:{error}") from None
    return made


def _ordering(make: Callable[[Asked], Order], kind: Kind | None = None) -> Callable[[Asked], Script]:
    """The script of a verb: give the order, then ask whether it is so."""

    def script(asked: Asked) -> Script:
        of: Kind = kind or ("screen" if asked.screen else "terminal")
        try:
            connect, order = _connect(asked), _signed(make(asked), asked)
            payload = mqtt_messages.write(order)
            topic = mqtt_messages.area_topic(of, asked.code) if len(asked.code) == 12 else ""
        except ValueError as error:
            raise cannot(str(error), f"无法发送:{error}") from None
        if topic:
            return _gathered(connect, Tell(topic=topic, payload=payload), of)
        return _read_back(connect, Give(of, order), asked)

    return script


def _read_back(connect: mqtt.Connect, give: Give, asked: Asked) -> Script:
    yield connect
    yield Follow(mqtt_messages.report_filters(give.kind, give.order.to[0]))
    found = yield give
    if not isinstance(give.order, Query):
        found = yield Give(give.kind, Query(**_head(asked)))
    return {"holds": _holds(give.order, found)}


def _gathered(connect: mqtt.Connect, tell: Tell, kind: Kind) -> Script:
    """To an area: the server takes it, and then devices answer or do not. It holds where some do and none refuses."""
    order = mqtt_messages.read(tell.payload)
    yield connect
    yield Follow(mqtt_messages.report_filters(kind))
    yield tell
    told = yield Listen(_GATHER_US, earlier=True)  # an answer may be quicker than the server
    said = [one for _, one in told if getattr(one, "id", None) == getattr(order, "id", "")]
    refused = [one.code for one in said if getattr(one, "result", "") == "refused"]
    return {"holds": bool(said) and not refused, "answered": len(said), "refused": refused}


def _listen(asked: Asked) -> Script:
    connect = _connect(asked)
    return _listening(connect, "screen" if asked.screen else "terminal", 1_000_000 * asked.seconds)


def _listening(connect: mqtt.Connect, kind: Kind, left: int) -> Generator[Any, Any, None]:
    yield connect
    yield Follow(mqtt_messages.report_filters(kind))
    while left > 0:
        yield Listen(min(left, PING_US))
        left -= PING_US
        yield mqtt.PingReq()


def decode(data: bytes) -> list[Any]:
    """Packets, and behind each message what its payload says; what is neither is said."""
    reader, found = mqtt.Reader(), []
    for packet in reader.feed(data):
        found.append(packet)
        if isinstance(packet, mqtt.Publish):
            found.append(_payload(packet))
    if reader.holding:
        reader.drop()
    return [*found, reader.deaf] if reader.deaf is not None else found


def _payload(packet: mqtt.Publish) -> Any:
    try:
        return mqtt_messages.read(packet.payload)
    except Misheard as misheard:
        return misheard


FACE = Face(
    name="mqtt",
    help="terminals and screens behind an MQTT server · MQTT 终端与大屏",
    wire=lambda _: MqttWire(),
    options=(
        ("--client", {"default": "gengfu-wire", "help": "client identifier · 客户端标识"}),
        ("--user", {"default": None, "help": "user name · 用户名"}),
        ("--password-file", {"type": Path, "default": None, "metavar": "FILE", "help": "holds the password · 密码文件"}),
        ("--key", {"type": Path, "metavar": "PEM", "help": "sign with this SM2 private key · 用此 SM2 私钥签名"}),
        ("--certificate", {"default": "", "help": "serial of its certificate, 12 digits · 证书编号,12 位数字"}),
    ),
    serial="115200:8N1",
    pace=Pace(timeout=5_000_000, gap=2_000_000),
    decode=decode,
    verbs=(
        Verb(
            name="start", help="play a stream · 播放音频流", script=_ordering(_start, "terminal"),
            options=(
                _CODE, _EBM, *_BROADCAST,
                ("--stream", {"required": True, "help": "address of the sound · 音频流地址"}),
                ("--volume", {"type": number(0, 100), "default": None, "help": "%% · 音量"}),
            ),
        ),
        Verb(
            name="show", help="show a text · 显示文字", script=_ordering(_show, "screen"),
            options=(
                _CODE, _EBM, *_BROADCAST,
                ("--text", {"required": True, "help": "what is to be read · 文本"}),
                ("--image", {"default": None, "help": "address of a picture · 图片地址"}),
                ("--sha256", {"default": None, "help": "of the picture, in hex · 图片摘要"}),
            ),
        ),
        Verb(
            name="stop", help="end a broadcast · 停播", options=(_CODE, _EBM, _SCREEN),
            script=_ordering(lambda asked: Stop(**_head(asked), ebm=asked.ebm)),
        ),
        Verb(
            name="volume", help="loudness or brightness · 设置音量或亮度",
            options=(_CODE, ("percent", {"type": number(0, 100), "help": "%% · 百分比"}), _SCREEN),
            script=_ordering(lambda asked: Volume(**_head(asked), volume=asked.percent)),
        ),
        Verb(name="query", help="how it is · 查询状态", script=_ordering(lambda asked: Query(**_head(asked))), options=(_CODE, _SCREEN)),
        Verb(
            name="listen", help="what all of them report · 接收上报", script=_listen,
            options=(_SCREEN, ("--seconds", {"type": number(1, 86_400), "default": 60, "help": "how long · 时长(秒)"})),
        ),
    ),
)  # fmt: skip

__all__ = ["FACE", "PING_US", "decode"]
