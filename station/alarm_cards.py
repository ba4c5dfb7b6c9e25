"""Alarm cards: what an alarm means, what to do now, whom to call; read from data shipped with the program. Knows no alarm and no condition."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import attrs

from station.settings import Role
from station.wire import from_plain
from station.words import SECOND, Duration, Text

BOOK = ("alarm_cards.toml", "alarm_cards_plant.toml")


@attrs.frozen(kw_only=True)
class Card:
    """One card. A condition is raised when it has held for `delay_s`, and returns when it has been gone for `return_s`."""

    title: Text
    means: Text
    do: tuple[Text, ...]  # steps, in their order
    call: Role
    delay_s: int = 0
    return_s: int = 3

    @property
    def delay(self) -> Duration:
        """How long a condition must hold."""
        return Duration(self.delay_s * SECOND)

    @property
    def returns(self) -> Duration:
        """How long it must be gone."""
        return Duration(self.return_s * SECOND)


Cards = dict[str, Card]

UNWRITTEN = Card(
    title=Text("no card", "无处置卡"),
    means=Text("nobody has written a card for this alarm", "此告警尚无处置卡"),
    do=(Text("Tell the engineer.", "通知技术员。"),),
    call="engineer",
)


def read(text: str) -> Cards:
    """The cards of one file; raises what TOML and the converter raise for a file that is none."""
    return from_plain(tomllib.loads(text), dict[str, Card])


def together(texts: Iterable[str]) -> Cards:
    """The cards of several files; raises ValueError when one is written twice."""
    made: Cards = {}
    for text in texts:
        found = read(text)
        twice = sorted(found.keys() & made.keys())
        if twice:
            raise ValueError(f"cards written twice: {', '.join(twice)}")
        made.update(found)
    return made


@cache
def cards() -> Cards:
    """Every card shipped, by id."""
    return together(files("station").joinpath(name).read_text("utf-8") for name in BOOK)


def card_of(condition_card: str) -> Card:
    """The card a condition points to; one that says that nobody wrote it, for a card that is missing."""
    return cards().get(condition_card, UNWRITTEN)
