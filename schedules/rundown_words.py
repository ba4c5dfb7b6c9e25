"""The words that a rundown may use for modes, classes, curves, yes and no, in English and Chinese. Data only."""

from __future__ import annotations

from typing import Literal

from schedules.plan import Curve

Mode = Literal["hard", "soft", "follow", "interrupt", "key"]

MODES: dict[str, Mode] = {
    "hard": "hard",
    "硬": "hard",
    "定时": "hard",
    "soft": "soft",
    "软": "soft",
    "可延": "soft",
    "follow": "follow",
    "跟随": "follow",
    "顺播": "follow",
    "interrupt": "interrupt",
    "定时插入": "interrupt",
    "key": "key",
    "备播": "key",
}
CLASSES = {
    "新闻": "news",
    "转播": "relay",
    "音乐": "music",
    "广告": "advert",
    "公益": "public",
    "通知": "notice",
    "专题": "feature",
    "片头": "ident",
}
CURVES: dict[str, Curve] = {
    "": "linear",
    "linear": "linear",
    "线性": "linear",
    "power": "power",
    "等功率": "power",
}
YES = frozenset({"yes", "y", "1", "true", "是", "可"})
NO = frozenset({"no", "n", "0", "false", "否", "不可", ""})


__all__ = ["CLASSES", "CURVES", "MODES", "NO", "YES", "Mode"]
