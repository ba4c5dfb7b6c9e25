"""The follower of the loudspeakers, against a small model of terminals that obey, are silent, or refuse to play."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devices.fleet import KEEP, NEVER, Policy, Reported, Sent, Wanted, adopt, follow

S = 1_000_000
POLICY = Policy(retry=5 * S, idle=30 * S)
FAR = 1 << 50


class County:
    """Terminals as the follower sees them; EBM and assignment k have the same number unless `ebm` says otherwise."""

    def __init__(self, count=3, *, ebm=(0, 1, 2, 3), end=None):
        self.reported, self.sent, self.now = Reported.of(count), Sent.of(count), 0
        self.assignment, self.volume = np.zeros(count, np.int32), np.full(count, KEEP, np.int32)
        self.ebm = np.array(ebm, np.int32)
        self.end = np.array([NEVER, *(end or [FAR] * (len(ebm) - 1))], np.int64)
        self.log = []

    def wanted(self):
        return Wanted(assignment=self.assignment, ebm=self.ebm, end=self.end, volume=self.volume)

    def online(self, *numbers, known=True):
        for k in numbers:
            self.reported.online[k], self.reported.known[k], self.reported.since[k] = True, known, self.now

    def look(self):
        adopt(self.wanted(), self.reported, self.sent, self.now)
        orders, again = follow(self.wanted(), self.reported, self.sent, self.now, POLICY)
        self.sent.note(orders, self.wanted(), self.now)
        said = [(order.verb, order.what, order.terminals.tolist()) for order in orders]
        self.log += said
        return said, again

    def obey(self, verb, what, number):
        if verb == "start":
            self.reported.acknowledged[number], self.reported.playing[number] = what, self.ebm[what]
        elif verb == "stop":
            self.sent.stopping[number] = False
            self.reported.acknowledged[number] = 0
            if self.reported.playing[number] == what:
                self.reported.playing[number] = 0
        else:
            self.reported.volume[number] = what


def test_one_order_goes_to_all_that_ought_to_play_the_same():
    county = County()
    county.online(0, 1, 2)
    county.assignment[:] = [1, 2, 1]
    assert county.look() == ([("start", 1, [0, 2]), ("start", 2, [1])], 5 * S)


def test_who_obeys_is_told_once_and_who_is_silent_again_after_the_retry_time():
    county = County()
    county.online(0, 1)
    county.assignment[:] = 1
    county.look()
    county.obey("start", 1, 0)
    county.now = 5 * S - 1
    assert county.look() == ([], 5 * S)
    county.now = 5 * S
    assert county.look() == ([("start", 1, [1])], 10 * S)


def test_who_answered_but_does_not_play_is_told_again_much_later():
    county = County(1)
    county.online(0)
    county.assignment[:] = 1
    county.look()
    county.reported.acknowledged[0] = 1
    county.now = 6 * S
    assert county.look() == ([], 30 * S)
    county.now = 30 * S
    assert county.look()[0] == [("start", 1, [0])]


def test_what_is_no_longer_wanted_is_stopped_until_that_is_answered():
    county = County(1)
    county.online(0)
    county.assignment[:] = 1
    county.look()
    county.obey("start", 1, 0)
    county.assignment[:] = 0
    assert county.look() == ([("stop", 1, [0])], 5 * S)
    assert county.look()[0] == []
    county.now = 5 * S
    assert county.look()[0] == [("stop", 1, [0])]
    county.obey("stop", 1, 0)
    assert county.look() == ([], None)


def test_an_order_that_was_never_answered_is_taken_back_all_the_same():
    county = County(1)
    county.online(0)
    county.assignment[:] = 1
    county.look()
    county.assignment[:] = 0
    assert county.look()[0] == [("stop", 1, [0])]
    county.now = 5 * S
    assert county.look()[0] == [("stop", 1, [0])]


def test_another_alert_stops_the_old_one_and_starts_the_new_one_in_one_look():
    county = County(1)
    county.online(0)
    county.assignment[:] = 1
    county.look()
    county.obey("start", 1, 0)
    county.assignment[:] = 2
    assert county.look()[0] == [("stop", 1, [0]), ("start", 2, [0])]


def test_what_was_stopped_and_is_wanted_again_is_started_again():
    county = County(1)
    county.online(0)
    county.assignment[:] = 1
    county.look()
    county.obey("start", 1, 0)
    county.assignment[:] = 0
    county.look()
    county.assignment[:] = 1
    assert county.look()[0] == [("start", 1, [0])]
    county.assignment[:] = 0
    assert county.look()[0] == [("stop", 1, [0])], "a second mute waits for nothing"


def test_a_changed_end_or_stream_of_the_same_ebm_is_a_new_order_without_a_stop():
    county = County(1, ebm=(0, 1, 1))
    county.online(0)
    county.assignment[:] = 1
    county.look()
    county.obey("start", 1, 0)
    county.assignment[:] = 2
    assert county.look()[0] == [("start", 2, [0])]


def test_a_terminal_that_ends_by_itself_is_not_told_to_stop_but_one_that_does_not_is():
    county = County(2, end=[10 * S, FAR, FAR])
    county.online(0, 1)
    county.assignment[:] = 1
    county.look()
    for k in (0, 1):
        county.obey("start", 1, k)
    county.now, county.assignment[:] = 10 * S, 0
    assert county.look() == ([], 15 * S)
    county.now = 12 * S
    assert county.look() == ([], 15 * S)
    county.reported.playing[0] = 0
    county.now = 15 * S
    assert county.look()[0] == [("stop", 1, [1])]


def test_what_is_over_is_not_started():
    county = County(1, end=[10 * S, FAR, FAR])
    county.online(0)
    county.now, county.assignment[:] = 10 * S, 1
    assert county.look()[0] == []


def test_who_connects_is_asked_first_and_told_when_it_does_not_say():
    county = County(2)
    county.online(0, 1, known=False)
    county.assignment[:] = 1
    assert county.look() == ([], 5 * S)
    county.reported.known[0] = True
    assert county.look()[0] == [("start", 1, [0])]
    county.now = 5 * S
    assert ("start", 1, [0, 1]) in county.look()[0]


def test_who_already_plays_what_it_should_gets_nothing_after_a_restart():
    county = County(2)
    county.online(0, 1)
    county.reported.playing[:] = 1
    county.assignment[:] = 1
    assert county.look() == ([], None)


def test_who_plays_an_ebm_that_is_now_on_two_streams_is_told_which():
    county = County(1, ebm=(0, 1, 1))
    county.online(0)
    county.reported.playing[:] = 1
    county.assignment[:] = 2
    assert county.look()[0] == [("start", 2, [0])]


def test_what_nobody_wanted_is_stopped_when_a_terminal_says_that_it_plays_it():
    county = County(1)
    county.online(0)
    county.reported.playing[:] = 3
    assert county.look()[0] == [("stop", 3, [0])]


def test_nobody_is_told_who_is_not_connected():
    county = County()
    county.assignment[:], county.volume[:] = 1, 50
    assert county.look() == ([], None)


def test_a_volume_is_ordered_until_it_is_reported():
    county = County(2)
    county.online(0, 1)
    county.volume[:] = [0, 70]
    assert county.look()[0] == [("volume", 0, [0]), ("volume", 70, [1])]
    county.obey("volume", 0, 0)
    assert county.look() == ([], 5 * S)
    county.now = 5 * S
    assert county.look()[0] == [("volume", 70, [1])]


def test_a_lost_connection_forgets_what_was_said_over_it():
    county = County(1)
    county.online(0)
    county.assignment[:] = 1
    county.look()
    county.obey("start", 1, 0)
    county.reported.forget(0)
    county.sent.forget(0)
    assert county.look() == ([], None)
    county.online(0)
    assert county.look()[0] == [("start", 1, [0])]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("want"), st.lists(st.integers(0, 3), min_size=4, max_size=4)),
        st.tuples(st.just("volume"), st.lists(st.sampled_from((KEEP, 20, 80)), min_size=4, max_size=4)),
        st.tuples(st.just("pass"), st.integers(1, 8 * S)),
        st.tuples(st.just("drop"), st.integers(0, 3)),
        st.tuples(st.just("join"), st.integers(0, 3)),
    ),
    max_size=25,
)


@given(steps, st.sets(st.integers(0, 3), max_size=2))
@example([("want", [1, 1, 0, 2]), ("pass", 6 * S)], {2})
def test_law_11_nobody_who_obeys_is_told_the_same_twice_and_all_come_to_what_is_wanted(script, deaf):
    county = County(4)
    county.online(0, 1, 2, 3)
    last = {}
    for what, value in [*script, ("pass", 6 * S), ("pass", 6 * S), ("pass", 31 * S)]:
        if what == "want":
            county.assignment[:] = value
        elif what == "volume":
            county.volume[:] = value
        elif what == "pass":
            county.now += value
        elif what == "drop":
            county.reported.forget(value)
            county.sent.forget(value)
            last = {key: at for key, at in last.items() if key[1] != value}
        elif not county.reported.online[value]:
            county.online(value)
        for verb, order, numbers in county.look()[0]:
            for number in numbers:
                key = (verb, number)
                if number in deaf:
                    then = last.get(key)
                    assert (
                        then is None or then[0] != order or county.now - then[1] >= 5 * S or verb == "start"
                    )
                else:
                    assert last.get(key, (None,))[0] != order, "it had obeyed"
                    county.obey(verb, order, number)
                    if verb != "volume":  # a start undoes a stop and the other way round
                        last.pop(("stop" if verb == "start" else "start", number), None)
                last[key] = (order, county.now)
        assert county.look()[0] == [], "one look orders all that is missing"
    alive = [k for k in range(4) if county.reported.online[k] and k not in deaf]
    assert [county.reported.playing[k] for k in alive] == [county.assignment[k] for k in alive]


def test_three_thousand_terminals_are_looked_at_in_no_time():
    import timeit

    county = County(20_000)
    county.online(*range(20_000))
    county.assignment[:] = 1
    county.look()
    assert min(timeit.repeat(county.look, number=1, repeat=5)) < 0.05


@pytest.mark.parametrize("verb", ["start", "stop", "volume"])
def test_a_batch_holds_each_terminal_once(verb):
    county = County(5)
    county.online(*range(5))
    county.assignment[:] = 0 if verb == "stop" else 1
    county.reported.playing[:] = 2
    county.volume[:] = 30
    numbers = [k for said, _, who in county.look()[0] if said == verb for k in who]
    assert numbers == sorted(set(numbers)) == list(range(5))
