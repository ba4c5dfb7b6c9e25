"""Sentences of the plant's journal records, in both languages. A table; decides nothing."""

from __future__ import annotations

SENTENCES: dict[str, tuple[str, str]] = {
    "carrier.asked": (
        "{by} asked to take {device} off the air: {reason}; a second person must confirm",
        "{by} 申请关闭 {device} 载波:{reason};须第二人确认",
    ),
    "carrier.withdrawn": (
        "the asking to take {device} off the air is void ({by})",
        "关闭 {device} 载波的申请已作废({by})",
    ),
    "carrier.ordered": (
        "the carrier of {device} was ordered {on} by {by} ({rule} {cause}): {reason}",
        "{by} 下令{on} {device} 载波({rule} {cause}):{reason}",
    ),
    "carrier.sent": ("order {order} goes out to {device}", "向 {device} 发出命令 {order}"),
    "carrier.confirmed": (
        "{device} reads back as ordered: the carrier is {on}",
        "{device} 回读与命令一致:载波已{on}",
    ),
    "carrier.unconfirmed": (
        "order {order} to {device} is not confirmed: {why_en}",
        "{device} 命令 {order} 未获确认:{why_zh}",
    ),
    "carrier.read": ("the carrier of {device} reads {carrier}", "{device} 载波读数为 {carrier}"),
    "device.contact": ("contact with {device} is {contact} {why}", "与 {device} 的通信:{contact} {why}"),
    "device.state": (
        "{device}: {point} changed from {was} to {value}",
        "{device}:{point} 由 {was} 变为 {value}",
    ),
    "device.limit": ("{device}: limit {limit} {crossed}", "{device}:限值 {limit} {crossed}"),
}
