"""The likeliest header behind bits: codes that no table has, senders of every length, what an eighth bit says."""

from __future__ import annotations

import numpy as np
import pytest

from emergency import same, same_grammar
from emergency.same_words import event_codes

TEXT = "ZCZC-WXR-TOR-024031-124005+0030-3191423-KGNF/NWS-"


def odds_of(text: str, strength: float = 10.0) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(text[4:].encode(), np.uint8), bitorder="little").reshape(-1, 8)
    return (2.0 * bits - 1) * strength


@pytest.mark.parametrize("length", [3, 4, 5, 6, 7, 8, 9, 10])
def test_senders_of_every_length_that_was_seen_are_read(length: int) -> None:
    text = TEXT.replace("KGNF/NWS", "KGNF/NWSXY"[:length])
    after = np.random.default_rng(1).normal(size=(6, 8))
    found = same_grammar.likeliest(np.concatenate([odds_of(text), after]), event_codes())
    assert found.text == text and found.whole
    assert found.weight == pytest.approx(
        same_grammar.likeliest(odds_of(TEXT.replace("NWS", "NWS"[: length - 5])), event_codes()).weight,
        abs=25,
    )


def test_an_unlisted_code_is_believed_only_when_it_is_heard_far_better_than_a_listed_one() -> None:
    """One bit parts EAJ from EAN: it must weigh as much as the freedom of three capitals and 5, less the choice of the table."""
    needed = 3 * np.log(26) + 5 - np.log(len(event_codes()))
    read = {}
    for more in (-1.0, 1.0):
        odds = odds_of(TEXT.replace("TOR", "EAJ"))
        odds[7] = np.sign(odds[7]) * (needed + more)
        read[more] = same_grammar.likeliest(odds, event_codes())
    assert [found.text[9:12] for found in read.values()] == ["EAN", "EAJ"]
    for found in read.values():
        assert 0.5 < found.certainty < 0.8, "the other one is nearly as likely"


def test_a_header_of_a_few_letters_is_as_long_as_its_codes() -> None:
    found = same_grammar.likeliest(odds_of(TEXT)[:2], event_codes())
    assert (len(found.text), found.whole, found.text[:6]) == (4 + 8, False, same.BEGIN + "-W")


def test_the_eighth_bit_of_a_character_is_none() -> None:
    one = odds_of(TEXT)
    other = one.copy()
    other[:, 7] *= -1
    assert same_grammar.same_bits(one, other) == same_grammar.same_bits(one, one)


def test_two_bits_agree_by_the_product_of_what_each_leans():
    """Odds of 3 to 1 lean by a half; two such agree by a quarter."""
    lean = np.full((1, 8), np.log(3))
    assert same_grammar.same_bits(lean, lean) == pytest.approx(7 * np.log(1.25))
    assert same_grammar.same_bits(lean, -lean) == pytest.approx(7 * np.log(0.75))


def test_a_header_weighs_what_explains_its_bits_less_the_freedom_of_each_character():
    odds = odds_of(TEXT)
    sizes = {"#": 10, "T": 4, "t": 2, "J": 4, "H": 3, "M": 6, "s": 38}
    form = "-***-***" + "-######" * 2 + "+##Tt-J##H#M#-" + "s" * 8 + "-"
    freedom = sum(np.log(sizes.get(name, 1)) for name in form)
    tables = np.log(len(same.ORIGINATORS)) + np.log(len(event_codes()))
    found = same_grammar.likeliest(odds, event_codes())
    assert found.weight == pytest.approx(same_grammar.weight_of(TEXT[4:], odds) - freedom - tables)


def test_no_header_of_32_locations_is_weighed():
    assert same.LOCATIONS_AT_MOST == 31
    text = TEXT.replace("-024031-124005", "".join(f"-{number:06d}" for number in range(24_001, 24_033)))
    assert same_grammar.likeliest(odds_of(text), event_codes()).text != text
