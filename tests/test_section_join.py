"""Tables cut over sections and joined again, whatever order they come in."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from emergency.section_join import MOST_TABLES, Joiner, cut, joined
from emergency.sections import MOST, Section, encode

TABLE = Section(table_id=0xFE, extension=7, version=3, body=b"")


@given(st.binary(max_size=60), st.integers(1, 30), st.randoms(use_true_random=False))
def test_what_is_cut_is_joined_in_any_order(body, room, chance):
    parts = list(cut(attrs.evolve(TABLE, body=body), room))
    assert [part.number for part in parts] == list(range(len(parts))) and {part.last for part in parts} == {
        len(parts) - 1
    }
    chance.shuffle(parts)
    joiner = Joiner()
    told = [joiner.feed(part) for part in parts]
    assert told[:-1] == [None] * (len(parts) - 1) and joiner.lacking == 0
    assert joined(told[-1]) == attrs.evolve(TABLE, body=body)


def test_each_part_can_be_sent_and_a_table_has_an_end():
    assert all(encode(part) for part in cut(attrs.evolve(TABLE, body=bytes(3 * MOST))))
    with pytest.raises(ValueError, match="256 sections"):
        cut(attrs.evolve(TABLE, body=bytes(257)), 1)


def test_other_streams_versions_and_extensions_are_other_tables():
    first, second = cut(attrs.evolve(TABLE, body=b"ab"), 1)
    joiner = Joiner()
    assert joiner.feed(first, 1) is None and joiner.feed(second, 2) is None
    assert (
        joiner.feed(attrs.evolve(second, version=4), 1) is None
        and joiner.feed(attrs.evolve(second, extension=8), 1) is None
    )
    assert joiner.lacking == 4 and joined(joiner.feed(second, 1)).body == b"ab"


def test_a_table_that_changes_its_length_begins_anew():
    joiner = Joiner()
    assert joiner.feed(attrs.evolve(TABLE, last=2)) is None
    assert joiner.feed(attrs.evolve(TABLE, last=1, body=b"a")) is None
    assert joined(joiner.feed(attrs.evolve(TABLE, number=1, last=1, body=b"b"))).body == b"ab"


def test_at_most_so_many_tables_are_kept():
    joiner = Joiner()
    for version in range(MOST_TABLES + 1):
        assert joiner.feed(attrs.evolve(TABLE, version=version, last=1)) is None
    assert joiner.lacking == MOST_TABLES
    assert joiner.feed(attrs.evolve(TABLE, number=1, last=1, version=0)) is None
    assert joiner.feed(attrs.evolve(TABLE, number=1, last=1, version=5)) is not None
