"""Whoever writes settings in Chinese reads in Chinese why they are no TOML, and where."""

import re
import tomllib

import pytest

from station.toml_reasons import toml_zh

ENGLISH = re.compile(r"[A-Za-z]{3}")


def why(text: str) -> str:
    with pytest.raises(tomllib.TOMLDecodeError) as raised:
        tomllib.loads(text)
    return toml_zh(raised.value)


@pytest.mark.parametrize(
    ("text", "zh"),
    [
        ("port = = 8600", "值无效(第 1 行第 8 列)"),
        ("[station", "表名之后缺少“]”(文末)"),
        ("[[channels]", "表数组名之后缺少“]]”(第 1 行第 11 列)"),
        ("a = 1\na = 2", "同一个键写了两次(文末)"),
        ("a 1", "键名之后缺少“=”(第 1 行第 3 列)"),
        ('a = "x', "字符串缺少结束的引号(文末)"),
        ("a = [1", "数组缺少“]”(文末)"),
        ("a = {b = 1", "行内表缺少“}”(文末)"),
        ("a = {b = 1, b = 2}", "行内表中重复的键 'b'(第 1 行第 18 列)"),
        ("a = 1 b = 2", "语句之后应换行(第 1 行第 7 列)"),
        ("=", "语句无效(第 1 行第 1 列)"),
        ("[a]\n[a]", "重复的表 ('a',)(第 2 行第 3 列)"),
        ("a = '\x01'", "不允许的字符 '\\x01'(第 1 行第 6 列)"),
    ],
)
def test_the_reason_and_its_place_are_said_in_chinese(text, zh):
    assert why(text) == zh


@pytest.mark.parametrize(
    "text",
    ['a = "\\q"', 'a = "\\u12"', 'a = "\\ud800"', "a = 2026-13-01", "a={}\n[a.b]", "a.+ = 1", "# \x01"],
)
def test_no_reason_is_left_in_english(text):
    assert not ENGLISH.search(why(text))


def test_a_reason_of_a_later_release_stays_as_it_is():
    assert (
        toml_zh(tomllib.TOMLDecodeError("Moon is full (at line 2, column 1)"))
        == "Moon is full(第 2 行第 1 列)"
    )
    assert toml_zh(tomllib.TOMLDecodeError("Moon is full")) == "Moon is full"
