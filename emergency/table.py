"""The life cycle of an alert as a table: phase and event give the next phase. Data only; knows no rule of who or when."""

from __future__ import annotations

from typing import Literal

from station.words import Text

Phase = Literal[
    "new",
    "waiting",
    "held",
    "sounding",
    "owing",
    "settled",
    "expired",
    "finished",
    "cancelled",
    "superseded",
    "refused",
    "lapsed",
    "rejected",
]
Step = Literal[
    "submitted",
    "spoken",
    "speechless",
    "signed",
    "rejected",
    "held",
    "glassbroken",
    "oral",
    "aired",
    "moved",
    "overdue",
    "owes",
    "settles",
    "expired",
    "finished",
    "cancelled",
    "superseded",
    "refused",
    "lapsed",
]

PHASES: dict[Phase, Text] = {
    "new": Text("not known yet", "尚未收到"),
    "waiting": Text("waiting for its speech or its signatures", "等待语音合成或签审"),
    "held": Text("held back for a look, a person is called", "规则暂停,已呼叫值班人"),
    "sounding": Text("on air", "正在播出"),
    "owing": Text("off the air, a signature still owed", "已停播,尚欠补签"),
    "settled": Text("over, the owed signature given", "已结束,补签完成"),
    "expired": Text("over: its time was up", "已结束:到期"),
    "finished": Text("over: all repeats were played", "已结束:播完遍数"),
    "cancelled": Text("over: cancelled", "已解除"),
    "superseded": Text("over: a newer message took its place", "已被更新消息取代"),
    "refused": Text("refused, never aired", "未准播出"),
    "lapsed": Text("lapsed: its time was up before it could air", "未播先过期"),
    "rejected": Text("rejected by a reviewer", "签审人退回"),
}

OPEN: frozenset[Phase] = frozenset({"waiting", "held"})
LIVE: frozenset[Phase] = frozenset({"waiting", "held", "sounding"})

_STAYS_OPEN: tuple[Step, ...] = ("spoken", "speechless", "signed", "glassbroken", "oral")
_ENDS_OPEN: dict[Step, Phase] = {
    "rejected": "rejected",
    "aired": "sounding",
    "cancelled": "cancelled",
    "superseded": "superseded",
    "refused": "refused",
    "lapsed": "lapsed",
    "held": "held",
}
_STAYS_SOUNDING: tuple[Step, ...] = ("signed", "rejected", "oral", "moved", "overdue", "spoken")

TABLE: dict[tuple[Phase, Step], Phase] = {
    ("new", "submitted"): "waiting",
    **{("waiting", step): "waiting" for step in _STAYS_OPEN},
    **{("held", step): "held" for step in _STAYS_OPEN},
    **{("waiting", step): phase for step, phase in _ENDS_OPEN.items()},
    **{("held", step): phase for step, phase in _ENDS_OPEN.items()},
    **{("sounding", step): "sounding" for step in _STAYS_SOUNDING},
    ("sounding", "owes"): "owing",
    ("sounding", "expired"): "expired",
    ("sounding", "finished"): "finished",
    ("sounding", "cancelled"): "cancelled",
    ("sounding", "superseded"): "superseded",
    ("owing", "signed"): "owing",
    ("owing", "settles"): "settled",
    ("owing", "rejected"): "rejected",
    ("owing", "oral"): "owing",
    ("owing", "overdue"): "owing",
}
