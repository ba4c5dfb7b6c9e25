"""What every talk of the console is made of: one question after the other, one of several by its number, who and PIN. Knows no subject, no screen and no socket."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import attrs

from station.words import Refused, Text

HITS = 9
DIGITS = 9  # of a number
T = TypeVar("T")


@attrs.frozen
class Prompt:
    """One question; `lines` stand above it, a `secret` is not shown while it is typed."""

    text: Text
    lines: tuple[str, ...] = ()
    secret: bool = False


class Desk(Protocol):
    """What talks need of the station."""

    def query(self, name: str, **args: Any) -> Any: ...
    def command(self, name: str, body: dict[str, Any], request: str = "") -> None: ...
    def act(self, operator: str, pin: str, deeds: list[tuple[str, dict[str, Any]]]) -> None: ...


@attrs.frozen(kw_only=True)
class Setting:
    """Where a talk takes place: the desk, the language of names, in whose name alerts go out."""

    desk: Desk
    zh: bool
    authority: str = "county"

    def say(self, text: dict[str, str]) -> str:
        """A text of the station in the console's language."""
        return text["zh" if self.zh else "en"]


Talk = Generator[Prompt, str, Text]
Asked = Generator[Prompt, str, str]
WHO = Text("operator id", "操作员编号")
GIVEN_UP = Refused("given up; nothing was done", "已放弃,未执行任何操作", code="cancelled")


def one_of(text: Text, rows: Sequence[T], lines: Iterable[str], more: str = "") -> Generator[Prompt, str, T]:
    """The row chosen by its number, from 1 on; nothing typed gives up. `more` stands below the lines."""
    above = (*(f"{k}  {line}" for k, line in enumerate(lines, 1)), *filter(None, [more]))
    while True:
        said = (yield Prompt(text, above)).strip()
        if not said:
            raise GIVEN_UP
        number = whole(said, len(rows))
        if number is not None:
            return rows[number - 1]
        text = Text(f"a number from 1 to {len(rows)}", f"请输入 1 至 {len(rows)}")


def whole(said: str, most: int) -> int | None:
    """A number from 1 to `most` in figures; None for anything else."""
    number = int(said) if said.isdecimal() and len(said) <= DIGITS else 0
    return number if 1 <= number <= most else None


def proof() -> Generator[Prompt, str, tuple[str, str]]:
    who = (yield Prompt(WHO)).strip()
    if not who:
        raise GIVEN_UP
    return who, (yield Prompt(Text("PIN", "PIN"), secret=True))
