"""Reads subtitle files (SubRip, WebVTT): which words stand in a film from when to when. Pure; knows no picture and opens nothing.

A file `NAME.srt` or `NAME.vtt` beside a film `NAME.*` becomes part of its pictures when it is taken in.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

import attrs

from schedules.lettering import plain
from station.words import Refused

LARGEST: Final = 4 << 20  # bytes
MOST: Final = 20_000  # captions
_MOST_LINES: Final = 4  # on the screen at once
_MOST_SIGNS: Final = 300  # of one caption
_TIME: Final = r"(?:([0-9]{1,3}):)?([0-5]?[0-9]):([0-5]?[0-9])[,.]([0-9]{1,3})"
_SPAN: Final = re.compile(rf"\s*{_TIME}\s*-->\s*{_TIME}(?:\s.*)?\Z")
_MARKS: Final = re.compile(r"<[^<>\n]{0,100}>|\{\\[^{}\n]{0,100}\}")
_NOT_CAPTIONS: Final = ("NOTE", "STYLE", "REGION", "WEBVTT")


@attrs.frozen(kw_only=True)
class Words:
    """One caption: milliseconds from the first picture on, `until` excluded."""

    since: int
    until: int
    text: str  # lines parted by line ends


def read(data: bytes, name: str) -> tuple[Words, ...]:
    """The captions of a file in the order of their beginning. Raises Refused, with the line."""
    if len(data) > LARGEST:
        raise Refused(f"{name} is larger than 4 MiB", f"{name} 超过 4 MiB", code="subtitles")
    found = []
    for number, block in _blocks(_decoded(data, name)):
        at = next((k for k, line in enumerate(block[:2]) if "-->" in line), None)
        if at is None:
            if block[0].startswith(_NOT_CAPTIONS) or not any(line.strip("\ufeff ") for line in block):
                continue
            raise _wrong(name, number, "no time of a caption stands there", "此处应为字幕的起止时间")
        words = _words(block[at], block[at + 1 :], name, number + at)
        if words.text:
            found.append(words)
    if not found or len(found) > MOST:
        raise Refused(
            f"{name} has {len(found)} captions; it must have 1 to {MOST}",
            f"{name} 含 {len(found)} 条字幕,应为 1 至 {MOST} 条",
            code="subtitles",
        )
    return tuple(sorted(found, key=lambda one: (one.since, one.until)))


def _decoded(data: bytes, name: str) -> str:
    coding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    for one in (coding, "gb18030"):
        try:
            return data.decode(one).replace("\r\n", "\n").replace("\r", "\n")
        except UnicodeDecodeError:
            continue
    raise Refused(
        f"{name} is neither UTF-8 nor UTF-16 nor GB 18030",
        f"{name} 的编码不是 UTF-8、UTF-16 或 GB 18030",
        code="subtitles",
    )


def _blocks(text: str) -> Iterable[tuple[int, list[str]]]:
    """Lines between empty ones, and the number of the first of them, counted from 1."""
    held: list[str] = []
    first = 1
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line.strip():
            first = first if held else number
            held.append(line)
        elif held:
            yield first, held
            held = []


def _words(span: str, lines: list[str], name: str, number: int) -> Words:
    times = _SPAN.match(span)
    if times is None:
        raise _wrong(
            name, number, f"{span.strip()[:60]!r} is no span of time", f"{span.strip()[:60]!r} 不是起止时间"
        )
    since, until = _milliseconds(times.groups()[:4]), _milliseconds(times.groups()[4:])
    if until <= since:
        raise _wrong(name, number, "the caption ends before it begins", "字幕的结束时间不晚于开始时间")
    text = plain(_MARKS.sub("", "\n".join(lines)))[:_MOST_SIGNS]
    return Words(since=since, until=until, text="\n".join(filter(None, map(str.strip, text.split("\n")))))


def _milliseconds(parts: Iterable[str | None]) -> int:
    hours, minutes, seconds, fraction = (part or "0" for part in parts)
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1_000 + int(fraction.ljust(3, "0"))


def _wrong(name: str, number: int, en: str, zh: str) -> Refused:
    return Refused(f"{name}, line {number}: {en}", f"{name} 第 {number} 行:{zh}", code="subtitles")


class Shown:
    """Which words stand at a time; asked in rising order."""

    def __init__(self, words: Iterable[Words]) -> None:
        self._waiting = list(words)[::-1]
        self._standing: list[Words] = []

    def at(self, ms: int) -> str:
        """The words at a time: captions that overlap stand below one another, four lines at most; empty: none."""
        while self._waiting and self._waiting[-1].since <= ms:
            self._standing.append(self._waiting.pop())
        self._standing = [one for one in self._standing if one.until > ms]
        return "\n".join("\n".join(one.text for one in self._standing).split("\n")[:_MOST_LINES])

    @property
    def left(self) -> int:
        """How many have not begun."""
        return len(self._waiting)


__all__ = ["LARGEST", "MOST", "Shown", "Words", "read"]
