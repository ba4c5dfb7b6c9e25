"""What a wire shows at the command line: its verbs, and for each a script of questions that says in the end whether it holds. Pure; knows no port and prints nothing.

A script is a generator: it gives a question, is sent what was answered, and returns what is to be said at the end
(`holds`: False makes the command end with 1), or None where the answers say it all.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, Final

import attrs

from devices.turns import Pace, Wire
from station.words import Refused

TRIES: Final = 6  # questions until a device that cues must have done so
AGAIN: Final = 500_000  # µs between two of them
Script = Generator[Any, Any, dict[str, object] | None]
Option = tuple[str, dict[str, Any]]
Signing = Callable[
    [Path], Callable[[bytes], bytes]
]  # a key file: what signs with it; asked.signing, None without


@attrs.frozen
class Listen:
    """No question: hear for so many µs what comes by itself. Answered by all that was told, each with its time of arrival."""

    us: int
    earlier: bool = False  # what was told during the questions before counts too


@attrs.frozen(kw_only=True)
class Verb:
    """One thing that can be asked."""

    name: str
    help: str  # en · zh
    script: Callable[[argparse.Namespace], Script]
    options: tuple[Option, ...] = ()


@attrs.frozen(kw_only=True)
class Face:
    """One wire."""

    name: str
    help: str  # en · zh
    wire: Callable[[argparse.Namespace], Wire]
    verbs: tuple[Verb, ...]
    options: tuple[Option, ...] = ()  # of every verb
    serial: str = "38400:8O1"  # how its serial ports are set
    pace: Pace = attrs.field(factory=Pace)
    decode: Callable[[bytes], list[Any]] | None = None
    datagrams: bool = False  # spoken over UDP alone


def number(least: int, most: int) -> Callable[[str], int]:
    """A whole number of that range, 0x10 too, for an argument."""

    def read(text: str) -> int:
        value = int(text, 0)
        if not least <= value <= most:
            raise ValueError(text)
        return value

    read.__name__ = f"number from {least} to {most}"
    return read


def one(ask: Any) -> Script:
    """A script of one question."""
    yield ask
    return None


def compared(wanted: Any, found: Any) -> dict[str, object]:
    """What a reading-back shows."""
    return {"holds": wanted == found, "wanted": plain(wanted), "found": plain(found)}


def awaited(ask: Any, good: Callable[[Any], bool]) -> Generator[Any, Any, Any]:
    """Ask until what is found is good, for a device that takes its time to obey; what was found last."""
    for _ in range(TRIES - 1):
        found = yield ask
        if good(found):
            return found
        yield Listen(AGAIN)
    return (yield ask)


def plain(value: Any) -> Any:
    """Any value of a wire as JSON has it: classes say what they are, bytes are hex."""
    if attrs.has(type(value)):
        fields = {field.name: plain(getattr(value, field.name)) for field in attrs.fields(type(value))}
        return {"is": type(value).__name__, **fields}
    if isinstance(value, bytes):
        return value.hex(" ")
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple, frozenset)):
        return [plain(inner) for inner in value]
    return value


def cannot(en: str, zh: str) -> Refused:
    """What is asked for cannot be asked."""
    return Refused(en, zh, code="ask")


ON_OFF: Final[Option] = ("state", {"choices": ("on", "off"), "help": "on or off · 开或关"})


__all__ = [
    "ON_OFF", "Face", "Listen", "Option", "Script", "Verb", "awaited", "cannot", "compared", "number", "one", "plain",
]  # fmt: skip
