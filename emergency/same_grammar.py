"""The likeliest EAS SAME header behind uncertain bits: every length that 47 CFR 11.31 allows is weighed. Pure numpy; knows no sound.

Bits come as odds (natural log, positive for a 1), one row a byte, lowest bit first. A header of a given number of locations is
a row of classes of characters (dash, digit, capital, …); its weight is how much better it explains the bits than chance does,
after each class has paid for its freedom. What nobody heard (odds 0) weighs nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

import attrs
import numpy as np
from numpy.typing import NDArray

from emergency import same
from emergency.same_tones import Floats

_BITS: Final = ((np.arange(128)[:, None] >> np.arange(7)) & 1).astype(np.float64)
_LOG2: Final = float(np.log(2))
_NEVER: Final = -60.0
_SENDERS: Final = (same.SENDER_LENGTH, 3, 4, 5, 6, 7, 9, 10)  # lengths seen; the first is the standard's
_RARE: Final = -9.0  # a sender of another length
_LOST: Final = -7.0  # a character that a crackle took: no character weighs less
_ANY: Final = -11.0  # a character that is another one in spite of what was heard
_UNLISTED: Final = -5.0  # an originator or event that no table has
_CODES_END: Final = 8  # rows up to the end of the event's code


@attrs.frozen(kw_only=True)
class Heard:
    """The likeliest header. `weight`: natural log of its odds against chance; `certainty`: of every character, 0 to 1."""

    text: str
    weight: float
    certainty: float
    whole: bool  # whether all of it was heard; else the text breaks off
    lead: float  # how much weightier than any header that would go on beyond the bits given; 0 or less: it may go on

    @property
    def length(self) -> int:
        """Characters, `ZCZC` included."""
        return len(self.text)


def characters(odds: Floats) -> Floats:
    """How much better than chance each of the 128 characters explains each row of 7 (or 8) bits."""
    bits = odds[:, :7]
    one, zero = _LOG2 - np.logaddexp(0, -bits), _LOG2 - np.logaddexp(0, bits)
    return np.asarray(one @ _BITS.T + zero @ (1 - _BITS).T, np.float64)


def weight_of(text: str, odds: Floats) -> float:
    """How much better than chance a text explains the rows of bits from the first; missing rows weigh nothing."""
    codes = [ord(letter) for letter in text[: len(odds)]]
    return float(characters(odds[: len(codes)])[np.arange(len(codes)), codes].sum())


def _class(letters: str, rare: str = "") -> Floats:
    """What each character pays to stand in a class; `rare` ones pay 1 in 50 more."""
    cost = np.full(128, _NEVER)
    common = np.log(1 / len(letters))
    for letter in rare:
        cost[ord(letter)] = common + np.log(0.02)
    for letter in letters:
        cost[ord(letter)] = common
    return cost


_DIGITS: Final = "0123456789"
_CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_CLASSES: Final[dict[str, Floats]] = {
    "-": _class("-"),
    "+": _class("+"),
    "*": np.zeros(128),  # weighed apart: the codes of originator and event
    "#": _class(_DIGITS),
    "a": _class(_CAPITALS, "?" + _DIGITS),
    "s": _class(_CAPITALS + _DIGITS + "/ ", "!\"#$%&'().,:;<=>?@_" + _CAPITALS.lower()),
    "T": _class("0134", "25"),  # minutes of the valid time: 00, 15, 30, 45
    "t": _class("05", "12346789"),
    "J": _class("0123"),
    "H": _class("012"),
    "M": _class("012345"),
}
_ROWS: Final = np.array(list(_CLASSES.values()))
_NUMBER: Final = {name: at for at, name in enumerate(_CLASSES)}


@lru_cache(maxsize=512)
def _form(locations: int, sender: int) -> NDArray[np.int64]:
    """The class of each character behind `ZCZC`, as row of _ROWS."""
    form = "-***-***" + "-######" * locations + "+##Tt-J##H#M#-" + "s" * sender + "-"
    return np.array([_NUMBER[name] for name in form])


def likeliest(odds: Floats, events: Sequence[str]) -> Heard:
    """The likeliest header whose first character behind `ZCZC` is row 0; `events` are codes that are in use."""
    given = characters(odds)
    if len(given) < _CODES_END:
        given = np.concatenate([given, np.zeros((_CODES_END - len(given), 128))])
    best = np.maximum((given[:, None, :] + _ROWS).max(axis=2), _LOST)
    best[:, _NUMBER["*"]] = 0
    weights = {shape: _weigh(best, *shape) for shape in _shapes()}
    shape = max(weights, key=lambda one: weights[one])
    still_open = [weight for one, weight in weights.items() if len(_form(*one)) > len(odds)]
    codes = [_code(given[1:4], same.ORIGINATORS), _code(given[5:8], events)]
    form = _form(*shape)
    text, certainty = _spell(given[: len(form)] + _ROWS[form[: len(given)]], codes)
    return Heard(
        text=same.BEGIN + text,
        weight=weights[shape] + sum(code[1] for code in codes),
        certainty=certainty,
        whole=len(form) <= len(odds),
        lead=weights[shape] - max(still_open, default=-np.inf),
    )


def _shapes() -> Iterable[tuple[int, int]]:
    """(number of locations, characters of the sender)"""
    return ((places, sender) for sender in _SENDERS for places in range(1, same.LOCATIONS_AT_MOST + 1))


def _weigh(best: Floats, locations: int, sender: int) -> float:
    """The best that a header of this shape can weigh, codes left out."""
    form = _form(locations, sender)
    rows = min(len(form), len(best))
    odd = 0.0 if sender == same.SENDER_LENGTH else _RARE
    return float(best[np.arange(rows), form[:rows]].sum()) + odd


def _code(given: Floats, listed: Sequence[str]) -> tuple[str, float, float]:
    """The likeliest code of three capitals, its weight, its certainty; listed ones are likelier."""
    rows = np.arange(len(given))
    free = given + _CLASSES["a"]
    spelt = "".join(map(chr, free.argmax(axis=1)))
    weights = given[rows, np.array([list(map(ord, code)) for code in listed])].sum(axis=1) - np.log(
        len(listed)
    )
    unlisted = float(free.max(axis=1).sum()) + _UNLISTED
    at = int(weights.argmax())
    all_of_it = float(np.logaddexp(np.logaddexp.reduce(weights), unlisted if spelt not in listed else _NEVER))
    if spelt not in listed and unlisted > weights[at]:
        return spelt, unlisted, float(np.exp(unlisted - all_of_it)) * _sure(free)
    return listed[at], float(weights[at]), float(np.exp(weights[at] - all_of_it))


def _sure(scores: Floats) -> float:
    """The certainty of the best character of every row together; one that was not heard may be any."""
    all_of_it = np.logaddexp(np.logaddexp.reduce(scores, axis=1), _ANY)
    return float(np.exp(np.sum(scores.max(axis=1) - all_of_it)))


def _spell(scores: Floats, codes: Sequence[tuple[str, float, float]]) -> tuple[str, float]:
    """The text of the best characters with the codes put in, and the certainty of all of it."""
    letters = list(map(chr, scores.argmax(axis=1)))
    free = np.array([at for at in range(len(scores)) if at not in (1, 2, 3, 5, 6, 7)], np.int64)
    certainty = _sure(scores[free])
    for begin, (code, _, sure) in zip((1, 5), codes, strict=True):
        letters[begin : begin + 3] = code
        certainty *= sure
    return "".join(letters), certainty


def same_bits(one: Floats, other: Floats) -> float:
    """Natural log of the odds that two rows of bits were sent as the same, against as two that have nothing to do with each other."""
    rows = min(len(one), len(other))
    both = np.tanh(one[:rows, :7] / 2) * np.tanh(other[:rows, :7] / 2)
    return float(np.log1p(np.maximum(both, -1 + 1e-9)).sum())


def together(all_odds: Sequence[Floats]) -> Floats:
    """Several bursts of one text as one: odds add up; shorter ones say nothing behind their end."""
    sum_of = np.zeros((max(len(odds) for odds in all_odds), 8))
    for odds in all_odds:
        sum_of[: len(odds)] += odds
    return sum_of
