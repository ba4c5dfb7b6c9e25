"""What the values of records are called where a sentence names them: how an alert ended, how grave an alarm is, what was measured. Pure data; knows no record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from emergency.reasons import ROW_NAMES
from station.duty_messages import POST_NAMES
from station.words import Text

VALUES: Final[Mapping[str, Mapping[str, Text]]] = {
    "how": {
        "expired": Text("its time was up", "到期"),
        "finished": Text("all repeats were played", "播完遍数"),
        "cancelled": Text("cancelled", "已解除"),
        "superseded": Text("a newer message took its place", "被更新消息取代"),
        "refused": Text("refused, never aired", "未准播出"),
        "lapsed": Text("its time was up before it could air", "未播先过期"),
        "person": Text("by hand", "人工"),
        "time": Text("its time was up", "到时"),
    },
    "cause": {
        "marker": Text("by its marker", "结束标记"),
        "key": Text("by key", "按键"),
        "silent": Text("nothing was said any more", "长时间静音"),
        "lost": Text("nothing came any more", "信号中断"),
        "over": Text("heard to its end", "已播完"),
        "early": Text("ended before its time", "提前结束"),
        "muted": Text("muted here", "本地静音"),
    },
    "then": {
        "resume": Text("goes on where it was cut", "从中断处续播"),
        "restart": Text("begins anew", "从头重播"),
        "drop": Text("is left out", "不再播出"),
    },
    "member": {
        str(k): Text(str(k + 1), str(k + 1)) for k in range(8)
    },  # ways of a relay, as the page counts them
    "start": {
        "key": Text("by key", "按键"),
        "fader": Text("by its fader", "推子"),
        "level": Text("by its sound", "有声自动"),
    },
    "severity": {
        "critical": Text("critical", "紧急"),
        "major": Text("major", "重要"),
        "minor": Text("minor", "一般"),
    },
    "state": {
        "PLANNED": Text("planned off the air", "计划停机"),
        "FOREIGN": Text("FOREIGN programme", "非法插播"),
        "WRONG": Text("WRONG programme", "错播"),
        "OUTAGE": Text("OUTAGE", "停播"),
        "EMPTY": Text("carrier without programme", "空播"),
        "DEGRADED": Text("DEGRADED", "劣播"),
        "UNKNOWN": Text("not measured", "未测"),
        "NORMAL": Text("normal", "正常"),
    },
    "who": {"": Text("nobody: book and roster name no one", "无人:值班簿与值班表均未列人")},
    "which": {"password": Text("password", "口令"), "pin": Text("PIN", "PIN")},
    "row": ROW_NAMES,
    "post": {str(post): name for post, name in POST_NAMES.items()},
    "rule": {
        "one-on": Text("one person may bring it up", "开启只需一人"),
        "two-off": Text("two persons decided", "两人确认"),
        "alert": Text("one person may while an alert sounds", "预警播发期间一人即可"),
        "foreign": Text("one person may while a foreign programme is heard", "监测到非法插播时一人即可"),
    },
    "on": {"True": Text("on", "开启"), "False": Text("off", "关闭")},
    "carrier": {
        "on": Text("on", "开启"),
        "off": Text("off", "关闭"),
        "unclear": Text("unclear", "不明"),
    },
    "contact": {
        "never": Text("not made yet", "尚未建立"),
        "good": Text("good", "正常"),
        "lost": Text("lost", "中断"),
        "wrong": Text("with another device than expected", "应答的是另一台设备"),
    },
    "crossed": {"True": Text("is crossed", "越限"), "False": Text("holds again", "恢复")},
    "synchronised": {
        "True": Text("kept by a time source", "有校时来源"),
        "False": Text("no time source keeps it", "没有校时来源"),
    },
    "reanchor_wanted": {
        "True": Text("the station's time is to be set anew", "台站时间须重新对准"),
        "False": Text("nothing to do", "无须处理"),
    },
}


def value_text(field: str, value: Any) -> Text | None:
    """A value in words; None where it speaks for itself."""
    return VALUES.get(field, {}).get(str(value))
