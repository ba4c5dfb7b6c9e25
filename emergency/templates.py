"""Templates: reviewed words with typed blanks, checked when put up and when filled. Knows no reviews and no alert."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from typing import Any

import attrs
import cattrs

from emergency.messages import Blank, Message, Template
from station.toml_reasons import toml_zh
from station.wire import complaints, from_plain
from station.words import HOUR, Instant, Refused

_HOLE = re.compile(r"\{([^{}]*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,19}\Z")
_SHAPES = {
    "number": re.compile(r"[0-9]{1,6}(\.[0-9]{1,2})?\Z"),
    "time": re.compile(  # a number alone is no time, nor are an hour over 24 and a minute over 59
        r"(?!\d+\Z)(?!.*(?:2[5-9]|[3-9]\d|\d{3,}):)(?!.*:(?:[6-9]\d|\d{3,}))"
        r"[0-9年月日号时点分半:今明后天晨早上中午下晚夜凌前\- ]+\Z"
    ),
}
BLANK_AT_MOST = 100  # characters
TEXT_AT_MOST = 2000  # characters
BLANKS_AT_MOST = 12
_MEANT = {
    "number": ("a number without a sign, such as 80 or 1.5", "不带正负号的数字,如 80 或 1.5"),
    "time": ("a time such as 15:30 or 今晚8点", "时间,如 15:30 或 今晚8点"),
    "place": ("a place", "地点"),
    "text": ("words", "文字"),
}


@attrs.frozen(kw_only=True)
class Filled:
    """The words of a filled template."""

    headline: str
    description: str
    instruction: str


def has_controls(text: str, *, lines: bool = False) -> bool:
    """Whether a text holds what cannot be spoken or could forge a display: controls, bidi marks, surrogates, unassigned."""
    allowed = "\n\t\r" if lines else ""
    return any(unicodedata.category(char)[0] == "C" and char not in allowed for char in text)


def check_template(body: Template, now: Instant, longest_minutes: int) -> None:
    """Raise Refused with every mistake of a template at once."""
    wrong = [*_wrong_texts(body), *_wrong_blanks(body)]
    if not (body.level in (1, 2, 3, 4) or (body.level == 0 and body.kind != "actual")):
        wrong.append(("the level is 1 to 4", "级别应为 1 至 4"))
    if not 1 <= body.max_minutes <= longest_minutes:
        wrong.append((f"1 to {longest_minutes} minutes", f"时长应为 1 至 {longest_minutes} 分钟"))
    if body.max_villages < 1:
        wrong.append(("at least one village", "至少一个村"))
    if body.valid_until <= now:
        wrong.append(("valid until is already past", "有效期已过"))
    _refuse(wrong, "The template cannot be taken", "模板不能采用")


def _refuse(wrong: list[tuple[str, str]], en: str, zh: str) -> None:
    if wrong:
        raise Refused(
            f"{en}: {'; '.join(said for said, _ in wrong)}.",
            f"{zh}:{';'.join(said for _, said in wrong)}。",
            code="template",
        )


def _wrong_texts(body: Template) -> list[tuple[str, str]]:
    texts = {"headline": body.headline, "description": body.description, "instruction": body.instruction}
    wrong = [
        (f"{name} holds characters that cannot be spoken", f"{name} 含有不可朗读的字符")
        for name, text in texts.items()
        if has_controls(text)
    ]
    if not body.headline.strip() or not body.description.strip():
        wrong.append(("headline and description must not be empty", "标题和正文不能为空"))
    if sum(map(len, texts.values())) > TEXT_AT_MOST:
        wrong.append((f"more than {TEXT_AT_MOST} characters", f"超过 {TEXT_AT_MOST} 字"))
    return wrong


def _wrong_blanks(body: Template) -> list[tuple[str, str]]:
    names = [blank.name for blank in body.blanks]
    used = set(_HOLE.findall(body.headline + body.description + body.instruction))
    wrong = [
        (f"no blank is called {{{name}}}", f"没有名为 {{{name}}} 的空格")
        for name in sorted(used - set(names))
    ]
    wrong += [
        (f"{{{name}}} is not in the text", f"正文里没有 {{{name}}}") for name in sorted(set(names) - used)
    ]
    wrong += [
        (f"{name!r} is no name for a blank", f"{name!r} 不能作空格名")
        for name in names
        if not _NAME.match(name)
    ]
    if len(set(names)) < len(names) or len(names) > BLANKS_AT_MOST:
        wrong.append(
            (f"at most {BLANKS_AT_MOST} blanks of different names", f"空格最多 {BLANKS_AT_MOST} 个且不能重名")
        )
    if any(not 1 <= blank.max_length <= BLANK_AT_MOST for blank in body.blanks):
        wrong.append(
            (f"a blank takes 1 to {BLANK_AT_MOST} characters", f"空格长度应为 1 至 {BLANK_AT_MOST} 字")
        )
    return wrong


def fill(body: Template, blanks: Mapping[str, str]) -> Filled:
    """The words of a template with its blanks filled. Raises Refused naming every blank that is wrong."""
    known = {blank.name for blank in body.blanks}
    wrong = [fault for blank in body.blanks if (fault := _wrong_filling(blank, blanks.get(blank.name, "")))]
    wrong += [(f"there is no blank {name!r}", f"没有空格 {name!r}") for name in sorted(set(blanks) - known)]
    _refuse(wrong, "The template is not filled rightly", "模板填写有误")

    def put(text: str) -> str:
        return _HOLE.sub(lambda hole: blanks[hole[1]].strip(), text)

    return Filled(
        headline=put(body.headline), description=put(body.description), instruction=put(body.instruction)
    )


def _wrong_filling(blank: Blank, text: str) -> tuple[str, str] | None:
    text = text.strip()
    if not text:
        return f"{blank.label_en} is empty", f"{blank.label_zh}未填"
    if len(text) > blank.max_length:
        return (
            f"{blank.label_en} has {len(text)} characters, {blank.max_length} are allowed",
            f"{blank.label_zh}有 {len(text)} 字,最多 {blank.max_length} 字",
        )
    shape = _SHAPES.get(blank.type)
    if has_controls(text) or "{" in text or "}" in text or (shape and not shape.match(text)):
        en, zh = _MEANT[blank.type]
        return f"{blank.label_en} should be {en}", f"{blank.label_zh}应为{zh}"
    return None


def check_filled(message: Message, body: Template, now: Instant) -> None:
    """Raise Refused unless the message says exactly what the template says with these blanks."""
    if body.valid_until <= now:
        raise Refused(
            f"The template {body.name_en} is out of date. Send it as free text (three people sign), or have it reviewed anew.",
            f"模板“{body.name_zh}”已过有效期。可:①改为自由文本(三人签审)②重新送审模板。",
            code="template",
        )
    filled = fill(body, dict(message.blanks))
    said = (message.headline, message.description, message.instruction)
    fixed = (message.event, message.level, message.kind)
    if said != (filled.headline, filled.description, filled.instruction) or fixed != (
        body.event,
        body.level,
        body.kind,
    ):
        raise Refused(
            "The words, event, level or kind differ from the reviewed template. Fill the blanks only, or send it as free text (three people sign).",
            "文字、事件、级别或类型与已审模板不一致。请只填空格,或改为自由文本(三人签审)。",
            code="template",
        )


def read_templates(text: str, now: Instant) -> dict[str, Template]:
    """Templates by id from TOML: one table each, `valid_days` from `now`. Raises Refused with every mistake."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"templates: {error}", f"模板文件:{toml_zh(error)}", code="template") from None
    found: dict[str, Template] = {}
    wrong: list[str] = []
    for name, table in tables.items():
        try:
            found[name] = _template(table, now)
        except (cattrs.BaseValidationError, TypeError, ValueError, AttributeError) as error:
            wrong += [f"{name}: {said}" for said in complaints(error)]
    if wrong:
        said = "; ".join(wrong)
        raise Refused(f"templates: {said}", f"模板文件:{said}", code="template")
    return found


def _template(table: dict[str, Any], now: Instant) -> Template:
    days = table.get("valid_days", 365)
    if not isinstance(days, int) or not 1 <= days <= 3660:
        raise ValueError("valid_days is a number of days from 1 to 3660")
    plain = {key: value for key, value in table.items() if key != "valid_days"}
    return from_plain({**plain, "valid_until": now + days * 24 * HOUR}, Template)
