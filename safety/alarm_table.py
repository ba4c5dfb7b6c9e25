"""The life cycle of an alarm as a table: phase and step give the next phase (after ISA-18.2). Data only; knows no rule of who or when."""

from __future__ import annotations

from typing import Literal

from station.words import Text

Phase = Literal["new", "standing", "acknowledged", "returned", "shelved", "resting", "cleared"]
Step = Literal[
    "raised",
    "acknowledged",
    "returned",
    "worsened",
    "eased",
    "chattered",
    "escalated",
    "shelved",
    "unshelved",
]

PHASES: dict[Phase, Text] = {
    "new": Text("nothing is wrong", "正常"),
    "standing": Text("wrong now, nobody has acknowledged it", "故障中,未确认"),
    "acknowledged": Text("wrong now, acknowledged", "故障中,已确认"),
    "returned": Text("right again, but nobody has acknowledged it", "已恢复,未确认"),
    "shelved": Text("shelved for a while, still wrong", "已搁置,仍有故障"),
    "resting": Text("shelved for a while, right again", "已搁置,已恢复"),
    "cleared": Text("over", "已消除"),
}
STEPS: dict[Step, Text] = {
    "raised": Text("raised", "发生"),
    "acknowledged": Text("acknowledged", "确认"),
    "returned": Text("returned", "恢复"),
    "worsened": Text("worsened", "加重"),
    "eased": Text("eased", "减轻"),
    "chattered": Text("chatters", "频繁通断"),
    "escalated": Text("people are called", "叫应"),
    "shelved": Text("shelved", "搁置"),
    "unshelved": Text("unshelved", "取消搁置"),
}

UNREAD: frozenset[Phase] = frozenset({"standing", "returned"})  # somebody must still acknowledge it
WRONG: frozenset[Phase] = frozenset({"standing", "acknowledged", "shelved"})  # the condition holds
SHELVED: frozenset[Phase] = frozenset({"shelved", "resting"})

TABLE: dict[tuple[Phase, Step], Phase] = {
    ("new", "raised"): "standing",
    ("standing", "acknowledged"): "acknowledged",
    ("standing", "returned"): "returned",
    ("standing", "worsened"): "standing",
    ("standing", "eased"): "standing",
    ("standing", "chattered"): "standing",
    ("standing", "escalated"): "standing",
    ("standing", "shelved"): "shelved",
    ("acknowledged", "returned"): "cleared",
    ("acknowledged", "worsened"): "standing",  # what was acknowledged was less
    ("acknowledged", "eased"): "acknowledged",
    ("acknowledged", "shelved"): "shelved",
    ("returned", "raised"): "standing",
    ("returned", "acknowledged"): "cleared",
    ("returned", "shelved"): "resting",
    ("shelved", "returned"): "resting",
    ("shelved", "worsened"): "standing",  # nobody shelved that
    ("shelved", "eased"): "shelved",
    ("shelved", "chattered"): "shelved",
    ("shelved", "unshelved"): "standing",
    ("resting", "raised"): "shelved",
    ("resting", "unshelved"): "cleared",
}
