"""Compares plain TOML values with the frozen settings classes: what has the wrong name or type, all at once. Knows no rule between fields and no file."""

from __future__ import annotations

import difflib
import math
from typing import Any, Final, Literal, get_args, get_origin, get_type_hints

import attrs

from station.words import Text

Mistakes = dict[str, Text]  # by path such as `channels[0].area`
MISSPELT: Final = Text(
    "", ""
)  # a field that is missing for a slip in its name, which is told at the name as it is written

_SCALARS: dict[type, tuple[Text, Any]] = {
    str: (Text("a text in quotes", "带引号的文字"), ""),
    int: (Text("a whole number", "整数"), 0),
    bool: (Text("true or false", "true 或 false"), False),
    float: (Text("a number", "数字"), 0.0),
}


def joined(path: str, name: str) -> str:
    """The path of a field inside a table."""
    return f"{path}.{name}" if path else name


def shown(value: Any) -> str:
    """A value as it may stand in a sentence: short."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 40 else text[:39] + "…"


def shaped(value: Any, hint: Any, path: str, mistakes: Mistakes) -> Any:
    """`value` with everything of a wrong name or type replaced by something of the right one; each put in `mistakes`."""
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) is Literal:
        return _choice(value, get_args(hint), path, mistakes)
    if get_origin(hint) is list:
        return _list(value, get_args(hint)[0], path, mistakes)
    if get_origin(hint) is dict:
        return _named(value, get_args(hint)[1], path, mistakes)
    if attrs.has(hint):
        return _table(value, hint, path, mistakes)
    return _scalar(value, hint, path, mistakes)


def _scalar(value: Any, kind: Any, path: str, mistakes: Mistakes) -> Any:
    if type(value) is kind and not (kind is float and not math.isfinite(value)):
        return value
    if kind is float and type(value) is int:
        return value
    wanted, blank = _SCALARS[kind]
    mistakes[path] = Text(
        f"is {shown(value)!r} but must be {wanted.en}", f"的值 {shown(value)!r} 应为{wanted.zh}"
    )
    return blank


def _choice(value: Any, choices: tuple[str, ...], path: str, mistakes: Mistakes) -> Any:
    if isinstance(value, str) and value in choices:
        return value
    near = difflib.get_close_matches(value, choices, n=1) if isinstance(value, str) else []
    said = ", ".join(choices)
    mistakes[path] = Text(
        f"is {shown(value)!r} but must be one of {said}" + (f"; did you mean {near[0]}?" if near else ""),
        f"的值 {shown(value)!r} 应为以下之一:{said}" + (f";是否想写 {near[0]}?" if near else ""),
    )
    return choices[0]


def _list(value: Any, inner: Any, path: str, mistakes: Mistakes) -> list[Any]:
    if not isinstance(value, list):
        mistakes[path] = Text(f"is {shown(value)!r} but must be a list", f"的值 {shown(value)!r} 应为列表")
        return []
    return [shaped(one, inner, f"{path}[{k}]", mistakes) for k, one in enumerate(value)]


def _named(value: Any, inner: Any, path: str, mistakes: Mistakes) -> dict[str, Any]:
    """A table whose names are free."""
    if not isinstance(value, dict):
        mistakes[path] = Text(f"is {shown(value)!r} but must be a table", f"的值 {shown(value)!r} 应为表")
        return {}
    return {name: shaped(one, inner, joined(path, name), mistakes) for name, one in value.items()}


def _table(value: Any, cls: type, path: str, mistakes: Mistakes) -> dict[str, Any]:
    if not isinstance(value, dict):
        mistakes[path] = Text(f"is {shown(value)!r} but must be a table", f"的值 {shown(value)!r} 应为表")
        return blank(cls)
    hints = get_type_hints(cls)
    fields = {field.name: field for field in attrs.fields(cls)}
    meant = _unknown(value, list(fields), path, mistakes)
    made = {}
    for name, field in fields.items():
        at = joined(path, name)
        if name in value:
            made[name] = shaped(value[name], hints[name], at, mistakes)
        elif field.default is attrs.NOTHING:
            mistakes[at] = MISSPELT if name in meant else Text("is missing", "缺少,必须填写")
            made[name] = _blank_of(hints[name])
    return made


def _unknown(value: dict[str, Any], names: list[str], path: str, mistakes: Mistakes) -> set[str]:
    """Puts every key that is no setting in `mistakes`; the settings that they were probably meant for."""
    free, meant = [name for name in names if name not in value], set[str]()
    for key in value:
        if key in names:
            continue
        near = difflib.get_close_matches(key, free, n=1)
        meant.update(near)
        mistakes[joined(path, key)] = Text(
            "is not a setting" + (f"; did you mean {near[0]}?" if near else ""),
            "不是已知的设置项" + (f";是否想写 {near[0]}?" if near else ""),
        )
    return meant


def blank(cls: type) -> dict[str, Any]:
    """The least of a table that has the right shape."""
    hints = get_type_hints(cls)
    needed = [field.name for field in attrs.fields(cls) if field.default is attrs.NOTHING]
    return {name: _blank_of(hints[name]) for name in needed}


def _blank_of(hint: Any) -> Any:
    hint = getattr(hint, "__supertype__", hint)
    if get_origin(hint) is Literal:
        return get_args(hint)[0]
    if get_origin(hint) in (list, dict):
        return get_origin(hint)()
    return blank(hint) if attrs.has(hint) else _SCALARS[hint][1]
