"""The words that the program itself says around drills (B17). Data; knows no message."""

from __future__ import annotations

from typing import Final

DRILL_WORDS: Final = "这是演练。"
DRILL_END: Final = "这是演练,请勿惊慌。"
DRILL_BROKEN_OFF: Final = "演练中止,以下是真实预警。"
DRILL_WORDS_EN: Final = "This is a drill."
DRILL_BROKEN_OFF_EN: Final = "The drill is broken off. What follows is real."
