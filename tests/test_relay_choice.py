"""Which member of a relay is heard: what is the matter with each, and when another takes its place."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playout.relay_choice import LIMITS, Choice, Sight, choose, state_of, wanted

WELL = Sight(turn=1, placed=True, ahead=LIMITS.delay)
N = 10_000_000
FORM = {"turn": st.integers(0, 2), "ahead": st.integers(-5_000, 100_000)}
FORM |= {name: st.booleans() for name in ("placed", "quiet", "sounds")}
TIMES = {name: st.integers(0, 200_000) for name in ("silent", "frozen", "waited")}
SIGHTS = st.lists(st.builds(Sight, **FORM, **TIMES), min_size=1, max_size=4)


def long(count):
    """So many members were good for long."""
    return (0,) * count


@pytest.mark.parametrize(
    ("changed", "state"),
    [
        ({}, "good"),
        ({"turn": 0}, "absent"),
        ({"ahead": 0}, "late"),
        ({"ahead": 0, "waited": LIMITS.gone}, "absent"),
        ({"ahead": 0, "placed": False}, "waiting"),
        ({"placed": False, "waited": LIMITS.gone}, "absent"),
        ({"ahead": 2 * LIMITS.delay, "placed": False, "waited": LIMITS.delay}, "good"),
        ({"ahead": 2 * LIMITS.delay, "placed": False, "waited": LIMITS.delay + 1}, "absent"),
        ({"waited": LIMITS.gone}, "good"),
        ({"ahead": LIMITS.delay - 1, "placed": False}, "waiting"),
        ({"ahead": LIMITS.delay, "placed": False}, "good"),
        ({"frozen": LIMITS.frozen}, "frozen"),
        ({"silent": LIMITS.silence}, "silent"),
        ({"silent": LIMITS.silence - 1, "frozen": LIMITS.frozen - 1, "ahead": LIMITS.least}, "good"),
        ({"ahead": LIMITS.least - 1}, "late"),
    ],
)
def test_each_fault_has_its_name(changed, state):
    assert state_of(attrs.evolve(WELL, **changed), LIMITS) == state


def test_nobody_goes_back_to_a_better_liked_one():
    assert choose(Choice(member=1, since=long(2)), (WELL, WELL), LIMITS, N).member == 1


def test_the_best_liked_of_those_in_place_comes_next():
    ill, loose = attrs.evolve(WELL, ahead=0), attrs.evolve(WELL, placed=False)
    assert choose(Choice(member=0, since=long(4)), (ill, loose, WELL, WELL), LIMITS, N).member == 2


def test_one_that_is_not_in_place_is_better_than_nothing():
    ill, loose = attrs.evolve(WELL, ahead=0), attrs.evolve(WELL, placed=False)
    assert choose(Choice(member=0, since=long(2)), (ill, loose), LIMITS, N).member == 1


def test_a_pause_is_a_fault_only_where_another_one_in_place_has_sound():
    quiet, sounds = attrs.evolve(WELL, quiet=True), attrs.evolve(WELL, sounds=True)
    before = Choice(member=0, since=long(2))
    assert choose(before, (quiet, sounds), LIMITS, N).member == 1
    assert choose(before, (quiet, quiet), LIMITS, N).member == 0
    assert choose(before, (quiet, WELL), LIMITS, N).member == 0
    assert choose(before, (WELL, sounds), LIMITS, N).member == 0


def test_who_takes_over_from_a_silent_one_is_not_silent_too():
    quiet, sounds = attrs.evolve(WELL, quiet=True), attrs.evolve(WELL, sounds=True)
    assert choose(Choice(member=0, since=long(3)), (quiet, quiet, sounds), LIMITS, N).member == 2


def test_the_first_one_is_taken_at_once():
    assert choose(Choice(), (WELL,), LIMITS, N) == Choice(member=0, since=(N,))


def test_after_a_failure_of_all_one_must_be_well_for_a_while():
    ill = attrs.evolve(WELL, ahead=0)
    failed = choose(Choice(member=0, since=long(1)), (ill,), LIMITS, N - 10)
    assert failed == Choice(member=None, since=(None,), failed=True)
    first = choose(failed, (WELL,), LIMITS, N)
    assert first == Choice(member=None, since=(N,), failed=True)
    assert choose(first, (WELL,), LIMITS, N + LIMITS.settle - 1).member is None
    assert choose(first, (WELL,), LIMITS, N + LIMITS.settle) == Choice(member=0, since=(N,))
    again = choose(first, (ill,), LIMITS, N + 1)
    assert again.since == (None,)
    assert choose(again, (WELL,), LIMITS, N + LIMITS.settle).member is None


@settings(max_examples=60, deadline=None)
@given(SIGHTS, st.none() | st.integers(0, 3), st.integers(0, 1 << 50))
def test_whoever_is_heard_is_well_and_nobody_is_only_where_none_may_be(sights, now, n):
    before = Choice(member=now if now is not None and now < len(sights) else None, since=long(len(sights)))
    after = choose(before, sights, LIMITS, n)
    good = [k for k, sight in enumerate(sights) if state_of(sight, LIMITS) == "good"]
    assert after.member in good if after.member is not None else not good
    assert [k for k, since in enumerate(after.since) if since is not None] == good
    if after.member is not None and after.member != before.member and not sights[after.member].placed:
        assert not any(sights[k].placed for k in good if k != before.member) or before.member in good


@settings(max_examples=40, deadline=None)
@given(SIGHTS, st.integers(0, 3))
def test_what_was_chosen_stays_chosen_while_nothing_changes(sights, member):
    first = choose(Choice(member=min(member, len(sights) - 1), since=long(len(sights))), sights, LIMITS, N)
    if first.member is not None:
        assert choose(first, sights, LIMITS, N + 480).member == first.member


def test_a_member_that_people_ask_for_is_heard_where_it_is_good_and_nowhere_else():
    sights = [WELL, WELL, attrs.evolve(WELL, ahead=0)]
    states = [state_of(one, LIMITS) for one in sights]
    now = Choice(member=0, since=long(3), failed=True)
    assert wanted(now, sights, states, 1) == Choice(member=1, since=long(3), failed=False)
    assert wanted(now, sights, states, 2) == now, "nobody puts silence on the air by a wish"
    assert wanted(now, sights, states, 3) == now
