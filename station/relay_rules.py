"""What must hold of the relays in settings: names, chains, members, times, which alerts give way to what is on the air, and what becomes of what they broke off. Pure; opens nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from schedules.relays import LIVE
from station import after_rules
from station.pairs import is_pair, is_television
from station.relay_sources import CLASSES, FIRST, RelaySection, read
from station.settings import Settings
from station.words import Text

MOST_RELAYS: Final = 8
MOST_MEMBERS: Final = 8
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,31}\Z")
LONGEST_WAIT_S: Final = 120  # village loudspeakers go on sounding so much longer
_TIMES: Final = {"delay_ms": (500, 20_000), "silence_ms": (500, 60_000), "level_dbfs": (-80, -20)}

Said = tuple[str, Text]


def rules(settings: Settings) -> Iterator[Said]:
    """Every rule that does not hold."""
    if len(settings.relays) > MOST_RELAYS:
        yield "relays", Text(f"has more than {MOST_RELAYS} entries", f"超过 {MOST_RELAYS} 项")
    yield from _yielding(settings)
    yield from after_rules.rules(settings)
    seen: set[str] = set()
    for number, section in enumerate(settings.relays):
        path = f"relays[{number}]"
        if not _NAME.match(section.id):
            said = Text(
                f"is {section.id!r}; write small letters, digits and hyphens",
                f"的值 {section.id!r} 无效,只能用小写字母、数字和连字符",
            )
            yield f"{path}.id", said
        if section.id.startswith(LIVE):
            yield f"{path}.id", Text(f"begins with {LIVE}", f"不能以 {LIVE} 开头")
        if section.id in seen:
            yield f"{path}.id", Text(f"{section.id!r} is there twice", f"{section.id!r} 重复")
        seen.add(section.id)
        yield from _chain(settings, path, section.chain)
        yield from _members(path, section.members, paired=is_pair(settings, section.chain))
        yield from _times(path, section)
        yield from _secret(path, section)


def _chain(settings: Settings, path: str, chain: str) -> Iterator[Said]:
    if chain not in {section.chain for section in settings.channels}:
        yield (
            f"{path}.chain",
            Text(f"names {chain!r}, which no channel is in", f"{chain!r} 不是任何频道的播出链"),
        )
    elif is_television(settings, chain):
        yield (
            f"{path}.chain",
            Text("is of television; only sound is relayed yet", "是电视播出链;目前只能转播声音"),
        )


def _members(path: str, members: list[str], *, paired: bool) -> Iterator[Said]:
    if not 1 <= len(members) <= MOST_MEMBERS:
        yield (
            f"{path}.members",
            Text(f"must be 1 to {MOST_MEMBERS} sources", f"应为 1 至 {MOST_MEMBERS} 个来源"),
        )
    for number, text in enumerate(members):
        found = read(text)
        if isinstance(found, Text):
            yield f"{path}.members[{number}]", found
        elif text in members[:number]:
            yield f"{path}.members[{number}]", Text("is there twice", "重复")
        elif paired and not found.shared:
            said = Text(
                "comes to one player only, but the chain is a pair: have it sent to a multicast group, or by http or srt",
                "只能由一台播放器接收,而该播出链为双机热备:请改用组播地址,或 http、srt",
            )
            yield f"{path}.members[{number}]", said


def _secret(path: str, section: RelaySection) -> Iterator[Said]:
    srt = any(text.startswith("srt://") for text in section.members)
    if section.secret_file and (not srt or Path(section.secret_file).name != section.secret_file):
        said = Text(
            "must be the bare name of a file in secrets/, of what comes by SRT",
            "应为 secrets/ 下的文件名(不含路径),且只用于有 SRT 来源的转播或直播源",
        )
        yield f"{path}.secret_file", said


def _times(path: str, section: RelaySection) -> Iterator[Said]:
    for name, (least, most) in _TIMES.items():
        value = getattr(section, name)
        if not least <= value <= most:
            said = Text(
                f"is {value} but must be from {least} to {most}", f"的值 {value} 应在 {least} 至 {most} 之间"
            )
            yield f"{path}.{name}", said


def _yielding(settings: Settings) -> Iterator[Said]:
    for number, section in enumerate(settings.relays):
        at = f"relays[{number}].covered_by"
        yield from ((at, _unknown(name)) for name in section.covered_by if name not in CLASSES)
        if not set(FIRST) <= set(section.covered_by):
            said = "lacks level-1 or level-2: no relay is spared from an alert of these levels"
            yield at, Text(said, "缺少 level-1 或 level-2:一、二级预警不避让任何转播")
    for name, seconds in settings.alerts.wait_end_s.items():
        at = f"alerts.wait_end_s.{name}"
        if name not in CLASSES:
            yield at, _unknown(name)
        elif name in FIRST:
            yield (
                at,
                Text("cannot be set: alerts of levels 1 and 2 never wait", "不可设置:一、二级预警从不等待"),
            )
        elif not 0 <= seconds <= LONGEST_WAIT_S:
            said = f"is {seconds} but must be from 0 to {LONGEST_WAIT_S}"
            yield at, Text(said, f"的值 {seconds} 应在 0 至 {LONGEST_WAIT_S} 之间")


def _unknown(name: str) -> Text:
    names = ", ".join(CLASSES)
    return Text(f"names {name!r}; classes are {names}", f"中的 {name!r} 无效,类别为 {names}")


__all__ = ["MOST_MEMBERS", "MOST_RELAYS", "rules"]
