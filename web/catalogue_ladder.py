"""The words of the fallback ladder, in Chinese and English. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "rung.file": ("节目文件", "Programme file"),
    "rung.copy": ("备份文件", "Second copy"),
    "rung.mended": ("损坏处静音修补", "Damaged place mended"),
    "rung.replacement": ("替播素材", "Approved replacement"),
    "rung.filler": ("垫播", "Filler"),
    "rung.loop": ("应急循环", "Emergency loop"),
    "rung.tone": ("测试音", "Tone"),
    "onair.ladder": ("台站启动以来降级播出", "Fallbacks since the station began"),
    "onair.ladder.one": ("{rung} {times} 次 {seconds} 秒", "{rung} {times} × {seconds} s"),
}
