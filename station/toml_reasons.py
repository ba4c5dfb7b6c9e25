"""Why a text is not TOML, in Chinese: the sentences of the standard library's reader and their place. Pure; a sentence it does not know stays as it is."""

from __future__ import annotations

import re
import tomllib
from typing import Final

_AT: Final = re.compile(
    r"(?P<why>.*) \(at (?:line (?P<line>\d+), column (?P<column>\d+)|end of document)\)", re.S
)

# how a sentence begins → what it says; what follows the beginning (a key, a character) is kept
_ZH: Final[dict[str, str]] = {
    "Invalid statement": "语句无效",
    "Invalid value": "值无效",
    "Invalid date or datetime": "日期或时间无效",
    "Invalid hex value": "转义的十六进制值无效",
    "Invalid initial character for a key part": "键名开头的字符无效",
    "Expected newline or end of document after a statement": "语句之后应换行",
    "Expected ']' at the end of a table declaration": "表名之后缺少“]”",
    "Expected ']]' at the end of an array declaration": "表数组名之后缺少“]]”",
    "Expected '=' after a key in a key/value pair": "键名之后缺少“=”",
    "Expected ": "此处应为 ",
    "Found invalid character ": "不允许的字符 ",
    "Illegal character ": "不允许的字符 ",
    "Cannot declare ": "重复的表 ",
    "Cannot overwrite a value": "同一个键写了两次",
    "Cannot mutate immutable namespace ": "已写完的表不能再添加内容 ",
    "Cannot redefine namespace ": "重复的表 ",
    "Duplicate inline table key ": "行内表中重复的键 ",
    "Unclosed array": "数组缺少“]”",
    "Unclosed inline table": "行内表缺少“}”",
    "Unescaped '\\' in a string": "字符串中的“\\”须写成“\\\\”",
    "Escaped character is not a Unicode scalar value": "转义的不是有效字符",
    "Unterminated string": "字符串缺少结束的引号",
}


def toml_zh(error: tomllib.TOMLDecodeError) -> str:
    """The reason of `error` and where it is."""
    said = str(error)
    found = _AT.fullmatch(said)
    if found is None:
        return _reason(said)
    where = f"第 {found['line']} 行第 {found['column']} 列" if found["line"] else "文末"
    return f"{_reason(found['why'])}({where})"


def _reason(said: str) -> str:
    for begin, zh in _ZH.items():
        if said == begin or (begin.endswith(" ") and said.startswith(begin)):
            return zh + said[len(begin) :].removesuffix(" twice")
    return said
