"""What is remembered of live sessions: an event at a time, from the earliest to where they are forgotten."""

import attrs

from playout.live_messages import LiveArmed, LiveClosed, LiveDisarmed, LiveDumped, LiveOpened
from playout.live_state import Armed, Session, folded, lying
from schedules.edits import Edit

N0 = 1_000_000_000
DAY30H = 30 * 3_600 * 48_000


def armed(channel="fm1", item="i1", until=9):
    return LiveArmed(channel=channel, source="mic", item=item, title="Talk", until=until, by="sun")


def opened(at=N0, samples=480_000, approval="session:1", channel="fm1"):
    return LiveOpened(
        channel=channel, source="mic", approval=approval, signed="rundown:1", start="now", at=at, samples=samples,
        item="i1", title="Talk", media="m" * 64, gain=3, fade_in=4, fade_out=5, curve="linear", category="talk",
        by="sun",
    )  # fmt: skip


def closed(at, approval="session:1"):
    return LiveClosed(
        channel="fm1", source="mic", approval=approval, title="Talk", media="m" * 64, at=at, cause="key", by="sun"
    )  # fmt: skip


def test_on_one_channel_one_session_waits_and_those_of_others_go_on_waiting():
    first, *_ = folded((), (), armed())
    both, sessions, edit = folded(first, (), armed("fm2", "i2"))
    assert [(one.channel, one.item) for one in both] == [("fm1", "i1"), ("fm2", "i2")]
    assert sessions == () and edit is None
    again, *_ = folded(both, (), armed("fm1", "i3", 10))
    assert again[-1] == Armed(channel="fm1", source="mic", item="i3", title="Talk", until=10, by="sun")
    assert [one.item for one in again] == ["i2", "i3"]
    left, sessions, edit = folded(
        again, (), LiveDisarmed(channel="fm2", source="mic", title="Talk", by="sun")
    )
    assert [one.item for one in left] == ["i3"] and (sessions, edit) == ((), None)


def test_what_is_opened_waits_no_more_lies_over_the_plan_and_is_remembered_thirty_hours():
    waiting, *_ = folded((), (), armed())
    waits, (one,), edit = folded(waiting, (), opened())
    assert waits == ()
    assert one == Session(
        channel="fm1", source="mic", approval="session:1", signed="rundown:1", item="i1", title="Talk",
        media="m" * 64, start=N0, end=N0 + 480_000, by="sun",
    )  # fmt: skip
    assert edit == Edit(verb="insert", at=N0, lies=lying(opened(), offset=N0))
    assert (edit.lies.start, edit.lies.end, edit.lies.offset) == (N0, N0 + 480_000, N0)
    assert not edit.lies.trimmed and lying(opened(), offset=0, trimmed=True).trimmed
    later = opened(one.end + DAY30H - 1, approval="session:2")
    assert [kept.approval for kept in folded((), (one,), later)[1]] == ["session:1", "session:2"]
    later = attrs.evolve(later, at=one.end + DAY30H)
    assert [kept.approval for kept in folded((), (one,), later)[1]] == ["session:2"]


def test_what_is_closed_ends_there_unless_it_was_over_and_no_other_does():
    sessions = folded((), (), opened())[1]
    sessions = folded((), sessions, opened(N0 + 10, approval="session:2"))[1]
    waits, (one, two), edit = folded((), sessions, closed(N0 + 100))
    assert (one.end, one.cause, two.end, two.cause) == (N0 + 100, "key", N0 + 480_010, "")
    assert edit == Edit(verb="drop", at=N0 + 100, take="session:1") and waits == ()
    (one, _), edit = folded((), sessions, closed(N0 + 500_000))[1:]
    assert (one.end, one.cause) == (N0 + 480_000, "key")


def test_what_is_dumped_is_cut_out_of_the_medium_and_changes_nothing_else():
    sessions, waits = folded((), (), opened())[1], folded((), (), armed())[0]
    thrown = LiveDumped(
        channel="fm1", source="mic", approval="session:1", title="Talk", media="m" * 64, at=N0, until=N0 + 9, by="sun"
    )  # fmt: skip
    edit = Edit(verb="dump", at=N0, take="m" * 64, until=N0 + 9)
    assert folded(waits, sessions, thrown) == (waits, sessions, edit)
