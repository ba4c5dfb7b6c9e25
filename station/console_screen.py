"""What the console shows, as lines of a given width: on air, what sounds, what waits, the log, the question. Pure; knows no terminal and no station."""

from __future__ import annotations

import unicodedata
from collections import deque
from typing import Any, Literal

import attrs

from station.rung_words import said
from station.sentence_words import VALUES
from station.words import Refused, Text

Style = Literal["", "head", "bad", "warn", "good", "dim", "ask"]
LOG_KEPT = 200
KEYS = (
    ("F8/S", Text("STOP", "全静音")),
    ("M", Text("mute", "区静")),
    ("L", Text("lift", "恢复")),
    ("W", Text("cut", "撤播")),
    ("D", Text("dump", "甩播")),
    ("N", Text("next", "换")),
    ("T", Text("send", "模板")),
    ("G", Text("sign", "签审")),
    ("R", Text("free", "放行")),
    ("E", Text("中文", "EN")),
    ("Q", Text("quit", "退出")),
)


@attrs.frozen
class Row:
    """One line of the screen."""

    text: str
    style: Style = ""


@attrs.define
class Shown:
    """All that the screen is made of. `overview` is the station's, None before the first answer."""

    zh: bool = True
    overview: dict[str, Any] | None = None
    away: Refused | None = None
    stopping: bool = False
    question: Text | None = None
    above: tuple[str, ...] = ()
    typed: str = ""
    secret: bool = False
    log: deque[str] = attrs.field(factory=lambda: deque(maxlen=LOG_KEPT))

    def word(self, text: Text) -> str:
        """A text in the console's language."""
        return text.zh if self.zh else text.en

    def say(self, text: dict[str, str]) -> str:
        """A text of the station in the console's language."""
        return text["zh" if self.zh else "en"]


def wide(char: str) -> int:
    """Cells that a character takes in a terminal; 0 for what joins the one before."""
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def fit(text: str, width: int) -> str:
    """The text cut to at most `width` cells; controls, which could forge a display, are shown as `?`."""
    made, taken = [], 0
    for char in text:
        plain = char if unicodedata.category(char)[0] != "C" else "?"
        taken += wide(plain)
        if taken > width:
            break
        made.append(plain)
    return "".join(made)


def screen(shown: Shown, width: int, height: int, clock: str) -> list[Row]:
    """Exactly `height` rows of at most `width` cells, the question and the keys always at the bottom."""
    bottom = [*_question(shown), _keys(shown)]
    top = [*_head(shown, clock), *_body(shown)]
    room = max(0, height - len(bottom))
    log = [Row(line, "dim") for line in shown.log]
    some = min(len(log), max(4, room - len(top)), room)
    rows = [*top[: room - some]]
    rows += [Row("")] * (room - some - len(rows))
    rows += log[len(log) - some :] if some else []
    rows = (rows + bottom)[-height:] if height else []
    return [Row(fit(row.text, width), row.style) for row in rows]


def _head(shown: Shown, clock: str) -> list[Row]:
    name = shown.say(shown.overview["station"]) if shown.overview else "更夫 Gengfu"
    rows = [Row(f"{name}  {clock}", "head")]
    if shown.stopping:
        rows.append(
            Row(
                shown.word(Text("STOP has NOT arrived yet; it is sent again", "静音尚未送达,正在重发")), "bad"
            )
        )
    if shown.away is not None:
        rows.append(Row(shown.word(shown.away.text), "bad"))
        if shown.overview:
            rows.append(Row(shown.word(Text("WHAT FOLLOWS IS OLD", "以下内容已过时")), "bad"))
    return rows


def _body(shown: Shown) -> list[Row]:
    if shown.overview is None:
        return []
    seen = shown.overview
    style: Style = {"good": "good", "warn": "warn"}.get(seen["tone"], "bad")  # type: ignore[assignment]
    rows = [Row(shown.say(seen["sentence"]), style)]
    rows += [_channel(shown, one, seen["at"]) for one in seen["channels"]]
    rows += [_relay(shown, one) for one in seen.get("relays", ()) if one["air"]]
    for one in seen["sounding"]:
        rows += _sounding(shown, one, seen["at"])
    rows += [Row(_waiting(shown, one), "warn") for one in seen["waiting"]]
    held = seen.get("held") or {"lines": ()}
    word = shown.word(Text("HELD", "暂停中"))
    rows += [Row(f"{word}  {one['headline']}  {shown.say(one['now'])}", "bad") for one in held["lines"]]
    muted = shown.word(Text("MUTED", "静音中"))
    everything = shown.word(Text("everything", "全部"))
    rows += [Row(f"{muted}  {one['area_names'] or everything}  {one['by']}", "bad") for one in seen["mutes"]]
    owed = shown.word(Text("REASON OWED for the mute", "静音原因未补"))
    rows += [
        Row(f"{owed}  {one['area_names'] or one['headline'] or everything}  {one['by']}", "warn")
        for one in seen.get("unexplained", ())[:1]
    ]
    return rows


def _channel(shown: Shown, one: dict[str, Any], at: int) -> Row:
    silent = one["player_at"] is None or at - one["player_at"] > 3_000_000
    if silent:
        return Row(f"{shown.say(one['name'])}  {shown.word(Text('player silent', '播放器无应答'))}", "bad")
    title = one["now"]["title"] if one["now"] else shown.word(Text("no plan", "没有计划"))
    left = span(one["item_ends"] - at) if one["item_ends"] else "--"
    over = f"  << {one['overlay_title']}" if one["overlay"] else ""
    fallen = "" if one["rung"] in ("", "file") else f"  [{shown.word(said(one['rung']))}]"
    amiss = [line for line in one.get("carriers", ()) if line["tone"] != "good"]
    return Row(
        f"{shown.say(one['name'])}  {shown.word(_state(one['state']))}  {title}  {left}{fallen}{_carriers(shown, amiss)}{over}",
        "bad" if any(line["tone"] == "bad" for line in amiss) else "warn" if over or fallen or amiss else "",
    )


def _relay(shown: Shown, one: dict[str, Any]) -> Row:
    """A relay on air: which way is heard, and those that are not good."""
    if one["heard"] is None:
        heard = shown.word(Text("NOTHING COMES", "无可用信号"))
    else:
        heard = shown.word(Text("way {}", "第 {} 路")).format(one["heard"] + 1)
    amiss = [(k, way) for k, way in enumerate(one["ways"], 1) if way["state"] != "good"]
    said = "".join(f"  [{k} {shown.say(way['text'])}]" for k, way in amiss)
    word = shown.word(Text("relay", "转播"))
    style: Style = "bad" if one["heard"] is None else "warn" if amiss else ""
    return Row(f"    {word} {shown.say(one['name'])}  {heard}{said}", style)


def _state(state: str) -> Text:
    return Text(state, VALUES["state"].get(state, Text(state, state)).zh)


def _carriers(shown: Shown, amiss: list[dict[str, Any]]) -> str:
    return "".join(f"  [{shown.say(line['name'])}: {shown.say(line['text'])}]" for line in amiss)


def _sounding(shown: Shown, one: dict[str, Any], at: int) -> list[Row]:
    counts = one["counts"]
    said = shown.word(
        Text(
            "addressed {} ordered {} acknowledged {} playing {} heard {}",
            "应响 {} 下发 {} 应答 {} 在播 {} 听到 {}",
        )
    ).format(*(counts[name] for name in ("addressed", "ordered", "acknowledged", "playing", "heard")))
    left = span(one["until"] - at) if one["until"] else "--"
    kind = shown.word(
        {"drill": Text("DRILL", "演练"), "daily": Text("daily", "日常")}.get(
            one["kind"], Text("REAL", "真实")
        )
    )
    return [
        Row(f"{kind} L{one['level']}  {one['headline']}  {one['area_names']}  {left}", "bad"),
        Row(f"    {said}", "dim" if not one["muted"] else "warn"),
    ]


def _waiting(shown: Shown, one: dict[str, Any]) -> str:
    waits = shown.word(Text("waits for signatures", "待签"))
    return f"{waits} {len(one['signatures'])}/{one['needed']}  L{one['level']}  {one['headline']}  {one['area_names']}"


def _question(shown: Shown) -> list[Row]:
    if shown.question is None:
        return []
    typed = "*" * len(shown.typed) if shown.secret else shown.typed
    above = [Row(line, "ask") for line in shown.above]
    return [*above, Row(f"{shown.word(shown.question)}: {typed}_", "ask")]


def _keys(shown: Shown) -> Row:
    if shown.question is not None:
        return Row(
            shown.word(Text("Enter: go on   Esc: give up   F8: STOP", "回车:继续   Esc:放弃   F8:全部静音")),
            "head",
        )
    return Row(" ".join(f"{key} {shown.word(text)}" for key, text in KEYS), "head")


def span(us: int) -> str:
    """A span as 21'40" or 1h02'05", never below zero: nobody takes it for a time of the clock, which has colons."""
    seconds = max(0, -(-us // 1_000_000))
    hours, rest = divmod(seconds, 3600)
    minutes = f"{hours}h{rest // 60:02d}" if hours else f"{rest // 60}"
    return f"{minutes}'{rest % 60:02d}\""
