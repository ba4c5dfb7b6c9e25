"""Words of the panel: what an operator does while the plan runs. Data only: key → (Chinese, English)."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "operate.take": ("播下一条(按住)", "Take next (hold)"),
    "operate.take.help": (
        "一秒后结束在播条目,播出下一条;下一个预定开始时刻之后的节目不动",
        "In a second the item on air ends and the next begins; nothing moves beyond the next planned start",
    ),
    "operate.hold": ("播完暂停(按住)", "Stop after this (hold)"),
    "operate.hold.help": (
        "在播条目结束后改播垫片,直到“播下一条”或下一个预定开始时刻",
        "After the item on air filler stands, until the next is taken or the next planned start",
    ),
    "operate.back": ("回到计划(按住)", "Back to plan (hold)"),
    "operate.back.help": (
        "一秒后按原计划接续正在进行的节目",
        "In a second the plan as it was goes on, joined in progress",
    ),
    "operate.skip": ("跳过", "Skip"),
    "operate.cue": ("提为下一条", "Make next"),
    "operate.done.take": ("即将播出《{title}》", "“{title}” comes now"),
    "operate.done.hold": ("《{title}》之前先播垫片", "filler stands before “{title}”"),
    "operate.done.skip": ("已跳过《{title}》", "“{title}” is left out"),
    "operate.done.cue": ("下一条:《{title}》", "“{title}” is next"),
    "operate.done.back": ("已回到计划", "back to the plan"),
}
