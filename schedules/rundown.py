"""A day's rundown from CSV: the whole of it, or every wrong line with its number. Knows no file, no media library, no time zone.

Columns and forms are described in docs/rundown-csv.md.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from schedules import relays
from schedules.plan import UNITY, Curve
from schedules.rundown_words import CLASSES, CURVES, MODES, NO, YES, Mode
from schedules.table import COLUMNS, BadRundown, Complaint, opened, whole
from station.wire import canonical
from station.words import ChannelId, Sha256, Text, is_sha256

T = TypeVar("T")

MAX_ITEMS = 5_000
SAMPLES_PER_MS = 48
AUTO = -1  # a point that ingest measured
_MAX_FIELD = 500
_MAX_SPAN_MS = 48 * 3_600_000

_START = re.compile(r"[0-9]{1,2}:[0-5][0-9](:[0-5][0-9](\.[0-9]{1,3})?)?( ?[ABab])?\Z")
_SPAN = re.compile(r"(?:(?:([0-9]{1,2}):)?([0-9]{1,3}):)?([0-9]{1,6})(?:\.([0-9]{1,3}))?\Z")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")


@attrs.frozen(kw_only=True)
class Item:
    """One line of a rundown. Lengths are samples at 48 kHz."""

    id: str  # the same in every version of the rundown in which the line says the same
    line: int  # in the file, the first is 1
    start: str  # local time of the broadcast day; empty where it follows
    mode: Mode
    title: str
    media: str  # path below the media directory, or SHA-256; empty: planned silence
    duration: int | None = None
    category: str = ""
    cut: bool = False
    cue_in: int = 0  # or AUTO, as cue_out and segue
    cue_out: int | None = None
    fade_in: int = 0
    fade_out: int = 0
    gain: int = UNITY  # Q31
    segue: int = 0  # before its end the item that follows begins
    early: int = 0  # of a soft start: so much before its time it may begin …
    late: int | None = None  # … and so much after it at the latest; None: however late
    curve: Curve = "linear"
    replacement: str = ""  # as media: what stands in where that cannot be had
    extend: int = 0  # of a relay: so much longer than `duration` an operator's key may make it last
    note: str = ""


@attrs.frozen(kw_only=True)
class Rundown:
    """All items of one broadcast day of one channel, in their order."""

    channel: ChannelId
    day: str
    items: tuple[Item, ...]


def class_of(word: str) -> str:
    """A class by the name that takes have it by: `新闻` is `news`."""
    return CLASSES.get(word.lower(), word.lower())


class _Wrong(Exception):
    def __init__(self, *texts: Text) -> None:
        super().__init__(texts[0].en)
        self.texts = texts


def content_of(channel: ChannelId, day: str, text: str, media: tuple[tuple[str, Sha256], ...] = ()) -> Sha256:
    """What people sign: the SHA-256 over channel, day, the CSV text and the checksums of the media it names."""
    body = {"channel": channel, "day": day, "csv": text, "media": [list(pair) for pair in media]}
    return Sha256(hashlib.sha256(canonical(body).encode()).hexdigest())


def alike(one: Rundown, other: Rundown) -> bool:
    """Whether two rundowns say the same, however their files put it: columns left out, lines empty, remarks between."""
    first, second = ([attrs.evolve(item, line=0) for item in each.items] for each in (one, other))
    return (one.channel, one.day, first) == (other.channel, other.day, second)


def parse(text: str, channel: ChannelId, day: str) -> Rundown:
    """The rundown in a CSV text; BadRundown with every wrong line otherwise."""
    names, rows = opened(text)
    items: list[Item] = []
    wrong: list[Complaint] = []
    seen: dict[str, int] = {}
    lines = 0
    for line, cells in rows:
        lines += 1
        try:
            items.append(_item(line, _fields(names, cells), day, seen))
        except _Wrong as error:
            wrong.extend(Complaint(line, text) for text in error.texts)
    if not items and not wrong:
        raise whole("there is no item in it", "没有任何节目")
    if lines > MAX_ITEMS:
        wrong.append(Complaint(0, Text(f"more than {MAX_ITEMS} items", f"节目超过 {MAX_ITEMS} 条")))
    if wrong:
        raise BadRundown(wrong)
    return Rundown(channel=channel, day=day, items=tuple(items))


def _fields(names: list[str], cells: list[str]) -> dict[str, str]:
    if any(cells[len(names) :]):
        raise _Wrong(
            Text(
                f"{len(cells)} cells, but the header has {len(names)} columns",
                f"有 {len(cells)} 格,而表头只有 {len(names)} 列",
            )
        )
    fields = dict.fromkeys(COLUMNS, "") | dict(zip(names, cells, strict=False))
    for name, value in fields.items():
        if len(value) > _MAX_FIELD:
            raise _Wrong(
                Text(
                    f"{name} is longer than {_MAX_FIELD} characters", f"“{COLUMNS[name]}”超过 {_MAX_FIELD} 字"
                )
            )
        if any(unicodedata.category(char) in ("Cc", "Cf", "Cs") for char in value):
            raise _Wrong(Text(f"{name} has control characters in it", f"“{COLUMNS[name]}”含有控制字符"))
        if name not in ("title", "media", "replacement", "note"):
            fields[name] = unicodedata.normalize("NFKC", value).strip()
    return fields


class _Reading:
    """One line under way: each cell is read whatever is wrong with the others, so that a line's mistakes are said at once."""

    def __init__(self) -> None:
        self.wrong: list[Text] = []

    def take(self, read: Callable[..., T], *given: Any, otherwise: T) -> T:
        """What `read` makes of a cell; where it cannot, its sentence is kept and `otherwise` stands in."""
        try:
            return read(*given)
        except _Wrong as error:
            self.wrong.extend(error.texts)
            return otherwise


def _item(line: int, fields: dict[str, str], day: str, seen: dict[str, int]) -> Item:
    reading = _Reading()
    take = reading.take
    some: int | None = 1
    none: tuple[int, int | None] = (0, None)
    made = Item(
        id=take(_identity, line, fields, day, seen, otherwise=""),
        line=line,
        start=fields["start"],
        mode=take(_mode, fields["mode"].lower(), fields["start"], otherwise="follow"),
        title=take(_title, fields["title"], otherwise=""),
        media=take(_media, fields["media"], otherwise="?"),
        duration=take(_span, fields, "duration", otherwise=some),
        category=take(_category, fields["class"].lower(), otherwise=""),
        cut=take(_cut, fields["cut"].lower(), otherwise=False),
        cue_in=take(_point, fields, "cue_in", otherwise=None) or 0,
        cue_out=take(_point, fields, "cue_out", otherwise=None),
        fade_in=take(_millis, fields, "fade_in", otherwise=0),
        fade_out=take(_millis, fields, "fade_out", otherwise=0),
        gain=take(_gain, fields["gain"].lower(), otherwise=UNITY),
        segue=take(_point, fields, "segue", otherwise=None) or 0,
        early=(window := take(_window, fields, otherwise=none))[0],
        late=window[1],
        curve=take(_curve, fields["curve"].lower(), otherwise="linear"),
        replacement=take(_replacement, fields, otherwise=""),
        extend=take(_span, fields, "extend", otherwise=None) or 0,
        note=fields["note"],
    )
    take(_lasts, made, otherwise=None)
    if reading.wrong:
        raise _Wrong(*reading.wrong)
    return made


def _title(text: str) -> str:
    if not text:
        raise _Wrong(Text("it has no title", "没有标题"))
    return text


def _lasts(item: Item) -> None:
    if item.duration == 0 or (item.cue_out is not None and AUTO < item.cue_out <= item.cue_in):
        raise _Wrong(Text("it would last no time at all", "时长为零"))
    if not item.media and item.mode == "key":
        raise _Wrong(Text("silence waits for no key", "静音不能备播"))
    if not item.media and item.duration is None:
        raise _Wrong(Text("planned silence needs a duration", "静音必须写明时长"))
    if item.media.startswith(relays.PREFIX) and item.duration is None:
        raise _Wrong(Text("a relay needs a duration", "转播必须写明时长"))
    if item.extend and (not item.media.startswith(relays.PREFIX) or item.mode == "key"):
        raise _Wrong(Text("only a relay at its time can be extended", "只有排定的转播可以延长"))


def _mode(word: str, start: str) -> Mode:
    if start and not _START.match(start):
        raise _Wrong(
            Text(
                f"the start {start!r} is no time; write HH:MM:SS", f"开始时刻 {start!r} 无效,请写成 HH:MM:SS"
            )
        )
    mode: Mode | None = MODES.get(word) if word else "soft" if start else "follow"
    if mode is None:
        raise _Wrong(
            Text(
                f"the mode {word!r} is none of hard, soft, follow, interrupt, key",
                f"方式 {word!r} 不是 定时、可延、跟随、定时插入、备播 之一",
            )
        )
    if mode == "follow" and start:
        raise _Wrong(Text("what follows has no start of its own", "跟随的节目不能写开始时刻"))
    if mode == "key" and start:
        raise _Wrong(Text("what waits for a key has no start", "备播节目由按键插入,不能写开始时刻"))
    if mode not in ("follow", "key") and not start:
        raise _Wrong(Text(f"a {mode} start needs its time", "定时或可延的节目必须写开始时刻"))
    return mode


def _media(text: str) -> str:
    if text.lower() in ("silence", "静音"):
        return ""
    if not text:
        raise _Wrong(Text("it names no media", "没有素材"))
    if relay := relays.written(text):
        return relay
    bare = text.lower().removeprefix("sha256:")
    if is_sha256(bare):
        return bare
    if text.startswith(("/", "~")) or "\\" in text or ":" in text or ".." in text.split("/"):
        raise _Wrong(
            Text(
                f"the media {text!r} must be a path below the media directory, or a SHA-256",
                f"素材 {text!r} 必须是素材目录内的相对路径或 SHA-256",
            )
        )
    return text


def _replacement(fields: dict[str, str]) -> str:
    if not fields["replacement"]:
        return ""
    found, media = _media(fields["replacement"]), fields["media"].lower()
    if not found or media in ("silence", "静音"):
        raise _Wrong(Text("silence neither has nor is a replacement", "静音不需要替播,也不能用作替播"))
    if found.startswith(relays.PREFIX):
        raise _Wrong(Text("a relay stands in for nothing", "转播不能用作替播"))
    return found


def _span(fields: dict[str, str], name: str) -> int | None:
    value = fields[name]
    if not value:
        return None
    found = _SPAN.match(value)
    if found is None or (found[2] and int(found[3]) > 59) or (found[1] and int(found[2]) > 59):
        raise _Wrong(
            Text(
                f"{name} {value!r} is no length of time; write HH:MM:SS or seconds",
                f"“{COLUMNS[name]}”{value!r} 无效,请写 时:分:秒 或秒数",
            )
        )
    whole = int(found[1] or 0) * 3600 + int(found[2] or 0) * 60 + int(found[3])
    millis = whole * 1000 + int((found[4] or "").ljust(3, "0"))
    if millis > _MAX_SPAN_MS:
        raise _Wrong(Text(f"{name} is longer than two days", f"“{COLUMNS[name]}”超过两天"))
    return millis * SAMPLES_PER_MS


def _point(fields: dict[str, str], name: str) -> int | None:
    return AUTO if fields[name].lower() in ("auto", "自动") else _span(fields, name)


def _window(fields: dict[str, str]) -> tuple[int, int | None]:
    """How much before and after its time a soft start may come: `EARLY/LATE`, either may be left out."""
    value = fields["window"]
    if not value:
        return 0, None
    if not fields["start"] or MODES.get(fields["mode"].lower(), "soft") != "soft":
        raise _Wrong(Text("only a soft start has a window", "只有可延的节目可以写窗口"))
    early, mark, late = value.partition("/")
    if not mark or not (early or late):
        raise _Wrong(
            Text(
                f"the window {value!r} is not EARLY/LATE, such as 0:30/2:00 or /120",
                f"窗口 {value!r} 应写成 提前/推后,例如 0:30/2:00 或 /120",
            )
        )
    before, after = (_span({"window": each.strip()}, "window") for each in (early, late))
    return before or 0, after


def _curve(word: str) -> Curve:
    if word not in CURVES:
        raise _Wrong(
            Text(f"the curve {word!r} is neither linear nor power", f"曲线 {word!r} 不是 线性 或 等功率")
        )
    return CURVES[word]


def _millis(fields: dict[str, str], name: str) -> int:
    value = fields[name].lower().removesuffix("ms").strip()
    if not value:
        return 0
    if not re.fullmatch(r"[0-9]{1,5}", value) or int(value) > 30_000:
        raise _Wrong(
            Text(
                f"{name} {value!r} is not 0 to 30000 ms",
                f"“{COLUMNS[name]}”{value!r} 不在 0 至 30000 毫秒之间",
            )
        )
    return int(value) * SAMPLES_PER_MS


def _gain(text: str) -> int:
    value = text.removesuffix("db").strip()
    if not value:
        return UNITY
    if not re.fullmatch(r"[+-]?[0-9]{1,2}(\.[0-9]{1,2})?", value) or not -60 <= float(value) <= 12:
        raise _Wrong(
            Text(f"the gain {text!r} is not −60 to +12 dB", f"增益 {text!r} 不在 −60 至 +12 dB 之间")
        )
    return round(10 ** (float(value) / 20) * UNITY)


def _category(text: str) -> str:
    if len(text) > 20 or any(char.isspace() for char in text):
        raise _Wrong(Text(f"the class {text!r} is not one short word", f"类别 {text!r} 不是一个短词"))
    return class_of(text)


def _cut(text: str) -> bool:
    if text not in YES and text not in NO:
        raise _Wrong(Text(f"cut {text!r} is neither yes nor no", f"“可截”{text!r} 不是 是 或 否"))
    return text in YES


def _identity(line: int, fields: dict[str, str], day: str, seen: dict[str, int]) -> str:
    """The id given, else one made of day, title and medium, so that a line inserted above changes no other's."""
    given = fields["id"]
    if given and not _ID.match(given):
        raise _Wrong(
            Text(
                f"the id {given!r} is not letters, digits, . _ : -",
                f"编号 {given!r} 只能用字母、数字和 . _ : -",
            )
        )
    if given and given in seen:
        raise _Wrong(
            Text(f"the id {given} is taken by line {seen[given]}", f"编号 {given} 已用于第{seen[given]}行")
        )
    if given:
        seen[given] = line
        return f"{day}/{given}"
    said = "\0".join((fields["title"], fields["media"], fields["cue_in"]))
    mark = hashlib.sha256(said.encode()).hexdigest()[:10]
    seen["\0" + mark] = seen.get("\0" + mark, 0) + 1
    return f"{day}/{mark}.{seen[chr(0) + mark]}"
