"""Sentences of the journal about duty, accounts' ends of sessions and settings, in both languages. Knows no database."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "duty.offered": ("{operator} is there to take over: {post}", "{operator} 到岗待接班:{post}"),
    "duty.taken": (
        "{operator} took the post {post} {before} {absent}",
        "{operator} 接班:{post} {before} {absent}",
    ),
    "duty.left": ("{operator} left the post {post} empty: {why}", "{operator} 离岗,{post} 空岗:{why}"),
    "duty.noted": ("{by} wrote: {text}", "{by} 记事:{text}"),
    "operator.unseated": ("{by} ended a seat of {operator}", "{by} 结束了 {operator} 的会话"),
    "contacts.changed": ("{by} set the telephone list, {count} lines", "{by} 更新电话表,共 {count} 行"),
    "settings.proposed": (
        "{by} proposed other settings {sha256} {note}",
        "{by} 提出修改设置 {sha256} {note}",
    ),
    "settings.approved": ("{by} approved the settings {sha256}", "{by} 批准设置 {sha256}"),
    "settings.withdrawn": (
        "{by} took the settings {sha256} off the table: {reason}",
        "{by} 撤回设置 {sha256}:{reason}",
    ),
    "settings.installed": (
        "the settings {sha256} were written; the old ones {before} are kept",
        "设置 {sha256} 已写入,原设置 {before} 已保留",
    ),
    "settings.rolledback": (
        "the settings {sha256} kept the station from starting ({starts} times: {en}); those before ({before}) are back",
        "设置 {sha256} 使台站无法启动({starts} 次:{zh}),已自动恢复 {before}",
    ),
    "settings.failed": ("the settings {sha256} could not be written: {why}", "设置 {sha256} 写入失败:{why}"),
    "duty.rostered": ("the roster of {first} to {last} was set", "值班表已更新:{first} 至 {last}"),
}
