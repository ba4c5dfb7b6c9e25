"""The words that are spoken: what the program adds to an alert, and numbers and units as a Mandarin speaker says them. Pure; knows no engine and no state."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

from emergency.drill_words import (
    DRILL_BROKEN_OFF,
    DRILL_BROKEN_OFF_EN,
    DRILL_END,
    DRILL_WORDS,
    DRILL_WORDS_EN,
)
from emergency.messages import Message
from station.words import Refused

MOST_CHARACTERS: Final = 3_000  # some ten minutes of speech

COLOURS: Final[dict[int, tuple[str, str]]] = {
    1: ("红色", "red"),
    2: ("橙色", "orange"),
    3: ("黄色", "yellow"),
    4: ("蓝色", "blue"),
}
_ENDS = re.compile(r"[。.!!??]\Z")
_DIGITS = "零一二三四五六七八九"
_PHONE_DIGITS = "零幺二三四五六七八九"
_SMALL = ("", "十", "百", "千")
_LARGE = ("", "万", "亿")
_NUMBER = r"[0-9]+(?:\.[0-9]+)?"

_UNITS: Final[tuple[tuple[str, str], ...]] = (
    ("毫米", r"mm"),
    ("厘米", r"cm"),
    ("平方公里", r"km[2²]"),
    ("公里", r"km"),
    ("立方米每秒", r"m[3³]/s"),
    ("立方米", r"m[3³]"),
    ("平方米", r"m[2²]"),
    ("米", r"m"),
    ("公斤", r"kg"),
    ("摄氏度", r"(?:℃|°C|度C)"),
    ("小时", r"h"),
    ("分钟", r"min"),
    ("秒", r"s"),
    ("千伏", r"kV"),
    ("千瓦", r"kW"),
    ("百帕", r"hPa"),
)


def compose(
    message: Message, template_text: str = "", *, issuer: str = "", during_drill: bool = False
) -> str:
    """What is spoken for an alert. `template_text`, where given, stands for description and instruction.

    The program, not the author, says level and issuer where the headline does not, and 这是演练 first, between and
    last in a drill (GB/T-independent house rule; users' need B17). `during_drill`: a drill sounds, and breaks off.
    """
    chinese = message.language[:2].lower() == "zh"
    head = _with_stop(_headline(message, issuer, chinese=chinese), chinese=chinese)
    body = template_text.strip() or "".join(
        _with_stop(part.strip(), chinese=chinese)
        for part in (message.description, message.instruction)
        if part.strip()
    )
    body = _with_stop(body.strip(), chinese=chinese)
    if message.kind == "drill":
        first, last = (DRILL_WORDS, DRILL_END) if chinese else (f"{DRILL_WORDS_EN} ", DRILL_WORDS_EN)
        between = first + body if body else ""
        return f"{first}{head}{between}{last}"
    if during_drill:
        return f"{DRILL_BROKEN_OFF if chinese else DRILL_BROKEN_OFF_EN + ' '}{head}{body}".strip()
    return f"{head}{body}".strip()


def _headline(message: Message, issuer: str, *, chinese: bool) -> str:
    head = message.headline.strip()
    zh, en = COLOURS.get(message.level, ("", ""))
    if chinese:
        colour = f"{zh}预警:" if zh and zh not in head else ""
        return f"{issuer}发布,{colour}{head}" if issuer and issuer not in head else f"{colour}{head}"
    colour = f"{en.capitalize()} warning: " if en and en not in head.lower() else ""
    return f"{issuer}: {colour}{head}" if issuer and issuer not in head else f"{colour}{head}"


def _with_stop(text: str, *, chinese: bool) -> str:
    if not text:
        return ""
    stopped = text if _ENDS.search(text) else f"{text}{'。' if chinese else '.'}"
    return stopped if chinese else f"{stopped} "


def speakable(text: str) -> str:
    """The text as an engine may have it: no control or format characters, no markup, not too long. Raises Refused."""
    if len(text) > MOST_CHARACTERS:
        raise Refused(
            f"The text has {len(text)} characters; at most {MOST_CHARACTERS} can be spoken.",
            f"文本共 {len(text)} 字,最多可播报 {MOST_CHARACTERS} 字。",
            code="toolong",
        )
    stop = "。" if is_chinese(text) else ". "
    text = _PAUSE.sub(stop, text)
    kept = "".join(char if _is_sound(char) else " " for char in text)
    kept = re.sub(r"\s+", " ", kept.translate(_MARKUP)).strip()
    if not any(char.isalnum() for char in kept):
        raise Refused("There is nothing to speak in this text.", "文本中没有可播报的内容。", code="empty")
    return kept


_PAUSE = re.compile(r"\s*[.。]?\s*\*{3,}\s*")  # `***` is a pause (ECIG), and no engine may say "asterisk"
_MARKUP = str.maketrans(dict.fromkeys("<>[]{}|\\", ",") | {"&": " ", "\n": "。"})


def _is_sound(char: str) -> bool:
    return char == "\n" or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")


def is_chinese(text: str) -> bool:
    """Whether there is any Han character in the text."""
    return any("\u4e00" <= char <= "\u9fff" for char in text)


def readable(text: str) -> str:
    """The text with numbers, times, telephone numbers and units written out as they are said in Mandarin.

    A text without Han characters is left alone.
    """
    if not is_chinese(text):
        return text
    text = unicodedata.normalize("NFKC", text)
    text = re.sub(r"(?<![0-9])[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])", lambda m: m[0].replace(",", ""), text)
    for pattern, say in _RULES:
        text = pattern.sub(say, text)
    return text


def number_zh(number: int) -> str:
    """A whole number from 0 to 10^12 − 1 in words: 110 is 一百一十, 10005 is 一万零五."""
    if number == 0:
        return "零"
    said, gap = "", False
    for power in (2, 1, 0):
        group = number // 10_000**power % 10_000
        if group == 0:
            gap = bool(said)
            continue
        zero = "零" if said and (gap or group < 1000) else ""
        said += zero + _group(group) + _LARGE[power]
        gap = False
    return said[1:] if said.startswith("一十") else said


def _group(group: int) -> str:
    said, gap = "", False
    for power in (3, 2, 1, 0):
        digit = group // 10**power % 10
        if digit == 0:
            gap = bool(said)
            continue
        said += ("零" if gap else "") + _DIGITS[digit] + _SMALL[power]
        gap = False
    return said


def digits_zh(digits: str, *, phone: bool = False) -> str:
    """Digit by digit; in telephone numbers 1 is said 幺. What is no digit is left out."""
    names = _PHONE_DIGITS if phone else _DIGITS
    return "".join(names[int(char)] for char in digits if char.isascii() and char.isdigit())


def _amount(text: str) -> str:
    whole, _, part = text.partition(".")
    if len(whole) > 12 or (len(whole) > 1 and whole[0] == "0"):
        said = digits_zh(whole)
    else:
        said = number_zh(int(whole))
    return f"{said}点{digits_zh(part)}" if part else said


def _date(found: re.Match[str]) -> str:
    return f"{digits_zh(found[1])}年{number_zh(int(found[2]))}月{number_zh(int(found[3]))}日"


def _time(found: re.Match[str]) -> str:
    minute = f"{number_zh(int(found[2]))}分" if int(found[2]) else "整"
    if 0 < int(found[2]) < 10:
        minute = f"零{minute}"
    second = f"{number_zh(int(found[3]))}秒" if found[3] and int(found[3]) else ""
    return f"{number_zh(int(found[1]))}点{'零分' if second and minute == '整' else minute}{second}"


def _unit(name: str) -> Callable[[re.Match[str]], str]:
    return lambda found: f"{found[1]}{name}"


def _phone(found: re.Match[str]) -> str:
    return f"{found[1] or ''}{digits_zh(found[2], phone=True)}"


_RULES: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], str]], ...]] = (
    (re.compile(r"(?<![0-9])([0-9]{4})[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})(?![0-9])日?"), _date),
    (re.compile(r"(?<![0-9])([0-9]{4})(?=年)"), lambda m: digits_zh(m[1])),
    (re.compile(r"(?<![0-9:])([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?(?![0-9:])"), _time),
    (re.compile(r"()(?<![0-9])(0[0-9]{2,3}-[0-9]{7,8}|1[3-9][0-9]{9})(?![0-9])"), _phone),
    (re.compile(r"((?:电话|热线|拨打|致电|号码|拨)[是为:\s]*)([0-9][0-9-]{2,})"), _phone),
    (re.compile(r"()(?<![0-9.])([0-9]{3,})(?=热线)"), _phone),
    (re.compile(rf"({_NUMBER})\s*%\s*[-~—–]\s*({_NUMBER})\s*%"), lambda m: f"百分之{m[1]}至百分之{m[2]}"),
    (re.compile(r"(?<=[0-9A-Za-z%])\s*[~—–]\s*(?=-?[0-9])"), lambda _: "至"),
    (re.compile(r"(?<=[0-9])\s*-\s*(?=[0-9])"), lambda _: "至"),
    (re.compile(rf"({_NUMBER})\s*km/h"), lambda m: f"每小时{m[1]}公里"),
    (re.compile(rf"({_NUMBER})\s*m/s"), lambda m: f"每秒{m[1]}米"),
    *(
        (re.compile(rf"({_NUMBER})\s*{unit}(?![A-Za-z0-9/])"), _unit(name)) for name, unit in _UNITS
    ),
    (re.compile(rf"({_NUMBER})\s*%"), lambda m: f"百分之{m[1]}"),
    (re.compile(rf"(?<![0-9A-Za-z])-({_NUMBER})摄氏度"), lambda m: f"零下{m[1]}摄氏度"),
    (re.compile(rf"(?<![0-9A-Za-z])-({_NUMBER})"), lambda m: f"负{m[1]}"),
    (re.compile(r"(?<![0-9.])2(?=(?:个|米|公里|厘米|毫米|小时|分钟|名|位|座|处|条|人|户|台|次|天|辆|艘|所))"), lambda _: "两"),
    (re.compile(_NUMBER), lambda m: _amount(m[0])),
)  # fmt: skip
