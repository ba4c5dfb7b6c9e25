"""The words of a channel's further outputs, in Chinese and English. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "onair.outputs": ("其他输出", "Further outputs"),
    "onair.output.starting": ("正在连接", "beginning"),
    "onair.output.up": ("正常", "sends"),
    "onair.output.slow": ("接收方过慢,有丢弃", "drops: receiver too slow"),
    "onair.output.down": ("未送出", "does not send"),
    "onair.output.away": ("无报告", "not reported"),
}
