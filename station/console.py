"""`gengfu console`: the station in a terminal, for when the panel is dead. Draws and reads keys, or lines where there is no terminal; decides nothing."""

from __future__ import annotations

import argparse
import codecs
import contextlib
import curses
import locale
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from time import sleep
from typing import Any, Final

from schedules.calendar import local_text
from station.arguments import Parser
from station.clock import monotonic_ns
from station.console_link import Link
from station.console_screen import Shown, screen
from station.console_seat import Console
from station.console_talks import TALKS
from station.secret import ask_secret
from station.words import Instant

COLOURS: Final = {
    "head": (curses.COLOR_WHITE, curses.COLOR_BLUE),
    "bad": (curses.COLOR_WHITE, curses.COLOR_RED),
    "warn": (curses.COLOR_YELLOW, -1),
    "good": (curses.COLOR_GREEN, -1),
    "ask": (curses.COLOR_CYAN, -1),
}
BOLD: Final = ("bad", "ask")
PLAIN: Final = {  # where there are no colours
    "head": curses.A_REVERSE,
    "bad": curses.A_REVERSE | curses.A_BOLD,
    "warn": curses.A_BOLD,
    "ask": curses.A_BOLD,
}
LINE_WORDS: Final = " ".join(("show", "stop", *TALKS, "lang", "quit"))
LONGEST: Final = 200  # characters of an answer


def main(argv: list[str]) -> int:
    """0 left by the user, 2 wrong use. Without a terminal it reads words from standard input, one a line."""
    options = _parser().parse_args(argv)
    _take_characters()
    zh = options.lang == "zh" if options.lang else os.environ.get("LANG", "zh").startswith("zh")
    link = Link(options.state)
    console = Console(desk=link, shown=Shown(zh=zh), authority=options.authority)
    try:
        if sys.stdin.isatty() and sys.stdout.isatty() and not options.lines and _can_be_drawn():
            curses.wrapper(_Terminal(console).run)
        else:
            by_lines(console, sys.stdin, sys.stdout.write, _secret)
    except KeyboardInterrupt:
        return 0
    finally:
        link.close()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="gengfu console", description="the station in a terminal · 终端控制台")
    parser.add_argument("--state", type=Path, required=True, help="state directory · 状态目录")
    parser.add_argument("--lang", choices=("zh", "en"), help="language · 语言")
    parser.add_argument("--lines", action="store_true", help="line by line, no screen · 逐行模式")
    parser.add_argument(
        "--authority", default="county", help="in whose name templates go out · 以何级名义发布 (county)"
    )
    return parser


def _take_characters() -> None:
    """The character set of the user's terminal; UTF-8 where its name is not known here, or says ASCII alone."""
    with contextlib.suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, "")
    if codecs.lookup(locale.nl_langinfo(locale.CODESET)).name == "ascii":
        with contextlib.suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, "C.UTF-8")


def _can_be_drawn() -> bool:
    """Whether the terminal is known and can put text where it is wanted; else there are lines."""
    try:
        curses.setupterm()
    except curses.error:
        return False
    return bool(curses.tigetstr("cup"))


def seconds() -> float:
    """Seconds of the monotonic clock."""
    return monotonic_ns() / 1e9


def clock_of(console: Console) -> str:
    """Local time of the station as of its last answer, from the zone that its wall view names."""
    seen = console.shown.overview
    if seen is None:
        return ""
    return local_text(Instant(seen["at"]), console.zone) if console.zone else ""


# -- line by line -----------------------------------------------------------------------------------


def by_lines(
    console: Console,
    lines: Iterable[str],
    write: Callable[[str], Any],
    secret: Callable[[str], str],
    wait: Callable[[float], Any] = sleep,
) -> None:
    """The same console without a screen: a word begins, lines answer; the end of the lines leaves."""
    _show(console, write)
    for line in _typed(console, lines, secret):
        bare = "" if console.shown.secret else line.strip().lower()
        if console.shown.question is not None and bare == "quit":
            console.give_up()
        elif console.shown.question is not None and bare != "stop":
            console.answer(line)
        else:
            _word(console, line.strip().lower(), write)
        while console.shown.stopping:
            wait(0.5)
            console.look(seconds())
        _tell(console, write)
        if console.done:
            return


def _typed(console: Console, lines: Iterable[str], secret: Callable[[str], str]) -> Iterable[str]:
    source = iter(lines)
    while True:
        if console.shown.question is not None and console.shown.secret and sys.stdin.isatty():
            try:
                said = secret(console.shown.word(console.shown.question) + ": ")
            except EOFError:
                return
            yield said
            continue
        found = next(source, None)
        if found is None:
            return
        yield found.rstrip("\n")


def _word(console: Console, word: str, write: Callable[[str], Any]) -> None:
    console.look(seconds())
    if word == "stop":
        console.stop(seconds())
    elif word in TALKS:
        console.begin(word)
    elif word in ("", "show"):
        _show(console, write)
    elif word in ("quit", "q"):
        console.done = True
    elif word == "lang":
        console.shown.zh = not console.shown.zh
    else:
        write(f"{LINE_WORDS}\n")


def _show(console: Console, write: Callable[[str], Any]) -> None:
    console.look(seconds())
    for row in screen(console.shown, 200, 60, clock_of(console)):
        if row.text.strip():
            write(row.text + "\n")
    write(f"{LINE_WORDS}\n")


def _tell(console: Console, write: Callable[[str], Any]) -> None:
    shown = console.shown
    for line in shown.log:
        write(f"* {line}\n")
    shown.log.clear()
    if shown.question is not None:
        for line in shown.above:
            write(f"  {line}\n")
        write(f"{shown.word(shown.question)}? \n")


def _secret(question: str) -> str:
    return ask_secret(question)


# -- on a screen ------------------------------------------------------------------------------------


class _Terminal:
    """One terminal of any size; 80 by 24 is enough."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._inks: dict[str, int] = {}

    def run(self, window: Any) -> None:
        """Draw and obey until the user leaves."""
        with contextlib.suppress(curses.error):  # some cannot hide it
            curses.curs_set(0)
        self._inks = _inks()
        window.timeout(300)
        while not self._console.done:
            self._console.look(seconds())
            self._draw(window)
            self._key(window)

    def _draw(self, window: Any) -> None:
        height, width = window.getmaxyx()
        window.erase()
        for number, row in enumerate(screen(self._console.shown, width - 1, height, clock_of(self._console))):
            text = row.text.encode(window.encoding, "replace").decode(window.encoding)
            window.addstr(number, 0, text, self._inks.get(row.style, 0))
        window.refresh()

    def _key(self, window: Any) -> None:
        try:
            key = window.get_wch()
        except curses.error:
            return  # nobody pressed anything
        console, shown = self._console, self._console.shown
        if key == curses.KEY_F8:
            console.stop(seconds())
        elif shown.question is None:
            if isinstance(key, str):
                console.press(key, seconds())
        elif key in ("\n", "\r", curses.KEY_ENTER):
            console.answer(shown.typed)
        elif key == "\x1b":
            console.give_up()
        elif key in ("\x7f", "\b", curses.KEY_BACKSPACE):
            shown.typed = shown.typed[:-1]
        elif isinstance(key, str) and key.isprintable() and len(shown.typed) < LONGEST:
            shown.typed += key


def _inks() -> dict[str, int]:
    """What each style looks like: in colour, or bold and reversed on a terminal that has none."""
    made = {"dim": curses.A_DIM}
    try:
        curses.use_default_colors()
        for number, (style, (ink, ground)) in enumerate(COLOURS.items(), 1):
            curses.init_pair(number, ink, ground)
            made[style] = curses.color_pair(number) | (curses.A_BOLD if style in BOLD else 0)
    except (curses.error, ValueError):
        return {"dim": curses.A_DIM, **PLAIN}
    return made
