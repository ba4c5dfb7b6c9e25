"""Makes a profile of a device from the text of its file: every mistake is told at once, with its place. Knows no field and no file."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable
from typing import TypeVar

from station.settings_shape import Mistakes, shaped
from station.toml_reasons import toml_zh
from station.wire import from_plain
from station.words import Refused, Text

Made = TypeVar("Made")


def parse(
    text: str, cls: type[Made], rules: Callable[[Made], Iterable[tuple[str, Text]]], called: Text
) -> Made:
    """An attrs class from TOML that keeps `rules` (the place and what is wrong with it); Refused begins with what it is `called`."""
    try:
        plain = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Refused(f"{called.en}: {error}", f"{called.zh}:{toml_zh(error)}", code="profile") from None
    mistakes: Mistakes = {}
    made = from_plain(shaped(plain, cls, "", mistakes), cls)
    if not mistakes:
        mistakes.update(rules(made))
    if mistakes:
        raise Refused(
            "\n".join(f"{called.en}: {at} {said.en}" for at, said in mistakes.items()),
            "\n".join(f"{called.zh}:{at} {said.zh}" for at, said in mistakes.items()),
            code="profile",
        )
    return made


__all__ = ["parse"]
