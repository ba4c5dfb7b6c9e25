"""How a child of a player rests: it shows life before. Knows no child."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

Beat = Callable[[], None]
_MOMENT: Final = 0.006  # s, within a block
_BLOCK: Final = 0.01  # s


def sleeping(beat: Beat) -> Callable[[float], None]:
    """Rests so many seconds."""

    def sleep(seconds: float) -> None:
        beat()
        time.sleep(seconds)

    return sleep


def resting(beat: Beat) -> Callable[[int], None]:
    """Rests until shortly before so many more blocks can be there."""
    sleep = sleeping(beat)
    return lambda blocks: sleep((blocks - 1) * _BLOCK + _MOMENT)


__all__ = ["Beat", "resting", "sleeping"]
