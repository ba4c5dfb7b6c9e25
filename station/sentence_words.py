"""What the values of records are called where a sentence names them: how an alert ended, how grave an alarm is, what was measured. Pure data; knows no record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from station.words import Text

_YES_NO: Final = {"True": Text("yes", "是"), "False": Text("no", "否"), "None": Text("unknown", "未知")}

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
    "synchronised": _YES_NO,
    "reanchor_wanted": _YES_NO,
}


def value_text(field: str, value: Any) -> Text | None:
    """A value in words; None where it speaks for itself."""
    return VALUES.get(field, {}).get(str(value))
