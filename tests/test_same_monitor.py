"""Bursts of EAS SAME put together: what belongs together, what is told, what is no news; bursts are made here, no sound is."""

from __future__ import annotations

import attrs
import numpy as np
import pytest

from emergency import same_grammar
from emergency.same_demod import Burst
from emergency.same_monitor import BurstHeard, EndHeard, Event, Message, Monitor, _alike
from emergency.same_words import event_codes

RATE = 8_000
TEXT = "ZCZC-WXR-TOR-024031-124005+0030-3191423-KGNF/NWS-"
LENGTH = 6_016  # samples of such a burst
APART = LENGTH + 10_000
MINUTE = TEXT.index("23-KGNF") - 3  # behind `ZCZC`: a digit of the time


def odds_of(text: str, unsure: float = 10.0) -> np.ndarray:
    """Clear bits; those of one digit are as clear as is said."""
    bits = np.unpackbits(np.frombuffer(text[4:].encode(), np.uint8), bitorder="little").reshape(-1, 8)
    odds = (2.0 * bits - 1) * 10
    odds[MINUTE] *= unsure / 10
    return odds


def burst(number: int = 0, text: str = TEXT, unsure: float = 10.0) -> Burst:
    odds = odds_of(text, unsure)
    return Burst(
        kind="header", begin=number * APART, end=number * APART + LENGTH, speed=1.0,
        clearness_db=10.0 + number, odds=odds, heard=same_grammar.likeliest(odds, event_codes()),
    )  # fmt: skip


def told(*bursts: Burst) -> list[Event]:
    monitor = Monitor(RATE)
    return [event for one in bursts for event in monitor._take([one], last=False)] + monitor.finish()


def messages(*bursts: Burst) -> list[Message]:
    return [event for event in told(*bursts) if isinstance(event, Message)]


def test_two_bursts_alike_are_valid_and_one_is_not() -> None:
    (message,) = messages(burst(0), burst(1))
    assert (message.alike, message.valid, message.bursts, message.clearness_db) == (2, True, 2, 11.0)
    assert not attrs.evolve(message, alike=1).valid


def test_one_burst_must_be_surer_than_two() -> None:
    alone = burst(0, unsure=3.0)
    assert 0.7 < alone.heard.certainty < 0.9
    assert messages(alone) == []
    (message,) = messages(burst(0, unsure=1.5), burst(1, unsure=1.5))
    assert message.text == TEXT and message.certainty == pytest.approx(alone.heard.certainty, abs=0.01)


def test_a_burst_is_shown_from_beyond_the_weight_that_chance_may_have() -> None:
    shown = []
    for weight in (12.0, 12.001):
        one = burst()
        said = told(attrs.evolve(one, heard=attrs.evolve(one.heard, weight=weight)))
        shown.append([event.text for event in said if isinstance(event, BurstHeard)])
    assert shown == [[], [TEXT]]


def test_bursts_after_the_third_are_no_news_however_many_come() -> None:
    said = told(*(burst(number) for number in range(7)))
    assert [type(event) for event in said] == [BurstHeard] * 3 + [Message]


def test_a_burst_is_one_more_as_long_as_it_is_in_time_and_agrees() -> None:
    odds = odds_of(TEXT)
    for begin, belongs in ((APART - 1, True), (APART, True), (APART + 1, False)):
        assert _alike(attrs.evolve(burst(), begin=begin), APART, odds, "") is belongs
    other = TEXT.replace("1423", "1424")
    assert _alike(burst(text=other), APART, odds, "") and not _alike(burst(text=other), APART, odds, TEXT)
    unheard = attrs.evolve(burst(), odds=np.zeros_like(odds))
    assert not _alike(unheard, APART, odds, ""), "what says nothing agrees with nothing"
    faint = attrs.evolve(burst(), odds=np.full((1, 8), 0.5))
    assert 0 < same_grammar.same_bits(faint.odds, faint.odds) < 1 and _alike(faint, 0, faint.odds, "")


def test_ends_belong_together_within_four_and_a_half_seconds_and_three_at_most() -> None:
    monitor, numbers = Monitor(RATE), []
    end = Burst(kind="end", begin=10, end=400, speed=1.0, clearness_db=9.0, odds=np.zeros((0, 8)), heard=None)
    for wait in (10, 35_999, 36_000, 100, 100, 100):
        end = attrs.evolve(end, begin=end.end + wait, end=end.end + wait + 400)
        numbers += [event.number for event in monitor._end(end) if isinstance(event, EndHeard)]
    assert numbers == [1, 2, 1, 2, 3, 1]


def test_a_group_is_waited_for_as_long_as_two_more_bursts_of_its_length_and_a_second_and_a_half():
    monitor = Monitor(RATE)
    monitor._take([burst(3)], last=False)
    assert monitor._until() == 3 * APART + 2 * (LENGTH + 10_000) + 12_000
