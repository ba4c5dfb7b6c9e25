"""The command line says what is wrong with the words given in both languages."""

import argparse
import sys

import pytest

from station.arguments import Parser, chinese, port
from station.cli import SUBCOMMANDS, main


def spoken(text: str) -> int:
    return int(text)


spoken.__name__ = "time in s"  # as some commands call what they want


def parser() -> Parser:
    made = Parser(
        prog="gengfu try", description="tries · 尝试", formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument("file")
    made.add_argument("--port", type=port)
    made.add_argument("--after", type=spoken)
    made.add_argument("--format", choices=("json", "csv"))
    made.add_argument("--pair", nargs=2)
    either = made.add_mutually_exclusive_group(required=False)
    either.add_argument("--all", action="store_true")
    either.add_argument("--one", action="store_true")
    return made


@pytest.mark.parametrize(
    ("words", "zh"),
    [
        ([], "缺少参数:file"),
        (["a", "--port"], "参数 --port 后面缺少一个值"),
        (["a", "--port", "x"], "参数 --port 的值 'x' 无效"),
        (["a", "--port", "65536"], "参数 --port 的值 '65536' 无效"),
        (["a", "--port", "-1"], "参数 --port 的值 '-1' 无效"),
        (["a", "--after", "never"], "参数 --after 的值 'never' 无效"),
        (["a", "--format", "xml"], "参数 --format 的值 'xml' 无效"),
        (["a", "b"], "不认识的参数:b"),
        (["a", "--pair", "1"], "参数 --pair 后面应有 2 个值"),
        (["a", "--all", "--one"], "参数 --one 不能与 --all 同时使用"),
        (["a", "--all=3"], "参数 --all 不带值"),
        (["a", "--p", "3"], "选项 --p 不明确"),
    ],
)
def test_each_mistake_is_said_in_chinese_too_and_ends_with_two(words, zh, capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert zh in said and "用法" in said


def test_help_has_both_languages_and_keeps_the_description(capsys):
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    for part in (
        "usage · 用法: gengfu try",
        "tries · 尝试",
        "arguments · 参数",
        "options · 选项",
        "显示本帮助并退出",
    ):
        assert part in said


def test_a_complaint_nobody_foresaw_is_shown_as_it_is():
    assert chinese("the moon is full") == "the moon is full"


@pytest.mark.parametrize("name", sorted(set(SUBCOMMANDS) - {"sim"}))  # which has commands of its own
def test_every_command_says_in_both_languages_what_is_wrong_with_its_words(name, capsys):
    with pytest.raises(SystemExit) as ended:
        sys.exit(main([name, "--no-such-option-anywhere"]))
    said = capsys.readouterr().err
    assert ended.value.code == 2 and ("缺少" in said or "不认识" in said or "无效" in said), said


@pytest.mark.parametrize("name", sorted(set(SUBCOMMANDS) - {"sim"}))
def test_the_help_of_every_command_is_written_for_who_uses_it(name, capsys):
    with pytest.raises(SystemExit) as ended:
        sys.exit(main([name, "--help"]))
    said = capsys.readouterr().out.partition("options · 选项")[0]
    assert ended.value.code == 0 and "nows " not in said, "that is a note for who changes the code"
    assert any("一" <= letter <= "鿿" for letter in said.replace("用法", "").replace("参数", "")), said


def test_a_missing_command_of_a_command_is_told_with_what_there_is(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for metavar in (None, "find|resolve"):
        parser = Parser(prog="gengfu area")
        verbs = parser.add_subparsers(dest="deed", required=True, metavar=metavar)
        for name in ("find", "resolve"):
            verbs.add_parser(name)
        with pytest.raises(SystemExit):
            parser.parse_args([])
        told = capsys.readouterr().err
        assert "required: find|resolve · 缺少参数:find|resolve" in told and "deed" not in told
