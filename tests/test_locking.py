"""The locked zone near air: what is about to be heard stays as it is."""

from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playout.locking import breaches, chance, refuse, shuts
from schedules.plan import Take
from station.words import Refused, SampleIndex, Sha256, Text

ZONE = (SampleIndex(1_000), SampleIndex(2_000))


def take(start: int, end: int, **more: Any) -> Take:
    fields = {"item": "d/a", "kind": "programme", "title": "News", "approval": "x", "media": Sha256("a" * 64)}
    return Take(start=SampleIndex(start), end=SampleIndex(end), **{**fields, **more})


def said(before: list[Take], after: list[Take], fresh: bool = False) -> list[str]:
    return [one.en for one in breaches(before, after, ZONE, fresh=fresh)]


def test_what_stays_as_it_is_breaks_nothing() -> None:
    there = [take(500, 1_500), take(1_500, 3_000, item="d/b")]
    assert said(there, there) == []


def test_what_begins_after_the_zone_may_be_moved() -> None:
    assert said([take(2_000, 3_000)], [take(2_500, 3_500)]) == []
    assert said([take(100, 1_000)], []) == []


def test_an_end_beyond_the_zone_may_change_one_within_may_not() -> None:
    assert said([take(500, 2_500)], [take(500, 2_100)]) == []
    assert said([take(500, 2_500)], [take(500, 1_900)]) == ["“News” would end at another time"]


@pytest.mark.parametrize("change", [{"media": Sha256("b" * 64)}, {"offset": 1}, {"gain": 1}, {"fade_in": 1}, {"item": "d/c"}, {"start": SampleIndex(1_101)}])  # fmt: skip
def test_moved_changed_and_dropped_within_the_zone_are_each_said(change: dict[str, Any]) -> None:
    one = take(1_100, 1_800)
    assert "“News” would be moved, changed or dropped" in said([one], [attrs.evolve(one, **change)])
    assert said([one], []) == ["“News” would be moved, changed or dropped"]


def test_nothing_new_begins_within_it_unless_the_day_had_no_version() -> None:
    assert said([], [take(1_100, 1_800)]) == ["“News” would begin in the locked zone"]
    assert said([], [take(500, 1_800)]) == ["“News” would begin in the locked zone"]
    assert said([], [take(1_100, 1_800)], fresh=True) == []


def test_filler_stands_anywhere() -> None:
    filler = take(1_100, 1_800, kind="filler")
    assert said([filler], []) == [] and said([], [filler]) == []


def test_a_refusal_names_the_first_three_and_none_where_there_is_none() -> None:
    refuse((), 300)
    with pytest.raises(Refused, match=r"within 300 s of air: a; b; c\.") as error:
        refuse([Text(one, one) for one in "abcd"], 300)
    assert error.value.code == "locked" and "300" in error.value.text.zh


def day(cuts: list[int], names: list[str]) -> list[Take]:
    """Takes that follow each other between the cuts; a name that is `-` is filler."""
    spans = zip(cuts, cuts[1:], names, strict=False)
    return [
        take(a, b, item=name, kind="filler" if name == "-" else "programme") for a, b, name in spans if a < b
    ]


days = st.builds(
    day,
    st.lists(st.integers(0, 40), min_size=2, max_size=7).map(sorted),
    st.lists(st.sampled_from("abc-"), min_size=6, max_size=6),
)


@given(days, days, st.integers(-12, 45), st.integers(1, 12), st.booleans())
def test_it_is_said_beforehand_exactly_when_the_zone_will_refuse(
    before: list[Take], after: list[Take], now: int, lock: int, fresh: bool
) -> None:
    shut = shuts(before, after, lock, fresh=fresh)
    zone = (SampleIndex(now), SampleIndex(now + lock))
    refused = bool(breaches(before, after, zone, fresh=fresh))
    assert refused == any(one.start < now < one.end for one in shut)


@given(days, days, st.integers(-12, 45), st.integers(1, 12))
def test_a_chance_opens_and_closes_where_refusals_end_and_begin(
    before: list[Take], after: list[Take], now: int, lock: int
) -> None:
    def refused(at: int) -> bool:
        return bool(breaches(before, after, (SampleIndex(at), SampleIndex(at + lock)), fresh=False))

    found = chance(shuts(before, after, lock, fresh=False), SampleIndex(now))
    free = now if found.opens is None else found.opens
    assert refused(now) == (found.opens is not None)
    assert not refused(free) and all(refused(at) for at in range(now, free))
    limit = 60 if found.closes is None else found.closes
    assert not any(refused(at) for at in range(free, limit + 1))
    assert found.closes is None or (found.why is not None and refused(found.closes + 1))


def test_what_closes_a_version_is_named() -> None:
    there, moved = [take(1_000, 2_000)], [take(1_500, 2_500)]
    found = chance(shuts(there, moved, 300, fresh=False), SampleIndex(0))
    assert (found.opens, found.closes) == (None, 700)
    assert found.why is not None and "moved" in found.why.en
    late = chance(shuts(there, moved, 300, fresh=False), SampleIndex(900))
    assert (late.opens, late.closes, late.why) == (2_500, None, None)
