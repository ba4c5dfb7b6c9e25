"""Why something fails, as programs keep it (one English word or sentence), said in both languages: falls of a player, devices that do not answer, speech that was not made. Pure."""

from __future__ import annotations

import re
from typing import Final

from station.words import Text

_SAID: Final[tuple[tuple[str, str], ...]] = (
    # playout/vision.py, playout/marking.py
    ("its pictures are not ready", "画面尚未备好"),
    ("its pictures cannot be read", "画面无法读取"),
    ("the file can be read again", "文件恢复可读"),
    ("the file cannot be read; its second copy is", "文件无法读取,改读备份文件"),
    (r"(\d+) samples of the file are damaged", r"文件损坏 \1 个采样"),
    # devices/bus.py, readers.py, named_readers.py, modbus.py
    ("link", "线路不通"),
    ("timeout", "超时无应答"),
    ("declined", "设备拒绝"),
    ("garbled", "应答无法解读"),
    ("full", "排队已满"),
    ("too old", "等待过久"),
    ("resting", "多次无应答,暂停询问"),
    ("not told any more", "设备不再提供"),
    ("no number", "不是数值"),
    (r"exception (\d+) \((.+)\)", r"异常码 \1:\2"),
    # emergency/voice.py
    ("The speech engine broke off: killed", "语音引擎被终止"),
    (r"The speech engine broke off: (.+)", r"语音引擎异常退出:\1"),
    (r"Too many texts wait to be spoken\.", "等待合成的文本过多"),
    (r"Speech cannot be stored: (.+)\.", r"语音无法保存:\1"),
)


class Sayings:
    """A table of English words and sentences, as patterns that match whole, and what they are in Chinese."""

    def __init__(self, said: tuple[tuple[str, str], ...]) -> None:
        self._table = tuple((re.compile(f"{pattern}\\Z"), zh) for pattern, zh in said)

    def text(self, english: str) -> Text:
        """For people; what this table does not know is shown as it is."""
        for pattern, zh in self._table:
            found = pattern.match(english)
            if found is not None:
                return Text(english, found.expand(zh))
        return Text(english, english)


_REASONS: Final = Sayings(_SAID)


def reason_text(why: str) -> Text:
    """A reason for people; one that is not known is shown as it is."""
    return _REASONS.text(why)


__all__ = ["Sayings", "reason_text"]
