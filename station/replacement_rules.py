"""What must hold of [[replacements]] in the settings. Pure but for asking whether named files are there; knows no library."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from station.settings import Settings
from station.words import Text

Said = tuple[str, Text]  # path, sentence without its subject

LONGEST: Final = 20  # characters of a class, as in rundowns


def rules(settings: Settings, home: Path, *, files: bool) -> Iterator[Said]:
    """Every rule that does not hold; with `files`, the media must be there too."""
    channels = {str(channel.id) for channel in settings.channels}
    for k, one in enumerate(settings.replacements):
        at = f"replacements[{k}]"
        if not 0 < len(one.category) <= LONGEST or any(char.isspace() for char in one.category):
            said = Text(
                f"is {one.category!r} but must be one short word, a class of the rundown",
                f"的值 {one.category!r} 应为节目单中的类别,一个短词",
            )
            yield f"{at}.category", said
        if not one.media:
            yield f"{at}.media", Text("is empty: nothing would stand in", "为空:没有可替播的素材")
        for n, name in enumerate(one.media):
            if files and not (home / name).is_file():
                said = Text(f"names {name!r}, which is no file", f"指向的文件 {name!r} 不存在")
                yield f"{at}.media[{n}]", said
        for n, channel in enumerate(one.channels):
            if channel not in channels:
                yield f"{at}.channels[{n}]", Text(f"is {channel!r}, no channel", f"没有频道 {channel!r}")


__all__ = ["LONGEST", "rules"]
