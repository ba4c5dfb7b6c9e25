"""The panel's words about television, in Chinese and English. Data only."""

from __future__ import annotations

from typing import Final

TABLE: Final[dict[str, tuple[str, str]]] = {
    "onair.watch": ("观看频道", "Watch"),
    "onair.endpreview": ("停止试听", "Stop listening"),
    "onair.endpicture": ("停止观看", "Stop watching"),
    "onair.nopicture": ("没有可看的预览流", "There is no preview to see"),
    "onair.picture": ("频道画面预览", "Preview of the channel"),
}
