"""The words of chains with two players, in Chinese and English. Knows no page."""

from __future__ import annotations

TABLE: dict[str, tuple[str, str]] = {
    "onair.player.air": ("在播", "on the air"),
    "onair.player.joining": ("正在同步", "not equal yet"),
    "onair.player.away": ("无应答", "away"),
}
