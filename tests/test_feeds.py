"""Who follows what: the journal as it grows, the live overview, and what is due."""

import pytest
from twisted.internet import task

from station.feeds import AT_LEAST, AT_MOST, DUE_AFTER, DUE_WAITING, REPLAY, Due, Feeds
from station.words import Misheard, Refused


class Room:
    def __init__(self):
        self.clock, self.shown, self.asked = task.Clock(), 0, []
        self.plan, self.overlays = "plan one", 0
        self.feeds = Feeds(self.clock, overview=self._overview, records=self._records, due_now=self._due)

    def _due(self, channel):
        assert channel.startswith("fm"), "only channels can be asked for, and alert streams are none"
        plan, overlays = self.plan, self.overlays

        def written(whole):
            return (channel, plan if whole else "the same", overlays)

        return Due(plan=plan, written=written)

    def _overview(self):
        self.shown += 1
        return self.shown

    def _records(self, since, limit):
        self.asked.append((since, limit))
        return [f"record {since + 1}"]


@pytest.fixture
def room():
    made = Room()
    yield made
    made.feeds.stop()
    assert made.clock.getDelayedCalls() == []


def test_a_journal_is_followed_from_now_or_from_a_position(room):
    now, back = [], []
    assert not room.feeds.journal_followed
    room.feeds.open("journal", {}, now.append)
    end = room.feeds.open("journal", {"since": 4}, back.append)
    room.feeds.journal(["new", "newer"])
    assert (now, back) == (["new", "newer"], ["record 5", "new", "newer"])
    assert room.asked == [(4, REPLAY)] and room.feeds.journal_followed
    end()
    end()
    room.feeds.journal(["last"])
    assert now[-1] == "last" and back[-1] == "newer"


@pytest.mark.parametrize("since", ["4", -1, 1.5])
def test_a_position_that_is_none_is_refused_and_nobody_is_subscribed(room, since):
    with pytest.raises(Misheard):
        room.feeds.open("journal", {"since": since}, lambda _: None)
    assert not room.feeds.journal_followed


def test_the_overview_comes_at_once_then_at_least_every_second_and_at_most_five_times(room):
    told = []
    room.feeds.open("live", {}, told.append)
    assert told == [{"overview": 1}]
    room.clock.advance(AT_LEAST)
    assert told[-1] == {"overview": 2}
    room.feeds.changed()
    room.clock.advance(AT_MOST / 2)
    assert len(told) == 2, "too soon after the last"
    room.feeds.changed()
    room.clock.advance(AT_MOST / 2 + 1e-9)
    assert len(told) == 3
    room.clock.advance(0.5)
    room.feeds.changed()
    room.clock.advance(0)
    assert len(told) == 4, "long enough ago: at once"
    room.clock.pump([0.1] * 40)
    assert 7 <= len(told) <= 9


def test_one_overview_is_made_for_all_and_none_for_nobody(room):
    ends = [room.feeds.open("live", {}, lambda _: None) for _ in range(3)]
    made = room.shown
    room.clock.advance(AT_LEAST)
    assert room.shown == made + 1
    for end in ends:
        end()
    room.clock.advance(10 * AT_LEAST)
    room.feeds.changed()
    assert room.shown == made + 1 and room.clock.getDelayedCalls() == []


def test_what_is_due_is_told_to_the_witness_of_that_channel_alone(room):
    one, two = [], []
    room.feeds.open("due", {"channel": "fm1"}, one.append)
    end = room.feeds.open("due", {"channel": "fm2"}, two.append)
    room.feeds.due("fm1")
    room.feeds.due("alerts-1")
    assert len(one) == 1, "a player's order goes before a whole plan is written out"
    room.clock.advance(DUE_AFTER)
    assert one == [("fm1", "plan one", 0), ("fm1", "the same", 0)] and two == [("fm2", "plan one", 0)]
    end()
    room.feeds.due("fm2")
    room.clock.advance(DUE_AFTER)
    assert len(two) == 1
    room.feeds.due("fm1")
    room.feeds.stop()
    assert room.clock.getDelayedCalls() == []


def test_what_was_due_for_a_moment_is_told_as_well(room):
    """A player follows each order at once; a witness that heard of the last alone would call the others foreign."""
    one = []
    room.feeds.open("due", {"channel": "fm1"}, one.append)
    for overlays in (1, 2, 3):
        room.overlays = overlays
        room.feeds.due("fm1")
    room.plan, room.overlays = "plan two", 4
    room.feeds.due("fm1")
    room.overlays = 5  # not said to be due yet
    room.clock.advance(DUE_AFTER)
    assert one[1:] == [
        ("fm1", "the same", 1), ("fm1", "the same", 2), ("fm1", "the same", 3), ("fm1", "plan two", 4),
    ]  # fmt: skip


def test_who_comes_while_something_waits_is_told_what_is_due_now_and_nothing_older(room):
    old, new = [], []
    room.feeds.open("due", {"channel": "fm1"}, old.append)
    room.overlays = 1
    room.feeds.due("fm1")
    room.overlays = 2
    room.feeds.due("fm1")
    room.feeds.open("due", {"channel": "fm1"}, new.append)
    room.clock.advance(DUE_AFTER)
    assert [item[2] for item in old] == [0, 1, 2]
    assert new == [("fm1", "plan one", 2)]


def test_where_nothing_is_planned_that_is_said_each_time(room):
    one, room.plan = [], None
    room.feeds.open("due", {"channel": "fm1"}, one.append)
    room.feeds.due("fm1")
    room.clock.advance(DUE_AFTER)
    assert one == [("fm1", None, 0)] * 2


def test_changes_that_wait_are_bounded_and_the_newest_are_kept(room):
    one = []
    room.feeds.open("due", {"channel": "fm1"}, one.append)
    for overlays in range(1, DUE_WAITING + 11):
        room.overlays = overlays
        room.feeds.due("fm1")
    room.clock.advance(DUE_AFTER)
    assert len(one) == 1 + DUE_WAITING and one[1][2] == 1 and one[-1][2] == DUE_WAITING + 10


def test_there_is_no_other_feed(room):
    with pytest.raises(Refused) as refused:
        room.feeds.open("weather", {}, lambda _: None)
    assert refused.value.text.zh
