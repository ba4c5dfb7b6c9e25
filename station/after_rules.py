"""What must hold of [[after_alerts]] in the settings. Pure; opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from station.replacement_rules import LONGEST
from station.settings import Settings
from station.words import Text

Said = tuple[str, Text]  # path, sentence without its subject

LONGEST_S: Final = 1_800  # whoever waits longer for the rest of an item waits for another one


def rules(settings: Settings) -> Iterator[Said]:
    """Every rule that does not hold."""
    channels = {str(channel.id) for channel in settings.channels}
    for k, one in enumerate(settings.after_alerts):
        at = f"after_alerts[{k}]"
        if len(one.category) > LONGEST or any(char.isspace() for char in one.category):
            said = Text(
                f"is {one.category!r} but must be one short word, a class of the rundown, or empty",
                f"的值 {one.category!r} 应为节目单中的类别(一个短词),或留空",
            )
            yield f"{at}.category", said
        if (one.then == "restart") != (one.restart_under_s != 0) or not 0 <= one.restart_under_s <= LONGEST_S:
            said = Text(
                f'is {one.restart_under_s}; with then = "restart" it must be from 1 to {LONGEST_S}, else it has no meaning',
                f'的值 {one.restart_under_s} 无效:then = "restart" 时应在 1 至 {LONGEST_S} 之间,其他情形不写',
            )
            yield f"{at}.restart_under_s", said
        if not 1 <= one.longest_s <= LONGEST_S:
            said = Text(
                f"is {one.longest_s} but must be from 1 to {LONGEST_S}",
                f"的值 {one.longest_s} 应在 1 至 {LONGEST_S} 之间",
            )
            yield f"{at}.longest_s", said
        for n, channel in enumerate(one.channels):
            if channel not in channels:
                yield f"{at}.channels[{n}]", Text(f"is {channel!r}, no channel", f"没有频道 {channel!r}")


__all__ = ["LONGEST_S", "rules"]
