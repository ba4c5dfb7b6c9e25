"""One medium out of two copies: to the unit, whatever is damaged in either; what neither has is told and as long."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.mending import HOLES, Mark, Mender
from station.words import Refused

END = 100


class Gone(Exception):
    """A copy cannot be read."""


def copy_of(good, stop=END, size=7):
    """A reader of positions as its own units, in pieces of `size`; `good` are readable, from `stop` on it raises."""

    def read(start):
        at = start
        while at < stop:
            run = []
            while at < stop and at in good and len(run) < size:
                run.append(at)
                at += 1
            if run:
                yield run[0], run
            else:
                at += 1
        if stop < END:
            raise Gone(stop)

    return read


def mender(*copies, told=None, longest=10):
    return Mender(
        copies,
        END,
        lambda count: iter([[None] * count]),
        (lambda _: None) if told is None else told.append,
        longest=longest,
        faults=(Gone,),
        cut=lambda piece, count: piece[:count],
    )


def units(made, start=0, using=0):
    return [unit for piece in made.pieces(start, using) for unit in piece]


ALL = frozenset(range(END))


def test_a_whole_file_is_given_as_it_is_and_nothing_is_told():
    told = []
    assert units(mender(copy_of(ALL), copy_of(frozenset()), told=told)) == list(range(END)) and told == []
    assert units(mender(copy_of(ALL)), 93) == list(range(93, END))


def test_what_is_damaged_comes_from_the_copy_and_else_is_blank_for_exactly_as_long():
    told = []
    made = units(mender(copy_of(ALL - set(range(20, 28))), copy_of(ALL - {22, 27}, size=2), told=told))
    assert made == [*range(22), None, *range(23, 27), None, *range(28, END)]
    copied = [Mark("copy", 20, 22), Mark("copy", 23, 27)]
    assert told == [*copied, Mark("mended", 22, 23), Mark("mended", 27, 28)]
    told.clear()
    made = units(mender(copy_of(ALL - set(range(20, 25)) - {60}), copy_of(ALL - {60}), told=told))
    assert made == [*range(60), None, *range(61, END)]
    assert told == [Mark("copy", 20, 25), Mark("mended", 60, 61)]


def test_a_copy_that_breaks_off_within_what_is_damaged_gives_what_it_has():
    made = units(mender(copy_of(ALL - set(range(20, 28))), copy_of(ALL, stop=23)))
    assert made == [*range(23), *[None] * 5, *range(28, END)]


def test_where_a_file_gives_out_its_copy_goes_on_at_the_same_place():
    told = []
    made = units(mender(copy_of(ALL, stop=37), copy_of(ALL), told=told))
    assert made == list(range(END)) and told == [Mark("copy", 37, END)]
    told.clear()
    assert units(mender(copy_of(ALL, stop=0), copy_of(ALL), told=told), 5) == list(range(5, END))
    assert told == [Mark("copy", 5, END)]


def test_a_copy_that_is_read_first_hands_back_to_the_file_where_it_gives_out():
    told = []
    made = units(mender(copy_of(ALL), copy_of(ALL - {30}, stop=50), told=told), using=1)
    assert made == list(range(END))
    assert told == [Mark("copy", 0, END), Mark("file", 50, END)], "and what the file patches is not told"


def test_a_long_hole_is_no_programme_and_the_copy_takes_over_or_it_fails():
    torn = ALL - set(range(40, 60))
    told = []
    assert units(mender(copy_of(torn), copy_of(ALL), told=told)) == list(range(END))
    assert told == [Mark("copy", 40, END)]
    with pytest.raises(Refused) as error:
        units(mender(copy_of(torn)))
    assert error.value.code == "truncated" and error.value.text.zh
    assert units(mender(copy_of(torn)), 52)[:9] == [None] * 8 + [60], "near its end it is a short one"


def test_the_last_units_may_be_blank_but_not_the_whole_and_what_a_copy_raised_is_raised():
    told = []
    assert units(mender(copy_of(ALL - set(range(92, END))), told=told)) == [*range(92), *[None] * 8]
    assert told == [Mark("mended", 92, END)]
    with pytest.raises(Gone):
        units(mender(copy_of(ALL, stop=0)), 95)
    with pytest.raises(Gone):
        units(mender(copy_of(ALL, stop=50)))


def test_a_file_full_of_holes_is_given_up():
    torn = ALL - set(range(1, 2 * HOLES + 4, 2))
    made = []
    with pytest.raises(Refused) as error:
        made += [unit for piece in mender(copy_of(torn)).pieces(0) for unit in piece]
    assert error.value.code == "damaged"


@settings(max_examples=60)
@given(
    st.sets(st.integers(0, END - 1), max_size=12),
    st.sets(st.integers(0, END - 1), max_size=12),
    st.integers(0, 99),
)
def test_each_unit_is_in_its_place_or_blank_and_told(one, two, start):
    told = []
    lost = one & two
    made = []
    with suppress(Refused):  # where nothing at all is left of the end
        for piece in mender(copy_of(ALL - one), copy_of(ALL - two), told=told, longest=END).pieces(start):
            made += piece
    assert made == [None if at in lost else at for at in range(start, start + len(made))]
    assert len(made) in (0, END - start)
    blank = {at for mark in told if mark.kind == "mended" for at in range(mark.first, mark.last)}
    assert {at for at, unit in enumerate(made, start) if unit is None} <= blank
