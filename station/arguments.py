"""The command line's own words in both languages: headings of --help and what is wrong with the words given. Knows no command."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

HEADINGS: Final = {
    "usage: ": "usage · 用法: ",
    "positional arguments": "arguments · 参数",
    "options": "options · 选项",
    "show this help message and exit": "show this help and exit · 显示本帮助并退出",
}
_WRONG: Final[tuple[tuple[str, str], ...]] = (
    (r"the following arguments are required: (.+)", r"缺少参数:\1"),
    (r"unrecognized arguments: (.+)", r"不认识的参数:\1"),
    (r"argument (.+): expected one argument", r"参数 \1 后面缺少一个值"),
    (r"argument (.+): expected at least one argument", r"参数 \1 后面至少要有一个值"),
    (r"argument (.+): expected (\d+) arguments?", r"参数 \1 后面应有 \2 个值"),
    (r"argument (.+): invalid choice: (.+) \(choose from (.+)\)", r"参数 \1 的值 \2 无效,可选:\3"),
    (r"argument (.+): invalid (.+?) value: (.+)", r"参数 \1 的值 \3 无效"),
    (r"argument (.+): not allowed with argument (.+)", r"参数 \1 不能与 \2 同时使用"),
    (r"argument (.+): ignored explicit argument (.+)", r"参数 \1 不带值,\2 是多余的"),
    (r"ambiguous option: (.+) could match (.+)", r"选项 \1 不明确,可能是 \2"),
    (r"one of the arguments (.+) is required", r"参数 \1 须给出其一"),
)


def chinese(message: str) -> str:
    """What argparse says is wrong, in Chinese; as it is where this table does not know it."""
    for pattern, zh in _WRONG:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found is not None:
            return found.expand(zh)
    return message


def port(text: str) -> int:
    """A port of TCP or UDP, 0 for any."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise ValueError(text)
    return number


def from_here(line: str) -> str:
    """A line to devices as people type it: a serial port that is named from where they stand, by its whole path."""
    kind, _, path = line.partition(":")
    return f"{kind}:{Path.cwd() / path}" if path.startswith(("./", "../")) else line


class _Formatter(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, HEADINGS["usage: "] if prefix is None else prefix)

    def start_section(self, heading: str | None) -> None:
        super().start_section(HEADINGS.get(heading or "", heading))

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return HEADINGS.get(action.help or "", action.help)


class _Whole(_Formatter, argparse.RawDescriptionHelpFormatter):
    """The same, with the description's own lines kept."""


class Parser(argparse.ArgumentParser):
    """argparse.ArgumentParser whose headings and complaints are in English and Chinese."""

    def __init__(self, *, formatter_class: Callable[..., Any] | None = None, **named: Any) -> None:
        raw = formatter_class is argparse.RawDescriptionHelpFormatter
        super().__init__(formatter_class=_Whole if raw else _Formatter, **named)

    def error(self, message: str) -> NoReturn:
        """One line that says what is wrong in both languages, after the usage; exit 2."""
        self.print_usage(sys.stderr)
        message = self._with_choices(message)
        zh = chinese(message)
        said = message if zh == message else f"{message} · {zh}"
        self.exit(2, f"{self.prog}: {said}\n")

    def _with_choices(self, message: str) -> str:
        """What is missing where a command has commands of its own: these, not what the program calls them."""
        for one in self._actions:
            if one.nargs == argparse.PARSER and one.choices and one.metavar is None:
                message = re.sub(rf"(required: .*)\b{one.dest}$", rf"\1{'|'.join(one.choices)}", message)
        return message


__all__ = ["Parser", "chinese", "from_here", "port"]
