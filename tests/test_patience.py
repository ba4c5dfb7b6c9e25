"""A decoder is taken for hung when its samples are needed and it shows no life; not when the whole machine stood still."""

import attrs
import pytest
from test_lanes import START, seat_of

from playout.patience import CALM, HUNG, Patience
from playout.rings import ENDED, FAILED

STEP = HUNG // 10


@attrs.define
class Running:
    pid: int = 7


def hangs(seat, patience, until, *, head=START):
    """When it is first taken for hung, looked at every 70 ms; None: not before `until`."""
    seat.child = seat.child or Running()
    for now in range(0, until + 1, STEP):
        if list(patience.hung([seat], head, now)):
            return now
    return None


def test_one_whose_samples_are_needed_is_given_up_soon():
    assert hangs(seat_of(0, 0.9), Patience(0), CALM) == HUNG + STEP


def test_one_that_is_well_ahead_is_given_time():
    assert hangs(seat_of(0, 1.5), Patience(0), 2 * CALM) > CALM
    far = seat_of(0, 0)
    far.generation = 9  # its order has not been taken up, and what it is to decode comes in ten seconds
    assert hangs(far, Patience(0), CALM, head=START - 480_000) is None


@pytest.mark.parametrize("state", [ENDED, FAILED])
def test_one_that_has_nothing_to_do_owes_no_sign_of_life(state):
    assert hangs(seat_of(0, 0, state), Patience(0), 2 * CALM) is None


def test_a_sign_of_life_counts_and_so_does_a_new_order():
    seat = seat_of(0, 0)
    seat.ring.beat = 5 * HUNG
    assert hangs(seat, Patience(0), 7 * HUNG) == 6 * HUNG + STEP
    seat = seat_of(0, 0)
    seat.since = 5 * HUNG
    assert hangs(seat, Patience(0), 7 * HUNG) == 6 * HUNG + STEP


def test_nobody_is_given_up_because_the_machine_stood_still():
    seat, patience = seat_of(0, 0), Patience(0)
    seat.child = Running()
    assert not list(patience.hung([seat], START, STEP))
    assert not list(patience.hung([seat], START, 20 * HUNG)), "we were held up ourselves"
    assert not list(patience.hung([seat], START, 20 * HUNG + STEP))
    for _ in range(9):
        now = 20 * HUNG + (_ + 2) * STEP
        found = list(patience.hung([seat], START, now))
    assert not found
    assert list(patience.hung([seat], START, 21 * HUNG + STEP)) == [seat]


def test_an_empty_seat_and_one_whose_decoder_is_being_replaced_are_left_alone():
    seat = seat_of(0, 0)
    seat.stream = None
    assert hangs(seat, Patience(0), CALM) is None
    seat = seat_of(0, 0)
    seat.child = Running(pid=0)
    assert hangs(seat, Patience(0), CALM) is None
    seat.child = None
    assert not list(Patience(0).hung([seat], START, CALM))
