"""Asks for a password or a PIN at a terminal without showing it; from a pipe it reads one line, and says no more than the question. Knows nobody's secrets."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Callable
from typing import Final

from station.words import Refused

TERMINAL: Final = "/dev/tty"


def ask_secret(question: str, terminal: str = TERMINAL, typed: Callable[[str], str] = getpass.getpass) -> str:
    """What was typed, without its end of line. Raises EOFError where nothing comes."""
    if sys.stdin.isatty() or _opens(terminal):
        return typed(question)
    sys.stderr.write(question)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\r\n")


def typed_by(ask: Callable[[str], str], question: str) -> str:
    """The same by any asker; raises Refused where nothing comes."""
    try:
        return ask(question)
    except EOFError:
        raise nothing_typed() from None


def nothing_typed() -> Refused:
    """What whoever types nothing is told."""
    return Refused(
        "a password or PIN is asked for here and nothing was typed; run it in a terminal",
        "此处需输入密码或 PIN,但没有输入;请在终端中运行",
    )


def _opens(path: str) -> bool:
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NOCTTY))
    except OSError:
        return False
    return True
