"""What came of a question by hand, as a sentence in both languages: what, where, and what to do. The words for programs (`error`, `detail`) stay beside it. Pure; knows no wire."""

from __future__ import annotations

import re
from typing import Final

from station.oserrors import os_zh
from station.words import Text

_DETAILS: Final = {  # of lines and answers; what is not here stays as it is
    "DNS lookup failed": "找不到该主机名",
    "Connection was refused by other side": "对方拒绝连接(可能没有运行)",
    "User timeout caused connection failure": "连接超时",
    "TCP connection timed out": "连接超时",
    "No route to host": "无法到达该主机",
    "Connection was closed cleanly.": "连接被对方断开",
    "no answer to the connection": "连接无响应",
    "nothing answers": "无任何应答",
    "the other side hung up": "连接被对方断开",
    "hung up in the middle of the list": "列表未完即被断开",
    "illegal function": "非法功能码",
    "illegal data address": "非法数据地址",
    "illegal data value": "非法数据值",
    "device failure": "设备故障",
    "acknowledge": "已接受,正在处理",
    "device busy": "设备忙",
    "memory parity error": "存储校验错误",
    "gateway path unavailable": "网关路径不可用",
    "gateway target does not respond": "网关后的设备无应答",
    "crc": "校验错误",
    "count": "数量不符",
    "unit": "单元号不符",
    "function": "功能码不符",
    "echo": "回显不符",
    "length": "长度不符",
    "short": "应答过短",
    "cut short": "应答被截断",
    "another answer": "答非所问",
    "an answer without an end": "应答没有结尾",
    "a line without an end": "行没有结尾",
    "not one line": "不是恰好一行",
    "no prompt at its end": "结尾没有提示符",
    "no text": "不是文本",
    "checksum error": "校验错误",
    "unknown command": "不认识的命令",
    "another request id": "请求号不符",
    "other objects than were asked for": "应答的对象不是所问的对象",
}
_WRONG: Final = (  # what a codec cannot say, in Chinese
    (r"(.+) is not digits", r"\1 不是数字"),
    (r"(.+) is not (\d+) digits", r"\1 不是 \2 位数字"),
    (r"the codes of an order have one length", r"一条指令的资源编码长度须一致"),
    (r"(.+) is no address", r"\1 不是地址"),
    (r"a number does not go into its field: .+", r"数值超出字段范围"),
    (r"(.+) does not go into (\d+) bytes", r"\1 超出 \2 字节的范围"),
    (r"(.+) is not an event code of 5 ASCII characters", r"\1 不是 5 位 ASCII 事件编码"),
    (r"(.+) is not a language code of 3 ASCII characters", r"\1 不是 3 位 ASCII 语言代码"),
    (r"a volume of (.+) %", r"音量 \1 超出 0 至 100"),
    (r"(.+) is no telephone number of 11 digits", r"\1 不是 11 位电话号码"),
    (r"profile (.+) has no business type for (.+)", r"配置 \1 没有 \2 的业务类型"),
    (r"(\d+) bytes are more than a frame can hold", r"\1 字节超出一帧的容量"),
    (
        r"a request has 1 to (\d+) objects, not (\d+), and number .+",
        r"一次请求应有 1 至 \1 个对象,实为 \2 个",
    ),
    (r"(.+) is no value of kind (.+)", r"\1 不是类型 \2 的值"),
    (r"(.+) is no object name such as (.+)", r"\1 不是对象标识符,应如 \2"),
    (r"invalid literal for int\(\) with base \d+: (.+)", r"\1 不是整数"),
    (r"non-hexadecimal number found in fromhex.*", r"不是十六进制字节"),
    (r"(.+) is no port", r"\1 不是端口"),
    (r"(.+): (.+) cannot be (.+)", r"\1:\2 的值不能是 \3"),
    (r"say --community or --access, one of them", r"须给出 --community 或 --access 之一"),
)
_FAILED: Final = {
    "link": Text(
        "{where} cannot be reached{why}. Check its address and port, that the device is on, and that nothing else holds the line.",
        "无法连接 {where}{why}。请检查地址与端口、设备是否开机,以及线路是否被占用。",
    ),
    "timeout": Text(
        "{where} gave no answer{span}. Check which device, unit or coder is asked, speed and parity, and the wiring. Whether an order was obeyed nobody knows: look before it is given again.",
        "{where} {span}没有应答。请检查所问的设备、单元或编码器号、速率与校验及接线。命令是否已执行无从得知,重发前请先核对。",
    ),
    "unheard": Text(
        "{where} gave no answer{span}. Check its address, that its agent is on, and the community or user and its words: an agent says nothing to strangers.",
        "{where} {span}没有应答。请检查地址、代理是否启用,以及团体名或用户与口令:代理不应答陌生者。",
    ),
    "declined": Text(
        "{where} refuses{why}. The device is there and understood that it was asked: check what was asked, and whether it is switched to local.",
        "{where} 拒绝{why}。设备在线且收到了请求:请检查所请求的内容,以及设备是否处于本地控制。",
    ),
    "garbled": Text(
        "{where} answered, but not this question{why}; nothing of it is believed. Check speed and parity, which device is asked, and that nobody else speaks on the line.",
        "{where} 的应答与所问不符{why},一概不采信。请检查速率与校验、所问的设备,以及线路上是否另有设备发送。",
    ),
    "nothing": Text(
        "{where} has nothing there{why}. Check the object, or begin further up.",
        "{where} 在该处没有内容{why}。请检查对象标识符,或从上一级开始。",
    ),
}
_NUMBERED: Final = re.compile(
    r"\[Errno (?P<first>\d+)\] (?P<one>[^:]+)|: (?P<second>\d+): (?P<two>[^:.]+)\.\Z"
)
_SAME: Final = {"exception": "declined"}


def detail_zh(detail: str) -> str:
    """A detail for the Chinese half: in Chinese where it is known, with what was heard."""
    first, _, rest = detail.partition(": ")
    if first not in _DETAILS:
        return detail
    return f"{_DETAILS[first]}:{rest}" if rest.startswith(("'", '"')) else _DETAILS[first]


def told(detail: str) -> Text:
    """A detail in both languages: what the system's number means where one stands in it, as libraries wrap it."""
    every = list(_NUMBERED.finditer(detail))
    if not every:
        return Text(detail.removesuffix("."), detail_zh(detail))
    found = every[-1]  # the innermost
    said = found["one"] or found["two"]
    return Text(said, os_zh(OSError(int(found["first"] or found["second"]), said)))


def wrong_zh(error: Exception | str) -> str:
    """What a codec says it cannot carry, for the Chinese half; as it is where no pattern fits."""
    for pattern, zh in _WRONG:
        found = re.fullmatch(pattern, str(error), re.DOTALL)
        if found is not None:
            return found.expand(zh)
    return str(error)


def system(error: Exception) -> Text:
    """Why the system gives no line."""
    if isinstance(error, UnicodeError) or (isinstance(error, OSError) and (error.errno or 0) < 0):
        return Text("no such host name", "没有该主机名")  # negative numbers are those of names
    return told(str(error))


def outcome(
    error: str, where: Text | str, *, why: Text | str = "", seconds: float = 0.0
) -> dict[str, object]:
    """The two halves of the sentence for an outcome, to be laid beside its words for programs; none for an outcome that says itself what it is."""
    said = _FAILED.get(_SAME.get(error, error))
    if said is None:
        return {}
    because = told(why) if isinstance(why, str) else why
    span = Text(f" within {seconds:.3g} s", f"在 {seconds:.3g} 秒内") if seconds else Text("", "")
    place = Text(where, where) if isinstance(where, str) else where
    en = said.en.format(where=place.en, why=f" ({because.en})" if because.en else "", span=span.en)
    zh = said.zh.format(where=place.zh, why=f"({because.zh})" if because.zh else "", span=span.zh)
    return {"en": en, "zh": zh}


__all__ = ["detail_zh", "outcome", "system", "told", "wrong_zh"]
