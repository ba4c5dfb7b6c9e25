"""Words of the panel: items that wait for an operator's key. Data only: key → (Chinese, English)."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "prepared.title": ("备播节目", "Prepared items"),
    "prepared.now": ("插播(按住)", "Insert (hold)"),
    "prepared.now.help": (
        "一秒后插播,其下节目照走,播完接续正在进行的部分",
        "In a second it lies over the schedule, which runs on beneath and is joined in progress",
    ),
    "prepared.next": ("播完插播(按住)", "Insert after this (hold)"),
    "prepared.next.help": (
        "在播条目结束后插播,其下节目照走",
        "It lies over the schedule as soon as the item on air has ended",
    ),
    "prepared.done.now": ("即将插播《{title}》", "“{title}” comes now"),
    "prepared.done.next": ("播完后插播《{title}》", "“{title}” comes after this item"),
}
